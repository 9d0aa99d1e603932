"""Furniture that is too small for the parts of its body (legs, switches, handles): it is built larger, then shrunk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.assets.furniture.cabinetry import Furniture, Leaf
from envs.assets.likeness import likeness
from envs.geometry.meshes import scaled
from envs.symbolic.domain import Region

if TYPE_CHECKING:
    from envs.geometry.bodies import Piece
    from envs.symbolic.domain import FixtureCategory, Vec3

# Depth, width and height from which the parts of a body have room; no built-in furniture is smaller.
ANY_M = (0.02, 0.02, 0.003)
LEAST_M: dict[str, Vec3] = {
    "counter": (0.30, 0.30, 0.45), "table": (0.25, 0.25, 0.40), "drawers": (0.25, 0.30, 0.50),
    "slot": (0.42, 0.39, 0.50), "seat": (0.40, 0.45, 0.60), "bed": (0.80, 0.60, 0.50),
    "screen": (0.15, 0.40, 1.00), "lamp": (0.29, 0.26, 0.98),
    "panel": (0.05, 0.12, 0.60), "plant": (0.33, 0.31, 0.70), "window": (0.10, 0.30, 1.20), "door": (0.10, 0.30, 0.60),
    "cupboard": (0.20, 0.25, 0.30), "flap": (0.20, 0.25, 0.30), "bin": (0.10, 0.10, 0.10), "basin": (0.30, 0.30, 0.30),
}  # fmt: skip
LEAST_INSIDE_M = {"drawers": 0.22, "cupboard": 0.10, "flap": 0.10}  # height inside


def enlargement(category: FixtureCategory) -> float:
    """Return the factor, at least 1, by which a category must be enlarged for the parts of its body to have room."""
    least = LEAST_M.get(category.body, ANY_M)
    factor = max(1.0, *(needed / side for needed, side in zip(least, category.size, strict=True)))
    if category.region is None:
        return factor
    return max(factor, LEAST_INSIDE_M.get(category.body, 0.0) / category.region.size[2])


def enlarged(c: FixtureCategory, factor: float) -> FixtureCategory:
    """Return a category with all its lengths enlarged."""
    x, y, z = (s * factor for s in c.size)
    region = c.region
    if region is not None:
        depth, width, height = (s * factor for s in region.size)
        region = Region(z=region.z * factor, size=(depth, width, height), x=region.x * factor)
    return replace(c, size=(x, y, z), region=region, like=likeness(c) or None)


def shrunk(geometry: Furniture, factor: float) -> Furniture:
    """Return furniture with all its lengths reduced."""

    def small(piece: Piece) -> Piece:
        (x, y, z), (a, b, c) = (s * factor for s in piece.size), (v * factor for v in piece.at)
        mesh = None if piece.mesh is None else scaled(piece.mesh, (factor, factor, factor))
        return replace(piece, size=(x, y, z), at=(a, b, c), mesh=mesh)

    def leaf(part: Leaf) -> Leaf:
        at, handle = ((x * factor, y * factor, z * factor) for x, y, z in (part.at, part.handle))
        opened = part.opened * factor if part.kind == "slide" else part.opened
        return replace(part, at=at, handle=handle, opened=opened, pieces=tuple(map(small, part.pieces)))

    switch = geometry.switch
    return Furniture(
        pieces=tuple(map(small, geometry.pieces)),
        leaves=tuple(map(leaf, geometry.leaves)),
        glow=tuple(map(small, geometry.glow)),
        switch=None if switch is None else (switch[0] * factor, switch[1] * factor, switch[2] * factor),
    )
