"""Disturbances: what a person, a pet or bad luck does to a home between two subtasks, the same in both worlds.

Before a subtask, with a probability, one disturbance that is possible in the state at hand is drawn: a thing is moved,
a door or drawer is opened or closed, what the robot holds drops to the ground, or a thing is put where the plan is
about to put something. In atoms it is `changed(state, disturbance)`. In physics, bodies are laid at free spots and
joints are set, after a check that nothing touches anything there and that no leaf swings through the robot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from envs.errors import HomeError
from envs.symbolic.actions import Action, State
from envs.symbolic.disturbances import KINDS, Disturbance, changed, possible

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.home_protocol import ChangeableHome, OutcomeLike

MAX_ATTEMPTS = 8  # things of a kind that are tried before another kind is


class DisturbedHome:
    """A home that does not stay as the robot left it; of either kind, with the same interface.

    Args:
        home: A `PhysicalHome`, or one whose atoms can be set.
        probability: Of a disturbance before a subtask, in [0, 1]; 0 changes nothing.
        seed: Of what is drawn, and of nothing else.

    Raises:
        HomeError: The probability is none.
    """

    def __init__(self, home: PhysicalHome | ChangeableHome, *, probability: float, seed: int = 0) -> None:
        if not 0.0 <= probability <= 1.0:
            raise HomeError(f"the probability of a disturbance is in [0, 1], found {probability}")
        self._home = home
        self._probability, self._seed = probability, seed
        self._subtasks = 0
        self._is_drawn = False  # this subtask's chance has passed
        self.made: list[Disturbance] = []

    def state(self) -> State:
        """Return what is true now."""
        return self._home.state()

    def execute(self, action: Action, on_tick: Callable[[], None] | None = None) -> OutcomeLike:
        """Carry an action out; if `disturb` was not called since the last one, it is called first."""
        if not self._is_drawn:
            self.disturb([action])
        self._is_drawn = False
        if on_tick is None:
            return self._home.execute(action)
        return cast("PhysicalHome", self._home).execute(action, on_tick)

    def disturb(self, ahead: Sequence[Action] = ()) -> Disturbance | None:
        """Let something happen, perhaps, before the next subtask; returns what.

        Args:
            ahead: What the robot is about to do.
        """
        self._is_drawn = True
        self._subtasks += 1
        rng = np.random.default_rng((self._seed, self._subtasks))  # no draw depends on how much earlier ones took
        if rng.random() >= self._probability:
            return None
        state = self._home.state()
        for k in rng.permutation(len(KINDS)).tolist():
            for attempt, disturbance in enumerate(possible(state, KINDS[k], ahead, rng)):
                if attempt == MAX_ATTEMPTS:
                    break
                applied = self._apply(state, disturbance, rng)
                if applied is not None:
                    self.made.append(applied)
                    return applied
        return None

    def _apply(self, state: State, disturbance: Disturbance, rng: np.random.Generator) -> Disturbance | None:
        if hasattr(self._home, "change"):
            self._home.change(changed(state, disturbance))
            return disturbance
        from envs.simulation.physical_disturbances import PhysicalDisturber

        return PhysicalDisturber(self._home).make(disturbance, rng)
