"""Which parts of a home the robot can get to, found when the home is compiled, before anybody plans to use them."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.robot.reach_planning import ANGLES, RADII_M

if TYPE_CHECKING:
    from envs.geometry.rotations import Array
    from envs.physics.spatial_queries import SpatialQueries
    from envs.robot.base_navigation import Floor


def unreachable(queries: SpatialQueries, floor: Floor, start: tuple[float, float]) -> dict[str, str]:
    """Return the fixtures that the robot cannot use, and what it cannot get to.

    Args:
        places: Where everything is.
        floor: Where the base can go.
        start: Where the robot stands, x, y [m].
    """
    far = floor.travel_costs(start)
    found: dict[str, str] = {}
    for name, made in queries.furniture.items():
        spec, category = queries.specs[name], queries.domain.fixtures[queries.specs[name].category]
        targets: dict[str, Array] = {}
        if made.leaves:
            at, turn = queries.leaf_frame(name, 0, 0.0)
            targets["handle"] = at + turn @ np.array(made.leaves[0].handle)
        if made.switch is not None:
            targets["switch"] = queries.point_of(name, made.switch)
        if category.region is not None:
            targets["inside" if category.enclosed else "top"] = queries.region(name).at
        lost = [part for part, point in targets.items() if not _can_stand(floor, far, point, spec.yaw, part)]
        if lost:
            found[name] = f"the robot cannot get to its {' and '.join(lost)}: no free floor within {max(RADII_M)} m"
    return found


def _can_stand(floor: Floor, far: Array, point: Array, yaw: float, part: str) -> bool:
    """Whether there is a place from which an arm reaches a point; from the front, where only that will do."""
    angles = np.arange(ANGLES) * 2 * pi / ANGLES + yaw
    radius, angle = (a.ravel() for a in np.meshgrid(RADII_M, angles))
    spots = point[:2] + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    ok = floor.is_free(spots) & floor.no_wall_between(spots, point[:2])
    if part != "top":
        ok &= np.abs((angle - yaw + pi) % (2 * pi) - pi) < 1.6
    ij = np.clip(((spots - floor.origin) / 0.05).astype(int), 0, np.array(floor.shape) - 1)
    return bool((ok & np.isfinite(far[ij[:, 0], ij[:, 1]])).any())
