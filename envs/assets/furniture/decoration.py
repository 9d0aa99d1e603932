"""Visual details of furniture beyond its collision boxes: cushions, knobs, keys, hobs, and a person.

They are drawn but do not collide. Frame: the fixture's (origin on the floor, +x to the front); the trim of a leaf
(door, flap or drawer) is in the leaf's frame.
"""

from __future__ import annotations

import itertools
from math import cos, pi, sin
from typing import TYPE_CHECKING

from envs.assets.objects.tableware import BLACK, STEEL, WHITE, darker, lighter
from envs.geometry.meshes import ALONG_X, Color, Mesh, ball, block, lathe, merge, moved, rod, tube

if TYPE_CHECKING:
    from collections.abc import Callable

    from envs.symbolic.domain import FixtureCategory, Vec3

    Trim = Callable[[FixtureCategory, Color], Mesh]

HOB: Color = (0.13, 0.13, 0.16, 1.0)
GLOWING: Color = (0.55, 0.22, 0.18, 1.0)
PILLOW: Color = (0.98, 0.98, 1.0, 1.0)
SKIN: Color = (0.87, 0.67, 0.53, 1.0)
HAIR: Color = (0.27, 0.18, 0.13, 1.0)
TROUSERS: Color = (0.25, 0.30, 0.45, 1.0)
SHOES: Color = (0.20, 0.15, 0.13, 1.0)


def facing(radius: float, color: Color, at: Vec3, *, thickness: float = 0.012, sides: int = 12) -> Mesh:
    """Return a round plate that faces the front."""
    return moved(tube(radius, (0.0, thickness), color, sides=sides), at, ALONG_X)


def _stove(c: FixtureCategory, color: Color) -> Mesh:
    assert c.region is not None
    x, y, _ = c.size
    top = c.region.z + 0.0005
    circles = ((0.15, HOB), (0.13, GLOWING), (0.11, HOB), (0.08, GLOWING), (0.06, HOB))
    heights = [top + 0.0005 * k for k in range(len(circles))]
    rings = [lathe([(r, h), (0.0, h)], tint, sides=16) for (r, tint), h in zip(circles, heights, strict=True)]
    glass = block((0.9 * x, 0.92 * y, 0.002), (0.0, 0.0, c.size[2] + 0.001), HOB, below=False)
    knobs = [facing(0.02, STEEL, (x / 2 - 0.03, s * 0.16 * y + 0.3 * y, c.size[2] - 0.1), thickness=0.03, sides=8)
             for s in (-1, 1)]  # fmt: skip
    return merge([*rings, glass, *knobs])


def _piano(c: FixtureCategory, color: Color) -> Mesh:
    x, y, z = c.size
    low, long = z - 0.36, y - 0.1
    ledge = block((0.13, y, 0.05), (x / 2 + 0.045, 0.0, low - 0.03), color)
    keys = block((0.12, long, 0.02), (x / 2 + 0.05, 0.0, low), WHITE)
    n = 22
    black = [block((0.07, 0.5 * long / n, 0.014), (x / 2 + 0.025, (k + 0.5 - n / 2) * long / n, low + 0.016), BLACK,
                   below=False) for k in range(n) if k % 7 not in (2, 6)]  # fmt: skip
    legs = [block((0.05, 0.05, low - 0.05), (x / 2 + 0.07, s * (y / 2 - 0.04), (low - 0.05) / 2), color, below=False)
            for s in (-1, 1)]  # fmt: skip
    stand = block((0.012, 0.5 * y, 0.16), (x / 2 + 0.004, 0.0, low + 0.16), lighter(color, 0.12))
    return merge([ledge, keys, *black, *legs, stand])


def _toilet(c: FixtureCategory, color: Color) -> Mesh:
    assert c.region is not None
    x, y, _ = c.size
    top = c.region.z
    tank = block((0.06 + x / 2, y, top - 0.36), ((0.06 - x / 2) / 2, 0.0, (top + 0.36) / 2), color)
    button = tube(0.03, (top, top + 0.001), STEEL, at=(-0.1, 0.0), sides=8)
    bowl = lathe([(0.13, 0.0), (0.11, 0.1), (0.20, 0.40)], color, at=(0.12, 0.0, 0.0))
    foot = block((0.3, 0.2, 0.36), (-0.1, 0.0, 0.18), color, below=False)
    seat = lathe([(0.20, 0.40), (0.205, 0.43), (0.0, 0.43)], darker(color, 0.92), at=(0.10, 0.0, 0.0))
    return merge([tank, button, bowl, foot, seat])


