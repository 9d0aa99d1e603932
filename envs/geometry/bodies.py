"""Bodies as values: convex pieces and the links that move them, independent of any physics engine.

Assets describe their bodies in these terms; the engine and the renderer build them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from envs.geometry.meshes import Color, Mesh, long_block, merge, moved, tube
from envs.symbolic.domain import Vec3

Quat = tuple[float, float, float, float]
UPRIGHT: Quat = (0.0, 0.0, 0.0, 1.0)
VERTEX_COLORS: Color = (1.0, 1.0, 1.0, 1.0)  # of a mesh with colors of its own


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A convex part of a body, in the body's or link's frame.

    Attributes:
        kind: `box` and `cylinder` (axis z) fill the bounding box `size` [m]; a `hull` is the convex hull of the
            vertices of `mesh`, around `at`; a `mesh` is only drawn.
        solid: Whether it collides.
        visible: Whether it is drawn.
    """

    size: Vec3
    at: Vec3 = (0.0, 0.0, 0.0)
    turn: Quat = UPRIGHT
    kind: Literal["box", "cylinder", "hull", "mesh"] = "box"
    color: Color = (0.8, 0.8, 0.8, 1.0)
    solid: bool = True
    visible: bool = True
    mesh: Mesh | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    """A moving or fixed part of a body: `at` and `turn` are its pose in its parent's frame, `axis` is in its own.

    `parent` is the index of an earlier link, or -1 for the base.
    """

    joint: Literal["revolute", "prismatic", "fixed"]
    pieces: tuple[Piece, ...]
    at: Vec3
    turn: Quat = UPRIGHT
    axis: Vec3 = (0.0, 0.0, 1.0)
    parent: int = -1
    mass: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Rim:
    """An upright part of an object that fits between two fingers, in the object's frame.

    Attributes:
        x: x of its center [m].
        y: y of its center [m].
        out: Outward direction, across which the fingers close [rad].
        thick: Thickness in that direction [m].
        deep: Height of the part [m].
        below: How far its top is below the object's top [m].
    """

    x: float
    y: float
    out: float
    thick: float
    deep: float
    below: float = 0.0


def visual_piece(mesh: Mesh, color: Color = VERTEX_COLORS) -> Piece:
    """Return a piece that is only drawn; an engine with one color per mesh paints it in `color`."""
    return Piece(size=(0.0, 0.0, 0.0), kind="mesh", mesh=mesh, color=color, solid=False)


@lru_cache(maxsize=512)
def visual_mesh(pieces: tuple[Piece, ...]) -> Mesh | None:
    """Return the visible pieces as one mesh, or None if no piece is visible."""
    parts = [_mesh_of(piece) for piece in pieces if piece.visible]
    return parts[0] if len(parts) == 1 else merge(parts) if parts else None


def _mesh_of(piece: Piece) -> Mesh:
    if piece.mesh is not None:
        return piece.mesh if piece.at == (0.0, 0.0, 0.0) else moved(piece.mesh, piece.at)
    x, _, z = piece.size
    below = piece.at[2] - z / 2 > 0.001  # a piece on the floor shows no bottom
    if piece.kind == "cylinder":
        return moved(tube(x / 2, (-z / 2, z / 2), piece.color, below=below), piece.at)
    return long_block(piece.size, piece.at, piece.color, below=below)
