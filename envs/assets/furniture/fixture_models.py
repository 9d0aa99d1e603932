"""Geometry of every fixture category: `furniture(category)` looks up the domain's `body` and builds it.

Pure geometry in a fixture's frame (origin on the floor, +x to the front). Cases come from `cabinetry.py`, doors, flaps
and drawers from `articulated.py`, decoration from `decoration.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import cos, sin
from typing import TYPE_CHECKING

from envs.assets.furniture.articulated import cupboard, drawers, flap, open_door
from envs.assets.furniture.cabinetry import (
    COLORS,
    DARK,
    FABRIC,
    GREEN,
    LINEN,
    SKIN,
    STEEL,
    WHITE,
    WOOD,
    Furniture,
    box,
    counter,
    rack,
    shade,
    shelf,
    span,
    table,
    tube,
    walled,
)
from envs.assets.furniture.decoration import BOXES_HIDDEN, TRIM, leaf_trim
from envs.assets.furniture.small_sizes import enlarged, enlargement, shrunk
from envs.assets.likeness import likeness
from envs.errors import DomainError, nearest
from envs.geometry.bodies import VERTEX_COLORS, Piece, visual_piece
from envs.geometry.meshes import Color, lathe, merge, moved, rod, two_sided_quad
from envs.geometry.meshes import tube as tube_mesh
from envs.symbolic.described_kinds import fixture_of, look_of
from envs.symbolic.domain import load_domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from envs.symbolic.domain import Domain, FixtureCategory, Vec3
    from envs.symbolic.scene import FixtureSpec

UNLIT: Color = (0.35, 0.37, 0.40, 1.0)
SHADE: Color = (0.85, 0.80, 0.70, 1.0)
LIT: Color = (1.0, 0.88, 0.35, 1.0)
SCREEN_LIT: Color = (0.35, 0.65, 0.95, 1.0)


def _sink_basin(c: FixtureCategory, color: Color) -> Furniture:
    assert c.region is not None
    x, y, z = c.size
    cabinet = box((-x / 2, x / 2 - 0.01), span(y), (0.0, c.region.z - 0.02), WHITE)
    pipe = box((-x / 2 + 0.02, -x / 2 + 0.05), span(0.04), (z, z + 0.24), STEEL)
    spout = box((-x / 2 + 0.02, -x / 2 + 0.20), span(0.035), (z + 0.22, z + 0.25), STEEL)
    stream = box(
        (-x / 2 + 0.17, -x / 2 + 0.19), span(0.02), (c.region.z, z + 0.22), (0.55, 0.75, 0.95, 1.0), solid=False
    )
    knob = box((x / 2, x / 2 + 0.02), span(0.06), (z - 0.10, z - 0.05), DARK, solid=False)
    pieces = (*walled(c, color), cabinet, pipe, spout, knob)
    return Furniture(pieces=pieces, glow=(stream,), switch=(x / 2 + 0.02, 0.0, z - 0.075))


def _appliance(c: FixtureCategory, color: Color) -> Furniture:
    assert c.region is not None
    x, y, _ = c.size
    top = c.region.z
    half = c.region.size[0] / 2
    pieces = [
        box(span(x), span(y), (0.0, top - 0.02), WHITE),
        box(span(x), span(y), (top - 0.02, top), shade(WOOD, 0.9)),
    ]
    if likeness(c) == "coffee machine":
        pieces.append(box((-x / 2, -half - 0.005), span(0.26), (top, top + 0.36), color))
        pieces.append(box((-half - 0.005, -half + 0.08), span(0.2), (top + 0.30, top + 0.36), color, solid=False))
    elif likeness(c) == "toaster":
        pieces += [box((-half, half), (s * 0.15 - 0.012, s * 0.15 + 0.012), (top, top + 0.09), color) for s in (-1, 1)]
        pieces.append(box((-x / 2 + 0.05, -half - 0.005), span(0.3), (top, top + 0.13), color))
    else:
        pieces.append(tube(0.11, (top, top + 0.003), color))
        pieces.append(box((-x / 2 + 0.02, -half - 0.01), span(0.16), (top, top + 0.05), color))
    at = (x / 2 + 0.012, 0.0, top - 0.09)
    return Furniture(pieces=(*pieces, _switch_plate(at)), glow=(_knob(at),), switch=at)


def _seat(c: FixtureCategory, color: Color) -> Furniture:
    assert c.region is not None
    x, y, z = c.size
    seat = c.region.z
    inner = c.region.size[1] / 2 + 0.01
    pieces = [
        box(span(x), span(y), (0.06, seat - 0.12), shade(color, 0.85)),
        box((-c.region.size[0] / 2 - 0.01, x / 2), (-inner, inner), (seat - 0.12, seat), color),
        box((-x / 2, -c.region.size[0] / 2 - 0.01), span(y), (seat - 0.12, z), shade(color, 0.95)),
    ]
    for s in (-1, 1):
        side = (min(s * inner, s * y / 2), max(s * inner, s * y / 2))
        pieces.append(box((-x / 2, x / 2), side, (seat - 0.12, seat + 0.14), shade(color, 0.9)))
    return Furniture(pieces=tuple(pieces))


def _bed(c: FixtureCategory, color: Color) -> Furniture:
    x, y, z = c.size
    pieces = (
        box(span(x), span(y), (0.12, 0.30), WOOD),
        box(span(x - 0.06), span(y - 0.06), (0.30, z - 0.012), LINEN),
        box((-0.15, x / 2 - 0.02), span(y - 0.03), (z - 0.10, z), color),
        box((-x / 2 + 0.05, x / 2 - 0.05), (y / 2 - 0.04, y / 2), (0.0, z + 0.35), WOOD),
        box((-x / 2 + 0.1, -0.25), (y / 2 - 0.5, y / 2 - 0.1), (z - 0.012, z + 0.08), LINEN),
    )
    return Furniture(pieces=pieces)


def _screen(c: FixtureCategory, color: Color) -> Furniture:
    x, y, z = c.size
    pieces = (
        box(span(x), span(0.6), (0.0, 0.03), color),
        box((-0.04, 0.04), (-0.05, 0.05), (0.03, z - 0.5), color),
        box((-0.02, 0.03), span(y), (z - 0.58, z), color),
        box((0.03, x / 2), (-0.05, 0.05), (z - 0.60, z - 0.56), color),
    )
    face = box((0.03, 0.034), span(y - 0.06), (z - 0.53, z - 0.03), UNLIT, solid=False)
    return Furniture(pieces=pieces, glow=(face,), switch=(x / 2 + 0.005, 0.0, z - 0.58))


def _lamp(c: FixtureCategory, color: Color) -> Furniture:
    x, _, z = c.size
    stand = 0.7 if likeness(c) == "desk lamp" else 0.0
    pieces = [tube(0.14, (0.0, 0.03), DARK), tube(0.016, (0.03, z - 0.2), STEEL)]
    if stand:
        pieces += [tube(x / 2, (stand - 0.03, stand), WOOD)]
    at = (0.05, 0.0, min(0.95, z - 0.2))
    pieces.append(box((0.0, 0.045), span(0.05), (at[2] - 0.03, at[2] + 0.03), DARK))
    if likeness(c) == "fan":
        blades = [box((-0.01, 0.01), span(0.34), (z - 0.23, z - 0.17), UNLIT, solid=False)]
        blades.append(box((-0.01, 0.01), (-0.03, 0.03), (z - 0.37, z - 0.03), UNLIT, solid=False))
        return Furniture(pieces=tuple(pieces), glow=tuple(blades), switch=at)
    glow = visual_piece(lathe([(0.0, z - 0.2), (0.16, z - 0.24), (0.09, z), (0.0, z)], VERTEX_COLORS), SHADE)
    return Furniture(pieces=tuple(pieces), glow=(glow,), switch=at)


def _panel(c: FixtureCategory, color: Color) -> Furniture:
    x, y, z = c.size
    if likeness(c) == "radio":
        pieces = [
            box(span(x), span(y), (0.0, 0.03), color),
            box((-0.03, 0.03), (-0.03, 0.03), (0.03, z - 0.2), color),
            box(span(x - 0.04), span(y), (z - 0.2, z), WOOD),
            tube(0.004, (z, z + 0.25), STEEL, at=(-0.04, 0.1)),
        ]
        at = (x / 2 - 0.01, 0.0, z - 0.06)
        return Furniture(pieces=(*pieces, _switch_plate(at)), glow=(_knob(at),), switch=at)
    pieces = [
        box((-x / 2, 0.0), span(0.06), (0.0, z - 0.15), WHITE),
        box((-x / 2, 0.02), span(y), (z - 0.15, z), WHITE),
    ]
    at = (0.03, 0.0, z - 0.08)
    ceiling = visual_piece(moved(tube_mesh(0.15, (2.07, 2.12), VERTEX_COLORS, below=True), (0.7, 0.0, 0.0)), UNLIT)
    return Furniture(pieces=(*pieces, _switch_plate(at)), glow=(ceiling,), switch=at)


def _plant(c: FixtureCategory, color: Color) -> Furniture:
    _, _, z = c.size
    clay: Color = (0.62, 0.36, 0.26, 1.0)
    pot = [lathe([(0.11, 0.0), (0.16, 0.34), (0.17, 0.34), (0.17, 0.37), (0.14, 0.37)], clay)]
    pot.append(lathe([(0.14, 0.36), (0.0, 0.36)], (0.25, 0.17, 0.12, 1.0)))
    leaves = [rod((0.0, 0.0, 0.35), (0.0, 0.0, 0.7 * z), 0.03, (0.4, 0.28, 0.16, 1.0))]
    for k in range(14):  # foliage that leans outwards, more at the bottom
        angle, height = 2.4 * k, 0.40 + 0.022 * k
        reach, rise = 0.32 - 0.018 * k, 0.06 + 0.016 * k
        x, y, half_width = cos(angle), sin(angle), 0.075
        foot, tip = (0.02 * x, 0.02 * y, height), (reach * x, reach * y, min(z, height + rise))
        middle = [
            (0.55 * reach * x - s * half_width * y, 0.55 * reach * y + s * half_width * x, height + 0.75 * rise)
            for s in (-1, 1)
        ]
        leaves.append(two_sided_quad((foot, middle[0], tip, middle[1]), shade(color, 0.8 + 0.15 * (k % 4))))
    trunk = Piece(kind="cylinder", size=(0.3, 0.3, 0.36), at=(0.0, 0.0, 0.18), visible=False)
    stem = Piece(kind="cylinder", size=(0.05, 0.05, z - 0.4), at=(0.0, 0.0, 0.36 + (z - 0.4) / 2), visible=False)
    return Furniture(pieces=(visual_piece(merge([*pot, *leaves]), color), trunk, stem))


def _floor(c: FixtureCategory, color: Color) -> Furniture:
    """A rug that is only drawn: objects lie on the ground under it, and the robot drives over it."""
    x, y, z = c.size
    pieces = (
        box(span(x), span(y), (0.0, 0.7 * z), shade(color, 0.85), solid=False),
        box(span(x - 0.12), span(y - 0.12), (0.7 * z, z), color, solid=False),
    )
    return Furniture(pieces=pieces)


def _person(c: FixtureCategory, color: Color) -> Furniture:
    assert c.region is not None
    tray = c.region.z
    middle, depth, width = c.region.x, c.region.size[0] / 2, c.region.size[1] / 2
    trousers: Color = (0.25, 0.28, 0.38, 1.0)
    pieces = [box((-0.16, 0.06), (s * 0.10 - 0.08, s * 0.10 + 0.08), (0.0, 0.85), trousers) for s in (-1, 1)]
    pieces += [
        box((-0.17, 0.05 - 0.10), (-0.22, 0.22), (0.85, 1.42), color),
        tube(0.05, (1.42, 1.48), SKIN, at=(-0.10, 0.0)),
        tube(0.10, (1.47, 1.70), SKIN, at=(-0.10, 0.0)),
        tube(0.105, (1.66, 1.73), (0.25, 0.17, 0.12, 1.0), at=(-0.11, 0.0)),
        box((middle - depth, middle + depth), (-width, width), (tray - 0.02, tray), shade(SKIN, 0.95)),
    ]
    pieces += [box((-0.12, middle), (s * 0.25 - 0.04, s * 0.25 + 0.04), (tray - 0.06, tray), SKIN) for s in (-1, 1)]
    pieces += [box((-0.15, -0.05), (s * 0.27 - 0.05, s * 0.27 + 0.05), (tray, 1.40), color) for s in (-1, 1)]
    return Furniture(pieces=tuple(pieces))


def _knob(at: Vec3) -> Piece:
    return box(
        (at[0], at[0] + 0.008), (at[1] - 0.022, at[1] + 0.022), (at[2] - 0.022, at[2] + 0.022), UNLIT, solid=False
    )


def _switch_plate(at: Vec3) -> Piece:
    return box((at[0] - 0.012, at[0]), (at[1] - 0.035, at[1] + 0.035), (at[2] - 0.028, at[2] + 0.028), WHITE)


def _static(build: Callable[[FixtureCategory, Color], list[Piece]]) -> Callable[[FixtureCategory, Color], Furniture]:
    return lambda category, color: Furniture(pieces=tuple(build(category, color)))


BODIES: dict[str, tuple[Callable[[FixtureCategory, Color], Furniture], Color]] = {
    "counter": (_static(counter), WHITE),
    "table": (_static(table), WOOD),
    "rack": (_static(rack), WOOD),
    "shelf": (_static(shelf), WOOD),
    "cupboard": (cupboard, WHITE),
    "drawers": (drawers, WHITE),
    "flap": (flap, STEEL),
    "slot": (_appliance, STEEL),
    "basin": (_sink_basin, STEEL),
    "bin": (_static(walled), DARK),
    "seat": (_seat, FABRIC),
    "bed": (_bed, FABRIC),
    "screen": (_screen, DARK),
    "lamp": (_lamp, DARK),
    "panel": (_panel, DARK),
    "plant": (_plant, GREEN),
    "door": (open_door, WOOD),
    "window": (open_door, WHITE),
    "floor": (_floor, (0.64, 0.62, 0.60, 1.0)),
    "person": (_person, (0.70, 0.35, 0.30, 1.0)),
}


def furniture_of(spec: FixtureSpec, domain: Domain) -> Furniture:
    """Return the geometry of one fixture, in the color or material of its properties."""
    look = look_of(spec.properties, domain)
    return furniture(fixture_of(spec, domain), (*look, 1.0) if look else None)


@lru_cache(maxsize=256)
def furniture(category: FixtureCategory, own_color: Color | None = None) -> Furniture:
    """Return the geometry of a fixture category, in another color if one is given.

    Raises:
        DomainError: The domain names a body that this module cannot build.
    """
    if category.body not in BODIES:
        raise DomainError(f"fixtures.{category.name}: no body {category.body!r}{nearest(category.body, BODIES)}")
    build, default_color = BODIES[category.body]
    color = own_color or COLORS.get(likeness(category), default_color)
    if needed := _lacks(category):
        raise DomainError(f"fixtures.{category.name}: the body {category.body!r} {needed}")
    larger = enlargement(category)
    built = category if larger == 1.0 else enlarged(category, larger)
    geometry = _trimmed(built, build(built, color), color)
    if category.switch and geometry.switch is None:
        geometry = _with_switch(built, geometry)
    return geometry if larger == 1.0 else shrunk(geometry, 1 / larger)


def _lacks(category: FixtureCategory) -> str:
    """Return what a category does not give that its body is made with; empty if all is there."""
    example = next((f for f in load_domain().fixtures.values() if f.body == category.body), category)
    if example.joint != category.joint:
        return f"has {f'a {example.joint}' if example.joint else 'no joint'}, not {category.joint}"
    return "is made around a region, and there is none" if example.region and category.region is None else ""


def _trimmed(c: FixtureCategory, geometry: Furniture, color: Color) -> Furniture:
    """Add the decoration, which is drawn but does not collide."""
    pieces = geometry.pieces
    if likeness(c) in BOXES_HIDDEN:
        pieces = tuple(replace(piece, visible=False) for piece in pieces)
    if likeness(c) in TRIM:
        pieces = (*pieces, visual_piece(TRIM[likeness(c)](c, color), color))
    leaves = []
    for leaf_part in geometry.leaves:
        panel = leaf_part.pieces[0]
        trim = leaf_trim(likeness(c), panel.size, panel.at, color)
        leaves.append(
            leaf_part if trim is None else replace(leaf_part, pieces=(*leaf_part.pieces, visual_piece(trim, color)))
        )
    return replace(geometry, pieces=pieces, leaves=tuple(leaves))


def _with_switch(c: FixtureCategory, geometry: Furniture) -> Furniture:
    """Add a button above the door, or on the front of a fixture without a door."""
    front = c.size[0] / 2
    if c.joint is not None and c.region is not None:
        low = c.region.z + c.region.size[2]
        at = (front + 0.004, 0.0, (low + 0.015 + c.size[2]) / 2)
    else:
        at = (front + 0.012, 0.0, c.size[2] - 0.10)
    plate = (
        (_switch_plate(at),)
        if c.joint is None
        else (box((at[0] - 0.03, at[0]), (-0.04, 0.04), (at[2] - 0.018, at[2] + 0.018), WHITE),)
    )
    return Furniture(pieces=(*geometry.pieces, *plate), leaves=geometry.leaves, glow=(_knob(at),), switch=at)
