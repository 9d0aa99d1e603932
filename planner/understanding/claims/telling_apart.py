"""Several things by what tells them apart, and the goals with each of them.

"The red mug, the blue mug on the desk or the blue mug in the sink": a kind alone if there is one of it, then what never
changes of a thing, then where it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from envs.errors import GoalError
from envs.symbolic.goals import Count, Every, FixtureIs, Goal, Place, Thing, format_goal, parse_goal
from envs.symbolic.scoring import fixtures_at, matching_objects
from envs.symbolic.state import HELD
from planner.language.home_wording import HomeWording
from planner.language.noun_phrases import modifiers, with_the

if TYPE_CHECKING:
    from envs.symbolic.state import State

MOST_LISTED = 5
Value = TypeVar("Value")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Things that nothing tells apart from each other, but from others.

    Attributes:
        words: What they are, with article: "the blue mug on the desk".
        meant: What a goal says of them: the kind, and of it what tells them apart.
        entities: The things.
    """

    words: str
    meant: Thing | Place
    entities: tuple[int, ...]


def told_apart(entities: Sequence[int], state: State) -> tuple[Choice, ...]:
    """Return things in groups of those that nothing tells apart, in the order of their kinds' names.

    Where there are more than `MOST_LISTED` groups, places tell nothing apart if that leaves several.
    """
    choices = tuple(_groups(entities, state, by_place=True))
    if len(choices) > MOST_LISTED and len(coarser := tuple(_groups(entities, state, by_place=False))) > 1:
        return coarser
    return choices


def question(noun: str, choices: Sequence[Choice]) -> str:
    """Return the question which of several things is meant, with at most `MOST_LISTED` of them."""
    words = [choice.words for choice in choices]
    if len(words) > MOST_LISTED:
        return f"Which {noun} do you mean: {', '.join(words[:MOST_LISTED])} or another one?"
    return f"Which {noun} do you mean: {', '.join(words[:-1])} or {words[-1]}?"


def goals_with_each(goal: Goal, choices: Sequence[Choice], state: State) -> tuple[Goal, ...]:
    """Return a goal once with each choice in place of the one thing of these kinds that it names.

    None if it names none of them or several, more than one of it, or if no goal can say which is meant.
    """
    domain = state.world.domain
    kinds = {state.world.categories[i] for choice in choices for i in choice.entities}
    kinds |= {group for group, members in domain.members.items() if kinds <= {*members}}
    kinds |= {group for group, members in domain.fixture_members.items() if kinds <= {*members}}
    if len(choices) > MOST_LISTED or sum(kind in kinds for kind in _kinds(goal)) != 1 or _means_several(goal):
        return ()
    goals = []
    for choice in choices:
        chosen = _with(goal, kinds, choice.meant)
        found = (
            matching_objects(state, choice.meant)
            if isinstance(choice.meant, Thing)
            else fixtures_at(state, choice.meant)
        )
        try:
            is_sayable = parse_goal(format_goal(chosen, domain), scene=state.world.scene) == chosen
        except GoalError:
            return ()
        if not is_sayable or {*found} != {*choice.entities}:
            return ()
        goals.append(chosen)
    return tuple(goals) if len(set(goals)) == len(goals) else ()


def _groups(entities: Iterable[int], state: State, *, by_place: bool) -> Iterator[Choice]:
    world, wording = state.world, HomeWording(state)
    by_kind = _grouped(entities, lambda i: world.categories[i])
    for kind in sorted(by_kind, key=str.lower):
        by_looks = _grouped(by_kind[kind], lambda i: tuple(sorted(world.properties[i])))
        for looks, alike in by_looks.items():
            properties = _in_order(looks, state) if len(by_looks) > 1 else ()
            places = _grouped(alike, lambda i: _place_of(i, state, wording)) if by_place else {"": alike}
            for place, group in places.items():
                is_placed = len(places) > 1
                noun = with_the(f"{modifiers(properties, ())}{kind}")
                yield Choice(
                    words=f"{noun} {place}" if is_placed and place else noun,
                    meant=_meant(group[0], kind, properties, state, is_placed=is_placed),
                    entities=tuple(group),
                )


