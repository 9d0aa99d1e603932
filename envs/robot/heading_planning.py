"""Plan the heading of the holonomic base along a path, so that it turns where the carried object has room to swing.

The path is sampled in small steps. The base keeps its heading until it has left a narrow place, then faces the
direction of travel, and takes its final heading before the next narrow place.

Legend: P points of the path, S spheres.
"""

from __future__ import annotations

from itertools import pairwise
from math import atan2, ceil, hypot
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.collision_boxes import overlap
from envs.geometry.rotations import nearest_angle, turn_z

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envs.geometry.collision_boxes import Boxes
    from envs.geometry.rotations import Array

STEP_M = 0.1
TURN_RAD_PER_M = 2.5  # while driving
FINAL_TURN_M = 0.8  # distance to the last wide point from which on the base turns to its final heading
MIN_LOOK_AHEAD_M = 1.2  # on shorter paths the base does not face the direction of travel

Point = tuple[float, float]
BasePose = tuple[float, float, float]


def plan_headings(
    start: BasePose, corners: Sequence[Point], yaw: float, can_turn: Callable[[Point], bool]
) -> list[BasePose]:
    """Return the poses x, y, yaw [m, rad] to go through after `start`; the last one is at the last corner with `yaw`.

    Args:
        start: Pose of the base.
        corners: Corners of the path after the start.
        yaw: Heading at the end.
        can_turn: Whether the base can turn at a point.
    """
    points = _sample_path(start[:2], corners)
    wide = [k for k, point in enumerate(points) if can_turn(point)]
    last_yaw = nearest_angle(yaw, start[2])
    if not wide:
        return _drop_collinear([(x, y, last_yaw) for x, y in points])
    first_wide, last_wide = wide[0], wide[-1]
    remaining_m = [0.0] * len(points)
    for k in range(last_wide - 1, -1, -1):
        remaining_m[k] = remaining_m[k + 1] + hypot(points[k + 1][0] - points[k][0], points[k + 1][1] - points[k][1])
    heading = start[2]
    poses = [(x, y, heading) for x, y in points[: first_wide + 1]]
    turnable = set(wide)
    for k in range(first_wide + 1, last_wide + 1):
        (x, y), (previous_x, previous_y) = points[k], points[k - 1]
        target_yaw = (
            yaw
            if remaining_m[k] < FINAL_TURN_M or remaining_m[first_wide] < MIN_LOOK_AHEAD_M
            else atan2(y - previous_y, x - previous_x)
        )
        if k in turnable:
            target_yaw = nearest_angle(target_yaw, heading)
            max_turn = TURN_RAD_PER_M * hypot(x - previous_x, y - previous_y)
            heading += max(-max_turn, min(max_turn, target_yaw - heading))
        poses.append((x, y, heading))
    last_yaw = nearest_angle(yaw, heading)
    poses += [(x, y, last_yaw) for x, y in points[last_wide:]]
    return _drop_collinear(poses)


def heading_plans(
    start: BasePose, corners: Sequence[Point], yaw: float, can_turn: Callable[[Point], bool]
) -> list[list[BasePose]]:
    """Return several heading plans for a path, the most natural first."""
    at_start_heading = [(x, y, start[2]) for x, y in corners]
    final_yaw = nearest_angle(yaw, start[2])
    return [
        plan_headings(start, corners, yaw, can_turn),
        plan_headings(start, corners, yaw, lambda _: True),
        [*at_start_heading, (*corners[-1], final_yaw)],
        [(*start[:2], final_yaw), *((x, y, final_yaw) for x, y in corners)],
    ]


def swept_overlap_m(
    start: BasePose, poses: Sequence[BasePose], body_points: Array, radii: Array,
    boxes: Boxes,
) -> float:  # fmt: skip
    """Maximum overlap of a body's spheres with boxes along a path, summed over spheres [m].

    Args:
        start: Pose at which the path begins.
        poses: x, y, yaw to go through in straight lines.
        body_points: Centers of the spheres in the base's frame, (S, 3).
        radii: Radii of the spheres [m], (S,).
        boxes: Obstacles.
    """
    rows = [np.array([start])]
    for a, b in pairwise([start, *poses]):
        steps = max(1, ceil(max(hypot(b[0] - a[0], b[1] - a[1]) / STEP_M, abs(b[2] - a[2]) / 0.25)))
        rows.append(np.linspace(a, b, steps + 1)[1:])
    path = np.concatenate(rows)  # (P, 3)
    placed = np.einsum("pij,sj->psi", turn_z(path[:, 2]), body_points)
    placed[..., :2] += path[:, None, :2]
    hard, _ = overlap(boxes, placed, radii)
    return float(hard.max())


def _sample_path(start: Point, corners: Sequence[Point]) -> list[Point]:
    points, previous = [start], start
    for corner in corners:
        steps = max(1, ceil(hypot(corner[0] - previous[0], corner[1] - previous[1]) / STEP_M))
        points += [
            (previous[0] + (corner[0] - previous[0]) * k / steps, previous[1] + (corner[1] - previous[1]) * k / steps)
            for k in range(1, steps + 1)
        ]
        previous = corner
    return points


def _drop_collinear(poses: Sequence[BasePose]) -> list[BasePose]:
    """Remove poses that lie on the straight line between their neighbors, in position and heading."""
    kept = [poses[0]]
    for k in range(1, len(poses) - 1):
        a, b, c = kept[-1], poses[k], poses[k + 1]
        total_m, part_m = hypot(c[0] - a[0], c[1] - a[1]), hypot(b[0] - a[0], b[1] - a[1])
        if total_m < 1e-9 or any(abs(a[i] + (c[i] - a[i]) * part_m / total_m - b[i]) > 0.01 for i in range(3)):
            kept.append(b)
    return [*kept[1:], poses[-1]]
