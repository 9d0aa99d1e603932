"""How far a state is on the way to a goal, and where a plan that misses its goal stops getting nearer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from envs.symbolic.goals import Count, Every, FixtureIs, No
from envs.symbolic.progress import Progress, advance, begin
from envs.symbolic.scoring import (
    fixtures_of,
    has_result,
    holds,
    matching_objects,
    number_required,
    quantified_objects,
    targets,
)
from planner.verification.plan_verification import replay

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Condition, Goal


class Nearness(NamedTuple):
    """How far an episode is; greater is nearer.

    Attributes:
        unbroken: Whether no rule was broken.
        phase: The phase of the goal that it has reached.
        met: Number of conditions of this phase that hold.
        partial: Sum over these conditions of the share that is reached: 2 of 3 plates are 2/3.
    """

    unbroken: bool
    phase: int
    met: int
    partial: Fraction


def nearness(progress: Progress) -> Nearness:
    """Measure how far an episode is."""
    conditions = progress.goal.phases[progress.phase]
    state, initial_state, uses = progress.state, progress.initial_state, progress.uses
    return Nearness(
        unbroken=not progress.broken,
        phase=progress.phase,
        met=sum(holds(state, c, initial_state, uses) for c in conditions),
        partial=sum((_share(state, c, initial_state) for c in conditions), Fraction(0)),
    )


def progress_along(
    goal: Goal, actions: Sequence[Action], state: State, initial_state: State
) -> tuple[tuple[Action, ...], Nearness]:
    """Return the part of a plan that makes progress, and how far it gets.

    The part ends with the step after which nothing gets better: what follows only undoes, repeats or wanders. What the
    robot then holds is still put down, if the plan does so. The part is empty if no step brings the goal nearer.
    """
    states = replay(state, actions).states
    progress = begin(goal, state, initial_state=initial_state)
    measured = [nearness(progress)]
    for action, reached in zip(actions, states[1:], strict=False):
        progress = advance(progress, reached, action)
        measured.append(nearness(progress))
    best = max(measured)
    length = measured.index(best)
    if states[length].held >= 0:  # nothing is left in the hand, if the plan puts it down and loses nothing by it
        for number in range(length, len(states)):
            if measured[number] < best:
                break
            if states[number].held < 0:
                length = number
                break
    return tuple(actions[:length]), best


def _share(state: State, condition: Condition, initial_state: State) -> Fraction:
    """Return the share of a condition that is reached, in [0, 1]."""
    if isinstance(condition, Count):
        return _count_share(state, condition, initial_state)
    if isinstance(condition, No):
        return Fraction(1, 1 + len(matching_objects(state, condition.thing, condition.place, initial_state)))
    if isinstance(condition, Every):
        low, high = number_required(initial_state, condition)
        objects = quantified_objects(initial_state, condition)
        before = {i for i in objects if has_result(initial_state, i, condition, initial_state)}
        done = {i for i in objects if has_result(state, i, condition, initial_state)}
        excess = len(done - before) - high if condition.selection == "of" else len(done) - max(high, len(before))
        return Fraction(min(len(done), max(low, 0)), max(1, low)) - Fraction(max(0, excess), max(1, len(objects)))
    if isinstance(condition, FixtureIs) and condition.quantifier != "some":
        fixtures = fixtures_of(state, condition)
        wanted = condition.quantifier == "every"
        n_done = sum(all(state.has(i, s) for s in condition.states) == wanted for i in fixtures)
        return Fraction(n_done, max(1, len(fixtures)))
    return Fraction(holds(state, condition, initial_state))


def _count_share(state: State, condition: Count, initial_state: State) -> Fraction:
    thing, place = condition.thing, condition.place
    if place is not None and place.every:
        number = condition.number * max(1, len(targets(state, place, initial_state)))
    else:
        number = condition.number
    if condition.amount == "more":
        number += len(matching_objects(initial_state, thing, place, initial_state))
    there = len(matching_objects(state, thing, place, initial_state))
    if condition.amount == "at most":
        return Fraction(1, 1 + max(0, there - number))
    excess = max(0, there - number) if condition.amount == "exactly" else 0
    return Fraction(min(there, number), number) / (1 + excess)
