"""Calibrated confidence: the probabilities that a goal and a plan are correct, and which goals an instruction may mean.

The GPT's probability q of a goal is calibrated by temperature scaling (Guo et al. 2017, arXiv:1706.04599), `p = q ** (1
/ T)`, with one temperature for each way in which an instruction was read (`Reading`: as a whole, in pieces, grounded).
Split conformal prediction, as in KnowNo (Ren et al. 2023, arXiv:2307.01928), decides which goals may be meant: all
whose probability reaches a threshold. The threshold is set on tasks to which no temperature was fitted, so that at
error rate α the intended goal is missed in at most a share α of similar instructions. This module is pure arithmetic;
`planner.calibrate` measures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planner.errors import CalibrationError
from planner.plans.planning_result import Confidence, Reading

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
_STEPS = 60  # of golden-section search: enough for floating-point precision


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Temperatures and scores that turn a GPT's probabilities into calibrated ones.

    Attributes:
        goal: Temperature by `Reading`, for the probability that a goal is the intended one.
        plan: The same, for the probability that a verified plan reaches the intended goal.
        unverified: Probability that a plan that misses the goal it was written for reaches the intended one.
        scores: Calibrated probabilities of the intended goals of the calibration tasks, in descending order; 0 where
            the intended goal was not among the candidates.
    """

    goal: Mapping[Reading, float]
    plan: Mapping[Reading, float]
    unverified: float
    scores: tuple[float, ...]

    def score(self, probability: float, reading: Reading) -> float:
        """Return the calibrated probability that a goal is the intended one, from the GPT's probability of it."""
        return scaled(math.log(probability), self.goal[reading]) if probability > 0 else 0.0

    def confidence(self, logprob: float, reading: Reading, *, verified: bool) -> Confidence:
        """Return the confidence in a goal and in a plan for it."""
        plan = scaled(logprob, self.plan[reading]) if verified else self.unverified
        return Confidence(goal=scaled(logprob, self.goal[reading]), plan=plan)

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


def scaled(logprob: float, temperature: float) -> float:
    """Return the probability at a temperature, in [0, 1]."""
    return math.exp(min(0.0, logprob) / temperature)


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


def fit_temperature(logprobs: Sequence[float], correct: Sequence[bool]) -> float:
    """Return the temperature that minimizes the negative log-likelihood of the outcomes.

    Args:
        logprobs: Log-probabilities, at most 0.
        correct: Whether each prediction was correct.
    """
    if not logprobs:
        return 1.0

    def loss(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        return sum(
            nll(scaled(logprob, temperature), is_correct) for logprob, is_correct in zip(logprobs, correct, strict=True)
        )

    low, high = math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(_STEPS):  # the loss has one minimum
        lower, upper = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, upper) if loss(lower) < loss(upper) else (lower, high)
    return math.exp((low + high) / 2)


def nll(probability: float, is_correct: bool) -> float:
    """Return the negative log-likelihood of an outcome; the probability is clipped to [1e-6, 1 - 1e-6]."""
    clipped = min(max(probability, 1e-6), 1 - 1e-6)
    return -math.log(clipped if is_correct else 1 - clipped)
