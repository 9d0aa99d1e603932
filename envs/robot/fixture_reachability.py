"""Check which fixtures the robot can reach, when a home is built and before any plan uses them."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.robot.reach_planning import N_STAND_ANGLES, STAND_RADII_M

if TYPE_CHECKING:
    from envs.geometry.rotations import Array
    from envs.physics.spatial_queries import SpatialQueries
    from envs.robot.base_navigation import Floor


def unreachable_fixtures(queries: SpatialQueries, floor: Floor, start: tuple[float, float]) -> dict[str, str]:
    """Return the fixtures that the robot cannot use, each with the parts that it cannot reach.

    Args:
        queries: Geometry of the home.
        floor: Where the base can go.
        start: Position of the robot, x, y [m].
    """
    costs = floor.travel_costs(start)
    problems: dict[str, str] = {}
    for name, furniture in queries.furniture.items():
        spec, category = queries.specs[name], queries.domain.fixtures[queries.specs[name].category]
        targets: dict[str, Array] = {}
        if furniture.leaves:
            origin, turn = queries.leaf_frame(name, 0, 0.0)
            targets["handle"] = origin + turn @ np.array(furniture.leaves[0].handle)
        if furniture.switch is not None:
            targets["switch"] = queries.point_of(name, furniture.switch)
        if category.region is not None:
            targets["inside" if category.enclosed else "top"] = queries.region(name).at
        missed = [part for part, point in targets.items() if not _can_be_reached(floor, costs, point, spec.yaw, part)]
        if missed:
            problems[name] = (
                f"the robot cannot reach its {' and '.join(missed)}: no free floor within {max(STAND_RADII_M)} m"
            )
    return problems


def _can_be_reached(floor: Floor, costs: Array, point: Array, yaw: float, part: str) -> bool:
    """Whether the robot can stand near enough to a point; in front of the fixture unless the part is its top."""
    angles = np.arange(N_STAND_ANGLES) * 2 * pi / N_STAND_ANGLES + yaw
    radius, angle = (a.ravel() for a in np.meshgrid(STAND_RADII_M, angles))
    positions = point[:2] + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    usable = floor.is_free(positions) & floor.no_wall_between(positions, point[:2])
    if part != "top":
        usable &= np.abs((angle - yaw + pi) % (2 * pi) - pi) < 1.6
    ij = np.clip(((positions - floor.origin) / 0.05).astype(int), 0, np.array(floor.shape) - 1)
    return bool((usable & np.isfinite(costs[ij[:, 0], ij[:, 1]])).any())
