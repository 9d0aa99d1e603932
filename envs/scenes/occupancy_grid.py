"""The free floor of a home: an occupancy grid, and the fixtures that the robot can reach on it.

Frame: the home's (see `envs/symbolic/scene.py`). The center of grid cell (i, j) is origin + (i + 0.5, j + 0.5) * cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.symbolic.domain import Domain
from envs.symbolic.scene import Doorway, FixtureSpec, Rect, Scene

WALL_M = 0.10  # wall thickness; a room's rectangle runs along the middle of its walls
CLEARANCE_M = 0.35  # the robot's base has a radius of 0.30 m
CELL_M = 0.1
STAND_M = 0.75  # distance from a fixture's front face at which the robot stands to use it
FLOOR_STANDS_M = (0.0, 0.6, -0.6)  # standing points on and beside a patch of floor, relative to its middle
STAND_ASIDE_M = 0.3  # maximum sideways offset of a standing point from the fixture's middle


@dataclass(frozen=True, kw_only=True)
class FloorGrid:
    """Where the center of the robot's base may be.

    Attributes:
        origin: Corner of cell (0, 0) [m].
        free: Whether the robot fits there, (nx, ny).
        area: Label of the connected free area of each cell, 0 where the robot does not fit, (nx, ny).
    """

    origin: tuple[float, float]
    cell_m: float
    free: NDArray[np.bool_]
    area: NDArray[np.int32]

    def area_at(self, x: float, y: float) -> int:
        """Return the label of the connected free area at a point, 0 if the robot does not fit there."""
        i = math.floor((x - self.origin[0]) / self.cell_m)
        j = math.floor((y - self.origin[1]) / self.cell_m)
        if not (0 <= i < self.free.shape[0] and 0 <= j < self.free.shape[1]):
            return 0
        return int(self.area[i, j])


def floor_grid(scene: Scene, *, clearance_m: float = CLEARANCE_M, cell_m: float = CELL_M) -> FloorGrid:
    """Return where a round robot of radius `clearance_m` fits between the walls and fixtures of a home."""
    x0 = min(room.rect[0] for room in scene.rooms)
    y0 = min(room.rect[1] for room in scene.rooms)
    nx = math.ceil((max(room.rect[2] for room in scene.rooms) - x0) / cell_m - 1e-6)
    ny = math.ceil((max(room.rect[3] for room in scene.rooms) - y0) / cell_m - 1e-6)
    free = np.zeros((nx, ny), dtype=np.bool_)
    inset = WALL_M / 2 + clearance_m
    open_floor = [_shrunk(room.rect, inset) for room in scene.rooms]
    open_floor += [_passage(doorway, inset, clearance_m) for doorway in scene.doorways]
    for ax, ay, bx, by in open_floor:
        # A cell is free if its center lies in the rectangle.
        i0, i1 = math.ceil((ax - x0) / cell_m - 0.5 - 1e-6), math.floor((bx - x0) / cell_m - 0.5 + 1e-6)
        j0, j1 = math.ceil((ay - y0) / cell_m - 0.5 - 1e-6), math.floor((by - y0) / cell_m - 0.5 + 1e-6)
        free[max(i0, 0) : max(i1 + 1, 0), max(j0, 0) : max(j1 + 1, 0)] = True
    sizes = scene.domain.fixtures
    for fixture in scene.furniture:
        if not sizes[fixture.category].underfoot:
            _block(free, fixture, sizes[fixture.category].size, (x0, y0), cell_m, clearance_m)
    area = np.zeros(free.shape, dtype=np.int32)
    from scipy import ndimage  # imported here: it takes a quarter of a second, and planning needs no grid

    ndimage.label(free, output=area)
    return FloorGrid(origin=(x0, y0), cell_m=cell_m, free=free, area=area)


def standing_points(fixture: FixtureSpec, domain: Domain) -> list[tuple[float, float]]:
    """Return points [m] where the robot may stand to use a fixture, the middle first; for a floor, all around it."""
    if domain.fixtures[fixture.category].underfoot:
        return [(fixture.x + dx, fixture.y + dy) for dx in FLOOR_STANDS_M for dy in FLOOR_STANDS_M]
    distance = domain.fixtures[fixture.category].size[0] / 2 + STAND_M
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    offsets = [0.0] + [side * step * STAND_ASIDE_M / 3 for step in (1, 2, 3) for side in (1, -1)]
    return [
        (fixture.x + distance * cos - offset * sin, fixture.y + distance * sin + offset * cos) for offset in offsets
    ]


def fixtures_without_access(scene: Scene, grid: FloorGrid | None = None) -> list[str]:
    """Return the names of the fixtures whose standing points the robot cannot reach from its start."""
    grid = grid or floor_grid(scene)
    start_area = grid.area_at(scene.robot[0], scene.robot[1])
    if start_area == 0:
        return [fixture.name for fixture in scene.furniture]
    points = {f.name: standing_points(f, scene.domain) for f in scene.furniture}
    return [name for name, near in points.items() if not any(grid.area_at(*p) == start_area for p in near)]


def _shrunk(rect: Rect, inset: float) -> Rect:
    return rect[0] + inset, rect[1] + inset, rect[2] - inset, rect[3] - inset


def _passage(doorway: Doorway, inset: float, clearance_m: float) -> Rect:
    along, across = doorway.width / 2 - clearance_m, inset + 0.05
    dx, dy = (along, across) if doorway.along == "x" else (across, along)
    return doorway.x - dx, doorway.y - dy, doorway.x + dx, doorway.y + dy


def _block(
    free: NDArray[np.bool_],
    fixture: FixtureSpec,
    size: tuple[float, float, float],
    origin: tuple[float, float],
    cell_m: float,
    clearance_m: float,
) -> None:
    """Clear the grid cells from which a fixture is nearer than `clearance_m`."""
    half_x, half_y = size[0] / 2, size[1] / 2
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    span_x = abs(cos) * half_x + abs(sin) * half_y + clearance_m
    span_y = abs(sin) * half_x + abs(cos) * half_y + clearance_m
    i0 = max(0, math.floor((fixture.x - span_x - origin[0]) / cell_m))
    j0 = max(0, math.floor((fixture.y - span_y - origin[1]) / cell_m))
    i1 = min(free.shape[0], math.ceil((fixture.x + span_x - origin[0]) / cell_m))
    j1 = min(free.shape[1], math.ceil((fixture.y + span_y - origin[1]) / cell_m))
    if i1 <= i0 or j1 <= j0:
        return
    dx = (np.arange(i0, i1) + 0.5) * cell_m + (origin[0] - fixture.x)
    dy = (np.arange(j0, j1) + 0.5) * cell_m + (origin[1] - fixture.y)
    u = np.abs(np.add.outer(cos * dx, sin * dy)) - half_x
    v = np.abs(np.add.outer(-sin * dx, cos * dy)) - half_y
    np.maximum(u, 0.0, out=u)
    np.maximum(v, 0.0, out=v)
    free[i0:i1, j0:j1] &= u * u + v * v > clearance_m * clearance_m
