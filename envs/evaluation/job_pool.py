"""Many independent jobs over several processes, each result written down as soon as it is there.

A job is a picklable value with a `key`; its result is a JSON object that has the same key. A process that dies (the
physics engine is C++) costs the job that killed it and no other.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Protocol, TypeVar

from envs.errors import EnvsError, quoted
from envs.files.bounded_files import ReadError, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import TextIO

Record = dict[str, object]

MAX_BYTES = 200_000_000  # of results; ten thousand trials write a few MB


class Keyed(Protocol):
    """A job."""

    @property
    def key(self) -> str:
        """What tells it from all other jobs of the run."""


Job = TypeVar("Job", bound=Keyed)


class RecordError(EnvsError, ValueError):
    """A file of results cannot be continued."""


def run_jobs(
    work: Callable[[Job], Record], jobs: Sequence[Job], *, workers: int = 1, minutes: float | None = None
) -> Iterator[Record]:
    """Yield the result of every job, in the order in which they finish.

    Args:
        work: A function of a module; with one worker it is called in this process.
        jobs: In the order in which they are begun.
        workers: How many processes.
        minutes: After so long no job is begun any more.
    """
    deadline = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    if workers > 1:
        yield from _run_in_processes(work, jobs, workers, deadline)
        return
    for job in jobs:
        if time.monotonic() >= deadline:
            return
        yield work(job)


def _run_in_processes(
    work: Callable[[Job], Record], jobs: Sequence[Job], workers: int, deadline: float
) -> Iterator[Record]:
    pending = list(reversed(jobs))
    while pending and time.monotonic() < deadline:
        running: dict[Future[Record], Job] = {}
        suspects: list[Job] = []
        with _pool(workers) as pool:
            try:
                while (pending and time.monotonic() < deadline and not suspects) or running:
                    while pending and len(running) < workers and time.monotonic() < deadline and not suspects:
                        job = pending.pop()
                        try:
                            running[pool.submit(work, job)] = job
                        except BrokenProcessPool:
                            suspects.append(job)
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        job = running.pop(future)
                        try:
                            yield future.result()
                        except BrokenProcessPool:
                            suspects.append(job)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        for job in suspects:  # one of them killed its process: each is tried again, alone
            yield _run_alone(work, job)


def _run_alone(work: Callable[[Job], Record], job: Job) -> Record:
    with _pool(1) as pool:
        try:
            return pool.submit(work, job).result()
        except BrokenProcessPool:
            return {"key": job.key, "error": "the process died"}


def _pool(workers: int) -> ProcessPoolExecutor:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited: a process a core, not a thread a core in each
    context = multiprocessing.get_context("spawn")  # a forked engine would share its memory with ours
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Records:
    """Results as JSON lines, written beside the file (`FILE.part`) and moved there when all is done.

    Args:
        path: Where to; None writes nothing.
        about: What the run is. It is the first line, and must be the same when a run is continued.
        resume: Go on with what is there, if anything is.

    Attributes:
        done: The results that were there already, by key.

    Raises:
        RecordError: What is there is of another run, or is not ours.
    """

    def __init__(self, path: Path | None, run_info: Record, *, resume: bool = False) -> None:
        self.path = path
        self.done: dict[str, Record] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        part = path.with_name(path.name + ".part")
        existing = next((p for p in (part, path) if p.exists()), None) if resume else None
        if existing is not None:
            self.done = _read(existing, run_info)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part_path = part
        new_file = part.with_name(part.name + ".new")  # a kill while the old lines are copied loses none
        with new_file.open("w", encoding="utf-8") as copy:
            copy.writelines(json.dumps(line) + "\n" for line in ({"about": run_info}, *self.done.values()))
        new_file.replace(part)
        self._file = part.open("a", encoding="utf-8")

    def __enter__(self) -> Records:
        return self

    def add(self, record: Record) -> None:
        """Write one result."""
        if self._file is not None:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and self.path is not None:
            self._file.close()
            if error_type is None:
                self._part_path.replace(self.path)


def _read(path: Path, run_info: Record) -> dict[str, Record]:
    try:
        raw = read_bytes(path, MAX_BYTES)  # bytes: a kill may have cut the last line within a character
    except ReadError as error:
        raise RecordError(str(error)) from None
    records: dict[str, Record] = {}
    lines = raw.rstrip(b"\n").split(b"\n") if raw else []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):  # not UTF-8 is a ValueError, too
            if number == len(lines) > 1:  # cut off in the middle of a line: that job is done again
                break
            raise RecordError(f"{path}, line {number}: no JSON") from None
        if number == 1:
            file_info = record.get("about") if isinstance(record, dict) else None
            if file_info != run_info:
                raise RecordError(f"{path} is of another run ({quoted(file_info)}), not of {run_info}; name another")
        elif not isinstance(record, dict) or "key" not in record:
            raise RecordError(f"{path}, line {number}: no result, which is an object with a key")
        else:
            records[str(record["key"])] = record
    return records
