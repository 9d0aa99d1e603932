"""What a goal means: which conditions hold, which phase an episode has reached, and its score (as in ALFRED).

`every` selects its objects in the initial state; everything else is evaluated in the current state. An object in a
movable container is also at the place of the container. Hot and cold objects keep their temperature over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Holding, No, Place, Thing

if TYPE_CHECKING:
    from envs.symbolic.actions import State


@dataclass(frozen=True, kw_only=True)
class Score:
    """Success, and the goal-condition rate: the fraction of conditions that hold, in [0, 1]."""

    success: bool
    rate: float
    met: tuple[bool, ...]


def matches(state: State, entity: int, thing: Thing) -> bool:
    """Whether an entity matches an object description in this state."""
    world = state.world
    category = world.categories[entity]
    if category != thing.word and category not in world.domain.members.get(thing.word, ()):
        return False
    if thing.liquid is not None and state.liquid[entity] != thing.liquid:
        return False
    return all(state.has(entity, s) for s in thing.states)


def is_at(state: State, entity: int, place: Place) -> bool:
    """Whether an entity is at a place, directly or through movable containers."""
    world = state.world
    holder = state.place[entity]
    while holder >= 0:
        if place.fixture is not None:
            if world.categories[holder] == place.fixture:
                return True
        elif holder >= world.n_fixtures and place.thing is not None and matches(state, holder, place.thing):
            if place.inside is None:
                return True
            if is_at(state, holder, place.inside):
                return True
        holder = state.place[holder]
    return False


def matching_objects(state: State, thing: Thing, place: Place | None = None) -> list[int]:
    """Return the objects that match a description, at a place if one is given, in this state."""
    objects = [i for i in state.world.objects_of(thing.word) if matches(state, i, thing)]
    return objects if place is None else [i for i in objects if is_at(state, i, place)]


def fixtures_of(state: State, condition: FixtureIs) -> list[int]:
    """Return the fixtures that a condition refers to, in the order of the home."""
    world = state.world
    categories = world.domain.resolve_fixture(condition.fixture, condition.state)
    return sorted(i for category in categories for i in world.entities_by_category.get(category, ()))


def quantified_objects(initial_state: State, condition: Every) -> list[int]:
    """Return the objects that an `every` condition refers to, selected in the initial state."""
    world = initial_state.world
    excluded = set(world.domain.resolve(condition.excluded)) if condition.excluded else set()
    objects = [i for i in matching_objects(initial_state, condition.thing) if world.categories[i] not in excluded]
    place = condition.place
    while place is not None and place.thing is not None:
        # A container cannot go into itself: "every dishes in box" excludes the box.
        word = place.thing.word
        objects = [i for i in objects if world.categories[i] != word]
        place = place.inside
    return objects


def holds(state: State, condition: Condition, initial_state: State) -> bool:
    """Whether one condition holds in `state`, in an episode that began in `initial_state`."""
    if isinstance(condition, Count):
        return len(matching_objects(state, condition.thing, condition.place)) >= condition.number
    if isinstance(condition, No):
        return not matching_objects(state, condition.thing, condition.place)
    if isinstance(condition, Holding):
        return state.held >= 0 and matches(state, state.held, condition.thing)
    if isinstance(condition, FixtureIs):
        fixtures = fixtures_of(state, condition)
        in_state = [state.has(i, condition.state) for i in fixtures]
        if condition.quantifier == "every":
            return bool(fixtures) and all(in_state)
        return any(in_state) != (condition.quantifier == "no")
    objects = quantified_objects(initial_state, condition)
    if condition.place is not None:
        return bool(objects) and all(is_at(state, i, condition.place) for i in objects)
    return bool(objects) and all(state.has(i, s) for i in objects for s in condition.become)


def advance(goal: Goal, phase: int, state: State, initial_state: State) -> int:
    """Return the phase of an episode after it reached `state`; the last phase is never left."""
    while phase < len(goal.phases) - 1 and all(holds(state, c, initial_state) for c in goal.phases[phase]):
        phase += 1
    return phase


def score(goal: Goal, phase: int, state: State, initial_state: State) -> Score:
    """Score an episode that is in `phase` (from `advance`) and ends in `state`."""
    met: list[bool] = []
    for i, conditions in enumerate(goal.phases):
        met += [i < phase or (i == phase and holds(state, c, initial_state)) for c in conditions]
    return Score(success=all(met), rate=sum(met) / len(met), met=tuple(met))