def _seat(c: FixtureCategory, color: Color) -> Mesh:
    assert c.region is not None
    x, y, z = c.size
    seat, depth, width = c.region.z, c.region.size[0], c.region.size[1]
    n = max(1, round(width / 0.7))
    wide = width / n - 0.015
    parts = []
    for k in range(n):
        middle = (k + 0.5 - n / 2) * width / n
        parts.append(block((depth + 0.02, wide, 0.03), (0.03, middle, seat - 0.012), lighter(color, 0.1), bulge=0.02))
        back = (0.12, wide, z - seat - 0.04)
        parts.append(block(back, (-depth / 2, middle, (z + seat) / 2), lighter(color, 0.12), bulge=0.05))
    parts += [block((0.05, 0.05, 0.07), (a * (x / 2 - 0.06), b * (y / 2 - 0.06), 0.035), HAIR, below=False)
              for a in (-1, 1) for b in (-1, 1)]  # fmt: skip
    return merge(parts)


def _bed(c: FixtureCategory, color: Color) -> Mesh:
    x, y, z = c.size
    pillow = block((0.55, 0.38, 0.10), (-0.37, y / 2 - 0.3, z + 0.03), PILLOW, bulge=0.15)
    fold = block((0.16, y - 0.03, 0.012), (-0.14, 0.0, z + 0.002), PILLOW, below=False)
    legs = [block((0.07, 0.07, 0.13), (a * (x / 2 - 0.05), b * (y / 2 - 0.05), 0.065), HAIR, below=False)
            for a in (-1, 1) for b in (-1, 1)]  # fmt: skip
    return merge([pillow, fold, *legs])


def _cart(c: FixtureCategory, color: Color) -> Mesh:
    x, y, z = c.size
    tray = block((x - 0.1, y - 0.1, 0.02), (0.0, 0.0, 0.28), darker(color, 0.9))
    wheels = [ball((0.07, 0.05, 0.07), (a * (x / 2 - 0.05), b * (y / 2 - 0.05), 0.035), BLACK, sides=6, rings=3)
              for a in (-1, 1) for b in (-1, 1)]  # fmt: skip
    a, b, c_ = x / 2 - 0.06, y / 2, z + 0.05
    grip = [(-a, b, z - 0.03), (-a, b + 0.05, c_), (a, b + 0.05, c_), (a, b, z - 0.03)]
    return merge([tray, *wheels, *(rod(a, b, 0.02, STEEL) for a, b in itertools.pairwise(grip))])


def _radio(c: FixtureCategory, color: Color) -> Mesh:
    x, _y, z = c.size
    front = x / 2 - 0.02
    cones = [facing(0.06, BLACK, (front, s * 0.085, z - 0.1), thickness=0.006) for s in (-1, 1)]
    cones += [facing(0.025, STEEL, (front, s * 0.085, z - 0.1), thickness=0.012, sides=8) for s in (-1, 1)]
    return merge([*cones, block((0.004, 0.11, 0.03), (front, 0.0, z - 0.16), (0.95, 0.85, 0.6, 1))])


def _safe(c: FixtureCategory, color: Color) -> Mesh:
    x, _y, z = c.size
    return block((0.004, 0.12, 0.05), (x / 2 - 0.018, 0.0, z - 0.12), (0.5, 0.7, 0.55, 1))


def _bin(c: FixtureCategory, color: Color) -> Mesh:
    x, y, z = c.size
    rims = [block((x + 0.016, 0.03, 0.04), (0.0, s * (y / 2 - 0.007), z - 0.015), lighter(color, 0.2)) for s in (-1, 1)]
    rims += [block((0.03, y, 0.04), (s * (x / 2 - 0.007), 0.0, z - 0.015), lighter(color, 0.2)) for s in (-1, 1)]
    return merge(rims)


