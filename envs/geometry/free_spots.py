"""Free spots in a region: where a thing can be put so that it touches nothing. Pure geometry, chosen before moving.

Frame: the region's, its center at (0, 0), +x to the front. Legend: M candidate spots, K things that lie there.
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
    """A place for a thing's center, and the thing's yaw (0 or a quarter turn) in the region's frame."""

    x: float
    y: float
    yaw: float


def free_placements(
    size: tuple[float, float],
    item: tuple[float, float],
    taken: Array,
    *,
    spacing: float | None = None,
    edge: float = 0.0,
    round_: bool = False,
) -> list[Placement]:
    """Return free spots, the roomiest margin that has any, nearest to the front and the middle first.

    Args:
        size: Depth and width of the region [m].
        item: Depth and width of the thing [m].
        taken: Center x, y and half depth, half width of what lies there, (K, 4).
        spacing: Only this margin around things [m], instead of the usual ones from wide to narrow.
        edge: How far the thing may stick out of the region [m].
        round_: Whether the thing covers a circle rather than a rectangle.
    """
    for margin in (spacing,) if spacing is not None else MARGINS_M:
        found: list[tuple[float, Placement]] = []
        for yaw, (dx, dy) in ((0.0, item), (pi / 2, item[::-1])):
            if yaw and abs(item[0] - item[1]) < 0.005:
                continue
            rx, ry = (size[0] - dx) / 2 + edge, (size[1] - dy) / 2 + edge
            if rx < -0.001 or ry < -0.001:
                continue
            xs, ys = np.meshgrid(_axis(max(0.0, rx)), _axis(max(0.0, ry)), indexing="ij")
            spots = np.stack([xs.ravel(), ys.ravel()], -1)  # (M, 2)
            if len(taken):
                gap = np.abs(spots[:, None] - taken[:, :2]) - taken[:, 2:]  # (M, K, 2)
                if round_:
                    apart = np.linalg.norm(np.maximum(gap, 0.0), axis=-1) - dx / 2
                else:
                    apart = (gap - np.array([dx, dy]) / 2).max(-1)
                spots = spots[(apart >= margin).all(1)]
            front = rx * 0.4
            for x, y in spots.tolist():
                found.append((abs(x - front) + 0.6 * abs(y) + 0.05 * (yaw > 0), Placement(x=x, y=y, yaw=yaw)))
        if found:
            return [spot for _, spot in sorted(found, key=lambda f: f[0])]
    return []


def _axis(reach: float) -> Array:
    steps = int(reach / GRID_M)
    return np.array(sorted({0.0, reach, -reach, *(k * GRID_M for k in range(-steps, steps + 1))}))
