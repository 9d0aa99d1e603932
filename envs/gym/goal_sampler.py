"""Sample goals for a home: simple ones, or with the constructs of the goal language that are asked for.

A simple goal is to bring one object somewhere, or to switch, open or close one fixture. Simple goals are enough to
exercise an environment; the instructions that the GPT learns from come from `planner`'s corpus.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.actions import ON, OPEN
from envs.symbolic.embodiment.refusals import may_hold, robot_obstacle
from envs.symbolic.goals import Condition, Count, FixtureIs, Goal, Place, Thing
from envs.symbolic.goals.sampling import draw_feasible_goal
from envs.symbolic.scoring import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from envs.symbolic.actions import State

FIXTURE_GOAL_FRACTION = 0.2  # fraction of goals about a fixture's state, where the home offers both types


def sample_goal(state: State, rng: np.random.Generator, constructs: Sequence[str] = ()) -> Goal:
    """Return a goal that is reachable from a state and does not hold in it. Objects go where they are usually kept.

    Args:
        state: The first state of the episode.
        rng: Source of randomness.
        constructs: Some of `envs.symbolic.goals.sampling.ALL_CONSTRUCTS`; the goal is about one of them. Empty: a
            simple goal.

    Raises:
        GoalError: Nothing in the home can be moved, opened or switched, or no such goal was found.
    """
    if constructs:
        return draw_feasible_goal(state, random.Random(int(rng.integers(2**31))), constructs)
    fixture_goals = _unsatisfied(state, _fixture_goals(state))
    move_goals = _unsatisfied(state, _move_goals(state, usual=True)) or _unsatisfied(
        state, _move_goals(state, usual=False)
    )
    candidates = (
        fixture_goals if fixture_goals and (not move_goals or rng.random() < FIXTURE_GOAL_FRACTION) else move_goals
    )
    if not candidates:
        nothing = "nothing can be moved, opened or switched there"
        if others := [c for c in _all_goals(state) if c is not None and not holds(state, c, state)]:
            reason = robot_obstacle(Goal(phases=((others[0],),)), state)
            nothing = f"there is something to move, open or switch, but not for this robot: {reason}; give a `goal`"
        raise GoalError(f"{state.world.scene.name}: {nothing}")
    return Goal(phases=((candidates[int(rng.integers(len(candidates)))],),))


def _all_goals(state: State) -> list[Condition | None]:
    return [*_move_goals(state, usual=True), *_fixture_goals(state), *_move_goals(state, usual=False)]


def _fixture_goals(state: State) -> list[Condition | None]:
    return [_fixture_goal(state, fixture) for fixture in range(state.world.n_fixtures)]


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
    """Return the conditions that do not hold and that the robot could bring about."""
    unmet = [c for c in conditions if c is not None and not holds(state, c, state)]
    if not state.world.domain.has_limits:
        return unmet
    return [c for c in unmet if may_hold(c, state, state)]
