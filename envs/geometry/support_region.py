"""Support regions: where objects stand in or on a fixture or container, at its current pose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.rotations import Array

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class SupportRegion:
    """The region of a fixture or container at its current pose.

    Attributes:
        at: Center of its floor [m], (3,).
        yaw: Direction of its front [rad].
        size: Depth, width, height [m].
        vessel: Whether it is inside a movable container such as a cup, in which long objects stand on end.
        loose: Whether it is on top of a movable container such as a plate, whose edge objects may overhang.
        enclosed: Whether it is behind a door or flap.
        covered: Whether something is right above it, so that the hand reaches it from the front.
        carried: Whether it is in a drawer and moves with it.
        walled: Whether it has walls around it, so that the hand reaches it from above, between them.
    """

    name: str
    at: Array
    yaw: float
    size: tuple[float, float, float]
    relation: str
    vessel: bool = False
    loose: bool = False
    enclosed: bool = False
    covered: bool = False
    carried: bool = False
    walled: bool = False

    def point(self, x: float, y: float, z: float) -> Array:
        """Transform a point from the region's frame to the home's, (3,)."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        home_point: Array = self.at + np.array([c * x - s * y, s * x + c * y, z])
        return home_point

    def local(self, point: Array) -> Array:
        """Transform a point from the home's frame to the region's, (3,)."""
        d = point - self.at
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return np.array([c * d[0] + s * d[1], -s * d[0] + c * d[1], d[2]])

    def walls(self) -> Array:
        """Return rectangles (x, y, half depth, half width) behind and beside a covered region; the front is open."""
        if not self.covered:
            return np.zeros((0, 4))
        x, y = self.size[0] / 2, self.size[1] / 2
        return np.array([(-x - 1.0, 0.0, 1.0, y + 2.0), (0.0, -y - 1.0, x + 2.0, 1.0), (0.0, y + 1.0, x + 2.0, 1.0)])

    def edge(self, size: Sequence[float]) -> float:
        """Return how far an object of this size may stick out [m]."""
        return max(0.0, (max(size[0], size[1]) - min(self.size[:2])) / 2) if self.loose else 0.0
