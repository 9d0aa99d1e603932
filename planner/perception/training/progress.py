"""Training progress, measured in time or steps: JSON lines and a progress bar."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch
from tqdm import tqdm

LOG_INTERVAL_S = 10.0
SAVE_INTERVAL_S = 90.0


class Progress:
    """Progress of a training with a given duration or number of steps.

    Args:
        folder: Folder for metrics.jsonl.
        minutes: Duration [min].
        steps: Number of steps, regardless of time; None: limited by time.
        clock: Returns the time [s].
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
        """The completed fraction of time or steps; training ends at 1."""
        if self.max_steps is not None:
            return self.steps / self.max_steps
        return (self.clock() - self.started_at) / self.seconds

    def step(self, items: int, **values: torch.Tensor | float) -> bool:
        """Count a step; returns whether a log line is due, which `log` writes."""
        self.items += items
        self.steps += 1
        self._steps_since_log += 1
        for name, value in values.items():
            self._sums[name] = self._sums[name] + (value.detach() if isinstance(value, torch.Tensor) else value)
        return self.clock() - self.logged_at > LOG_INTERVAL_S

    def log(self, **values: object) -> None:
        """Write a line with the means since the last line, and further values."""
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
        """Whether the output file is due to be saved; if so, restart the interval."""
        if self.clock() - self.saved_at < SAVE_INTERVAL_S:
            return False
        self.saved_at = self.clock()
        return True
