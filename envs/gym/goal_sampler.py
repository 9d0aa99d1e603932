"""Simple goals for a home: one thing to be brought somewhere, or one fixture to be switched, opened or closed.

Enough to exercise an environment; the instructions that the GPT learns from come from `planner`'s corpus.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.actions import ON, OPEN
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, No, Place, Thing
from envs.symbolic.scoring import holds

if TYPE_CHECKING:
    import numpy as np

    from envs.symbolic.actions import State

FIXTURE_SHARE = 0.2  # how many goals are about a fixture's state, where the home offers both kinds


def sample_goal(state: State, rng: np.random.Generator) -> Goal:
    """Return a goal that can be reached from a state and does not hold in it: things go where they are usually kept.

    Raises:
        GoalError: The home offers none: nothing can be moved, opened or switched.
    """
    turns = _undone(state, [_turned(state, f) for f in range(state.world.n_fixtures)])
    moves = _undone(state, _moves(state, usual=True)) or _undone(state, _moves(state, usual=False))
    offered = turns if turns and (not moves or rng.random() < FIXTURE_SHARE) else moves
    if not offered:
        raise GoalError(f"{state.world.scene.name}: nothing can be moved, opened or switched there")
    return Goal(phases=((offered[int(rng.integers(len(offered)))],),))


def named(goal: Goal) -> tuple[Counter[str], Counter[str]]:
    """Return the fixtures and the objects that a goal names, with the numbers that it asks for."""
    fixtures: Counter[str] = Counter()
    objects: Counter[str] = Counter()
    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            kind = load_domain().resolve_fixture(condition.fixture, condition.state)[0]  # of a class, one will do
            fixtures[kind] = max(fixtures[kind], 1)
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


def _turned(state: State, fixture: int) -> Condition | None:
    """The state that a fixture is not in and can be brought to."""
    kind = state.world.fixture_category[fixture]
    if kind is None or (kind.joint is None and not kind.switch):
        return None
    if kind.joint is not None:
        word = "closed" if state.flags[fixture] & OPEN else "open"
    else:
        word = "off" if state.flags[fixture] & ON else "on"
    return FixtureIs(fixture=kind.name, state=word)


def _moves(state: State, *, usual: bool) -> list[Condition | None]:
    """Each category of thing at each category of fixture that it fits and that has room (and that is usual for it)."""
    world = state.world
    found: dict[Condition | None, None] = {}  # an ordered set
    for place in range(world.n_fixtures):
        where = world.categories[place]
        taken = sum(world.units[i] for i in state.children(place))
        for i in range(world.n_fixtures, len(world.names)):
            kind = world.object_category[i]
            if kind is None or (usual and where not in kind.at) or not world.fits(i, place):
                continue
            if not taken or taken + kind.units <= world.capacity[place]:
                found[Count(thing=Thing(word=kind.name), place=Place(fixture=where))] = None
    return list(found)


def _undone(state: State, conditions: list[Condition | None]) -> list[Condition]:
    return [c for c in conditions if c is not None and not holds(state, c, state)]
