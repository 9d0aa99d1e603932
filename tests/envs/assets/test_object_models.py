"""Object and fixture models: every category of the domain can be built."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from envs.assets.furniture.fixture_models import furniture
from envs.assets.object_models import APPEARANCES, appearance, object_pieces
from envs.geometry.free_placements import free_placements
from envs.symbolic.domain import load_domain

OBJECTS = tuple(load_domain().objects.values())
STICKS_OUT = {  # handles, a spout, a lid that stands open [m]
    "pan": (0.18, 0.0, 0.05), "pot": (0.06, 0.0, 0.0), "watering can": (0.07, 0.0, 0.02), "laptop": (0.0, 0.0, 0.2),
    "tissue box": (0.0, 0.0, 0.07),
    "jacket": (0.05, 0.05, 0.03), "headphones": (0.05, 0.05, 0.03),
}  # fmt: skip
FIXTURES = tuple(load_domain().fixtures.values())


@pytest.mark.parametrize("category", OBJECTS, ids=lambda c: c.name)
def test_every_object_is_drawn_and_collides_within_its_size(category):
    pieces = object_pieces(category)
    assert any(piece.visible for piece in pieces)
    solid = [piece for piece in pieces if piece.solid]
    assert 1 <= len(solid) <= 8
    for piece in solid:
        x, y, z, w = piece.turn
        turn = np.array([
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ])  # fmt: skip
        reach = np.abs(piece.at) + np.abs(turn) @ np.array(piece.size) / 2
        assert (reach <= np.array(category.size) / 2 + 1e-6).all()


@pytest.mark.parametrize("category", OBJECTS, ids=lambda c: c.name)
def test_every_object_is_drawn_about_its_size_in_few_triangles(category):
    mesh = appearance(category)
    assert len(mesh.faces) <= 400
    reach = np.ptp(np.array(mesh.vertices), axis=0)
    size = np.array(category.size)
    assert (reach <= size + STICKS_OUT.get(category.name, (0.035, 0.035, 0.01))).all(), reach
    assert reach.max() >= 0.6 * size.max()


def test_every_object_of_the_domain_has_its_own_appearance():
    assert {c.name for c in OBJECTS} <= set(APPEARANCES)
    meshes = {(appearance(c).vertices, appearance(c).colors) for c in OBJECTS}
    assert len(meshes) == len(OBJECTS)


def test_a_new_object_looks_like_its_shape():
    new = replace(OBJECTS[0], name="saucer")
    assert len(appearance(new).faces) > 20


@pytest.mark.parametrize("category", FIXTURES, ids=lambda c: c.name)
def test_trim_is_visual_only(category):
    model = furniture(category)
    pieces = [*model.pieces, *(piece for leaf in model.leaves for piece in leaf.pieces)]
    assert all(not piece.solid for piece in pieces if piece.mesh is not None)
    assert any(piece.visible for piece in pieces)


@pytest.mark.parametrize("category", FIXTURES, ids=lambda c: c.name)
def test_every_fixture_has_a_body_with_its_joint_and_switch(category):
    model = furniture(category)
    assert model.pieces
    assert bool(model.leaves) == (category.joint is not None)
    assert (model.switch is not None) == category.switch
    assert bool(model.glow) >= category.switch


@pytest.mark.parametrize("category", [f for f in FIXTURES if f.region], ids=lambda c: c.name)
def test_the_region_of_a_fixture_is_empty(category):
    region = category.region
    middle = np.array([region.x, 0.0, region.z + region.size[2] / 2])
    half = np.array(region.size) / 2 - 0.02
    for piece in furniture(category).pieces:
        if piece.solid and category.body not in ("basin", "person", "seat", "slot"):
            apart = np.abs(np.array(piece.at) - middle) - half - np.array(piece.size) / 2
            assert apart.max() > -0.02, f"{category.name}: {piece}"


def test_free_placements_touch_nothing_and_stay_inside():
    taken = np.array([[0.0, 0.0, 0.1, 0.1]])
    placements = free_placements((0.5, 0.8), (0.1, 0.2), taken)
    assert placements
    for placement in placements:
        half = (0.05, 0.1) if placement.yaw == 0 else (0.1, 0.05)
        assert abs(placement.x) + half[0] <= 0.25 + 1e-6
        assert abs(placement.y) + half[1] <= 0.4 + 1e-6
        assert abs(placement.x) - half[0] >= 0.1 or abs(placement.y) - half[1] >= 0.1


def test_a_full_region_has_no_free_placement():
    assert free_placements((0.3, 0.3), (0.2, 0.2), np.array([[0.0, 0.0, 0.15, 0.15]])) == []
