"""Regions: where things stand in or on a fixture or container, as it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.rotations import Array

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class SupportRegion:
    """The region of a fixture or container as it stands now.

    Attributes:
        at: Middle of its floor [m], (3,).
        yaw: Of its front [rad].
        size: Depth, width, height [m].
        vessel: An open movable container, in which long things stand.
        loose: A plate: things may stick out.
        enclosed: Reached through a door.
        covered: Something is right above it: reached from the front.
        carried: By a drawer that slides out.
        walled: Walls stand around it: reached from above, between them.
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
        """A point of the region's frame in the home's, (3,)."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        made: Array = self.at + np.array([c * x - s * y, s * x + c * y, z])
        return made

    def local(self, point: Array) -> Array:
        """A point of the home's frame in the region's, (3,)."""
        d = point - self.at
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return np.array([c * d[0] + s * d[1], -s * d[0] + c * d[1], d[2]])

    def walls(self) -> Array:
        """Rectangles x, y, half depth, half width beside the region that are shut: a cupboard's but for the front."""
        if not self.covered:
            return np.zeros((0, 4))
        x, y = self.size[0] / 2, self.size[1] / 2
        return np.array([(-x - 1.0, 0.0, 1.0, y + 2.0), (0.0, -y - 1.0, x + 2.0, 1.0), (0.0, y + 1.0, x + 2.0, 1.0)])

    def edge(self, size: Sequence[float]) -> float:
        """How far a thing of this size may stick out [m]."""
        return max(0.0, (max(size[0], size[1]) - min(self.size[:2])) / 2) if self.loose else 0.0
