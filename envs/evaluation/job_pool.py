"""Many independent jobs over several processes, each result written down as soon as it is there.

A job is a picklable value with a `key`; its result is a JSON object that has the same key. A process that dies (the
physics engine is C++) costs the job that killed it and no other.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from envs.errors import EnvsError, quoted
from envs.files.bounded_files import ReadError, read_bytes

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator, Sequence
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


def add_job_flags(
    parser: ArgumentParser, unit: str, *, metavar: str, only: str, only_type: Callable[[str], object] = str
) -> None:
    """Add the flags that `run_job_command` reads.

    Args:
        parser: Of the command.
        unit: What a job is called in the help.
        metavar: Of `--only`.
        only: The help of `--only`.
        only_type: Reads the value of `--only`.
    """
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--minutes", type=float, help=f"begin no {unit} after so long")
    parser.add_argument("--only", type=only_type, metavar=metavar, help=only)
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"write each {unit} as a JSON line")
    parser.add_argument("--resume", action="store_true", help="go on with what is in FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run_job_command(
    args: Namespace,
    work: Callable[[Job], Record],
    jobs: Sequence[Job],
    about: Record,
    *,
    prog: str,
    unit: str,
    description: str,
) -> tuple[list[Record], int]:
    """Run the jobs of a command that has the flags of `add_job_flags`, with a progress bar.

    Args:
        args: The parsed flags.
        work: A function of a module.
        jobs: In the order in which they are begun.
        about: What the run is; see `Records`.
        prog: Begins the message of an error.
        unit: What the progress bar calls a job.
        description: Begins the progress bar.

    Returns:
        The results, those of an earlier run first, and the exit code: 1 if the user stopped the run, 2 if it cannot be
        run; an error is printed.
    """
    from tqdm import tqdm

    records: list[Record] = []
    try:
        with Records(args.out, about, resume=args.resume) as log:
            records += [log.done[job.key] for job in jobs if job.key in log.done]
            left = [job for job in jobs if job.key not in log.done]
            running = run_jobs(work, left, workers=args.workers, minutes=args.minutes)
            for record in tqdm(running, total=len(left), desc=description, unit=unit, disable=None):
                records.append(record)
                log.add(record)
    except KeyboardInterrupt:
        print("stopped; --resume goes on where it was", file=sys.stderr)
        return records, 1
    except EnvsError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return records, 2
    return records, 0


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
    ends = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    if workers > 1:
        yield from _run_apart(work, jobs, workers, ends)
        return
    for job in jobs:
        if time.monotonic() >= ends:
            return
        yield work(job)


def _run_apart(work: Callable[[Job], Record], jobs: Sequence[Job], workers: int, ends: float) -> Iterator[Record]:
    waiting = list(reversed(jobs))
    while waiting and time.monotonic() < ends:
        running: dict[Future[Record], Job] = {}
        suspects: list[Job] = []
        with _pool(workers) as pool:
            try:
                while (waiting and time.monotonic() < ends and not suspects) or running:
                    while waiting and len(running) < workers and time.monotonic() < ends and not suspects:
                        job = waiting.pop()
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
            yield _alone(work, job)


def _alone(work: Callable[[Job], Record], job: Job) -> Record:
    with _pool(1) as pool:
        try:
            return pool.submit(work, job).result()
        except BrokenProcessPool:
            return {"key": job.key, "error": "the process died"}


def _pool(workers: int) -> ProcessPoolExecutor:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited: a process a core, not a thread a core in each
    context = multiprocessing.get_context("spawn")  # a forked engine would share its memory with ours
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts_to_us)


def _leave_interrupts_to_us() -> None:
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

    def __init__(self, path: Path | None, about: Record, *, resume: bool = False) -> None:
        self.path = path
        self.done: dict[str, Record] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        part = path.with_name(path.name + ".part")
        found = next((p for p in (part, path) if p.exists()), None) if resume else None
        if found is not None:
            self.done = _read(found, about)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = part
        beside = part.with_name(part.name + ".new")  # a kill while the old lines are copied loses none
        with beside.open("w", encoding="utf-8") as copy:
            copy.writelines(json.dumps(line) + "\n" for line in ({"about": about}, *self.done.values()))
        beside.replace(part)
        self._file = part.open("a", encoding="utf-8")

    def __enter__(self) -> Records:
        return self

    def add(self, record: Record) -> None:
        """Write one result."""
        if self._file is not None:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and self.path is not None:
            self._file.close()
            if kind is None:
                self._part.replace(self.path)


def _read(path: Path, about: Record) -> dict[str, Record]:
    try:
        raw = read_bytes(path, MAX_BYTES)  # bytes: a kill may have cut the last line within a character
    except ReadError as error:
        raise RecordError(str(error)) from None
    found: dict[str, Record] = {}
    lines = raw.rstrip(b"\n").split(b"\n") if raw else []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):  # not UTF-8 is a ValueError, too
            if number == len(lines) > 1:  # cut off in the middle of a line: that job is done again
                break
            raise RecordError(f"{path}, line {number}: no JSON") from None
        if number == 1:
            seen = record.get("about") if isinstance(record, dict) else None
            if seen != about:
                raise RecordError(f"{path} is of another run ({quoted(seen)}), not of {about}; name another")
        elif not isinstance(record, dict) or "key" not in record:
            raise RecordError(f"{path}, line {number}: no result, which is an object with a key")
        else:
            found[str(record["key"])] = record
    return found
