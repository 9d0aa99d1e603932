"""Common sense of choice: which of several objects that could serve a condition people would take.

Objects are ranked, the best first, by what speaks against them, and then by the work that they take:

1. another condition of the goal needs the object, or needs it where it is;
2. a person has it;
3. it is in a bin;
4. it is dirty; or, where things are washed (`plate in sink`), it is clean;
5. something else is in it: a liquid, or things;
6. the time to fetch it, in seconds of the skills' durations: missing states, the way, a closed door.

The lowest number decides among equals. The facts of the prompt (`planner/facts/retrieval.py`) and, if a recipe says so,
the teacher (`planner/corpus/teacher.py`) follow this ranking; grounding without it is that of the released weights'
corpus. A microwave with metal in it is never turned on.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from envs.symbolic.actions import DIRTY, HELD
from envs.symbolic.goals import Count, Every, Holding
from envs.symbolic.scoring import (
    fixtures_at,
    has_result,
    is_at,
    matches,
    matching_objects,
    number_required,
    quantified_objects,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from envs.symbolic.actions import Action, State, World
    from envs.symbolic.goals import Condition, Place, Thing

BINS = ("garbage can", "recycling bin")
UNWASHED = "laundry basket"  # what is in it counts as dirty
WALKING_SPEED_MPS = 0.5
Flaws = tuple[bool, ...]  # what speaks against an object, the gravest first


def flaws(state: State, entity: int, *, dirty_wanted: bool | None = False, liquid: str | None = None) -> Flaws:
    """Return what speaks against an object whatever the goal: a person has it, a bin, dirt, a liquid, contents.

    `dirty_wanted` is None where dirt does not matter; a `liquid` is wanted and no flaw.
    """
    world = state.world
    root = state.root(entity)
    at = world.categories[root] if root >= 0 else ""
    category = world.object_category[entity]
    is_dirty = bool(state.flags[entity] & DIRTY) or at == UNWASHED
    is_vessel = category is None or not category.contains
    has_contents = category is not None and category.holds is not None and bool(state.children(entity))
    return (
        root >= 0 and world.relation[root] == "with",
        at in BINS,
        dirty_wanted is not None and is_dirty != dirty_wanted,
        is_vessel and state.liquid[entity] not in ("", liquid),
        has_contents,
    )


def dirty_wanted(world: World, thing: Thing, place: Place | None) -> bool | None:
    """Whether people bring dirty objects there; None where dirt does not matter."""
    fixture = place.fixture if place is not None else None
    if "dirty" in thing.states or fixture in BINS:
        return None
    if fixture is None or "clean" in thing.states or thing.liquid:
        return False
    process = world.domain.process_at.get(fixture)
    return fixture == UNWASHED or (process is not None and "dirty" in process.clear)


def ranked(
    state: State, objects: Iterable[int], thing: Thing, place: Place | None, taken: Collection[int] = ()
) -> list[int]:
    """Return objects that can match a description at a place, the best first.

    A closed door counts once for all objects behind it. Objects that other conditions have `taken` come last.
    """
    dirt = dirty_wanted(state.world, thing, place)
    targets = destinations(state, place)
    open_s = state.world.domain.skills["open"].duration_s
    unsorted = []
    for i in objects:
        against = flaws(state, i, dirty_wanted=dirt, liquid=thing.liquid)
        unsorted.append(((i in taken, *against), _change_s(state, i, thing) + travel_s(state, i, targets), i))
    by_door: dict[int, tuple[Flaws, float]] = {}
    rows = []
    for against, seconds, i in sorted(unsorted):
        key = (against, seconds)
        if (door := state.closed_around(i)) is not None:
            key = max(key, by_door[door]) if door in by_door else (against, seconds + open_s)
            by_door.setdefault(door, key)
        rows.append((*key, i))
    return [i for *_, i in sorted(rows)]


def fetching_s(state: State, entity: int, targets: Sequence[int] = ()) -> float:
    """Return how long it takes to get hold of an object and bring it to the nearest target, if there is one [s]."""
    skills = state.world.domain.skills
    door_s = skills["open"].duration_s if state.closed_around(entity) is not None else 0.0
    return travel_s(state, entity, targets) + door_s


def travel_s(state: State, entity: int, targets: Sequence[int] = ()) -> float:
    """Return the time of the way from an entity to the nearest target or, without targets, to the robot [s].

    An object in the hand need not be picked up. Rounded to 0.1 s: the last bits of a product must not decide what is
    taken.
    """
    world = state.world
    is_held = state.place[entity] == HELD
    start = state.at if is_held else state.root(entity)
    saved_s = world.domain.skills["pick up"].duration_s if is_held else 0.0
    if start < 0 or start in targets:
        return -saved_s
    nearest_s = min([way_s(world, start, target) for target in targets] or [way_s(world, start, state.at)])
    return round(nearest_s, 1) - saved_s


def way_s(world: World, start: int, end: int) -> float:
    """Return the time of the way between fixtures [s]; an `end` below 0 is where the robot was at the beginning.

    From the floor plan; without one, only a way into another room counts.
    """
    scene = world.scene
    a = scene.fixtures[start]
    if a.x or a.y:  # a fixture without a pose is at (0, 0), which is a corner of the home
        x, y = (scene.fixtures[end].x, scene.fixtures[end].y) if end >= 0 else scene.robot[:2]
        if x or y:
            return math.hypot(a.x - x, a.y - y) / WALKING_SPEED_MPS
    if end < 0 or scene.fixtures[end].room == a.room:
        return 0.0
    return world.domain.skills["go to"].duration_s


def destinations(state: State, place: Place | None) -> list[int]:
    """Return the fixtures where an object may end that must be at a place; empty if it may stay where it is."""
    while place is not None and place.fixture is None and place.inside is not None:
        place = place.inside
    if place is None:
        return []
    if place.fixture is not None:
        return list(state.world.entities_by_category.get(place.fixture, ()))
    if place.thing is None:
        return fixtures_at(state, place)
    roots = {state.root(i) for i in state.world.objects_of(place.thing.word)}
    return sorted(root for root in roots if root >= 0)


def _change_s(state: State, entity: int, thing: Thing) -> float:
    """Estimate the time to give an object its missing states and liquid: bring it, run an appliance, take it back."""
    n_missing = sum(not state.has(entity, s) for s in thing.states)
    n_missing += thing.liquid is not None and state.liquid[entity] != thing.liquid
    skills = state.world.domain.skills
    return n_missing * sum(skills[name].duration_s for name in ("put", "turn on", "turn off", "pick up"))


def claimed(state: State, condition: Condition, phase: Sequence[Condition], initial_state: State) -> set[int]:
    """Return the objects that other conditions of the phase need where they are, or at another place."""
    claims: set[int] = set()
    place = getattr(condition, "place", None)
    for other in phase:
        if isinstance(other, Holding):
            if other != condition and state.held >= 0 and matches(state, state.held, other.thing, initial_state):
                claims.add(state.held)
        elif isinstance(other, Count | Every) and other.place is not None and other.place != place:
            claims |= _claimed_by(state, other, other.place, initial_state)
    return claims


def _claimed_by(state: State, condition: Count | Every, place: Place, initial_state: State) -> set[int]:
    if isinstance(condition, Every):
        chosen = quantified_objects(initial_state, condition)
        if condition.selection == "every":
            return set(chosen)
        done = [i for i in chosen if has_result(state, i, condition, initial_state)]
        return set(done[: number_required(initial_state, condition)[0]])
    matching = matching_objects(state, condition.thing, None, initial_state)
    placed = [i for i in matching if is_at(state, i, place, initial_state)][: condition.number]
    if not condition.thing.states and not condition.thing.liquid:
        return set(placed)
    unplaced = [i for i in matching if i not in placed]  # few are as it asks for: leave them to it
    return {*placed, *unplaced[: condition.number - len(placed)]}


def is_metal(state: State, entity: int) -> bool:
    """Whether an object is of metal, as all things of its category are, or as this home's file says."""
    category = state.world.object_category[entity]
    return category is not None and (category.metal or "metal" in state.world.properties[entity])


def has_metal(state: State, entity: int) -> bool:
    """Whether an entity is metal or has metal in or on it."""
    return is_metal(state, entity) or any(has_metal(state, i) for i in state.children(entity))


def is_dangerous(state: State, action: Action) -> bool:
    """Whether an applicable action runs a microwave with metal in it."""
    if action.skill != "turn on":
        return False
    fixture = state.world.index[action.args[0]]
    return state.world.categories[fixture] == "microwave" and has_metal(state, fixture)
