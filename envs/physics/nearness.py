"""Which objects stand beside each other, read from geometry.

Two objects are beside each other if the same place holds them (a fixture, or a container), at most 0.3 m lie between
their outlines, and neither lies on top of the other. The distance is measured between outlines and not between centers,
because people mean what lies between: a box of 0.6 m has nothing beside it by its center. In a container, a drawer or
a bin, where objects lie in piles, being on top does not matter.

Outlines are rectangles along the sides of the place. Legend: K objects at one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.rotations import Array, turn_z

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.geometry.free_placements import Placement
    from envs.geometry.support_region import SupportRegion
    from envs.physics.spatial_queries import SpatialQueries

BESIDE_M = 0.30  # the widest gap between two objects that are beside each other
ROUNDING_M = (
    0.00125  # what is laid out exactly so far apart is beside each other, although bodies drift by fractions of it
)
PLACED_M = 0.20  # the widest gap at which an object is put beside another: it may still roll or settle
GAP_STEP_M = 0.05  # placements whose gaps differ by less are equally near


def gaps_m(at: Array, half: Array, other_at: Array, other_half: Array) -> Array:
    """Return the distance between rectangles along the same axes [m]; 0 where they touch or overlap."""
    between: Array = np.maximum(np.abs(at - other_at) - half - other_half, 0.0)
    distance: Array = np.linalg.norm(between, axis=-1)
    return distance


def apart_pairs(queries: SpatialQueries, place: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of objects at one place that are not beside each other, in the order of `names`."""
    if len(names) < 2:
        return []
    region = queries.region(place)
    boxes = [_box(queries, region, name) for name in names]
    at, half = np.array([box[0] for box in boxes]), np.array([box[1] for box in boxes])  # (K, 3)
    apart = (
        gaps_m(at[:, None, :2], half[:, None, :2], at[None, :, :2], half[None, :, :2]) > BESIDE_M + ROUNDING_M
    )  # (K, K)
    if region.relation == "on" and not region.loose:
        over = (np.abs(at[:, None, :2] - at[None, :, :2]) < half[None, :, :2]).all(-1)  # the first's center, the other
        apart |= over & (at[:, None, 2] - half[:, None, 2] > at[None, :, 2])
        apart |= apart.T
    first, second = np.nonzero(np.triu(apart, 1))
    return [(names[i], names[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)]


def _box(queries: SpatialQueries, region: SupportRegion, name: str) -> tuple[Array, Array]:
    """Center and half extents of an object in a region's frame."""
    at, turn = queries.pose(name)
    return region.local(at), np.abs(turn_z(region.yaw).T @ turn) @ np.array(queries.objects[name].size) / 2


def placements_beside(
    queries: SpatialQueries, region: SupportRegion, neighbors: Sequence[str], placements: Sequence[Placement],
    size: tuple[float, float, float],
) -> list[Placement]:  # fmt: skip
    """Return the placements that are beside one of the neighbors and not on it, the nearest first."""
    boxes = [_box(queries, region, name) for name in neighbors]
    at, half = np.array([box[0][:2] for box in boxes]), np.array([box[1][:2] for box in boxes])  # (K, 2)
    near = []
    for placement in placements:
        own_half = np.array(size[1::-1] if placement.yaw else size[:2]) / 2
        gap_m = float(gaps_m(np.array([placement.x, placement.y]), own_half, at, half).min())
        if gap_m <= PLACED_M and (gap_m > 0 or region.relation == "in"):
            near.append((int(gap_m / GAP_STEP_M), placement))
    return [placement for _, placement in sorted(near, key=lambda pair: pair[0])]
