"""Meshes of electronics, toiletries, tools and toys; each `Appearance` takes a size [m] and a color."""

from __future__ import annotations

import itertools
from math import cos, pi, sin
from typing import TYPE_CHECKING

from envs.assets.objects.tableware import BLACK, STEEL, WHITE, WOOD, darker, lighter, open_box, revolved, stick
from envs.geometry.meshes import (
    ALONG_X,
    ALONG_Y,
    Color,
    Mesh,
    ball,
    block,
    lathe,
    merge,
    moved,
    rod,
    slab,
    spun,
    tube,
    upright,
)

if TYPE_CHECKING:
    from envs.assets.objects.tableware import Appearance
    from envs.symbolic.domain import Vec3

GLASS: Color = (0.45, 0.6, 0.72, 1.0)
RED: Color = (0.85, 0.2, 0.18, 1.0)
RUBBER: Color = (0.16, 0.16, 0.18, 1.0)


def _on_top(color: Color, size: Vec3, x: tuple[float, float], y: tuple[float, float]) -> Mesh:
    """Return a thin patch on top of a box; its limits are fractions of the half sizes."""
    a, b, c = (s / 2 for s in size)
    extent = ((x[1] - x[0]) * a, (y[1] - y[0]) * b, 0.002)
    return block(extent, ((x[0] + x[1]) / 2 * a, (y[0] + y[1]) / 2 * b, c), color, below=False)


def _phone(size: Vec3, color: Color) -> Mesh:
    return merge([block(size, color=color), _on_top((0.3, 0.55, 0.8, 1), size, (-0.85, 0.85), (-0.88, 0.88))])


