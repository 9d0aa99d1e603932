"""Runs many inputs on targets. Each is timed and identified by target, seed and number, so it can be reproduced."""

from __future__ import annotations

import faulthandler
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.targets import TARGETS

LIMIT_S = 60.0  # per input; the slowest correct input takes a few seconds on a busy machine
STUCK_S = 300.0  # then the process ends, if Python cannot interrupt the call
MEMORY_BYTES = 12 * 2**30  # of address space, most of which libraries reserve but never touch
ROOT = Path(__file__).parents[2]


class TooSlowError(BaseException):
    """An input took longer than `LIMIT_S`. A BaseException, so that no `except Exception` swallows it."""


@dataclass(kw_only=True)
class Tally:
    """The results of a target's inputs.

    Attributes:
        inputs: Number of inputs run.
        seconds: Total time.
        slowest_s: Time of the slowest input.
        slowest: Number of the slowest input.
        findings: Error type and location -> numbers of the inputs that raised it.
        example: The first traceback of each finding.
    """

    inputs: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    slowest: int = 0
    findings: dict[str, list[int]] = field(default_factory=dict)
    example: dict[str, str] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add the results of further inputs."""
        self.inputs += other.inputs
        self.seconds += other.seconds
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest
        for location, numbers in other.findings.items():
            self.findings.setdefault(location, []).extend(numbers)
            self.example.setdefault(location, other.example[location])


def random_of(target: str, seed: int, number: int) -> Random:
    """Return the generator that an input is drawn from."""
    return Random(f"{target} {seed} {number}")


def throw(
    target: str, seed: int, numbers: range, limit_s: float = LIMIT_S, clock: Callable[[], float] = time.perf_counter
) -> Iterator[Tally]:
    """Run inputs on a target; yield the updated tally after each."""
    tally = Tally()
    for number in numbers:
        started_at = clock()
        try:
            with _time_limit(limit_s):
                TARGETS[target](random_of(target, seed, number))
        except (Exception, SystemExit, TooSlowError) as error:
            location = _location(error)
            tally.findings.setdefault(location, []).append(number)
            tally.example.setdefault(location, "".join(traceback.format_exception(error))[-4000:])
        duration_s = clock() - started_at
        tally.inputs += 1
        tally.seconds += duration_s
        if duration_s > tally.slowest_s:
            tally.slowest_s, tally.slowest = duration_s, number
        yield tally


def limit_memory() -> None:
    """Limit this process to `MEMORY_BYTES`: an input that needs more is a finding instead of a swap storm."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, hard))


@contextmanager
def _time_limit(limit_s: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlowError(f"more than {limit_s:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    faulthandler.dump_traceback_later(STUCK_S, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _location(error: BaseException) -> str:
    """Return the error type and the innermost line of the repository in its traceback."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(f"{ROOT}/")]
    place = f"{Path(frames[-1].filename).relative_to(ROOT)}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"
