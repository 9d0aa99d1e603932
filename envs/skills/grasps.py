"""Where two fingers can take a thing so that friction alone holds it: across its body, or by the wall of a vessel.

Frames: the home's; a heading is the hand's yaw, along which the fingers do not close.
"""

from __future__ import annotations

from math import atan2, pi
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import rims
from envs.geometry.rotations import Array, turn_z
from envs.robot.reach_planning import PITCHES_DOWN, PITCHES_LEVEL, ReachTarget, fixed_tip

if TYPE_CHECKING:
    from envs.robot.motion_primitives import MotionPrimitives
    from envs.symbolic.domain import ObjectCategory

COMFORTABLE_WIDTH_M = 0.070  # what the open hand takes with room to spare
MAX_WIDTH_M = 0.076  # what it takes at all: it opens by 0.08
FINGER_LENGTH_M = 0.035  # how far the fingers reach down a thing's sides
MIN_TIP_HEIGHT_M = 0.0055  # least height of the tip above what a thing stands on: the pads reach 3 mm further
MIN_TIP_DEPTH_CLEAR_M = 0.005  # the same, above the floor of a vessel or the flat of a plate
MIN_STEEP_PITCH = 0.8  # pitch of a hand that takes a rim from above [rad]
UPRIGHT_COS = 0.95  # cosine of a thing's lean
CORNERS = np.array([(x, y, z) for x in (-0.9, 0.0, 0.9) for y in (-0.9, 0.9) for z in (-0.9, 0.9)])
ROUND_SHAPES = ("plate", "bowl", "cup", "mug", "glass", "wine_glass", "pot", "kettle", "bottle", "can", "ball", "vase", "roll",
         "plunger", "pan")  # fmt: skip


def is_round(category: ObjectCategory) -> bool:
    """Whether a thing looks the same from all sides."""
    return category.shape in ROUND_SHAPES and abs(category.size[0] - category.size[1]) < 0.005


def half_extents(turn: Array, category: ObjectCategory, yaw: float) -> Array:
    """Half extents along, across and above a heading [m], (3,)."""
    if is_round(category) and turn[2, 2] > 0.95:
        return np.array(category.size, dtype=np.float64) / 2
    half: Array = np.abs(turn_z(-yaw) @ turn) @ np.array(category.size) / 2
    return half


def heading_of(turn: Array) -> float:
    """Yaw of a thing, of one that stands on its end too [rad]."""
    if abs(turn[2, 0]) > 0.7:
        return atan2(turn[1, 1], turn[0, 1])
    return atan2(turn[1, 0], turn[0, 0])


def grasp_candidates(
    motion: MotionPrimitives, name: str, pitches: tuple[float, ...] | None = None, *, deeper_m: float = 0.0
) -> list[ReachTarget]:
    """Return where the tip may close on a thing; none if it is too wide everywhere.

    Args:
        motion: The robot and its home.
        name: The thing.
        pitches: Of the hand [rad], the best first; None for those that the thing's place allows.
        deeper_m: How much deeper than usual.
    """
    queries = motion.queries
    category = queries.objects[name]
    fixture = queries.root(name)
    covered = fixture is not None and queries.region(fixture).covered
    if pitches is None:
        pitches = PITCHES_LEVEL if covered else PITCHES_DOWN
        if motion.grasp == "physical" and covered:  # steep first: what turns with the hand is put on a table so
            pitches = PITCHES_LEVEL[::-1]
    at, turn = queries.pose(name)
    targets = _body_grasps(at, turn, category, pitches, deeper_m)
    # A level hand would have to go through the wall.
    steep_pitches = tuple(pitch for pitch in pitches if pitch >= MIN_STEEP_PITCH)
    if turn[2, 2] > UPRIGHT_COS and (not covered or motion.grasp == "physical"):
        targets += _rim_grasps(at, turn, category, steep_pitches, deeper_m)
    return targets


def _body_grasps(
    at: Array, turn: Array, category: ObjectCategory, pitches: tuple[float, ...], deeper_m: float
) -> list[ReachTarget]:
    """The fingers on two sides of it, from above or from the front."""
    yaw = heading_of(turn)
    targets = []
    for quarter in range(2):
        half = half_extents(turn, category, yaw + quarter * pi / 2)
        width = 2 * float(half[1])
        if width > MAX_WIDTH_M:
            continue
        z = max(at[2] + half[2] - min(FINGER_LENGTH_M, 1.2 * half[2]) - deeper_m, at[2] - half[2] + MIN_TIP_HEIGHT_M)
        tip = np.array([at[0], at[1], z])
        # A vessel collides as a box: it is taken by its sides.
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
    """One finger on either side of a wall, a rim, a fold or a handle."""
    half = np.array(category.size) / 2
    yaw = heading_of(turn)
    targets = []
    for rim in rims(category):
        outward_yaw = yaw + rim.out
        offset = turn_z(yaw) @ np.array([rim.x, rim.y, 0.0])
        top_z = at[2] + half[2]
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
