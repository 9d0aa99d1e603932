"""How good a calibration is: calibration error, coverage, and what asking costs and gains.

The expected calibration error (Naeini et al. 2015) is the mean gap between confidence and how often it was right, over
bins of as many answers each. Coverage is how often what was meant is among the goals that may be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from planner.errors import CalibrationError
from planner.evaluation.calibration_runs import Observation, prediction_set, raw_goal_probability
from planner.evaluation.statistics import Rate, mean, rounded
from planner.understanding.calibration import Calibration, nll

BINS = 15
ERROR_RATES = (0.05, 0.1, 0.2)


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Answers of like confidence: how many, their mean confidence, and the share that was right."""

    count: int
    confidence: float
    right: float

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {"count": self.count, "confidence": rounded(self.confidence), "right": rounded(self.right)}


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """How confidence and outcome go together.

    Attributes:
        bins: Of as many answers each, by rising confidence.
        ece: Expected calibration error, in [0, 1].
        nll: Mean negative log-likelihood of the outcomes.
    """

    bins: tuple[Bin, ...]
    ece: float
    nll: float

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {"ece": rounded(self.ece), "nll": rounded(self.nll), "bins": [b.as_dict() for b in self.bins]}


@dataclass(frozen=True, kw_only=True)
class Acting:
    """What comes of an error rate.

    Attributes:
        error_rate: α.
        threshold: Calibrated probability from which on a goal may be meant; None if the rate cannot be kept.
        covered: Tasks whose goal is among those that may be meant.
        size: Mean number of goals that may be meant.
        acted: Tasks with one such goal.
        right: Of the instructions acted on, how many were understood; such as should not be acted on count as wrong.
        asked: Tasks with several.
        offered: Of the tasks asked about, how many have their goal among the options.
        refused: Tasks with none.
    """

    error_rate: float
    threshold: float | None
    covered: Rate
    size: float
    acted: Rate
    right: Rate
    asked: Rate
    offered: Rate
    refused: Rate

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        rates = ("covered", "acted", "right", "asked", "offered", "refused")
        return {
            "error_rate": self.error_rate,
            "threshold": self.threshold if self.threshold is None else rounded(self.threshold),
            "size": rounded(self.size),
            **{name: getattr(self, name).as_dict() for name in rates},
        }


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How good a calibration is on some tasks.

    Attributes:
        name: Of the tasks.
        right: Of the instructions that a goal was written for, how many were understood: acting on everything.
        goal: Of the probability that the goal is right, before and after calibration.
        plan: Of the probability that the plan is right, before (the same of the goal) and after.
        acting: By error rate.
    """

    name: str
    right: Rate
    goal: tuple[Reliability, Reliability]
    plan: tuple[Reliability, Reliability]
    acting: tuple[Acting, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {
            "name": self.name,
            "right": self.right.as_dict(),
            "goal": {"before": self.goal[0].as_dict(), "after": self.goal[1].as_dict()},
            "plan": {"before": self.plan[0].as_dict(), "after": self.plan[1].as_dict()},
            "acting": [a.as_dict() for a in self.acting],
        }

    def __str__(self) -> str:
        """For a person."""
        lines = [
            f"{self.name}: {self.right.total} goals written, {self.right} right",
            f"  goal  expected calibration error {_before_and_after(self.goal)}",
            f"  plan  expected calibration error {_before_and_after(self.plan)}",
            "  error rate  coverage             goals  acted on             right of these       asked about"
            "          goal offered         refused",
        ]
        for a in self.acting:
            if a.threshold is None:
                lines.append(f"  {a.error_rate:<10g}  cannot be kept")
                continue
            rates = (a.acted, a.right, a.asked, a.offered, a.refused)
            lines.append(
                f"  {a.error_rate:<10g}  {a.covered!s:19}  {a.size:5.2f}  "
                + "  ".join(f"{r!s:19}" for r in rates).rstrip()
            )
        return "\n".join(lines)


def _before_and_after(pair: tuple[Reliability, Reliability]) -> str:
    before, after = pair
    return f"{100 * before.ece:.1f} → {100 * after.ece:.1f} %, log loss {before.nll:.3f} → {after.nll:.3f}"


def figures(name: str, observations: Sequence[Observation], calibration: Calibration) -> Figures:
    """Measure a calibration on what a planner made of some tasks."""
    acted = [o for o in observations if o.acted]
    confidences = [calibration.confidence(o.logprob, o.reading, verified=o.verified) for o in acted]
    raw = [raw_goal_probability(o) for o in acted]
    right, reached = [o.right for o in acted], [o.reached for o in acted]
    return Figures(
        name=name,
        right=Rate(hits=sum(right), total=len(acted)),
        goal=(reliability(raw, right), reliability([c.goal for c in confidences], right)),
        plan=(reliability(raw, reached), reliability([c.plan for c in confidences], reached)),
        acting=tuple(acting(observations, calibration, rate) for rate in ERROR_RATES),
    )


def reliability(confidences: Sequence[float], hits: Sequence[bool], bins: int = BINS) -> Reliability:
    """Sort answers into bins of as many each (give or take one), and measure each bin's gap."""
    ordered = sorted(zip(confidences, hits, strict=True), key=lambda pair: pair[0])
    count = len(ordered)
    edges = [round(i * count / bins) for i in range(bins + 1)]
    measured_bins = []
    for low, high in pairwise(edges):
        if inside := ordered[low:high]:
            confidence, right = mean([c for c, _ in inside]), mean([float(hit) for _, hit in inside])
            measured_bins.append(Bin(count=len(inside), confidence=confidence, right=right))
    return Reliability(
        bins=tuple(measured_bins),
        ece=sum(b.count * abs(b.confidence - b.right) for b in measured_bins) / count if count else 0.0,
        nll=mean([nll(c, h) for c, h in ordered]),
    )


def acting(observations: Sequence[Observation], calibration: Calibration, error_rate: float) -> Acting:
    """Look at what comes of an error rate."""
    threshold: float | None
    try:
        threshold = calibration.threshold(error_rate)
    except CalibrationError:
        threshold = None
    goal_sets = [prediction_set(o, calibration, threshold) if threshold is not None else () for o in observations]
    tasks = [s for o, s in zip(observations, goal_sets, strict=True) if o.answerable]
    asked = [s for s in tasks if len(s) > 1]
    single = [s[0] for s in goal_sets if len(s) == 1]
    return Acting(
        error_rate=error_rate,
        threshold=threshold,
        covered=Rate(hits=sum(any(s) for s in tasks), total=len(tasks)),
        size=mean([float(len(s)) for s in tasks]),
        acted=Rate(hits=sum(len(s) == 1 for s in tasks), total=len(tasks)),
        right=Rate(hits=sum(single), total=len(single)),
        asked=Rate(hits=len(asked), total=len(tasks)),
        offered=Rate(hits=sum(any(s) for s in asked), total=len(asked)),
        refused=Rate(hits=sum(not s for s in tasks), total=len(tasks)),
    )
