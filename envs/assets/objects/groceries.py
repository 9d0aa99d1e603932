"""Meshes of food, drinks and their packages; each `Appearance` takes a size [m] and a color (see `tableware`)."""

from __future__ import annotations

import itertools
from math import cos, pi, sin
from typing import TYPE_CHECKING

from envs.assets.objects.tableware import BLACK, STEEL, WHITE, darker, lighter, stick
from envs.geometry.meshes import (
    ALONG_X,
    Color,
    Mesh,
    ball,
    block,
    lathe,
    merge,
    moved,
    quads,
    rod,
    slab,
    tube,
    two_sided_quad,
    upright,
)

if TYPE_CHECKING:
    from envs.assets.objects.tableware import Appearance
    from envs.symbolic.domain import Vec3

LEAF: Color = (0.25, 0.55, 0.2, 1.0)
BARK: Color = (0.35, 0.22, 0.12, 1.0)


def _apple(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    body = [(0, -0.44 * h), (0.4 * r, -h / 2), (0.85 * r, -0.25 * h), (r, 0.12 * h), (0.75 * r, 0.4 * h), (0, 0.3 * h)]
    stem = rod((0, 0, 0.28 * h), (0.15 * r, 0, 0.5 * h), 0.006, BARK)
    leaf = slab([(0.1 * r, 0), (0.45 * r, -0.2 * r), (0.8 * r, 0), (0.45 * r, 0.2 * r)], 0.003, LEAF, at=0.46 * h)
    return merge([lathe(body, color, sides=10), stem, leaf])


def _orange(size: Vec3, color: Color) -> Mesh:
    r = size[0] / 2
    spot = lathe([(0.22 * r, 0.97 * r), (0.0, r)], LEAF, sides=6)
    return merge([ball(size, color=color, sides=10, rings=6), spot])


def _tomato(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    star = [(f * r * cos(k * pi / 5), f * r * sin(k * pi / 5)) for k in range(10) for f in [(0.6, 0.2)[k % 2]]]
    return merge([ball((*size[:2], 0.94 * h), color=color, sides=10, rings=5), slab(star, 0.006, LEAF, at=0.46 * h)])


def _lemon(size: Vec3, color: Color) -> Mesh:
    return stick(lambda f: max(0.22, sin(pi * f) ** 0.6) if 0 < f < 1 else 0.12, lambda f: None, 6)(size, color)


def _banana(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    parts = []
    stations = [(-0.5, 0.12), (-0.42, 0.25), (-0.2, 0.46), (0.1, 0.5), (0.35, 0.38), (0.47, 0.18)]
    points = [(f * x, 0.0, (2.4 * f * f - 0.25) * z) for f, _ in stations]
    for k, (a, b) in enumerate(itertools.pairwise(points)):
        tint = BARK if k == 0 else color
        parts.append(rod(a, b, 2 * stations[k][1] * 0.8 * y, tint, sides=6, tip=2 * stations[k + 1][1] * 0.8 * y))
    tip = points[-1]
    parts.append(rod(tip, (x / 2, 0.0, tip[2] + 0.1 * z), 0.28 * y, BARK, sides=4, tip=0.15 * y))
    return moved(merge(parts), (0.0, 0.0, 0.02 * z))


def _carrot(size: Vec3, color: Color) -> Mesh:
    x, _, z = size
    root = stick(lambda f: 0.25 + 0.75 * f, lambda f: None, 3)((0.78 * x, size[1], z), color)
    greens = [rod((0.26 * x, 0, 0), (x / 2, s * 0.5 * z, 0.25 * z), 0.008, LEAF, tip=0.014) for s in (-1, 0, 1)]
    return merge([moved(root, (-0.11 * x, 0.0, 0.0)), *greens])


def _potato(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    spots = [ball((0.1 * x, 0.1 * x, 0.06 * x), (a * x, b * y, c * z), darker(color), sides=5, rings=2)
             for a, b, c in ((0.2, 0.15, 0.42), (-0.15, -0.2, 0.42), (0.0, 0.44, 0.1))]  # fmt: skip
    return merge([ball(size, color=color, sides=8, rings=5), *spots])


def _lettuce(size: Vec3, color: Color) -> Mesh:
    x, _, z = size
    heart = ball((0.7 * x, 0.7 * x, 0.8 * z), (0, 0, 0.04 * z), lighter(color, 0.4), sides=8)
    leaves = []
    for k in range(7):
        a, wide = 2 * pi * k / 7, 0.5
        foot = (0.15 * x * cos(a), 0.15 * x * sin(a), -0.5 * z)
        left, right = ((0.46 * x * cos(a + s * wide), 0.46 * x * sin(a + s * wide), 0.05 * z) for s in (-1, 1))
        top = (0.48 * x * cos(a), 0.48 * x * sin(a), 0.4 * z)
        leaves.append(two_sided_quad((foot, left, top, right), darker(color, 0.8 + 0.1 * (k % 3))))
    return merge([heart, *leaves])


def _onion(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    body = [(0.0, -0.5 * h), (0.7 * r, -0.32 * h), (r, -0.05 * h), (0.7 * r, 0.22 * h), (0.14 * r, 0.36 * h)]
    return merge([lathe([*body, (0.2 * r, 0.5 * h)], color, sides=10), lathe([(0.2 * r, 0.5 * h), (0, 0.4 * h)], BARK)])


def _bread(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    arch = [(-0.42 * y, -z / 2), (0.42 * y, -z / 2), (0.46 * y, 0.1 * z), (0.4 * y, 0.35 * z), (0.0, z / 2)]
    arch += [(-0.4 * y, 0.35 * z), (-0.46 * y, 0.1 * z)]
    loaf = moved(slab(arch, x, color), turn=((0, 0, 1), (1, 0, 0), (0, 1, 0)))
    cuts = [block((0.012, 0.5 * y, 0.012), (f * x, 0.0, 0.46 * z), lighter(color, 0.6)) for f in (-0.25, 0.0, 0.25)]
    return merge([loaf, *cuts])


def _cheese(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    wedge = slab([(-x / 2, -y / 2), (x / 2, 0.0), (-x / 2, y / 2)], z, color)
    holes = [block((0.13 * x, 0.1 * y, 0.004), (a * x, b * y, z / 2), darker(color)) for a, b in
             ((-0.35, 0.15), (-0.2, -0.2), (0.05, 0.05))]  # fmt: skip
    return merge([wedge, *holes])


def front(label_color: Color, *, wide: float = 0.7, tall: float = 0.4, up: float = 0.1) -> Appearance:
    """Return a label on both broad sides, which face along y."""

    def build(size: Vec3, color: Color) -> Mesh:
        x, y, z = size
        w, low, high, d = wide * x / 2, (up - tall / 2) * z, (up + tall / 2) * z, y / 2 + 0.001
        faces = [((-w * s, -s * d, low), (w * s, -s * d, low), (w * s, -s * d, high), (-w * s, -s * d, high))
                 for s in (1, -1)]  # fmt: skip
        return quads(faces, label_color)

    return build


def _carton(size: Vec3, color: Color) -> Mesh:
    """Return a drink carton with a gable top."""
    x, y, z = size
    body = block((x, y, 0.78 * z), (0.0, 0.0, -0.11 * z), color)
    gable = upright(slab([(-x / 2, 0.28 * z), (x / 2, 0.28 * z), (0.0, 0.46 * z)], y, lighter(color, 0.35)))
    ridge = block((0.1 * x, y, 0.08 * z), (0.0, 0.0, 0.46 * z), lighter(color, 0.35))
    return merge([body, gable, ridge])


def _drink(band: Color) -> Appearance:
    def build(size: Vec3, color: Color) -> Mesh:
        x, y, z = size
        label = block((1.01 * x, 1.01 * y, 0.3 * z), (0.0, 0.0, -0.1 * z), band, below=False)
        cap = moved(tube(0.14 * x, (0.0, 0.1 * z), (0.85, 0.2, 0.2, 1), sides=6), (0.25 * x, 0.0, 0.35 * z))
        return merge([_carton(size, color), label, cap])

    return build


def _packet(label: Color, mark: Color) -> Appearance:
    """Return a box with a label and a mark on it."""
    return lambda size, color: merge([
        block(size, color=color),
        front(label, wide=0.8, tall=0.45, up=0.12)(size, color),
        moved(front(mark, wide=0.45, tall=0.2, up=-0.28)(size, color)),
    ])  # fmt: skip


def _chips(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    side = [(-0.1 * y, -z / 2), (0.1 * y, -z / 2), (y / 2, -0.15 * z), (y / 2, 0.15 * z), (0.1 * y, z / 2)]
    side += [(-0.1 * y, z / 2), (-y / 2, 0.15 * z), (-y / 2, -0.15 * z)]
    bag = moved(slab(side, x, color), turn=((0, 0, 1), (1, 0, 0), (0, 1, 0)))
    edges = [block((x, 0.22 * y, 0.05 * z), (0, 0, s * 0.475 * z), lighter(color, 0.5)) for s in (-1, 1)]
    return merge([bag, *edges, front((0.98, 0.85, 0.3, 1), wide=0.6, tall=0.28, up=0.0)(size, color)])


def _chocolate(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    wrap = block((0.55 * x, y, z), (-0.225 * x, 0.0, 0.0), (0.55, 0.15, 0.2, 1))
    bar = block((0.45 * x, 0.9 * y, 0.6 * z), (0.275 * x, 0.0, -0.2 * z), color)
    bits = [block((0.12 * x, 0.24 * y, 0.3 * z), (a * x, b * y, 0.25 * z), lighter(color, 0.08), below=False)
            for a in (0.15, 0.29, 0.43) for b in (-0.29, 0.0, 0.29)]  # fmt: skip
    band = block((0.3 * x, 1.005 * y, 0.02 * z), (-0.22 * x, 0, 0.5 * z), (0.9, 0.75, 0.35, 1), below=False)
    return merge([wrap, bar, *bits, band])


def _can(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    body = lathe([(r, -0.44 * h), (r, 0.42 * h)], color)
    ends = [lathe([(0.8 * r, -h / 2), (r, -0.44 * h)], STEEL), lathe([(r, 0.42 * h), (0.85 * r, h / 2)], STEEL)]
    band = lathe([(1.01 * r, -0.12 * h), (1.01 * r, 0.12 * h)], WHITE)
    return merge([body, *ends, band, lathe([(0.85 * r, h / 2), (0.0, 0.47 * h)], darker(STEEL, 0.85))])


def _tin(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    lid = tube(r, (0.36 * h, h / 2), darker(color, 0.6))
    label = lathe([(1.01 * r, -0.28 * h), (1.01 * r, 0.18 * h)], (0.9, 0.82, 0.68, 1))
    return merge([lathe([(0.97 * r, -h / 2), (0.97 * r, 0.36 * h)], color), label, lid])


def _candle(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    flame = lathe([(0, 0.4 * h), (0.14 * r, 0.43 * h), (0, h / 2)], (0.98, 0.65, 0.15, 1), sides=6)
    return merge([tube(r, (-h / 2, 0.34 * h), color), tube(0.05 * r, (0.34 * h, 0.4 * h), BLACK, sides=4), flame])


GROCERIES: dict[str, Appearance] = {
    "apple": _apple, "orange": _orange, "tomato": _tomato, "lemon": _lemon, "banana": _banana, "carrot": _carrot,
    "potato": _potato, "lettuce": _lettuce, "onion": _onion, "bread": _bread, "cheese": _cheese,
    "egg": lambda size, color: moved(
        lathe([(0, -0.5), (0.32, -0.42), (0.5, -0.12), (0.42, 0.2), (0.24, 0.42), (0, 0.5)], color, sides=8),
        turn=tuple(tuple(v * s for v in row) for row, s in zip(ALONG_X, size, strict=True)),  # type: ignore[arg-type]
    ),
    "cereal box": _packet((0.98, 0.9, 0.55, 1), (0.35, 0.55, 0.85, 1)), "chips": _chips, "chocolate": _chocolate,
    "milk": _drink((0.3, 0.5, 0.85, 1)), "juice": _drink((0.35, 0.65, 0.25, 1)), "soda can": _can, "coffee": _tin,
    "tea box": _packet((0.93, 0.9, 0.75, 1), (0.75, 0.3, 0.2, 1)), "candle": _candle,
}  # fmt: skip
