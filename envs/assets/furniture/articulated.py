"""Furniture with moving parts: cupboards with doors, ovens with flaps, chests with a drawer, doors and windows."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

from envs.assets.furniture.cabinetry import (
    BOARD_M,
    DARK,
    GLASS,
    STEEL,
    WHITE,
    WOOD,
    Furniture,
    Leaf,
    box,
    case,
    shade,
    span,
)
from envs.assets.likeness import likeness

if TYPE_CHECKING:
    from envs.geometry.meshes import Color
    from envs.symbolic.domain import FixtureCategory

MAX_HANDLE_RADIUS_M = 0.5  # maximum distance of a handle from its hinge
DOUBLE_FROM_M = 0.75  # wider cupboards have two doors that move together


def _door_leaf(
    c: FixtureCategory, color: Color, *, side: int, width: float, low: float, high: float, front: float
) -> Leaf:
    """A hinged door with its hinge on one side (-1: at -y, 1: at +y) that swings toward +x."""
    reach = min(width - 0.07, MAX_HANDLE_RADIUS_M)
    middle = min(1.12, max(0.72, (low + high) / 2))
    height = high - low
    inward = -side
    panel = box((0.0, BOARD_M), (min(0.0, inward * width), max(0.0, inward * width)), (-height / 2, height / 2), color)
    pieces = [panel]
    if likeness(c) in ("microwave", "oven", "window"):
        pane_center = inward * width / 2
        pane = box(
            (BOARD_M, BOARD_M + 0.002),
            (pane_center - 0.3 * width, pane_center + 0.3 * width),
            (-0.36 * height, 0.36 * height),
            GLASS if likeness(c) == "window" else shade(DARK, 0.6),
            solid=False,
        )
        pieces.append(pane)
    z = middle - (low + high) / 2
    bar = min(0.14, 0.6 * height) / 2
    y = inward * reach
    pieces.append(
        box((BOARD_M + 0.022, BOARD_M + 0.034), (y - 0.008, y + 0.008), (z - bar, z + bar), STEEL, solid=False)
    )
    pieces += [
        box(
            (BOARD_M, BOARD_M + 0.03),
            (y - 0.006, y + 0.006),
            (z + s * bar - 0.008, z + s * bar + 0.008),
            STEEL,
            solid=False,
        )
        for s in (-1, 1)
    ]
    hinge = c.size[1] / 2 if c.region is None else min(c.size[1] / 2, c.region.size[1] / 2 + 0.03)
    return Leaf(
        kind="hinge",
        at=(front, side * hinge, (low + high) / 2),
        axis=(0.0, 0.0, float(side)),
        pieces=tuple(pieces),
        handle=(BOARD_M + 0.028, y, z),
        opened=1.85 if c.region else 1.1,
    )  # fmt: skip


def cupboard(c: FixtureCategory, color: Color) -> Furniture:
    """A case with one door, or a wide one with two."""
    assert c.region is not None
    low, high = c.region.z - 0.015, min(c.size[2], c.region.z + c.region.size[2] + 0.015)
    front = c.size[0] / 2 - 0.018
    total_width = 2 * min(c.size[1] / 2, c.region.size[1] / 2 + 0.03)
    door_color = shade(color, 0.93)
    sides = (-1, 1) if total_width > DOUBLE_FROM_M else (-1,)
    width = total_width / len(sides) - 0.003
    leaves = [_door_leaf(c, door_color, side=s, width=width, low=low, high=high, front=front) for s in sides]
    return Furniture(pieces=tuple(case(c, color, shade(color, 0.75))), leaves=tuple(leaves))


def flap(c: FixtureCategory, color: Color) -> Furniture:
    """A case with a door that opens downwards."""
    assert c.region is not None
    height, width = c.region.size[2] - 0.004, c.region.size[1] + 0.04
    panel = box((0.0, BOARD_M), span(width), (0.0, height), shade(color, 0.9))
    pane = box(
        (BOARD_M, BOARD_M + 0.002), span(0.7 * width), (0.2 * height, 0.72 * height), shade(DARK, 0.6), solid=False
    )
    bar = box((BOARD_M + 0.02, BOARD_M + 0.034), span(0.6 * width), (height - 0.03, height - 0.014), STEEL, solid=False)
    posts = [
        box(
            (BOARD_M, BOARD_M + 0.03),
            (s * 0.27 * width - 0.006, s * 0.27 * width + 0.006),
            (height - 0.03, height - 0.014),
            STEEL,
            solid=False,
        )
        for s in (-1, 1)
    ]
    leaf = Leaf(
        kind="flap",
        at=(c.size[0] / 2 - 0.018, 0.0, c.region.z + 0.002),
        axis=(0.0, 1.0, 0.0),
        pieces=(panel, pane, bar, *posts),
        handle=(BOARD_M + 0.03, 0.0, height - 0.02),
        opened=pi / 2 - 0.03,
    )
    return Furniture(pieces=tuple(case(c, color, shade(color, 0.6))), leaves=(leaf,))


def drawers(c: FixtureCategory, color: Color) -> Furniture:
    """A chest of drawers whose upper drawer slides."""
    assert c.region is not None
    x, y, _ = c.size
    low, high = c.region.z, c.region.z + c.region.size[2]
    depth, width = c.region.size[0], c.region.size[1]
    wall = 0.012
    at = (0.0, 0.0, low)
    front_color = shade(color, 0.93)
    pieces = [box(span(depth + 2 * wall), span(width + 2 * wall), (-wall, 0.0), WOOD)]
    pieces += [
        box(
            span(depth),
            (min(s * width / 2, s * (width / 2 + wall)), max(s * width / 2, s * (width / 2 + wall))),
            (0.0, 0.10),
            WOOD,
        )
        for s in (-1, 1)
    ]
    pieces.append(box((-depth / 2 - wall, -depth / 2), span(width + 2 * wall), (0.0, 0.10), WOOD))
    face = x / 2
    pieces.append(box((face - 0.03, face - 0.01), span(y - 0.03), (-0.01, high - low - 0.10), front_color))
    z = high - low - 0.16
    pieces.append(box((face + 0.018, face + 0.03), span(0.16), (z - 0.008, z + 0.008), STEEL, solid=False))
    pieces += [
        box(
            (face - 0.01, face + 0.025),
            (s * 0.07 - 0.006, s * 0.07 + 0.006),
            (z - 0.006, z + 0.006),
            STEEL,
            solid=False,
        )
        for s in (-1, 1)
    ]
    leaf = Leaf(
        kind="slide", at=at, axis=(1.0, 0.0, 0.0), pieces=tuple(pieces), handle=(face + 0.024, 0.0, z), opened=0.44
    )
    body = [
        box((-x / 2, face - 0.035), span(y), (0.0, low - 0.02), color),
        box((-x / 2, face - 0.01), span(y), (high, c.size[2]), color),
    ]
    body.append(box((-x / 2, -x / 2 + 0.015), span(y), (low - 0.02, high), color))
    body += [
        box(
            (-x / 2, face - 0.035),
            (min(s * (y / 2 - 0.02), s * y / 2), max(s * (y / 2 - 0.02), s * y / 2)),
            (low - 0.02, high),
            color,
        )
        for s in (-1, 1)
    ]
    for k in range(2):
        bottom = 0.05 + k * 0.25
        body.append(
            box((face - 0.035, face - 0.012), span(y - 0.03), (bottom, bottom + 0.23), front_color, solid=False)
        )
        body.append(box((face - 0.012, face + 0.008), span(0.14), (bottom + 0.15, bottom + 0.165), STEEL, solid=False))
    return Furniture(pieces=tuple(body), leaves=(leaf,))


def open_door(c: FixtureCategory, color: Color) -> Furniture:
    """A door or window in its frame."""
    x, y, z = c.size
    low = 0.9 if c.body == "window" else 0.02
    posts = [box(span(x), (s * y / 2 - 0.02, s * y / 2 + 0.02), (0.0, z), shade(color, 0.8)) for s in (-1, 1)]
    frame = [*posts, box(span(x), span(y), (z - 0.04, z), shade(color, 0.8))]
    if c.body == "window":
        frame.append(box(span(x), span(y), (0.0, low), WHITE))
    back = box((-x / 2, -x / 2 + 0.01), span(y), (low, z), GLASS if c.body == "window" else shade(color, 0.5))
    leaf = _door_leaf(c, color, side=-1, width=y - 0.06, low=low, high=z - 0.05, front=x / 2 - 0.02)
    leaf = Leaf(
        kind=leaf.kind,
        at=(x / 2 + 0.004, -y / 2 + 0.03, leaf.at[2]),
        axis=leaf.axis,
        pieces=leaf.pieces,
        handle=leaf.handle,
        opened=leaf.opened,
    )
    return Furniture(pieces=(*frame, back), leaves=(leaf,))
