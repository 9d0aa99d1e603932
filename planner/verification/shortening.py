"""Leaves out of a proven plan the steps that serve nothing: a cup that is moved and not used, a tap that runs in vain.

The GPT sometimes wanders on its way to the goal. Nobody asked for what it does there, so a span of steps is left out if
the plan works without it, reaches the same, and leaves everything as the longer plan does or as it was before. What the
plan puts back, switches off or closes is therefore still put back, switched off and closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.actions import successor, unmet_precondition
from envs.symbolic.scoring import holds
from planner.goals.choice import is_dangerous
from planner.verification.plan_verification import outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.goals import Condition, Goal
    from envs.symbolic.state import Action, State

MAX_SPAN = 12  # steps that are left out at once
_OPPOSITES = {"turn on": "turn off", "open": "close"}


def shortened(
    actions: Sequence[Action], goal: Goal, state: State, *, initial_state: State | None = None, exactly: bool = False
) -> tuple[Action, ...]:
    """Return a plan without the steps that serve nothing; a plan that is not applicable stays as it is.

    Args:
        actions: The plan.
        goal: The goal that it reaches.
        state: The state where it begins.
        initial_state: The episode's initial state, if it is earlier.
        exactly: Whether everything must end as the longer plan leaves it.
    """
    start = initial_state or state
    reached = outcome(actions, goal, state, start)
    plan, first, before = list(actions), 0, state  # `before` is the state in which the step `first` begins
    if reached is None:
        return tuple(plan)
    end = _final(state, plan)
    lasting = _lasting(goal, end, start)
    while first < len(plan):
        for shorter in _without_span(plan, first):
            final = _final(before, shorter[first:])
            if final is None or end is None or not _is_between(final, end if exactly else state, end):
                continue
            if not all(holds(final, c, start) for c in lasting):
                continue
            if outcome(shorter, goal, state, start) == reached:
                plan, first, before = shorter, 0, state
                break
        else:
            before = successor(before, plan[first])
            first += 1
    return tuple(plan)


def _lasting(goal: Goal, end: State | None, start: State) -> list[Condition]:
    """Return the conditions that the last state alone decides: what breaks one of them reaches less."""
    if end is None or goal.is_timed or goal.guard(len(goal.phases) - 1).tests:
        return []
    return [c for c in goal.phases[-1] if getattr(c, "means", None) is None and holds(end, c, start)]


def _without_span(plan: Sequence[Action], first: int) -> Iterator[list[Action]]:
    """Yield the plan without what begins at a step: steps in a row, the most first; on and off; pick up and put."""
    for length in range(min(MAX_SPAN, len(plan) - first), 0, -1):
        if not _reopens(plan[first : first + length]):
            yield [*plan[:first], *plan[first + length :]]
    skill, args = plan[first]
    undone_by = {"pick up": "put", **_OPPOSITES}.get(skill)
    later = range(first + 2, len(plan))
    last = next((j for j in later if plan[j].skill == undone_by and plan[j].args[0] == args[0]), None)
    if last is not None:
        yield [*plan[:first], *plan[first + 1 : last], *plan[last + 1 :]]


def _reopens(steps: Sequence[Action]) -> bool:
    """Whether steps close a door and open it again: whether it stays open is decided in door_closing.py."""
    closed = set[tuple[str, ...]]()
    for action in steps:
        if action.skill == "close":
            closed.add(action.args)
        elif action.skill == "open" and action.args in closed:
            return True
    return False


def _final(state: State, actions: Sequence[Action]) -> State | None:
    """Return the state after a plan; None if a step is not applicable or runs a microwave with metal in it."""
    for action in actions:
        if unmet_precondition(state, action) is not None or is_dangerous(state, action):
            return None
        state = successor(state, action)
    return state


def _is_between(final: State, before: State, after: State) -> bool:
    """Whether everything is as in one of two states: in each place, with each of its states and its liquid."""
    is_there = all(
        now in (old, new)
        for name in ("place", "liquid")
        for now, old, new in zip(getattr(final, name), getattr(before, name), getattr(after, name), strict=True)
    )
    return is_there and not any(
        (now ^ old) & (now ^ new) for now, old, new in zip(final.flags, before.flags, after.flags, strict=True)
    )