def _grouped(entities: Iterable[int], key: Callable[[int], Key]) -> dict[Key, list[int]]:
    groups = defaultdict[Key, list[int]](list)
    for entity in entities:
        groups[key(entity)].append(entity)
    return groups


def _place_of(entity: int, state: State, wording: HomeWording) -> str:
    """Return where a thing is, with the room where several have such furniture; of furniture, its room."""
    world = state.world
    if entity < world.n_fixtures:
        return wording.room_words(entity).strip()
    holder = state.place[entity]
    if holder < 0:
        return wording.location(entity)
    alike = (f for f in world.entities_by_category[world.categories[holder]] if f < world.n_fixtures)
    rooms = {world.scene.fixtures[f].room for f in alike}
    return f"{world.relation[holder]} {wording.name(holder)}{wording.room_words(holder) if len(rooms) > 1 else ''}"


def _in_order(properties: Iterable[str], state: State) -> tuple[str, ...]:
    """Return properties in the order in which goals have them: owners first, then as in the domain."""
    order = list(state.world.domain.property_group)
    return tuple(sorted(properties, key=lambda p: order.index(p) if p in order else -1))


def _meant(entity: int, kind: str, properties: tuple[str, ...], state: State, *, is_placed: bool) -> Thing | Place:
    world = state.world
    if entity < world.n_fixtures:
        room = world.scene.fixtures[entity].room if is_placed else None
        return Place(fixture=kind, properties=properties, room=room)
    holder = state.place[entity]
    if not is_placed or holder == HELD or holder < 0:
        return Thing(word=kind, properties=properties)
    if holder >= world.n_fixtures:
        return Thing(word=kind, properties=properties, origin=Place(thing=Thing(word=world.categories[holder])))
    person = next((name for name, fixture in world.people.items() if fixture == holder), None)
    if person is not None:
        return Thing(word=kind, properties=properties, origin=Place(person=person))
    category = world.categories[holder]
    rooms = {world.scene.fixtures[f].room for f in world.entities_by_category[category]}
    room = world.scene.fixtures[holder].room if len(rooms) > 1 else None
    return Thing(word=kind, properties=properties, origin=Place(fixture=category, room=room))


def _kinds(value: object) -> Iterator[str]:
    """Yield the kind of each thing and piece of furniture that a goal names."""
    if isinstance(value, tuple):
        for part in value:
            yield from _kinds(part)
    elif is_dataclass(value):
        kind = getattr(value, "word", None) or getattr(value, "fixture", None)
        if isinstance(kind, str):
            yield kind
        for field in fields(value):
            yield from _kinds(getattr(value, field.name))


def _means_several(goal: Goal) -> bool:
    return any(
        isinstance(condition, Every)
        or (isinstance(condition, Count) and (condition.number > 1 or condition.amount != "at least"))
        or (isinstance(condition, FixtureIs) and condition.quantifier != "some")
        for condition in goal.conditions
    )


def _with(value: Value, kinds: Collection[str], meant: Thing | Place) -> Value:
    """Return a goal or a part of one with what is meant in place of the thing of these kinds."""
    if isinstance(value, tuple):
        return type(value)(_with(part, kinds, meant) for part in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    if isinstance(value, Thing) and isinstance(meant, Thing) and value.word in kinds:
        origin = meant.origin or value.origin
        return replace(value, word=meant.word, properties=meant.properties or value.properties, origin=origin)
    if isinstance(value, FixtureIs | Place) and isinstance(meant, Place) and value.fixture in kinds:
        properties, room = meant.properties or value.properties, meant.room or value.room
        return replace(value, fixture=meant.fixture, properties=properties, room=room)  # type: ignore[arg-type]
    return replace(value, **{field.name: _with(getattr(value, field.name), kinds, meant) for field in fields(value)})
