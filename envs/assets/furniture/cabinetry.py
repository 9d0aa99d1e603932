"""Building blocks of furniture: cases, tops, shelves and bins, as boxes from the domain's `size` and `region`.

Pure geometry in a fixture's frame (origin on the floor, +x to the front). Handles and switches are placed where a
one-armed robot reaches them, which is not always where real furniture has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.assets.likeness import likeness
from envs.geometry.bodies import Piece
from envs.geometry.meshes import Color

if TYPE_CHECKING:
    from envs.symbolic.domain import FixtureCategory, Vec3

WOOD: Color = (0.72, 0.53, 0.36, 1.0)
DARK_WOOD: Color = (0.47, 0.32, 0.21, 1.0)
WHITE: Color = (0.92, 0.92, 0.90, 1.0)
STEEL: Color = (0.68, 0.70, 0.73, 1.0)
DARK: Color = (0.20, 0.21, 0.24, 1.0)
STONE: Color = (0.50, 0.50, 0.52, 1.0)
FABRIC: Color = (0.42, 0.52, 0.62, 1.0)
LINEN: Color = (0.90, 0.90, 0.94, 1.0)
GLASS: Color = (0.72, 0.86, 0.94, 1.0)
GREEN: Color = (0.26, 0.50, 0.25, 1.0)
SKIN: Color = (0.85, 0.66, 0.53, 1.0)
BOARD_M = 0.02
COLORS: dict[str, Color] = {
    "fridge": WHITE, "freezer": WHITE, "microwave": DARK, "oven": STEEL, "stove burner": STEEL, "dishwasher": STEEL,
    "washing machine": WHITE, "toaster": STEEL, "coffee machine": DARK, "kettle base": DARK, "sink": STEEL,
    "countertop": WHITE, "cabinet": WHITE, "drawer": WHITE, "toilet": WHITE, "bathtub": WHITE, "safe": DARK,
    "piano": DARK, "garbage can": DARK, "recycling bin": (0.22, 0.42, 0.68, 1.0), "laundry basket": WOOD,
    "towel rack": STEEL, "toilet paper hanger": STEEL, "cart": STEEL, "television": DARK, "dresser": DARK_WOOD,
    "wardrobe": DARK_WOOD, "bookshelf": DARK_WOOD, "TV stand": DARK_WOOD, "armchair": (0.62, 0.42, 0.34, 1.0),
    "ottoman": (0.55, 0.50, 0.44, 1.0), "door": DARK_WOOD, "window": WHITE,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A moving part of a fixture: a door, a flap or a drawer.

    Attributes:
        kind: `hinge` (a door), `flap` (opens downwards) or `slide` (a drawer).
        at: Origin of its frame, on the hinge, in the fixture's frame [m].
        axis: Axis of rotation or translation; positive joint positions open it.
        pieces: Its pieces, in its own frame.
        handle: Center of the handle bar, in its own frame [m].
        opened: Joint position when open [rad or m].
    """

    kind: str
    at: Vec3
    axis: Vec3
    pieces: tuple[Piece, ...]
    handle: Vec3
    opened: float


@dataclass(frozen=True, kw_only=True)
class Furniture:
    """A fixture's geometry.

    Attributes:
        pieces: The parts that do not move.
        leaves: The moving parts. The robot opens the first; a second one mirrors it.
        glow: Pieces that are only drawn, and lit while the fixture is on.
        switch: Point to press from the front [m].
    """

    pieces: tuple[Piece, ...]
    leaves: tuple[Leaf, ...] = ()
    glow: tuple[Piece, ...] = ()
    switch: Vec3 | None = None


Span = tuple[float, float]


def box(x: Span, y: Span, z: Span, color: Color, *, solid: bool = True) -> Piece:
    """Make a box from its limits along x, y, z [m]."""
    size = (x[1] - x[0], y[1] - y[0], z[1] - z[0])
    return Piece(size=size, at=((x[0] + x[1]) / 2, (y[0] + y[1]) / 2, (z[0] + z[1]) / 2), color=color, solid=solid)


def tube(radius: float, z: tuple[float, float], color: Color, at: tuple[float, float] = (0.0, 0.0)) -> Piece:
    """Make an upright cylinder from its limits along z [m]."""
    size = (2 * radius, 2 * radius, z[1] - z[0])
    return Piece(kind="cylinder", size=size, at=(*at, (z[0] + z[1]) / 2), color=color)


def shade(color: Color, factor: float) -> Color:
    """Darken or lighten a color."""
    return (color[0] * factor, color[1] * factor, color[2] * factor, 1.0)


def span(width: float) -> tuple[float, float]:
    """Return the limits of a centered interval."""
    return (-width / 2, width / 2)


