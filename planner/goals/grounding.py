"""Grounds a goal in a home: chooses candidate objects, places and tools.

The facts of the prompt name them, and the teacher (`planner/corpus/teacher.py`), which writes the training plans, uses
them. Choices depend on the state alone, in a fixed order of preference, so the prompt lists exactly what a plan needs.
Entities are indices of `World.names`. Places and tools that must be avoided because they failed are chosen last;
objects that must be avoided are never chosen, because there are often others.

With `common_sense`, objects are chosen as people choose them (`planner/goals/choice.py`): clean ones, none from a bin,
the nearest. Without it, the order of preference is that of the released weights' corpus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.actions import HELD, OPEN
from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.goals import Count, FixtureIs, Holding, No, Thing
from envs.symbolic.obstacles import skill_obstacle
from envs.symbolic.scoring import is_at, is_place, matches, matching_objects
from planner.goals import choice
from planner.goals.means import own_skills
from planner.goals.means.appliances import APPLIANCES, appliances_for
from planner.goals.means.kinds import (
    burners,
    cooking_vessels,
    fixtures_called,
    is_burner,
    stands_on_burner,
)
from planner.goals.means.states import is_by_own_skill, opposite_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envs.symbolic.actions import State, World
    from envs.symbolic.domain import Domain, ObjectCategory
    from envs.symbolic.goals import Condition, Place
    from planner.goals.means.own_skills import Use

STATES_INSTEAD = {"dirty": "clean", "hot": "cold", "cold": "hot"}
MAX_DEPTH = 4  # skills that are used for what other skills need
MAX_OBJECTS_PER_CONDITION = 8  # objects that one `every` or `no` moves before the next state update


def rank(condition: Condition) -> int:
    """Return the position of a condition in the order of work: make room, bring, wipe and switch, close, hold."""
    if isinstance(condition, No):
        return 0
    if isinstance(condition, Holding):
        return 5
    if isinstance(condition, FixtureIs):
        is_closing = (condition.states[0] == "closed") != (condition.quantifier == "no")
        return 4 if is_closing or (condition.states[0] == "open" and condition.quantifier == "no") else 2
    return 1


def needs_wiping(condition: FixtureIs) -> bool:
    """Whether a condition requires fixtures to be clean, which takes a tool that wipes."""
    return condition.states[0] == "clean" or (condition.states[0] == "dirty" and condition.quantifier == "no")


def satisfied_objects(state: State, conditions: Sequence[Condition]) -> dict[int, Place | None]:
    """Return the objects that satisfied conditions depend on, and their places; they must stay there."""
    satisfied: dict[int, Place | None] = {}
    for condition in conditions:
        if isinstance(condition, Count) and condition.place is not None:
            matching = matching_objects(state, condition.thing, condition.place)
            if len(matching) >= condition.number:
                satisfied |= dict.fromkeys(matching[: condition.number], condition.place)
    return satisfied


def fixtures_of(state: State, category: str) -> list[int]:
    """Return the fixtures of a category, in the order of their numbers."""
    return list(state.world.entities_by_category.get(category, ()))


def free_units(state: State, place: int) -> int:
    """Return the number of free cells at a place."""
    world = state.world
    return world.capacity[place] - sum(world.units[i] for i in state.children(place))


def can_hold(state: State, place: int, thing: int) -> bool:
    """Whether a place suits an object by category and size and has room for it (or holds it already).

    A person's hands are never full.
    """
    world = state.world
    if not world.fits(thing, place):
        return False
    if state.place[thing] == place:
        return True
    contents = state.children(place)
    if not contents or world.capacity[place] - sum([world.units[i] for i in contents]) >= world.units[thing]:
        return True
    return world.relation[place] == "with"


def reach_cost(state: State, thing: int) -> int:
    """Return the relative cost of reaching an object; closed doors and containers around it add to the cost."""
    if state.place[thing] == HELD:
        return -1
    return (2 if state.closed_around(thing) is not None else 0) + (state.place[thing] >= state.world.n_fixtures)


def is_avoided(state: State, entity: int, avoid: frozenset[int]) -> bool:
    """Whether an entity must be avoided: it is in `avoid`, or inside a closed fixture that is."""
    return entity in avoid or (bool(avoid) and state.closed_around(entity) in avoid)


def candidates(
    state: State,
    thing: Thing,
    place: Place | None,
    *,
    avoid: frozenset[int] = frozenset(),
    taken: Mapping[int, Place | None] | None = None,
    common_sense: bool = False,
    number: int = 1,
) -> list[int]:
    """Return objects that do not match a description at a place but can be made to, the cheapest first.

    Objects that other conditions of the goal have `taken` come last; `number` of them are needed.
    """
    taken = taken or {}
    world = state.world
    satisfying = set(matching_objects(state, thing, place))
    ranked = []
    for i in world.objects_of(thing.word):
        category = world.object_category[i]
        if i in satisfying or is_avoided(state, i, avoid) or category is None:
            continue
        if thing.liquid and state.liquid[i] != thing.liquid and (state.liquid[i] or not category.fills):
            continue  # a full vessel cannot be emptied
        if not all(state.has(i, s) or _can_become(state, i, s) for s in thing.states):
            continue
        n_missing = sum(not state.has(i, s) for s in thing.states) + (
            thing.liquid is not None and state.liquid[i] != thing.liquid
        )
        has_contents = category.holds is not None and bool(state.children(i))
        ranked.append((i in taken, n_missing * 2 + reach_cost(state, i) + (2 if has_contents else 0), i))
    if common_sense:
        objects = [i for *_, i in ranked]
        useless = [i for i in objects if not _has_room_at(state, place, i) or _cannot_be_heated(state, i, thing)]
        return choice.ranked(state, objects, thing, place, {*taken, *useless}, number)
    return [i for *_, i in sorted(ranked)]


def _has_room_at(state: State, place: Place | None, thing: int) -> bool:
    """Whether an object is at a place, or a fixture there has room for it; True for a place in or on an object."""
    if place is None or place.fixture is None:
        return True
    return is_at(state, thing, place) or any(can_hold(state, f, thing) for f in fixtures_of(state, place.fixture))


def _cannot_be_heated(state: State, item: int, thing: Thing) -> bool:
    """Whether an object of metal must get hot, and goes in nothing but microwaves."""
    if "hot" not in thing.states or state.has(item, "hot") or not choice.is_metal(state, item):
        return False
    world = state.world
    others = (f for group in appliances_for(state, "hot", item) for f in group if world.kinds[f] != "microwave")
    return not any(world.fits(item, f) for f in others)


def _can_become(state: State, thing: int, state_name: str) -> bool:
    category = state.world.object_category[thing]
    if category is None or state_name in ("dirty", "on", "off", "open", "closed", "watered"):
        return False
    if skill_obstacle(state, thing, state_name) == "":
        return True
    if state_name == "sliced":
        return category.slices
    if state_name == "cooked":
        return category.cooks
    if state_name == "folded":
        return category.folds
    if state.world.domain.negations.get(state_name, state_name) in BUILT_IN_STATES:
        return True
    return bool(appliances_for(state, state_name, thing))


def choose_fixture(
    state: State, fixtures: Iterable[int], objects: list[int], *, avoid: frozenset[int] = frozenset(),
    common_sense: bool = False,
) -> int | None:  # fmt: skip
    """Choose one of several fixtures to bring objects to: with room, with some of them already there, open; or None.

    `avoid` comes last. With `common_sense`, the time to get there and to open it decides, then the lowest number.
    """
    best: tuple[tuple[float, ...], int] | None = None
    units = state.world.units
    units_needed = sum(units[t] for t in objects)
    places = [state.place[t] for t in objects]
    for f in fixtures:
        if objects and not can_hold(state, f, objects[0]):
            continue
        n_here = places.count(f)
        units_here = sum(units[t] for t, place in zip(objects, places, strict=True) if place == f) if n_here else 0
        has_room = free_units(state, f) >= units_needed - units_here
        is_closed = state.world.enclosed[f] and not state.flags[f] & OPEN
        cost = float(is_closed)
        if common_sense and objects:
            cost = choice.travel_s(state, objects[0], [f]) + is_closed * choice.door_s(state.world)
        key = (f in avoid, -has_room, -n_here, cost, f)
        if best is None or key < best[0]:
            best = (key, f)
    return best[1] if best else None


def choose_container(
    state: State, place: Place, objects: list[int], *, taken: Mapping[int, Place | None] | None = None,
    avoid: frozenset[int] = frozenset(), common_sense: bool = False,
) -> int | None:  # fmt: skip
    """Choose the movable container of a goal such as `spoon in cup on table`: one already in place, or the nearest.

    Containers that another condition has `taken` for another place come last.
    """
    assert place.thing is not None
    taken = taken or {}
    world = state.world
    dirt = choice.dirty_wanted(world, place.thing, place.inside)
    targets = choice.destinations(state, place.inside)
    best: tuple[tuple[float, ...], int] | None = None
    for c in world.objects_of(place.thing.word):
        category = world.object_category[c]
        if c in objects or category is None or category.holds is None:
            continue
        if objects and not can_hold(state, c, objects[0]):
            continue
        is_placed = place.inside is not None and is_at(state, c, place.inside)
        is_matching = matches(state, c, place.thing)
        n_inside = sum(state.place[t] == c for t in objects)
        needed_elsewhere = place.inside is not None and c in taken and taken[c] != place.inside
        avoided = is_avoided(state, c, avoid)
        against = choice.flaws(state, c, dirty_wanted=dirt)[:-1] if common_sense else ()  # it may have contents
        key = (
            avoided,
            needed_elsewhere,
            *against,
            -n_inside,
            -is_placed,
            not is_matching,
            choice.fetching_s(state, c, targets) if common_sense else reach_cost(state, c),
            len(state.children(c)),
            c,
        )
        if best is None or key < best[0]:
            best = (key, c)
    return best[1] if best else None


def open_surface(
    state: State, thing: int, *, near: int | None = None, avoid: frozenset[int] = frozenset()
) -> int | None:
    """Choose an open surface to put an object down on: `near` if suitable, or a countertop, a table, any surface."""
    world = state.world
    order = ("countertop", "dining table", "desk", "coffee table", "side table", "shelf", "dresser", "TV stand", "cart")
    surfaces = [] if near is None else [near]
    surfaces += [f for kind in order for f in fixtures_called(world, kind)]
    surfaces += range(world.n_fixtures)

    def oddity(fixture: int) -> tuple[bool, ...]:
        """Order a toilet after all else, and the floor after it."""
        return fixture in avoid, world.underfoot[fixture], world.kinds[fixture] in choice.SILLY

    for f in sorted(dict.fromkeys(surfaces), key=oddity):
        category = world.fixture_category[f]
        if category is None or category.relation != "on" or world.enclosed[f] or category.accepts or world.process[f]:
            continue
        if can_hold(state, f, thing):
            return f
    opened = [
        f for f in range(world.n_fixtures)
        if world.relation[f] in ("on", "in") and (not world.enclosed[f] or state.flags[f] & OPEN)
        and can_hold(state, f, thing)
    ]  # fmt: skip
    return min(opened, key=lambda f: (f in avoid, *_oddity(world, f)), default=None)


def _cost(state: State, entity: int, *, common_sense: bool, liquid: str | None = None) -> tuple[float, ...]:
    """Return the cost of using an object as a tool, a vessel or a source of a liquid."""
    if common_sense:
        return (*choice.flaws(state, entity, liquid=liquid), choice.fetching_s(state, entity))
    return (reach_cost(state, entity),)


def tool_for(
    state: State, purpose: str, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> int | None:
    """Choose the nearest object for a purpose: `cuts`, `wipes` or `waters`."""
    world = state.world
    ranked: list[tuple[float, ...]] = []
    for i in _objects_for(world, purpose):
        category, avoided = world.object_category[i], is_avoided(state, i, avoid)
        if category is None:
            continue
        if purpose == "waters":
            if state.liquid[i] == "water":
                extra, kind = 0, 0
            elif category.fills and not state.liquid[i]:
                extra, kind = (1, 1) if world.kinds[i] == "watering can" else (4, 2)
            else:
                continue
            if common_sense:  # no drink, bottled or somebody's, and no dishes if a watering can can be filled
                is_for_drinking = world.kinds[i] != "watering can" or not (state.liquid[i] or _has_tap(world))
                against = choice.flaws(state, i, dirty_wanted=None, liquid="water")
                ranked.append((avoided, is_for_drinking, *against, kind, choice.fetching_s(state, i), i))
            else:
                ranked.append((avoided, reach_cost(state, i) + extra, kind, i))
        else:
            ranked.append((avoided, *_cost(state, i, common_sense=common_sense), i))
    return int(min(ranked)[-1]) if ranked else None


def _has_tap(world: World) -> bool:
    """Whether a fixture gives water."""
    return any(process is not None and process.fill == "water" for process in world.process)


def _objects_for(world: World, purpose: str) -> list[int]:
    """Return the objects of all categories that can serve a purpose."""
    categories = world.domain.objects
    return [
        i
        for name, members in world.entities_by_category.items()
        if name in categories and _serves_purpose(categories[name], purpose)
        for i in members
    ]


def _serves_purpose(category: ObjectCategory, purpose: str) -> bool:
    if purpose == "waters":
        return category.fills or category.contains == "water"
    return category.cuts if purpose == "cuts" else category.wipes


def appliance_for(
    state: State, state_name: str, thing: int, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> int | None:
    """Choose the appliance that makes an object `clean`, `cooked`, `hot` or `cold`.

    With `common_sense`, what is in one already stays there, a kettle is boiled on its base, no microwave runs with
    metal in it, dishes are washed in the kitchen, and what runs for something else is left alone.
    """
    world = state.world
    groups = appliances_for(state, state_name, thing, common_sense=common_sense)
    fallback = None
    if common_sense and (inside := state.place[thing]) >= 0:
        groups = sorted(groups, key=lambda group: world.kinds[group[0]] != world.kinds[inside])  # it stays where it is
    for group in groups:
        on_burner = state_name == "cooked" and is_burner(world, group[0])
        if on_burner and cooking_vessel(state, thing) is None:
            continue
        objects_on_it = [] if on_burner else [thing]
        unsafe = busy = frozenset[int]()
        if common_sense:
            busy = frozenset(f for f in group if choice.is_busy(state, f, thing))
            busy |= choice.sinks_for_people(state, group, thing)
            if on_burner and (vessel := cooking_vessel(state, thing, avoid, common_sense=True)) is not None:
                objects_on_it = [vessel]
            if world.kinds[group[0]] == "microwave":
                if choice.has_metal(state, thing):
                    continue
                unsafe = frozenset(f for f in group if choice.has_metal(state, f))
        worse = avoid | unsafe | busy
        fixture = choose_fixture(state, group, objects_on_it, avoid=worse, common_sense=common_sense)
        if fixture in unsafe:
            continue
        if fixture is not None and fixture not in worse:
            return fixture
        fallback = fixture if fallback is None else fallback
    if fallback is None and state.place[thing] >= world.n_fixtures:
        root = state.root(thing)  # in a container that is there already
        if root >= 0 and root not in avoid and root not in world.hidden and any(root in group for group in groups):
            return root
    return fallback


def cooking_vessel(
    state: State, thing: int, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> int | None:
    """Choose the pan or pot to cook an object in: one on a burner or, with `common_sense`, a clean and empty one."""
    world = state.world
    ranked: list[tuple[float, ...]] = []
    for i in cooking_vessels(world):
        if can_hold(state, i, thing):
            on_burner = stands_on_burner(world, state.place[i])
            avoided = is_avoided(state, i, avoid)
            *against, fetching = _cost(state, i, common_sense=common_sense)
            is_useless = common_sense and choose_fixture(state, burners(world), [i]) is None
            is_elsewhere = common_sense and state.place[thing] != i
            ranked.append(
                (avoided, is_useless, is_elsewhere, *against, not on_burner, fetching, len(state.children(i)), i)
            )
    return int(min(ranked)[-1]) if ranked else None


def liquid_source(
    state: State, liquid: str, vessel: int, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> int | None:
    """Choose the fixture (sink, coffee machine) or object that provides a liquid for a vessel."""
    world = state.world
    ranked: list[tuple[float, ...]] = []
    for i in range(len(world.names)):
        process = world.process[i] if i < world.n_fixtures else None
        if i in world.hidden:
            continue
        if process and process.fill == liquid and can_hold(state, i, vessel):
            ranked.append((i in avoid, False, choice.travel_s(state, vessel, [i]) if common_sense else i, i))
        elif i >= world.n_fixtures and state.liquid[i] == liquid and i != vessel:
            category = world.object_category[i]
            is_somebodys = common_sense and category is not None and not category.contains
            cost = _cost(state, i, common_sense=common_sense, liquid=liquid)
            ranked.append((is_avoided(state, i, avoid), True, is_somebodys, *cost, i))
    return int(min(ranked)[-1]) if ranked else None


def filling_use(
    state: State, liquid: str, vessel: int, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> Use | None:
    """Choose the use of a skill of the domain's own that fills a vessel, where nothing here provides the liquid."""
    if liquid_source(state, liquid, vessel, avoid, common_sense=common_sense) is not None:
        return None
    return own_skills.use_to_fill(state, vessel, liquid, avoid, common_sense=common_sense)


