"""Meshes of dishes, cutlery, cookware and vessels, built from revolved profiles, rods and slabs.

Each `Appearance` takes a size [m] and a color and returns a mesh around the object's center, z up.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import cos, pi, sin
from typing import TYPE_CHECKING

from envs.geometry.meshes import ALONG_X, Color, Mesh, block, lathe, merge, moved, rod, slab, tube

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Vec3

Appearance = Callable[["Vec3", Color], Mesh]
STEEL: Color = (0.72, 0.74, 0.77, 1.0)
BLACK: Color = (0.13, 0.13, 0.15, 1.0)
WHITE: Color = (0.97, 0.97, 0.95, 1.0)
WOOD: Color = (0.65, 0.45, 0.28, 1.0)


def darker(color: Color, factor: float = 0.7) -> Color:
    """Return a darker color."""
    return (color[0] * factor, color[1] * factor, color[2] * factor, 1.0)


def lighter(color: Color, share: float = 0.5) -> Color:
    """Return a color mixed with a share of white."""
    return (color[0] + (1 - color[0]) * share, color[1] + (1 - color[1]) * share, color[2] + (1 - color[2]) * share, 1)


def revolved(profile: Sequence[tuple[float, float]], *, sides: int = 12) -> Appearance:
    """Return a closed solid of revolution; its profile is in fractions of (half width, height)."""

    def build(size: Vec3, color: Color) -> Mesh:
        points = [(a * size[0] / 2, (z - 0.5) * size[2]) for a, z in profile]
        closed = [(0.0, points[0][1]), *points, (0.0, points[-1][1])]
        return lathe(closed, color, stretch=size[1] / size[0], sides=sides)

    return build


def vessel(profile: Sequence[tuple[float, float]], wall: float = 0.08, *, inside: float = 0.8) -> Appearance:
    """Return an open vessel, darker inside; its outer profile is in fractions of (half width, height)."""

    def build(size: Vec3, color: Color) -> Mesh:
        r, h = size[0] / 2, size[2]
        outer = [(a * r, (z - 0.5) * h) for a, z in profile]
        rim = ((profile[-1][0] - wall) * r, outer[-1][1])
        hollow = [(max(0.0, (a - wall) * r), (max(z, 0.08) - 0.5) * h) for a, z in reversed(profile)]
        return merge([
            lathe([*outer, rim], color),
            lathe([*hollow, (0.0, hollow[-1][1])], darker(color, inside)),
        ])  # fmt: skip

    return build


def with_parts(body: Appearance, *parts: Appearance) -> Appearance:
    """Combine several appearances."""
    return lambda size, color: merge([part(size, color) for part in (body, *parts)])


def _ear(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    out = 0.9 * r + 0.018
    low, high = (0.9 * r, 0.0, -0.22 * h), (0.9 * r, 0.0, 0.28 * h)
    knees = (out, 0.0, -0.16 * h), (out, 0.0, 0.22 * h)
    return merge([rod(low, knees[0], 0.011, color), rod(*knees, 0.011, color), rod(knees[1], high, 0.011, color)])


def _pan_handle(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    return rod((0.9 * r, 0.0, 0.2 * h), (2.4 * r, 0.0, 0.45 * h), 0.024, BLACK)


def _pot_ears(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    return merge([block((0.3 * r, 0.06, 0.014), (s * 1.1 * r, 0.0, 0.3 * h), BLACK) for s in (-1, 1)])


def _plate(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2] / 2
    rim = lathe([(0.62 * r, -h), (r, 0.75 * h), (r, h), (0.66 * r, -0.1 * h)], color, sides=16)
    return merge([rim, lathe([(0.66 * r, -0.1 * h), (0.0, -0.1 * h)], darker(color, 0.9), sides=16)])


def _disc(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2] / 2
    rings = [lathe([(r, -h), (r, h), (0.62 * r, h)], color, sides=16)]
    rings.append(lathe([(0.62 * r, h), (0.35 * r, h)], (0.85, 0.75, 0.88, 1), sides=16))
    return merge([*rings, lathe([(0.35 * r, h), (0.0, h)], (0.35, 0.37, 0.42, 1))])


def _kettle(size: Vec3, color: Color) -> Mesh:
    x, _, z = size
    body = revolved([(0.85, 0.0), (0.9, 0.1), (0.75, 0.6), (0.3, 0.72)])(size, color)
    lid = tube(0.04 * x / 0.16, (0.21 * z, 0.27 * z), BLACK, sides=8)
    spout = rod((-0.3 * x, 0.0, -0.1 * z), (-0.52 * x, 0.0, 0.2 * z), 0.035, darker(color, 0.85), tip=0.02)
    ends = (-0.3 * x, 0.0, 0.12 * z), (0.3 * x, 0.0, 0.12 * z)
    tops = (-0.24 * x, 0.0, 0.46 * z), (0.24 * x, 0.0, 0.46 * z)
    bars = (ends[0], tops[0]), (tops[0], tops[1]), (tops[1], ends[1])
    grip = [rod(a, b, 0.018, BLACK) for a, b in bars]
    return merge([body, lid, spout, *grip])


def _watering_can(size: Vec3, color: Color) -> Mesh:
    x, _, z = size
    body = moved(tube(0.3 * x, (-z / 2, 0.15 * z), color, at=(0.1 * x, 0.0)))
    rose = (-0.55 * x, 0.0, 0.36 * z)
    spout = rod((-0.1 * x, 0.0, -0.3 * z), rose, 0.03, darker(color, 0.85))
    head = rod(rose, (-0.62 * x, 0.0, 0.43 * z), 0.03, darker(color), tip=0.07)
    ends = (0.36 * x, 0.0, -0.25 * z), (0.5 * x, 0.0, 0.2 * z), (0.1 * x, 0.0, 0.47 * z), (-0.15 * x, 0.0, 0.15 * z)
    grip = [rod(a, b, 0.018, darker(color, 0.85)) for a, b in itertools.pairwise(ends)]
    return merge([body, spout, head, *grip])


def _stem(x: float, y: float, z: float, color: Color, until: float = 0.15) -> Mesh:
    """Return a handle from the left end, wide at its end and narrow at the head."""
    ends = [(-x / 2, -0.28 * y), (until * x, -0.12 * y), (until * x, 0.12 * y), (-x / 2, 0.28 * y)]
    return slab(ends, 0.6 * z, color)


def _fork(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    root = slab([(0.12 * x, -y / 2), (0.28 * x, -y / 2), (0.28 * x, y / 2), (0.12 * x, y / 2)], 0.6 * z, color)
    tines = [block((0.22 * x, 0.14 * y, 0.5 * z), (0.39 * x, f * y, 0.0), color) for f in (-0.43, -0.145, 0.145, 0.43)]
    return merge([_stem(x, y, z, color), root, *tines])


def _knife(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    handle = block((0.4 * x, 0.8 * y, z), (-0.3 * x, 0.0, 0.0), BLACK)
    blade = slab([(-0.1 * x, -0.4 * y), (0.38 * x, -y / 2), (x / 2, 0.4 * y), (-0.1 * x, y / 2)], 0.3 * z, STEEL)
    return merge([handle, blade])


def _butter_knife(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    ends = [(-0.02 * x, -0.2 * y), (0.2 * x, -y / 2), (0.42 * x, -y / 2), (x / 2, 0.0), (0.42 * x, y / 2), (0, 0.3 * y)]
    return merge([_stem(x, y, z, darker(color, 0.9), 0.0), slab(ends, 0.3 * z, color)])


def _spoon(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    r = 0.17 * x
    stem = slab([(-x / 2, -0.2 * y), (0.2 * x, -0.1 * y), (0.2 * x, 0.1 * y), (-x / 2, 0.2 * y)], 0.4 * z, color)
    bowl = [(0.35 * r, -0.5 * z), (r, 0.5 * z), (0.85 * r, 0.5 * z)]
    outer = lathe(bowl, color, stretch=y / 2 / r, sides=10, at=(0.33 * x, 0.0, 0.0))
    hollow = lathe([(0.85 * r, 0.5 * z), (0.35 * r, -0.2 * z), (0, -0.2 * z)], darker(color, 0.85), stretch=y / 2 / r,
                   sides=10, at=(0.33 * x, 0.0, 0.0))  # fmt: skip
    return merge([stem, outer, hollow])


def _ladle(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    cup = moved(vessel([(0.5, 0.0), (0.9, 0.4), (1.0, 1.0)], 0.1)((y, y, z), color), (x / 2 - y / 2, 0.0, 0.0))
    return merge([cup, rod((x / 2 - y, 0.0, 0.4 * z), (-x / 2, 0.0, 0.3 * z), 0.014, BLACK)])


def _spatula(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    blade = slab([(0.18 * x, -0.35 * y), (x / 2, -y / 2), (x / 2, y / 2), (0.18 * x, 0.35 * y)], 0.2 * z, color)
    slots = [block((0.16 * x, 0.08 * y, 0.22 * z), (0.35 * x, f * y, 0.0), darker(STEEL)) for f in (-0.22, 0.0, 0.22)]
    grip = rod((-x / 2, 0.0, 0.2 * z), (-0.15 * x, 0.0, 0.1 * z), 0.022, WOOD)
    return merge([blade, *slots, grip, rod((-0.15 * x, 0, 0.1 * z), (0.2 * x, 0, 0.0), 0.01, STEEL)])


def _tray(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    parts = [block((x, y, 0.4 * z), (0.0, 0.0, -0.3 * z), color)]
    parts += [block((0.02, y, z), (s * (x / 2 - 0.01), 0.0, 0.0), darker(color, 0.8)) for s in (-1, 1)]
    parts += [block((x - 0.04, 0.02, z), (0.0, s * (y / 2 - 0.01), 0.0), darker(color, 0.8)) for s in (-1, 1)]
    parts += [block((0.022, 0.09, 0.5 * z), (s * (x / 2 - 0.01), 0.0, 0.2 * z), darker(color, 0.45)) for s in (-1, 1)]
    return merge(parts)


def open_box(size: Vec3, color: Color, band: Color | None = None) -> Mesh:
    """Return a box without a lid, darker inside, with a band around its upper edge."""
    x, y, z = size
    band = band or darker(color, 0.85)
    wall, rim = 0.008, 0.18 * z
    corners = [(-x / 2, -y / 2), (x / 2, -y / 2), (x / 2, y / 2), (-x / 2, y / 2)]
    parts = [block((x, y, wall), (0.0, 0.0, (wall - z) / 2), darker(color, 0.7))]
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        middle = ((ax + bx) / 2, (ay + by) / 2)
        long = abs(bx - ax) or wall, abs(by - ay) or wall
        inset = (middle[0] * (1 - wall / x), middle[1] * (1 - wall / y))
        parts.append(block((*long, z - rim), (*inset, -rim / 2), color))
        parts.append(block((*long, rim), (*inset, (z - rim) / 2), band))
    return merge(parts)


def _shaker(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    return merge([tube(r, (-h / 2, 0.15 * h), color, sides=8, top=0.75 * r),
                  tube(0.75 * r, (0.15 * h, h / 2), STEEL, sides=8, top=0.4 * r)])  # fmt: skip


def bottle(cap: Color, label: Color | None = None, neck: float = 0.4) -> Appearance:
    """Return a bottle with a cap and a label."""

    def build(size: Vec3, color: Color) -> Mesh:
        r, h = size[0] / 2, size[2]
        body = [(0.9 * r, -h / 2), (r, -0.46 * h), (r, 0.1 * h), (neck * r, 0.28 * h), (neck * r, 0.42 * h)]
        parts = [lathe(body, color, sides=10), tube((neck + 0.06) * r, (0.42 * h, h / 2), cap, sides=8)]
        if label is not None:
            parts.append(lathe([(1.01 * r, -0.32 * h), (1.01 * r, 0.0)], label, sides=10))
        return merge(parts)

    return build


def _spray(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    head = block((1.5 * r, 0.5 * r, 0.1 * h), (-0.2 * r, 0.0, 0.44 * h), (0.9, 0.2, 0.15, 1))
    lever = rod((-0.5 * r, 0.0, 0.4 * h), (-0.75 * r, 0.0, 0.25 * h), 0.3 * r, (0.9, 0.2, 0.15, 1))
    body = [(0.95 * r, -h / 2), (r, -0.45 * h), (0.95 * r, 0.0), (0.35 * r, 0.22 * h), (0.35 * r, 0.4 * h)]
    label = lathe([(1.02 * r, -0.35 * h), (1.0 * r, -0.05 * h)], WHITE, sides=10)
    return merge([lathe(body, color, sides=10), label, head, lever])


def _plunger(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    cup = lathe([(r, -h / 2), (0.9 * r, -0.34 * h), (0.25 * r, -0.22 * h), (0, -0.22 * h)], color)
    return merge([cup, tube(0.14 * r, (-0.22 * h, h / 2), WOOD, sides=8)])


def roll(size: Vec3, color: Color) -> Mesh:
    """Return an upright roll of paper with its cardboard core."""
    r, h = size[0] / 2, size[2]
    paper = lathe([(0.38 * r, -h / 2), (r, -h / 2)], color)
    top = lathe([(r, h / 2), (0.38 * r, h / 2)], darker(color, 0.92))
    core = lathe([(0.38 * r, h / 2), (0.38 * r, -h / 2)], darker(WOOD, 0.9))
    return merge([paper, lathe([(r, -h / 2), (r, h / 2)], color), top, core])


def _vase(size: Vec3, color: Color) -> Mesh:
    body = vessel([(0.55, 0.0), (1.0, 0.4), (0.85, 0.6), (0.4, 0.82), (0.6, 1.0)], 0.12)(size, color)
    r, h = size[0] / 2, size[2]
    return merge([body, lathe([(0.96 * r, -0.2 * h), (1.02 * r, -0.1 * h), (0.99 * r, 0.0)], lighter(color), sides=12)])


def stick(fraction: Callable[[float], float], color_of: Callable[[float], Color | None], steps: int = 4) -> Appearance:
    """Return a long round body along x: `fraction` maps a position in [0, 1] to a fraction of half its width."""

    def build(size: Vec3, color: Color) -> Mesh:
        x, y, z = size
        parts = []
        for k in range(steps):
            a, b = k / steps, (k + 1) / steps
            ring = [(fraction(f) * z / 2, (f - 0.5) * x) for f in (a, b)]
            parts.append(lathe(ring, color_of((a + b) / 2) or color, stretch=y / z, sides=8))
        ends = [lathe([(0, -x / 2), (fraction(0) * z / 2, -x / 2)], color_of(0) or color, stretch=y / z, sides=8),
                lathe([(fraction(1) * z / 2, x / 2), (0, x / 2)], color_of(1) or color, stretch=y / z,
                      sides=8)]  # fmt: skip
        return moved(merge([*parts, *ends]), turn=ALONG_X)

    return build


TABLEWARE: dict[str, Appearance] = {
    "plate": _plate,
    "CD": _disc,
    "bowl": vessel([(0.45, 0.0), (0.82, 0.45), (1.0, 1.0)]),
    "cup": vessel([(0.65, 0.0), (1.0, 1.0)], 0.1),
    "mug": with_parts(vessel([(0.88, 0.0), (0.9, 1.0)], 0.1, inside=0.6), _ear),
    "glass": vessel([(0.8, 0.0), (1.0, 1.0)], 0.1, inside=0.88),
    "wine glass": vessel([(0.85, 0.0), (0.1, 0.05), (0.1, 0.45), (0.95, 0.65), (0.8, 1.0)], 0.08, inside=0.88),
    "fork": _fork, "knife": _knife, "butter knife": _butter_knife, "spoon": _spoon, "ladle": _ladle,
    "spatula": _spatula,
    "pan": with_parts(vessel([(0.8, 0.0), (0.95, 1.0)], 0.07, inside=0.7), _pan_handle),
    "pot": with_parts(vessel([(0.97, 0.0), (0.97, 1.0)], 0.07, inside=0.7), _pot_ears),
    "kettle": _kettle, "watering can": _watering_can, "tray": _tray, "basket": open_box,
    "salt shaker": _shaker, "pepper shaker": _shaker, "paper towel roll": roll, "toilet paper": roll,
    "water bottle": bottle((0.2, 0.4, 0.8, 1), (0.25, 0.55, 0.85, 1)),
    "wine bottle": bottle((0.5, 0.1, 0.15, 1), (0.93, 0.88, 0.75, 1), 0.33),
    "glass bottle": bottle((0.85, 0.75, 0.5, 1), None, 0.35),
    "soap bottle": bottle(WHITE, lighter((0.6, 0.78, 0.6, 1), 0.7), 0.3),
    "medicine bottle": bottle(WHITE, WHITE, 0.8),
    "spray bottle": _spray, "plunger": _plunger, "vase": _vase,
}  # fmt: skip
# For objects without a model of their own, by the domain's `shape`.
SHAPE_APPEARANCES: dict[str, Appearance] = {
    "plate": _plate, "bowl": TABLEWARE["bowl"], "cup": TABLEWARE["cup"], "mug": TABLEWARE["mug"],
    "glass": TABLEWARE["glass"], "wine_glass": TABLEWARE["wine glass"], "pan": TABLEWARE["pan"],
    "pot": TABLEWARE["pot"], "kettle": _kettle, "tray": _tray, "basket": open_box,
    "bottle": bottle(BLACK, WHITE), "roll": roll, "plunger": _plunger, "vase": _vase,
    "can": revolved([(0.9, 0.0), (1.0, 0.06), (1.0, 0.94), (0.9, 1.0)]),
    "box": lambda size, color: block(size, color=color),
    "ball": revolved([(sin(pi * k / 6), 0.5 - 0.5 * cos(pi * k / 6)) for k in range(1, 6)]),
    "cutlery": stick(lambda f: 0.8 + 0.2 * f, lambda f: None, 2),
    "book": lambda size, color: block(size, color=color),
    "cloth": lambda size, color: block(size, color=color, bulge=0.06),
    "cushion": lambda size, color: block(size, color=color, bulge=0.22),
    "racket": lambda size, color: block(size, color=color),
}  # fmt: skip
