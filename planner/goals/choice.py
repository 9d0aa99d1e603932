"""Common sense of choice: which of several objects that could serve a condition people would take.

Each object has a cost in seconds (`cost_s`), and the lowest is taken; among equals, the lowest number. Its terms:

| term | seconds | from |
|---|---|---|
| another condition of the goal needs it, or needs it where it is | 32 h | `FLAWS_S` |
| a person has it | 16 h | `FLAWS_S` |
| it is in a bin | 8 h | `FLAWS_S` |
| another liquid is in it, or the wanted one is old: in a room where it was not filled, or in dirt | 4 h | `FLAWS_S` |
| it is dirty; or, where things are washed (`plate in sink`), it is clean | 2 h | `FLAWS_S` |
| things are in or on it; they would get wet | 1 h; 8 h | `FLAWS_S`, `FILLED_OVER_S` |
| each state or liquid that it lacks: put, turn on, turn off, pick up | 32 | skills' durations |
| the way to the nearest place where it may end, or to the robot: meters / 0.5 m/s | | floor plan |
| without a floor plan: into another room | 6 | duration of `go to` |
| a closed door around it: open and close; once for all that is needed from behind it | 20 | skills' durations |
| it is in the hand: no pick up | -9 | skills' durations |

`FLAWS_S` are the rules: no way through a home takes an hour, and each outweighs all that follow it together. Durations
of skills are those of `envs/domain.yaml`. The base drives at up to 0.9 m/s and turns on the way: about 0.5 m/s.
Doors count as closed again although a plan in a hurry leaves them open (`Options.close_doors`): what is used does not
depend on that.

The facts of the prompt (`planner/facts/retrieval.py`) and, if a recipe says so, the teacher
(`planner/corpus/teacher.py`) follow this cost. Places, tools, vessels and sources are chosen by the same terms
(`planner/goals/grounding.py`), but in its order: what is free before what is near. Grounding without common sense is
that of the released weights' corpus. A microwave with metal in it is never turned on; what was running keeps running.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from envs.symbolic.actions import DIRTY, HELD, ON
from envs.symbolic.goals import Count, Every, FixtureIs, Holding
from envs.symbolic.scoring import (
    fixtures_at,
    fixtures_of,
    has_result,
    is_at,
    matches,
    matching_objects,
    number_required,
    quantified_objects,
)
from planner.goals.means.kinds import usual_rank

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from envs.symbolic.actions import Action, State, World
    from envs.symbolic.goals import Condition, Place, Thing

BINS = ("garbage can", "recycling bin")
UNWASHED = "laundry basket"  # what is in it counts as dirty
KITCHENWARE = frozenset({"dishes", "cutlery", "cookware"})  # classes of what is washed in a kitchen
FOR_MEALS = KITCHENWARE | {"food", "drink", "groceries"}
TEXTILES = frozenset({"clothing", "linen"})
HOLDS_FOOD = frozenset({"dishes", "cookware"})  # what is in or on them is eaten or drunk
COLD = ("fridge", "freezer")
SURFACES = (
    "countertop", "dining table", "desk", "coffee table", "side table", "shelf", "dresser", "TV stand", "cart",
    "bookshelf",
)  # fmt: skip
EATEN_AT = ("dining table", "countertop")  # after other surfaces for what nobody eats or drinks, or from
SEATS = ("ottoman", "armchair", "sofa", "bed")
SILLY = ("toilet", "bathtub", "stove burner")  # nobody puts things there that could be elsewhere
WALKING_SPEED_MPS = 0.5
Flaws = tuple[bool, ...]  # what speaks against an object, the gravest first
HOUR_S = 3600.0
FILLED_OVER_S = 7 * HOUR_S  # what is in a vessel would get wet: worse than dirt
FLAWS_S = tuple(HOUR_S * 2**k for k in (5, 4, 3, 2, 1, 0))  # taken, with a person, in a bin, full, dirty, in use


def flaws(state: State, entity: int, *, dirty_wanted: bool | None = False, liquid: str | None = None) -> Flaws:
    """Return what speaks against an object whatever the goal: a person has it, a bin, a liquid, dirt, contents.

    `dirty_wanted` is None where dirt does not matter; a `liquid` is wanted and no flaw.
    """
    world = state.world
    root = state.root(entity)
    at = world.kinds[root] if root >= 0 else ""
    category = world.object_category[entity]
    is_dirty = bool(state.flags[entity] & DIRTY) or at == UNWASHED
    is_vessel = category is None or not category.contains
    has_contents = category is not None and category.holds is not None and bool(state.children(entity))
    return (
        root >= 0 and world.relation[root] == "with",
        at in BINS,
        is_vessel and state.liquid[entity] not in ("", liquid),
        dirty_wanted is not None and is_dirty != dirty_wanted,
        has_contents,
    )


def dirty_wanted(world: World, thing: Thing, place: Place | None) -> bool | None:
    """Whether people bring dirty objects there; None where dirt does not matter."""
    fixture = place.fixture if place is not None else None
    kind = world.domain.kind_of.get(fixture, fixture) if fixture is not None else None
    if "dirty" in thing.states or kind in BINS:
        return None
    if fixture is None or "clean" in thing.states or thing.liquid:
        return False
    process = world.domain.process_at.get(fixture)
    return kind == UNWASHED or (process is not None and "dirty" in process.clear)


def ranked(
    state: State,
    objects: Iterable[int],
    thing: Thing,
    place: Place | None,
    taken: Collection[int] = (),
    number: int = 1,
) -> list[int]:
    """Return objects that can match a description at a place, the best first, for a plan that needs `number` of them.

    A closed door counts once for all objects behind it that are needed. Objects that other conditions have `taken` come
    last.
    """
    dirt, targets = dirty_wanted(state.world, thing, place), destinations(state, place)
    costs = sorted((cost_s(state, i, thing, targets, dirt, is_taken=i in taken), i) for i in objects)
    behind = Counter((state.closed_around(i), seconds // HOUR_S) for seconds, i in costs)
    by_door: dict[int, float] = {}
    rows = []
    for own_s, i in costs:
        seconds = own_s
        if (door := state.closed_around(i)) is not None:
            share_s = door_s(state.world) / max(1, min(number, behind[door, own_s // HOUR_S]))
            seconds = max(own_s, by_door.setdefault(door, own_s + share_s))
        rows.append((seconds, i))
    return [i for _, i in sorted(rows)]


def cost_s(
    state: State, entity: int, thing: Thing, targets: Sequence[int], dirt: bool | None, *, is_taken: bool = False
) -> float:
    """Return the cost of an object [s], but for a closed door around it, which it may share with others.

    Args:
        state: The current state.
        entity: The object.
        thing: What it shall be like.
        targets: Where it may end (`destinations`).
        dirt: Whether it shall be dirty (`dirty_wanted`).
        is_taken: Whether another condition needs it.
    """
    person, binned, full, dirty, in_use = flaws(state, entity, dirty_wanted=dirt, liquid=thing.liquid)
    against = (is_taken, person, binned, full or is_stale(state, entity, thing.liquid), dirty, in_use)
    flaws_s = sum(seconds for seconds, is_so in zip(FLAWS_S, against, strict=True) if is_so)
    if in_use and thing.liquid not in (None, state.liquid[entity]):
        flaws_s += FILLED_OVER_S
    return flaws_s + _change_s(state, entity, thing) + travel_s(state, entity, targets)


def is_stale(state: State, entity: int, liquid: str | None) -> bool:
    """Whether a vessel of the wanted liquid has stood for an unknown time: where it was not filled, or it is dirty."""
    world = state.world
    root, category = state.root(entity), world.object_category[entity]
    if liquid is None or state.liquid[entity] != liquid or category is None or category.contains:
        return False
    if root < 0 or world.relation[root] == "with":  # who has it knows its age
        return False
    rooms = [world.scene.fixtures[f].room for f in _sources(state, liquid)]
    return bool(rooms) and (bool(state.flags[entity] & DIRTY) or world.scene.fixtures[root].room not in rooms)


def _sources(state: State, liquid: str) -> list[int]:
    """Return the fixtures that give a liquid, and those where packages of it are."""
    world = state.world
    fixtures = [f for f in range(world.n_fixtures) if (p := world.process[f]) is not None and p.fill == liquid]
    packages = [c for c in world.entities_by_category if c in world.domain.objects]
    packages = [c for c in packages if world.domain.objects[c].contains == liquid]
    roots = [state.root(i) for c in packages for i in world.entities_by_category[c]]
    return [*fixtures, *(root for root in roots if root >= 0)]


def door_s(world: World) -> float:
    """Return what a closed door costs: it is opened, and closed again [s]."""
    return world.domain.duration_s("open") + world.domain.duration_s("close")


def fetching_s(state: State, entity: int, targets: Sequence[int] = ()) -> float:
    """Return how long it takes to get hold of an object and bring it to the nearest target, if there is one [s]."""
    behind_door_s = door_s(state.world) if state.closed_around(entity) is not None else 0.0
    return travel_s(state, entity, targets) + behind_door_s


def travel_s(state: State, entity: int, targets: Sequence[int] = ()) -> float:
    """Return the time of the way from an entity to the nearest target or, without targets, to the robot [s].

    An object in the hand need not be picked up. Rounded to 0.1 s: the last bits of a product must not decide what is
    taken.
    """
    world = state.world
    is_held = state.place[entity] == HELD
    start = state.at if is_held else state.root(entity)
    saved_s = world.domain.duration_s("pick up") if is_held else 0.0
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
    return world.domain.duration_s("go to")


def destinations(state: State, place: Place | None) -> list[int]:
    """Return the fixtures where an object may end that must be at a place; empty if it may stay where it is."""
    while place is not None and place.thing is not None and place.inside is not None:
        place = place.inside
    if place is None:
        return []
    if place.thing is None:
        return fixtures_at(state, place)
    roots = {state.root(i) for i in state.world.objects_of(place.thing.word)}
    return sorted(root for root in roots if root >= 0)


def _change_s(state: State, entity: int, thing: Thing) -> float:
    """Estimate the time to give an object its missing states and liquid: bring it, run an appliance, take it back."""
    n_missing = sum(not state.has(entity, s) for s in thing.states)
    n_missing += thing.liquid is not None and state.liquid[entity] != thing.liquid
    duration_s = state.world.domain.duration_s
    return n_missing * sum(duration_s(name) for name in ("put", "turn on", "turn off", "pick up"))


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
    return state.world.kinds[fixture] == "microwave" and has_metal(state, fixture)


def keeps_running(initial_state: State, conditions: Iterable[Condition]) -> frozenset[str]:
    """Return the names of the fixtures that stay on: they were on at the start, and no condition is about them.

    What has a door is not among them: it must be off to be opened, if it is used.
    """
    world = initial_state.world
    named = {f for c in conditions if isinstance(c, FixtureIs) for f in fixtures_of(initial_state, c)}
    running = (f for f in range(world.n_fixtures) if initial_state.flags[f] & ON and not world.enclosed[f])
    return frozenset(world.names[f] for f in running if f not in named)


def washed_at(state: State, entity: int) -> tuple[str, ...]:
    """Return the kinds of furniture where people put an object that is dirty; empty if it is not."""
    return washing_places(state, entity) if state.flags[entity] & DIRTY else ()


def is_full(state: State, entity: int) -> bool:
    """Whether something can be spilled: a liquid in an open vessel, or in one that an object holds."""
    category = state.world.object_category
    inside = (i for i in (entity, *state.everything_in(entity)) if state.liquid[i])
    return any((c := category[i]) is None or not c.contains for i in inside)


def oddity(
    state: State, fixture: int, entity: int, wanted: Thing | None = None, *, at_hand: bool = False
) -> tuple[int, ...]:
    """Order the furniture of a room by how odd it is for an object, the usual first.

    Where dirty things are washed; where such a thing usually is; an open surface, before seats; a cupboard; a sink or
    an appliance; a toilet, bathtub or stove burner; what does not suit: a cupboard for what is dirty, full or needed
    `at_hand`, a fridge for what is hot, a place to wash for what is clean; the floor; bins and people's hands.

    Args:
        state: The current state.
        fixture: The furniture.
        entity: The object.
        wanted: What it shall be like at the end.
        at_hand: Whether it is to be used from there.
    """
    world = state.world
    category, item = world.fixture_category[fixture], world.object_category[entity]
    assert category is not None and item is not None
    name, process, words = world.kinds[fixture], world.process[fixture], wanted.states if wanted is not None else ()
    is_dirty = "dirty" in words or (bool(state.flags[entity] & DIRTY) and "clean" not in words)
    washing = washing_places(state, entity)
    sinks = [f for f in range(world.n_fixtures) if world.kinds[f] == "sink"]
    rank = usual_rank(world, fixture, item.at)
    if name in BINS or world.relation[fixture] == "with":
        return 8, fixture
    if category.underfoot:
        return 7, fixture
    if is_dirty and name in washing and fixture not in sinks_for_people(state, sinks, entity):
        return 0, washing.index(name), fixture
    is_wet = at_hand or is_full(state, entity) or (wanted is not None and wanted.liquid is not None)
    is_hot = "hot" in words or ("cold" not in words and state.has(entity, "hot"))
    is_shut_away = category.enclosed and (is_wet or (is_dirty and bool(washing)))
    is_for_dirt = not is_dirty and (name == UNWASHED or (name in washing and category.enclosed))
    is_running = process is not None and bool(state.flags[fixture] & ON)
    if is_shut_away or is_for_dirt or is_running or (is_hot and name in COLD):
        return 6, fixture
    if name in SILLY:
        return 5, len(item.at) if rank is None else rank, fixture
    is_set_aside = (is_wet and name in SEATS) or (is_dirty and "sink" in washing)
    if rank is not None and not is_set_aside:
        return 1, rank, fixture
    if process is not None:
        return 4, fixture
    if category.enclosed or category.relation == "in":
        return 3, fixture
    if name in SEATS:
        return 2, len(SURFACES) + 1 + SEATS.index(name), fixture
    if category.accepts:  # made for such things
        return 2, -1, fixture
    if name in EATEN_AT and FOR_MEALS.isdisjoint(item.classes):
        return 2, len(SURFACES), fixture
    return 2, SURFACES.index(name) if name in SURFACES else len(SURFACES), fixture


def washing_places(state: State, entity: int) -> tuple[str, ...]:
    """Return the kinds of furniture where people put an object of this kind when it is dirty."""
    category = state.world.object_category[entity]
    if category is None:
        return ()
    if not TEXTILES.isdisjoint(category.classes):
        return (UNWASHED, "washing machine")
    return ("sink", "dishwasher") if not KITCHENWARE.isdisjoint(category.classes) else ()


def sinks_for_people(state: State, sinks: Collection[int], entity: int) -> frozenset[int]:
    """Return the sinks outside of kitchens, where no dishes are washed if a kitchen has one."""
    world = state.world
    category = world.object_category[entity]
    if category is None or KITCHENWARE.isdisjoint(category.classes):
        return frozenset()
    kitchens = {room.name for room in world.scene.rooms if room.kind == "kitchen"}
    others = [f for f in sinks if world.kinds[f] == "sink" and world.scene.fixtures[f].room not in kitchens]
    return frozenset(others) if len(others) < len(sinks) else frozenset()


def is_busy(state: State, fixture: int, thing: int) -> bool:
    """Whether an appliance with a door runs for something else than `thing`, which must wait or go elsewhere."""
    return bool(state.flags[fixture] & ON) and state.world.enclosed[fixture] and state.root(thing) != fixture


def needed_where_they_are(state: State, phase: Sequence[Condition], initial_state: State) -> frozenset[int]:
    """Return the objects that conditions of a phase want where they are."""
    needed = set[int]()
    for condition in phase:
        if isinstance(condition, Count) and condition.place is not None and condition.amount != "at most":
            needed.update(matching_objects(state, condition.thing, condition.place, initial_state))
        elif isinstance(condition, Every) and condition.place is not None:
            chosen = quantified_objects(initial_state, condition)
            needed.update(i for i in chosen if is_at(state, i, condition.place, initial_state))
    return frozenset(needed)
