"""Builds a scene in the engine: floor, walls with doorways, fixtures with their leaves, things where the scene says.

Placement is deterministic from the scene's seed; containers come before what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.clearance import Boxes, join, overlap
from envs.domain import load_domain
from envs.engine import Engine
from envs.errors import PhysicsError
from envs.furniture import furniture
from envs.hulls import mass_kg
from envs.kinematics import turn_z
from envs.meshes import Color
from envs.rooms import floors_mesh, lawn_mesh, wall_mesh
from envs.shapes import Link, Piece, object_pieces, seen
from envs.spots import Spot, free_spots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.areas import Area
    from envs.carpentry import Furniture
    from envs.domain import ObjectCategory
    from envs.kinematics import Array
    from envs.navigation import Footprint
    from envs.places import Places
    from envs.scene import FixtureSpec, ObjectSpec, Rect, Scene

WALL_M = 0.10
WALL_HEIGHT_M = 2.0
WALL_SEEN_M = 0.45  # walls are drawn low, so that one sees into the rooms
WALL: Color = (0.93, 0.91, 0.86, 1.0)
LAWN: Color = (0.72, 0.78, 0.66, 1.0)
PACKING_TRIES = 12
HAND_M = 0.07  # what a hand needs between a wall and what lies before it, where there is room
BESIDE_M = 0.12  # the height above a surface at which a wall beside it hinders the hand
NEAR_DOORS_M = 1.5
AJAR = (1.0, 0.9, 0.8, 0.7, 0.6)  # how far doors are tried to stand open
GRID = 0.97 * np.array([(x, y, z) for x in (-1, 1) for y in (-1, -0.5, 0, 0.5, 1) for z in (-1, 0, 1)])
NO_WALLS = np.zeros((0, 4))
BRAKE = {"hinge": 6.0, "flap": 12.0, "slide": 15.0}  # what keeps a leaf where it is left [N m, N]


def glow_name(fixture: str, k: int) -> str:
    """Name of the k-th part of a fixture that is lit while it is on."""
    return f"{fixture} glow {k}"


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


def build_fixture(engine: Engine, spec: FixtureSpec, ajar: float = 1.0) -> None:
    """Add one fixture, its leaves as the scene wants them; an open one `ajar` of its travel, 0 to 1."""
    made = furniture(load_domain().fixtures[spec.category])
    turn = (0.0, 0.0, sin(spec.yaw / 2), cos(spec.yaw / 2))
    engine.add(spec.name, made.pieces, (spec.x, spec.y, 0.0), turn, links=leaf_links(made))
    for k, leaf in enumerate(made.leaves):
        engine.set_joint(spec.name, k, ajar * leaf.opened if "open" in spec.states else 0.0)
        engine.limit(spec.name, k, 0.0, leaf.opened + 0.05)
        engine.brake(spec.name, k, BRAKE[leaf.kind])


def open_doors(places: Places, scene: Scene) -> dict[str, float]:
    """Return the part of its travel, 0 to 1, that each open fixture's doors swing before they meet what is beside."""
    ajar: dict[str, float] = {}
    around = places.static
    for spec in scene.fixtures:
        if "open" in spec.states:
            ajar[spec.name] = _how_far_open(places, spec.name, around)
            first = places.furniture[spec.name].leaves[0]
            around = join([around, places.leaf_boxes(spec.name, ajar[spec.name] * first.opened)])
    return ajar


def _how_far_open(places: Places, name: str, around: Boxes) -> float:
    made, spec = places.furniture[name], places.specs[name]
    if made.leaves[0].kind != "hinge":
        return 1.0
    front_m = places.domain.fixtures[spec.category].size[0] / 2
    around = around.near(np.array([spec.x, spec.y, 0.0]), NEAR_DOORS_M)
    for ajar in AJAR:
        leaves = places.leaf_boxes(name, ajar * made.leaves[0].opened)
        points = leaves.at[:, None] + np.einsum("bij,kj,bj->bki", leaves.turn, GRID, leaves.half)  # (B, K, 3)
        ahead = (points - places.point_of(name, (front_m, 0.0, 0.0))) @ turn_z(spec.yaw)[:, 0]
        outside = points[ahead > 0.03]  # its own body is behind that
        if overlap(around, outside[None], np.full(len(outside), 0.002))[0][0] == 0:
            return ajar
    return AJAR[-1]


