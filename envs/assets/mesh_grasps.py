"""Where two fingers can close on a body of any shape, and where one can touch it from above.

Both are read from a height map: the highest point of the body over each cell of a grid, as seen from above. Fingers fit
where the body is narrow at the height of their tips and both sides are free.

Frame: the body's. Legend: I x J cells, M triangles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, inf, pi, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.mesh_bodies import triangles
from envs.geometry.bodies import Rim

if TYPE_CHECKING:
    from envs.geometry.rotations import Array
    from envs.symbolic.domain import MeshFile, Vec3

CELLS = (40, 96)  # along the longer side, at least and at most
CELL_M = 0.003
EMPTY_M = -1e3  # height where nothing is
N_DIRECTIONS = 8
FINGER_WIDTH_M = 0.018
FINGER_SPACE_M = 0.022  # that a finger needs beside what it closes on
MAX_SLANT_M = 0.012  # of both sides together, across a finger
DEPTHS_M = (0.030, 0.020, 0.012, 0.006)  # how far the tips reach down, the best first
GRASP_M = (0.0015, 0.070)  # width between the fingers
TIP_CLEAR_M = 0.0055  # the pads reach so far below the tip
STEP_M = 0.01  # between grasps that are tried
MAX_RIMS = 10
APART_M = 0.02  # grasps nearer to each other are one
EDGE_M = 0.015  # from a body's edge to where it is touched
TOP_M = 0.005  # what is so far below the top can be touched from above
REACH_SHARE = 0.8  # of a rim's height that fingers use (envs/skills/grasps.py)


@dataclass(frozen=True, kw_only=True, eq=False)
class HeightMap:
    """The heights of a body.

    Attributes:
        x: Positions of the cells, (I, J).
        y: Positions of the cells, (I, J).
        top: The body's highest point over each, `EMPTY_M` beside it, (I, J).
    """

    x: Array
    y: Array
    top: Array


@lru_cache(maxsize=64)
def height_map(mesh: MeshFile, size: Vec3) -> HeightMap:
    """Return the heights of a body from a mesh file."""
    corners = triangles(mesh, size)  # (M, 3, 3)
    cell = max(size[0], size[1]) / min(CELLS[1], max(CELLS[0], round(max(size[0], size[1]) / CELL_M)))
    n_x, n_y = (max(3, round(s / cell)) for s in size[:2])
    x, y = np.meshgrid(*((np.arange(n) + 0.5) / n * s - s / 2 for n, s in ((n_x, size[0]), (n_y, size[1]))),
                       indexing="ij")  # fmt: skip
    top = np.full((n_x, n_y), EMPTY_M)
    low, high = corners[:, :, :2].min(axis=1), corners[:, :, :2].max(axis=1)
    for (a, b, c), (x0, y0), (x1, y1) in zip(corners, low, high, strict=True):
        columns = slice(*np.searchsorted(x[:, 0], (x0, x1)))
        rows = slice(*np.searchsorted(y[0], (y0, y1)))
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        u, v = x[columns, rows] - a[0], y[columns, rows] - a[1]
        if not u.size or abs(area) < 1e-14:
            continue
        s = (u * (c[1] - a[1]) - v * (c[0] - a[0])) / area
        t = (v * (b[0] - a[0]) - u * (b[1] - a[1])) / area
        heights = a[2] + s * (b[2] - a[2]) + t * (c[2] - a[2])
        inside = (s >= 0) & (t >= 0) & (s + t <= 1)
        top[columns, rows] = np.where(inside, np.maximum(top[columns, rows], heights), top[columns, rows])
    points = corners.reshape(-1, 3)  # what is thinner than a cell has corners at least
    i, j = (np.clip(((points[:, k] / size[k] + 0.5) * n).astype(int), 0, n - 1) for k, n in enumerate((n_x, n_y)))
    np.maximum.at(top, (i, j), points[:, 2])
    return HeightMap(x=x, y=y, top=top)


@lru_cache(maxsize=64)
def mesh_rims(mesh: MeshFile, size: Vec3) -> tuple[Rim, ...]:
    """Return the parts of a body that two fingers can grasp from above, the best first."""
    grid = height_map(mesh, size)
    found: list[tuple[float, Rim]] = []
    for k in range(N_DIRECTIONS):
        out = k * pi / N_DIRECTIONS
        along, across = grid.x * cos(out) + grid.y * sin(out), grid.y * cos(out) - grid.x * sin(out)
        half = float(np.abs(across[grid.top > EMPTY_M]).max())
        for middle in np.arange(-half, half + 1e-9, STEP_M) + half % STEP_M:
            strip = np.abs(across - middle) <= FINGER_WIDTH_M / 2
            found += _rims_of_strip(along[strip], across[strip] - middle, grid.top[strip], middle, out, size)
    found.sort(key=lambda pair: pair[0])
    chosen: list[Rim] = []
    for _, rim in found:
        if all(abs(rim.x - o.x) + abs(rim.y - o.y) > APART_M or rim.out != o.out for o in chosen):
            chosen.append(rim)
        if len(chosen) == MAX_RIMS:
            break
    return tuple(chosen)


def _rims_of_strip(
    along: Array, across: Array, top: Array, middle: float, out: float, size: Vec3
) -> list[tuple[float, Rim]]:
    """Return what fingers that close along a strip, one finger wide, can grasp of it, and how bad each grasp is."""
    highest = float(top.max(initial=EMPTY_M))
    if highest == EMPTY_M:
        return []
    below, widest_gap_m = size[2] / 2 - highest, CELL_M + max(size[0], size[1]) / CELLS[1]
    rims: list[tuple[float, Rim]] = []
    for wanted in DEPTHS_M:
        depth = min(wanted, highest + size[2] / 2 - TIP_CLEAR_M)
        if depth < DEPTHS_M[-1] / 2:  # too thin for the fingers
            break
        solid = np.flatnonzero(top > highest - depth - TIP_CLEAR_M / 2)
        solid = solid[np.argsort(along[solid], kind="stable")]
        runs = np.split(solid, np.flatnonzero(np.diff(along[solid]) > widest_gap_m) + 1)
        ends = [(float(along[run[0]]), float(along[run[-1]])) for run in runs]
        for k, (run, (start, end)) in enumerate(zip(runs, ends, strict=True)):
            thick = end - start + CELL_M / 2
            before = start - ends[k - 1][1] if k else FINGER_SPACE_M
            after = ends[k + 1][0] - end if k + 1 < len(runs) else FINGER_SPACE_M
            if not GRASP_M[0] <= thick <= GRASP_M[1] or min(before, after) < FINGER_SPACE_M:
                continue
            if (slant := _slant(along[run], across[run])) > MAX_SLANT_M:  # a corner, out of which fingers slip
                continue
            at = (start + end) / 2
            x, y = at * cos(out) - middle * sin(out), at * sin(out) + middle * cos(out)
            rim = Rim(x=float(x), y=float(y), out=out, thick=thick, deep=depth / REACH_SHARE, below=below)
            shallow = DEPTHS_M[0] - depth
            cost = float(np.hypot(x, y)) + below + 2 * shallow + 2 * slant + thick / 4
            rims.append((round(cost, 4), rim))
        if rims:
            break
    return rims


def _slant(along: Array, across: Array) -> float:
    """Return how much the two sides that fingers press on slant across the fingers [m]."""
    left, right = (along[part] for part in (across < -FINGER_WIDTH_M / 6, across > FINGER_WIDTH_M / 6))
    if not len(left) or not len(right):  # thinner than a finger is wide, or an edge that one half of it would miss
        return 0.0 if len(left) == len(right) else inf
    return float(abs(left.min() - right.min()) + abs(left.max() - right.max()))


@lru_cache(maxsize=64)
def mesh_tops(mesh: MeshFile, size: Vec3) -> Array:
    """Return the points of a body that can be touched from above, (K, 3)."""
    grid = height_map(mesh, size)
    high = grid.top > grid.top.max() - TOP_M
    points: Array = np.stack([grid.x[high], grid.y[high], grid.top[high]], axis=1)
    return points


def trunk_is_solid(mesh: MeshFile, size: Vec3, depth: float) -> bool:
    """Whether fingers that close on the middle of a body's box, so far below its top [m], meet the body."""
    grid = height_map(mesh, size)
    middle = np.hypot(grid.x, grid.y) < FINGER_WIDTH_M / 2
    return bool(middle.any() and np.median(grid.top[middle]) > size[2] / 2 - 0.8 * min(depth, 0.6 * size[2]))


def touch_point(mesh: MeshFile, size: Vec3, heading: float) -> Vec3:
    """Return the point of a body that a hand with this heading [rad] touches from above: near its near edge."""
    points = mesh_tops(mesh, size)
    ahead = points[:, 0] * cos(heading) + points[:, 1] * sin(heading)
    beside = np.abs(points[:, 1] * cos(heading) - points[:, 0] * sin(heading))
    x, y, z = points[np.argmin(np.abs(ahead - ahead.min() - EDGE_M) + beside)].tolist()
    return (x, y, z)
