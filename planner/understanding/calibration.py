"""Calibrated confidence: the probabilities that a goal and a plan are right, and which goals an instruction may mean.

A GPT's evidence for a goal (its probability, what the second look says, how the instruction was read) is calibrated by
logistic regression (Platt 1999). Split conformal prediction, as in KnowNo (Ren et al. 2023, arXiv:2307.01928), decides
which goals may be meant: all whose probability reaches a threshold. The threshold is set on tasks to which nothing was
fitted, so that at error rate α the intended goal is missed in at most a share α of similar instructions. This module is
pure arithmetic; `planner.calibrate` measures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner.errors import CalibrationError
from planner.plans.planning_result import Confidence, Evidence

MAX_WEIGHT = 1000.0  # no fitted weight comes near it
FEATURES = ("certain", "goal", "right", "all read", "left out", "conditions", "in pieces", "grounded")
_LOWEST = 1e-6  # probabilities below it count as this one
_MOST = 5  # words left out and conditions above it count as so many


def features(evidence: Evidence) -> tuple[float, ...]:
    """Return the evidence as numbers, in the order of `FEATURES`."""
    return (
        1.0,
        max(math.log(_LOWEST), min(0.0, evidence.logprob)),
        math.log(max(_LOWEST, evidence.right)),
        math.log(max(_LOWEST, evidence.all_read)),
        float(min(_MOST, evidence.left_out)),
        float(min(_MOST, evidence.conditions - 1)),
        float(evidence.reading == "pieces"),
        float(evidence.reading == "grounded"),
    )


@dataclass(frozen=True, kw_only=True)
class Judge:
    """A logistic regression: one weight for each of `FEATURES`."""

    weights: tuple[float, ...]

    def chance(self, evidence: Evidence) -> float:
        """Return a probability in (0, 1)."""
        total = sum(weight * x for weight, x in zip(self.weights, features(evidence), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What turns a GPT's evidence into calibrated probabilities, and scores of known answers.

    Attributes:
        goal: Judges whether a goal is the intended one.
        plan: Judges whether a verified plan reaches the intended goal.
        unverified: Probability that a plan that misses the goal it was written for reaches the intended one.
        scores: Calibrated probabilities of the intended goals of the calibration tasks, in descending order; 0 where
            the intended goal was not among the candidates.
    """

    goal: Judge
    plan: Judge
    unverified: float
    scores: tuple[float, ...]

    def score(self, probability: float, evidence: Evidence) -> float:
        """Return the calibrated probability of a goal, from the GPT's probability of it.

        `evidence` is that of the reading that it competes with.
        """
        if probability <= 0:
            return 0.0
        return self.goal.chance(replace(evidence, logprob=math.log(probability)))

    def confidence(self, evidence: Evidence, *, verified: bool) -> Confidence:
        """Return the confidence in a goal and in a plan for it."""
        plan = self.plan.chance(evidence) if verified else self.unverified
        return Confidence(goal=self.goal.chance(evidence), plan=plan)

    def threshold(self, error_rate: float) -> float:
        """Return the minimum calibrated probability of a goal that may be meant.

        Raises:
            CalibrationError: The rate is not in (0, 1); or it is too low for the number of calibration tasks, or for
                the share of them in which the intended goal was a candidate.
        """
        if not 0 < error_rate < 1:
            raise CalibrationError(f"an error rate must be above 0 and below 1; found {error_rate:g}")
        threshold = conformal_threshold(self.scores, error_rate)
        if threshold <= 0:
            lowest = math.ceil(1000 * lowest_error_rate(self.scores)) / 1000
            raise CalibrationError(
                f"an error rate of {error_rate:g} cannot be kept with this model: on its {len(self.scores)} "
                f"calibration tasks the lowest is {lowest:g}"
            )
        return threshold


def conformal_threshold(scores: Sequence[float], error_rate: float) -> float:
    """Return the score that a new true answer reaches with probability at least 1 - `error_rate`.

    This is the ⌈(n + 1)(1 - α)⌉-th greatest of the scores of n true answers that are exchangeable with it (Vovk et
    al. 2005); 0 if n is too small.

    Args:
        scores: Scores of true answers, in [0, 1].
        error_rate: α, in (0, 1).
    """
    rank = _rank(len(scores), error_rate)
    return sorted(scores, reverse=True)[rank - 1] if rank <= len(scores) else 0.0


def lowest_error_rate(scores: Sequence[float]) -> float:
    """Return the lowest error rate at which the threshold is above 0."""
    return 1 - sum(score > 0 for score in scores) / (len(scores) + 1)


def _rank(count: int, error_rate: float) -> int:
    return max(1, math.ceil((count + 1) * (1 - error_rate) - 1e-9))  # tolerance: 0.9 * 10 must be 9


def nll(probability: float, is_correct: bool) -> float:
    """Return the negative log-likelihood of an outcome; the probability is clipped to [1e-6, 1 - 1e-6]."""
    clipped = min(max(probability, 1e-6), 1 - 1e-6)
    return -math.log(clipped if is_correct else 1 - clipped)
