"""How far a long run is: a bar on a terminal, and JSON lines for programs that watch it.

A line says of the stage that is under way: `time` (seconds since 1970), `cycle` (null outside of cycles), `stage`,
`done` and `of` (episodes, those of an earlier run included), `per_s` (episodes a second in this run), `success` (the
fraction so far, null where the stage has none) and `eta_s` (seconds left at this rate; null while there is no rate).
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

SUCCESS_KEYS = ("success", "kept", "verified")  # of physics, episodes, held-out tasks: the first that a record has
EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """Tells how far the stages of a run are.

    Attributes:
        path: The file of JSON lines, which are added to what is there; None: none is written.
        cycle: The cycle that is under way; None: none is.
        tell: Called with each line, too.
        clock: Seconds; what is counted with.
    """

    path: Path | None = None
    cycle: int | None = None
    tell: Callable[[dict[str, object]], None] | None = None
    clock: Callable[[], float] = time.monotonic

    def of_cycle(self, number: int) -> Reporter:
        """Return a reporter to the same places in another cycle."""
        return replace(self, cycle=number)

    @contextmanager
    def stage(self, name: str, total: int, done: Mapping[str, Mapping[str, object]] | None = None) -> Iterator[Advance]:
        """Begin a stage; its last line is written at its end, however it ends.

        Args:
            name: What it is called.
            total: How many records it has.
            done: Those that an earlier run made.
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
        """Pass a line on."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(line, ensure_ascii=False) + "\n"
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, text.encode())  # at once: a kill leaves all of a line or nothing
            finally:
                os.close(file)
        if self.tell is not None:
            self.tell(line)


class Advance:
    """How far one stage is; `Reporter.stage` makes it."""

    def __init__(self, reporter: Reporter, name: str, total: int, bar: tqdm[NoReturn]) -> None:
        """Begin at nothing."""
        self._reporter, self._name, self._total, self._bar = reporter, name, total, bar
        self._done = self._judged = self._succeeded = 0
        self._started_at = self._written = reporter.clock()
        self.n_new = 0
        self._last_reported = -1

    def advance(self, record: Mapping[str, object]) -> None:
        """Count a record that was made, and tell, at most once a second."""
        self.count(record)
        self._bar.update()
        if self._judged:
            self._bar.set_postfix(success=f"{self._succeeded / self._judged:.0%}", refresh=False)
        if self._reporter.clock() - self._written >= EVERY_S:
            self.write()

    def count(self, record: Mapping[str, object]) -> None:
        """Count a record without a word."""
        self._done += 1
        self.n_new += 1
        success = next((record[key] for key in SUCCESS_KEYS if key in record), None)
        if isinstance(success, bool):
            self._judged += 1
            self._succeeded += success

    def finish(self) -> None:
        """Tell how far it came, unless that was the last thing told."""
        if self._last_reported != self._done:
            self.write()

    def write(self) -> None:
        """Tell how far it is."""
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
