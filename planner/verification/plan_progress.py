"""How far a state is on the way to a goal, and where a plan that misses its goal stops getting nearer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from envs.symbolic.goals import Count, Every, FixtureIs, No
from envs.symbolic.scoring import advance, fixtures_of, holds, is_at, matching_objects, quantified_objects
from planner.verification.plan_verification import replay

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Condition, Goal


class Progress(NamedTuple):
    """How far an episode is; greater is nearer.

    Attributes:
        phase: The phase of the goal that it has reached.
        met: Number of conditions of this phase that hold.
        partial: Sum over these conditions of the share that is reached: 2 of 3 plates are 2/3.
    """

    phase: int
    met: int
    partial: Fraction


def progress_of(goal: Goal, phase: int, state: State, initial_state: State) -> Progress:
    """Measure a state of an episode that is in a phase (from `advance`)."""
    conditions = goal.phases[phase]
    return Progress(
        phase=phase,
        met=sum(holds(state, c, initial_state) for c in conditions),
        partial=sum((_share(state, c, initial_state) for c in conditions), Fraction(0)),
    )


def progress_along(
    goal: Goal, actions: Sequence[Action], state: State, initial_state: State
) -> tuple[tuple[Action, ...], Progress]:
    """Return the part of a plan that makes progress, and how far it gets.

    The part ends with the step after which nothing gets better: what follows only undoes, repeats or wanders. What the
    robot then holds is still put down, if the plan does so. The part is empty if no step brings the goal nearer.
    """
    phase, states, measured = 0, replay(state, actions).states, list[Progress]()
    for reached in states:
        phase = advance(goal, phase, reached, initial_state)
        measured.append(progress_of(goal, phase, reached, initial_state))
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
        there = len(matching_objects(state, condition.thing, condition.place))
        return Fraction(min(there, condition.number), condition.number)
    if isinstance(condition, No):
        return Fraction(1, 1 + len(matching_objects(state, condition.thing, condition.place)))
    if isinstance(condition, Every):
        objects = quantified_objects(initial_state, condition)
        if condition.place is not None:
            done = sum(is_at(state, i, condition.place) for i in objects)
        else:
            done = sum(all(state.has(i, s) for s in condition.become) for i in objects)
        return Fraction(done, max(1, len(objects)))
    if isinstance(condition, FixtureIs) and condition.quantifier != "some":
        fixtures = fixtures_of(state, condition)
        wanted = condition.quantifier == "every"
        return Fraction(sum(state.has(i, condition.state) == wanted for i in fixtures), max(1, len(fixtures)))
    return Fraction(holds(state, condition, initial_state))
