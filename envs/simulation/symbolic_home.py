"""The symbolic world as a home in which actions can be executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.actions import Action, State, successor, unmet_precondition
from envs.symbolic.home_protocol import Outcome

if TYPE_CHECKING:
    from envs.scenes.home_file import AnyHome


class SymbolicHome:
    """A home without physics: every applicable action succeeds, in its typical duration.

    Args:
        home: A state, or what `envs.scenes.home_file` takes: a bundled name, a seed, a file, a scene, a home in use.

    Raises:
        HomeError: There is no such home.
    """

    def __init__(self, home: AnyHome) -> None:
        if not isinstance(home, State):
            from envs.scenes.home_file import state_of

            home = state_of(home, geometry=False, speaker=True)
        self._state = home

    def state(self) -> State:
        """Return the current state."""
        return self._state

    def change(self, state: State) -> None:
        """Set the state, as if something other than the robot had changed it."""
        self._state = state

    def execute(self, action: Action) -> Outcome:
        """Execute an action, or fail with its unmet precondition."""
        reason = unmet_precondition(self._state, action)
        if reason is not None:
            return Outcome(status="failed", reason=reason, energy_j=None)
        self._state = successor(self._state, action)
        duration = self._state.world.domain.skills[action.skill].duration_s
        return Outcome(status="done", duration_s=duration, energy_j=None)
