"""Where two fingers can take a thing so that friction alone holds it: across its body, or by the wall of a vessel.

Frames: the home's; a heading is the hand's yaw, along which the fingers do not close.
"""

from __future__ import annotations

from math import atan2, pi
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import ROUND, rims
from envs.geometry.rotations import Array, turn_z
from envs.robot.reach_planning import DOWN, LEVEL, ReachTarget, fixed

if TYPE_CHECKING:
    from envs.robot.motion_primitives import MotionPrimitives
    from envs.symbolic.domain import ObjectCategory

NARROW_M = 0.070  # what the open hand takes with room to spare
WIDEST_M = 0.076  # what it takes at all: it opens by 0.08
FINGERS_M = 0.035  # how far the fingers reach down a thing's sides
GROUND_M = 0.0055  # least height of the tip above what a thing stands on: the pads reach 3 mm further
PADS_M = 0.005  # the same, above the floor of a vessel or the flat of a plate
STEEP = 0.8  # pitch of a hand that takes a rim from above [rad]
UPRIGHT = 0.95  # cosine of a thing's lean
CORNERS = np.array([(x, y, z) for x in (-0.9, 0.0, 0.9) for y in (-0.9, 0.9) for z in (-0.9, 0.9)])


def is_round(category: ObjectCategory) -> bool:
    """Whether a thing looks the same from all sides."""
    return category.shape in ROUND and abs(category.size[0] - category.size[1]) < 0.005


def half_extents(turn: Array, category: ObjectCategory, yaw: float) -> Array:
    """Half extents along, across and above a heading [m], (3,)."""
    if is_round(category) and turn[2, 2] > 0.95:
        return np.array(category.size, dtype=np.float64) / 2
    made: Array = np.abs(turn_z(-yaw) @ turn) @ np.array(category.size) / 2
    return made


def heading_of(turn: Array) -> float:
    """Yaw of a thing, of one that stands on its end too [rad]."""
    if abs(turn[2, 0]) > 0.7:
        return atan2(turn[1, 1], turn[0, 1])
    return atan2(turn[1, 0], turn[0, 0])


def pinches(
    cell: MotionPrimitives, name: str, pitches: tuple[float, ...] | None = None, *, deeper_m: float = 0.0
) -> list[ReachTarget]:
    """Return where the tip may close on a thing; none if it is too wide everywhere.

    Args:
        cell: The robot and its home.
        name: The thing.
        pitches: Of the hand [rad], the best first; None for those that the thing's place allows.
        deeper_m: How much deeper than usual.
    """
    places = cell.places
    category = places.things[name]
    root = places.root(name)
    covered = root is not None and places.area(root).covered
    if pitches is None:
        pitches = LEVEL if covered else DOWN
        if cell.grasp == "physical" and covered:  # steep first: what turns with the hand is put on a table so
            pitches = LEVEL[::-1]
    at, turn = places.pose(name)
    goals = _across(at, turn, category, pitches, deeper_m)
    steep = tuple(pitch for pitch in pitches if pitch >= STEEP)  # a level hand would have to go through the wall
    if turn[2, 2] > UPRIGHT and (not covered or cell.grasp == "physical"):
        goals += _by_rims(at, turn, category, steep, deeper_m)
    return goals


def _across(
    at: Array, turn: Array, category: ObjectCategory, pitches: tuple[float, ...], deeper_m: float
) -> list[ReachTarget]:
    """The fingers on two sides of it, from above or from the front."""
    yaw = heading_of(turn)
    made = []
    for side in range(2):
        half = half_extents(turn, category, yaw + side * pi / 2)
        width = 2 * float(half[1])
        if width > WIDEST_M:
            continue
        z = max(at[2] + half[2] - min(FINGERS_M, 1.2 * half[2]) - deeper_m, at[2] - half[2] + GROUND_M)
        tip = np.array([at[0], at[1], z])
        # A vessel collides as a box: it is taken by its sides.
        around = is_round(category) and not rims(category) and turn[2, 2] > UPRIGHT
        yaws = () if around else (yaw + side * pi / 2, yaw + (side + 2) * pi / 2)
        corners = CORNERS * half + (0.0, 0.0, at[2] - z)
        made.append(
            ReachTarget(middle=at, tip=fixed(tip), yaws=yaws, pitches=pitches, cargo=0.9 * corners + (0, 0, 0.01),
                 cost=10 * max(0.0, width - NARROW_M), width=width)
        )  # fmt: skip
        if around:
            break
    return made


def _by_rims(
    at: Array, turn: Array, category: ObjectCategory, pitches: tuple[float, ...], deeper_m: float
) -> list[ReachTarget]:
    """One finger on either side of a wall, a rim, a fold or a handle."""
    half = np.array(category.size) / 2
    yaw = heading_of(turn)
    made = []
    for rim in rims(category):
        out = yaw + rim.out
        middle = turn_z(yaw) @ np.array([rim.x, rim.y, 0.0])
        top = at[2] + half[2]
        z = max(top - min(FINGERS_M - 0.005, 0.8 * rim.deep) - deeper_m, top - rim.deep + PADS_M)
        tip = np.array([at[0] + middle[0], at[1] + middle[1], z])
        for heading in (out + pi / 2, out - pi / 2):
            corners = CORNERS * half @ turn_z(yaw - heading).T + turn_z(-heading) @ (at - tip)
            made.append(
                ReachTarget(middle=tip, tip=fixed(tip), yaws=(heading,), pitches=pitches, cargo=0.9 * corners, cost=0.1,
                     width=rim.thick)
            )  # fmt: skip
    return made
