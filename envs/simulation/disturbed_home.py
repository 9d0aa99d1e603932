"""Wrap a symbolic or physical home so that a person, a pet or bad luck changes it between two subtasks.

Before a subtask, with a probability, one disturbance that is possible in the current state is drawn: an object is
moved, a door or drawer is opened or closed, the held object drops to the ground, or an object is put where the plan is
about to put another. A symbolic home gets `disturbed_state(state, disturbance)`. In physics, bodies are placed
at free spots and joints are set, after a check that nothing there is touched and that no leaf swings through the robot.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from envs.errors import HomeError
from envs.symbolic.actions import Action, State
from envs.symbolic.disturbances import DISTURBANCE_TYPES, Disturbance, disturbed_state, possible_disturbances
from envs.symbolic.home_protocol import pursue

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.goals import Goal
    from envs.symbolic.home_protocol import ChangeableHome, OutcomeLike, TimedHome

MAX_ATTEMPTS = 8  # disturbances of one type that are tried before another type


class DisturbedHome:
    """A home that changes by itself, with the interface of the home that it wraps.

    Args:
        home: A `PhysicalHome`, or a home whose state can be set.
        probability: Probability of a disturbance before a subtask, in [0, 1]; 0 changes nothing.
        seed: Seed of the disturbances.

    Raises:
        HomeError: The probability is not in [0, 1].
    """

    def __init__(self, home: PhysicalHome | ChangeableHome, *, probability: float, seed: int = 0) -> None:
        if not 0.0 <= probability <= 1.0:
            raise HomeError(f"the probability of a disturbance must be in [0, 1], found {probability}")
        self._home = home
        self._probability, self._seed = probability, seed
        self._subtasks = 0
        self._is_drawn = False  # whether this subtask's disturbance was drawn
        self.made: list[Disturbance] = []

    def __copy__(self) -> DisturbedHome:
        """Return a deep copy, which draws the same disturbances: two cannot share a home."""
        return copy.deepcopy(self)

    def state(self) -> State:
        """Return what is true now."""
        return self._home.state()

    @property
    def time_s(self) -> float:
        """The time [s] of the wrapped home, since midnight of the first day."""
        return cast("TimedHome", self._home).time_s

    def wait(self, seconds: float) -> None:
        """Let time pass [s] in the wrapped home."""
        cast("TimedHome", self._home).wait(seconds)

    def execute(self, action: Action, on_tick: Callable[[], None] | None = None) -> OutcomeLike:
        """Execute an action; `disturb` is called first unless it was called since the last action."""
        if not self._is_drawn:
            self.disturb([action])
        self._is_drawn = False
        if on_tick is None:
            return self._home.execute(action)
        return cast("PhysicalHome", self._home).execute(action, on_tick)

    def pursue(self, goal: Goal | None, initial_state: State) -> None:
        """Tell the wrapped home the goal."""
        pursue(self._home, goal, initial_state)

    def disturb(self, ahead: Sequence[Action] = ()) -> Disturbance | None:
        """Draw whether to disturb the home before the next subtask; return the applied disturbance, or None.

        Args:
            ahead: What the robot is about to do.
        """
        self._is_drawn = True
        self._subtasks += 1
        # One generator for each subtask: a draw does not depend on how many numbers earlier draws used.
        rng = np.random.default_rng((self._seed, self._subtasks))
        if rng.random() >= self._probability:
            return None
        state = self._home.state()
        for k in rng.permutation(len(DISTURBANCE_TYPES)).tolist():
            for attempt, disturbance in enumerate(possible_disturbances(state, DISTURBANCE_TYPES[k], ahead, rng)):
                if attempt == MAX_ATTEMPTS:
                    break
                applied = self._apply(state, disturbance, rng)
                if applied is not None:
                    self.made.append(applied)
                    return applied
        return None

    def _apply(self, state: State, disturbance: Disturbance, rng: np.random.Generator) -> Disturbance | None:
        if hasattr(self._home, "change"):
            self._home.change(disturbed_state(state, disturbance))
            return disturbance
        from envs.simulation.physical_disturbances import PhysicalDisturber

        return PhysicalDisturber(self._home).make(disturbance, rng)
