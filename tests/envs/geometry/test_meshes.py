"""Meshes, their colors, and the floors, walls and robot shells built from them."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from envs.assets.furniture.room_surfaces import floors_mesh, wall_mesh
from envs.geometry.color_texture import STEPS, palette, targa, texel
from envs.geometry.meshes import ball, block, lathe, merge, moved, rod, slab, tube, two_sided_quad
from envs.robot import panda_meshes
from envs.scenes.scene_sampler import sample_scene

RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)
SQUARE = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]


def volume(mesh) -> float:
    points = np.array(mesh.vertices)
    a, b, c = (points[np.array(mesh.faces)[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        (block((1, 2, 3), (4, 5, 6)), 6.0),
        (block((1, 1, 1), bulge=0.5), 7 / 12),
        (tube(1.0, (0.0, 2.0), sides=64, below=True), 2 * pi),
        (ball((2, 2, 2), sides=48, rings=24), 4 / 3 * pi),
        (rod((0, 0, 0), (0, 0, 3), 1.0), 3.0),
        (rod((1, 1, 1), (4, 5, 1), 2.0), 20.0),
        (slab(SQUARE, 0.5), 2.0),
        (lathe([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)], sides=64), pi / 3),
    ],
    ids=["block", "cushion", "tube", "ball", "upright rod", "rod", "slab", "cone"],
)
def test_a_solid_has_its_volume_and_faces_outwards(mesh, expected):
    assert volume(mesh) == pytest.approx(expected, rel=0.02)


def test_a_thin_sheet_is_visible_from_both_sides():
    blade = two_sided_quad(((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)), RED)
    assert {tuple(normal) for normal in blade.normals} == {(0, 0, 1), (0, 0, -1)}


def test_corners_of_a_box_are_shaded_sharply_and_those_of_a_ball_smoothly():
    box, sphere = block((1, 1, 1)), ball((2, 2, 2))
    assert np.abs(box.normals).max(axis=1) == pytest.approx(np.ones(len(box.vertices)))
    assert np.array(sphere.normals) == pytest.approx(np.array(sphere.vertices), abs=0.25)


def test_meshes_keep_their_colors_when_merged_and_moved():
    both = moved(merge([block((1, 1, 1), color=RED), block((1, 1, 1), color=BLUE)]), (1, 2, 3))
    assert set(both.colors[:20]) == {RED}
    assert set(both.colors[-20:]) == {BLUE}


@pytest.mark.parametrize("color", [RED, BLUE, (0.2, 0.4, 0.6, 1.0), (0.9, 0.9, 0.9, 1.0)])
def test_a_texel_shows_its_color(color):
    picture = palette()
    u, v = texel(color)
    color_of_texel = picture[int((1 - v) * len(picture)), int(u * len(picture))] / 255
    assert color_of_texel == pytest.approx(color[:3], abs=0.5 / (STEPS - 1) + 1e-3)


def test_a_tint_is_blended_over_all_colors():
    tinted = palette([((0.0, 0.0, 0.0), 0.5)])
    assert tinted == pytest.approx(palette() / 2, abs=1)


def test_a_picture_is_encoded_with_its_size():
    data = targa(np.zeros((3, 5, 3), np.uint8))
    assert data[12:16] == bytes([5, 0, 3, 0])
    assert len(data) == 18 + 45


@pytest.mark.parametrize("seed", range(4))
def test_floors_cover_every_room_once(seed):
    scene = sample_scene(seed)
    mesh = floors_mesh(scene)
    points, faces = np.array(mesh.vertices), np.array(mesh.faces)
    flat = faces[(points[faces][:, :, 2] == 0.0).all(axis=1)]
    a, b, c = (points[flat[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)[:, 2] / 2
    assert (area > 0).all()
    rooms = sum((r.rect[2] - r.rect[0]) * (r.rect[3] - r.rect[1]) for r in scene.rooms)
    assert area.sum() == pytest.approx(rooms, rel=1e-6)


def test_a_wall_is_drawn_low_and_in_pieces():
    mesh = wall_mesh((6.0, 0.1, 2.0), 0.45, RED)
    points = np.array(mesh.vertices)
    assert points[:, 2].min() == -1.0
    assert points[:, 2].max() == pytest.approx(-0.55)
    assert np.ptp(points[np.array(mesh.faces)][:, :, 0], axis=1).max() < 1.1


def test_the_robot_has_few_triangles():
    meshes = [
        panda_meshes.chassis(),
        panda_meshes.sleeve(0.1),
        panda_meshes.shoulder(0.1),
        *panda_meshes.links(),
        panda_meshes.hand(),
        panda_meshes.finger(),
    ]
    assert sum(len(mesh.faces) for mesh in meshes) < 1200
