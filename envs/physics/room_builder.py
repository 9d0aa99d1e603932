"""Adds the rooms of a scene to the engine: the ground, walls with doorways, floors and the lawn around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.assets.furniture.room_surfaces import floors_mesh, lawn_mesh, wall_mesh
from envs.geometry.bodies import Piece, visual_piece
from envs.geometry.meshes import Color
from envs.physics.engine import Engine

if TYPE_CHECKING:
    from envs.symbolic.scene import Rect, Scene

WALL_THICKNESS_M = 0.10
WALL_HEIGHT_M = 2.0
VISIBLE_WALL_HEIGHT_M = 0.45  # walls are drawn low, so that the rooms are visible
WALL_COLOR: Color = (0.93, 0.91, 0.86, 1.0)
LAWN_COLOR: Color = (0.72, 0.78, 0.66, 1.0)


def build_rooms(engine: Engine, scene: Scene) -> None:
    """Add the ground and the walls."""
    x0, y0, x1, y1 = _extent(scene)
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    engine.add("ground", (Piece(size=(x1 - x0 + 6, y1 - y0 + 6, 0.2), at=(0, 0, -0.1), visible=False),), (*middle, 0.0))
    for k, wall in enumerate(wall_pieces(scene)):
        visible = visual_piece(wall_mesh(wall.size, VISIBLE_WALL_HEIGHT_M, WALL_COLOR), WALL_COLOR)
        engine.add(f"wall {k}", (visible, Piece(size=wall.size, visible=False)), wall.at)


def build_floors(engine: Engine, scene: Scene) -> None:
    """Add the visible floors of the rooms and the lawn around them; they are added last because all else hides them."""
    engine.add("floors", (visual_piece(floors_mesh(scene)),), (0.0, 0.0, 0.0))
    engine.add("lawn", (visual_piece(lawn_mesh(_extent(scene), LAWN_COLOR), LAWN_COLOR),), (0.0, 0.0, -0.02))


def wall_pieces(scene: Scene) -> list[Piece]:
    """Return the walls, each once, without the doorways."""
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
    x0, y0, x1, y1 = rect
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def _without_doorways(line: tuple[float, float, float, float], scene: Scene) -> list[tuple[float, float, float, float]]:
    """Split a wall line (x0, y0, x1, y1) at its doorways."""
    a, b, c, d = line
    along_x = abs(b - d) < 1e-9
    low, high = (a, c) if along_x else (b, d)
    line_coordinate = b if along_x else a
    gaps = []
    for door in scene.doorways:
        if (door.along == "x") == along_x and abs((door.y if along_x else door.x) - line_coordinate) < 0.06:
            middle = door.x if along_x else door.y
            gaps.append((middle - door.width / 2, middle + door.width / 2))
    spans, start = [], low
    for gap_start, gap_end in sorted(gaps):
        if gap_start > start:
            spans.append((start, min(gap_start, high)))
        start = max(start, gap_end)
    if start < high:
        spans.append((start, high))
    spans = [(start, end) for start, end in spans if end - start > 0.02]
    return [
        (start, line_coordinate, end, line_coordinate) if along_x else (line_coordinate, start, line_coordinate, end)
        for start, end in spans
    ]


def _wall(line: tuple[float, float, float, float]) -> Piece:
    a, b, c, d = line
    overhang = WALL_THICKNESS_M / 2 * 0.98
    along_x = abs(b - d) < 1e-9
    size = (
        c - a + (2 * overhang if along_x else 0) + (0 if along_x else WALL_THICKNESS_M),
        d - b + (WALL_THICKNESS_M if along_x else 0),
        WALL_HEIGHT_M,
    )
    return Piece(size=size, at=((a + c) / 2, (b + d) / 2, WALL_HEIGHT_M / 2))
