"""Progress of a long run: a bar on a terminal, and JSON lines for programs that watch it.

A line describes the current stage: `time` (seconds since 1970), `cycle` (null outside of cycles), `stage`, `done` and
`of` (episodes, including those of an earlier run), `per_s` (episodes per second in this run), `success` (the fraction
so far, null where the stage has none) and `eta_s` (remaining seconds at this rate; null while there is no rate).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

SUCCESS_KEYS = ("success", "kept", "verified")  # of physics, episodes, held-out tasks: the first present key counts
EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """Reports the progress of the stages of a run.

    Attributes:
        path: The file that JSON lines are appended to; None: no file.
        cycle: The current cycle; None outside of cycles.
        tell: Also called with each line.
        clock: Returns the time [s].
    """

    path: Path | None = None
    cycle: int | None = None
    tell: Callable[[dict[str, object]], None] | None = None
    clock: Callable[[], float] = time.monotonic

    def of_cycle(self, number: int) -> Reporter:
        """Return a reporter with the same outputs for another cycle."""
        return replace(self, cycle=number)

    @contextmanager
    def stage(self, name: str, total: int, done: Mapping[str, Mapping[str, object]] | None = None) -> Iterator[Advance]:
        """Begin a stage; its last line is written on exit, also after an error.

        Args:
            name: The displayed name.
            total: The number of records.
            done: Records of an earlier run, by id.
        """
        title = name if self.cycle is None else f"cycle {self.cycle}: {name}"
        earlier = list((done or {}).values())
        bar: tqdm[NoReturn] = tqdm(total=total, initial=len(earlier), desc=title, unit="episode", disable=None)
        with bar:
            advance = Advance(self, name, total, bar)
            for record in earlier:
                advance.count(record)
            advance.n_new = 0
            try:
                yield advance
            finally:
                advance.finish()

    def write(self, line: dict[str, object]) -> None:
        """Write a line to the file and pass it to `tell`."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(line, ensure_ascii=False) + "\n"
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, text.encode())  # one write: a kill leaves the whole line or nothing
            finally:
                os.close(file)
        if self.tell is not None:
            self.tell(line)


class Advance:
    """The progress of one stage; created by `Reporter.stage`."""

    def __init__(self, reporter: Reporter, name: str, total: int, bar: tqdm[NoReturn]) -> None:
        """Begin with no records."""
        self._reporter, self._name, self._total, self._bar = reporter, name, total, bar
        self._done = self._judged = self._succeeded = 0
        self._started_at = self._written = reporter.clock()
        self.n_new = 0
        self._last_reported = -1

    def advance(self, record: Mapping[str, object]) -> None:
        """Count a new record and report, at most once a second."""
        self.count(record)
        self._bar.update()
        if self._judged:
            self._bar.set_postfix(success=f"{self._succeeded / self._judged:.0%}", refresh=False)
        if self._reporter.clock() - self._written >= EVERY_S:
            self.write()

    def count(self, record: Mapping[str, object]) -> None:
        """Count a record without reporting."""
        self._done += 1
        self.n_new += 1
        success = next((record[key] for key in SUCCESS_KEYS if key in record), None)
        if isinstance(success, bool):
            self._judged += 1
            self._succeeded += success

    def finish(self) -> None:
        """Report the final state, unless it was reported already."""
        if self._last_reported != self._done:
            self.write()

    def write(self) -> None:
        """Report the current state."""
        now = self._written = self._reporter.clock()
        self._last_reported = self._done
        rate = self.n_new / (now - self._started_at) if now > self._started_at else 0.0
        remaining = self._total - self._done
        self._reporter.write({
            "time": round(time.time(), 2), "cycle": self._reporter.cycle, "stage": self._name,
            "done": self._done, "of": self._total, "per_s": round(rate, 3),
            "success": round(self._succeeded / self._judged, 4) if self._judged else None,
            "eta_s": round(remaining / rate, 1) if rate else 0.0 if not remaining else None,
        })  # fmt: skip
