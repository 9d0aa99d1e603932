"""Grasps of lying, tilted and standing objects with a two-finger hand."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np
import pytest

from envs.assets.collision_shapes import edge_height
from envs.geometry.rotations import Array, turn_z
from envs.robot.reach_planning import PITCHES_LEVEL, ReachTarget
from envs.skills.grasps import (
    FINGER_LENGTH_M,
    MAX_WIDTH_M,
    MIN_TIP_HEIGHT_M,
    grasp_candidates,
    half_extents,
    heading_of,
    is_round,
)
from envs.symbolic.embodiment.grip import WALL_M
from tests.envs.homes_for_tests import scene

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")

PINCHED = ("apple 1", "cloth 1", "milk 1", "mug 1", "plate 1", "potato 1", "spoon 1")
WIDE = ("basketball 1", "book 1", "bread 1")
IN_THE_AIR = (2.0, 3.0, 1.2)


@pytest.fixture(scope="module")
def built() -> Iterator[PhysicalHome]:
    from envs.simulation.physical_home import PhysicalHome

    places = ("countertop 1", "dining table 1", "desk 1")
    home = PhysicalHome(
        scene(["countertop 1", "dining table 1", "desk 1", "bookshelf 1"],
              {name: places[k % 3] for k, name in enumerate(PINCHED + WIDE)}), grasp="physical"
    )  # fmt: skip
    yield home
    home.close()


@pytest.fixture
def home(built: PhysicalHome) -> PhysicalHome:
    built.engine.step()  # forces the reset to rebuild the home, whatever the previous test moved
    built.reset()
    return built


def stand(home: PhysicalHome, name: str, yaw: float = 0.0, *, tilt: float = 0.0) -> Array:
    """Put an object into the air, rotated by `yaw` and tilted about its own x axis; return its center, (3,)."""
    position = np.array(IN_THE_AIR)
    w, z, x = cos(yaw / 2) * cos(tilt / 2), sin(yaw / 2) * cos(tilt / 2), cos(yaw / 2) * sin(tilt / 2)
    home.engine.place(name, position.tolist(), (x, sin(yaw / 2) * sin(tilt / 2), z, w))
    home.queries.forget()
    return position


def grasps_of(home: PhysicalHome, name: str, *, deeper_m: float = 0.0) -> list[ReachTarget]:
    return grasp_candidates(home.motion, name, deeper_m=deeper_m)


def across(goal: ReachTarget, heading: float) -> Array:
    """Return the closing direction of the fingers, (2,)."""
    return np.array([-sin(heading), cos(heading)])


@pytest.mark.parametrize("name", PINCHED)
def test_the_open_hand_fits_around_the_object_it_grasps(home, name):
    candidates = grasps_of(home, name)
    assert candidates
    assert all(0.0 < goal.width <= MAX_WIDTH_M for goal in candidates)


@pytest.mark.parametrize("name", WIDE)
def test_an_object_too_wide_on_every_side_has_no_grasp(home, name):
    assert grasps_of(home, name) == []


def test_a_standing_book_is_grasped_across_its_spine(home):
    stand(home, "book 1", tilt=pi / 2)
    candidates = grasps_of(home, "book 1")
    assert candidates
    assert all(goal.width == pytest.approx(0.03, abs=1e-6) for goal in candidates)


@pytest.mark.parametrize("name", PINCHED)
@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.0])
def test_the_grasp_width_is_the_objects_width_across_the_fingers(home, name, yaw):
    at = stand(home, name, yaw)
    category = home.queries.objects[name]
    for goal in grasps_of(home, name):
        for heading in goal.yaws:
            side = np.abs(turn_z(-yaw)[:2, :2] @ across(goal, heading))  # in the object's frame
            if np.hypot(*(goal.middle - at)[:2]) > 0.01 or category.shape == "cloth":
                continue  # a rim, a wall, a fold
            whole = float(side @ np.array(category.size[:2]))
            assert goal.width == pytest.approx(category.size[0] if is_round(category) else whole, abs=1e-6)


@pytest.mark.parametrize("name", PINCHED)
def test_rotating_an_object_rotates_its_grasps(home, name):
    at = stand(home, name, 0.0)
    before = grasps_of(home, name)
    stand(home, name, 0.9)
    after = grasps_of(home, name)
    assert len(after) == len(before)
    for a, b in zip(before, after, strict=True):
        assert b.middle - at == pytest.approx(turn_z(0.9) @ (a.middle - at), abs=1e-6)
        assert b.tip(0.0) - at == pytest.approx(turn_z(0.9) @ (a.tip(0.0) - at), abs=1e-6)
        assert np.exp(1j * np.array(b.yaws)) == pytest.approx(np.exp(1j * (np.array(a.yaws) + 0.9)), abs=1e-6)


@pytest.mark.parametrize("name", PINCHED)
@pytest.mark.parametrize("deeper_m", [0.0, 0.012])
def test_the_fingertips_stay_above_the_support_and_reach_the_objects_sides(home, name, deeper_m):
    at = stand(home, name)
    half_m = home.queries.objects[name].size[2] / 2
    for goal in grasps_of(home, name, deeper_m=deeper_m):
        z = float(goal.tip(0.0)[2] - at[2])
        assert z >= -half_m + MIN_TIP_HEIGHT_M - 1e-6
        assert half_m - FINGER_LENGTH_M - deeper_m - 1e-6 <= z < half_m


def test_a_second_attempt_grasps_deeper(home):
    stand(home, "milk 1")
    first, second = grasps_of(home, "milk 1"), grasps_of(home, "milk 1", deeper_m=0.01)
    assert second[0].tip(0.0)[2] == pytest.approx(first[0].tip(0.0)[2] - 0.01)


def test_a_mug_is_grasped_by_its_wall_from_inside_and_outside(home):
    at = stand(home, "mug 1", 0.4)
    category = home.queries.objects["mug 1"]
    walls = grasps_of(home, "mug 1")
    assert walls
    for goal in walls:
        out = goal.tip(0.0)[:2] - at[:2]
        assert np.hypot(*out) == pytest.approx((category.size[0] - WALL_M) / 2)
        assert goal.width == pytest.approx(WALL_M)
        (heading,) = goal.yaws
        assert abs(across(goal, heading) @ out) == pytest.approx(float(np.hypot(*out)))  # through the wall


def test_a_plate_is_grasped_by_its_rim_above_its_base(home):
    at = stand(home, "plate 1")
    for goal in grasps_of(home, "plate 1"):
        assert np.hypot(*(goal.tip(0.0) - at)[:2]) > 0.10
        assert goal.tip(0.0)[2] > at[2] + edge_height(home.queries.objects["plate 1"])


def test_a_cloth_is_grasped_by_its_fold(home):
    stand(home, "cloth 1", 1.1)
    candidates = grasps_of(home, "cloth 1")
    assert candidates
    for goal in candidates:
        (heading,) = goal.yaws
        assert abs(cos(heading - 1.1)) == pytest.approx(1.0)  # along the fold


def test_round_objects_are_grasped_from_any_side(home):
    stand(home, "apple 1")
    (goal,) = grasps_of(home, "apple 1")
    assert goal.yaws == ()


@pytest.mark.parametrize("name", ["mug 1", "plate 1", "cloth 1"])
def test_a_tilted_object_is_not_grasped_by_its_rim(home, name):
    stand(home, name)
    upright = {round(goal.width, 4) for goal in grasps_of(home, name)}
    stand(home, name, tilt=0.5)
    leaning = {round(goal.width, 4) for goal in grasps_of(home, name)}
    assert upright & {WALL_M, 0.03}
    assert not leaning & {WALL_M, 0.03}


@pytest.mark.parametrize(("place", "level"), [("bookshelf 1", True), ("dining table 1", False)])
def test_the_hand_approaches_horizontally_in_a_bookshelf_and_from_above_on_a_table(home, place, level):
    home.engine.place("potato 1", home.queries.region(place).point(0.0, 0.0, 0.04).tolist(), (0, 0, 0, 1))
    home.queries.forget()
    assert home.queries.root("potato 1") == place
    candidates = grasps_of(home, "potato 1")
    assert candidates
    assert all((set(goal.pitches) == set(PITCHES_LEVEL)) == level for goal in candidates)


@pytest.mark.parametrize("lean", [0.0, pi / 2])
def test_the_heading_of_an_object_is_its_yaw_even_on_its_side(home, lean):
    stand(home, "spoon 1", 0.6, tilt=lean)
    assert heading_of(home.queries.pose("spoon 1")[1]) == pytest.approx(0.6, abs=1e-6)


def test_half_extents_are_measured_along_the_heading(home):
    spoon = home.queries.objects["spoon 1"]
    half = np.array(spoon.size) / 2
    assert half_extents(turn_z(0.3), spoon, 0.3) == pytest.approx(half)
    assert half_extents(turn_z(0.3), spoon, 0.3 + pi / 2) == pytest.approx(half[[1, 0, 2]])
