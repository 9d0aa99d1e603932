"""Builds a scene in the engine: floor, walls with doorways, fixtures with their leaves, things where the scene says.

Placement is deterministic from the scene's seed; containers come before what they hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import mass_kg
from envs.assets.object_models import object_pieces
from envs.errors import PhysicsError
from envs.geometry.collision_boxes import overlap
from envs.geometry.free_spots import Placement, free_placements
from envs.physics.engine import Engine
from envs.symbolic.domain import load_domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.geometry.rotations import Array
    from envs.geometry.support_region import SupportRegion
    from envs.physics.spatial_queries import SpatialQueries
    from envs.symbolic.domain import ObjectCategory
    from envs.symbolic.scene import ObjectSpec, Scene


PACKING_TRIES = 12
HAND_M = 0.07  # what a hand needs between a wall and what lies before it, where there is room
BESIDE_M = 0.12  # the height above a surface at which a wall beside it hinders the hand


NO_WALLS = np.zeros((0, 4))


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How a thing lies in a region: its spot, its extents there [m], and whether it stands on its end."""

    spot: Placement
    size: tuple[float, float, float]
    on_end: bool


def extents_in_region(category: ObjectCategory, area: SupportRegion) -> tuple[tuple[float, float, float], bool]:
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


def upright_rotation(category: ObjectCategory) -> Array:
    """Rotation that stands a thing on its end, extents sorted as (middle, small, long)."""
    order = np.argsort(category.size)
    turn = np.zeros((3, 3))
    turn[0, order[1]] = turn[1, order[0]] = turn[2, order[2]] = 1.0
    if np.linalg.det(turn) < 0:
        turn[1] *= -1
    return turn


def build_objects(engine: Engine, scene: Scene, queries: SpatialQueries) -> None:
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
    packed: dict[str, Placement | None] = {}
    for name in dict.fromkeys(spec.place for spec in order if depth[spec.place] == 0):
        mine = [spec for spec in order if spec.place == name]
        spots = _pack(
            queries.region(name), [domain.objects[spec.category] for spec in mine], rng, _walls_around(queries, name)
        )
        packed |= dict(zip((spec.name for spec in mine), spots, strict=True))
    for spec in order:
        category = domain.objects[spec.category]
        area = queries.region(spec.place)
        size, on_end = extents_in_region(category, area)
        height = 0.003
        if area.loose and spec.name not in packed:  # what is on a tray is put there together
            mine = [other for other in order if other.place == spec.place]
            own_rng = np.random.default_rng((abs(scene.seed), 8))
            spots = _pack(area, [domain.objects[other.category] for other in mine], own_rng, NO_WALLS)
            packed |= {other.name: found for other, found in zip(mine, spots, strict=True) if found is not None}
        if spec.name in packed:
            spot = packed[spec.name]
        else:
            free = free_placements(area.size[:2], size[:2], queries.occupied(area, [])[0], edge=area.edge(size))
            spot = free[0] if free else None
        if spot is None:  # onto what lies there
            spot, height = Placement(x=0.0, y=0.0, yaw=0.0), queries.occupied(area, [])[1] + 0.01
            if height + size[2] > area.size[2] + 0.2 and not (area.vessel or area.loose):
                raise PhysicsError(f"scene {scene.name}: no room {area.relation} {spec.place} for {spec.name}")
        flip = pi * float(rng.integers(2)) if size[0] != size[1] else 0.0
        at = area.point(spot.x, spot.y, size[2] / 2 + height)
        body = queries.yaw_turn(area.yaw + spot.yaw + flip) @ (upright_rotation(category) if on_end else np.eye(3))
        add_object(engine, spec, at.tolist(), queries.quat(body))
        queries.objects[spec.name] = category


def add_object(engine: Engine, spec: ObjectSpec, at: Sequence[float], turn: Sequence[float]) -> None:
    """Add one thing where it lies."""
    category = load_domain().objects[spec.category]
    engine.add(spec.name, object_pieces(category), at, turn, mass=mass_kg(category))


def _walls_around(queries: SpatialQueries, name: str) -> Array:
    """Strips along the sides of a fixture's region that a hand needs, as rectangles of the region, (K, 4).

    What lies close to a wall, or to a fixture that rises beside the region, cannot be taken, from above or from the
    front.
    """
    area = queries.region(name)
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
        depth, _ = overlap(queries.static, np.array(points), np.full(len(along), 0.9 * HAND_M / 2))
        shut = depth > 0
    middle = np.abs(sides) * (np.array([half_x, half_y]) - HAND_M / 2)
    extent = np.where(np.abs(sides) > 0, HAND_M / 2, np.array([half_x, half_y]))
    strips: Array = np.concatenate([sides * middle, extent], axis=1)
    kept: Array = strips[shut]
    return kept


def _pack(
    area: SupportRegion, items: Sequence[ObjectCategory], rng: np.random.Generator, walls: Array
) -> list[Placement | None]:
    """Return a spot for each item, large ones first: spread out if that fits, else ever tighter, None for the rest.

    Args:
        area: The region.
        items: What goes there.
        rng: Source of randomness.
        walls: Rectangles that stay free where there is room, (K, 4).
    """
    best: list[Placement | None] = []
    side = float(rng.choice([-1.0, 1.0]))
    for attempt in range(PACKING_TRIES):
        taken: list[tuple[float, float, float, float]] = []
        spots: list[Placement | None] = []
        for item in items:
            here = np.array(taken).reshape(-1, 4)
            free: list[Placement] = []
            for kept in (walls, NO_WALLS) if len(walls) else (NO_WALLS,):
                free = free or free_placements(
                    area.size[:2], item.size[:2], np.concatenate([here, kept]), spacing=None if attempt < 2 else 0.004
                )
            if not free and attempt == PACKING_TRIES - 1:
                free = free_placements(area.size[:2], item.size[:2], here, spacing=0.0, edge=0.02)
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
    free: Sequence[Placement], item: ObjectCategory, taken: Sequence[tuple[float, float, float, float]], side: float
) -> Placement:
    """The spot next to what is there, from one side of a cupboard on, so that what is brought later finds room.

    What stands behind something else comes last: the hand that takes it from the front would sweep that away.
    """

    def key(spot: Placement) -> tuple[int, float]:
        half = item.size[0 if spot.yaw else 1] / 2
        hidden = sum(abs(spot.y - y) < half + half_y for _, y, _, half_y in taken)
        return hidden, -(side * spot.y + 0.3 * spot.x)

    return min(free, key=key)
