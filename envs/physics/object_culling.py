"""What lies still far from the robot is taken out of the simulation, and put back when the robot comes near.

A thing that sleeps costs the engine about a microsecond a tick, and the robot 50: in a home of a hundred things most of
the time would go by for what nothing touches. What is taken out stays where it is for whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from envs.physics.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from envs.geometry.bodies import Quat
    from envs.symbolic.domain import Vec3

NEAR_M = 1.9  # of the base, within which everything is simulated: arm and cargo reach 1.3, it drives 0.25 between looks
FAR_M = 2.3  # beyond it what lies still is parked
NEIGHBOR_M = 0.8  # what is so near to a thing that moves stays too: it may be what that thing falls on


class ObjectCulling:
    """Parks the things of one home.

    Args:
        engine: Where they are.
        names: The things.
    """

    def __init__(self, engine: Engine, names: Sequence[str]) -> None:
        self._engine = engine
        self._names = tuple(names)
        self._positions = np.array([engine.pose(name)[0] for name in names]).reshape(-1, 3)  # at the last look
        self._restored: dict[str, tuple[Vec3, Quat]] = {}  # what has come back since, and where it lay

    def update(self, base_position: NDArray[np.float64], carried: Collection[str] = ()) -> None:
        """Take out and put back.

        Args:
            around: Where the robot's base is, (2,).
            held: What the robot carries: it stays, were it lost on the way and lying still.
        """
        engine = self._engine
        if engine.has_window:  # a window shows what the engine has
            return
        for name, pose in self._restored.items():
            engine.place(name, *pose)
        self._restored.clear()
        distance = np.hypot(*(self._positions[:, :2] - base_position).T)
        simulated = np.array([name not in engine.parked for name in self._names], dtype=bool)
        for k in np.flatnonzero(~simulated & (distance < NEAR_M)):
            name = self._names[k]
            self._restored[name] = engine.pose(name)
            engine.unpark(name)
        moved = np.zeros(len(self._names), dtype=bool)
        for k in np.flatnonzero(simulated):
            position = engine.pose(self._names[k])[0]
            moved[k] = tuple(self._positions[k]) != position or self._names[k] in carried
            self._positions[k] = position
        at_rest = np.flatnonzero(simulated & ~moved & (distance > FAR_M))
        if not len(at_rest):
            return
        moving_positions = self._positions[moved][:, :2]
        for k in at_rest:
            if not len(moving_positions) or np.hypot(*(moving_positions - self._positions[k, :2]).T).min() > NEIGHBOR_M:
                engine.park(self._names[k])
