"""Resumable stages of a long run: each computes a list of records, writes it to a file, and continues after a kill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol, runtime_checkable

from planner.errors import StageError
from planner.io.json_lines import Record, as_line, read_lines, write_lines
from planner.rollouts.progress_log import Reporter
from planner.workers.worker_pool import InlineWorkers, Lost, Workers


@runtime_checkable
class HasFailureRecord(Protocol):
    """A job that defines the record of an episode without a result."""

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
    """Return the records of a stage in the order of `ids`: read from its file if it is done, otherwise computed.

    Until the stage is done, records are appended to a `.partial.jsonl` file, from which a run continues after a kill. A
    record must depend only on its id: then the file is the same for any number of workers and interruptions.

    An episode whose workers died has the record `{"id": …, "lost": reason}` with the fields of `job.failed(id)`, if the
    job has this method; no other record has the key `lost`.

    Args:
        path: The stage's file.
        ids: The ids of its records.
        job: Computes the record of an id; must be picklable unless this process is the only worker.
        name: The stage's name in progress reports.
        workers: Workers that run the job; None: this process.
        reporter: Receives the progress; None: the terminal only.

    Raises:
        StageError: The file is damaged, or has other ids.
        EpisodeError, RuntimeError: A record cannot be computed; the message names its id.
    """
    if path.exists():
        records = read_lines(path, ("id",))
        if [record["id"] for record in records] != list(ids):
            raise StageError(f"{path}: its tasks differ from those of this run; delete the file to rebuild it")
        return records
    partial_path = path.with_suffix(".partial.jsonl")
    by_id = {str(record["id"]): record for record in read_lines(partial_path, ("id",))} if partial_path.exists() else {}
    by_id = {key: by_id[key] for key in ids if key in by_id}
    write_lines(
        partial_path, list(by_id.values())
    )  # drop a line truncated by a kill, so that appending starts a new line
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