def requirements(
    state: State, entity: int, target: Thing, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> Iterator[tuple[str, int | None]]:
    """Yield each missing state and liquid of an entity, with the tool, appliance or source that it requires.

    The second is None if the home has none, and for `folded`, which requires none.
    """
    for state_name in target.states:
        if state.has(entity, state_name):
            continue
        if is_by_own_skill(state, entity, state_name):
            use = own_skills.use_for(state, entity, state_name, avoid, common_sense=common_sense)
            needed = [] if use is None else needed_for(state, use, avoid, common_sense=common_sense)
            yield from ((state_name, e) for e in needed if e != entity)
        elif state_name == "sliced":
            yield state_name, tool_for(state, "cuts", avoid, common_sense=common_sense)
        elif state_name in APPLIANCES or appliances_for(state, state_name, entity):
            yield state_name, appliance_for(state, state_name, entity, avoid, common_sense=common_sense)
        else:
            yield state_name, None
    if target.liquid and state.liquid[entity] != target.liquid:
        use = filling_use(state, target.liquid, entity, avoid, common_sense=common_sense)
        if use is None:
            yield target.liquid, liquid_source(state, target.liquid, entity, avoid, common_sense=common_sense)
        else:
            needed = needed_for(state, use, avoid, common_sense=common_sense)
            yield from ((target.liquid, e) for e in needed if e != entity)


def needed_for(
    state: State, use: Use, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False, depth: int = 0
) -> list[int]:  # fmt: skip
    """Return what a use of a skill of the domain's own needs: its entities, and what makes its preconditions true."""
    needed = dict.fromkeys(use.entities())
    for atom in own_skills.unmet(state, use) if depth < MAX_DEPTH else ():
        entity = use.entity(atom.terms[0]) if atom.terms else -1
        if atom.predicate == "holding what":
            tool = tool_for(state, atom.word, avoid, common_sense=common_sense)
            needed |= dict.fromkeys([] if tool is None else [tool])
        elif atom.predicate == "in the open" and (place := open_surface(state, entity, avoid=avoid)) is not None:
            needed.setdefault(place)
        elif atom.predicate == "filled" and atom.positive and atom.word:
            source = liquid_source(state, atom.word, entity, avoid, common_sense=common_sense)
            needed |= dict.fromkeys([] if source is None else [source])
        elif atom.predicate == "state" and entity >= state.world.n_fixtures:
            word = atom.word if atom.positive else opposite_of(state.world.domain, atom.word)
            thing = Thing(word="anything", states=(word,) if word is not None else ())
            needs = requirements(state, entity, thing, avoid, common_sense=common_sense)
            needed |= dict.fromkeys(e for _, e in needs if e is not None)
        elif atom.predicate == "state" and atom.positive and is_by_own_skill(state, entity, atom.word):
            other = own_skills.use_for(state, entity, atom.word, avoid, common_sense=common_sense)
            if other is not None:
                more = needed_for(state, other, avoid, common_sense=common_sense, depth=depth + 1)
                needed |= dict.fromkeys(more)
    return list(needed)


def alternative_place(
    state: State, thing: int, excluded: Place, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> int | None:
    """Choose a place for an object that must leave `excluded`: where its category is usually kept.

    With `common_sense`, what is dirty goes where it is washed, and a full vessel into no cupboard.
    """
    world = state.world
    object_category = world.object_category[thing]
    assert object_category is not None
    alternatives = ("countertop", "dining table", "shelf", "desk", "side table", "dresser", "cabinet")
    washed_at = choice.washed_at(state, thing) if common_sense else ()
    is_full = common_sense and any(state.liquid[i] for i in (thing, *state.everything_in(thing)))
    is_clean = common_sense and not washed_at
    for kind in (*washed_at, *object_category.at, *alternatives):
        group = [f for f in fixtures_called(world, kind) if world.categories[f] != excluded.fixture]
        if is_clean:
            group = [f for f in group if world.kinds[f] != choice.UNWASHED]
        is_washing = world.domain.kind_of.get(kind, kind) in washed_at
        if not is_washing and (is_full or washed_at):
            group = [f for f in group if not world.enclosed[f]]
        worse = avoid | choice.sinks_for_people(state, group, thing) if is_washing else avoid
        place = choose_fixture(state, group, [thing], avoid=worse, common_sense=common_sense)
        if place is not None and place not in avoid and can_hold(state, place, thing):
            return place
    others = [
        f for f in range(world.n_fixtures)
        if world.relation[f] in ("on", "in") and f not in world.hidden and f not in avoid
        and not is_place(state, f, excluded) and can_hold(state, f, thing)
    ]  # fmt: skip
    if common_sense:
        return min(others, key=lambda f: choice.oddity(state, f, thing), default=None)
    return min(others, key=lambda f: _oddity(world, f), default=None)


def state_instead(domain: Domain, thing: Thing) -> str | None:
    """Return the state that objects are given so that none matches a description, or None if nothing helps."""
    known = (instead for word, instead in STATES_INSTEAD.items() if word in thing.states)
    own = (word for word in thing.states if domain.negations.get(word, word) not in BUILT_IN_STATES)
    instead = [*known, *(other for word in own if (other := opposite_of(domain, word)) is not None)]
    return instead[0] if instead else None


def _oddity(world: World, fixture: int) -> tuple[bool | int, ...]:
    """Order places for things that are usually kept elsewhere: bins and the floor come last, appliances before them."""
    category = world.fixture_category[fixture]
    assert category is not None
    is_bin = world.kinds[fixture] in choice.BINS
    return is_bin, category.underfoot, world.process[fixture] is not None, bool(category.accepts), fixture
