"""Take objects at rest far from the robot out of the simulation, and put them back when the robot comes near.

A sleeping object costs the engine about a microsecond per tick, and the robot 50: in a home of a hundred objects most
of the time would be spent on objects that nothing touches. The pose of a parked object can still be read.
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

NEAR_M = (
    1.9  # distance to the base within which all is simulated: arm and cargo reach 1.3, it drives 0.25 between updates
)
FAR_M = 2.3  # beyond this distance, objects at rest are parked
NEIGHBOR_M = 0.8  # objects this near to a moving one stay too: it may fall on them


class ObjectCulling:
    """Parks and restores the objects of one home.

    Args:
        engine: The simulated world.
        names: The objects.
    """

    def __init__(self, engine: Engine, names: Sequence[str]) -> None:
        self._engine = engine
        self._names = tuple(names)
        self._positions = np.array([engine.pose(name)[0] for name in names]).reshape(-1, 3)  # at the last update
        self._restored: dict[str, tuple[Vec3, Quat]] = {}  # objects restored since, and where they lay

    def keep_in_place(self) -> None:
        """Call it when the engine has rebuilt the objects that sleep: the next tick may move them, as restored ones."""
        self._restored |= {name: self._engine.pose(name) for name in self._names if self._engine.is_asleep(name)}

    def update(self, base_position: NDArray[np.float64], carried: Collection[str] = ()) -> None:
        """Park objects at rest far from the robot and restore those that are near.

        Args:
            base_position: Position of the robot's base, (2,).
            carried: Objects that the robot carries: they stay, even if they were dropped on the way and lie still.
        """
        engine = self._engine
        if engine.has_window:  # the window shows only what is simulated
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
