"""An environment of `envs.gym.home_env`, wrapped or not, as a home that plans are carried out in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from envs.gym.home_env import HomeEnv
from envs.symbolic.actions import format_action
from envs.symbolic.home_protocol import Outcome

if TYPE_CHECKING:
    import gymnasium

    from envs.symbolic.actions import Action, State


class EnvHome:
    """Each action is one `step` of the environment, wrappers included, so what they record and count they see.

    The environment is to be reset first. Once it has truncated its episode, no action is done any more; its own goal
    need not be the plan's, so reaching that one ends nothing.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        """Take an environment whose `unwrapped` is a `HomeEnv`."""
        self._env = env
        self._home = cast("HomeEnv", env.unwrapped)
        self._is_truncated = False

    def state(self) -> State:
        """Return what is true now.

        Raises:
            ResetNeeded: The environment was not reset.
        """
        return self._home.home_state()

    def execute(self, action: Action) -> Outcome:
        """Carry an action out by a step of the environment."""
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
