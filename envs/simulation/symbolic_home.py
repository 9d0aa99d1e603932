"""The symbolic world as a home that one can act in."""

from __future__ import annotations

from envs.symbolic.actions import Action, State, successor, unmet_precondition
from envs.symbolic.home_protocol import Outcome


class SymbolicHome:
    """The symbolic world as a home: every applicable action is done, in its typical duration."""

    def __init__(self, state: State) -> None:
        """Begin in a state."""
        self._state = state

    def state(self) -> State:
        """Return what is true now."""
        return self._state

    def change(self, state: State) -> None:
        """Let something else than the robot make this true."""
        self._state = state

    def execute(self, action: Action) -> Outcome:
        """Carry an action out, or fail with its unmet precondition."""
        reason = unmet_precondition(self._state, action)
        if reason is not None:
            return Outcome(status="failed", reason=reason, energy_j=None)
        self._state = successor(self._state, action)
        duration = self._state.world.domain.skills[action.skill].duration_s
        return Outcome(status="done", duration_s=duration, energy_j=None)
