"""What rooms look like: floors of planks, tiles or carpet, walls with skirting, frames round doorways.

The renderer's time is mostly that of pixels that are drawn twice: nothing lies under a floor, and floors come last.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.objects.tableware import darker, lighter
from envs.geometry.meshes import Color, Mesh, block, long_block, merge, quads

if TYPE_CHECKING:
    from envs.symbolic.domain import Vec3
    from envs.symbolic.scene import Doorway, Rect, Room, Scene

    Quad = tuple[Vec3, Vec3, Vec3, Vec3]

FRAME_M = 0.07
FRAME_HIGH_M = 0.45  # as low as the walls
SKIRTING_M = 0.07
SKIRTING: Color = (0.99, 0.99, 0.97, 1.0)
FRAME: Color = (0.62, 0.43, 0.28, 1.0)
OAK: Color = (0.80, 0.62, 0.42, 1.0)
WALNUT: Color = (0.65, 0.47, 0.33, 1.0)
TILES: dict[str, tuple[float, Color, Color]] = {  # side [m] and two colors
    "kitchen": (0.6, (0.93, 0.92, 0.88, 1.0), (0.82, 0.80, 0.76, 1.0)),
    "bathroom": (0.4, (0.80, 0.88, 0.92, 1.0), (0.67, 0.78, 0.85, 1.0)),
    "laundry room": (0.4, (0.86, 0.88, 0.88, 1.0), (0.75, 0.78, 0.80, 1.0)),
}
CARPETS: dict[str, Color] = {"office": (0.56, 0.60, 0.66, 1.0)}
PLANKS: dict[str, Color] = {"bedroom": OAK, "hall": OAK, "living room": WALNUT, "dining room": WALNUT}
LAWN_M = 1.0  # what is seen of it around the home
PLANK_M = (1.6, 0.25)
SHADES = (1.0, 0.93, 1.05, 0.96)


def floors_mesh(scene: Scene) -> Mesh:
    """Return the floors and the frames of the doorways."""
    return merge([*(_doorway(door) for door in scene.doorways), *(_floor(room) for room in scene.rooms)])


def wall_mesh(size: Vec3, seen_m: float, color: Color) -> Mesh:
    """Return the lower part of a wall with its skirting, about the wall's middle."""
    x, y, z = size
    low = long_block((x, y, seen_m), (0.0, 0.0, (seen_m - z) / 2), color, below=False)
    skirting = long_block((x + 0.02, y + 0.02, SKIRTING_M), (0.0, 0.0, (SKIRTING_M - z) / 2), SKIRTING, below=False)
    return merge([low, skirting])


def lawn_mesh(rect: Rect, color: Color) -> Mesh:
    """Return a band round the home, in pieces as walls are (`long_block`)."""
    x0, y0, x1, y1 = rect
    laid = []
    for a in np.arange(x0 - LAWN_M, x1 + LAWN_M, LAWN_M).tolist():
        laid += [flat(a, low, min(a + LAWN_M, x1 + LAWN_M), low + LAWN_M) for low in (y0 - LAWN_M, y1)]
    for b in np.arange(y0, y1, LAWN_M).tolist():
        laid += [flat(low, b, low + LAWN_M, min(b + LAWN_M, y1)) for low in (x0 - LAWN_M, x1)]
    return quads(laid, color)


def _doorway(door: Doorway) -> Mesh:
    along_x = door.along == "x"
    posts = []
    for side in (-1, 1):
        off = side * (door.width / 2 + FRAME_M / 4)
        at = (door.x + off, door.y) if along_x else (door.x, door.y + off)
        size = (FRAME_M, 0.15) if along_x else (0.15, FRAME_M)
        posts.append(block((*size, FRAME_HIGH_M + 0.03), (*at, (FRAME_HIGH_M + 0.03) / 2), FRAME, below=False))
    sill = (door.width, 0.12) if along_x else (0.12, door.width)
    posts.append(block((*sill, 0.006), (door.x, door.y, 0.003), darker(FRAME, 0.85), below=False))
    return merge(posts)


def _floor(room: Room) -> Mesh:
    if room.kind in TILES:
        return _tiles(room.rect, *TILES[room.kind])
    if room.kind in CARPETS:
        return _carpet(room.rect, CARPETS[room.kind])
    return _planks(room.rect, PLANKS.get(room.kind, OAK))


def flat(x0: float, y0: float, x1: float, y1: float) -> Quad:
    """A rectangle on the ground."""
    return ((x0, y0, 0.0), (x1, y0, 0.0), (x1, y1, 0.0), (x0, y1, 0.0))


def _tiles(rect: Rect, side: float, *colors: Color) -> Mesh:
    """A chequered floor; tiles at the far walls are cut."""
    x0, y0, x1, y1 = rect
    laid: tuple[list[Quad], list[Quad]] = ([], [])
    for i, a in enumerate(np.arange(x0, x1 - 0.01, side).tolist()):
        for j, b in enumerate(np.arange(y0, y1 - 0.01, side).tolist()):
            laid[(i + j) % 2].append(flat(a, b, min(a + side, x1), min(b + side, y1)))
    return merge([quads(some, color) for some, color in zip(laid, colors, strict=True) if some])


def _planks(rect: Rect, color: Color) -> Mesh:
    """Rows of planks along the room's long side, each row begun elsewhere."""
    x0, y0, x1, y1 = rect
    turned = y1 - y0 > x1 - x0
    u0, v0, u1, v1 = (y0, x0, y1, x1) if turned else rect
    long, wide = PLANK_M
    laid: list[list[Quad]] = [[] for _ in SHADES]
    for row, v in enumerate(np.arange(v0, v1 - 0.01, wide).tolist()):
        cuts = [u0, *np.arange(u0 + long * (0.3 + 0.37 * row % 0.7), u1 - 0.05, long).tolist(), u1]
        for k, (a, b) in enumerate(itertools.pairwise(cuts)):
            high = min(v + wide, v1)
            plank = flat(v, a, high, b) if turned else flat(a, v, b, high)
            laid[(row * 3 + k * 5 + row // 3) % len(SHADES)].append(plank)
    return merge([quads(some, darker(color, shade)) for some, shade in zip(laid, SHADES, strict=True) if some])


def _carpet(rect: Rect, color: Color) -> Mesh:
    """A carpet with a border."""
    x0, y0, x1, y1 = rect
    edge = 0.3
    a, b, c, d = x0 + edge, y0 + edge, x1 - edge, y1 - edge
    border = [flat(x0, y0, x1, b), flat(x0, d, x1, y1), flat(x0, b, a, d), flat(c, b, x1, d)]
    return merge([quads(border, darker(color, 0.85)), quads([flat(a, b, c, d)], lighter(color, 0.1))])
