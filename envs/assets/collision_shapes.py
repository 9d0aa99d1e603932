"""Collision shapes of movable objects: a few convex pieces with a flat bottom, and the rims that a gripper can grasp.

Flat bottoms keep fruit from rolling off a table, and few pieces keep a home of fifty objects fast. The origin of an
object's frame is its center, z up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin
from typing import TYPE_CHECKING, Literal

from envs.geometry.bodies import Piece, Quat
from envs.symbolic.embodiment.grip import FLAT, HOLLOW, RIDGE_M, RIDGED, WALL_M, is_hollow

if TYPE_CHECKING:
    from envs.symbolic.domain import ObjectCategory, Vec3

TAB_M = 0.045  # length of the rim pieces of plates, trays and pans
# Shapes that collide as cylinders.
CYLINDERS = ("plate", "pan", "wine_glass", "bottle", "can", "ball", "vase", "roll", "plunger", "kettle")
ROUND = (*CYLINDERS, "bowl", "cup", "mug", "glass", "pot")  # rotationally symmetric if as deep as wide


@dataclass(frozen=True, kw_only=True)
class Rim:
    """An upright part of an object that fits between two fingers, in the object's frame.

    Attributes:
        x: x of its center [m].
        y: y of its center [m].
        out: Outward direction, across which the fingers close [rad].
        thick: Thickness in that direction [m].
        deep: Height of the part, measured down from the object's top [m].
    """

    x: float
    y: float
    out: float
    thick: float
    deep: float


@lru_cache(maxsize=256)
def hulls(category: ObjectCategory) -> tuple[Piece, ...]:
    """Return the collision pieces of an object category."""
    x, y, z = category.size
    round_ = category.shape in CYLINDERS and x == y
    kind: Literal["box", "cylinder"] = "cylinder" if round_ else "box"
    if is_hollow(category):
        return _open_box(category.size)
    if category.shape in FLAT:  # rim pieces only where fingers grasp it: a full rim would cost time
        base = _hull((x, y, 0.5 * z), (0.0, 0.0, -0.25 * z), kind)
        return (base, *(_tab(rim, z) for rim in rims(category)))
    if category.shape in RIDGED:  # a fold, or a handle, on top
        base_share = RIDGED[category.shape]
        base = _hull((x, y, base_share * z), (0.0, 0.0, (base_share - 1) * z / 2), kind)
        return (base, _hull((0.7 * x, RIDGE_M, (1 - base_share) * z), (0.0, 0.0, base_share * z / 2)))
    return (_hull(category.size, kind=kind),)


@lru_cache(maxsize=256)
def rims(category: ObjectCategory) -> tuple[Rim, ...]:
    """Return the parts that two fingers can grasp from above besides the whole body: walls, rims, folds, handles."""
    x, y, z = category.size
    if category.shape in RIDGED:
        return (Rim(x=0.0, y=0.0, out=pi / 2, thick=RIDGE_M, deep=(1 - RIDGED[category.shape]) * z),)
    if category.shape not in FLAT and not is_hollow(category):
        return ()
    depth = 0.5 * z if category.shape in FLAT else z - WALL_M
    half = (x / 2 - WALL_M / 2, y / 2 - WALL_M / 2)
    # Between the axes for round shapes: square objects lie along the axes.
    first_angle = pi / 4 if category.shape in ("plate", "pan") else 0.0
    angles = [first_angle + k * pi / 2 for k in range(4)]
    return tuple(
        Rim(x=half[k % 2] * cos(angle), y=half[k % 2] * sin(angle), out=angle, thick=WALL_M, deep=depth)
        for k, angle in enumerate(angles)
    )


def edge_height(category: ObjectCategory) -> float:
    """Return how far the collision shape rises above the center [m], without rims, folds and handles."""
    share = 0.5 if category.shape in FLAT else RIDGED.get(category.shape, 1.0)
    return (share - 0.5) * category.size[2]


def inner_floor_height(category: ObjectCategory) -> float:
    """Return the height of a container's inner floor above its center [m]."""
    bottom = -category.size[2] / 2
    if category.shape in HOLLOW:
        return bottom + WALL_M
    return bottom + 0.5 * category.size[2]


def _hull(size: Vec3, at: Vec3 = (0.0, 0.0, 0.0), kind: Literal["box", "cylinder"] = "box") -> Piece:
    return Piece(size=size, at=at, kind=kind, visible=False)


def _open_box(size: Vec3) -> tuple[Piece, ...]:
    """Return a floor and four walls: objects dropped into it stay in it."""
    x, y, z = size
    floor = _hull((x, y, WALL_M), (0.0, 0.0, (WALL_M - z) / 2))
    ends = [_hull((WALL_M, y, z), (side * (x - WALL_M) / 2, 0.0, 0.0)) for side in (-1, 1)]
    sides = [_hull((x - 2 * WALL_M, WALL_M, z), (0.0, side * (y - WALL_M) / 2, 0.0)) for side in (-1, 1)]
    return (floor, *ends, *sides)


def _tab(rim: Rim, height: float) -> Piece:
    turn: Quat = (0.0, 0.0, sin(rim.out / 2), cos(rim.out / 2))
    at = (rim.x, rim.y, (height - rim.deep) / 2)
    return Piece(size=(rim.thick, TAB_M, rim.deep), at=at, turn=turn, visible=False)
