"""The skill `go to`: drive the robot to a free position in front of a fixture, facing it, or into a room."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from envs.geometry.rotations import turn_z
from envs.robot.motion_primitives import MIN_AVOIDED_HEIGHTS_M, MotionPrimitives, SkillError

STAND_DISTANCE_M = 0.55  # in front of a fixture


def go_to(motion: MotionPrimitives, name: str) -> None:
    """Stand in front of a fixture, at any side of a floor, facing it, or near the middle of a room.

    Raises:
        SkillError: There is no path.
    """
    if name not in motion.queries.specs:
        _go_into(motion, name)
        return
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


def go_near(motion: MotionPrimitives, point: tuple[float, float], name: str) -> None:
    """Stand as near to a point of the floor as is free, facing it.

    Raises:
        SkillError: There is no path.
    """
    _go_to_nearest(motion, point, np.ones(motion.floor.shape, dtype=np.bool_), name)


def _go_into(motion: MotionPrimitives, room: str) -> None:
    """Stand in a room, as near to its middle as is free."""
    x0, y0, x1, y1 = motion.queries.rooms[room]
    floor = motion.floor
    inside = (floor.xs > x0) & (floor.xs < x1) & (floor.ys > y0) & (floor.ys < y1)
    _go_to_nearest(motion, ((x0 + x1) / 2, (y0 + y1) / 2), inside, room)


def _go_to_nearest(motion: MotionPrimitives, point: tuple[float, float], cells: NDArray[np.bool_], name: str) -> None:
    """Drive to the cell that is nearest to a point among those that can be reached."""
    motion.focus = np.array([*point, 0.8])
    floor, here = motion.floor, (float(motion.robot.q[0]), float(motion.robot.q[1]))
    for min_height_m in MIN_AVOIDED_HEIGHTS_M:
        motion.refresh_floor(min_height_m)
        usable = cells & floor.free & np.isfinite(floor.travel_costs(here))
        if not usable.any():
            continue
        distance_m = np.where(usable, np.hypot(floor.xs - point[0], floor.ys - point[1]), np.inf)
        cell = np.unravel_index(int(np.argmin(distance_m)), floor.shape)
        x, y = float(floor.xs[cell]), float(floor.ys[cell])
        motion.drive(x, y, float(np.arctan2(point[1] - y, point[0] - x)), name)
        return
    raise SkillError(f"no way to {name}")
