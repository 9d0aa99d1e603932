"""Place the objects of a scene in the engine, upright or on their end, without overlap.

Placement is deterministic given the scene's seed; containers are placed before their contents.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.object_models import object_pieces
from envs.errors import PhysicsError
from envs.geometry.collision_boxes import overlap
from envs.geometry.free_placements import Placement, free_placements
from envs.physics.engine import Engine
from envs.symbolic.described_kinds import category_of
from envs.symbolic.domain import Domain, mass_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.geometry.rotations import Array
    from envs.geometry.support_region import SupportRegion
    from envs.physics.spatial_queries import SpatialQueries
    from envs.symbolic.domain import ObjectCategory
    from envs.symbolic.scene import ObjectSpec, Scene


MAX_PACKING_ATTEMPTS = 12
HAND_WIDTH_M = 0.07  # space that a hand needs between a wall and an object, where there is room
MIN_WALL_HEIGHT_M = 0.12  # height above a surface at which a wall beside it hinders the hand


NO_WALLS = np.zeros((0, 4))


@dataclass(frozen=True, kw_only=True)
class RegionPose:
    """How an object lies in a region: its placement, its extents there [m], and whether it stands on its end."""

    spot: Placement
    size: tuple[float, float, float]
    on_end: bool


def extents_in_region(category: ObjectCategory, region: SupportRegion) -> tuple[tuple[float, float, float], bool]:
    """Extents of an object in a region [m], and whether it must stand on its end to fit."""
    size = category.size
    if region.loose:
        return size, False
    longer_side, shorter_side = max(region.size[:2]), min(region.size[:2])
    if max(size[:2]) <= longer_side + 0.001 and min(size[:2]) <= shorter_side + 0.001:
        return size, False
    small, middle, long = sorted(size)
    if region.vessel and middle <= longer_side and small <= shorter_side:
        return (middle, small, long), True
    return size, False


def on_end_rotation(category: ObjectCategory) -> Array:
    """Rotation that stands an object on its end, with extents sorted as (middle, small, long)."""
    order = np.argsort(category.size)
    turn = np.zeros((3, 3))
    turn[0, order[1]] = turn[1, order[0]] = turn[2, order[2]] = 1.0
    if np.linalg.det(turn) < 0:
        turn[1] *= -1
    return turn


def build_objects(engine: Engine, scene: Scene, queries: SpatialQueries) -> None:
    """Add all objects, large ones first in each place.

    Raises:
        PhysicsError: A place has no room for what the scene puts there.
    """
    rng = np.random.default_rng((abs(scene.seed), 7))
    depth: dict[str, int] = {f.name: 0 for f in scene.furniture}
    for spec in scene.objects:
        depth[spec.name] = depth[spec.place] + 1

    category_of_object = {spec.name: category_of(spec, scene.domain) for spec in scene.objects}

    def footprint(name: str) -> float:
        size = category_of_object[name].size
        return size[0] * size[1]

    order = sorted(scene.objects, key=lambda spec: (depth[spec.name], -footprint(spec.name), spec.name))
    packed: dict[str, Placement | None] = {}
    for name in dict.fromkeys(spec.place for spec in order if depth[spec.place] == 0):
        same_place = [spec for spec in order if spec.place == name]
        placements = _pack(
            queries.region(name),
            [category_of_object[spec.name] for spec in same_place],
            rng,
            _hand_clearance_strips(queries, name),
        )
        packed |= dict(zip((spec.name for spec in same_place), placements, strict=True))
    for spec in order:
        category = category_of_object[spec.name]
        region = queries.region(spec.place)
        size, on_end = extents_in_region(category, region)
        height = 0.003
        if region.loose and spec.name not in packed:  # the objects on a tray are placed together
            same_place = [other_spec for other_spec in order if other_spec.place == spec.place]
            own_rng = np.random.default_rng((abs(scene.seed), 8))
            placements = _pack(
                region, [category_of_object[other_spec.name] for other_spec in same_place], own_rng, NO_WALLS
            )
            packed |= {
                other_spec.name: packed_placement
                for other_spec, packed_placement in zip(same_place, placements, strict=True)
                if packed_placement is not None
            }
        if spec.name in packed:
            placement = packed[spec.name]
        else:
            candidates = free_placements(
                region.size[:2], size[:2], queries.occupied(region, [])[0], edge=region.edge(size)
            )
            placement = candidates[0] if candidates else None
        if placement is None:  # on top of the objects that lie there
            placement, height = Placement(x=0.0, y=0.0, yaw=0.0), queries.occupied(region, [])[1] + 0.01
            if height + size[2] > region.size[2] + 0.2 and not (region.vessel or region.loose):
                raise PhysicsError(f"scene {scene.name}: no room {region.relation} {spec.place} for {spec.name}")
        half_turn = pi * float(rng.integers(2)) if size[0] != size[1] else 0.0
        at = region.point(placement.x, placement.y, size[2] / 2 + height)
        rotation = queries.yaw_turn(region.yaw + placement.yaw + half_turn) @ (
            on_end_rotation(category) if on_end else np.eye(3)
        )
        add_object(engine, spec, scene.domain, at.tolist(), queries.quat(rotation))
        queries.objects[spec.name] = category


def add_object(engine: Engine, spec: ObjectSpec, domain: Domain, at: Sequence[float], turn: Sequence[float]) -> None:
    """Add one object at a pose."""
    category = category_of(spec, domain)
    engine.add(spec.name, object_pieces(category), at, turn, mass=mass_of(category))


def _hand_clearance_strips(queries: SpatialQueries, name: str) -> Array:
    """Strips along the sides of a fixture's region that a hand needs, as rectangles of the region, (K, 4).

    An object close to a wall, or to a fixture that rises beside the region, cannot be grasped from above or from the
    front.
    """
    region = queries.region(name)
    half_x, half_y = region.size[0] / 2, region.size[1] / 2
    sides = np.array([(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
    if region.covered:
        blocked = np.array([False, False, True, True])
    elif region.walled:
        blocked = np.ones(4, dtype=bool)
    else:
        fractions = np.linspace(-0.8, 0.8, 5)
        outside = np.array([half_x, half_y]) + HAND_WIDTH_M / 2
        edges = (sides[:, None] + fractions[:, None] * sides[:, None, ::-1]) * outside  # (4, 5, 2)
        points = [[region.point(float(x), float(y), MIN_WALL_HEIGHT_M) for x, y in edge] for edge in edges]
        depth, _ = overlap(queries.static, np.array(points), np.full(len(fractions), 0.9 * HAND_WIDTH_M / 2))
        blocked = depth > 0
    centers = np.abs(sides) * (np.array([half_x, half_y]) - HAND_WIDTH_M / 2)
    half_extents = np.where(np.abs(sides) > 0, HAND_WIDTH_M / 2, np.array([half_x, half_y]))
    strips: Array = np.concatenate([sides * centers, half_extents], axis=1)
    blocked_strips: Array = strips[blocked]
    return blocked_strips


def _pack(
    region: SupportRegion, items: Sequence[ObjectCategory], rng: np.random.Generator, walls: Array
) -> list[Placement | None]:
    """Return a placement for each item, large ones first: spread out if that fits, otherwise tighter; None if no room.

    Args:
        region: The region.
        items: Categories of the objects to place.
        rng: Source of randomness.
        walls: Rectangles that stay free where there is room, (K, 4).
    """
    best: list[Placement | None] = []
    side = float(rng.choice([-1.0, 1.0]))
    for attempt in range(MAX_PACKING_ATTEMPTS):
        occupied: list[tuple[float, float, float, float]] = []
        placements: list[Placement | None] = []
        for item in items:
            occupied_now = np.array(occupied).reshape(-1, 4)
            candidates: list[Placement] = []
            for keep_free in (walls, NO_WALLS) if len(walls) else (NO_WALLS,):
                candidates = candidates or free_placements(
                    region.size[:2],
                    item.size[:2],
                    np.concatenate([occupied_now, keep_free]),
                    spacing=None if attempt < 2 else 0.004,
                )
            if not candidates and attempt == MAX_PACKING_ATTEMPTS - 1:
                candidates = free_placements(region.size[:2], item.size[:2], occupied_now, spacing=0.0, edge=0.02)
            if not candidates:
                placements.append(None)
                continue
            if region.covered and attempt < 2:
                placement = _next_to_occupied(candidates, item, occupied, side)
            elif attempt < 2:
                best_candidates = candidates[: max(1, len(candidates) // (3 if region.enclosed else 2))]
                placement = best_candidates[int(rng.integers(len(best_candidates)))]
            else:  # starting from one corner
                corner = rng.choice([-1.0, 1.0], 2)
                placement = max(candidates, key=lambda c: float(corner[0] * c.x + corner[1] * c.y))
            placements.append(placement)
            footprint = item.size[1::-1] if placement.yaw else item.size[:2]
            occupied.append((placement.x, placement.y, footprint[0] / 2, footprint[1] / 2))
        if not best or placements.count(None) < best.count(None):
            best = placements
        if None not in best:
            break
    return best


def _next_to_occupied(
    candidates: Sequence[Placement],
    item: ObjectCategory,
    occupied: Sequence[tuple[float, float, float, float]],
    side: float,
) -> Placement:
    """The free placement next to other objects, starting at one side of a cupboard, to leave room for later ones.

    Placements behind another object come last: the hand that grasps from the front would sweep that object away.
    """

    def key(placement: Placement) -> tuple[int, float]:
        half = item.size[0 if placement.yaw else 1] / 2
        hidden = sum(abs(placement.y - y) < half + half_y for _, y, _, half_y in occupied)
        return hidden, -(side * placement.y + 0.3 * placement.x)

    return min(candidates, key=key)
