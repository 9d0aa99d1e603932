"""Finds the goals that an instruction may mean, with the GPT's probability of each, and decides: act, ask or refuse.

The search covers only goals about objects that the home has. Goals that ask for the same in this home (in other words,
in another order, with a place that all such things have) count as one candidate with the sum of their probabilities.
For an instruction that was read in pieces, the candidates are all combinations of the pieces' candidates.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, format_goal
from planner.plans.formulas.sameness import meaning_here
from planner.plans.spoken_parts import parts_of_goal

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.plans.options import Options
    from planner.plans.planning_result import ParsedInstruction
    from planner.understanding.calibration import Calibration
    from planner.understanding.instruction_reader import InstructionReader

MAX_OFFERED = 3  # goals that a question offers
OFFERED_ABOVE = 0.1  # calibrated probability of a goal that is offered
FLOOR = math.log(0.02)  # goals that are less likely are not searched for


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A possible goal, with the GPT's probability of it."""

    goal: Goal
    probability: float


def decide(
    reader: InstructionReader, parsed: ParsedInstruction, state: State, options: Options, calibration: Calibration
) -> ParsedInstruction:
    """Act on a goal, ask which of several is meant, or refuse if none is likely enough.

    Args:
        reader: The reader whose GPT proposes alternatives, if any can be likely enough.
        parsed: The parsed instruction; it has a goal.
        state: The home.
        options: Decoding options; their `error_rate` is the rate at which the intended goal may be missed.
        calibration: The GPT's calibration.

    Raises:
        CalibrationError: The error rate cannot be kept with this calibration.
    """
    assert options.error_rate is not None and parsed.goal is not None
    threshold = calibration.threshold(options.error_rate)

    def is_likely(probability: float) -> bool:
        return calibration.score(probability, parsed.evidence) >= threshold

    probability = math.exp(parsed.logprob)
    # If no other goal can be likely enough, there is no search.
    if is_likely(probability) and not is_likely(1 - probability):
        return parsed
    likely = [c for c in candidates(reader, parsed, state, options) if is_likely(c.probability)]
    if len(likely) == 1:
        only = likely[0]
        if meaning_here(only.goal, state) == meaning_here(parsed.goal, state):
            return parsed
        words = parts_of_goal(parsed.words, only.goal, state.world.domain)
        return replace(
            parsed, goal=only.goal, goal_text=format_goal(only.goal), logprob=math.log(only.probability), words=words
        )
    from planner.language.goal_wording import in_words, question  # here: it reads the word lists

    domain = state.world.domain
    if likely:
        goals = tuple(c.goal for c in likely)
        words = parts_of_goal(parsed.words, None, domain)
        return replace(parsed, goal=None, goal_text="", question=question(goals, domain), options=goals, words=words)
    perhaps = in_words(parsed.goal, domain)
    return replace(parsed, goal=None, refusal=f"I am not sure enough what is meant; perhaps: {perhaps}")


def confirmed(
    reader: InstructionReader, parsed: ParsedInstruction, state: State, options: Options, calibration: Calibration
) -> ParsedInstruction:
    """Act on a goal that is likely enough, otherwise ask whether it, or which of a few, is meant.

    The arguments are those of `decide`; `options.act_above` is the least probability to act on. A GPT that takes no
    second look acts on the most likely goal.
    """
    assert parsed.goal is not None
    is_asked = reader.prompts.looks_twice and options.second_look
    if not is_asked or calibration.goal.chance(parsed.evidence) >= options.act_above:
        return parsed
    found = candidates(reader, parsed, state, options)
    likely = [c for c in found if calibration.score(c.probability, parsed.evidence) >= OFFERED_ABOVE][:MAX_OFFERED]
    goals = tuple(c.goal for c in likely) or (parsed.goal,)
    from planner.language.goal_wording import in_words, question  # here: it reads the word lists

    domain = state.world.domain
    asked = question(goals, domain) if len(goals) > 1 else f"Shall I {in_words(goals[0], domain)}?"
    words = parts_of_goal(parsed.words, goals[0] if len(goals) == 1 else None, domain)
    return replace(parsed, goal=None, question=asked, options=goals, words=words)


def candidates(reader: InstructionReader, parsed: ParsedInstruction, state: State, options: Options) -> list[Candidate]:
    """Return the goals that an instruction may mean, the most likely first; the goal that was read is among them.

    Args:
        reader: The reader whose GPT proposes goals.
        parsed: The parsed instruction.
        state: The home.
        options: Decoding options.
    """
    by_part = [_part_candidates(reader, part, state, options) for part in parsed.parts]
    readings = (
        (_join_parts(chosen) for chosen in product(*by_part))
        if len(by_part) > 1
        else iter(by_part[0] if by_part else ())
    )
    merged = merge((reading for reading in readings if reading.probability > math.exp(FLOOR)), state)
    if parsed.goal is None or meaning_here(parsed.goal, state) in (meaning_here(c.goal, state) for c in merged):
        return merged
    return _most_likely_first([*merged, Candidate(goal=parsed.goal, probability=math.exp(parsed.logprob))])


def merge(readings: Iterable[Candidate], state: State) -> list[Candidate]:
    """Return each goal once, in its first wording, with its total probability; the most likely first."""
    merged: dict[Hashable, Candidate] = {}
    for reading in readings:
        key = meaning_here(reading.goal, state)
        previous = merged.get(key)
        total = reading.probability + (previous.probability if previous else 0.0)
        merged[key] = replace(previous or reading, probability=min(1.0, total))
    return _most_likely_first(merged.values())


def _most_likely_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: -c.probability)


def _part_candidates(reader: InstructionReader, part: str, state: State, options: Options) -> list[Candidate]:
    goals = reader.likely(part, state, options, FLOOR)
    return merge((Candidate(goal=goal, probability=math.exp(written.logprob)) for goal, written in goals), state)


def _join_parts(parts: Iterable[Candidate]) -> Candidate:
    """Join the goals of the pieces into one, as `InstructionReader.understand` does."""
    parts = list(parts)
    conditions = dict.fromkeys(c for part in parts for c in part.goal.conditions)
    return Candidate(goal=Goal(phases=(tuple(conditions),)), probability=math.prod(p.probability for p in parts))
