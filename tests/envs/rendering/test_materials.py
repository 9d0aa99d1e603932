"""Glass is seen through, metal shines, wood has a grain; pictures without materials stay as they were."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from envs.rendering.materials import MATERIALS, Window, points_seen
from envs.symbolic.actions import parse_action
from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.domain import load_domain
from envs.symbolic.state import World
from tests.envs.homes_for_tests import scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from envs.rendering.renderer import Renderer

if importlib.util.find_spec("pybullet") is None:
    pytest.skip("pybullet is not installed", allow_module_level=True)

from envs.gallery import pictures
from envs.geometry.bodies import visual_piece
from envs.geometry.meshes import block
from envs.rendering.renderer import DAYLIGHT
from envs.rendering.renderer import Renderer as MakeRenderer
from envs.simulation.physical_home import PhysicalHome

RED, GRAY = (1.0, 0.0, 0.0, 1.0), (0.6, 0.6, 0.6, 1.0)
EYE, TARGET = (0.0, -2.0, 0.5), (0.0, 0.0, 0.0)
SIZE = (60, 48)


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    """A gray pane in front of a red wall, and another gray block."""
    built = MakeRenderer()
    built.add("wall", (visual_piece(block((2.0, 0.1, 2.0), color=RED)),), (0.0, 0.5, 0.0))
    built.add("pane", (visual_piece(block((0.5, 0.05, 0.5), color=GRAY)),), (0.0, -0.2, 0.0))
    built.add("block", (visual_piece(block((0.3, 0.3, 0.3), color=GRAY)),), (0.5, 0.0, 0.0))
    yield built
    built.close()


def draw(renderer: Renderer) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]:
    return renderer.shot(*SIZE, EYE, TARGET)


def count_drawings(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return a list that gets the size of everything that is drawn."""
    sizes: list[tuple[int, int]] = []
    draw_once = renderer._drawn
    monkeypatch.setattr(renderer, "_drawn", lambda size, *rest: (sizes.append(size), draw_once(size, *rest))[1])
    return sizes


def test_glass_is_seen_through_and_nothing_else_changes(renderer: Renderer) -> None:
    rgb, distance_m, bodies = draw(renderer)
    renderer.set_material("pane", "glass")
    glassy = draw(renderer)
    pane = bodies == renderer.bodies["pane"]
    assert pane.sum() > 50
    redness = [picture[pane].astype(int) @ np.array([1, -1, 0]) for picture in (rgb, glassy[0])]
    assert redness[1].mean() > redness[0].mean() + 60
    assert (glassy[0][~pane] == rgb[~pane]).all()
    assert (glassy[1] == distance_m).all()
    assert (glassy[2] == bodies).all()
    assert renderer.painted("pane") == renderer.painted("block")


def test_a_hidden_body_of_glass_stays_hidden(renderer: Renderer) -> None:
    renderer.set_material("pane", "glass")
    renderer.set_material("block", "glass")
    renderer.show("pane", False)
    draw(renderer)
    assert renderer.painted("pane")[3] == 0.0
    assert not (draw(renderer)[2] == renderer.bodies["pane"]).any()


@pytest.mark.parametrize("material", MATERIALS)
def test_each_material_changes_its_own_pixels_only(renderer: Renderer, material: str) -> None:
    plain, _, bodies = draw(renderer)
    renderer.set_material("pane", material)
    drawn = draw(renderer)[0]
    pane = bodies == renderer.bodies["pane"]
    assert (drawn[~pane] == plain[~pane]).all()
    assert (drawn[pane] != plain[pane]).any() or material == "ceramic"  # a flat pane shows no highlight
    assert (draw(renderer)[0] == drawn).all()


