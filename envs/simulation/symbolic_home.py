"""The symbolic world as a home in which actions can be executed, with a clock that counts the skills' durations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.scenes.robot_file import with_robot
from envs.symbolic.actions import Action, State, successor, unmet_precondition
from envs.symbolic.goals import DEFAULT_START, checked_seconds, parse_time
from envs.symbolic.home_protocol import Outcome

if TYPE_CHECKING:
    from envs.scenes.home_file import AnyHome
    from envs.scenes.robot_file import AnyRobot


class SymbolicHome:
    """A home without physics: every applicable action succeeds, in its typical duration.

    Args:
        home: A state, or what `envs.scenes.home_file` takes: a bundled name, a seed, a file, a scene, a home in use.
        start_time: Time of day at the start.
        robot: The robot: a robot file, the name of a bundled one, or a `Robot`; None: the one that the home has.

    Raises:
        HomeError: There is no such home.
        RobotError: There is no such robot.
        ArgumentError: The start is not a time of day.
    """

    def __init__(self, home: AnyHome, *, start_time: str = DEFAULT_START, robot: AnyRobot | None = None) -> None:
        self._time_s = parse_time(start_time)
        if not isinstance(home, State):
            from envs.scenes.home_file import state_of

            home = state_of(home, geometry=False, speaker=True)
        self._state = with_robot(home, robot)

    def state(self) -> State:
        """Return the current state."""
        return self._state

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""
        return self._time_s

    def wait(self, seconds: float) -> None:
        """Let time pass [s]; it changes nothing else, because processes act at once here.

        Raises:
            ArgumentError: It is no number of seconds, or below 0.
        """
        self._time_s += checked_seconds(seconds)

    def change(self, state: State) -> None:
        """Set the state, as if something other than the robot had changed it."""
        self._state = state

    def execute(self, action: Action) -> Outcome:
        """Execute an action, or fail with its unmet precondition."""
        reason = unmet_precondition(self._state, action)
        if reason is not None:
            return Outcome(status="failed", reason=reason, energy_j=None)
        self._state = successor(self._state, action)
        duration = self._state.world.domain.duration_s(action.skill)
        self._time_s += duration
        return Outcome(status="done", duration_s=duration, energy_j=None)
