"""Plan rooms and doorways: rectangles in rows that share walls, and gaps so that every room can be reached.

Or check those that a user wrote: overlaps, furniture in walls, rooms without a doorway.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.domain import Domain
from envs.symbolic.scene import Doorway, FixtureSpec, Rect, Room, Scene

GRID_M = 0.1  # walls stand on this grid
DOORWAY_M = 1.2
DOORWAY_END_M = 0.25  # wall left at either end of a doorway
MIN_ROOM_M = 2.6
CORNER_M = 1.2  # wall length lost at a corner
TOLERANCE_M = 0.01
MIN_DOORWAY_M = 0.9
PASSAGE_COST = {"hall": 0.0, "living room": 0.1, "kitchen": 0.2, "dining room": 0.3}  # lower: better to walk through


def plan_rooms(scene: Scene, growth: Mapping[str, float], rng: np.random.Generator) -> tuple[Room, ...]:
    """Return the rooms with rectangles in one to three rows, each with enough wall for its furniture.

    Args:
        scene: Only its rooms and the categories of its fixtures are used.
        growth: Factor on the wall length of each room.
        rng: Source of randomness.
    """
    half_wall_length = {room.name: _wall_length(scene, room.name) * growth[room.name] / 2 for room in scene.rooms}
    n_rows = (len(scene.rooms) + 4) // 3 if len(scene.rooms) > 2 else 1
    n_rows = min(n_rows, 3)
    rows: list[list[str]] = [[] for _ in range(n_rows)]
    for name in sorted(half_wall_length, key=lambda n: -half_wall_length[n]):  # the longest into the emptiest row
        min(rows, key=lambda row: sum(half_wall_length[n] for n in row)).append(name)
    rects: dict[str, Rect] = {}
    y = 0.0
    for i in rng.permutation(n_rows).tolist():
        row = [rows[i][j] for j in rng.permutation(len(rows[i])).tolist()]
        depth = _snap(max(MIN_ROOM_M, sum(half_wall_length[n] for n in row) / len(row) / 2))
        x = 0.0
        for name in row:
            width = _snap(max(MIN_ROOM_M, half_wall_length[name] - depth))
            rects[name] = (x, y, round(x + width, 3), round(y + depth, 3))
            x = round(x + width, 3)
        y = round(y + depth, 3)
    return tuple(replace(room, rect=rects[room.name]) for room in scene.rooms)


def adjacent(rect: Rect, other: Rect, side: int) -> bool:
    """Whether another rectangle touches this side (0 west, 1 south, 2 east, 3 north)."""
    wall = shared_wall(rect, other)
    if wall is None:
        return False
    along, at, _, _ = wall
    return abs(at - rect[side]) < 1e-3 and (along == "y") == (side in (0, 2))


def shared_wall(a: Rect, b: Rect) -> tuple[str, float, float, float] | None:
    """Return the wall that two rooms share: the axis it runs along, its position, and its two ends [m]."""
    for along, k in (("y", 0), ("x", 1)):
        low, high = max(a[1 - k], b[1 - k]), min(a[3 - k], b[3 - k])
        if high - low > 1e-3:
            for a_side, b_side in ((a[k + 2], b[k]), (a[k], b[k + 2])):
                if abs(a_side - b_side) < 1e-2:
                    return along, a_side, low, high
    return None


def plan_doorways(rooms: Sequence[Room], rng: np.random.Generator, blocked: Sequence[Rect] = ()) -> tuple[Doorway, ...]:
    """Return a spanning tree of doorways between rooms that share enough wall, sometimes with extra ones.

    Args:
        rooms: Rooms with rectangles.
        rng: Source of randomness.
        blocked: Rectangles of floor that a doorway must not lead into.
    """
    edges: list[tuple[float, int, int, Doorway]] = []
    for i, a in enumerate(rooms):
        for j in range(i):
            doorway = _doorway(a.rect, rooms[j].rect, rng, blocked)
            if doorway is not None:
                room_costs = sorted((PASSAGE_COST.get(a.kind, 1.0), PASSAGE_COST.get(rooms[j].kind, 1.0)))
                edges.append((10 * room_costs[0] + room_costs[1] + float(rng.random()), i, j, doorway))
    group = list(range(len(rooms)))
    doorways = []
    for cost, i, j, doorway in sorted(edges, key=lambda e: e[0]):
        if group[i] != group[j]:
            old, new = group[i], group[j]
            group = [new if g == old else g for g in group]
            doorways.append(doorway)
        elif cost < 5 and rng.random() < 0.3:
            doorways.append(doorway)
    return tuple(doorways)


def disconnected(rooms: Sequence[Room], doorways: Sequence[Doorway]) -> list[str]:
    """Return the names of the rooms that cannot be reached from the first."""
    reached = {0}
    for _ in rooms:
        for doorway in doorways:
            sides = {i for i, room in enumerate(rooms) if _touches(room.rect, doorway)}
            if sides & reached:
                reached |= sides
    return [room.name for i, room in enumerate(rooms) if i not in reached]


def room_problems(rooms: Sequence[Room]) -> list[tuple[str, str]]:
    """Return (room name, problem) for rooms that are too small or overlap."""
    problems = []
    for i, room in enumerate(rooms):
        x0, y0, x1, y1 = room.rect
        if x1 - x0 < 1.5 or y1 - y0 < 1.5:
            problems.append((room.name, f"{room.name}: rect is [x0, y0, x1, y1] and at least 1.5 x 1.5 m"))
        for other in rooms[:i]:
            other_rect = other.rect
            overlap_x, overlap_y = (
                min(x1, other_rect[2]) - max(x0, other_rect[0]),
                min(y1, other_rect[3]) - max(y0, other_rect[1]),
            )
            if overlap_x > TOLERANCE_M and overlap_y > TOLERANCE_M:
                problems.append((room.name, f"{room.name} overlaps {other.name}"))
    return problems


def doorway_problems(rooms: Sequence[Room], doorways: Sequence[Doorway]) -> list[tuple[str, str]]:
    """Return (name, problem) for doorways that are in no wall, and for rooms that cannot be reached from the first."""
    problems = []
    for i, doorway in enumerate(doorways):
        if not any(_in_wall(doorway, a, b) for j, a in enumerate(rooms) for b in rooms[:j]):
            problems.append((f"doorway {i}", "this doorway is not within a wall that two rooms share"))
        elif doorway.width < MIN_DOORWAY_M:
            text = f"a doorway of {doorway.width} m is too narrow; at least {MIN_DOORWAY_M} m"
            problems.append((f"doorway {i}", text))
    for name in disconnected(rooms, doorways):
        problems.append((name, f"{name}: no way in; a room shares at least 1.7 m of wall with its neighbor"))
    return problems


def fixture_problems(
    rooms: Sequence[Room], fixtures: Sequence[FixtureSpec], posed: Collection[str], domain: Domain
) -> list[tuple[str, str]]:
    """Return (fixture name, problem) for posed fixtures that leave their room or overlap each other."""
    problems = []
    rects = {room.name: room.rect for room in rooms}
    placed = [f for f in fixtures if f.name in posed]
    outlines = [_corners(f, domain) for f in placed]
    boxes = np.array([(*corners.min(axis=0), *corners.max(axis=0)) for corners in outlines]).reshape(-1, 4)
    for i, fixture in enumerate(placed):
        rect = np.array(rects[fixture.room])
        if (outlines[i] < rect[:2] - TOLERANCE_M).any() or (outlines[i] > rect[2:] + TOLERANCE_M).any():
            text = f"{fixture.name} stands outside the {fixture.room} {rect.tolist()}"
            problems.append((fixture.name, text))
        near = ((boxes[:i, :2] < boxes[i, 2:]) & (boxes[:i, 2:] > boxes[i, :2])).all(axis=1)
        for j in np.flatnonzero(near).tolist():
            if _overlap(outlines[i], outlines[j]):
                problems.append((fixture.name, f"{fixture.name} overlaps {placed[j].name}"))
    return problems


def _touches(rect: Rect, doorway: Doorway) -> bool:
    x, y = doorway.x, doorway.y
    if doorway.along == "x":
        return rect[0] < x < rect[2] and min(abs(rect[1] - y), abs(rect[3] - y)) < 1e-2
    return rect[1] < y < rect[3] and min(abs(rect[0] - x), abs(rect[2] - x)) < 1e-2


def _doorway(a: Rect, b: Rect, rng: np.random.Generator, blocked: Sequence[Rect]) -> Doorway | None:
    wall = shared_wall(a, b)
    if wall is None:
        return None
    along, at, low, high = wall
    margin = DOORWAY_M / 2 + DOORWAY_END_M
    if high - low < 2 * margin - 1e-6:
        return None
    ends = [low + margin, high - margin]
    options = [ends[int(rng.random() * 2)], *(low + margin + (high - low - 2 * margin) * rng.random(8)), *ends]
    for middle in options:
        x, y = (float(middle), at) if along == "x" else (at, float(middle))
        depth = 0.6
        dx, dy = (DOORWAY_M / 2, depth) if along == "x" else (depth, DOORWAY_M / 2)
        is_blocked = any(x - dx < r[2] and x + dx > r[0] and y - dy < r[3] and y + dy > r[1] for r in blocked)
        if not is_blocked:
            return Doorway(x=round(x, 2), y=round(y, 2), width=DOORWAY_M, along=along)
    return None


def _wall_length(scene: Scene, room: str) -> float:
    widths = [fixture_of(f, scene.domain).size[1] + 0.13 for f in scene.furniture if f.room == room]
    return sum(widths) + 4 * CORNER_M + 1.5 * DOORWAY_M


def _snap(length: float) -> float:
    return round(round(length / GRID_M) * GRID_M, 3)


def _in_wall(doorway: Doorway, a: Room, b: Room) -> bool:
    wall = shared_wall(a.rect, b.rect)
    if wall is None or wall[0] != doorway.along:
        return False
    across, along = (doorway.y, doorway.x) if doorway.along == "x" else (doorway.x, doorway.y)
    low, high = along - doorway.width / 2, along + doorway.width / 2
    return abs(across - wall[1]) < 0.02 and wall[2] - TOLERANCE_M <= low and high <= wall[3] + TOLERANCE_M


def _corners(fixture: FixtureSpec, domain: Domain) -> NDArray[np.float64]:
    depth, width, _ = fixture_of(fixture, domain).size
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    half = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * (depth / 2, width / 2)
    corners: NDArray[np.float64] = half @ np.array([(cos, sin), (-sin, cos)]) + (fixture.x, fixture.y)
    return corners


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether two rectangles, given by corners (4, 2), overlap: no side of either separates them."""
    for corners in (a, b):
        for axis in (corners[0] - corners[1], corners[1] - corners[2]):
            unit = axis / np.linalg.norm(axis)
            p, q = a @ unit, b @ unit
            if p.max() - TOLERANCE_M <= q.min() or q.max() - TOLERANCE_M <= p.min():
                return False
    return True
