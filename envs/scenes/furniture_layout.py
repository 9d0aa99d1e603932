"""Lay out a home: rooms that share walls, doorways, and fixtures along the walls with free floor in front.

Rooms lie in rows. A room starts as large as its furniture needs and grows until all fixtures are placed and the robot
can reach each of them (`envs/scenes/occupancy_grid.py`). Only poses are decided here, never the contents of a home.

Legend: M candidate poses, K occupied rectangles. A rectangle is (x0, y0, x1, y1) [m] in the home's frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from envs.errors import HomeError
from envs.scenes.floor_plan import adjacent, plan_doorways, plan_rooms
from envs.scenes.occupancy_grid import CLEARANCE_M, WALL_M, FloorGrid, fixtures_without_access, floor_grid
from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.domain import Domain
from envs.symbolic.scene import Doorway, FixtureSpec, Rect, Room, Scene

Rects = NDArray[np.float64]  # (K, 4)

FRONT_M = 1.15  # free depth in front of a fixture: the robot stands at 0.75 and has a radius of 0.35 with its margin
FRONT_WIDTH_M = 0.8  # minimum width of the free area in front of a fixture
BESIDE_M = 0.1  # gap between neighboring fixtures
AROUND_M = 0.8  # free on every side of a free-standing fixture, so that the robot can pass
BEHIND_M = WALL_M / 2 + 0.01
FREE_STANDING = frozenset(("dining table", "coffee table", "ottoman", "person"))
FLOOR_STEP_M = 0.15  # grid step of the candidate positions of a floor
ON_OUTER_WALLS = frozenset(("window", "door"))  # bodies
PACKED_ROOMS = frozenset(("kitchen", "bathroom", "laundry room"))
MAX_ATTEMPTS = 60
GROWTH = 1.07


@dataclass(frozen=True, kw_only=True)
class FixedGeometry:
    """Which geometry of a scene is given and must not change."""

    rooms: bool = False
    doorways: bool = False
    robot: bool = False
    fixtures: frozenset[str] = frozenset()


def lay_out(scene: Scene, rng: np.random.Generator, fixed: FixedGeometry | None = None) -> Scene:
    """Return the scene with rooms, doorways, poses and the robot's start, all fixtures reachable.

    Raises:
        HomeError: The fixed geometry leaves no room; the message has one line per fixture.
    """
    fixed = fixed or FixedGeometry()
    growth = dict.fromkeys((room.name for room in scene.rooms), 1.0)
    unplaced: list[str] = []
    for attempt in range(MAX_ATTEMPTS):
        layout = scene if fixed.rooms else replace(scene, rooms=plan_rooms(scene, growth, rng))
        if not fixed.doorways:
            pinned = tuple(
                _required_area(f, scene.domain)
                for f in scene.furniture
                if f.name in fixed.fixtures and not _is_floor(f, scene.domain)
            )
            layout = replace(layout, doorways=plan_doorways(layout.rooms, rng, pinned))
        layout, unplaced = _furnish(layout, rng, fixed, packed=attempt > 0)
        if not unplaced:
            grid = floor_grid(layout)
            if fixed.robot and not grid.area_at(layout.robot[0], layout.robot[1]):
                x, y, _ = layout.robot
                raise HomeError(f"robot: does not fit at ({x:g}, {y:g}); it needs {CLEARANCE_M} m around its middle")
            if not fixed.robot:
                layout = replace(layout, robot=_robot_start(layout, grid, rng))
            unplaced = fixtures_without_access(layout, grid)
            if not unplaced:
                return layout
        if fixed.rooms and attempt >= 12:
            break
        room_of = {f.name: f.room for f in scene.furniture}
        for room in {room_of[name] for name in unplaced}:
            growth[room] *= GROWTH
    room_of_fixture = {f.name: f.room for f in scene.furniture}
    lines = []
    for name in unplaced:
        if name in fixed.fixtures:
            lines.append(f"{name}: the robot cannot get in front of it")
        else:
            lines.append(f"{name}: no place in the {room_of_fixture[name]} that the robot can get to")
    raise HomeError("\n".join(lines))


def footprint(fixture: FixtureSpec, domain: Domain) -> Rect:
    """Return the bounding rectangle of a fixture on the floor [m]."""
    depth, width, _ = fixture_of(fixture, domain).size
    cos, sin = abs(math.cos(fixture.yaw)), abs(math.sin(fixture.yaw))
    dx, dy = (depth * cos + width * sin) / 2, (depth * sin + width * cos) / 2
    return fixture.x - dx, fixture.y - dy, fixture.x + dx, fixture.y + dy


def _required_area(fixture: FixtureSpec, domain: Domain) -> Rect:
    """Return the bounding rectangle of a fixture and the free floor that it needs in front."""
    depth, width, _ = fixture_of(fixture, domain).size
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    x, y = fixture.x + cos * FRONT_M / 2, fixture.y + sin * FRONT_M / 2
    depth, width = depth + FRONT_M, max(width, FRONT_WIDTH_M)
    dx, dy = (depth * abs(cos) + width * abs(sin)) / 2, (depth * abs(sin) + width * abs(cos)) / 2
    return x - dx, y - dy, x + dx, y + dy


def _front_area(fixture: FixtureSpec, domain: Domain) -> Rect:
    depth = fixture_of(fixture, domain).size[0]
    cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
    x, y = fixture.x + cos * (depth + FRONT_M) / 2, fixture.y + sin * (depth + FRONT_M) / 2
    width = max(fixture_of(fixture, domain).size[1], FRONT_WIDTH_M)
    dx, dy = (FRONT_M * abs(cos) + width * abs(sin)) / 2, (FRONT_M * abs(sin) + width * abs(cos)) / 2
    return x - dx, y - dy, x + dx, y + dy


def _furnish(scene: Scene, rng: np.random.Generator, fixed: FixedGeometry, packed: bool) -> tuple[Scene, list[str]]:
    """Place every fixture that is not fixed; also return the names of the unplaced ones."""
    posed: dict[str, FixtureSpec] = {}
    domain = scene.domain
    unplaced: list[str] = []
    for room in scene.rooms:
        fixtures = [f for f in scene.furniture if f.room == room.name]
        taken = [footprint(f, domain) for f in fixtures if f.name in fixed.fixtures]
        keep_free = [_front_area(f, domain) for f in fixtures if f.name in fixed.fixtures and not _is_floor(f, domain)]
        thresholds = [_threshold(d) for d in scene.doorways]
        keep_free += thresholds
        outside = [not any(adjacent(room.rect, other.rect, side) for other in scene.rooms) for side in range(4)]
        walls = rng.permutation(4).tolist()
        movable = [f for f in fixtures if f.name not in fixed.fixtures and not _is_floor(f, domain)]
        jitter = rng.random(len(movable)) * 0.3
        order = sorted(
            range(len(movable)),
            key=lambda i: (_is_free_standing(movable[i], domain), -fixture_of(movable[i], domain).size[1] - jitter[i]),
        )
        for i in order:
            fixture = movable[i]
            is_snug = packed or room.kind in PACKED_ROOMS
            sides = walls
            if domain.fixtures[fixture.category].body in ON_OUTER_WALLS:
                is_snug, sides = True, sorted(walls, key=lambda side: not outside[side])
            pose = _find_pose(fixture, domain, room.rect, taken, keep_free, sides, rng, is_snug)
            if pose is None:
                unplaced.append(fixture.name)
                continue
            x, y, yaw, free_standing = pose
            placed = replace(fixture, x=round(x, 3), y=round(y, 3), yaw=yaw)
            posed[fixture.name] = placed
            taken.append(footprint(placed, domain))
            keep_free.append(_front_area(placed, domain))
            if free_standing:
                keep_free.append(_inflated(taken[-1], AROUND_M))
        for fixture in fixtures:
            if not _is_floor(fixture, domain) or fixture.name in fixed.fixtures:
                continue
            middle = _open_floor(fixture, domain, room.rect, taken + thresholds, keep_free)
            if middle is None:
                unplaced.append(fixture.name)
                continue
            posed[fixture.name] = replace(fixture, x=middle[0], y=middle[1], yaw=0.0)
            taken.append(footprint(posed[fixture.name], domain))
    return replace(scene, fixtures=tuple(posed.get(f.name, f) for f in scene.fixtures)), unplaced


def _is_floor(fixture: FixtureSpec, domain: Domain) -> bool:
    return fixture_of(fixture, domain).underfoot


def _is_free_standing(fixture: FixtureSpec, domain: Domain) -> bool:
    category = domain.fixtures[fixture.category]
    return (category.like or category.name) in FREE_STANDING or category.body == "person"


def _open_floor(
    fixture: FixtureSpec, domain: Domain, rect: Rect, taken: Sequence[Rect], keep_free: Sequence[Rect]
) -> tuple[float, float] | None:
    """Return the middle of the free patch that blocks the areas in front of furniture least; None if none is free."""
    depth, width, _ = fixture_of(fixture, domain).size
    half = np.array((depth, width)) / 2
    low, high = np.array(rect[:2]) + WALL_M / 2 + half, np.array(rect[2:]) - WALL_M / 2 - half
    if (low > high).any():
        return None
    xs, ys = (np.arange(low[k], high[k] + 1e-6, FLOOR_STEP_M) for k in (0, 1))
    middles = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)  # (M, 2)
    body = np.concatenate((middles - half, middles + half), axis=1)  # (M, 4)
    free = ~_overlap(body, np.array([_inflated(r, BESIDE_M) for r in taken] or [(0.0, 0.0, 0.0, 0.0)]))
    if not free.any():
        return None
    zones = np.array(keep_free or [(0.0, 0.0, 0.0, 0.0)])  # (K, 4)
    shared = np.minimum(body[:, None, 2:], zones[:, 2:]) - np.maximum(body[:, None, :2], zones[:, :2])  # (M, K, 2)
    overlap_area = np.clip(shared, 0.0, None).prod(axis=2).sum(axis=1)  # (M,) m2
    x, y = middles[int(np.argmin(np.where(free, overlap_area, np.inf)))].tolist()
    return round(x, 3), round(y, 3)


def _find_pose(
    fixture: FixtureSpec,
    domain: Domain,
    rect: Rect,
    taken: Sequence[Rect],
    keep_free: Sequence[Rect],
    walls: Sequence[int],
    rng: np.random.Generator,
    is_snug: bool,
) -> tuple[float, float, float, bool] | None:
    """Return x, y, yaw and whether it stands away from the walls; None if there is no room."""
    depth, width, _ = fixture_of(fixture, domain).size
    if _is_free_standing(fixture, domain):
        poses = _middle_poses(rect, rng)
        valid = _valid_poses(poses, depth, width, _inflated(rect, -WALL_M / 2), taken, keep_free)
        if valid.any():
            x, y, yaw = poses[int(np.argmax(valid))].tolist()
            return x, y, yaw, True
    spans = [(side, span) for side in walls for span in _free_spans(rect, side, depth, width, taken, keep_free)]
    if not spans:
        return None
    side, (low, high) = spans[0 if is_snug else int(rng.random() * len(spans))]
    along = low if is_snug else low + (high - low) * float(rng.random())
    offset = BEHIND_M + depth / 2
    across = rect[side] + offset if side < 2 else rect[side] - offset
    x, y = (across, along) if side in (0, 2) else (along, across)
    return x, y, side * math.pi / 2, False


def _free_spans(
    rect: Rect, side: int, depth: float, width: float, taken: Sequence[Rect], keep_free: Sequence[Rect]
) -> list[tuple[float, float]]:
    """Return the intervals along a wall where the middle of a fixture may be, its back to the wall.

    Every rectangle in the way blocks an interval; the gaps between the blocked intervals are free.
    """
    k = 1 if side in (0, 2) else 0  # the axis along the wall
    d = 1 - k  # the axis into the room
    if rect[d + 2] - rect[d] < BEHIND_M + depth + FRONT_M + WALL_M / 2:
        return []
    if side < 2:
        back, face, end = rect[d], rect[d] + BEHIND_M + depth, rect[d] + BEHIND_M + depth + FRONT_M
    else:
        back, face, end = rect[d + 2], rect[d + 2] - BEHIND_M - depth, rect[d + 2] - BEHIND_M - depth - FRONT_M
    body_low, body_high = min(back, face), max(back, face)
    front_low, front_high = min(face, end), max(face, end)
    half, front_half = width / 2, max(width, FRONT_WIDTH_M) / 2
    margin = max(half + BEHIND_M, front_half + WALL_M / 2)
    blocked = [(r[k] - half, r[k + 2] + half) for r in keep_free if r[d] < body_high and r[d + 2] > body_low]
    for r in taken:
        if r[d] < body_high + BESIDE_M and r[d + 2] > body_low - BESIDE_M:
            blocked.append((r[k] - half - BESIDE_M, r[k + 2] + half + BESIDE_M))
        if r[d] < front_high and r[d + 2] > front_low:
            blocked.append((r[k] - front_half, r[k + 2] + front_half))
    spans = []
    position, end_position = rect[k] + margin, rect[k + 2] - margin
    for low, high in sorted(blocked):
        if low > position:
            spans.append((position, min(low, end_position)))
        position = max(position, high)
        if position > end_position:
            break
    if position <= end_position:
        spans.append((position, end_position))
    return [span for span in spans if span[0] <= span[1]]


def free_poses(scene: Scene, room: Room, category: str, *, roominess: int) -> NDArray[np.float64]:
    """Return poses on a grid where one more fixture could stand in a finished layout, (M, 3): x, y [m], yaw [rad].

    Args:
        scene: The layout.
        room: Where the fixture is to stand.
        category: The fixture's category.
        roominess: 2: the robot can pass on every side, and nothing stands in front of another fixture; 1: in front of
            it is free floor; 0: it just fits in.
    """
    domain = scene.domain
    depth, width, _ = domain.fixtures[category].size
    fixtures = [f for f in scene.furniture if f.room == room.name and not _is_floor(f, domain)]
    taken = [footprint(f, domain) for f in fixtures]
    x, y, _ = scene.robot
    keep_free = [_inflated((x, y, x, y), CLEARANCE_M)]
    keep_free += [_threshold(d) for d in scene.doorways] if roominess > 0 else []
    keep_free += [_front_area(f, domain) for f in fixtures] if roominess > 1 else []
    axes = (np.arange(room.rect[k] + FLOOR_STEP_M, room.rect[k + 2], FLOOR_STEP_M).round(3) for k in (0, 1))
    poses = np.stack(np.meshgrid(*axes, np.arange(4) * math.pi / 2, indexing="ij"), axis=-1).reshape(-1, 3)
    around_m, front_m = (BESIDE_M, BESIDE_M, AROUND_M)[roominess], FRONT_M if roominess > 0 else 0.0
    inner = _inflated(room.rect, -WALL_M / 2)
    return poses[_valid_poses(poses, depth, width, inner, taken, keep_free, around_m, front_m)]


def _middle_poses(rect: Rect, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return random poses away from the walls, (M, 3)."""
    x0, y0, x1, y1 = rect
    poses = rng.random((64, 3))
    poses[:, 0] = x0 + (x1 - x0) * poses[:, 0]
    poses[:, 1] = y0 + (y1 - y0) * poses[:, 1]
    poses[:, 2] = np.floor(poses[:, 2] * 4) * (math.pi / 2)
    return poses


