"""Random goals over the whole grammar, about what a home has, so that many of them are true at some moment."""

from __future__ import annotations

import random
from dataclasses import replace

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import State, World
from envs.symbolic.goals import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Guard,
    Holding,
    No,
    Place,
    Rule,
    Test,
    Thing,
    When,
)
from envs.symbolic.goals.sampling import with_random_properties
from envs.symbolic.goals.state_words import state_words
from envs.symbolic.goals.values import Amount, Selection

AMOUNTS: tuple[Amount, ...] = ("at least", "at least", "exactly", "at most", "more")
SELECTIONS: tuple[Selection, ...] = ("every", "of", "all but", "half")
WHENS = (When(after_s=600.0), When(after_s=5400.0), When(at="07:00"), When(at="21:30", daily=True))


def drawn_home(rng: random.Random) -> State:
    scene = sample_scene(rng.randrange(2**31), rooms=rng.randint(1, 2), n_objects=rng.randint(6, 14), geometry=False)
    return World(with_random_properties(scene, rng)).initial()


def without_means(condition: Condition) -> Condition:
    return replace(condition, means=None) if isinstance(condition, Count | Every) else condition


class GoalDrawer:
    """Draws goals about one home."""

    def __init__(self, state: State, rng: random.Random) -> None:
        self.state, self.world, self.rng = state, state.world, rng
        self.domain = domain = state.world.domain
        self.names = {*domain.objects, *domain.members, *domain.fixtures, *domain.fixture_members}
        self.object_states = state_words(domain).of_objects
        self.fixture_states = state_words(domain).of_fixtures
        self.fixtures = [
            f for f, category in enumerate(self.world.fixture_category) if category and not category.is_room
        ]
        self.objects = range(self.world.n_fixtures, len(self.world.names))

    def goal(self) -> Goal:
        phases = [self.several(0.3) for _ in range(self.rng.choice((1, 1, 1, 1, 2, 2, 3)))]
        guards = [self.guard() for _ in phases] if self.rng.random() < 0.3 else []
        rules = [self.rule() for _ in range(self.rng.choice((0, 0, 0, 1, 2)))]
        return Goal(phases=tuple(phases), guards=tuple(guards), rules=tuple(rules))

    def several(self, more: float) -> tuple[Condition, ...]:
        conditions = [self.condition()]
        while self.rng.random() < more:
            conditions.append(self.condition())
        return tuple(conditions)

    def guard(self) -> Guard:
        tests = tuple(Test(condition=without_means(c), negated=self.rng.random() < 0.4) for c in self.several(0.2))
        return Guard(when=self.rng.choice((None, None, *WHENS)), tests=tests if self.rng.random() < 0.7 else ())

    def rule(self) -> Rule:
        skill = self.rng.choice(list(self.domain.skills))
        choice = self.rng.randrange(4)
        if choice == 0:
            return Rule(skill=skill)
        if choice == 1:
            return Rule(skill=skill, thing=self.thing())
        if choice == 2:
            return Rule(skill=skill, place=self.rng.choice((self.furniture(), self.room())))
        return Rule(condition=without_means(self.condition()))

    def condition(self) -> Condition:
        rng = self.rng
        kind = rng.choice(("count", "count", "count", "choice", "choice", "choice", "no", "fixture", "holding"))
        if kind == "holding":
            return Holding(thing=self.thing())
        if kind == "no":
            return No(thing=self.thing(), place=self.place() if rng.random() < 0.8 else None)
        if kind == "fixture":
            return self.fixture_is()
        means = None
        if rng.random() < 0.12:
            means = rng.choice([*self.domain.process_at, *(self.world.categories[i] for i in self.objects), "cabinet"])
        if kind == "count":
            place = self.place() if rng.random() < 0.8 else None
            if place is not None and place.person is None and (place.fixture or place.thing) and rng.random() < 0.15:
                place = replace(place, every=True)
            amount = rng.choice(AMOUNTS)
            return Count(number=rng.choice((1, 1, 2, 3)), amount=amount, thing=self.thing(), place=place, means=means)
        return self.choice(means)

    def choice(self, means: str | None) -> Every:
        rng = self.rng
        thing = self.thing()
        excluded = None
        if rng.random() < 0.25:
            excluded = self.thing(rng.choice(self.likes(thing)))
            is_narrower = not {*excluded.states, *excluded.properties} <= {*thing.states, *thing.properties}
            if not is_narrower and excluded.origin in (None, thing.origin):
                excluded = None  # it may leave nothing
        selection = rng.choice(SELECTIONS)
        number = rng.choice((1, 1, 2, 3)) if selection in ("of", "all but") else 0
        states = tuple(rng.sample(self.object_states, rng.choice((1, 1, 2))))
        become = states if rng.random() < 0.3 else ()
        return Every(
            thing=thing, excluded=excluded, selection=selection, number=number, means=means,
            become=become, place=None if become else self.place(),
        )  # fmt: skip

    def likes(self, thing: Thing) -> list[int]:
        return list(self.world.objects_of(thing.word)) or list(self.objects)

    def fixture_is(self) -> FixtureIs:
        rng = self.rng
        while True:
            words = tuple(rng.sample(self.fixture_states, rng.choice((1, 1, 1, 2))))
            furniture = self.furniture()
            word = furniture.fixture
            assert word is not None
            categories = (word,) if word in self.domain.fixtures else self.domain.fixture_members[word]
            if all(any(self.domain.can_be(c, w) for c in categories) for w in words):
                break
        excluded = self.furniture() if rng.random() < 0.2 else None
        return FixtureIs(
            quantifier=rng.choice(("some", "every", "no")), fixture=word, states=words,
            properties=furniture.properties, room=furniture.room, excluded=excluded,
        )  # fmt: skip

    def thing(self, item: int | None = None, *, origin: bool = True) -> Thing:
        rng, world = self.rng, self.world
        item = item if item is not None else rng.choice(self.objects)
        kind = world.categories[item] if rng.random() < 0.9 else rng.choice(list(self.domain.objects))
        word = kind
        if rng.random() < 0.25:
            word = rng.choice((*self.domain.objects[kind].classes, "anything"))
            word = kind if word in self.domain.objects or word not in self.domain.members else word
        own = [p for p in ("Anna's", "Ben's", *self.domain.property_group) if p in world.properties[item]]
        properties = tuple(p for p in own if rng.random() < 0.3)
        if any(" ".join((*properties[i:], word)) in self.names for i in range(len(properties))):
            properties = ()
        states = tuple(rng.sample(self.object_states, rng.choice((0, 0, 0, 1, 1, 2))))
        if any(" ".join((*states[i:], word)) in self.names for i in range(len(states))):
            states = ()  # a hot plate may be a kind of its own
        liquid = (self.state.liquid[item] or rng.choice(self.domain.liquids)) if rng.random() < 0.07 else None
        where = None
        if origin and rng.random() < 0.2:
            where = rng.choice((self.furniture, self.room, self.person, self.container))()
        return Thing(word=word, states=states, liquid=liquid, properties=properties, origin=where)

    def container(self) -> Place:
        return Place(thing=self.thing(self.holder(), origin=False))

    def holder(self) -> int:
        holders = [i for i in self.objects if self.world.relation[i]]
        return self.rng.choice(holders or list(self.objects))

    def furniture(self) -> Place:
        rng, world = self.rng, self.world
        fixture = rng.choice(self.fixtures)
        word = world.categories[fixture]
        classes = [c for c in self.domain.fixtures[word].classes if c in self.domain.fixture_members]
        word = rng.choice(classes) if classes and rng.random() < 0.3 else word
        own = tuple(p for p in self.domain.property_group if p in world.properties[fixture] and rng.random() < 0.3)
        own = () if any(" ".join((*own[i:], word)) in self.names for i in range(len(own))) else own
        return Place(fixture=word, properties=own, room=self.room().room if rng.random() < 0.2 else None)

    def room(self) -> Place:
        return Place(room=self.rng.choice([name for rooms in self.world.rooms for name in sorted(rooms)]))

    def person(self) -> Place:
        return Place(person=self.rng.choice(self.world.scene.people))

    def place(self, depth: int = 0) -> Place:
        rng = self.rng
        kind = rng.choice(("furniture", "furniture", "furniture", "room", "person", "in", "in", "beside"))
        if kind == "room":
            return self.room()
        if kind == "person":
            return self.person()
        if kind == "furniture":
            while (place := self.furniture()).fixture is not None:
                categories = self.domain.fixture_members.get(place.fixture, (place.fixture,))
                if any(self.domain.fixtures[c].relation for c in categories):
                    return place
        beside = kind == "beside"
        item = rng.choice(self.objects) if beside else self.holder()
        inside = self.place(depth + 1) if depth < 2 and rng.random() < 0.3 else None
        return Place(thing=self.thing(item), inside=inside, beside=beside)
