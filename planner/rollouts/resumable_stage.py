"""Stage files of a long run: a list of records that survives a kill, each made once and kept in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol, runtime_checkable

from planner.errors import StageError
from planner.io.json_lines import Record, as_line, read_lines, write_lines
from planner.rollouts.progress_log import Reporter
from planner.rollouts.worker_pool import InlineWorkers, Lost, Workers


@runtime_checkable
class HasFailureRecord(Protocol):
    """A job that says what the record of an episode is that nothing came of."""

    def failed(self, key: str) -> Record:
        """Return that record."""


def stage(
    path: Path,
    ids: Sequence[str],
    job: Callable[[str], Record],
    name: str,
    *,
    workers: Workers | None = None,
    reporter: Reporter | None = None,
) -> list[Record]:
    """Return the records of a stage, in the order of `ids`: read if the stage is done, else made and written.

    While it runs, records are appended to a file beside; after a kill, the ones that are whole there are not made
    again. A record must depend on its id alone: then neither a kill nor the number of workers changes a byte.

    An episode whose workers died has the record `{"id": …, "lost": reason}`, with what `make.failed(id)` says, if there
    is such a method; no other record has the key `lost`.

    Args:
        path: The stage's file.
        ids: Of its records.
        job: Makes one; with workers that are not this process, a picklable job.
        name: What the stage is called where its progress is told.
        workers: Who makes them; None: this process.
        reporter: Whom progress is told; None: nobody but the terminal.

    Raises:
        StageError: What is there is damaged, or not of these ids.
        EpisodeError, RuntimeError: A record cannot be made; the message names its id.
    """
    if path.exists():
        records = read_lines(path, ("id",))
        if [record["id"] for record in records] != list(ids):
            raise StageError(f"{path}: is of other tasks than this run's; delete the file to rebuild it")
        return records
    partial_path = path.with_suffix(".partial.jsonl")
    by_id = {str(record["id"]): record for record in read_lines(partial_path, ("id",))} if partial_path.exists() else {}
    by_id = {key: by_id[key] for key in ids if key in by_id}
    write_lines(partial_path, list(by_id.values()))  # what a kill cut short is gone, so the next line starts a line
    missing = [key for key in ids if key not in by_id]
    with (
        open(partial_path, "a", encoding="utf-8") as file,
        (reporter or Reporter()).stage(name, len(ids), by_id) as progress,
        closing((workers or InlineWorkers()).run(job, missing)) as run,
    ):
        for key, result in run:
            by_id[key] = _lost(key, result, job) if isinstance(result, Lost) else result
            file.write(as_line(by_id[key]))
            file.flush()
            progress.advance(by_id[key])
    records = [by_id[key] for key in ids]
    write_lines(path, records)
    partial_path.unlink()
    return records


def _lost(key: str, lost: Lost, job: Callable[[str], Record]) -> Record:
    blank: Record = job.failed(key) if isinstance(job, HasFailureRecord) else {}
    return {"id": key, **blank, "lost": lost.reason}