def _valid_poses(
    poses: NDArray[np.float64],
    depth: float,
    width: float,
    inner: Rect,
    taken: Sequence[Rect],
    keep_free: Sequence[Rect],
    around_m: float = AROUND_M,
    front_m: float = FRONT_M,
) -> NDArray[np.bool_]:
    """Return which poses are free all around and have a free front, (M,)."""
    x, y, yaw = poses.T
    cos, sin = np.round(np.cos(yaw)), np.round(np.sin(yaw))
    abs_sin, abs_cos = np.abs(sin), np.abs(cos)
    dx, dy = (depth * abs_cos + width * abs_sin) / 2, (depth * abs_sin + width * abs_cos) / 2
    body = np.stack((x - dx, y - dy, x + dx, y + dy), axis=1)  # (M, 4)
    around = body + np.array((-around_m, -around_m, around_m, around_m))
    fx, fy = x + cos * (depth + front_m) / 2, y + sin * (depth + front_m) / 2
    front_width = max(width, FRONT_WIDTH_M)
    dx, dy = (front_m * abs_cos + front_width * abs_sin) / 2, (front_m * abs_sin + front_width * abs_cos) / 2
    front = np.stack((fx - dx, fy - dy, fx + dx, fy + dy), axis=1)  # (M, 4)
    low, high = np.array(inner[:2]), np.array(inner[2:])
    lowest, highest = np.minimum(around, front)[:, :2], np.maximum(around, front)[:, 2:]
    within = (lowest >= low) & (highest <= high)  # (M, 2)
    inside: NDArray[np.bool_] = within[:, 0] & within[:, 1]
    if not inside.any():
        return inside
    no_rects = [(0.0, 0.0, 0.0, 0.0)]
    blocks, zones = np.array(taken or no_rects), np.array(keep_free or no_rects)
    return inside & ~(_overlap(around, blocks) | _overlap(body, zones) | _overlap(front, blocks))