def _recycling(c: FixtureCategory, color: Color) -> Mesh:
    x, _, z = c.size
    arrows = []
    for k in range(3):
        a, b = pi / 2 + 2 * pi * k / 3, pi / 2 + 2 * pi * (k + 0.75) / 3
        points = [(x / 2 + 0.004, 0.09 * cos(t), 0.55 * z + 0.09 * sin(t)) for t in (a, b)]
        arrows.append(rod(points[0], points[1], 0.03, WHITE, tip=0.012))
    return merge([_bin(c, color), *arrows])


def _laundry(c: FixtureCategory, color: Color) -> Mesh:
    x, y, z = c.size
    slat, dark = (x + 0.006, y + 0.006, 0.02), darker(color, 0.75)
    slats = [block(slat, (0.0, 0.0, f * z), dark, below=False) for f in (0.15, 0.3, 0.45)]
    return merge([*slats, _bin(c, color)])


def _bathtub(c: FixtureCategory, color: Color) -> Mesh:
    _x, y, z = c.size
    bends = ((0.04, 0.0), (0.04, 0.14), (0.16, 0.14), (0.18, 0.09))
    tap = [(0.0, y / 2 - back, z + up) for back, up in bends]
    pipes = [rod(a, b, 0.03, STEEL) for a, b in itertools.pairwise(tap)]
    knobs = [tube(0.025, (z, z + 0.05), STEEL, at=(s * 0.09, y / 2 - 0.04), sides=8) for s in (-1, 1)]
    return merge([*pipes, *knobs])


def _sink(c: FixtureCategory, color: Color) -> Mesh:
    assert c.region is not None
    x, y, _z = c.size
    high = c.region.z - 0.02
    front = block((x + 0.004, y + 0.004, high), (0.0, 0.0, high / 2), WHITE, below=False)
    gap = block((0.004, 0.008, high - 0.1), (x / 2 + 0.002, 0.0, high / 2), darker(WHITE, 0.6))
    handles = [block((0.02, 0.012, 0.12), (x / 2 + 0.01, s * 0.05, high - 0.14), STEEL) for s in (-1, 1)]
    drain = tube(0.03, (c.region.z + 0.001, c.region.z + 0.003), darker(STEEL, 0.5), sides=8)
    return merge([front, gap, *handles, drain])


def _coffee(c: FixtureCategory, color: Color) -> Mesh:
    assert c.region is not None
    top, back = c.region.z, -c.region.size[0] / 2
    tank = block((0.05, 0.2, 0.2), (back - 0.03, 0.15, top + 0.12), (0.6, 0.75, 0.85, 1))
    out = back + 0.06
    spout = [rod((out, s * 0.02, top + 0.31), (out, s * 0.02, top + 0.27), 0.012, STEEL) for s in (-1, 1)]
    lamp = block((0.004, 0.03, 0.015), (back + 0.082, 0.06, top + 0.33), (0.3, 0.9, 0.4, 1))
    return merge([tank, *spout, lamp, tube(0.08, (top, top + 0.004), BLACK)])


