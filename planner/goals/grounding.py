"""Which things of a home a goal is about: the candidates, places and tools that facts name and the teacher uses.

All choices are functions of the state, in a fixed order of preference, so that what the prompt lists is what a plan
for it needs. Entities are indices of `World.names`. What is to be avoided, because it failed, is the last choice; but
such a candidate is none, as there are often others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.actions import HELD, OPEN
from envs.symbolic.goals import Count, FixtureIs, Holding, No
from envs.symbolic.scoring import is_at, matches, matching_objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envs.symbolic.actions import State, World
    from envs.symbolic.domain import ObjectCategory
    from envs.symbolic.goals import Condition, Place, Thing

# States that the robot can bring about, in the order in which it does so, each with the fixture kinds that do it,
# the preferred first.
MAKERS: dict[str, tuple[str, ...]] = {
    "sliced": (),
    "clean": ("sink", "dishwasher", "washing machine"),
    "cooked": ("stove burner", "oven"),
    "hot": ("microwave", "oven", "stove burner", "kettle base"),
    "cold": ("fridge", "freezer"),
    "folded": (),
}
ORDER = tuple(MAKERS)
LIMIT = 8  # things that one `every` or `no` moves before the state is read again


def rank(condition: Condition) -> int:
    """When a condition's turn comes: make room, bring, wipe and switch, close, hold."""
    if isinstance(condition, No):
        return 0
    if isinstance(condition, Holding):
        return 5
    if isinstance(condition, FixtureIs):
        shuts = (condition.state == "closed") != (condition.quantifier == "no")
        return 4 if shuts or (condition.state == "open" and condition.quantifier == "no") else 2
    return 1


def needs_wiping(condition: FixtureIs) -> bool:
    """Whether a condition makes fixtures clean, which takes a tool that wipes."""
    return condition.state == "clean" or (condition.state == "dirty" and condition.quantifier == "no")


def kept(state: State, conditions: Sequence[Condition]) -> dict[int, Place | None]:
    """Return the things that conditions which hold already rest on, and where: they are to be left there."""
    found: dict[int, Place | None] = {}
    for c in conditions:
        if isinstance(c, Count) and c.place is not None:
            there = matching_objects(state, c.thing, c.place)
            if len(there) >= c.number:
                found |= dict.fromkeys(there[: c.number], c.place)
    return found


def fixtures_of(state: State, category: str) -> list[int]:
    """Fixtures of a category, in the order of their numbers."""
    return list(state.world.entities_by_category.get(category, ()))


def free_units(state: State, place: int) -> int:
    """Cells of floor that are still free at a place."""
    world = state.world
    return world.capacity[place] - sum(world.units[i] for i in state.children(place))


def takes(state: State, place: int, thing: int) -> bool:
    """Whether a place has the kind, size and room for a thing (or holds it already)."""
    world = state.world
    if not world.fits(thing, place):
        return False
    if state.place[thing] == place:
        return True
    there = state.children(place)
    return not there or world.capacity[place] - sum([world.units[i] for i in there]) >= world.units[thing]


def reach_cost(state: State, thing: int) -> int:
    """How much stands between the hand and a thing: closed doors, and containers that it lies in."""
    if state.place[thing] == HELD:
        return -1
    return (2 if state.closed_around(thing) is not None else 0) + (state.place[thing] >= state.world.n_fixtures)


def is_avoided(state: State, entity: int, avoid: frozenset[int]) -> bool:
    """Whether something is not to be used: it is in `avoid`, or shut into a fixture that is."""
    return entity in avoid or (bool(avoid) and state.closed_around(entity) in avoid)


def candidates(
    state: State,
    thing: Thing,
    place: Place | None,
    *,
    avoid: frozenset[int] = frozenset(),
    taken: Mapping[int, Place | None] | None = None,
) -> list[int]:
    """Objects that could become such a thing at such a place, the cheapest first; those that are already, left out.

    What other conditions of the goal have `taken`, and for where, comes last.
    """
    taken = taken or {}
    world = state.world
    done = set(matching_objects(state, thing, place))
    found = []
    for i in world.objects_of(thing.word):
        kind = world.object_category[i]
        if i in done or is_avoided(state, i, avoid) or kind is None:
            continue
        if thing.liquid and state.liquid[i] != thing.liquid and (state.liquid[i] or not kind.fills):
            continue  # a full vessel cannot be emptied
        if not all(state.has(i, s) or _can_become(state, i, s) for s in thing.states):
            continue
        lacking = sum(not state.has(i, s) for s in thing.states) + (
            thing.liquid is not None and state.liquid[i] != thing.liquid
        )
        contents = kind.holds is not None and bool(state.children(i))
        found.append((i in taken, lacking * 2 + reach_cost(state, i) + (2 if contents else 0), i))
    return [i for *_, i in sorted(found)]


