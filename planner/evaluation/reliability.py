"""Metrics of a calibration: calibration error, coverage, and the costs and benefits of asking.

The expected calibration error (Naeini et al. 2015) is the mean gap between confidence and accuracy over bins with equal
numbers of answers. Coverage is how often the prediction set contains the correct goal.
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
    """Answers of similar confidence: their number, mean confidence and accuracy."""

    count: int
    confidence: float
    right: float

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {"count": self.count, "confidence": rounded(self.confidence), "right": rounded(self.right)}


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Agreement between confidence and outcome.

    Attributes:
        bins: Bins with equal numbers of answers, by increasing confidence.
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
class ErrorRateOutcome:
    """Outcomes at a given error rate.

    Except for `right`, they are about the tasks whose correct answer is a plan.

    Attributes:
        error_rate: The error rate α.
        threshold: Calibrated probability above which a goal is in the prediction set; None if α cannot be guaranteed.
        covered: Tasks whose prediction set contains the correct goal.
        size: Mean size of the prediction set.
        acted: Tasks with one goal in the set.
        right: Correct goals among the instructions acted on; acting on an unanswerable instruction counts as wrong.
        asked: Tasks with several goals in the set.
        offered: Of the tasks asked about, those whose options contain the correct goal.
        refused: Tasks with an empty set.
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
class CalibrationMetrics:
    """Metrics of a calibration on a group of tasks.

    Attributes:
        name: Name of the group.
        right: Correct goals among the instructions for which a goal was written: the result of always acting.
        goal: Reliability of the probability that the goal is correct, before and after calibration.
        plan: The same for the plan; before calibration, the goal's probability is used.
        acting: Outcomes by error rate.
    """

    name: str
    right: Rate
    goal: tuple[Reliability, Reliability]
    plan: tuple[Reliability, Reliability]
    acting: tuple[ErrorRateOutcome, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {
            "name": self.name,
            "right": self.right.as_dict(),
            "goal": {"before": self.goal[0].as_dict(), "after": self.goal[1].as_dict()},
            "plan": {"before": self.plan[0].as_dict(), "after": self.plan[1].as_dict()},
            "acting": [outcome.as_dict() for outcome in self.acting],
        }

    def __str__(self) -> str:
        """Format as a table."""
        lines = [
            f"{self.name}: {self.right.total} goals written, {self.right} right",
            f"  goal  expected calibration error {_before_and_after(self.goal)}",
            f"  plan  expected calibration error {_before_and_after(self.plan)}",
            "  error rate  coverage             goals  acted on             right of these       asked about"
            "          goal offered         refused",
        ]
        for outcome in self.acting:
            if outcome.threshold is None:
                lines.append(f"  {outcome.error_rate:<10g}  cannot be kept")
                continue
            rates = (outcome.acted, outcome.right, outcome.asked, outcome.offered, outcome.refused)
            lines.append(
                f"  {outcome.error_rate:<10g}  {outcome.covered!s:19}  {outcome.size:5.2f}  "
                + "  ".join(f"{r!s:19}" for r in rates).rstrip()
            )
        return "\n".join(lines)


def _before_and_after(pair: tuple[Reliability, Reliability]) -> str:
    before, after = pair
    return f"{100 * before.ece:.1f} → {100 * after.ece:.1f} %, log loss {before.nll:.3f} → {after.nll:.3f}"


def calibration_metrics(name: str, observations: Sequence[Observation], calibration: Calibration) -> CalibrationMetrics:
    """Measure a calibration on a planner's results."""
    acted = [o for o in observations if o.acted]
    confidences = [calibration.confidence(o.evidence, verified=o.verified) for o in acted]
    raw = [raw_goal_probability(o) for o in acted]
    right, reached = [o.served for o in acted], [o.reached for o in acted]
    return CalibrationMetrics(
        name=name,
        right=Rate(hits=sum(right), total=len(acted)),
        goal=(reliability(raw, right), reliability([c.goal for c in confidences], right)),
        plan=(reliability(raw, reached), reliability([c.plan for c in confidences], reached)),
        acting=tuple(outcome_at_error_rate(observations, calibration, rate) for rate in ERROR_RATES),
    )


def reliability(confidences: Sequence[float], hits: Sequence[bool], bins: int = BINS) -> Reliability:
    """Group answers into bins whose sizes differ by at most one, and measure the calibration error."""
    ordered = sorted(zip(confidences, hits, strict=True), key=lambda pair: pair[0])
    count = len(ordered)
    edges = [round(i * count / bins) for i in range(bins + 1)]
    measured_bins = []
    for low, high in pairwise(edges):
        if members := ordered[low:high]:
            confidence, right = mean([c for c, _ in members]), mean([float(hit) for _, hit in members])
            measured_bins.append(Bin(count=len(members), confidence=confidence, right=right))
    return Reliability(
        bins=tuple(measured_bins),
        ece=sum(b.count * abs(b.confidence - b.right) for b in measured_bins) / count if count else 0.0,
        nll=mean([nll(c, h) for c, h in ordered]),
    )


def outcome_at_error_rate(
    observations: Sequence[Observation], calibration: Calibration, error_rate: float
) -> ErrorRateOutcome:
    """Measure the outcomes at an error rate."""
    threshold: float | None
    try:
        threshold = calibration.threshold(error_rate)
    except CalibrationError:
        threshold = None
    goal_sets = [prediction_set(o, calibration, threshold) if threshold is not None else () for o in observations]
    tasks = [s for o, s in zip(observations, goal_sets, strict=True) if o.answerable]
    asked = [s for s in tasks if len(s) > 1]
    single = [s[0] for s in goal_sets if len(s) == 1]
    return ErrorRateOutcome(
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
