"""Divides a long goal into chunks: a chunk is the next few unmet conditions, which are planned together.

A small GPT loses count in long plans, so only a few conditions are planned before the state is updated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, Holding, No
from envs.symbolic.scoring import (
    Uses,
    has_result,
    holds,
    matching_objects,
    number_required,
    quantified_objects,
    targets,
)
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION, rank
from planner.goals.narrowing import Narrowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import State


MAX_CONDITIONS = 3  # in one chunk: in longer ones a small GPT loses count (measured: docs/results.md)
MAX_CHANGES = 8  # objects to change in one chunk


def next_conditions(
    state: State,
    conditions: Sequence[Condition],
    initial_state: State,
    max_conditions: int = MAX_CONDITIONS,
    uses: Uses | None = None,
) -> tuple[Condition, ...]:
    """Return the next few unmet conditions, in the best order to reach them; empty if all hold.

    `uses` are the means that were used (`envs/symbolic/progress.py`); without it, `by` is not tested.
    """
    todo: list[Condition] = []
    total = 0
    for condition in sorted((c for c in conditions if not holds(state, c, initial_state, uses)), key=rank):
        weight = _estimated_changes_of(state, condition, initial_state)
        if todo and (len(todo) >= max_conditions or total + weight > MAX_CHANGES):
            break
        if (
            todo
            and isinstance(condition, Holding)
            and len(todo) + 1 < sum(not holds(state, c, initial_state, uses) for c in conditions)
        ):
            break  # the hand must stay free for the remaining conditions
        todo.append(condition)
        total += weight
    return tuple(todo)


def estimated_changes(state: State, conditions: Sequence[Condition | Narrowed], initial_state: State) -> int:
    """Estimate the number of object changes and moves that unmet conditions require before the next state update."""
    total = 0
    for condition in conditions:
        if isinstance(condition, Narrowed):
            total += estimated_changes(condition.view(state), [condition.condition], condition.view(initial_state))
        elif not holds(state, condition, initial_state):
            total += _estimated_changes_of(state, condition, initial_state)
    return total


def _estimated_changes_of(state: State, condition: Condition, initial_state: State) -> int:
    if isinstance(condition, Count):
        states = len(condition.thing.states) + (condition.thing.liquid is not None)
        return _missing(state, condition, initial_state) * (1 + states)
    if isinstance(condition, Every):
        return min(MAX_OBJECTS_PER_CONDITION, len(remaining_subjects(state, condition, initial_state)))
    if isinstance(condition, No):
        matching = matching_objects(state, condition.thing, condition.place, initial_state)
        return min(MAX_OBJECTS_PER_CONDITION, len(matching))
    return 1


def _missing(state: State, condition: Count, initial_state: State) -> int:
    """Return how many objects must be brought, changed or taken away for a condition."""
    thing, place = condition.thing, condition.place
    if place is not None and place.every:
        return condition.number * max(1, len(targets(state, place, initial_state)))
    number = condition.number
    if condition.amount == "more":
        number += len(matching_objects(initial_state, thing, place, initial_state))
    missing = number - len(matching_objects(state, thing, place, initial_state))
    if condition.amount == "at least" and condition.means is None:
        return missing
    return max(1, abs(missing))


def remaining_subjects(state: State, condition: Every, initial_state: State) -> list[int]:
    """Return the objects for which an `every` condition does not hold yet."""
    subjects = quantified_objects(initial_state, condition)
    remaining = [i for i in subjects if not has_result(state, i, condition, initial_state)]
    if condition.selection == "every":
        return remaining
    low, _ = number_required(initial_state, condition)
    return remaining[: max(0, low - (len(subjects) - len(remaining)))]


def exceeds_limit(state: State, conditions: Sequence[Condition | Narrowed], initial_state: State) -> bool:
    """Whether a condition is about more objects than are planned for before the next state update."""
    for c in conditions:
        if isinstance(c, Every) and len(remaining_subjects(state, c, initial_state)) > MAX_OBJECTS_PER_CONDITION:
            return True
        if isinstance(c, No):
            matching = matching_objects(state, c.thing, c.place, initial_state)
            if len(matching) > MAX_OBJECTS_PER_CONDITION:
                return True
    return False
