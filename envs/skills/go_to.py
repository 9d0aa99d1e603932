"""TODO."""

from __future__ import annotations

from math import pi

import numpy as np

from envs.geometry.rotations import turn_z
from envs.robot.motion_primitives import AVOIDED_M, MotionPrimitives, SkillError

STAND_M = 0.55  # in front of a fixture


def go_to(motion: MotionPrimitives, name: str) -> None:
    """Stand in front of a fixture, or at any side of a floor, looking at it.

    Raises:
        SkillError: There is no way.
    """
    spec = motion.queries.specs[name]
    depth = motion.queries.domain.fixtures[spec.category].size[0] / 2
    motion.focus = motion.queries.point_of(name, (depth, 0.0, 0.8))
    sides = (0.0, pi / 2, pi, -pi / 2) if motion.queries.domain.fixtures[spec.category].underfoot else (0.0,)
    spots = [
        (side, motion.queries.point_of(name, (turn_z(side) @ (depth + out, y, 0.0)).tolist()))
        for out in (STAND_M, STAND_M + 0.15, STAND_M + 0.3, *((0.0, -0.3) if len(sides) > 1 else ()))
        for y in (0.0, 0.2, -0.2, 0.4, -0.4)
        for side in sides
    ]
    for avoided_m in AVOIDED_M:
        motion.refresh_floor(avoided_m)
        far = motion.floor.travel_costs((float(motion.robot.q[0]), float(motion.robot.q[1])))
        for side, spot in spots:
            if motion.floor.is_free(spot[:2]) and np.isfinite(
                far[motion.floor.cell_at(float(spot[0]), float(spot[1]))]
            ):
                motion.drive(float(spot[0]), float(spot[1]), spec.yaw + side + pi, name)
                return
    raise SkillError(f"no way to {name}")
