"""The skill `go to`: drive the robot to a free position in front of a fixture, facing it."""

from __future__ import annotations

from math import pi

import numpy as np

from envs.geometry.rotations import turn_z
from envs.robot.motion_primitives import MIN_AVOIDED_HEIGHTS_M, MotionPrimitives, SkillError

STAND_DISTANCE_M = 0.55  # in front of a fixture


def go_to(motion: MotionPrimitives, name: str) -> None:
    """Stand in front of a fixture, or at any side of a floor, facing it.

    Raises:
        SkillError: There is no path.
    """
    spec = motion.queries.specs[name]
    depth = motion.queries.domain.fixtures[spec.category].size[0] / 2
    motion.focus = motion.queries.point_of(name, (depth, 0.0, 0.8))
    side_yaws = (0.0, pi / 2, pi, -pi / 2) if motion.queries.domain.fixtures[spec.category].underfoot else (0.0,)
    positions = [
        (side_yaw, motion.queries.point_of(name, (turn_z(side_yaw) @ (depth + distance_m, y, 0.0)).tolist()))
        for distance_m in (
            STAND_DISTANCE_M,
            STAND_DISTANCE_M + 0.15,
            STAND_DISTANCE_M + 0.3,
            *((0.0, -0.3) if len(side_yaws) > 1 else ()),
        )
        for y in (0.0, 0.2, -0.2, 0.4, -0.4)
        for side_yaw in side_yaws
    ]
    for min_height_m in MIN_AVOIDED_HEIGHTS_M:
        motion.refresh_floor(min_height_m)
        costs = motion.floor.travel_costs((float(motion.robot.q[0]), float(motion.robot.q[1])))
        for side_yaw, position in positions:
            if motion.floor.is_free(position[:2]) and np.isfinite(
                costs[motion.floor.cell_at(float(position[0]), float(position[1]))]
            ):
                motion.drive(float(position[0]), float(position[1]), spec.yaw + side_yaw + pi, name)
                return
    raise SkillError(f"no way to {name}")
