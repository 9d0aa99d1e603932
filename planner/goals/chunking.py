"""Divides a long goal into chunks: a chunk is the next few unmet conditions, which are planned together.

A small GPT loses count in long plans, so only a few conditions are planned before the state is updated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, Holding, No
from envs.symbolic.scoring import holds, is_at, matching_objects, quantified_objects
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import State


MAX_CONDITIONS = 3  # in one chunk: in longer ones a small GPT loses count (measured: docs/results.md)
MAX_CHANGES = 8  # objects to change in one chunk


def next_conditions(
    state: State, conditions: Sequence[Condition], initial_state: State, max_conditions: int = MAX_CONDITIONS
) -> tuple[Condition, ...]:
    """Return the next few unmet conditions, in the best order to reach them; empty if all hold."""
    todo: list[Condition] = []
    total = 0
    for condition in sorted((c for c in conditions if not holds(state, c, initial_state)), key=rank):
        weight = _estimated_changes_of(state, condition, initial_state)
        if todo and (len(todo) >= max_conditions or total + weight > MAX_CHANGES):
            break
        if (
            todo
            and isinstance(condition, Holding)
            and len(todo) + 1 < sum(not holds(state, c, initial_state) for c in conditions)
        ):
            break  # the hand must stay free for the remaining conditions
        todo.append(condition)
        total += weight
    return tuple(todo)


def estimated_changes(state: State, conditions: Sequence[Condition], initial_state: State) -> int:
    """Estimate the number of object changes and moves that unmet conditions require before the next state update."""
    return sum(_estimated_changes_of(state, c, initial_state) for c in conditions if not holds(state, c, initial_state))


def _estimated_changes_of(state: State, condition: Condition, initial_state: State) -> int:
    if isinstance(condition, Count):
        states = len(condition.thing.states) + (condition.thing.liquid is not None)
        return (condition.number - len(matching_objects(state, condition.thing, condition.place))) * (1 + states)
    if isinstance(condition, Every):
        return min(MAX_OBJECTS_PER_CONDITION, len(remaining_subjects(state, condition, initial_state)))
    if isinstance(condition, No):
        return min(MAX_OBJECTS_PER_CONDITION, len(matching_objects(state, condition.thing, condition.place)))
    return 1


def remaining_subjects(state: State, condition: Every, initial_state: State) -> list[int]:
    """Return the objects for which an `every` condition does not hold yet."""
    initial_subjects = quantified_objects(initial_state, condition)
    if condition.place is not None:
        return [i for i in initial_subjects if not is_at(state, i, condition.place)]
    return [i for i in initial_subjects if not all(state.has(i, s) for s in condition.become)]


def exceeds_limit(state: State, conditions: Sequence[Condition], initial_state: State) -> bool:
    """Whether a condition is about more objects than are planned for before the next state update."""
    for c in conditions:
        if isinstance(c, Every) and len(remaining_subjects(state, c, initial_state)) > MAX_OBJECTS_PER_CONDITION:
            return True
        if isinstance(c, No) and len(matching_objects(state, c.thing, c.place)) > MAX_OBJECTS_PER_CONDITION:
            return True
    return False
