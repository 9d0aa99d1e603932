"""Adds the rooms of a scene to the engine: the ground, walls with doorways, floors and the lawn around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.assets.furniture.room_surfaces import floors_mesh, lawn_mesh, wall_mesh
from envs.geometry.bodies import Piece, seen
from envs.geometry.meshes import Color
from envs.physics.engine import Engine

if TYPE_CHECKING:
    from envs.symbolic.scene import Rect, Scene


WALL_M = 0.10
WALL_HEIGHT_M = 2.0
WALL_SEEN_M = 0.45  # walls are drawn low, so that one sees into the rooms
WALL: Color = (0.93, 0.91, 0.86, 1.0)
LAWN: Color = (0.72, 0.78, 0.66, 1.0)


def build_rooms(engine: Engine, scene: Scene) -> None:
    """Add the ground and the walls."""
    x0, y0, x1, y1 = _extent(scene)
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    engine.add("ground", (Piece(size=(x1 - x0 + 6, y1 - y0 + 6, 0.2), at=(0, 0, -0.1), visible=False),), (*middle, 0.0))
    for k, wall in enumerate(wall_pieces(scene)):
        low = seen(wall_mesh(wall.size, WALL_SEEN_M, WALL), WALL)
        engine.add(f"wall {k}", (low, Piece(size=wall.size, visible=False)), wall.at)


def build_floors(engine: Engine, scene: Scene) -> None:
    """Add what is only seen of the rooms, and the lawn around them: drawn last, since everything else hides it."""
    engine.add("floors", (seen(floors_mesh(scene)),), (0.0, 0.0, 0.0))
    engine.add("lawn", (seen(lawn_mesh(_extent(scene), LAWN), LAWN),), (0.0, 0.0, -0.02))


def wall_pieces(scene: Scene) -> list[Piece]:
    """Return the walls, each once, doorways left out."""
    walls: dict[tuple[float, ...], Piece] = {}
    for room in scene.rooms:
        for line in _edges(room.rect):
            for span in _without_doorways(line, scene):
                walls.setdefault(tuple(round(v, 3) for v in span), _wall(span))
    return list(walls.values())


def _extent(scene: Scene) -> Rect:
    x0, y0 = (min(room.rect[k] for room in scene.rooms) for k in (0, 1))
    x1, y1 = (max(room.rect[k] for room in scene.rooms) for k in (2, 3))
    return (x0, y0, x1, y1)


def _edges(rect: Rect) -> list[tuple[float, float, float, float]]:
    a, b, c, d = rect
    return [(a, b, c, b), (a, d, c, d), (a, b, a, d), (c, b, c, d)]


def _without_doorways(line: tuple[float, float, float, float], scene: Scene) -> list[tuple[float, float, float, float]]:
    a, b, c, d = line
    along_x = abs(b - d) < 1e-9
    low, high = (a, c) if along_x else (b, d)
    fixed = b if along_x else a
    gaps = []
    for door in scene.doorways:
        if (door.along == "x") == along_x and abs((door.y if along_x else door.x) - fixed) < 0.06:
            middle = door.x if along_x else door.y
            gaps.append((middle - door.width / 2, middle + door.width / 2))
    spans, start = [], low
    for left, right in sorted(gaps):
        if left > start:
            spans.append((start, min(left, high)))
        start = max(start, right)
    if start < high:
        spans.append((start, high))
    spans = [(s, e) for s, e in spans if e - s > 0.02]
    return [(s, fixed, e, fixed) if along_x else (fixed, s, fixed, e) for s, e in spans]


def _wall(line: tuple[float, float, float, float]) -> Piece:
    a, b, c, d = line
    end = WALL_M / 2 * 0.98
    along_x = abs(b - d) < 1e-9
    size = (
        c - a + (2 * end if along_x else 0) + (0 if along_x else WALL_M),
        d - b + (WALL_M if along_x else 0),
        WALL_HEIGHT_M,
    )
    return Piece(size=size, at=((a + c) / 2, (b + d) / 2, WALL_HEIGHT_M / 2))