def _overlap(boxes: Rects, others: Rects) -> NDArray[np.bool_]:
    """Return which boxes (M, 4) overlap any other (K, 4)."""
    a, b = boxes[:, None], others[None]
    overlaps = (a[..., 0] < b[..., 2]) & (a[..., 1] < b[..., 3]) & (a[..., 2] > b[..., 0]) & (a[..., 3] > b[..., 1])
    return np.asarray(overlaps.any(axis=1), dtype=np.bool_)


def _inflated(rect: Rect, margin: float) -> Rect:
    return rect[0] - margin, rect[1] - margin, rect[2] + margin, rect[3] + margin


def _threshold(doorway: Doorway) -> Rect:
    """Return the floor that must stay free on both sides of a doorway."""
    dx, dy = (doorway.width / 2 + 0.1, 1.1) if doorway.along == "x" else (1.1, doorway.width / 2 + 0.1)
    return doorway.x - dx, doorway.y - dy, doorway.x + dx, doorway.y + dy


def _robot_start(scene: Scene, grid: FloorGrid, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return a start pose: in the largest free area, as near as possible to the middle of a random room."""
    sizes = np.bincount(grid.area.ravel())
    sizes[0] = 0
    x0, y0, x1, y1 = scene.rooms[int(rng.random() * len(scene.rooms))].rect
    cells = np.argwhere(grid.area == int(np.argmax(sizes)))
    if not len(cells):
        return (x0 + x1) / 2, (y0 + y1) / 2, 0.0
    points = (cells + 0.5) * grid.cell_m + np.array(grid.origin)
    middle = np.array(((x0 + x1) / 2, (y0 + y1) / 2))
    x, y = points[int(np.argmin(((points - middle) ** 2).sum(axis=1)))].tolist()
    return round(x, 3), round(y, 3), 0.0
