"""Random goals over every construct of the goal language, and homes with random properties for them.

Environments draw their goals here on request, and `planner.tasks.random_goals` those that plans are tested with. They
are goals without instructions: for what plans, not for what reads.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from envs.errors import GoalError
from envs.symbolic.domain import Domain
from envs.symbolic.goals.reading import with_home_rules
from envs.symbolic.goals.values import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Guard,
    No,
    Place,
    Rule,
    Test,
    Thing,
    When,
)
from envs.symbolic.obstacles import holds_at_start, obstacle
from envs.symbolic.scene import Scene
from envs.symbolic.state import State, World

PEOPLE = ("Anna", "Ben")
CONSTRUCTS = (
    "property", "room", "origin", "exactly", "at most", "more", "of", "all but", "half", "every", "except", "no",
    "become", "fixture", "person", "beside", "every place", "means", "test", "rule",
)  # fmt: skip
ALL_CONSTRUCTS = (*CONSTRUCTS, "then", "after", "at")  # with those that make phases
MAX_DRAWS = 300
FORBIDDEN = ("knife", "book", "glass")  # what rules are drawn about
APPLIANCES = {"hot": ("microwave", "oven"), "cold": ("fridge", "freezer"), "clean": ("sink", "dishwasher")}
DELAYS_S = (60.0, 300.0, 1800.0)
TIMES = ("07:00", "09:30", "12:00", "18:15", "23:00")


def with_random_properties(scene: Scene, rng: random.Random) -> Scene:
    """Return the home with colors, sizes, materials and owners; nothing is too big for where it is."""

    def properties(*, movable: bool) -> tuple[str, ...]:
        words = [f"{rng.choice(PEOPLE)}'s"] if movable and rng.random() < 0.15 else []
        for group, probability in (("size", 0.25 * movable), ("color", 0.6), ("material", 0.2)):
            if rng.random() < probability:
                words.append(rng.choice(sorted(scene.domain.properties[group])[:5]))
        return tuple(words)

    described = replace(
        scene,
        objects=tuple(replace(o, properties=properties(movable=True)) for o in scene.objects),
        fixtures=tuple(replace(f, properties=properties(movable=False)) for f in scene.fixtures),
        people=PEOPLE,
    )
    return _without_sizes(described, _crowded(described))


def _crowded(scene: Scene) -> set[str]:
    """Return the objects whose size may not suit their place: containers, and what is too big or too much there."""
    state = World(scene).initial()
    world = state.world
    crowded = set[str]()
    for place in set(state.place[world.n_fixtures :]):
        children = state.children(place)
        is_full = sum(world.units[i] for i in children) > world.capacity[place]
        crowded.update(world.names[i] for i in children if is_full or not world.fits(i, place))
        if place >= world.n_fixtures:
            crowded.update(world.names[i] for i in (place, *children))
    return crowded


def _without_sizes(scene: Scene, names: Iterable[str]) -> Scene:
    sizes, names = scene.domain.properties["size"], set(names)
    objects = (
        replace(o, properties=tuple(p for p in o.properties if p not in sizes)) if o.name in names else o
        for o in scene.objects
    )
    return replace(scene, objects=tuple(objects))


def draw_goal(state: State, rng: random.Random, construct: str) -> Goal | None:
    """Return a goal about a construct, which may hold already or be out of reach; None if the home has nothing for it.

    Args:
        state: The first state of an episode.
        rng: Source of randomness.
        construct: One of `ALL_CONSTRUCTS`.
    """
    return _Drawer(state, rng).goal(construct)


def draw_feasible_goal(state: State, rng: random.Random, constructs: Sequence[str] = ALL_CONSTRUCTS) -> Goal:
    """Return a goal about one of some constructs that does not hold yet and that nothing speaks against.

    Raises:
        GoalError: There is none in this home.
    """
    for _ in range(MAX_DRAWS):
        goal = draw_goal(state, rng, rng.choice(constructs))
        if goal is None:
            continue
        with_rules = with_home_rules(goal, state.world.scene)
        if not holds_at_start(with_rules, state) and not obstacle(with_rules, state):
            return goal
    raise GoalError(f"{state.world.scene.name}: no goal was found there with {' or '.join(constructs)}")


def _appliances(domain: Domain) -> dict[str, tuple[str, ...]]:
    """Return what gives things states in a domain: the usual appliances, or, if it has none, those with processes."""
    usual = {word: tuple(name for name in names if name in domain.fixtures) for word, names in APPLIANCES.items()}
    if any(usual.values()):
        return {word: names for word, names in usual.items() if names}
    return {word: process.at for process in domain.processes for word in process.set}


class _Drawer:
    def __init__(self, state: State, rng: random.Random) -> None:
        self.state, self.world, self.rng = state, state.world, rng
        self.item = rng.randrange(self.world.n_fixtures, len(self.world.names))
        self.category = self.world.categories[self.item]
        self.number = len(self.world.objects_of(self.category))

    def goal(self, construct: str) -> Goal | None:
        if construct in ("then", "after", "at"):
            return self.phases(construct)
        if construct in ("test", "rule"):
            condition = self.condition("property")
            door = self.fixture(joint=True)
            if condition is None or door is None:
                return None
            if construct == "rule":
                return Goal(phases=((condition,),), rules=(self.rule(door),))
            test = Test(condition=FixtureIs(fixture=door, states=("open",)), negated=self.rng.random() < 0.5)
            return Goal(phases=((condition,),), guards=(Guard(tests=(test,)),))
        condition = self.condition(construct)
        return None if condition is None else Goal(phases=((condition,),))

    def phases(self, construct: str) -> Goal | None:
        """Return two phases, of which the later may begin at a time."""
        first, second = self.condition("property"), _Drawer(self.state, self.rng).condition("every")
        if first is None or second is None:
            return None
        when = None
        if construct == "after":
            when = When(after_s=self.rng.choice(DELAYS_S))
        elif construct == "at":
            when = When(at=self.rng.choice(TIMES), daily=self.rng.random() < 0.5)
        return Goal(phases=((first,), (second,)), guards=(Guard(), Guard(when=when)))

    def rule(self, door: str) -> Rule:
        domain = self.world.domain
        things = [name for name in FORBIDDEN if name in domain.objects] or [*domain.objects]
        at = Place(fixture=domain.person) if domain.person is not None else self.place("rule")
        return self.rng.choice([
            Rule(skill="open", place=Place(fixture=door)),
            Rule(skill="pick up", thing=Thing(word=self.rng.choice(things))),
            Rule(condition=Count(thing=Thing(word=things[0]), place=at)),
        ])  # fmt: skip

    def fixture(self, *, joint: bool) -> str | None:
        names = [c.name for c in self.world.fixture_category if c is not None and (c.joint if joint else c.switch)]
        return self.rng.choice(names) if names else None

    def condition(self, construct: str) -> Condition | None:
        rng, state, world = self.rng, self.state, self.world
        plain, here = Thing(word=self.category), self.at(self.item)
        place = self.place(construct)
        if place is None:
            return None
        if construct in ("property", "room"):
            return Count(thing=self.thing(self.item), place=place)
        if construct in ("exactly", "at most", "more"):
            number = rng.randint(1, min(3, self.number))
            amount: dict[str, object] = {"amount": construct}
            return Count(number=number, thing=plain, place=place, **amount)  # type: ignore[arg-type]
        if construct in ("of", "all but", "half"):
            number = rng.randint(1, self.number) if construct != "half" else 0
            selection: dict[str, object] = {"selection": construct}
            return Every(number=min(3, number), thing=plain, place=place, **selection)  # type: ignore[arg-type]
        if construct == "every":
            return Every(thing=self.thing(self.item), place=place)
        if construct == "become":
            dirty = [i for i in range(world.n_fixtures, len(world.names)) if state.has(i, "dirty")]
            words = [world.categories[i] for i in dirty]
            thing = Thing(word=rng.choice(words), states=("dirty",)) if words else None
            return Every(selection="of", number=1, thing=thing, become=("clean",)) if thing else None
        if construct == "fixture":
            switched = self.fixture(joint=False)
            if switched is None:
                return None
            quantifier: dict[str, object] = {"quantifier": rng.choice(["some", "every", "no"])}
            room = next(f.room for f in world.scene.fixtures if f.category == switched)
            return FixtureIs(fixture=switched, states=(rng.choice(["on", "off"]),), room=room, **quantifier)  # type: ignore[arg-type]
        if construct == "person":
            return (
                Count(thing=self.thing(self.item), place=Place(person=rng.choice(list(world.people))))
                if world.people
                else None
            )
        if construct == "means":
            appliances = _appliances(world.domain)
            if not appliances:
                return None
            word = rng.choice(list(appliances))
            return Count(thing=Thing(word=self.category, states=(word,)), means=rng.choice(appliances[word]))
        if construct == "beside":
            other = rng.randrange(world.n_fixtures, len(world.names))
            return Count(thing=self.thing(self.item), place=Place(thing=self.thing(other), beside=True))
        if construct == "every place":
            holders = [
                i for i in range(world.n_fixtures, len(world.names)) if world.relation[i] and world.fits(self.item, i)
            ]
            words = sorted({world.categories[i] for i in holders} - {self.category})
            return Count(thing=plain, place=Place(thing=Thing(word=rng.choice(words)), every=True)) if words else None
        if here is None:
            return None
        if construct == "origin":
            thing = replace(self.thing(self.item), origin=rng.choice([here, Place(room=self.room(self.item))]))
            if rng.random() < 0.5:
                return Count(thing=thing, place=place)
            return Every(selection="of", number=1, thing=thing, place=place)
        if construct == "except":
            return Every(thing=plain, excluded=replace(plain, origin=here), place=place)
        return No(
            thing=self.thing(self.item),
            place=rng.choice([replace(here, room=self.room(self.item)), Place(room=self.room(self.item))]),
        )

    def thing(self, item: int) -> Thing:
        known = [p for p in ("Anna's", "Ben's", *self.world.domain.property_group) if p in self.world.properties[item]]
        return Thing(word=self.world.categories[item], properties=tuple(known) if self.rng.random() < 0.7 else ())

    def at(self, item: int) -> Place | None:
        root = self.state.root(item)
        return Place(fixture=self.world.categories[root]) if root >= 0 and self.world.relation[root] != "with" else None

    def room(self, item: int) -> str:
        return self.world.scene.fixtures[self.state.root(item)].room

    def place(self, construct: str) -> Place | None:
        world, rng = self.world, self.rng
        fitting = [
            f for f in range(world.n_fixtures)
            if world.relation[f] in ("on", "in") and world.fits(self.item, f) and not world.underfoot[f]
        ]  # fmt: skip
        if not fitting:
            return None
        chosen = rng.choice(fitting)
        room = world.scene.fixtures[chosen].room
        if construct == "room":
            return Place(room=room)
        place = Place(fixture=world.categories[chosen], room=room if rng.random() < 0.4 else None)
        colors = tuple(p for p in world.domain.property_group if p in world.properties[chosen])
        return replace(place, properties=colors) if rng.random() < 0.3 else place
