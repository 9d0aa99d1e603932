"""Sample simple goals for a home: bring one object somewhere, or switch, open or close one fixture.

They are enough to exercise an environment; the instructions that the GPT learns from come from `planner`'s corpus.
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

FIXTURE_GOAL_FRACTION = 0.2  # fraction of goals about a fixture's state, where the home offers both types


def sample_goal(state: State, rng: np.random.Generator) -> Goal:
    """Return a goal that is reachable from a state and does not hold in it. Objects go where they are usually kept.

    Raises:
        GoalError: Nothing in the home can be moved, opened or switched.
    """
    fixture_goals = _unsatisfied(state, [_fixture_goal(state, fixture) for fixture in range(state.world.n_fixtures)])
    move_goals = _unsatisfied(state, _move_goals(state, usual=True)) or _unsatisfied(
        state, _move_goals(state, usual=False)
    )
    candidates = (
        fixture_goals if fixture_goals and (not move_goals or rng.random() < FIXTURE_GOAL_FRACTION) else move_goals
    )
    if not candidates:
        raise GoalError(f"{state.world.scene.name}: nothing can be moved, opened or switched there")
    return Goal(phases=((candidates[int(rng.integers(len(candidates)))],),))


def required_entities(goal: Goal) -> tuple[Counter[str], Counter[str]]:
    """Count the fixtures and the objects that a home must have for a goal, by category."""
    fixtures: Counter[str] = Counter()
    objects: Counter[str] = Counter()
    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            category = load_domain().resolve_fixture(condition.fixture, condition.states[0])[
                0
            ]  # one fixture of a class is enough
            fixtures[category] = max(fixtures[category], 1)
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


def _fixture_goal(state: State, fixture: int) -> Condition | None:
    """The state that a fixture is not in but can be brought to."""
    category = state.world.fixture_category[fixture]
    if category is None or (category.joint is None and not category.switch):
        return None
    if category.joint is not None:
        word = "closed" if state.flags[fixture] & OPEN else "open"
    else:
        word = "off" if state.flags[fixture] & ON else "on"
    return FixtureIs(fixture=category.name, states=(word,))


def _move_goals(state: State, *, usual: bool) -> list[Condition | None]:
    """Each object category at each fixture category where it fits, has room and, if `usual`, is usually kept."""
    world = state.world
    goals: dict[Condition | None, None] = {}  # a dict as an ordered set
    for place in range(world.n_fixtures):
        place_category = world.categories[place]
        used_units = sum(world.units[obj] for obj in state.children(place))
        for obj in range(world.n_fixtures, len(world.names)):
            category = world.object_category[obj]
            if category is None or (usual and place_category not in category.at) or not world.fits(obj, place):
                continue
            if not used_units or used_units + category.units <= world.capacity[place]:
                goals[Count(thing=Thing(word=category.name), place=Place(fixture=place_category))] = None
    return list(goals)


def _unsatisfied(state: State, conditions: list[Condition | None]) -> list[Condition]:
    return [c for c in conditions if c is not None and not holds(state, c, state)]