def _laptop(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    keys = _on_top(BLACK, (x, y, 0.0), (-0.85, 0.85), (-0.1, 0.75))
    base = merge([block((x, y, 0.6 * z), color=color), moved(keys, (0.0, 0.0, 0.3 * z))])
    pad = moved(_on_top(darker(color), (x, y, 0.0), (-0.25, 0.25), (-0.85, -0.3)), (0.0, 0.0, 0.3 * z))
    lid = block((x, 0.012, 0.7 * y), (0.0, y / 2 - 0.006, 0.35 * y), darker(color, 0.9))
    face = block((0.92 * x, 0.002, 0.6 * y), (0.0, y / 2 - 0.013, 0.36 * y), (0.3, 0.5, 0.75, 1))
    return moved(merge([base, pad, lid, face]), (0.0, 0.0, -0.2 * z))


def _remote(size: Vec3, color: Color) -> Mesh:
    buttons = [_on_top(c, size, (a - 0.07, a + 0.07), (b - 0.2, b + 0.2)) for a in (-0.6, -0.25, 0.1) for b, c in
               ((-0.45, lighter(color)), (0.05, lighter(color)), (0.5, lighter(color)))]  # fmt: skip
    return merge([block(size, color=color), *buttons, _on_top(RED, size, (0.65, 0.85), (-0.3, 0.3))])


def _clock(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    r = 0.4 * z
    drum = moved(tube(r, (-0.35 * y, 0.4 * y), color, below=True), turn=ALONG_Y)
    face = moved(lathe([(0, -0.42 * y), (0.85 * r, -0.42 * y)], WHITE), turn=ALONG_Y)
    face = merge([face, moved(face, turn=((-1, 0, 0), (0, -1, 0), (0, 0, 1)))])
    hands = [rod((0, s * 0.44 * y, 0), (d, s * 0.44 * y, u), 0.005, BLACK) for s in (-1, 1) for d, u in
             ((0.0, 0.6 * r), (0.45 * r, 0.0))]  # fmt: skip
    bells = [ball((0.25 * x, 0.25 * x, 0.2 * z), (s * 0.24 * x, 0.0, 0.4 * z), STEEL, sides=6) for s in (-1, 1)]
    feet = [rod((s * 0.2 * x, 0, -0.28 * z), (s * 0.32 * x, 0, -z / 2), 0.012, BLACK) for s in (-1, 1)]
    return merge([drum, face, *hands, *bells, *feet])


def _charger(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    plug = [rod((0.2 * x, s * 0.2 * y, 0), (0.5 * x, s * 0.2 * y, 0), 0.006, STEEL) for s in (-1, 1)]
    cable = rod((-0.3 * x, 0, -0.3 * z), (-0.5 * x, 0, -0.3 * z), 0.01, darker(color, 0.6))
    return merge([block((0.55 * x, y, z), (-0.07 * x, 0, 0), color), *plug, cable])


def _headphones(size: Vec3, color: Color) -> Mesh:
    x, y, _z = size
    arch = [(0.46 * x * cos(a), 0.85 * y * sin(a) - 0.38 * y, 0.0) for a in (k * pi / 6 for k in range(7))]
    bow = [rod(a, b, 0.016, color) for a, b in itertools.pairwise(arch)]
    cups = [moved(tube(0.26 * y, (0.0, 0.14 * x), darker(color, 0.8) if s < 0 else lighter(color, 0.2), below=True),
                  (s * 0.42 * x - 0.07 * x, -0.3 * y, 0.0), ALONG_X) for s in (-1, 1)]  # fmt: skip
    return merge([*bow, *cups])


def _camera(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    body = block((x, 0.6 * y, 0.8 * z), (0.0, 0.2 * y, -0.1 * z), color)
    hump = block((0.35 * x, 0.5 * y, 0.2 * z), (0.0, 0.2 * y, 0.4 * z), darker(STEEL, 0.8))
    lens = moved(
        tube(0.3 * z, (0.0, 0.4 * y), lighter(color, 0.15)), (0, -0.1 * y, -0.1 * z), ((1, 0, 0), (0, 0, -1), (0, 1, 0))
    )
    glass = moved(
        lathe([(0.2 * z, 0.41 * y), (0, 0.41 * y)], GLASS), (0, -0.1 * y, -0.1 * z), ((1, 0, 0), (0, 0, -1), (0, 1, 0))
    )
    return merge([body, hump, lens, glass, block((0.1 * x, 0.1 * x, 0.08 * z), (0.35 * x, 0.2 * y, 0.33 * z), RED)])


def _card(size: Vec3, color: Color) -> Mesh:
    stripe = _on_top(BLACK, size, (-1, 1), (0.4, 0.75))
    return merge([block(size, color=color), stripe, _on_top((0.9, 0.75, 0.3, 1), size, (-0.8, -0.45), (-0.35, 0.1))])


def ring_of(outer: float, inner: float, thick: float, color: Color, *, sides: int = 10) -> Mesh:
    """Return a flat ring."""
    h = thick / 2
    return lathe([(inner, -h), (outer, -h), (outer, h), (inner, h), (inner, -h)], color, sides=sides)


def _keys(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    loop = moved(ring_of(0.45 * y, 0.33 * y, 0.4 * z, STEEL), (-x / 2 + 0.45 * y, 0.0, 0.0))
    keys = []
    for s, tint in ((-1, color), (1, STEEL)):
        head = moved(tube(0.25 * y, (-0.3 * z, 0.3 * z), tint, sides=8, below=True), (0.0, s * 0.22 * y, 0.0))
        shaft = block((0.42 * x, 0.12 * y, 0.4 * z), (0.28 * x, s * 0.25 * y, 0.0), tint)
        keys += [head, shaft, block((0.08 * x, 0.2 * y, 0.4 * z), (0.42 * x, s * 0.33 * y, 0.0), tint)]
    return merge([loop, *keys])


def _wallet(size: Vec3, color: Color) -> Mesh:
    seam = _on_top(darker(color, 0.6), size, (-1, 1), (-0.06, 0.06))
    clasp = _on_top((0.85, 0.7, 0.3, 1), size, (0.75, 0.95), (-0.15, 0.15))
    return merge([block(size, color=color, bulge=0.04), seam, clasp])


def _watch(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    strap = block((x, 0.4 * y, 0.35 * z), (0.0, 0.0, -0.2 * z), (0.3, 0.2, 0.14, 1))
    case = tube(0.5 * y, (-0.4 * z, 0.4 * z), color, sides=10)
    return merge([strap, case, lathe([(0.4 * y, 0.42 * z), (0.0, 0.42 * z)], WHITE, sides=10),
                  rod((0, 0, 0.46 * z), (0.25 * y, 0, 0.46 * z), 0.003, BLACK)])  # fmt: skip


def _glasses(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    parts = []
    for s in (-1, 1):
        rim = ring_of(0.46 * z, 0.36 * z, 0.006, color, sides=8)
        pane = lathe([(0, -0.001), (0.38 * z, -0.001), (0.38 * z, 0.001), (0, 0.001)], (0.8, 0.88, 0.92, 1), sides=8)
        parts.append(moved(merge([rim, pane]), (s * 0.27 * x, -0.45 * y, 0.0), ALONG_Y))
        parts.append(rod((s * 0.46 * x, -0.45 * y, 0.1 * z), (s * 0.44 * x, 0.5 * y, 0.1 * z), 0.006, color))
    return merge([*parts, rod((-0.14 * x, -0.45 * y, 0.1 * z), (0.14 * x, -0.45 * y, 0.1 * z), 0.006, color)])


def _finger_ring(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    gem = ball((0.5 * r, 0.5 * r, 0.5 * r), (0.0, 0.85 * r, 0.2 * h), (0.7, 0.9, 0.98, 1), sides=5, rings=2)
    return merge([ring_of(r, 0.7 * r, 0.5 * h, color, sides=12), gem])


def _frame(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    d = 0.4 * y
    picture = block((0.72 * x, 0.42 * y, 0.76 * z), color=(0.55, 0.75, 0.9, 1))
    hill = block((0.72 * x, 0.43 * y, 0.3 * z), (0, 0, -0.23 * z), (0.35, 0.6, 0.3, 1))
    bars = [block((0.14 * x, d * 1.1, z), (s * 0.43 * x, 0, 0), color) for s in (-1, 1)]
    bars += [block((0.72 * x, d * 1.1, 0.12 * z), (0, 0, s * 0.44 * z), color) for s in (-1, 1)]
    return merge([picture, hill, *bars, rod((0, 0.1 * y, 0.1 * z), (0, y / 2, -z / 2), 0.012, darker(color))])


def _statue(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    foot = block((1.7 * r, 1.7 * r, 0.12 * h), (0, 0, -0.44 * h), darker(color, 0.6))
    outline = [(0.35, -0.38), (0.3, -0.2), (0.85, -0.02), (0.8, 0.1), (0.25, 0.18), (0.25, 0.22)]
    bust = lathe([(a * r, b * h) for a, b in outline], color, stretch=0.7, sides=10)
    return merge([foot, bust, ball((0.8 * r, 0.85 * r, 0.3 * h), (0, 0, 0.35 * h), color)])


def _basketball(size: Vec3, color: Color) -> Mesh:
    r = size[0] / 2
    seam = [lathe([(1.005 * r, -0.03 * r), (1.005 * r, 0.03 * r)], BLACK, sides=12)]
    seam += [moved(seam[0], turn=ALONG_X), moved(seam[0], turn=ALONG_Y)]
    return merge([ball(size, color=color, sides=12, rings=8), *seam])


def _ball(size: Vec3, color: Color) -> Mesh:
    r = size[0] / 2
    band = lathe([(0.99 * r, -0.2 * r), (1.02 * r, 0.0), (0.99 * r, 0.2 * r)], WHITE, sides=10)
    return merge([ball(size, color=color, sides=10, rings=6), band])


def _racket(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    middle = x / 2 - y / 2
    rim = moved(ring_of(0.5 * y, 0.41 * y, z, color, sides=12), (middle, 0, 0))
    strings = [block((0.84 * y, 0.004, 0.1 * z), (middle, f * y, 0), WHITE) for f in (-0.2, 0.0, 0.2)]
    strings += [block((0.004, 0.84 * y, 0.1 * z), (middle + f * y, 0, 0), WHITE) for f in (-0.2, 0.0, 0.2)]
    throat = rod((x / 2 - 0.96 * y, 0, 0), (-0.1 * x, 0, 0), 0.02, color)
    return merge([rim, *strings, throat, rod((-x / 2, 0, 0), (-0.1 * x, 0, 0), z, BLACK, sides=6)])


def _car(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    body = block((x, 0.86 * y, 0.4 * z), (0, 0, -0.12 * z), color)
    roof = [(-0.32 * x, 0.05 * z), (0.28 * x, 0.05 * z), (0.14 * x, 0.5 * z), (-0.24 * x, 0.5 * z)]
    cabin = upright(slab(roof, 0.7 * y, GLASS))
    lid = block((0.36 * x, 0.72 * y, 0.06 * z), (-0.05 * x, 0, 0.47 * z), color)
    wheels = [moved(tube(0.28 * z, (-0.09 * y, 0.09 * y), RUBBER, sides=8, below=True),
                    (a * x, s * 0.42 * y, -0.22 * z), ALONG_Y) for a in (-0.3, 0.3) for s in (-1, 1)]  # fmt: skip
    light: Color = (1.0, 0.95, 0.6, 1.0)
    lamps = [block((0.02 * x, 0.16 * y, 0.12 * z), (x / 2, s * 0.26 * y, -0.08 * z), light) for s in (-1, 1)]
    return merge([body, cabin, lid, *wheels, *lamps])


def _toy_block(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    letters = [block((0.5 * x, 0.5 * y, 1.01 * z), color=RED), block((0.5 * x, 1.01 * y, 0.5 * z), color=GLASS)]
    return merge([block(size, color=color), *letters, block((1.01 * x, 0.5 * y, 0.5 * z), color=(0.3, 0.65, 0.3, 1))])


def _teddy(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    pale = lighter(color, 0.45)
    parts = [
        ball((0.6 * x, 0.75 * y, 0.5 * z), (0, 0, -0.18 * z), color),
        ball((0.5 * x, 0.65 * y, 0.42 * z), (0, 0, 0.24 * z), color),
    ]
    for s in (-1, 1):
        ear = (s * 0.2 * x, 0, 0.42 * z)
        parts.append(ball((0.18 * x, 0.12 * y, 0.16 * z), ear, darker(color, 0.8), sides=6, rings=3))
        parts.append(rod((s * 0.2 * x, 0, -0.05 * z), (s * 0.46 * x, -0.1 * y, -0.2 * z), 0.14 * x, color, sides=5))
        parts.append(rod((s * 0.14 * x, 0, -0.36 * z), (s * 0.3 * x, -0.4 * y, -0.44 * z), 0.17 * x, color, sides=5))
        parts.append(block((0.04 * x, 0.03 * y, 0.03 * z), (s * 0.09 * x, -0.31 * y, 0.28 * z), BLACK))
    snout = ball((0.2 * x, 0.2 * y, 0.14 * z), (0, -0.3 * y, 0.18 * z), pale, sides=6, rings=3)
    nose = block((0.07 * x, 0.04 * y, 0.04 * z), (0, -0.4 * y, 0.21 * z), BLACK)
    return merge([*parts, snout, nose, ball((0.36 * x, 0.2 * y, 0.3 * z), (0, -0.3 * y, -0.18 * z), pale)])


def _doll(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    skin: Color = (0.93, 0.75, 0.62, 1)
    dress = lathe([(0.5 * x, -0.32 * z), (0.2 * x, 0.14 * z), (0, 0.18 * z)], color, stretch=y / x, sides=8)
    head = ball((0.42 * x, 0.6 * y, 0.26 * z), (0, 0, 0.29 * z), skin)
    hair = ball((0.5 * x, 0.72 * y, 0.24 * z), (0, 0.07 * y, 0.37 * z), (0.75, 0.5, 0.2, 1))
    legs = [rod((s * 0.14 * x, 0, -0.3 * z), (s * 0.14 * x, 0, -z / 2), 0.1 * x, skin) for s in (-1, 1)]
    arms = [rod((s * 0.18 * x, 0, 0.1 * z), (s * 0.46 * x, 0, -0.08 * z), 0.09 * x, skin) for s in (-1, 1)]
    return merge([dress, head, hair, *legs, *arms])


def _backpack(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    pocket = block((0.7 * x, 0.06 * y, 0.4 * z), (0.0, -0.52 * y, -0.2 * z), darker(color, 0.75))
    straps = [rod((s * 0.25 * x, 0.53 * y, 0.4 * z), (s * 0.25 * x, 0.53 * y, -0.4 * z), 0.03, BLACK) for s in (-1, 1)]
    return merge([open_box(size, color, darker(color, 0.55)), pocket, *straps])


def _carton(size: Vec3, color: Color) -> Mesh:
    tape = block((0.12 * size[0], 1.004 * size[1], 0.5 * size[2]), (0, 0, -0.2 * size[2]), lighter(color, 0.5))
    inside = open_box(size, color, darker(color, 0.9))
    return merge([inside, tape])


def _footstool(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    corners = [(a * 0.42 * x, b * 0.42 * y, -0.2 * z) for a in (-1, 1) for b in (-1, 1)]
    legs = [block((0.03, 0.03, 0.6 * z), corner, WOOD) for corner in corners]
    return merge([block((x, y, 0.45 * z), (0, 0, 0.275 * z), color, bulge=0.06), *legs])


def _scissors(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    parts = []
    for s in (-1, 1):
        blade = slab([(0.0, -0.14 * y), (x / 2, 0.0), (0.0, 0.14 * y)], 0.4 * z, STEEL, at=s * 0.15 * z)
        arm = rod((0.05 * x, 0, s * 0.1 * z), (-0.2 * x, -s * 0.2 * y, s * 0.1 * z), 0.1 * y, color)
        loop = moved(ring_of(0.24 * y * 1.2, 0.14 * y, 0.8 * z, color, sides=8), (-0.34 * x, -s * 0.24 * y, 0))
        parts += [spun(blade, 0.13 * s), arm, loop]
    return merge(parts)


def _umbrella(size: Vec3, color: Color) -> Mesh:
    x, _, z = size
    cone = [(-0.5 * x, 0.05), (-0.42 * x, 0.25), (0.2 * x, 1.0), (0.25 * x, 0.3)]
    furled = moved(lathe([(f * z / 2, at) for at, f in cone], color, sides=8), turn=ALONG_X)
    bends = [(0.25, 0.0), (0.46, 0.0), (0.5, -0.25), (0.46, -0.5), (0.4, -0.4)]
    hook = [(a * x, 0.0, b * z) for a, b in bends]
    return merge([furled, *(rod(a, b, 0.012, WOOD) for a, b in itertools.pairwise(hook))])


def _brush(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    back = block((0.55 * x, y, 0.35 * z), (0.2 * x, 0, 0.2 * z), color, bulge=0.1)
    grip = rod((-x / 2, 0, 0.25 * z), (-0.05 * x, 0, 0.2 * z), 0.35 * y, color, sides=6)
    return merge([back, grip, block((0.5 * x, 0.85 * y, 0.5 * z), (0.2 * x, 0, -0.22 * z), (0.93, 0.9, 0.8, 1))])


def _toothbrush(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    handle = block((x, 0.5 * y, 0.35 * z), (0, 0, -0.25 * z), color)
    return merge([handle, block((0.18 * x, 0.6 * y, 0.55 * z), (0.39 * x, 0, 0.2 * z), WHITE)])


def _toothpaste(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    side = [(-x / 2, -z / 2), (0.36 * x, -z / 2), (0.36 * x, z / 2), (-x / 2, -0.35 * z)]
    wedge = upright(slab(side, 0.9 * y, color))
    cap = moved(tube(0.4 * z, (0.36 * x, x / 2), RED, sides=6, below=True), turn=ALONG_X)
    stripe = upright(slab([(-0.3 * x, -z / 2), (0.1 * x, -z / 2), (0.1 * x, 0.2 * z), (-0.3 * x, -0.14 * z)], 0.92 * y,
                          (0.3, 0.5, 0.85, 1)))  # fmt: skip
    return merge([wedge, cap, stripe])


def _tissues(size: Vec3, color: Color) -> Mesh:
    x, _y, z = size
    tissue = upright(slab([(-0.2 * x, 0.0), (0.2 * x, 0.0), (0.1 * x, 0.75 * z), (-0.14 * x, 0.6 * z)], 0.01, WHITE))
    return merge(
        [
            block(size, color=color),
            moved(tissue, (0, 0, z / 2)),
            _on_top(darker(color, 0.6), size, (-0.5, 0.5), (-0.25, 0.25)),
        ]
    )


def _sponge(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    return merge(
        [
            block((x, y, 0.7 * z), (0, 0, -0.15 * z), color),
            block((x, y, 0.3 * z), (0, 0, 0.35 * z), (0.25, 0.5, 0.3, 1)),
        ]
    )


POSSESSIONS: dict[str, Appearance] = {
    "pen": stick(lambda f: 1.0 if f < 0.85 else 0.25, lambda f: STEEL if f > 0.8 else None, 6),
    "pencil": stick(lambda f: 1.0 if f < 0.86 else 0.15, lambda f: (0.9, 0.55, 0.55, 1) if f < 0.15 else
                    (0.9, 0.78, 0.6, 1) if f > 0.82 else None, 7),
    "cell phone": _phone, "tablet": _phone, "laptop": _laptop, "remote control": _remote, "alarm clock": _clock,
    "charger": _charger, "headphones": _headphones, "camera": _camera, "credit card": _card, "key chain": _keys,
    "wallet": _wallet, "watch": _watch, "glasses": _glasses, "ring": _finger_ring, "box": _carton,
    "backpack": _backpack, "statue": _statue, "picture frame": _frame, "basketball": _basketball, "ball": _ball,
    "tennis racket": _racket, "toy car": _car, "toy block": _toy_block, "teddy bear": _teddy, "doll": _doll,
    "baseball bat": stick(lambda f: 0.4 + 0.6 * min(1.0, max(0.0, 2 * f - 0.5)), lambda f: BLACK if f < 0.3 else None),
    "footstool": _footstool, "scissors": _scissors, "umbrella": _umbrella, "scrub brush": _brush,
    "toothbrush": _toothbrush, "toothpaste": _toothpaste, "tissue box": _tissues, "dish sponge": _sponge,
    "soap bar": revolved([(0.8, 0.0), (1.0, 0.3), (1.0, 0.7), (0.8, 1.0)], sides=8),
}  # fmt: skip
