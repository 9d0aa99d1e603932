"""What is beside what, by geometry, and objects that a robot puts beside others because a goal says so."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from envs.assets.collision_shapes import inner_floor_height
from envs.physics.nearness import gaps_m
from envs.symbolic.actions import parse_action
from envs.symbolic.goals import parse_goal
from envs.symbolic.progress import advance, begin, score
from tests.envs.homes_for_tests import scene

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")

FIXTURES = ("dining table 1", "desk 1", "countertop 1", "drawer 1: open")
OBJECTS = {
    "laptop 1": "desk 1", "mug 1": "countertop 1", "plate 1": "dining table 1", "apple 1": "dining table 1",
    "fork 1": "drawer 1", "spoon 1": "drawer 1", "cell phone 1": "countertop 1", "book 1": "countertop 1",
}  # fmt: skip


@pytest.fixture(scope="module")
def built() -> Iterator[PhysicalHome]:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(scene(FIXTURES, OBJECTS))
    yield home
    home.close()


@pytest.fixture
def home(built: PhysicalHome) -> PhysicalHome:
    built.engine.step()  # forces the reset to rebuild the home, whatever the previous test moved
    built.reset()
    return built


def stand(home: PhysicalHome, name: str, place: str, x: float, y: float, z: float = 0.0) -> None:
    """Stand an object at a point of a place's region [m]; z is the height of its lowest point."""
    region = home.queries.region(place)
    at = region.point(x, y, z + home.queries.objects[name].size[2] / 2 + 0.002)
    home.engine.place(name, at.tolist(), home.queries.quat(home.queries.yaw_turn(region.yaw)))
    home.engine.step()
    home.queries.forget()


def are_beside(home: PhysicalHome, a: str, b: str) -> bool:
    state, index = home.state(), home.world.index
    assert (index[b] in state.neighbors(index[a])) == (index[a] in state.neighbors(index[b]))
    return index[b] in state.neighbors(index[a])


def test_the_gap_is_measured_between_outlines() -> None:
    at, half = np.array([0.0, 0.0]), np.array([0.1, 0.2])
    others = np.array([[0.5, 0.0], [0.15, 0.0], [0.3, 0.6]])
    assert np.allclose(gaps_m(at, half, others, np.array([0.1, 0.1])), [0.3, 0.0, np.hypot(0.1, 0.3)])


@pytest.mark.parametrize(
    ("gap_m", "beside"),
    [
        (0.02, True),
        (0.25, True),
        (0.29, True),
        (0.2995, True),
        (0.3005, True),
        (0.305, False),
        (0.33, False),
        (0.7, False),
    ],
)
def test_what_is_within_reach_of_an_eye_is_beside(home: PhysicalHome, gap_m: float, beside: bool) -> None:
    plate, apple = (home.queries.objects[name].size for name in ("plate 1", "apple 1"))
    stand(home, "plate 1", "dining table 1", 0.0, -0.4)
    stand(home, "apple 1", "dining table 1", 0.0, -0.4 + plate[1] / 2 + gap_m + apple[1] / 2)
    assert are_beside(home, "plate 1", "apple 1") == beside


def test_what_lies_on_another_object_is_not_beside_it(home: PhysicalHome) -> None:
    stand(home, "laptop 1", "desk 1", 0.0, 0.0)
    stand(home, "book 1", "desk 1", 0.0, 0.0, home.queries.objects["laptop 1"].size[2])
    assert not are_beside(home, "book 1", "laptop 1")


@pytest.mark.parametrize("tilt", [-0.25, -0.15, 0.0, 0.15, 0.25])
def test_what_lies_on_a_tilted_plate_is_on_it(home: PhysicalHome, tilt: float) -> None:
    queries = home.queries
    stand(home, "plate 1", "dining table 1", 0.0, 0.0, 0.4)
    at, flat = queries.pose("plate 1")
    turn = flat @ np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    above = turn[:, 2] * (inner_floor_height(queries.objects["plate 1"]) + queries.objects["mug 1"].size[2] / 2)
    home.engine.place("plate 1", at.tolist(), queries.quat(turn))
    home.engine.place("mug 1", (at + above).tolist(), queries.quat(turn))
    queries.forget()
    assert queries.holder("mug 1") == "plate 1"


def test_in_a_drawer_things_lie_on_each_other_and_are_beside_each_other(home: PhysicalHome) -> None:
    stand(home, "fork 1", "drawer 1", 0.0, 0.0)
    stand(home, "spoon 1", "drawer 1", 0.0, 0.0, home.queries.objects["fork 1"].size[2])
    assert are_beside(home, "fork 1", "spoon 1")


def test_nothing_is_beside_what_stands_on_other_furniture(home: PhysicalHome) -> None:
    assert not are_beside(home, "laptop 1", "mug 1")


@pytest.mark.parametrize("corner", [-0.45, 0.45])
@pytest.mark.parametrize(
    ("goal", "subtasks"),
    [
        ("apple beside plate", ["pick up apple 1", "put apple 1 on dining table 1"]),  # it is on the table already
        ("mug beside plate", ["pick up mug 1", "put mug 1 on dining table 1"]),
        ("plate beside apple", ["pick up plate 1", "put plate 1 on dining table 1"]),
        ("every book beside apple", ["pick up book 1", "put book 1 on dining table 1"]),
    ],
)
def test_an_object_is_put_beside_what_the_goal_names(
    home: PhysicalHome, goal: str, subtasks: list[str], corner: float
) -> None:
    stand(home, "plate 1", "dining table 1", 0.1, corner)
    stand(home, "apple 1", "dining table 1", 0.1, -corner)
    initial_state = home.state()
    parsed = parse_goal(goal)
    progress = begin(parsed, initial_state)
    assert not score(progress).success
    home.pursue(parsed, initial_state)
    for subtask in subtasks:
        action = parse_action(home.world, subtask)
        assert home.execute(action).status == "done"
        progress = advance(progress, home.state(), action)
    assert score(progress).success


def test_where_there_is_no_room_beside_it_the_skill_says_so_and_keeps_the_object(
    home: PhysicalHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envs.skills.place.placements_beside", lambda *args: [])
    home.pursue(parse_goal("mug beside plate"), home.state())
    assert home.execute(parse_action(home.world, "pick up mug 1")).status == "done"
    outcome = home.execute(parse_action(home.world, "put mug 1 on dining table 1"))
    assert (outcome.status, outcome.reason) == ("failed", "no room beside plate 1 on dining table 1")
    assert home.state().held == home.world.index["mug 1"]


@pytest.mark.parametrize("reset", [True, False])
def test_without_a_goal_an_object_goes_where_there_is_room(
    home: PhysicalHome, monkeypatch: pytest.MonkeyPatch, reset: bool
) -> None:
    monkeypatch.setattr("envs.skills.place.placements_beside", lambda *args: [])
    home.pursue(parse_goal("mug beside plate"), home.state())
    if reset:
        home.reset()
    else:
        home.pursue(None, home.state())
    for subtask in ("pick up mug 1", "put mug 1 on dining table 1"):
        assert home.execute(parse_action(home.world, subtask)).status == "done"
