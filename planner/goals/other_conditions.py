"""Narrows a condition so that others of its phase are not undone.

- Of a choice, other objects are taken than those that others need where they are (`planner/goals/narrowing.py`).
- What a choice left out is taken from the sink before the sink runs.
- An object that must stay in its container is brought with it; beside one that must stay, its neighbor is brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.obstacles import makes, usable
from envs.symbolic.scoring import fixtures_at, holds, is_at, matching_objects
from planner.goals import choice, grounding
from planner.goals.chunking import remaining_subjects
from planner.goals.narrowing import Narrowed, is_plain, narrow, removal

if TYPE_CHECKING:
    from envs.symbolic.actions import State


def narrow_beside_others(
    condition: Condition, parts: tuple[Narrowed, ...], state: State, phase: Sequence[Condition], initial_state: State
) -> tuple[Narrowed, ...] | None:  # fmt: skip
    """Narrow a condition so that others of the phase are not undone; None if this is what it is narrowed to anyway."""
    place = getattr(condition, "place", None)
    if place is not None and place.beside and not matching_objects(state, place.thing, place.inside, initial_state):
        return narrow(Count(thing=place.thing, place=place.inside), state, initial_state) or None
    others = [c for c in phase if c != condition]
    if apart := _kept_unchanged(condition, state, others, initial_state):
        return apart
    if moved := _container_moved(condition, state, others, initial_state):
        return moved
    if not others or is_plain(condition, state.world):
        return None
    others_kept = _neighbor_moved(condition, state, others, initial_state)
    others_kept = others_kept or narrow(condition, state, initial_state, others)
    return others_kept if others_kept and others_kept != parts else None


def _kept_unchanged(
    condition: Condition, state: State, others: Sequence[Condition], initial_state: State
) -> tuple[Narrowed, ...]:  # fmt: skip
    """Narrow the removal of what a choice left out from an appliance that now runs for a condition."""
    if isinstance(condition, FixtureIs | Holding | No):
        return ()
    asked = {*condition.thing.states, *getattr(condition, "become", ()), *(["clean"] if condition.thing.liquid else [])}
    for other in others:
        if not isinstance(other, Every) or asked.isdisjoint(other.become) or not holds(state, other, initial_state):
            continue
        if other.selection == "every" and other.excluded is None:
            continue
        for i in matching_objects(initial_state, other.thing, None, initial_state):
            root, word = state.root(i), next(iter(other.become))
            makers = [f for f in range(state.world.n_fixtures) if makes(state, f, word, i)]
            process = state.world.process[root] if root in makers else None
            if process is None or state.has(i, word) or condition.thing.liquid not in (None, process.fill):
                continue
            place = Place(fixture=state.world.categories[root])
            away = frozenset(makers) - {root}
            parts = removal(state, initial_state, Thing(word="anything"), place, [i])
            return tuple(replace(part, hidden=part.hidden | away) for part in parts)
    return ()


def _container_moved(
    condition: Condition, state: State, others: Sequence[Condition], initial_state: State
) -> tuple[Narrowed, ...]:  # fmt: skip
    """Narrow the bringing of an object that must stay in its container to bringing the container."""
    if not isinstance(condition, Count | Every):
        return ()
    place = condition.place
    if place is None or place.thing is not None:
        return ()
    contained = set[int]()
    for other in others:
        if not isinstance(other, Count | Every) or other.place is None or other.place.thing is None:
            continue
        if not other.place.beside and other.place.inside is None:
            contained.update(matching_objects(state, other.thing, other.place, initial_state))
    if not contained:
        return ()
    if isinstance(condition, Every):
        objects = remaining_subjects(state, condition, initial_state)
    else:
        objects = [i for i in usable(state, condition.thing) if not is_at(state, i, place, initial_state)]
        if not contained.issuperset(objects):
            return ()
    for i in objects:
        container = state.place[i]
        for f in fixtures_at(state, place) if i in contained and container >= state.world.n_fixtures else ():
            if grounding.can_hold(state, f, container):
                return (_brought(state, container, f),)
    return ()


def _brought(state: State, item: int, holder: int) -> Narrowed:
    """Narrow the bringing of one object to one place."""
    world = state.world
    word = world.categories[holder]
    place = Place(fixture=word) if holder < world.n_fixtures else Place(thing=Thing(word=word))
    alike = {e for kept in (item, holder) for e in world.entities_by_category[world.categories[kept]]}
    condition = Count(thing=Thing(word=world.categories[item]), place=place)
    return Narrowed(condition=condition, hidden=frozenset(alike - {item, holder}))


def _neighbor_moved(
    condition: Condition, state: State, others: Sequence[Condition], initial_state: State
) -> tuple[Narrowed, ...]:  # fmt: skip
    """Narrow `beside` to bringing the neighbor, if its object must stay where it is; nothing if that does not help."""
    if not isinstance(condition, Count) or condition.place is None or not condition.place.beside:
        return ()
    place = condition.place
    needed = choice.needed_where_they_are(state, others, initial_state)
    objects = usable(state, condition.thing)
    if place.inside is not None or place.thing is None or condition.number > 1 or not needed.issuperset(objects):
        return ()
    for item in objects:
        holder = state.place[item]
        for neighbor in usable(state, place.thing):
            if neighbor in needed or neighbor == item or holder < 0 or not grounding.can_hold(state, holder, neighbor):
                continue
            return (_brought(state, neighbor, holder),)
    return ()
