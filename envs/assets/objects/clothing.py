"""Meshes of clothes, linen, books and papers; each `Appearance` takes a size [m] and a color (see `tableware`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.assets.objects.tableware import BLACK, STEEL, WHITE, darker, lighter
from envs.geometry.meshes import Color, Mesh, block, lathe, merge, moved, rod, slab, upright

if TYPE_CHECKING:
    from envs.assets.objects.tableware import Appearance
    from envs.symbolic.domain import Vec3

RED: Color = (0.85, 0.2, 0.18, 1.0)
RUBBER: Color = (0.16, 0.16, 0.18, 1.0)


def _cloth(stripe: float = 0.25) -> Appearance:
    """A folded cloth with a stripe near both ends."""

    def build(size: Vec3, color: Color) -> Mesh:
        x, y, z = size
        bands = [block((0.06 * x, 1.002 * y, 1.01 * z), (s * (0.5 - stripe / 2) * x, 0.0, 0.0), lighter(color, 0.6))
                 for s in (-1, 1)]  # fmt: skip
        fold = block((0.96 * x, 0.1 * y, 0.3 * z), (0.0, -0.46 * y, -0.1 * z), darker(color, 0.85))
        return merge([block(size, color=color, bulge=0.04), *bands, fold])

    return build


def _shirt(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    cut = [(-0.5, -0.28), (0.28, -0.28), (0.2, -0.5), (0.4, -0.5), (0.5, -0.14), (0.42, 0.0)]
    cut += [(0.5, 0.14), (0.4, 0.5), (0.2, 0.5), (0.28, 0.28), (-0.5, 0.28)]
    body = slab([(a * x, b * y) for a, b in cut], z, color)
    return merge([body, block((0.7 * x, 0.015, 0.1 * z), (-0.1 * x, 0.0, 0.5 * z), lighter(color, 0.7))])


def _jacket(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    zip_line = block((0.85 * x, 0.02 * y, 0.12 * z), (-0.05 * x, 0.0, 0.5 * z), STEEL)
    collar = [rod((0.36 * x, s * 0.02 * y, 0.5 * z), (0.48 * x, s * 0.2 * y, 0.5 * z), 0.025, darker(color, 0.6))
              for s in (-1, 1)]  # fmt: skip
    pockets = [block((0.03 * x, 0.14 * y, 0.1 * z), (-0.3 * x, s * 0.16 * y, 0.5 * z), darker(color, 0.6))
               for s in (-1, 1)]  # fmt: skip
    return merge([_shirt((x, y, 0.9 * z), color), zip_line, *collar, *pockets])


def _sock(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    foot = slab([(-0.5 * x, -0.5 * y), (0.1 * x, -0.5 * y), (0.1 * x, 0.1 * y), (-0.4 * x, 0.1 * y)], 0.9 * z, color)
    leg = slab([(-0.08 * x, -0.5 * y), (0.2 * x, -0.5 * y), (0.42 * x, 0.5 * y), (0.1 * x, 0.5 * y)], 0.9 * z, color)
    edge = [(0.3, 0.2), (0.36, 0.2), (0.44, 0.5), (0.08, 0.5), (0.06, 0.2)]
    cuff = slab([(a * x, b * y) for a, b in edge], z, lighter(color, 0.6))
    return merge([foot, leg, cuff])


def _shoe(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    side = [(-0.48, -0.38), (0.48, -0.38), (0.5, -0.12), (0.3, 0.0), (0.02, 0.3), (-0.08, 0.5), (-0.46, 0.5)]
    upper = upright(slab([(a * x, b * z) for a, b in side], 0.82 * y, color))
    sole = block((x, 0.9 * y, 0.14 * z), (0.0, 0.0, -0.43 * z), lighter(RUBBER, 0.75))
    laces = [block((0.02 * x, 0.5 * y, 0.02), (f * x, 0.0, h * z), WHITE) for f, h in ((0.1, 0.2), (0.19, 0.1))]
    return merge([upper, sole, block((0.28 * x, 0.5 * y, 0.02 * z), (-0.27 * x, 0.0, 0.5 * z), BLACK), *laces])


def _boots(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    side = [(-0.5, -0.4), (0.5, -0.4), (0.5, -0.2), (0.3, -0.08), (0.05, 0.0), (0.05, 0.5), (-0.5, 0.5)]
    parts = []
    for s in (-1, 1):
        boot = upright(slab([(a * x, b * z) for a, b in side], 0.4 * y, color))
        sole = block((x, 0.42 * y, 0.1 * z), (0.0, 0.0, -0.45 * z), RUBBER)
        hole = block((0.4 * x, 0.26 * y, 0.01), (-0.23 * x, 0.0, 0.5 * z), BLACK)
        parts.append(moved(merge([boot, sole, hole]), (0.0, s * 0.27 * y, 0.0)))
    return merge(parts)


def _hat(size: Vec3, color: Color) -> Mesh:
    r, h = size[0] / 2, size[2]
    brim = lathe([(0.0, -h / 2), (r, -0.45 * h), (0.6 * r, -0.3 * h)], color)
    band = lathe([(0.61 * r, -0.32 * h), (0.6 * r, -0.08 * h)], darker(color, 0.4))
    return merge([brim, band, lathe([(0.6 * r, -0.08 * h), (0.55 * r, 0.35 * h), (0.3 * r, h / 2), (0, h / 2)], color)])


def _pillow(size: Vec3, color: Color) -> Mesh:
    return merge([block(size, color=color, bulge=0.2), block((size[0], size[1], 0.06 * size[2]), color=darker(color))])


def _book(pages: Color = WHITE, *, hard: bool = True) -> Appearance:
    def build(size: Vec3, color: Color) -> Mesh:
        x, y, z = size
        cover = 0.14 * z
        parts = [block((0.96 * x, 0.96 * y, z - 2 * cover), (0.0, 0.015 * y, 0.0), pages)]
        parts += [block((x, y, cover), (0.0, 0.0, s * (z - cover) / 2), color) for s in (-1, 1)]
        if hard:
            parts.append(block((x, 0.03 * y, z), (0.0, -0.485 * y, 0.0), color))
        parts.append(block((0.12 * x, 0.6 * y, 0.02 * z), (0.25 * x, 0.0, z / 2), lighter(color, 0.7), below=False))
        return merge(parts)

    return build


def _printed(head: Color, picture: Color) -> Appearance:
    """A paper with a headline, a picture and lines of text."""

    def build(size: Vec3, color: Color) -> Mesh:
        x, y, z = size
        line = 0.04 * y
        parts = [block(size, color=color)]
        parts.append(block((0.1 * x, 0.8 * y, 0.04 * z), (-0.4 * x, 0.0, z / 2), head, below=False))
        parts.append(block((0.4 * x, 0.35 * y, 0.04 * z), (-0.05 * x, -0.22 * y, z / 2), picture, below=False))
        parts += [block((0.4 * x, line, 0.04 * z), (-0.05 * x, (0.12 + 0.09 * k) * y, z / 2), darker(color, 0.6),
                        below=False) for k in range(4)]  # fmt: skip
        return merge(parts)

    return build


def _letter(size: Vec3, color: Color) -> Mesh:
    x, y, z = size
    flap = [rod((s * 0.48 * x, 0.48 * y, z / 2), (0.0, -0.05 * y, z / 2), 0.004, darker(color, 0.65)) for s in (-1, 1)]
    stamp = block((0.1 * x, 0.18 * y, 0.2 * z), (0.4 * x, -0.34 * y, z / 2), RED, below=False)
    return merge([block(size, color=color), *flap, stamp])


CLOTHES: dict[str, Appearance] = {
    "napkin": _cloth(), "cloth": _cloth(0.4), "hand towel": _cloth(), "towel": _cloth(0.3), "blanket": _cloth(0.5),
    "shirt": _shirt, "jacket": _jacket, "sock": _sock, "shoe": _shoe, "boots": _boots, "hat": _hat, "pillow": _pillow,
    "book": _book(), "notebook": _book((0.95, 0.93, 0.85, 1)), "letter": _letter,
    "magazine": _printed((0.98, 0.9, 0.3, 1), (0.35, 0.6, 0.8, 1)), "newspaper": _printed(BLACK, (0.5, 0.5, 0.5, 1)),
}  # fmt: skip