def _can_become(state: State, thing: int, word: str) -> bool:
    kind = state.world.object_category[thing]
    if kind is None or word in ("dirty", "on", "off", "open", "closed", "watered"):
        return False
    if word == "sliced":
        return kind.slices
    if word == "cooked":
        return kind.cooks
    return kind.folds if word == "folded" else True


def choose_fixture(
    state: State, category: str, things: list[int], *, avoid: frozenset[int] = frozenset()
) -> int | None:
    """The fixture of a category to bring things to: where some already are, with room, open; else the first."""
    best: tuple[tuple[int, ...], int] | None = None
    units = state.world.units
    needed = sum(units[t] for t in things)
    places = [state.place[t] for t in things]
    for f in fixtures_of(state, category):
        if things and not takes(state, f, things[0]):
            continue
        here = places.count(f)
        already = sum(units[t] for t, place in zip(things, places, strict=True) if place == f) if here else 0
        room = free_units(state, f) >= needed - already
        shut = state.world.enclosed[f] and not state.flags[f] & OPEN
        key = (f in avoid, -room, -here, shut, f)
        if best is None or key < best[0]:
            best = (key, f)
    return best[1] if best else None


def choose_container(
    state: State, place: Place, things: list[int], *, taken: Mapping[int, Place | None] | None = None,
    avoid: frozenset[int] = frozenset(),
) -> int | None:  # fmt: skip
    """The movable container of a goal such as `spoon in cup on table`: one that stands there already, else the nearest.

    What another condition has `taken` for another place is the last choice.
    """
    assert place.thing is not None
    taken = taken or {}
    world = state.world
    best: tuple[tuple[int, ...], int] | None = None
    for c in world.objects_of(place.thing.word):
        kind = world.object_category[c]
        if c in things or kind is None or kind.holds is None:
            continue
        if things and not takes(state, c, things[0]):
            continue
        there = place.inside is not None and is_at(state, c, place.inside)
        right = matches(state, c, place.thing)
        here = sum(state.place[t] == c for t in things)
        elsewhere = place.inside is not None and c in taken and taken[c] != place.inside
        shunned = is_avoided(state, c, avoid)
        key = (shunned, elsewhere, -here, -there, not right, reach_cost(state, c), len(state.children(c)), c)
        if best is None or key < best[0]:
            best = (key, c)
    return best[1] if best else None


def worktop(state: State, thing: int, *, near: int | None = None, avoid: frozenset[int] = frozenset()) -> int | None:
    """An open surface to put a thing down on: `near` if it serves, else a countertop, a table, any."""
    world = state.world
    order = ("countertop", "dining table", "desk", "coffee table", "side table", "shelf", "dresser", "TV stand", "cart")
    surfaces = [] if near is None else [near]
    surfaces += [f for category in order for f in fixtures_of(state, category)]
    surfaces += range(world.n_fixtures)
    for f in sorted(dict.fromkeys(surfaces), key=lambda f: (f in avoid, world.underfoot[f])):  # the floor last
        kind = world.fixture_category[f]
        if kind is None or kind.relation != "on" or world.enclosed[f] or kind.accepts or world.process[f]:
            continue
        if takes(state, f, thing):
            return f
    return None


def tool(state: State, purpose: str, avoid: frozenset[int] = frozenset()) -> int | None:
    """The nearest object for a purpose: `cuts`, `wipes` or `waters`."""
    world = state.world
    found = []
    for i in _tools(world, purpose):
        kind, shunned = world.object_category[i], is_avoided(state, i, avoid)
        if kind is None:
            continue
        if purpose == "waters":
            if state.liquid[i] == "water":
                found.append((shunned, reach_cost(state, i), 0, i))
            elif kind.fills and not state.liquid[i] and world.categories[i] == "watering can":
                found.append((shunned, reach_cost(state, i) + 1, 1, i))
            elif kind.fills and not state.liquid[i]:
                found.append((shunned, reach_cost(state, i) + 4, 2, i))
        else:
            found.append((shunned, reach_cost(state, i), 0, i))
    return min(found)[-1] if found else None


