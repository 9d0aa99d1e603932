"""Find grasps of an object between two fingers: across its body, or at a wall, rim, fold or handle.

Frame: the home. A heading is the yaw of the hand; the fingers close across it.
"""

from __future__ import annotations

from math import atan2, pi
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import ROUND, rims
from envs.assets.mesh_grasps import trunk_is_solid
from envs.geometry.rotations import Array, turn_z
from envs.robot.reach_planning import PITCHES_DOWN, PITCHES_LEVEL, ReachTarget, fixed_tip

if TYPE_CHECKING:
    from envs.robot.motion_primitives import MotionPrimitives
    from envs.symbolic.domain import ObjectCategory

COMFORTABLE_WIDTH_M = 0.070  # width that fits into the open hand with room to spare
MAX_WIDTH_M = 0.076  # maximum width; the hand opens by 0.08
FINGER_LENGTH_M = 0.035  # how far the fingers reach down an object's sides
MIN_TIP_HEIGHT_M = 0.0055  # minimum height of the tip above the object's support: the pads reach 3 mm lower
MIN_TIP_DEPTH_CLEAR_M = 0.005  # the same, above the floor of a vessel or the flat part of a plate
MIN_STEEP_PITCH = 0.8  # minimum pitch at which the hand grasps a rim from above [rad]
UPRIGHT_COS = 0.95  # an object is upright if the cosine of its tilt is above this
CORNERS = np.array([(x, y, z) for x in (-0.9, 0.0, 0.9) for y in (-0.9, 0.9) for z in (-0.9, 0.9)])


def is_round(category: ObjectCategory) -> bool:
    """Whether an object has the same shape for every yaw."""
    return category.mesh is None and category.shape in ROUND and abs(category.size[0] - category.size[1]) < 0.005


def half_extents(turn: Array, category: ObjectCategory, yaw: float) -> Array:
    """Half extents of an object along a heading, across it and vertically [m], (3,)."""
    if is_round(category) and turn[2, 2] > 0.95:
        return np.array(category.size, dtype=np.float64) / 2
    half: Array = np.abs(turn_z(-yaw) @ turn) @ np.array(category.size) / 2
    return half


def heading_of(turn: Array) -> float:
    """Yaw of an object [rad], also of one that stands on its end."""
    if abs(turn[2, 0]) > 0.7:
        return atan2(turn[1, 1], turn[0, 1])
    return atan2(turn[1, 0], turn[0, 0])


def grasp_candidates(
    motion: MotionPrimitives, name: str, pitches: tuple[float, ...] | None = None, *, deeper_m: float = 0.0
) -> list[ReachTarget]:
    """Return targets at which the fingers may close on an object; empty if it is too wide everywhere.

    Args:
        motion: The robot and its home.
        name: The object.
        pitches: Pitches of the hand [rad], the best first; None for those that fit the object's place.
        deeper_m: How much deeper than usual the fingers reach.
    """
    queries = motion.queries
    category = queries.objects[name]
    fixture = queries.root(name)
    covered = fixture is not None and queries.region(fixture).covered
    if pitches is None:
        pitches = PITCHES_LEVEL if covered else PITCHES_DOWN
        if motion.grasp == "physical" and covered:  # steep first: an object held like that can be placed on a table
            pitches = PITCHES_LEVEL[::-1]
    at, turn = queries.pose(name)
    targets = _body_grasps(at, turn, category, pitches, deeper_m)
    if category.mesh is not None and turn[2, 2] > UPRIGHT_COS:  # its box may be empty where the fingers would close
        targets = targets if trunk_is_solid(category.mesh, category.size, FINGER_LENGTH_M) else []
    # A level hand would have to go through the wall.
    steep_pitches = tuple(pitch for pitch in pitches if pitch >= MIN_STEEP_PITCH)
    if turn[2, 2] > UPRIGHT_COS and (not covered or motion.grasp == "physical"):
        targets += _rim_grasps(at, turn, category, steep_pitches, deeper_m)
    return targets


def _body_grasps(
    at: Array, turn: Array, category: ObjectCategory, pitches: tuple[float, ...], deeper_m: float
) -> list[ReachTarget]:
    """Grasps across the body of an object, from above or from the front."""
    yaw = heading_of(turn)
    targets = []
    for quarter in range(2):
        half = half_extents(turn, category, yaw + quarter * pi / 2)
        width = 2 * float(half[1])
        if width > MAX_WIDTH_M:
            continue
        z = max(at[2] + half[2] - min(FINGER_LENGTH_M, 1.2 * half[2]) - deeper_m, at[2] - half[2] + MIN_TIP_HEIGHT_M)
        tip = np.array([at[0], at[1], z])
        # A vessel collides as a box, so grasp it by its sides.
        any_heading = is_round(category) and not rims(category) and turn[2, 2] > UPRIGHT_COS
        yaws = () if any_heading else (yaw + quarter * pi / 2, yaw + (quarter + 2) * pi / 2)
        corners = CORNERS * half + (0.0, 0.0, at[2] - z)
        targets.append(
            ReachTarget(
                middle=at, tip=fixed_tip(tip), yaws=yaws, pitches=pitches, cargo=0.9 * corners + (0, 0, 0.01),
                cost=10 * max(0.0, width - COMFORTABLE_WIDTH_M), width=width,
            )
        )  # fmt: skip
        if any_heading:
            break
    return targets


def _rim_grasps(
    at: Array, turn: Array, category: ObjectCategory, pitches: tuple[float, ...], deeper_m: float
) -> list[ReachTarget]:
    """Grasps with one finger on either side of a wall, a rim, a fold or a handle."""
    half = np.array(category.size) / 2
    yaw = heading_of(turn)
    targets = []
    for rim in rims(category):
        outward_yaw = yaw + rim.out
        offset = turn_z(yaw) @ np.array([rim.x, rim.y, 0.0])
        top_z = at[2] + half[2] - rim.below
        z = max(
            top_z - min(FINGER_LENGTH_M - 0.005, 0.8 * rim.deep) - deeper_m, top_z - rim.deep + MIN_TIP_DEPTH_CLEAR_M
        )
        tip = np.array([at[0] + offset[0], at[1] + offset[1], z])
        for heading in (outward_yaw + pi / 2, outward_yaw - pi / 2):
            corners = CORNERS * half @ turn_z(yaw - heading).T + turn_z(-heading) @ (at - tip)
            targets.append(
                ReachTarget(
                    middle=tip, tip=fixed_tip(tip), yaws=(heading,), pitches=pitches, cargo=0.9 * corners, cost=0.1,
                    width=rim.thick,
                )
            )  # fmt: skip
    return targets
