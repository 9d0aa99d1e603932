"""Free placements in a region: poses where an object touches nothing. Pure geometry, evaluated before any motion.

Frame: the region's, its center at (0, 0), +x to the front. Legend: M candidate positions, K objects in the region.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from envs.geometry.rotations import Array

GRID_M = 0.02
MARGINS_M = (0.03, 0.015, 0.004)


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Position of an object's center, and its yaw (0 or a quarter turn), in the region's frame."""

    x: float
    y: float
    yaw: float


def free_placements(
    size: tuple[float, float],
    footprint: tuple[float, float],
    taken: Array,
    *,
    spacing: float | None = None,
    edge: float = 0.0,
    round_: bool = False,
) -> list[Placement]:
    """Return the free placements at the widest margin that allows any; those near the front and the middle come first.

    Args:
        size: Depth and width of the region [m].
        footprint: Depth and width of the object [m].
        taken: Center x, y and half depth, half width of the objects in the region, (K, 4).
        spacing: Use only this margin around objects [m], not `MARGINS_M` from wide to narrow.
        edge: How far the object may stick out of the region [m].
        round_: Whether the object covers a circle instead of a rectangle.
    """
    for margin in (spacing,) if spacing is not None else MARGINS_M:
        candidates: list[tuple[float, Placement]] = []
        for yaw, (dx, dy) in ((0.0, footprint), (pi / 2, footprint[::-1])):
            if yaw and abs(footprint[0] - footprint[1]) < 0.005:
                continue
            limit_x, limit_y = (size[0] - dx) / 2 + edge, (size[1] - dy) / 2 + edge
            if limit_x < -0.001 or limit_y < -0.001:
                continue
            xs, ys = np.meshgrid(_axis(max(0.0, limit_x)), _axis(max(0.0, limit_y)), indexing="ij")
            positions = np.stack([xs.ravel(), ys.ravel()], -1)  # (M, 2)
            if len(taken):
                gap = np.abs(positions[:, None] - taken[:, :2]) - taken[:, 2:]  # (M, K, 2)
                if round_:
                    clearance = np.linalg.norm(np.maximum(gap, 0.0), axis=-1) - dx / 2
                else:
                    clearance = (gap - np.array([dx, dy]) / 2).max(-1)
                positions = positions[(clearance >= margin).all(1)]
            preferred_x = limit_x * 0.4
            for x, y in positions.tolist():
                candidates.append(
                    (abs(x - preferred_x) + 0.6 * abs(y) + 0.05 * (yaw > 0), Placement(x=x, y=y, yaw=yaw))
                )
        if candidates:
            return [placement for _, placement in sorted(candidates, key=lambda f: f[0])]
    return []


def _axis(limit: float) -> Array:
    steps = int(limit / GRID_M)
    return np.array(sorted({0.0, limit, -limit, *(k * GRID_M for k in range(-steps, steps + 1))}))
