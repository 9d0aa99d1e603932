"""Meshes of rooms: floors of planks, tiles or carpet, walls with skirting, frames around doorways.

Pixels that are drawn twice take most of the render time: nothing lies under a floor, and floors are drawn last.
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
FRAME_HEIGHT_M = 0.45  # as low as the walls
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
LAWN_M = 1.0  # visible width around the home
PLANK_M = (1.6, 0.25)
SHADES = (1.0, 0.93, 1.05, 0.96)


def floors_mesh(scene: Scene) -> Mesh:
    """Return the floors and the frames of the doorways."""
    return merge([*(_doorway(door) for door in scene.doorways), *(_floor(room) for room in scene.rooms)])


def wall_mesh(size: Vec3, visible_m: float, color: Color) -> Mesh:
    """Return the visible lower part of a wall with its skirting, relative to the wall's center."""
    x, y, z = size
    low = long_block((x, y, visible_m), (0.0, 0.0, (visible_m - z) / 2), color, below=False)
    skirting = long_block((x + 0.02, y + 0.02, SKIRTING_M), (0.0, 0.0, (SKIRTING_M - z) / 2), SKIRTING, below=False)
    return merge([low, skirting])


def lawn_mesh(rect: Rect, color: Color) -> Mesh:
    """Return a band of lawn around the home, in pieces for the same reason as in `long_block`."""
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
        offset = side * (door.width / 2 + FRAME_M / 4)
        at = (door.x + offset, door.y) if along_x else (door.x, door.y + offset)
        size = (FRAME_M, 0.15) if along_x else (0.15, FRAME_M)
        posts.append(block((*size, FRAME_HEIGHT_M + 0.03), (*at, (FRAME_HEIGHT_M + 0.03) / 2), FRAME, below=False))
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
    """Return a rectangle on the ground."""
    return ((x0, y0, 0.0), (x1, y0, 0.0), (x1, y1, 0.0), (x0, y1, 0.0))


def _tiles(rect: Rect, side: float, *colors: Color) -> Mesh:
    """Return a checkered floor; tiles at the far walls are cut."""
    x0, y0, x1, y1 = rect
    quads_by_color: tuple[list[Quad], list[Quad]] = ([], [])
    for i, a in enumerate(np.arange(x0, x1 - 0.01, side).tolist()):
        for j, b in enumerate(np.arange(y0, y1 - 0.01, side).tolist()):
            quads_by_color[(i + j) % 2].append(flat(a, b, min(a + side, x1), min(b + side, y1)))
    return merge([quads(rects, color) for rects, color in zip(quads_by_color, colors, strict=True) if rects])


def _planks(rect: Rect, color: Color) -> Mesh:
    """Return rows of planks along the room's long side, with staggered joints."""
    x0, y0, x1, y1 = rect
    along_y = y1 - y0 > x1 - x0
    u0, v0, u1, v1 = (y0, x0, y1, x1) if along_y else rect
    length, width = PLANK_M
    quads_by_shade: list[list[Quad]] = [[] for _ in SHADES]
    for row, v in enumerate(np.arange(v0, v1 - 0.01, width).tolist()):
        cuts = [u0, *np.arange(u0 + length * (0.3 + 0.37 * row % 0.7), u1 - 0.05, length).tolist(), u1]
        for k, (a, b) in enumerate(itertools.pairwise(cuts)):
            v_end = min(v + width, v1)
            plank = flat(v, a, v_end, b) if along_y else flat(a, v, b, v_end)
            quads_by_shade[(row * 3 + k * 5 + row // 3) % len(SHADES)].append(plank)
    return merge(
        [quads(rects, darker(color, shade)) for rects, shade in zip(quads_by_shade, SHADES, strict=True) if rects]
    )


def _carpet(rect: Rect, color: Color) -> Mesh:
    """Return a carpet with a border."""
    x0, y0, x1, y1 = rect
    edge = 0.3
    a, b, c, d = x0 + edge, y0 + edge, x1 - edge, y1 - edge
    border = [flat(x0, y0, x1, b), flat(x0, d, x1, y1), flat(x0, b, a, d), flat(c, b, x1, d)]
    return merge([quads(border, darker(color, 0.85)), quads([flat(a, b, c, d)], lighter(color, 0.1))])
