"""Run independent jobs in several processes, and write each result to a file as soon as it is available.

A job is a picklable value with a `key`; its result is a JSON object with the same key. If a process dies (the physics
engine is C++), only the job that killed it is lost.
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
from envs.files.output_files import check_output_file
from envs.files.strict_json import parse_json

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import TextIO

Record = dict[str, object]

MAX_BYTES = 200_000_000  # of a results file; ten thousand trials write a few MB


class Keyed(Protocol):
    """A job with a unique key."""

    @property
    def key(self) -> str:
        """Unique among the jobs of the run."""


Job = TypeVar("Job", bound=Keyed)


class RecordError(EnvsError, ValueError):
    """A results file cannot be resumed."""


def add_job_flags(
    parser: ArgumentParser, unit: str, *, metavar: str, only: str, only_type: Callable[[str], object] = str
) -> None:
    """Add the flags that `run_job_command` reads.

    Args:
        parser: The parser of the command.
        unit: The word for a job in the help.
        metavar: The metavar of `--only`.
        only: The help of `--only`.
        only_type: Parses the value of `--only`.
    """
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--minutes", type=_minutes, help=f"start no {unit} after this time")
    parser.add_argument("--only", type=only_type, metavar=metavar, help=only)
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"write each {unit} as a JSON line")
    parser.add_argument("--resume", action="store_true", help="continue the run in FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _minutes(text: str) -> float:
    from argparse import ArgumentTypeError

    number = float(text)
    if not number >= 0:  # NaN neither
        raise ArgumentTypeError(f"expected a number from 0, found {text!r}")
    return number


def run_job_command(
    args: Namespace,
    work: Callable[[Job], Record],
    jobs: Sequence[Job],
    run_info: Record,
    *,
    prog: str,
    unit: str,
    description: str,
) -> tuple[list[Record], int]:
    """Run the jobs of a command that has the flags of `add_job_flags`, with a progress bar.

    Args:
        args: The parsed flags.
        work: A module-level function.
        jobs: The jobs, started in this order.
        run_info: Parameters of the run; see `Records`.
        prog: Prefix of error messages.
        unit: The word for a job in the progress bar.
        description: Prefix of the progress bar.

    Returns:
        The results, those of an earlier run first, and the exit code: 1 if the user stopped the run, 2 after an error,
        which is printed.
    """
    from tqdm import tqdm

    records: list[Record] = []
    try:
        with Records(args.out, run_info, resume=args.resume) as log:
            records += [log.done[job.key] for job in jobs if job.key in log.done]
            remaining = [job for job in jobs if job.key not in log.done]
            running = run_jobs(work, remaining, workers=args.workers, minutes=args.minutes)
            for record in tqdm(running, total=len(remaining), desc=description, unit=unit, disable=None):
                records.append(record)
                log.add(record)
    except KeyboardInterrupt:
        print("stopped; --resume continues the run", file=sys.stderr)
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
        work: A module-level function; with one worker it is called in this process.
        jobs: The jobs, started in this order.
        workers: Number of processes.
        minutes: Time after which no further job is started.
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
    """Run jobs in a pool; if a process dies, retry its jobs alone and go on with a new pool."""
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
        for job in suspects:  # one of them killed its process: each is retried alone
            yield _run_alone(work, job)


def _run_alone(work: Callable[[Job], Record], job: Job) -> Record:
    with _pool(1) as pool:
        try:
            return pool.submit(work, job).result()
        except BrokenProcessPool:
            return {"key": job.key, "error": "the process died"}


def _pool(workers: int) -> ProcessPoolExecutor:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited by the workers: one thread per process
    context = multiprocessing.get_context("spawn")  # a forked engine would share memory with this process
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Records:
    """Results as JSON lines, written to `FILE.part` and renamed to `FILE` when the run is complete.

    Args:
        path: The file; None writes nothing.
        run_info: Parameters of the run. They are the first line, and must be the same when a run is resumed.
        resume: Continue an existing file, if there is one.

    Attributes:
        done: The results that were already in the file, by key.

    Raises:
        RecordError: The existing file belongs to another run, or is not a results file.
        WriteError: The file cannot be written.
    """

    def __init__(self, path: Path | None, run_info: Record, *, resume: bool = False) -> None:
        self.path = path
        self.done: dict[str, Record] = {}
        self._file: TextIO | None = None
        if path is None:
            return
        part_path = path.with_name(path.name + ".part")
        existing = next((p for p in (part_path, path) if p.exists()), None) if resume else None
        if existing is not None:
            self.done = _read(existing, run_info)
        check_output_file(path)
        check_output_file(part_path)
        self._part_path = part_path
        new_file = part_path.with_name(part_path.name + ".new")  # a kill during the copy loses no old line
        with new_file.open("w", encoding="utf-8") as copy:
            copy.writelines(json.dumps(line) + "\n" for line in ({"about": run_info}, *self.done.values()))
        new_file.replace(part_path)
        self._file = part_path.open("a", encoding="utf-8")

    def __enter__(self) -> Records:
        return self

    def add(self, record: Record) -> None:
        """Append one result to the file."""
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
        raw = read_bytes(path, MAX_BYTES)  # bytes: a kill may have cut the last line inside a character
    except ReadError as error:
        raise RecordError(str(error)) from None
    records: dict[str, Record] = {}
    lines = raw.rstrip(b"\n").split(b"\n") if raw else []
    for number, line in enumerate(lines, start=1):
        try:
            record = parse_json(line.decode(), allow_nan=True)
        except ValueError:  # JsonError, or invalid UTF-8
            if number == len(lines) > 1:  # an incomplete last line: that job runs again
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
