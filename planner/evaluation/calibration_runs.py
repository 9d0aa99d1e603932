"""Measuring what a calibration is made of: tasks of its own split, what the GPT made of each, and what was meant."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from planner.evaluation.measurement import score_attempt
from planner.goals.comparison import meaning
from planner.plans.options import Options
from planner.plans.planning_result import Reading
from planner.tasks.held_out_trials import BUILT_IN, Split, draw_trials
from planner.tasks.home_splits import SPLITS
from planner.understanding.calibration import Calibration, fit_temperature
from planner.understanding.disambiguation import candidates

if TYPE_CHECKING:
    from planner.api import Planner
    from planner.tasks.held_out_trials import EvaluationTask

# Phrases and goals as in training, in homes of their own: what is held out stays so for `--report`.
CALIBRATION: tuple[Split, ...] = (
    *(split for split in BUILT_IN if split.answer == "plan" and split.phrases == "train" and not split.new_goal),
    Split(name="calibration refusals", answer="refuse"),
    Split(name="calibration questions", answer="ask"),
)
MIN_OBSERVATIONS = 20  # goals that a temperature of their own is fitted to


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What a planner made of a trial.

    Attributes:
        split: Of the trial.
        answerable: Whether a plan is the right answer.
        acted: Whether a goal was written.
        reading: How it was come by.
        logprob: The GPT's log-probability of it.
        right: Whether it is what was meant.
        verified: Whether the plan reaches the goal that was written.
        reached: Whether the plan reaches what was meant.
        candidates: The GPT's probability of each goal that may be meant, and whether it is what was meant.
    """

    split: str
    answerable: bool
    acted: bool
    reading: Reading
    logprob: float
    right: bool
    verified: bool
    reached: bool
    candidates: tuple[tuple[float, bool], ...]

    @property
    def meant(self) -> float:
        """The GPT's probability of what was meant; 0 if it is no candidate."""
        return max((probability for probability, is_meant in self.candidates if is_meant), default=0.0)


def calibration_trials(per_split: int, seed: int) -> Iterator[EvaluationTask]:
    """Yield the tasks of the calibration split: homes that neither training nor any test draws from."""
    for split in CALIBRATION:
        yield from draw_trials(split, per_split, seed=seed, span=SPLITS["calibration"])


def observe(planner: Planner, trial: EvaluationTask, options: Options) -> Observation:
    """Let a planner answer a trial, and look at what else it may have meant."""
    parsed = planner.reader.understand(trial.prompt, trial.start, options)
    meant = meaning(trial.goal) if trial.answer == "plan" and trial.goal is not None else None
    verified = reached = False
    candidate_goals: list[tuple[float, bool]] = []
    if parsed.goal is not None:
        plan = planner.plan_for_goal(parsed.goal, trial.start, options, instruction=parsed.instruction)
        verified = plan.status == "verified"
        reached = meant is not None and score_attempt(plan, trial).success
        for candidate in candidates(planner.reader, parsed, trial.start, options):
            candidate_goals.append((candidate.probability, meaning(candidate.goal) == meant))
    return Observation(
        split=trial.split,
        answerable=meant is not None,
        acted=parsed.goal is not None,
        reading=parsed.reading,
        logprob=parsed.logprob,
        right=parsed.goal is not None and meaning(parsed.goal) == meant,
        verified=verified,
        reached=reached,
        candidates=tuple(candidate_goals),
    )


def calibrate(observations: Sequence[Observation]) -> Calibration:
    """Fit temperatures to every other task, and take the scores of the tasks between.

    Coverage holds for scores that no temperature has seen; alternation gives both halves their share of each split.
    """
    fitted = [o for o in observations[::2] if o.acted]
    goal_temperatures = _temperatures(fitted, lambda o: o.right)
    verified = [o for o in fitted if o.verified]
    unverified = [o for o in fitted if not o.verified]
    calibration = Calibration(
        goal=goal_temperatures,
        plan=_temperatures(verified, lambda o: o.reached),
        unverified=(sum(o.reached for o in unverified) + 1) / (len(unverified) + 2),  # Laplace's rule of succession
        scores=(),
    )
    scores = (calibration.score(o.meant, o.reading) for o in observations[1::2] if o.answerable)
    return Calibration(
        goal=calibration.goal, plan=calibration.plan, unverified=calibration.unverified,
        scores=tuple(sorted(scores, reverse=True)),
    )  # fmt: skip


def _temperatures(observations: Sequence[Observation], outcome: Callable[[Observation], bool]) -> dict[Reading, float]:
    """The temperature of each way of reading, of all together where there are too few of one."""
    temperatures: dict[Reading, float] = {}
    for reading in get_args(Reading):
        same_reading = [o for o in observations if o.reading == reading]
        used = same_reading if len(same_reading) >= MIN_OBSERVATIONS else observations
        temperatures[reading] = fit_temperature([min(0.0, o.logprob) for o in used], [outcome(o) for o in used])
    return temperatures


def prediction_set(observation: Observation, calibration: Calibration, threshold: float) -> tuple[bool, ...]:
    """Return, of the goals that may be meant at a threshold, whether each is what was meant."""
    return tuple(
        is_meant
        for probability, is_meant in observation.candidates
        if calibration.score(probability, observation.reading) >= threshold
    )


def raw_goal_probability(observation: Observation) -> float:
    """Return the GPT's own probability of the goal that it wrote, before calibration."""
    return math.exp(min(0.0, observation.logprob))