def test_only_what_is_seen_is_drawn_again(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = count_drawings(renderer, monkeypatch)
    draw(renderer)
    assert sizes == [SIZE]
    renderer.set_material("pane", "glass")
    renderer.set_material("block", "wooden")
    del sizes[:]
    draw(renderer)
    assert sizes[0] == SIZE
    assert len(sizes) == 3
    assert all(width < SIZE[0] / 2 and height < SIZE[1] for width, height in sizes[1:])
    renderer.show("pane", False)
    del sizes[:]
    draw(renderer)
    assert sizes == [SIZE]


@pytest.mark.parametrize("window", [(0, 48, 0, 60), (10, 30, 5, 45), (3, 4, 7, 8), (40, 48, 50, 60)])
def test_a_window_shows_what_the_picture_shows_there(renderer: Renderer, window: tuple[int, int, int, int]) -> None:
    part = Window(top=window[0], bottom=window[1], left=window[2], right=window[3])
    whole, _, _ = draw(renderer)
    view = renderer._p.computeViewMatrix(list(EYE), list(TARGET), [0, 0, 1])
    projection = renderer._p.computeProjectionMatrix(*part.frustum(*SIZE, 60.0, 0.25), 0.25, 40.0)
    size = (part.right - part.left, part.bottom - part.top)
    drawn, _, _ = renderer._drawn(size, view, projection, (0.25, 40.0), DAYLIGHT)
    different = (drawn != whole[part.slices]).any(axis=-1)
    assert different.mean() < 0.05  # at edges


def test_grain_is_fixed_to_the_body(renderer: Renderer) -> None:
    distance_m = draw(renderer)[1]
    bodies = draw(renderer)[2]
    mask = bodies == renderer.bodies["block"]
    points = points_seen(mask, distance_m, EYE, TARGET, (0, 0, 1), 60.0)
    low, high = np.array([0.35, -0.15, -0.15]), np.array([0.65, 0.15, 0.15])
    assert ((points > low - 0.03) & (points < high + 0.03)).all()
    renderer.set_material("block", "wooden")
    assert len(np.unique(draw(renderer)[0][mask][:, 0])) > 5


def test_the_gallery_tells_all_sizes_colors_and_materials_apart() -> None:
    drawn = {name: picture.astype(int) for name, picture in pictures("properties", 48) if name.endswith("bowl")}
    assert len(drawn) == 1 + len(load_domain().property_group)
    names = [name for name in drawn if name not in ("bowl", "plastic bowl")]  # as everything else looks
    for i, name in enumerate(names):
        for other in names[:i]:
            assert np.abs(drawn[name] - drawn[other]).mean() > 0.3, (name, other)


def test_pictures_of_a_home_without_materials_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    home = PhysicalHome(scene(["desk 1", "sofa 1"], {"mug 1: red": "desk 1", "glass 1": "desk 1"}))
    home.render(32, 24)
    sizes = count_drawings(home.scene_view.renderer, monkeypatch)
    home.render(32, 24)
    assert sizes == [(32, 24)]
    home.close()


def test_a_home_with_glass_is_seen_through_in_all_views(monkeypatch: pytest.MonkeyPatch) -> None:
    home = PhysicalHome(scene(["dining table 1"], {"bowl 1: big glass": "dining table 1", "plate 1": "dining table 1"}))
    home.render(32, 24)
    sizes = count_drawings(home.scene_view.renderer, monkeypatch)
    home.render(160, 120, view="overhead")
    assert len(sizes) == 3
    home.close()


@pytest.mark.parametrize(("fixture", "number"), [("coffee table 1: glass", 3), ("cabinet 1: glass", 1)])
def test_furniture_of_glass_is_seen_through_unless_things_are_shut_in(
    monkeypatch: pytest.MonkeyPatch, fixture: str, number: int
) -> None:
    home = PhysicalHome(scene([fixture]))
    home.render(32, 24)
    sizes = count_drawings(home.scene_view.renderer, monkeypatch)
    home.render(160, 120, view="overhead")
    assert len(sizes) == number
    home.close()


# -- sizes of furniture ------------------------------------------------------------------------------------------------


def test_a_big_fixture_is_wider_and_a_small_one_narrower() -> None:
    big, plain, small = scene(["dining table 1: big", "dining table 2", "dining table 3: small"]).fixtures
    widths = [fixture_of(spec, load_domain()).size[1] for spec in (big, plain, small)]
    assert widths[0] / widths[1] == pytest.approx(1.12)
    assert widths[2] / widths[1] == pytest.approx(0.88)
    assert {(f.size[0], f.size[2]) for f in (fixture_of(spec, load_domain()) for spec in (big, plain, small))} == {
        (fixture_of(plain, load_domain()).size[0], fixture_of(plain, load_domain()).size[2])
    }
    assert fixture_of(plain, load_domain()) is load_domain().fixtures["dining table"]


def test_more_fits_on_a_big_table_than_on_a_small_one() -> None:
    world = World(scene(["dining table 1: big", "dining table 2", "dining table 3: small"]))
    assert world.capacity[0] > world.capacity[1] > world.capacity[2]


def test_big_and_small_furniture_is_built_and_reached() -> None:
    home = PhysicalHome(
        scene(["fridge 1: big", "fridge 2: small", "desk 1: small", "bed 1: big @ kitchen"], {"mug 1": "desk 1"})
    )
    widths = [home.queries.furniture[f"fridge {k}"].pieces for k in (1, 2)]
    assert widths[0] != widths[1]
    for subtask in ("open fridge 1", "open fridge 2", "pick up mug 1", "put mug 1 in fridge 2"):
        assert home.execute(parse_action(home.world, subtask)).status == "done", subtask
    home.close()