def _tools(world: World, purpose: str) -> list[int]:
    """Objects of the kinds that may serve a purpose."""
    kinds = world.domain.objects
    return [
        i
        for name, of in world.entities_by_category.items()
        if name in kinds and _serves(kinds[name], purpose)
        for i in of
    ]


def _serves(kind: ObjectCategory, purpose: str) -> bool:
    if purpose == "waters":
        return kind.fills or kind.contains == "water"
    return kind.cuts if purpose == "cuts" else kind.wipes


def maker(state: State, word: str, thing: int, avoid: frozenset[int] = frozenset()) -> int | None:
    """The appliance that makes a thing `clean`, `cooked`, `hot` or `cold`."""
    world = state.world
    kinds = MAKERS[word]
    kind = world.object_category[thing]
    if word == "clean" and kind and set(kind.classes) & {"clothing", "linen"}:
        kinds = ("washing machine", "sink", "dishwasher")
    if word == "cooked" and world.categories[thing] == "bread":
        kinds = ("toaster", *kinds)
    last = None
    for category in kinds:
        if category == "stove burner" and word == "cooked" and pan(state, thing) is None:
            continue
        on_it = [] if word == "cooked" and category == "stove burner" else [thing]
        found = choose_fixture(state, category, on_it, avoid=avoid)
        if found is not None and found not in avoid:
            return found
        last = found if last is None else last
    return last


def pan(state: State, thing: int, avoid: frozenset[int] = frozenset()) -> int | None:
    """The pan or pot to cook a thing in: one on a burner first."""
    world = state.world
    found = []
    for i in (*world.entities_by_category.get("pan", ()), *world.entities_by_category.get("pot", ())):
        if takes(state, i, thing):
            on_burner = state.place[i] >= 0 and world.categories[state.place[i]] == "stove burner"
            shunned = is_avoided(state, i, avoid)
            found.append((shunned, not on_burner, reach_cost(state, i), len(state.children(i)), i))
    return min(found)[-1] if found else None


def source(state: State, liquid: str, vessel: int, avoid: frozenset[int] = frozenset()) -> int | None:
    """The fixture (sink, coffee machine) or object that a liquid comes from, for a vessel."""
    world = state.world
    found = []
    for i in range(len(world.names)):
        process = world.process[i] if i < world.n_fixtures else None
        if process and process.fill == liquid and takes(state, i, vessel):
            found.append((i in avoid, False, i, i))
        elif i >= world.n_fixtures and state.liquid[i] == liquid and i != vessel:
            found.append((is_avoided(state, i, avoid), True, reach_cost(state, i), i))
    return min(found)[-1] if found else None


def requirements(
    state: State, entity: int, wanted: Thing, avoid: frozenset[int] = frozenset()
) -> Iterator[tuple[str, int | None]]:
    """Yield each state and liquid that an entity lacks, with the tool, appliance or source that it takes.

    That is None where the home has none, and for `folded`, which takes none.
    """
    for word in wanted.states:
        if state.has(entity, word):
            continue
        if word == "sliced":
            yield word, tool(state, "cuts", avoid)
        else:
            yield word, maker(state, word, entity, avoid) if word in MAKERS else None
    if wanted.liquid and state.liquid[entity] != wanted.liquid:
        yield wanted.liquid, source(state, wanted.liquid, entity, avoid)


def other_place(state: State, thing: int, but: Place, avoid: frozenset[int] = frozenset()) -> int | None:
    """Where a thing goes that may not stay at `but`: where its kind is usually kept."""
    world = state.world
    kind = world.object_category[thing]
    assert kind is not None
    for category in (*kind.at, "countertop", "dining table", "shelf", "desk", "side table", "dresser", "cabinet"):
        if category == but.fixture:
            continue
        place = choose_fixture(state, category, [thing], avoid=avoid)
        if place is not None and place not in avoid and takes(state, place, thing):
            return place
    return None
