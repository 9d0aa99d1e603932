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
        at: Middle of its floor [m], (3,).
        yaw: Of its front [rad].
        size: Depth, width, height [m].
        vessel: It belongs to an open movable container, in which long objects stand.
        loose: It is a plate: objects may stick out.
        enclosed: It is reached through a door.
        covered: Something is right above it, so it is reached from the front.
        carried: It is in a drawer that slides out.
        walled: It has walls around it, so it is reached from above, between them.
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
        """Return the closed sides of a covered region as (x, y, half depth, half width); the front is open."""
        if not self.covered:
            return np.zeros((0, 4))
        x, y = self.size[0] / 2, self.size[1] / 2
        return np.array([(-x - 1.0, 0.0, 1.0, y + 2.0), (0.0, -y - 1.0, x + 2.0, 1.0), (0.0, y + 1.0, x + 2.0, 1.0)])

    def edge(self, size: Sequence[float]) -> float:
        """Return how far an object of this size may stick out [m]."""
        return max(0.0, (max(size[0], size[1]) - min(self.size[:2])) / 2) if self.loose else 0.0
