"""Collision shapes: for every category, shapes that fit the object and rims that fit the hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from envs.assets.collision_shapes import (
    HOLLOW,
    Rim,
    edge_height,
    hulls,
    inner_floor_height,
    rims,
)
from envs.geometry.bodies import Piece
from envs.geometry.rotations import Array, turn_z
from envs.skills.grasps import MAX_WIDTH_M
from envs.symbolic.domain import ObjectCategory, load_domain, mass_of
from envs.symbolic.domain.categories import DENSITY, MASS_KG
from envs.symbolic.embodiment.grip import FLAT, RIDGED, WALL_M, is_hollow

CATEGORIES = load_domain().objects
EVERY = pytest.mark.parametrize("category", CATEGORIES.values(), ids=CATEGORIES.keys())
WITH_RIMS = pytest.mark.parametrize(
    "category", [c for c in CATEGORIES.values() if rims(c)], ids=[n for n, c in CATEGORIES.items() if rims(c)]
)
HOLLOWS = pytest.mark.parametrize(
    "category", [c for c in CATEGORIES.values() if is_hollow(c)], ids=[n for n, c in CATEGORIES.items() if is_hollow(c)]
)
FINGER_M = 0.015  # thickness of a finger including its pad
EPS_M = 1e-6


def corners(piece: Piece) -> Array:
    """Return the corners of a shape's bounding box in the object's frame, (8, 3)."""
    x, y, z, w = piece.turn
    assert x == y == 0.0  # shapes rotate about the vertical only
    half = np.array(list(product((-0.5, 0.5), repeat=3))) * piece.size
    points: Array = half @ turn_z(2 * float(np.arctan2(z, w))).T + piece.at
    return points


def is_in(piece: Piece, point: Array) -> bool:
    _, _, z, w = piece.turn
    local = turn_z(-2 * float(np.arctan2(z, w))) @ (point - np.array(piece.at))
    half = np.array(piece.size) / 2
    if piece.kind == "cylinder":
        return bool(np.hypot(*local[:2]) < half[0] - EPS_M and abs(local[2]) < half[2] - EPS_M)
    return bool((np.abs(local) < half - EPS_M).all())


def beside(rim: Rim, category: ObjectCategory, across_m: float, below_top_m: float) -> Array:
    """Return the point at `across_m` outward from a rim's center and `below_top_m` below the object's top, (3,)."""
    out = np.array([np.cos(rim.out), np.sin(rim.out)])
    x, y = np.array([rim.x, rim.y]) + across_m * out
    return np.array([x, y, category.size[2] / 2 - below_top_m])


@EVERY
def test_no_shape_exceeds_the_bounding_box(category):
    points = np.concatenate([corners(piece) for piece in hulls(category)])
    turned = any(piece.turn[2] for piece in hulls(category))
    slack_m = (
        np.array([0.5 * WALL_M, 0.5 * WALL_M, EPS_M]) if turned else EPS_M
    )  # corners of rotated rim shapes stick out
    assert (np.abs(points) <= np.array(category.size) / 2 + slack_m).all()


@EVERY
def test_the_shapes_span_from_the_flat_bottom_to_the_top(category):
    points = np.concatenate([corners(piece) for piece in hulls(category)])
    low, high = points[:, 2].min(), points[:, 2].max()
    assert (low, high) == pytest.approx((-category.size[2] / 2, category.size[2] / 2))
    standing = points[points[:, 2] < low + EPS_M]
    assert np.ptp(standing[:, 0]) > 0.9 * category.size[0]  # the whole base, so that nothing tips over
    assert np.ptp(standing[:, 1]) > 0.9 * category.size[1]


@EVERY
def test_collision_shapes_are_solid_and_invisible(category):
    assert all(piece.solid and not piece.visible for piece in hulls(category))
    assert len(hulls(category)) <= 5  # keeps a home of fifty objects fast


@WITH_RIMS
def test_every_rim_is_a_shape_that_fits_between_two_fingers(category):
    for rim in rims(category):
        assert rim.thick < MAX_WIDTH_M
        inside = [beside(rim, category, 0.49 * side * rim.thick, 0.5 * rim.deep) for side in (-1, 1)]
        assert any(all(is_in(piece, point) for point in inside) for piece in hulls(category))


@WITH_RIMS
def test_nothing_is_in_the_fingers_way_on_either_side_of_a_rim(category):
    for rim, side in product(rims(category), (-1, 1)):
        reach = min(rim.deep - 2 * EPS_M, 0.03)
        for share in (0.1, 0.5, 1.0):
            point = beside(rim, category, side * (rim.thick + FINGER_M) / 2, share * reach)
            assert not any(is_in(piece, point) for piece in hulls(category))


@pytest.mark.parametrize("name", ["mug", "bowl", "pot", "box"])
def test_a_vessel_has_a_wall_on_each_of_its_four_sides(name):
    outs = sorted(round(float(np.rad2deg(rim.out))) % 360 for rim in rims(CATEGORIES[name]))
    assert outs == [0, 90, 180, 270]
    for rim in rims(CATEGORIES[name]):
        assert np.arctan2(rim.y, rim.x) == pytest.approx(np.arctan2(np.sin(rim.out), np.cos(rim.out)), abs=1e-6)


def test_a_plate_can_be_grasped_at_four_points_of_its_edge():
    plate = CATEGORIES["plate"]
    assert len(rims(plate)) == 4
    for rim in rims(plate):
        assert np.hypot(rim.x, rim.y) + WALL_M / 2 == pytest.approx(plate.size[0] / 2)


def test_a_cloth_is_grasped_across_its_one_fold():
    (fold,) = rims(CATEGORIES["cloth"])
    assert (fold.x, fold.y) == (0.0, 0.0)
    assert fold.out == pytest.approx(np.pi / 2)


@pytest.mark.parametrize("name", ["apple", "book", "spoon", "milk"])
def test_an_object_without_walls_or_folds_has_no_rim(name):
    assert rims(CATEGORIES[name]) == ()


@HOLLOWS
def test_objects_can_be_dropped_into_hollow_ones(category):
    assert category.holds is not None
    x, y, _ = np.minimum(category.holds.size, np.array(category.size) - 2 * WALL_M)
    for share in (-0.49, 0.0, 0.49):
        point = np.array([share * x, share * y, inner_floor_height(category) + 0.001])
        while point[2] < category.size[2] / 2:
            assert not any(is_in(piece, point) for piece in hulls(category))
            point[2] += 0.01


@HOLLOWS
def test_a_hollow_object_has_a_floor_under_its_whole_inside(category):
    x, y, _ = category.size
    for share_x, share_y in product((-0.45, 0.0, 0.45), repeat=2):
        point = np.array([share_x * x, share_y * y, inner_floor_height(category) - 0.001])
        assert any(is_in(piece, point) for piece in hulls(category))


def test_only_containers_with_walls_are_hollow():
    assert is_hollow(CATEGORIES["bowl"])
    assert not is_hollow(CATEGORIES["plate"])  # objects lie on it
    assert not is_hollow(CATEGORIES["hat"])  # shaped like a bowl, but holds nothing
    for category in CATEGORIES.values():
        assert not is_hollow(category) or (category.shape in HOLLOW and category.holds is not None)


@EVERY
def test_the_edge_is_no_higher_than_the_top(category):
    assert -category.size[2] / 2 < edge_height(category) <= category.size[2] / 2
    is_lower = category.shape in FLAT or category.shape in RIDGED
    assert is_lower == (edge_height(category) < category.size[2] / 2 - EPS_M)


@EVERY
def test_one_hand_can_lift_every_object(category):
    x, y, z = category.size
    assert MASS_KG[0] <= mass_of(category) <= MASS_KG[1]
    assert mass_of(category) == pytest.approx(DENSITY * x * y * z) or mass_of(category) in MASS_KG
