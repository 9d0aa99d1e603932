"""What a training tells: lines of JSON, a bar, and its measure of progress: time, or steps."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch
from tqdm import tqdm

LOG_INTERVAL_S = 10.0  # between lines
SAVE_INTERVAL_S = 90.0  # between files


class Progress:
    """Progress of a training that takes a given time, or a given number of steps.

    Args:
        folder: Gets metrics.jsonl.
        minutes: How long it takes.
        steps: How many steps it takes, however long; None: as many as there is time for.
        clock: Seconds; what is counted with.
    """

    def __init__(
        self, folder: Path, minutes: float, steps: int | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.seconds, self.max_steps, self.clock = folder / "metrics.jsonl", 60.0 * minutes, steps, clock
        self.path.write_text("", encoding="utf-8")
        self.started_at = self.logged_at = self.saved_at = clock()
        self.items = self.steps = 0
        self._sums: defaultdict[str, torch.Tensor | float] = defaultdict(float)
        self._steps_since_log = 0
        total, unit = (round(self.seconds), "s") if steps is None else (steps, "step")
        self._bar = tqdm(total=total, unit=unit, disable=not sys.stderr.isatty())

    @property
    def done(self) -> float:
        """The part of the time, or of the steps, that is over; 1 or above when the training is to end."""
        if self.max_steps is not None:
            return self.steps / self.max_steps
        return (self.clock() - self.started_at) / self.seconds

    def step(self, items: int, **values: torch.Tensor | float) -> bool:
        """Count a step; returns whether a line is due, which `tell` writes."""
        self.items += items
        self.steps += 1
        self._steps_since_log += 1
        for name, value in values.items():
            self._sums[name] = self._sums[name] + (value.detach() if isinstance(value, torch.Tensor) else value)
        return self.clock() - self.logged_at > LOG_INTERVAL_S

    def log(self, **values: object) -> None:
        """Write a line: means since the last one, and what else is known."""
        now = self.clock()
        means = {name: round(float(value) / max(1, self._steps_since_log), 4) for name, value in self._sums.items()}
        line = {
            "seconds": round(now - self.started_at, 1), "steps": self.steps, "items": self.items,
            "items_per_s": round(self.items / max(now - self.started_at, 1e-9), 1), **means, **values,
        }  # fmt: skip
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if not sys.stderr.isatty():
            print(json.dumps(line), file=sys.stderr)
        self._bar.set_postfix(means)
        self._bar.update((round(now - self.started_at) if self.max_steps is None else self.steps) - self._bar.n)
        self.logged_at, self._steps_since_log = now, 0
        self._sums.clear()

    def is_due(self) -> bool:
        """Whether the file is to be written again."""
        if self.clock() - self.saved_at < SAVE_INTERVAL_S:
            return False
        self.saved_at = self.clock()
        return True