def leaf_links(made: Furniture) -> list[Link]:
    """Return the moving parts of a fixture as links."""
    return [
        Link(
            joint="prismatic" if leaf.kind == "slide" else "revolute",
            pieces=leaf.pieces,
            at=leaf.at,
            axis=leaf.axis,
            mass=1.5,
        )
        for leaf in made.leaves
    ]


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How a thing lies in a region: its spot, its extents there [m], and whether it stands on its end."""

    spot: Spot
    size: tuple[float, float, float]
    on_end: bool


def lying(category: ObjectCategory, area: Area) -> tuple[tuple[float, float, float], bool]:
    """Extents of a thing as it goes into a place [m], and whether it must stand on its end to fit."""
    size = category.size
    if area.loose:
        return size, False
    wide, deep = max(area.size[:2]), min(area.size[:2])
    if max(size[:2]) <= wide + 0.001 and min(size[:2]) <= deep + 0.001:
        return size, False
    small, middle, long = sorted(size)
    if area.vessel and middle <= wide and small <= deep:
        return (middle, small, long), True
    return size, False


def end_up(category: ObjectCategory) -> Array:
    """Rotation that stands a thing on its end, extents sorted as (middle, small, long)."""
    order = np.argsort(category.size)
    turn = np.zeros((3, 3))
    turn[0, order[1]] = turn[1, order[0]] = turn[2, order[2]] = 1.0
    if np.linalg.det(turn) < 0:
        turn[1] *= -1
    return turn


def build_objects(engine: Engine, scene: Scene, places: Places) -> None:
    """Add all things, large ones first in each place.

    Raises:
        PhysicsError: A place has no room for what the scene puts there.
    """
    domain = load_domain()
    rng = np.random.default_rng((abs(scene.seed), 7))
    depth: dict[str, int] = {f.name: 0 for f in scene.fixtures}
    for spec in scene.objects:
        depth[spec.name] = depth[spec.place] + 1

    def footprint(name: str) -> float:
        size = domain.objects[name].size
        return size[0] * size[1]

    order = sorted(scene.objects, key=lambda o: (depth[o.name], -footprint(o.category), o.name))
    packed: dict[str, Spot | None] = {}
    for name in dict.fromkeys(spec.place for spec in order if depth[spec.place] == 0):
        mine = [spec for spec in order if spec.place == name]
        spots = _pack(
            places.area(name), [domain.objects[spec.category] for spec in mine], rng, _walls_around(places, name)
        )
        packed |= dict(zip((spec.name for spec in mine), spots, strict=True))
    for spec in order:
        category = domain.objects[spec.category]
        area = places.area(spec.place)
        size, on_end = lying(category, area)
        height = 0.003
        if area.loose and spec.name not in packed:  # what is on a tray is put there together
            mine = [other for other in order if other.place == spec.place]
            own_rng = np.random.default_rng((abs(scene.seed), 8))
            spots = _pack(area, [domain.objects[other.category] for other in mine], own_rng, NO_WALLS)
            packed |= {other.name: found for other, found in zip(mine, spots, strict=True) if found is not None}
        if spec.name in packed:
            spot = packed[spec.name]
        else:
            free = free_spots(area.size[:2], size[:2], places.taken(area, [])[0], edge=area.edge(size))
            spot = free[0] if free else None
        if spot is None:  # onto what lies there
            spot, height = Spot(x=0.0, y=0.0, yaw=0.0), places.taken(area, [])[1] + 0.01
            if height + size[2] > area.size[2] + 0.2 and not (area.vessel or area.loose):
                raise PhysicsError(f"scene {scene.name}: no room {area.relation} {spec.place} for {spec.name}")
        flip = pi * float(rng.integers(2)) if size[0] != size[1] else 0.0
        at = area.point(spot.x, spot.y, size[2] / 2 + height)
        body = places.yaw_turn(area.yaw + spot.yaw + flip) @ (end_up(category) if on_end else np.eye(3))
        add_object(engine, spec, at.tolist(), places.quat(body))
        places.things[spec.name] = category


def add_object(engine: Engine, spec: ObjectSpec, at: Sequence[float], turn: Sequence[float]) -> None:
    """Add one thing where it lies."""
    category = load_domain().objects[spec.category]
    engine.add(spec.name, object_pieces(category), at, turn, mass=mass_kg(category))


def _walls_around(places: Places, name: str) -> Array:
    """Strips along the sides of a fixture's region that a hand needs, as rectangles of the region, (K, 4).

    What lies close to a wall, or to a fixture that rises beside the region, cannot be taken, from above or from the
    front.
    """
    area = places.area(name)
    half_x, half_y = area.size[0] / 2, area.size[1] / 2
    sides = np.array([(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
    if area.covered:
        shut = np.array([False, False, True, True])
    elif area.walled:
        shut = np.ones(4, dtype=bool)
    else:
        along = np.linspace(-0.8, 0.8, 5)
        out = np.array([half_x, half_y]) + HAND_M / 2
        edges = (sides[:, None] + along[:, None] * sides[:, None, ::-1]) * out  # (4, 5, 2)
        points = [[area.point(float(x), float(y), BESIDE_M) for x, y in edge] for edge in edges]
        depth, _ = overlap(places.static, np.array(points), np.full(len(along), 0.9 * HAND_M / 2))
        shut = depth > 0
    middle = np.abs(sides) * (np.array([half_x, half_y]) - HAND_M / 2)
    extent = np.where(np.abs(sides) > 0, HAND_M / 2, np.array([half_x, half_y]))
    strips: Array = np.concatenate([sides * middle, extent], axis=1)
    kept: Array = strips[shut]
    return kept


def _pack(
    area: Area, items: Sequence[ObjectCategory], rng: np.random.Generator, walls: Array
) -> list[Spot | None]:
    """Return a spot for each item, large ones first: spread out if that fits, else ever tighter, None for the rest.

    Args:
        area: The region.
        items: What goes there.
        rng: Source of randomness.
        walls: Rectangles that stay free where there is room, (K, 4).
    """
    best: list[Spot | None] = []
    side = float(rng.choice([-1.0, 1.0]))
    for attempt in range(PACKING_TRIES):
        taken: list[tuple[float, float, float, float]] = []
        spots: list[Spot | None] = []
        for item in items:
            here = np.array(taken).reshape(-1, 4)
            free: list[Spot] = []
            for kept in (walls, NO_WALLS) if len(walls) else (NO_WALLS,):
                free = free or free_spots(
                    area.size[:2], item.size[:2], np.concatenate([here, kept]), spacing=None if attempt < 2 else 0.004
                )
            if not free and attempt == PACKING_TRIES - 1:
                free = free_spots(area.size[:2], item.size[:2], here, spacing=0.0, edge=0.02)
            if not free:
                spots.append(None)
                continue
            if area.covered and attempt < 2:
                spot = _beside(free, item, taken, side)
            elif attempt < 2:
                few = free[: max(1, len(free) // (3 if area.enclosed else 2))]
                spot = few[int(rng.integers(len(few)))]
            else:  # from one corner on
                corner = rng.choice([-1.0, 1.0], 2)
                spot = max(free, key=lambda s: float(corner[0] * s.x + corner[1] * s.y))
            spots.append(spot)
            turned = item.size[1::-1] if spot.yaw else item.size[:2]
            taken.append((spot.x, spot.y, turned[0] / 2, turned[1] / 2))
        if not best or spots.count(None) < best.count(None):
            best = spots
        if None not in best:
            break
    return best


def _beside(
    free: Sequence[Spot], item: ObjectCategory, taken: Sequence[tuple[float, float, float, float]], side: float
) -> Spot:
    """The spot next to what is there, from one side of a cupboard on, so that what is brought later finds room.

    What stands behind something else comes last: the hand that takes it from the front would sweep that away.
    """

    def key(spot: Spot) -> tuple[int, float]:
        half = item.size[0 if spot.yaw else 1] / 2
        hidden = sum(abs(spot.y - y) < half + half_y for _, y, _, half_y in taken)
        return hidden, -(side * spot.y + 0.3 * spot.x)

    return min(free, key=key)


def footprints(scene: Scene) -> list[Footprint]:
    """x, y, yaw, half depth, half width of every fixture that stands in the way, for the floor."""
    domain = load_domain()
    made = []
    for f in scene.fixtures:
        size = domain.fixtures[f.category].size
        if domain.fixtures[f.category].underfoot:
            continue
        made.append((f.x, f.y, f.yaw, size[0] / 2, size[1] / 2))
    return made
