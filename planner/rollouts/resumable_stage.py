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
class Losable(Protocol):
    """A job that says what the record of an episode is that nothing came of."""

    def failed(self, key: str) -> Record:
        """Return that record."""


def stage(
    path: Path,
    ids: Sequence[str],
    make: Callable[[str], Record],
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
        make: Makes one; with workers that are not this process, a picklable job.
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
            raise StageError(f"{path}: is of other tasks than this run's; delete the file to have it made anew")
        return records
    beside = path.with_suffix(".partial.jsonl")
    found = {str(record["id"]): record for record in read_lines(beside, ("id",))} if beside.exists() else {}
    found = {key: found[key] for key in ids if key in found}
    write_lines(beside, list(found.values()))  # what a kill cut short is gone, so the next line starts a line
    missing = [key for key in ids if key not in found]
    with (
        open(beside, "a", encoding="utf-8") as file,
        (reporter or Reporter()).stage(name, len(ids), found) as progress,
        closing((workers or InlineWorkers()).run(make, missing)) as run,
    ):
        for key, made in run:
            found[key] = _lost(key, made, make) if isinstance(made, Lost) else made
            file.write(as_line(found[key]))
            file.flush()
            progress.advance(found[key])
    records = [found[key] for key in ids]
    write_lines(path, records)
    beside.unlink()
    return records


def _lost(key: str, lost: Lost, make: Callable[[str], Record]) -> Record:
    blank: Record = make.failed(key) if isinstance(make, Losable) else {}
    return {"id": key, **blank, "lost": lost.reason}
