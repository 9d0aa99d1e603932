"""The skill `go to`: drive the robot to a free position in front of a fixture, facing it."""

from __future__ import annotations

from math import pi

import numpy as np

from envs.geometry.rotations import turn_z
from envs.robot.motion_primitives import AVOIDED_M, MotionPrimitives, SkillError

STAND_M = 0.55  # in front of a fixture


def go_to(cell: MotionPrimitives, name: str) -> None:
    """Stand in front of a fixture, or at any side of a floor, looking at it.

    Raises:
        SkillError: There is no way.
    """
    spec = cell.places.specs[name]
    depth = cell.places.domain.fixtures[spec.category].size[0] / 2
    cell.focus = cell.places.point_of(name, (depth, 0.0, 0.8))
    sides = (0.0, pi / 2, pi, -pi / 2) if cell.places.domain.fixtures[spec.category].underfoot else (0.0,)
    spots = [
        (side, cell.places.point_of(name, (turn_z(side) @ (depth + out, y, 0.0)).tolist()))
        for out in (STAND_M, STAND_M + 0.15, STAND_M + 0.3, *((0.0, -0.3) if len(sides) > 1 else ()))
        for y in (0.0, 0.2, -0.2, 0.4, -0.4)
        for side in sides
    ]
    for avoided_m in AVOIDED_M:
        cell.refresh_floor(avoided_m)
        far = cell.floor.distances((float(cell.robot.q[0]), float(cell.robot.q[1])))
        for side, spot in spots:
            if cell.floor.is_free(spot[:2]) and np.isfinite(far[cell.floor.cell(float(spot[0]), float(spot[1]))]):
                cell.drive(float(spot[0]), float(spot[1]), spec.yaw + side + pi, name)
                return
    raise SkillError(f"no way to {name}")
