"""Simple goals for a home: one thing to be brought somewhere, or one fixture to be switched, opened or closed.

Enough to exercise an environment; the instructions that the GPT learns from come from `planner`'s corpus.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.goals import Condition, Count, Every, FixtureIs, Goal, No, Place, Thing
from envs.scoring import holds
from envs.state import ON, OPEN

if TYPE_CHECKING:
    import numpy as np

    from envs.state import State

FIXTURE_SHARE = 0.2  # how many goals are about a fixture's state, where the home has such a fixture
TRIES = 200


def sample_goal(state: State, rng: np.random.Generator) -> Goal:
    """Return a goal that can be reached from a state and does not hold in it.

    Raises:
        GoalError: The home offers none: nothing can be moved, opened or switched.
    """
    world = state.world
    things = range(world.n_fixtures, len(world.names))
    places = [f for f in range(world.n_fixtures) if world.relation[f] is not None]
    usable = [f for f in range(world.n_fixtures) if _turned(state, f) is not None]
    for _ in range(TRIES):
        about_fixture = bool(usable) and (not things or rng.random() < FIXTURE_SHARE)
        condition: Condition | None = None
        if about_fixture:
            condition = _turned(state, usable[rng.integers(len(usable))])
        elif things and places:
            thing, place = things[rng.integers(len(things))], places[rng.integers(len(places))]
            if world.fits(thing, place) and _has_room(state, thing, place):
                where = Place(fixture=world.categories[place])
                condition = Count(thing=Thing(word=world.categories[thing]), place=where)
        if condition is not None and not holds(state, condition, state):
            return Goal(phases=((condition,),))
    raise GoalError(f"{world.scene.name}: no goal was found that does not hold already")


def named(goal: Goal) -> tuple[Counter[str], Counter[str]]:
    """Return the fixtures and the objects that a goal names, with the numbers that it asks for."""
    fixtures: Counter[str] = Counter()
    objects: Counter[str] = Counter()
    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            fixtures[condition.fixture] = max(fixtures[condition.fixture], 1)
            continue
        if isinstance(condition, No):
            continue
        number = condition.number if isinstance(condition, Count) else 1
        objects[condition.thing.word] = max(objects[condition.thing.word], number)
        place = condition.place if isinstance(condition, Count | Every) else None
        while place is not None:
            if place.fixture is not None:
                fixtures[place.fixture] = max(fixtures[place.fixture], 1)
            elif place.thing is not None:
                objects[place.thing.word] = max(objects[place.thing.word], 1)
            place = place.inside
    return fixtures, objects


def _turned(state: State, fixture: int) -> FixtureIs | None:
    """The state that a fixture is not in and can be brought to."""
    kind = state.world.fixture[fixture]
    if kind is None or (kind.joint is None and not kind.switch):
        return None
    if kind.joint is not None:
        word = "closed" if state.flags[fixture] & OPEN else "open"
    else:
        word = "off" if state.flags[fixture] & ON else "on"
    return FixtureIs(fixture=kind.name, state=word)


def _has_room(state: State, thing: int, place: int) -> bool:
    world = state.world
    others = state.children(place)
    return not others or world.units[thing] + sum(world.units[i] for i in others) <= world.capacity[place]
