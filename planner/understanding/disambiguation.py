"""The goals that an instruction may mean, with the GPT's probability of each, and whether to act, to ask or to refuse.

What the GPT may write is searched for goals about what is there. Writings of one goal (conditions or states in another
order) count as one candidate with their probabilities added. An instruction that was read piece by piece may mean any
combination of what its pieces may mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, format_goal
from planner.goals.comparison import meaning

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.plans.options import Options
    from planner.plans.planning_result import ParsedInstruction
    from planner.understanding.calibration import Calibration
    from planner.understanding.instruction_reader import InstructionReader

FLOOR = math.log(0.02)  # log-probability up to which no writing is looked for


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A goal that may be meant, with the GPT's probability of it."""

    goal: Goal
    probability: float


def decide(
    reader: InstructionReader, parsed: ParsedInstruction, state: State, options: Options, calibration: Calibration
) -> ParsedInstruction:
    """Act on a goal, ask which of several is meant, or refuse where none is likely enough.

    Args:
        reader: Whose GPT is asked what else may be meant, if anything else can be.
        found: What an instruction was taken to mean; it has a goal.
        state: The home.
        options: How to decode; their `error_rate` is at what rate the goal that is meant may be missed.
        calibration: Of the GPT.

    Raises:
        CalibrationError: The error rate cannot be kept with this calibration.
    """
    assert options.error_rate is not None and parsed.goal is not None
    threshold = calibration.threshold(options.error_rate)

    def is_likely(probability: float) -> bool:
        return calibration.score(probability, parsed.reading) >= threshold

    probability = math.exp(parsed.logprob)
    if is_likely(probability) and not is_likely(
        1 - probability
    ):  # nothing else can be likely enough, so nothing is looked for
        return parsed
    likely = [c for c in candidates(reader, parsed, state, options) if is_likely(c.probability)]
    if len(likely) == 1:
        only = likely[0]
        if meaning(only.goal) == meaning(parsed.goal):
            return parsed
        return replace(parsed, goal=only.goal, goal_text=format_goal(only.goal), logprob=math.log(only.probability))
    from planner.language.goal_wording import in_words, question  # here: it reads the word lists

    if likely:
        goals = tuple(c.goal for c in likely)
        return replace(parsed, goal=None, goal_text="", question=question(goals), options=goals)
    return replace(parsed, goal=None, refusal=f"I am not sure enough what is meant; perhaps: {in_words(parsed.goal)}")


def candidates(reader: InstructionReader, parsed: ParsedInstruction, state: State, options: Options) -> list[Candidate]:
    """Return the goals that an understood instruction may mean, the likeliest first; the one found is among them.

    Args:
        reader: Whose GPT is asked.
        found: What the instruction was taken to mean.
        state: The home.
        options: How to decode.
    """
    by_part = [_part_candidates(reader, part, state, options) for part in parsed.parts]
    readings = (
        (_join_parts(chosen) for chosen in product(*by_part))
        if len(by_part) > 1
        else iter(by_part[0] if by_part else ())
    )
    merged = merge(reading for reading in readings if reading.probability > math.exp(FLOOR))
    if parsed.goal is None or meaning(parsed.goal) in map(_meaning, merged):
        return merged
    return merge([*merged, Candidate(goal=parsed.goal, probability=math.exp(parsed.logprob))])


def merge(readings: Iterable[Candidate]) -> list[Candidate]:
    """Return each goal once, as it was worded first, with all of its probability; the likeliest first."""
    merged: dict[tuple[tuple[str, ...], ...], Candidate] = {}
    for reading in readings:
        key = _meaning(reading)
        previous = merged.get(key)
        total = reading.probability + (previous.probability if previous else 0.0)
        merged[key] = replace(previous or reading, probability=min(1.0, total))
    return sorted(merged.values(), key=lambda c: -c.probability)


def _part_candidates(reader: InstructionReader, part: str, state: State, options: Options) -> list[Candidate]:
    goals = reader.likely(part, state, options, FLOOR)
    return merge(Candidate(goal=goal, probability=math.exp(written.logprob)) for goal, written in goals)


def _join_parts(parts: Iterable[Candidate]) -> Candidate:
    """The goal of pieces that are to be done together, as `InstructionReader.understand` joins them."""
    parts = list(parts)
    conditions = dict.fromkeys(c for part in parts for c in part.goal.conditions)
    return Candidate(goal=Goal(phases=(tuple(conditions),)), probability=math.prod(p.probability for p in parts))


def _meaning(candidate: Candidate) -> tuple[tuple[str, ...], ...]:
    return meaning(candidate.goal)
