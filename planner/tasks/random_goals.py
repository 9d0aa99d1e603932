"""Random goals over every construct of the goal language, in sampled homes with random properties; some are crowded.

They are given as goals, without instructions: for what plans, not for what reads.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import (
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
)
from envs.symbolic.scene import Scene
from envs.symbolic.state import State, World
from planner.tasks import crowded_goals

DOMAIN = load_domain()
PEOPLE = ("Anna", "Ben")
GOALS_PER_HOME = 10
CONSTRUCTS = (
    "property", "room", "origin", "exactly", "at most", "more", "of", "all but", "half", "every", "except", "no",
    "become", "fixture", "person", "beside", "every place", "means", "test", "rule", *crowded_goals.CONSTRUCTS,
)  # fmt: skip
APPLIANCES = {"hot": ("microwave", "oven"), "cold": ("fridge", "freezer"), "clean": ("sink", "dishwasher")}


class Drawn(NamedTuple):
    """A goal, the construct that it is about, and the state of the home."""

    construct: str
    goal: Goal
    state: State


def random_goals(number: int, seed: int) -> Iterator[Drawn]:
    """Yield goals; the same for the same seed."""
    rng = random.Random(seed)
    state, drawn = None, 0
    for i in range(50 * number):
        if state is None or i % GOALS_PER_HOME == 0:
            scene = sample_scene(rng.randrange(2**31), geometry=False)
            scene = with_random_properties(scene, rng)
            state = World(scene).initial()
        construct = CONSTRUCTS[rng.randrange(len(CONSTRUCTS))]
        if construct in crowded_goals.CONSTRUCTS:
            crowd = crowded_goals.crowded(construct, scene, rng)
            drawn_goal = None if crowd is None else Drawn(construct, Goal(phases=((crowd[1],),)), crowd[0])
        else:
            goal = _Drawer(state, rng).goal(construct)
            drawn_goal = None if goal is None else Drawn(construct, goal, state)
        if drawn_goal is not None:
            yield drawn_goal
            drawn += 1
            if drawn == number:
                return


def with_random_properties(scene: Scene, rng: random.Random) -> Scene:
    """Return the home with colors, sizes, materials and owners."""

    def properties(*, movable: bool) -> tuple[str, ...]:
        words = [f"{rng.choice(PEOPLE)}'s"] if movable and rng.random() < 0.15 else []
        for group, probability in (("size", 0.25 * movable), ("color", 0.6), ("material", 0.2)):
            if rng.random() < probability:
                words.append(rng.choice(sorted(DOMAIN.properties[group])[:5]))
        return tuple(words)

    return replace(
        scene,
        objects=tuple(replace(o, properties=properties(movable=True)) for o in scene.objects),
        fixtures=tuple(replace(f, properties=properties(movable=False)) for f in scene.fixtures),
        people=PEOPLE,
    )


class _Drawer:
    def __init__(self, state: State, rng: random.Random) -> None:
        self.state, self.world, self.rng = state, state.world, rng
        self.item = rng.randrange(self.world.n_fixtures, len(self.world.names))
        self.category = self.world.categories[self.item]
        self.number = len(self.world.objects_of(self.category))

    def goal(self, construct: str) -> Goal | None:
        if construct in ("test", "rule"):
            condition = self.condition("property")
            if condition is None:
                return None
            door = self.fixture(joint=True)
            if construct == "rule":
                return Goal(phases=((condition,),), rules=(self.rule(door),))
            test = Test(condition=FixtureIs(fixture=door, states=("open",)), negated=self.rng.random() < 0.5)
            return Goal(phases=((condition,),), guards=(Guard(tests=(test,)),))
        condition = self.condition(construct)
        return None if condition is None else Goal(phases=((condition,),))

    def rule(self, door: str) -> Rule:
        return self.rng.choice([
            Rule(skill="open", place=Place(fixture=door)),
            Rule(skill="pick up", thing=Thing(word=self.rng.choice(["knife", "book", "glass"]))),
            Rule(condition=Count(thing=Thing(word="knife"), place=Place(fixture="person"))),
        ])  # fmt: skip

    def fixture(self, *, joint: bool) -> str:
        names = [c.name for c in self.world.fixture_category if c is not None and (c.joint if joint else c.switch)]
        return self.rng.choice(names)

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
            word = rng.choice(list(APPLIANCES))
            return Count(thing=Thing(word=self.category, states=(word,)), means=rng.choice(APPLIANCES[word]))
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
        known = [p for p in ("Anna's", "Ben's", *DOMAIN.property_group) if p in self.world.properties[item]]
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
        colors = tuple(p for p in DOMAIN.property_group if p in world.properties[chosen])
        return replace(place, properties=colors) if rng.random() < 0.3 else place