def counter(c: FixtureCategory, color: Color) -> list[Piece]:
    """A solid block with a worktop."""
    x, y, _ = c.size
    top = c.region.z if c.region else c.size[2]
    if likeness(c) == "toilet":
        return [
            box((-x / 2, 0.06), span(y), (0.35, top), color),
            box((-x / 2, x / 2), (-0.19, 0.19), (0.0, 0.40), color),
            box((0.02, x / 2), (-0.20, 0.20), (0.40, 0.43), shade(color, 0.85)),
        ]
    pieces = [box((-x / 2, x / 2 - 0.03), span(y), (0.0, top - 0.04), color)]
    pieces.append(
        box(
            span(x),
            span(y),
            (min(top - 0.04, c.size[2] - 0.01), min(top, c.size[2])),
            STONE if color == WHITE else shade(color, 0.8),
        )
    )
    if likeness(c) == "stove burner":
        pieces.append(tube(0.15, (c.size[2], top), DARK))
    if likeness(c) == "piano":
        keys = box((x / 2, x / 2 + 0.01), span(y - 0.1), (top - 0.35, top - 0.31), WHITE, solid=False)
        pieces.append(keys)
    for k in range(1, int(y / 0.45) + 1):  # door fronts
        edge = -y / 2 + k * y / (int(y / 0.45) + 1)
        pieces.append(
            box((x / 2 - 0.03, x / 2 - 0.027), (edge - 0.006, edge + 0.006), (0.1, top - 0.06), DARK, solid=False)
        )
    return pieces


def table(c: FixtureCategory, color: Color) -> list[Piece]:
    """A top on four legs."""
    x, y, z = c.size
    pieces = [box(span(x), span(y), (z - 0.04, z), color)]
    for sx in (-1, 1):
        for sy in (-1, 1):
            px, py = sx * (x / 2 - 0.05), sy * (y / 2 - 0.05)
            pieces.append(box((px - 0.025, px + 0.025), (py - 0.025, py + 0.025), (0.0, z - 0.04), shade(color, 0.85)))
    if likeness(c) in ("cart", "desk"):
        pieces.append(box((-x / 2 + 0.05, -x / 2 + 0.08), span(y - 0.1), (0.3, z - 0.04), shade(color, 0.85)))
    return pieces


def rack(c: FixtureCategory, color: Color) -> list[Piece]:
    """A flat top over boards or drawer fronts."""
    x, y, z = c.size
    if likeness(c) in ("dresser", "TV stand", "ottoman"):
        pieces = [box(span(x), span(y), (0.0, z), color)]
        rows = 0 if likeness(c) == "ottoman" else max(1, round(z / 0.28))
        for k in range(rows):
            bottom = 0.05 + k * (z - 0.05) / rows
            front = box(
                (x / 2, x / 2 + 0.008),
                span(y - 0.06),
                (bottom, bottom + (z - 0.05) / rows - 0.03),
                shade(color, 1.25),
                solid=False,
            )
            pieces.append(front)
        return pieces
    levels = [k * z / max(1, round(z / 0.35)) for k in range(1, max(1, round(z / 0.35)) + 1)]
    pieces = [box(span(x), span(y), (level - BOARD_M, level), color) for level in levels]
    pieces += [
        box(span(x), (s * y / 2 - 0.01, s * y / 2 + 0.01), (0.0, z - BOARD_M), shade(color, 0.9)) for s in (-1, 1)
    ]
    pieces.append(box((-x / 2, -x / 2 + 0.015), span(y), (0.0, z - BOARD_M), shade(color, 0.8)))
    return pieces


def case(c: FixtureCategory, color: Color, inside: Color, top: float | None = None) -> list[Piece]:
    """A body around a hollow: the pieces under, over, behind and beside it."""
    assert c.region is not None
    x, y, z = c.size
    low, high = c.region.z, c.region.z + c.region.size[2]
    front = x / 2 - 0.02 if c.joint in ("hinge", "flap") else x / 2
    half = c.region.size[1] / 2
    pieces = [box((-x / 2, front), span(y), (0.0, low), color)]
    pieces.append(box((-x / 2, -c.region.size[0] / 2 + c.region.x), span(y), (low, high), inside))
    pieces += [
        box((-x / 2, front), (min(s * half, s * y / 2), max(s * half, s * y / 2)), (low, high), color) for s in (-1, 1)
    ]
    if (top or z) - high > 0.005:
        pieces.append(box((-x / 2, front), span(y), (high, top or z), color))
    return pieces


def shelf(c: FixtureCategory, color: Color) -> list[Piece]:
    """A bookshelf with one usable open compartment."""
    assert c.region is not None
    x, y, _ = c.size
    books = []
    for k in range(9):
        left = -y / 2 + 0.06 + k * 0.085
        tint = ((0.6, 0.25, 0.2, 1.0), (0.25, 0.4, 0.55, 1.0), (0.75, 0.65, 0.4, 1.0))[k % 3]
        books.append(
            box((x / 2 - 0.05, x / 2 + 0.005), (left, left + 0.07), (0.42, 0.66 + 0.02 * (k % 4)), tint, solid=False)
        )
    return [*case(c, color, shade(color, 0.8)), *books]


def walled(c: FixtureCategory, color: Color) -> list[Piece]:
    """A block with an open hollow on top: bins, bathtubs, basins."""
    assert c.region is not None
    x, y, z = c.size
    dx, dy, floor = c.region.size[0] / 2, c.region.size[1] / 2, c.region.z
    top = z
    pieces = [box(span(x), span(y), (0.0, floor), color)]
    pieces += [box((min(s * dx, s * x / 2), max(s * dx, s * x / 2)), span(y), (floor, top), color) for s in (-1, 1)]
    pieces += [box((-dx, dx), (min(s * dy, s * y / 2), max(s * dy, s * y / 2)), (floor, top), color) for s in (-1, 1)]
    pieces.append(box((-dx, dx), (-dy, dy), (floor, floor + 0.001), shade(color, 0.6), solid=False))
    return pieces
