"""How much a cycle of self-improvement does, and how it learns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.io.json_lines import Record
    from planner.learning.training_mixture import LearningRule

MIN_HELD_OUT, MIN_KNOWN = 12, 100  # tasks that weights are judged on, however short a cycle is: they take 0.1 s each
MINUTES_PER_CYCLE = 20.0  # with the default `Sizes()`, on two CPU cores


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much a cycle does. The defaults take about 20 minutes on two CPU cores (`--workers 2`).

    Attributes:
        homes: Homes of the train split that tasks are proposed for.
        per_home: Proposals sampled for each.
        varied: Variants of proposals for each home.
        reworded: Proposals whose goals the GPT puts into other words.
        composed: Longer tasks composed for each home.
        longest: Conditions of the longest task that is composed in the first cycle; each further cycle adds one.
        tasks: Proposals to try, drawn evenly.
        hindsight: Incidentally achieved goals to put into words. Each is tried if the GPT parses its own instruction
            back to that goal.
        samples: Further plans of the full planner (constrained decoding with verification) where the first fails.
        attempts: Plans that the direct pass samples for each task; rules that compare attempts need two or more.
        steps: Optimizer steps.
        rows: Rows of a batch.
        lr: Peak learning rate: a fraction of the rate of the first training.
        new_share: The fraction of the training tokens that is new; the rest is replayed from the old corpus.
        held_out: Evaluation tasks per held-out split.
        known: Known tasks, of which none may be lost.
        blends: Shares of the new weights in the mixtures with the initial ones, of which the best is taken.
        physics: Verified plans to execute in the physical home; those that fail there are not learned.
    """

    homes: int = 60
    per_home: int = 14
    varied: int = 10
    reworded: int = 160
    composed: int = 120
    longest: int = 5
    tasks: int = 1600
    hindsight: int = 160
    samples: int = 2
    attempts: int = 0
    steps: int = 1200
    rows: int = 8
    lr: float = 8e-4
    new_share: float = 0.6
    held_out: int = 25
    known: int = 200
    blends: tuple[float, ...] = (1.0, 0.5)
    physics: int = 0

    def scaled(self, factor: float) -> Sizes:
        """Return sizes that take about `factor` times as long."""
        return replace(
            self,
            homes=max(1, round(self.homes * factor)),
            tasks=max(1, round(self.tasks * factor)),
            reworded=round(self.reworded * factor),
            hindsight=round(self.hindsight * factor),
            steps=max(2, round(self.steps * factor)),
            held_out=max(MIN_HELD_OUT, round(self.held_out * factor)),
            known=max(MIN_KNOWN, round(self.known * factor)),
        )


@dataclass(frozen=True, kw_only=True)
class Method:
    """How a cycle learns.

    Attributes:
        rule: The learning rule (planner/learning/training_mixture.py).
        device: Where training runs; `auto` is the first GPU if there is one.
    """

    rule: LearningRule = "rejection"
    device: str = "cpu"

    def as_dict(self) -> Record:
        """The method's part of the cycle's config.json."""
        return {"rule": self.rule, "device": self.device}
