"""Collect the data for calibration: run a planner on the calibration split and compare with the correct goals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.evaluation.measurement import score_attempt
from planner.plans.formulas.sameness import meaning_here
from planner.plans.options import Options
from planner.plans.planning_result import Evidence
from planner.tasks.held_out_trials import BUILT_IN, Split, draw_trials
from planner.tasks.home_splits import SPLITS
from planner.understanding.calibration import FEATURES, MAX_WEIGHT, Calibration, Judge, features
from planner.understanding.disambiguation import candidates

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from planner.api import Planner
    from planner.tasks.held_out_trials import EvaluationTask

# Training phrases and goals in separate homes: held-out phrases and goals stay unseen for `--report`.
CALIBRATION: tuple[Split, ...] = (
    *(split for split in BUILT_IN if split.answer == "plan" and split.phrases == "train" and not split.new_goal),
    Split(name="calibration refusals", answer="refuse"),
    Split(name="calibration questions", answer="ask"),
)
PENALTY = 1.0
NEWTON_STEPS = 30  # it converges in fewer than ten


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A planner's result on a trial.

    Attributes:
        split: Split of the trial.
        answerable: Whether the correct answer is a plan.
        acted: Whether the GPT wrote a goal.
        evidence: What speaks for the goal.
        right: Whether the goal asks for the same as the correct one in this home.
        verified: Whether the plan reaches the goal that the GPT wrote.
        reached: Whether the plan reaches the correct goal.
        candidates: The GPT's probability of each candidate goal, and whether it is correct.
    """

    split: str
    answerable: bool
    acted: bool
    evidence: Evidence
    right: bool
    verified: bool
    reached: bool
    candidates: tuple[tuple[float, bool], ...]

    @property
    def served(self) -> bool:
        """Whether acting on the goal does what was asked for, though perhaps in other words."""
        return self.right or self.reached

    @property
    def meant(self) -> float:
        """The GPT's probability of the correct goal; 0 if it is not a candidate."""
        return max((probability for probability, is_meant in self.candidates if is_meant), default=0.0)


def calibration_trials(per_split: int, seed: int, domain: Domain | None = None) -> Iterator[EvaluationTask]:
    """Yield the tasks of the calibration split, whose homes occur in neither training nor tests.

    `domain` is what the homes are made of; None: the default domain.
    """
    for split in CALIBRATION:
        yield from draw_trials(split, per_split, seed=seed, span=SPLITS["calibration"], domain=domain)


def observe(planner: Planner, trial: EvaluationTask, options: Options) -> Observation:
    """Run a planner on a trial and score the candidate goals."""
    parsed = planner.reader.understand(trial.prompt, trial.start, options)
    goals = (trial.goal, *trial.also) if trial.answer == "plan" and trial.goal is not None else ()
    meant = {meaning_here(goal, trial.start) for goal in goals}
    verified = reached = False
    candidate_goals: list[tuple[float, bool]] = []
    if parsed.goal is not None:
        plan = planner.plan_for_goal(parsed.goal, trial.start, options, instruction=parsed.instruction)
        verified = plan.is_proven
        reached = bool(meant) and score_attempt(plan, trial).success
        for candidate in candidates(planner.reader, parsed, trial.start, options):
            candidate_goals.append((candidate.probability, meaning_here(candidate.goal, trial.start) in meant))
    return Observation(
        split=trial.split,
        answerable=bool(meant),
        acted=parsed.goal is not None,
        evidence=parsed.evidence,
        right=parsed.goal is not None and meaning_here(parsed.goal, trial.start) in meant,
        verified=verified,
        reached=reached,
        candidates=tuple(candidate_goals),
    )


def calibrate(observations: Sequence[Observation]) -> Calibration:
    """Fit the judges on every other task, and take conformal scores from the others.

    A goal counts as right, too, if a plan for it reaches the correct one: that is what acting on it does.
    Coverage holds only for scores of tasks that were not used to fit; alternation balances the splits in both halves.
    """
    fitted = [o for o in observations[::2] if o.acted]
    verified = [o for o in fitted if o.verified]
    unverified = [o for o in fitted if not o.verified]
    calibration = Calibration(
        goal=fit_judge([o.evidence for o in fitted], [o.served for o in fitted]),
        plan=fit_judge([o.evidence for o in verified], [o.reached for o in verified]),
        unverified=(sum(o.reached for o in unverified) + 1) / (len(unverified) + 2),  # Laplace's rule of succession
        scores=(),
    )
    scores = (calibration.score(o.meant, o.evidence) for o in observations[1::2] if o.answerable)
    return replace(calibration, scores=tuple(sorted(scores, reverse=True)))


def fit_judge(evidence: Sequence[Evidence], outcomes: Sequence[bool]) -> Judge:
    """Return the logistic regression that explains the outcomes best, by Newton's method.

    A small penalty on the weights keeps them finite; without outcomes, the probability is that of the GPT.
    """
    prior = np.array([float(name == "goal") for name in FEATURES])
    x = np.array([features(e) for e in evidence]).reshape(-1, len(FEATURES))
    y = np.array(outcomes, dtype=float)
    weights = prior.copy()
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (chance - y) + PENALTY * (weights - prior)
        curvature = (x * (chance * (1 - chance))[:, None]).T @ x + PENALTY * np.eye(len(FEATURES))
        weights = weights - np.linalg.solve(curvature, gradient)
    return Judge(weights=tuple(float(w) for w in np.clip(weights, -MAX_WEIGHT, MAX_WEIGHT)))


def prediction_set(observation: Observation, calibration: Calibration, threshold: float) -> tuple[bool, ...]:
    """Return whether each goal of the prediction set at a threshold is correct."""
    return tuple(
        is_meant
        for probability, is_meant in observation.candidates
        if calibration.score(probability, observation.evidence) >= threshold
    )


def raw_goal_probability(observation: Observation) -> float:
    """Return the GPT's uncalibrated probability of the goal that it wrote."""
    return math.exp(min(0.0, observation.evidence.logprob))
