"""Use an environment of `envs.gym.home_env`, wrapped or not, as a home in which plans are executed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from envs.errors import ArgumentError, quoted
from envs.gym.home_env import HomeEnv
from envs.symbolic.actions import format_action
from envs.symbolic.home_protocol import Outcome

if TYPE_CHECKING:
    import gymnasium

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal


class EnvHome:
    """A home in which each action is one `step` of the environment, so that wrappers record and count it.

    Reset the environment first. After the environment has truncated its episode, every action fails. The environment's
    own goal may differ from the plan's, so reaching it ends nothing.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        """Take an environment whose `unwrapped` is a `HomeEnv`.

        Raises:
            ArgumentError: It is another environment.
        """
        home = getattr(env, "unwrapped", None)
        if not isinstance(home, HomeEnv):
            raise ArgumentError(f"plans are executed in HomeSymbolic-v0 or HomePhysics-v0, not in {quoted(env)}")
        self._env, self._home = env, home
        home.goes_on_after_goal = True
        self._is_truncated = False

    def __copy__(self) -> EnvHome:
        """Return an adapter of a copied environment: two cannot share one."""
        return copy.deepcopy(self)

    def state(self) -> State:
        """Return the current state.

        Raises:
            ResetNeeded: The environment was not reset.
        """
        return self._home.home_state()

    def pursue(self, goal: Goal | None, initial_state: State) -> None:
        """Tell the environment's home the goal of the plan."""
        self._home.pursue(goal, initial_state)

    @property
    def time_s(self) -> float:
        """The time [s] of the environment, since midnight of the first day."""
        return self._home.time_s

    def wait(self, seconds: float) -> None:
        """Let time pass [s] without a step."""
        self._home.wait(seconds)

    def execute(self, action: Action) -> Outcome:
        """Execute an action by a step of the environment."""
        if self._is_truncated:
            reason = "the environment has truncated its episode; one with a larger max_steps goes on"
            return Outcome(status="failed", reason=reason, energy_j=None)
        world = self.state().world
        *_, self._is_truncated, info = self._env.step(self._home.encode(format_action(world, action)))
        outcome = info["outcome"]
        return Outcome(
            status="done" if outcome["status"] == "done" else "failed",
            reason=info["unmet"] or outcome["reason"], duration_s=outcome["duration_s"],
            collisions=outcome["collisions"], energy_j=None, blocked_by=outcome["blocked_by"],
        )  # fmt: skip
