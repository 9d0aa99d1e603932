"""What a sampled home needs so that a goal can be reached in it and does not hold from the start."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals.values import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    No,
    Place,
    Thing,
    format_condition,
)
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Scene

Spec = TypeVar("Spec", FixtureSpec, ObjectSpec)


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a home must have for a goal.

    Attributes:
        fixtures: Number of fixtures of each category.
        objects: Number of objects of each category or class.
        facts: What should be so at the start, such as `book on desk`, if it can be.
    """

    fixtures: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    facts: tuple[str, ...] = ()


def needs_of(goal: Goal, domain: Domain | None = None) -> Needs:
    """Return what a home must have so that a goal can be reached and is not reached at the start."""
    domain = domain or load_domain()
    fixtures, objects, facts = Counter[str](), Counter[str](), dict[str, None]()
    for condition in _conditions(goal):
        if isinstance(condition, FixtureIs):
            category = domain.resolve_fixture(condition.fixture, condition.states[0])[0]  # one of a class is enough
            fixtures[category] = max(fixtures[category], 1)
        for place in _places_of(condition, domain):
            if (at := _category_at(place, domain)) is not None:
                fixtures[at] = max(fixtures[at], 1)
        for thing, number in _things_of(condition, domain):
            if thing.word != "anything":
                objects[thing.word] = max(objects[thing.word], number + _is_among_neighbors(thing, condition))
            if thing.origin is not None and (thing.origin.fixture or thing.origin.thing):
                facts[_fact(thing, thing.origin, domain)] = None
        if isinstance(condition, No) and condition.place is not None:
            facts[_fact(condition.thing, condition.place, domain)] = None
        elif isinstance(condition, Count) and condition.amount == "at most" and condition.place is not None:
            facts[_fact(condition.thing, condition.place, domain, condition.number + 1)] = None
    for guard in goal.guards:
        for test in guard.tests:
            if isinstance(test.condition, FixtureIs) and not test.negated and test.condition.room is None:
                facts[format_condition(replace(test.condition, properties=(), excluded=None), domain)] = None
    people = {place.person for c in _conditions(goal) for place in _places_of(c, domain) if place.person}
    if people and domain.person is not None:
        fixtures[domain.person] = max(fixtures[domain.person], len(people))
    return Needs(fixtures=fixtures, objects=objects, facts=tuple(facts))


def _conditions(goal: Goal) -> Iterator[Condition]:
    yield from goal.conditions
    yield from (test.condition for guard in goal.guards for test in guard.tests)


def _things_of(condition: Condition, domain: Domain) -> Iterator[tuple[Thing, int]]:
    """Yield the objects that a condition is about, with how many of each; those of a `no` may be missing."""
    if isinstance(condition, FixtureIs):
        return
    number = 1
    if isinstance(condition, Count):
        number = condition.number + (condition.amount in ("at most", "more"))
    elif isinstance(condition, Every):
        number = {"of": condition.number, "all but": condition.number + 1, "half": 2}.get(condition.selection, 1)
    if not isinstance(condition, No):
        yield condition.thing, number
    if isinstance(condition, Count | Every) and condition.means in domain.objects:
        yield Thing(word=condition.means), 1
    for place in _places_of(condition, domain):
        if place.thing is not None:
            yield place.thing, 1


def _is_among_neighbors(thing: Thing, condition: Condition) -> bool:
    """Whether the neighbor that a condition asks for is of the same category, so that one more is needed."""
    place = getattr(condition, "place", None)
    return isinstance(place, Place) and place.beside and place.thing is not None and place.thing.word == thing.word


def _places_of(condition: Condition, domain: Domain) -> Iterator[Place]:
    """Yield the places that a condition names: where, where from, and the appliance of `by`."""
    places = [getattr(condition, "place", None), getattr(condition, "excluded", None)]
    if not isinstance(condition, FixtureIs):
        places.append(condition.thing.origin)
    elif condition.room is not None:
        yield Place(room=condition.room)
    if (means := getattr(condition, "means", None)) in domain.fixtures:
        yield Place(fixture=means)
    for place in places:
        while isinstance(place, Place):
            yield place
            place = place.inside  # noqa: PLW2901


def _category_at(place: Place, domain: Domain) -> str | None:
    """Return a fixture category that a place needs; for a room, one that stands only there."""
    if place.fixture is not None:
        return place.fixture if place.fixture in domain.fixtures else domain.fixture_members[place.fixture][0]
    if place.room is not None:
        return next((name for name, fixture in domain.fixtures.items() if fixture.rooms == (place.room,)), None)
    return None


def _fact(thing: Thing, place: Place, domain: Domain, number: int = 1) -> str:
    """Return a fact of the scene sampler: it knows neither properties nor rooms."""
    plain = Place(fixture=place.fixture) if place.fixture else place
    if place.thing is not None:
        plain = Place(thing=Thing(word=place.thing.word))
    fact = Count(number=number, thing=Thing(word=thing.word, states=thing.states), place=plain)
    return format_condition(fact, domain)


def described_for(scene: Scene, goal: Goal, rng: random.Random) -> Scene:
    """Return the home with the properties, owners and people that a goal speaks of; the same one if it names none."""
    domain = scene.domain
    things = [(thing, n) for c in _conditions(goal) for thing, n in _things_of(c, domain) if thing.properties]
    things += [(c.thing, 1) for c in _conditions(goal) if isinstance(c, No) and c.thing.properties]
    furniture = [
        place for c in _conditions(goal) for place in _places_of(c, domain) if place.properties and place.fixture
    ]
    furniture += [
        Place(fixture=c.fixture, properties=c.properties)
        for c in _conditions(goal)
        if isinstance(c, FixtureIs) and c.properties
    ]
    named = [place.person for c in _conditions(goal) for place in _places_of(c, domain) if place.person]
    owners = [p.removesuffix("'s") for thing, _ in things for p in thing.properties if p.endswith("'s")]
    people = tuple(dict.fromkeys((*(name for name in named if name), *scene.people, *owners)))
    objects, fixtures = list(scene.objects), list(scene.fixtures)
    taken = set[int]()
    for thing, number in things:
        words = (thing.word, *domain.class_members(thing.word))
        taken |= _describe(objects, words, thing.properties, number, taken, rng, domain)
    taken = set()
    for place in furniture:
        assert place.fixture is not None
        words = (place.fixture, *domain.fixture_members.get(place.fixture, ()))
        taken |= _describe(fixtures, words, place.properties, 1, taken, rng, domain)
    return replace(scene, objects=tuple(objects), fixtures=tuple(fixtures), people=people)


def _describe(
    specs: list[Spec], words: tuple[str, ...], properties: tuple[str, ...], number: int, taken: set[int],
    rng: random.Random, domain: Domain,
) -> set[int]:  # fmt: skip
    """Give some of the specs of a category or class the properties, unless enough have them; return which have them."""
    members = [i for i, spec in enumerate(specs) if spec.category in words]
    like = {i for i in members if set(specs[i].properties).issuperset(properties)}
    others = [i for i in members if i not in like and i not in taken]
    groups = {_group(word, domain) for word in properties}
    for i in rng.sample(others, k=min(len(others), max(0, number - len(like)))):
        words_kept: list[str] = [word for word in specs[i].properties if _group(word, domain) not in groups]
        specs[i] = replace(specs[i], properties=(*words_kept, *properties))
        like.add(i)
    return like


def _group(word: str, domain: Domain) -> str:
    return "owner" if word.endswith("'s") else domain.property_group[word]
