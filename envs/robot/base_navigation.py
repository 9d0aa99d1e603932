"""Plan paths of the robot's base on an occupancy grid of the floor.

Frame: the home. Cell (i, j) has its center at origin + (i + 0.5, j + 0.5) * CELL_M. A leaf is the moving part of a
fixture: a door, flap or drawer.

Legend: nx, ny cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import binary_dilation, distance_transform_edt, label
from scipy.sparse.csgraph import dijkstra

from envs.geometry.rotations import Array, Footprint
from envs.symbolic.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

CELL_M = 0.05
WALL_M = 0.10
BASE_CLEAR_M = 0.27  # minimum distance of the base's center from fixtures; the base's radius is 0.24 m
COMFORT_CLEAR_M = 0.38  # driving nearer than this to an obstacle costs more
SHORTCUT_CLEAR_M = 0.33  # minimum gap on a shortcut, if the path that it replaces keeps that gap
MAX_SQUEEZE_M = 1.2  # how far the robot may squeeze past an open leaf to get back to the open floor
OBJECT_CLEAR_M = 0.25  # from an object on the ground to the base's center
DOOR_CLEAR_M = 0.17  # from an open door to the column; the chassis may pass below a flap

Bool = NDArray[np.bool_]


class Floor:
    """Occupancy grid of one home's floor. Fixed obstacles are given once, open leaves with each `update`."""

    def __init__(self, scene: Scene, footprints: list[Footprint]) -> None:
        """Draw the grid.

        Args:
            scene: Rooms and doorways.
            footprints: x, y, yaw, half depth, half width [m, rad] of the furniture on the floor.
        """
        x0 = min(r.rect[0] for r in scene.rooms) - 0.2
        y0 = min(r.rect[1] for r in scene.rooms) - 0.2
        x1 = max(r.rect[2] for r in scene.rooms) + 0.2
        y1 = max(r.rect[3] for r in scene.rooms) + 0.2
        self.origin = np.array([x0, y0])
        self.shape = (int(np.ceil((x1 - x0) / CELL_M)), int(np.ceil((y1 - y0) / CELL_M)))
        axes = [o + (np.arange(k) + 0.5) * CELL_M for o, k in zip((x0, y0), self.shape, strict=True)]
        self.xs, self.ys = np.meshgrid(*axes, indexing="ij")  # (nx, ny)
        open_floor = np.zeros(self.shape, dtype=np.bool_)
        for room in scene.rooms:
            a, b, c, d = room.rect
            open_floor |= _within(self.xs, self.ys, a + WALL_M / 2, b + WALL_M / 2, c - WALL_M / 2, d - WALL_M / 2)
        for door in scene.doorways:
            half = door.width / 2
            dx, dy = (half, WALL_M) if door.along == "x" else (WALL_M, half)
            open_floor |= _within(self.xs, self.ys, door.x - dx, door.y - dy, door.x + dx, door.y + dy)
        self.walls: Bool = ~open_floor
        for footprint in footprints:
            open_floor &= ~self._near_footprint(footprint, 0.0)
        cells = np.asarray(distance_transform_edt(open_floor), dtype=np.float64)
        self.clearance_m: Array = cells * CELL_M  # (nx, ny) to the nearest fixed obstacle
        self.free: Bool = self.clearance_m >= BASE_CLEAR_M
        self.clearance_with_doors_m: Array = self.clearance_m  # (nx, ny) to the nearest fixed obstacle or open leaf
        self._graph = sparse.csr_matrix((0, 0))
        self._costs: Array = np.zeros((0, 0))
        self._source: tuple[int, int] | None = None
        self._min_gap_m = SHORTCUT_CLEAR_M
        self.update([])

    def _near_footprint(self, footprint: Footprint, margin: float) -> Bool:
        x, y, yaw, depth, width = footprint
        dx, dy = self.xs - x, self.ys - y
        u = np.abs(np.cos(yaw) * dx + np.sin(yaw) * dy) - depth
        v = np.abs(-np.sin(yaw) * dx + np.cos(yaw) * dy) - width
        is_near: Bool = np.hypot(np.maximum(u, 0.0), np.maximum(v, 0.0)) <= margin
        return is_near

    def update(self, leaves: list[Footprint], objects: Sequence[Footprint] = (), carried_m: float = 0.0) -> None:
        """Update the grid with the leaves that are open now and the objects that lie on the ground.

        Args:
            leaves: Footprints of open leaves.
            objects: Footprints of objects in the base's way.
            carried_m: How far the carried object extends from the base's center. This radius is kept clear of open
                leaves, and of all other obstacles where a path allows it.
        """
        free = self.clearance_m >= BASE_CLEAR_M
        for footprint in leaves:
            free &= ~self._near_footprint(footprint, max(DOOR_CLEAR_M, carried_m))
        for footprint in objects:
            free &= ~self._near_footprint(footprint, OBJECT_CLEAR_M)
        self.free = free
        self.clearance_with_doors_m = (
            self.clearance_m if not leaves else np.minimum(self.clearance_m, self._leaf_distance_m(leaves))
        )
        self.main_area = _largest_component(free)
        index = np.arange(free.size).reshape(self.shape)
        self._min_gap_m = max(SHORTCUT_CLEAR_M, carried_m)
        comfort_m = max(COMFORT_CLEAR_M, carried_m + CELL_M)
        effort = 1.0 + (10.0 if carried_m else 4.0) * np.clip((comfort_m - self.clearance_m) / comfort_m, 0.0, 1.0)
        rows, columns, weights = [], [], []
        for di, dj in ((1, 0), (0, 1), (1, 1), (1, -1)):
            a = (slice(0, self.shape[0] - di), slice(max(0, -dj), self.shape[1] - max(0, dj)))
            b = (slice(di, self.shape[0]), slice(max(0, dj), self.shape[1] + min(0, dj)))
            both = free[a] & free[b]
            rows.append(index[a][both])
            columns.append(index[b][both])
            weights.append(np.hypot(di, dj) * CELL_M * (effort[a][both] + effort[b][both]) / 2)
        data = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
        self._graph = sparse.csr_matrix(data, shape=(free.size, free.size))
        self._source = None

    def _leaf_distance_m(self, leaves: list[Footprint]) -> Array:
        """Distance [m] of every cell to the nearest open leaf, (nx, ny)."""
        clear = np.ones(self.shape, dtype=np.bool_)
        for footprint in leaves:
            clear &= ~self._near_footprint(footprint, CELL_M / 2)
        return np.asarray(distance_transform_edt(clear), dtype=np.float64) * CELL_M

    def main_area_with(self, leaves: list[Footprint]) -> Bool:
        """Cells connected to most of the home when these leaves are open, (nx, ny)."""
        free = self.clearance_m >= BASE_CLEAR_M
        for footprint in leaves:
            free = free & ~self._near_footprint(footprint, DOOR_CLEAR_M)
        area: Bool = binary_dilation(_largest_component(free), iterations=2)
        return area

    def cell_at(self, x: float, y: float) -> tuple[int, int]:
        """Return the cell of a point, clipped to the grid."""
        i, j = ((np.array([x, y]) - self.origin) / CELL_M).astype(int)
        return int(np.clip(i, 0, self.shape[0] - 1)), int(np.clip(j, 0, self.shape[1] - 1))

    def is_free(self, points: Array) -> Bool:
        """Whether the base fits at points, (..., 2) to (...)."""
        ij = np.floor((points - self.origin) / CELL_M).astype(int)
        inside = ((ij >= 0) & (ij < self.shape)).all(-1)
        ij = np.clip(ij, 0, np.array(self.shape) - 1)
        free: Bool = inside & self.free[ij[..., 0], ij[..., 1]]
        return free

    def no_wall_between(self, points: Array, goal: Array) -> Bool:
        """Whether no wall stands between points (N, 2) and a goal (2,)."""
        fractions = np.linspace(0.0, 1.0, 20)[:, None, None]
        line = points + fractions * (goal - points)  # (20, N, 2)
        ij = np.clip(((line - self.origin) / CELL_M).astype(int), 0, np.array(self.shape) - 1)
        clear: Bool = ~self.walls[ij[..., 0], ij[..., 1]].any(0)
        return clear

    def travel_costs(self, start: tuple[float, float]) -> Array:
        """Travel cost [m] from a point to every cell, infinite where there is no path, (nx, ny)."""
        cell = self._departure_cell(start)
        if self._source != cell:
            source = cell[0] * self.shape[1] + cell[1]
            search: Any = dijkstra  # scipy's stubs differ between Python versions
            costs, predecessors = search(
                csgraph=self._graph,
                directed=False,
                indices=int(source),
                return_predecessors=True,
                unweighted=False,
            )
            self._costs, self._predecessors, self._source = costs.reshape(self.shape), predecessors, cell
        return self._costs

    def _departure_cell(self, start: tuple[float, float]) -> tuple[int, int]:
        """Cell at which a path from a point starts: the nearest open cell if an open door blocks the robot's own."""
        cell = self.cell_at(*start)
        if self.main_area[cell]:
            return cell
        distance_m = np.hypot(self.xs - start[0], self.ys - start[1])
        nearest = int(np.argmin(np.where(self.main_area, distance_m, np.inf)))
        if self.free[cell] and distance_m.flat[nearest] > MAX_SQUEEZE_M:
            return cell
        return nearest // self.shape[1], nearest % self.shape[1]

    def path(self, start: tuple[float, float], goal: tuple[float, float]) -> list[tuple[float, float]] | None:
        """Corners of a short free path that ends at `goal`; None if there is no path."""
        costs = self.travel_costs(start)
        cell = self.cell_at(*goal)
        if not np.isfinite(costs[cell]):
            return None
        assert self._source is not None
        source = self._source[0] * self.shape[1] + self._source[1]
        index = cell[0] * self.shape[1] + cell[1]
        cells = [index]
        while index != source:
            index = int(self._predecessors[index])
            cells.append(index)
        points = [(float(self.xs.flat[c]), float(self.ys.flat[c])) for c in reversed(cells)]
        points[-1] = goal
        corners, i = [], 0
        if np.hypot(points[0][0] - start[0], points[0][1] - start[1]) > 2 * CELL_M:
            corners.append(points[0])
        while i < len(points) - 1:
            j = len(points) - 1
            while j > i + 1 and not self._is_free_line(points[i], points[j]):
                j -= max(1, (j - i) // 8)
                j = max(j, i + 1)
            corners.append(points[j])
            i = j
        return corners or [goal]

    def _is_free_line(self, a: tuple[float, float], b: tuple[float, float]) -> bool:
        steps = max(2, int(np.hypot(b[0] - a[0], b[1] - a[1]) / (CELL_M / 2)))
        line: Array = np.linspace(a, b, steps, dtype=np.float64)
        if not self.is_free(line).all():
            return False
        ij = np.floor((line - self.origin) / CELL_M).astype(int)
        line_gap_m = self.clearance_m[ij[:, 0], ij[:, 1]].min()
        end_gap_m = min(self.clearance_m[self.cell_at(*a)], self.clearance_m[self.cell_at(*b)])
        return bool(line_gap_m >= min(self._min_gap_m, end_gap_m - 0.03))


def _largest_component(free: Bool) -> Bool:
    labels = np.zeros(free.shape, dtype=np.int32)
    label(free, structure=np.ones((3, 3)), output=labels)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest: Bool = labels == int(np.argmax(sizes))
    return largest


def _within(xs: Array, ys: Array, x0: float, y0: float, x1: float, y1: float) -> Bool:
    inside: Bool = (xs > x0) & (xs < x1) & (ys > y0) & (ys < y1)
    return inside
