"""Collision shapes of movable objects: a few convex pieces with a flat bottom, and the rims that a gripper can grasp.

Flat bottoms keep fruit from rolling off a table, and few pieces keep a home of fifty objects fast. The origin of an
object's frame is its center, z up.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin
from typing import TYPE_CHECKING, Literal

from envs.assets.mesh_bodies import mesh_hulls
from envs.assets.mesh_grasps import mesh_rims
from envs.geometry.bodies import Piece, Quat, Rim
from envs.symbolic.embodiment.grip import FLAT, RIDGED, is_hollow, ridge_of, wall_of

if TYPE_CHECKING:
    from envs.symbolic.domain import ObjectCategory, Vec3

TAB_M, TAB_SHARE = 0.045, 0.35  # length of the rim pieces of plates, trays and pans, and of its width at most
# Shapes that collide as cylinders.
CYLINDERS = ("plate", "pan", "wine_glass", "bottle", "can", "ball", "vase", "roll", "plunger", "kettle")
ROUND = (*CYLINDERS, "bowl", "cup", "mug", "glass", "pot")  # rotationally symmetric if as deep as wide
HOLLOW = ("bowl", "cup", "mug", "glass", "pot", "basket")


@lru_cache(maxsize=256)
def hulls(category: ObjectCategory) -> tuple[Piece, ...]:
    """Return the collision pieces of an object category."""
    if category.mesh is not None:
        return mesh_hulls(category.mesh, category.size)
    x, y, z = category.size
    round_ = category.shape in CYLINDERS and x == y
    kind: Literal["box", "cylinder"] = "cylinder" if round_ else "box"
    if is_hollow(category):
        return _open_box(category.size, wall_of(category))
    if category.shape in FLAT:  # rim pieces only where fingers grasp it: a full rim would cost time
        base = _hull((x, y, 0.5 * z), (0.0, 0.0, -0.25 * z), kind)
        return (base, *(_tab(rim, category.size) for rim in rims(category)))
    if category.shape in RIDGED:  # a fold, or a handle, on top
        base_share = RIDGED[category.shape]
        base = _hull((x, y, base_share * z), (0.0, 0.0, (base_share - 1) * z / 2), kind)
        return (base, _hull((0.7 * x, ridge_of(category), (1 - base_share) * z), (0.0, 0.0, base_share * z / 2)))
    return (_hull(category.size, kind=kind),)


@lru_cache(maxsize=256)
def rims(category: ObjectCategory) -> tuple[Rim, ...]:
    """Return the parts that two fingers can grasp from above besides the whole body: walls, rims, folds, handles."""
    if category.mesh is not None:
        return mesh_rims(category.mesh, category.size)
    x, y, z = category.size
    if category.shape in RIDGED and not is_hollow(category):
        return (Rim(x=0.0, y=0.0, out=pi / 2, thick=ridge_of(category), deep=(1 - RIDGED[category.shape]) * z),)
    if category.shape not in FLAT and not is_hollow(category):
        return ()
    wall = wall_of(category)
    depth = z - wall if is_hollow(category) else 0.5 * z
    half = (x / 2 - wall / 2, y / 2 - wall / 2)
    # Between the axes for round shapes: square objects lie along the axes.
    first_angle = pi / 4 if category.shape in ("plate", "pan") and x == y and not is_hollow(category) else 0.0
    angles = [first_angle + k * pi / 2 for k in range(4)]
    return tuple(
        Rim(x=half[k % 2] * cos(angle), y=half[k % 2] * sin(angle), out=angle, thick=wall, deep=depth)
        for k, angle in enumerate(angles)
    )


def edge_height(category: ObjectCategory) -> float:
    """Return how far the collision shape rises above the center [m], without rims, folds and handles."""
    if category.mesh is not None:
        return category.size[2] / 2
    share = 0.5 if category.shape in FLAT else RIDGED.get(category.shape, 1.0)
    return (share - 0.5) * category.size[2]


def inner_floor_height(category: ObjectCategory) -> float:
    """Return the height of what a container's contents lie on above its center [m]."""
    height = category.size[2]
    if category.mesh is not None:
        return (category.mesh.inner_floor - 0.5) * height
    if is_hollow(category):
        return wall_of(category) - height / 2
    return 0.0 if category.shape in FLAT else edge_height(category)


def _hull(size: Vec3, at: Vec3 = (0.0, 0.0, 0.0), kind: Literal["box", "cylinder"] = "box") -> Piece:
    return Piece(size=size, at=at, kind=kind, visible=False)


def _open_box(size: Vec3, wall: float) -> tuple[Piece, ...]:
    """Return a floor and four walls: objects dropped into it stay in it."""
    x, y, z = size
    floor = _hull((x, y, wall), (0.0, 0.0, (wall - z) / 2))
    ends = [_hull((wall, y, z), (side * (x - wall) / 2, 0.0, 0.0)) for side in (-1, 1)]
    sides = [_hull((x - 2 * wall, wall, z), (0.0, side * (y - wall) / 2, 0.0)) for side in (-1, 1)]
    return (floor, *ends, *sides)


def _tab(rim: Rim, size: Vec3) -> Piece:
    turn: Quat = (0.0, 0.0, sin(rim.out / 2), cos(rim.out / 2))
    at = (rim.x, rim.y, (size[2] - rim.deep) / 2)
    length = min(TAB_M, TAB_SHARE * min(size[:2]))
    return Piece(size=(rim.thick, length, rim.deep), at=at, turn=turn, visible=False)
