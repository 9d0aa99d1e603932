"""Check a floor plan that a user wrote: overlaps, furniture in walls, rooms without a doorway."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from envs.scenes.floor_plan import disconnected, shared_wall
from envs.symbolic.domain import load_domain
from envs.symbolic.scene import Doorway, FixtureSpec, Room

TOLERANCE_M = 0.01
MIN_DOORWAY_M = 0.9


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
    rooms: Sequence[Room], fixtures: Sequence[FixtureSpec], posed: Collection[str]
) -> list[tuple[str, str]]:
    """Return (fixture name, problem) for posed fixtures that leave their room or overlap each other."""
    problems = []
    rects = {room.name: room.rect for room in rooms}
    placed = [f for f in fixtures if f.name in posed]
    outlines = [_corners(f) for f in placed]
    for i, fixture in enumerate(placed):
        rect = np.array(rects[fixture.room])
        if (outlines[i] < rect[:2] - TOLERANCE_M).any() or (outlines[i] > rect[2:] + TOLERANCE_M).any():
            text = f"{fixture.name} stands outside the {fixture.room} {rect.tolist()}"
            problems.append((fixture.name, text))
        for j in range(i):
            if _overlap(outlines[i], outlines[j]):
                problems.append((fixture.name, f"{fixture.name} overlaps {placed[j].name}"))
    return problems


def _in_wall(doorway: Doorway, a: Room, b: Room) -> bool:
    wall = shared_wall(a.rect, b.rect)
    if wall is None or wall[0] != doorway.along:
        return False
    across, along = (doorway.y, doorway.x) if doorway.along == "x" else (doorway.x, doorway.y)
    low, high = along - doorway.width / 2, along + doorway.width / 2
    return abs(across - wall[1]) < 0.02 and wall[2] - TOLERANCE_M <= low and high <= wall[3] + TOLERANCE_M


def _corners(fixture: FixtureSpec) -> NDArray[np.float64]:
    depth, width, _ = load_domain().fixtures[fixture.category].size
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
