"""Divides a long goal into chunks: the next few unmet conditions that are planned together.

A small GPT loses count in long plans, so only a few conditions are planned before the state is read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, Holding, No
from envs.symbolic.scoring import holds, is_at, matching_objects, quantified_objects
from planner.goals.grounding import LIMIT, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import State


MAX_CONDITIONS = 3  # of one chunk: longer ones are where a small GPT loses count (measured: docs/results.md)
MAX_WORK = 8  # things to change in one chunk


def next_conditions(
    state: State, conditions: Sequence[Condition], start: State, most: int = MAX_CONDITIONS
) -> tuple[Condition, ...]:
    """Return the next few unmet conditions, in the order in which they are best reached; empty when all hold."""
    todo: list[Condition] = []
    total = 0
    for condition in sorted((c for c in conditions if not holds(state, c, start)), key=rank):
        weight = _work(state, condition, start)
        if todo and (len(todo) >= most or total + weight > MAX_WORK):
            break
        if (
            todo
            and isinstance(condition, Holding)
            and len(todo) + 1 < sum(not holds(state, c, start) for c in conditions)
        ):
            break  # the hand must stay free for what is left
        todo.append(condition)
        total += weight
    return tuple(todo)


def estimated_changes(state: State, conditions: Sequence[Condition], start: State) -> int:
    """About how many things unmet conditions ask to be changed or brought before the state is read again."""
    return sum(_work(state, c, start) for c in conditions if not holds(state, c, start))


def _work(state: State, condition: Condition, start: State) -> int:
    if isinstance(condition, Count):
        states = len(condition.thing.states) + (condition.thing.liquid is not None)
        return (condition.number - len(matching_objects(state, condition.thing, condition.place))) * (1 + states)
    if isinstance(condition, Every):
        return min(LIMIT, len(remaining_subjects(state, condition, start)))
    if isinstance(condition, No):
        return min(LIMIT, len(matching_objects(state, condition.thing, condition.place)))
    return 1


def remaining_subjects(state: State, condition: Every, start: State) -> list[int]:
    """Return the objects for which an `every` condition does not hold yet."""
    about = quantified_objects(start, condition)
    if condition.place is not None:
        return [i for i in about if not is_at(state, i, condition.place)]
    return [i for i in about if not all(state.has(i, s) for s in condition.become)]


def exceeds_limit(state: State, conditions: Sequence[Condition], start: State) -> bool:
    """Whether one of the conditions is about more things than are planned for before the state is read again."""
    for c in conditions:
        if isinstance(c, Every) and len(remaining_subjects(state, c, start)) > LIMIT:
            return True
        if isinstance(c, No) and len(matching_objects(state, c.thing, c.place)) > LIMIT:
            return True
    return False
