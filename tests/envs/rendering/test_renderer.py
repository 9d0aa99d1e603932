"""What pictures are drawn of: colors, tints, what is hidden, and the numbers of bodies."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")
if importlib.util.find_spec("pybullet") is not None:
    from envs.gallery import main
    from envs.geometry.bodies import Piece, visual_piece
    from envs.geometry.meshes import block, merge
    from envs.physics.engine import Engine
    from envs.rendering.renderer import Renderer
    from envs.simulation.physical_home import PhysicalHome
    from tests.envs.homes_for_tests import scene

RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)
ABOVE = ((0.0, -0.01, 3.0), (0.0, 0.0, 0.0))


@pytest.fixture
def renderer():
    built = Renderer()
    yield built
    built.close()


def colors_of(renderer, size=32):
    picture = renderer.image(size, size, *ABOVE).reshape(-1, 3).astype(int)
    return {tuple((color > 100).tolist()) for color in picture}


def test_one_body_shows_many_colors(renderer):
    two = merge([block((1, 1, 1), (-0.5, 0, 0), RED), block((1, 1, 1), (0.5, 0, 0), BLUE)])
    renderer.add("two", (visual_piece(two),), (0, 0, 0))
    assert colors_of(renderer) >= {(True, False, False), (False, False, True)}


def test_boxes_and_cylinders_are_drawn_in_their_colors(renderer):
    pieces = (Piece(size=(1, 1, 1), at=(-0.5, 0, 0), color=RED), Piece(size=(1, 1, 1), at=(0.5, 0, 0), kind="cylinder",
                                                                         color=BLUE))  # fmt: skip
    renderer.add("two", pieces, (0, 0, 0))
    assert colors_of(renderer) >= {(True, False, False), (False, False, True)}


def test_a_tint_affects_one_body_only_and_can_be_removed(renderer):
    mesh = block((1, 1, 1), color=RED)
    renderer.add("left", (visual_piece(mesh),), (-0.6, 0, 0))
    renderer.add("right", (visual_piece(mesh),), (0.6, 0, 0))
    plain = renderer.image(32, 32, *ABOVE)
    renderer.tint("left", (((0.0, 0.0, 1.0), 1.0),))
    assert colors_of(renderer) >= {(True, False, False), (False, False, True)}
    renderer.tint("left", ())
    assert (renderer.image(32, 32, *ABOVE) == plain).all()


def test_a_fully_transparent_body_is_not_drawn(renderer):
    renderer.add("box", (visual_piece(block((1, 1, 1), color=RED)),), (0, 0, 0))
    renderer.paint("box", (1.0, 1.0, 1.0, 0.0))
    assert (renderer.image(16, 16, *ABOVE) == 255).all()


def test_segmentation_pixels_hold_the_ids_of_simulated_bodies():
    world = Engine()
    for name in ("ground", "shelf 1", "cup 1"):
        world.add(name, (Piece(size=(1, 1, 1)),), (0, 0, 0))
    renderer = Renderer(world)
    renderer.add("cup 1 marker", (visual_piece(block((0.5, 0.5, 0.5))),), (0, 0, 0))
    renderer.add("floors", (visual_piece(block((1.2, 1.2, 0.1))),), (0, 0, 0))
    bodies = renderer.shot(32, 32, *ABOVE)[2]
    assert set(np.unique(bodies).tolist()) == {-1, world.bodies["ground"], world.bodies["cup 1"]}
    renderer.close()
    world.close()


@pytest.fixture(scope="module")
def home():
    built = PhysicalHome(scene(["cabinet 1", "desk lamp 1"], {"mug 1": "cabinet 1"}))
    yield built
    built.close()


def test_rendering_adds_no_body_to_the_simulated_world(home):
    before = dict(home.engine.bodies)
    home.render(32, 32)
    assert home.engine.bodies == before


def test_an_object_in_a_closed_cabinet_is_not_drawn_until_it_is_opened(home):
    state = home.state()
    home.scene_view.refresh(state)
    shape = home.scene_view.renderer._p.getVisualShapeData(home.scene_view.renderer.bodies["mug 1"])[0][7]
    assert shape[3] == 0.0
    home.engine.set_joint("cabinet 1", 0, 1.0)
    home.scene_view.refresh(home.state())
    shape = home.scene_view.renderer._p.getVisualShapeData(home.scene_view.renderer.bodies["mug 1"])[0][7]
    assert shape[3] == 1.0


def test_a_gallery_is_written(tmp_path):
    assert main([str(tmp_path / "out.png"), "--kind", "furniture", "--size", "32"]) == 0
    assert (tmp_path / "out.png").stat().st_size > 1000
