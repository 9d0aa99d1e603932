"""Open the home of a plan: the state of whatever names a home (`envs/scenes/home_file.py`), or a home to act in.

Heavy modules are imported inside functions, so that `-h` starts fast.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from planner.errors import PlannerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.scenes.home_file import AnyHome, HomeInUse
    from envs.scenes.robot_file import AnyRobot
    from envs.symbolic.domain import Domain
    from envs.symbolic.home_protocol import Home
    from envs.symbolic.state import State


def open_home(home: AnyHome, *, geometry: bool = True, domain: Domain | None = None) -> State:
    """Return the state that a plan starts in: the given or current state, or the initial state of a scene.

    Who gives instructions is in the home: a scene without a person gets one. A given or current state stays as it is.

    Args:
        home: A bundled name, a seed (also as text), a file, a scene, a state, or a running home: a `PhysicalHome`, a
            `SymbolicHome`, or one of our gymnasium environments.
        geometry: Whether a file or a seed gets a floor plan; only the physical world needs it.
        domain: The domain of a seed, and of a file that names none; None: the default domain.

    Raises:
        PlannerError: There is no such home.
        HomeError: The file is not a valid home.
    """
    from envs.errors import HomeNameError
    from envs.scenes.home_file import state_of

    try:
        return state_of(home, geometry=geometry, speaker=True, domain=domain)
    except HomeNameError as error:
        raise PlannerError(str(error)) from None


def with_robot(state: State, robot: AnyRobot | None) -> State:
    """Return the state of a home with a robot: a robot file, the name of a bundled one, or a `Robot`.

    Raises:
        RobotError: There is no such robot, or its file is wrong.
    """
    if robot is None:
        return state
    from envs.scenes import robot_file

    return robot_file.with_robot(state, robot)


def with_rules(state: State, rules: Sequence[str]) -> State:
    """Return the state of a home that has further rules, such as `never knife with person`.

    Raises:
        GoalError: A rule does not parse.
    """
    if not rules:
        return state
    from envs.symbolic.goals import format_rule, parse_rule
    from envs.symbolic.state import World

    scene = state.world.scene
    texts = tuple(format_rule(parse_rule(rule, scene=scene)) for rule in rules)
    return state._replace(world=World(replace(scene, rules=(*scene.rules, *texts))))


def in_use(home: HomeInUse) -> Home:
    """Return a running home as a `Home`, in which actions can be executed.

    Raises:
        PlannerError: It is neither one of our homes nor one of our environments.
    """
    if hasattr(home, "state") and hasattr(home, "execute"):
        return home
    if hasattr(home, "unwrapped"):
        from envs.gym.home_adapter import EnvHome
        from envs.gym.home_env import HomeEnv

        if isinstance(home.unwrapped, HomeEnv):
            return EnvHome(home)
    from envs.errors import quoted

    raise PlannerError(
        "plans are executed in a PhysicalHome, a SymbolicHome (such as SymbolicHome('studio')) or one of our "
        f"environments, not in {quoted(home)}"
    )
