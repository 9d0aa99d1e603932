"""What a goal means: which conditions hold in a state, and the places and objects that a description refers to.

- A `Count` and a `No` look at the end alone; `N more` counts from the start.
- A choice (`every`, `2 of`, `all but 2 of`, `half of`) picks objects by what is true at the start, and asks for the
  result at the end. Objects outside of the choice keep out of the result, unless they had it at the start.
- `from` is where an object was at the start.
- An object in a movable container is also at the place of the container. Hot and cold objects stay so over time.
- `every` place: furniture of the home; for objects, those that match at the start or at the end.
- `beside` is on the same furniture or in the same container, without what is known to be farther off (`State.apart`).
- `by` is asked only of objects that were not so at the start.

`envs/symbolic/progress.py` follows a goal through an episode: phases, tests, rules and means.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import successor
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envs.symbolic.actions import Action, State

Uses = Collection[tuple[str, int]]
"""Which means (categories of fixtures or objects) were used on which objects (entities) in an episode."""


def matches(state: State, entity: int, thing: Thing, initial_state: State | None = None) -> bool:
    """Whether an entity matches an object description in this state; `from` is tested in the initial state."""
    category = state.world.categories[entity]
    if category != thing.word and category not in state.world.domain.class_members(thing.word):
        return False
    return _is_like(state, entity, thing, initial_state)


def _is_like(state: State, entity: int, thing: Thing, initial_state: State | None) -> bool:
    """Whether an entity of the right category matches the rest of a description."""
    if thing.liquid is not None and state.liquid[entity] != thing.liquid:
        return False
    if thing.properties and not state.world.properties[entity].issuperset(thing.properties):
        return False
    for word in thing.states:
        if not state.has(entity, word):
            return False
    return thing.origin is None or is_at(initial_state or state, entity, thing.origin, initial_state)


def can_match(state: State, entity: int, thing: Thing, initial_state: State | None = None) -> bool:
    """Whether an entity has what never changes of a description: category, properties and origin."""
    return matches(
        state, entity, Thing(word=thing.word, properties=thing.properties, origin=thing.origin), initial_state
    )


def is_at(state: State, entity: int, place: Place, initial_state: State | None = None) -> bool:
    """Whether an entity is at a place, directly or through movable containers."""
    world = state.world
    if place.thing is None:
        root = state.place[entity]
        while root >= world.n_fixtures:
            root = state.place[root]
        if place.room is None and not place.properties and root >= 0 and world.categories[root] == place.fixture:
            return root not in world.hidden
        return root >= 0 and is_place(state, root, place)
    if place.beside:
        return any(_is_container(state, i, place, initial_state) for i in state.neighbors(entity))
    holder = state.place[entity]
    while holder >= world.n_fixtures:
        if _is_container(state, holder, place, initial_state):
            return True
        holder = state.place[holder]
    return False


def _is_container(state: State, entity: int, place: Place, initial_state: State | None) -> bool:
    assert place.thing is not None
    if entity in state.world.hidden or not matches(state, entity, place.thing, initial_state):
        return False
    return place.inside is None or is_at(state, entity, place.inside, initial_state)


def is_place(state: State, fixture: int, place: Place) -> bool:
    """Whether a fixture is what a place names: furniture, any fixture of a room, or a person."""
    world = state.world
    category = world.categories[fixture]
    if (category != place.fixture and place.fixture in world.domain.fixtures) or fixture in world.hidden:
        return False
    if place.person is not None:
        return world.people.get(place.person) == fixture
    if place.room is not None and not world.in_room(fixture, place.room):
        return False
    if place.fixture is None:
        return place.room is not None
    if category != place.fixture and category not in world.domain.fixture_members.get(place.fixture, ()):
        return False
    return world.properties[fixture].issuperset(place.properties)


def fixtures_at(state: State, place: Place) -> list[int]:
    """Return the fixtures that a place names, in the order of the home."""
    known = state.world.fixtures_by_place
    fixtures = known.get(place)
    if fixtures is None:
        places = (f for f in range(state.world.n_fixtures) if is_place(state, f, place))
        if place.fixture is None and state.world.domain.rooms_are_entities:  # what is in the room, not the room itself
            categories = state.world.fixture_category
            places = (f for f in places if (category := categories[f]) is not None and not category.is_room)
        fixtures = known[place] = tuple(places)
    return list(fixtures)


def matching_objects(
    state: State, thing: Thing, place: Place | None = None, initial_state: State | None = None
) -> list[int]:
    """Return the objects that match a description, at a place if one is given, in this state."""
    objects = [i for i in state.world.objects_of(thing.word) if _is_like(state, i, thing, initial_state)]
    return objects if place is None else [i for i in objects if is_at(state, i, place, initial_state)]


def fixtures_of(state: State, condition: FixtureIs) -> list[int]:
    """Return the fixtures that a condition refers to, in the order of the home."""
    world = state.world
    categories = world.domain.resolve_fixture(condition.fixture, condition.states[0])
    for word in condition.states[1:]:
        categories = tuple(c for c in categories if c in world.domain.resolve_fixture(condition.fixture, word))
    fixtures = sorted(i for category in categories for i in world.entities_by_category.get(category, ()))
    if condition.room is not None:
        fixtures = [f for f in fixtures if world.in_room(f, condition.room)]
    if condition.person is not None:
        fixtures = [f for f in fixtures if world.people.get(condition.person) == f]
    if condition.properties:
        fixtures = [f for f in fixtures if world.properties[f].issuperset(condition.properties)]
    if condition.excluded is not None:
        fixtures = [f for f in fixtures if not is_place(state, f, condition.excluded)]
    return fixtures


def _is_in_states(state: State, fixture: int, condition: FixtureIs) -> bool:
    return all(state.has(fixture, s) for s in condition.states)


def _reaches_excluded(state: State, condition: FixtureIs, initial_state: State) -> bool:
    """Whether an excepted fixture got the states that the others shall have."""
    if condition.excluded is None:
        return False
    others = set(fixtures_of(state, replace(condition, excluded=None))).difference(fixtures_of(state, condition))
    return any(_is_in_states(state, f, condition) and not _is_in_states(initial_state, f, condition) for f in others)


def quantified_objects(initial_state: State, condition: Every) -> list[int]:
    """Return the objects that a choice is made from, selected in the initial state; `every` chooses all of them."""
    world = initial_state.world
    objects = matching_objects(initial_state, condition.thing, None, initial_state)
    if (excluded := condition.excluded) is not None:
        objects = [i for i in objects if not matches(initial_state, i, excluded, initial_state)]
    place = condition.place
    while place is not None and place.thing is not None:
        # A container cannot go into itself: "every dishes in box" excludes the box.
        word = place.thing.word
        objects = [i for i in objects if world.categories[i] != word]
        place = place.inside
    return objects


def number_required(initial_state: State, condition: Every) -> tuple[int, int]:
    """Return how many of its objects a choice requires, at least and at most; half of five is two or three."""
    total = len(quantified_objects(initial_state, condition))
    if condition.selection == "every":
        return total, total
    if condition.selection == "half":
        return total // 2, (total + 1) // 2
    number = condition.number if condition.selection == "of" else total - condition.number
    return number, number


def has_result(state: State, entity: int, condition: Every, initial_state: State) -> bool:
    """Whether one object is as a choice asks for."""
    if condition.place is not None and not is_at(state, entity, condition.place, initial_state):
        return False
    return all(state.has(entity, s) for s in condition.become)


def _choice_holds(state: State, condition: Every, initial_state: State, uses: Uses | None) -> bool:
    objects = quantified_objects(initial_state, condition)
    low, high = number_required(initial_state, condition)
    if not objects or low < 0 or high > len(objects):
        return False
    before = {i for i in objects if has_result(initial_state, i, condition, initial_state)}
    done = [i for i in objects if has_result(state, i, condition, initial_state)]
    new = [i for i in done if i not in before]
    if len(done) < low or len(new) > high:
        return False
    if condition.selection in ("all but", "half") and len(done) > max(high, len(before)):
        return False
    if condition.means and uses is not None and any((condition.means, i) not in uses for i in new):
        return False
    if condition.excluded is None:
        return True
    others = set(matching_objects(initial_state, condition.thing, None, initial_state)).difference(objects)
    return not any(
        has_result(state, i, condition, initial_state) and not has_result(initial_state, i, condition, initial_state)
        for i in others
    )


def targets(state: State, place: Place, initial_state: State) -> list[int]:
    """Return what an `every` place stands for: fixtures, or objects that match at the start or now; as entities."""
    if place.thing is None:
        return list(fixtures_at(state, place))
    now = matching_objects(state, place.thing, place.inside, initial_state)
    before = matching_objects(initial_state, place.thing, place.inside, initial_state)
    return sorted({*now, *before})


def _count_holds(state: State, condition: Count, initial_state: State, uses: Uses | None) -> bool:
    thing, place = condition.thing, condition.place
    objects = matching_objects(state, thing, None, initial_state)
    if condition.means and uses is not None:
        # The means is for the states, if there are any, and otherwise for the way to the place.
        before = None if thing.states or thing.liquid else place
        was_so = set(matching_objects(initial_state, thing, before, initial_state))
        objects = [i for i in objects if (condition.means, i) in uses or i in was_so]
    at_start = matching_objects(initial_state, thing, None, initial_state) if condition.amount == "more" else []
    if place is not None and place.every:
        is_there = _is_next_to if place.beside else _is_in
        return bool(places := targets(state, place, initial_state)) and all(
            _is_amount(
                sum(is_there(state, i, target) for i in objects),
                condition,
                sum(is_there(initial_state, i, target) for i in at_start),
            )
            for target in places
        )
    if place is not None:
        objects = [i for i in objects if is_at(state, i, place, initial_state)]
        at_start = [i for i in at_start if is_at(initial_state, i, place, initial_state)]
    return _is_amount(len(objects), condition, len(at_start))


def _is_in(state: State, entity: int, target: int) -> bool:
    holder = state.place[entity]
    while holder >= 0 and holder != target:
        holder = state.place[holder]
    return holder == target


def _is_next_to(state: State, entity: int, target: int) -> bool:
    return target in state.neighbors(entity)


def _is_amount(number: int, condition: Count, before: int) -> bool:
    if condition.amount == "exactly":
        return number == condition.number
    return number <= condition.number if condition.amount == "at most" else number >= before + condition.number


def holds(state: State, condition: Condition, initial_state: State, uses: Uses | None = None) -> bool:
    """Whether one condition holds in `state`, in an episode that began in `initial_state`.

    Args:
        state: The state.
        condition: The condition.
        initial_state: The episode's first state.
        uses: The means that were used on objects; without it, `by` is not tested.
    """
    if isinstance(condition, Count):
        return _count_holds(state, condition, initial_state, uses)
    if isinstance(condition, No):
        return not matching_objects(state, condition.thing, condition.place, initial_state)
    if isinstance(condition, Holding):
        return state.held >= 0 and matches(state, state.held, condition.thing, initial_state)
    if isinstance(condition, FixtureIs):
        fixtures = fixtures_of(state, condition)
        in_states = [_is_in_states(state, i, condition) for i in fixtures]
        if condition.quantifier == "every":
            return bool(fixtures) and all(in_states) and not _reaches_excluded(state, condition, initial_state)
        return any(in_states) != (condition.quantifier == "no")
    return _choice_holds(state, condition, initial_state, uses)


def wanted_neighbors(conditions: Iterable[Condition], state: State, action: Action, initial_state: State) -> list[int]:
    """Return the objects beside which an action should put what is held, because an unmet condition asks for it.

    A plan names a place (`put cell phone 1 on desk 1`) and no neighbor. Where a condition says `beside`, whoever
    carries out the plan reads here what the object is to stand beside.
    """
    if action.skill != "put":
        return []
    after = successor(state, action)
    item = state.world.index[action.args[0]]
    neighbors = set[int]()
    for condition in conditions:
        pairs = list(_beside_pairs(condition))
        if not pairs or holds(state, condition, initial_state):
            continue
        for thing, place in pairs:
            near = [i for i in after.neighbors(item) if i not in after.world.hidden]
            if can_match(after, item, thing, initial_state):
                neighbors.update(
                    i
                    for i in near
                    if _is_container(after, i, place, initial_state)
                    and not (place.every and _has_neighbors(state, i, thing, condition, initial_state))
                )
            if _is_container(after, item, place, initial_state):
                neighbors.update(i for i in near if can_match(after, i, thing, initial_state))
    return sorted(neighbors)


def _has_neighbors(state: State, target: int, thing: Thing, condition: Condition, initial_state: State) -> bool:
    """Whether as many objects are beside a target as a condition wants beside every one."""
    number = condition.number if isinstance(condition, Count) else 1
    return sum(matches(state, i, thing, initial_state) for i in state.neighbors(target)) >= number


def _beside_pairs(condition: Condition) -> Iterator[tuple[Thing, Place]]:
    """Yield each description of an object that a condition wants beside another, with the place that says so."""
    if not isinstance(condition, Count | Every) or (isinstance(condition, Count) and condition.amount == "at most"):
        return
    thing, place = condition.thing, condition.place
    while place is not None:
        if place.beside:
            yield thing, place
        if place.thing is None:
            return
        thing, place = place.thing, place.inside