def _person(c: FixtureCategory, color: Color) -> Mesh:
    """A standing person with both hands held out, palms up."""
    assert c.region is not None
    tray, middle, width = c.region.z, c.region.x, c.region.size[1] / 2
    depth = c.region.size[0] / 2
    parts = []
    for s in (-1, 1):
        hip, knee, ankle = (-0.06, s * 0.10, 0.88), (-0.04, s * 0.11, 0.48), (-0.07, s * 0.11, 0.06)
        parts.append(rod(hip, knee, 0.17, TROUSERS, sides=6, tip=0.13))
        parts.append(rod(knee, ankle, 0.13, TROUSERS, sides=6, tip=0.10))
        parts.append(block((0.25, 0.10, 0.08), (-0.03, s * 0.11, 0.04), SHOES, below=False, bulge=0.1))
        shoulder, elbow = (-0.09, s * 0.23, 1.36), (-0.10, s * 0.28, 1.02)
        hand = (middle - depth + 0.02, s * 0.2, tray - 0.03)
        parts += [rod(shoulder, elbow, 0.11, color, sides=6, tip=0.09), rod(elbow, hand, 0.08, SKIN, sides=6, tip=0.06)]
        palm = (2 * depth - 0.06, width - 0.06, 0.02)
        parts.append(block(palm, (middle + 0.02, s * (width / 2 - 0.01), tray - 0.012), SKIN))
        parts.append(block((0.012, 0.03, 0.02), (0.012, s * 0.04, 1.61), (0.15, 0.12, 0.12, 1)))
    torso = lathe([(0.17, 0.84), (0.16, 1.0), (0.21, 1.32), (0.16, 1.42), (0.06, 1.46)], color, stretch=1.15, sides=8)
    parts.append(moved(moved(torso, turn=((0.62, 0, 0), (0, 1, 0), (0, 0, 1))), (-0.09, 0.0, 0.0)))
    parts.append(tube(0.055, (1.42, 1.52), SKIN, at=(-0.09, 0.0), sides=8))
    parts.append(ball((0.19, 0.17, 0.25), (-0.085, 0.0, 1.59), SKIN, sides=8, rings=5))
    parts.append(ball((0.20, 0.19, 0.2), (-0.115, 0.0, 1.645), HAIR, sides=8, rings=5))
    parts.append(rod((0.005, 0.0, 1.60), (0.03, 0.0, 1.565), 0.025, darker(SKIN, 0.9), sides=4))
    return merge(parts)


def _lamp_foot(c: FixtureCategory, color: Color) -> Mesh:
    return lathe([(0.14, 0.0), (0.13, 0.03), (0.02, 0.06)], color, sides=12)


def _fan(c: FixtureCategory, color: Color) -> Mesh:
    z = c.size[2] - 0.2
    cage = [(0.012, 0.19 * cos(k * pi / 5), z + 0.19 * sin(k * pi / 5)) for k in range(11)]
    ring = [rod(a, b, 0.012, STEEL) for a, b in itertools.pairwise(cage)]
    return merge([*ring, facing(0.05, color, (-0.05, 0.0, z), thickness=0.06, sides=8)])


# Fixtures whose boxes are not drawn: the trim replaces them.
BOXES_HIDDEN = ("person", "toilet")
TRIM: dict[str, Trim] = {
    "stove burner": _stove, "piano": _piano, "toilet": _toilet, "sofa": _seat, "armchair": _seat, "bed": _bed,
    "cart": _cart, "radio": _radio, "safe": _safe, "garbage can": _bin, "recycling bin": _recycling,
    "laundry basket": _laundry, "bathtub": _bathtub, "sink": _sink, "coffee machine": _coffee, "person": _person,
    "floor lamp": _lamp_foot, "desk lamp": _lamp_foot, "fan": _fan,
}  # fmt: skip


def leaf_trim(name: str, panel: Vec3, at: Vec3, color: Color) -> Mesh | None:
    """Return the trim on the front of a leaf whose panel has this size and center [m]."""
    _, y, z = panel
    front = at[0] + panel[0] / 2
    if name == "washing machine":
        r = 0.36 * min(y, z)
        ring = facing(r, STEEL, (front + 0.002, at[1], at[2]), thickness=0.012)
        pane = facing(0.8 * r, (0.25, 0.32, 0.4, 1), (front + 0.004, at[1], at[2]), thickness=0.012)
        return merge([ring, pane])
    if name == "safe":
        return facing(0.06, STEEL, (front, at[1], at[2] + 0.02), thickness=0.02)
    if name in ("door", "wardrobe"):
        width, height = 0.62 * y, 0.36 * z
        return merge([block((0.004, width, height), (front + 0.002, at[1], at[2] + s * 0.23 * z), darker(color, 0.85))
                      for s in (-1, 1)])  # fmt: skip
    if name == "window":
        bars = [block((0.006, 0.6 * y, 0.02), (front + 0.004, at[1], at[2]), color)]
        return merge([*bars, block((0.006, 0.02, 0.72 * z), (front + 0.004, at[1], at[2]), color)])
    return None
