"""Grasps by friction alone, the state after a failed skill, the cost of skills, and resets of a home."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from envs.robot import kinematics
from envs.robot.robot import LEFT, LINKS, NAME, RIGHT
from envs.skills import dispatch
from envs.symbolic.actions import State, apply, parse_action, unmet_precondition
from envs.symbolic.embodiment.grip import WALL_M
from tests.envs.homes_for_tests import scene

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.home_protocol import Outcome

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")

FIXTURES = ("countertop 1", "dining table 1", "sink 1", "microwave 1: open", "shelf 1", "side table 1", "desk 1")
OBJECTS = {
    "spoon 1": "countertop 1", "apple 1": "countertop 1", "mug 1": "dining table 1", "plate 1: dirty": "dining table 1",
    "cloth 1": "countertop 1", "basketball 1": "desk 1", "book 1": "desk 1", "box 1": "shelf 1", "box 2": "shelf 1",
    "tablet 1": "side table 1", "tablet 2": "side table 1",
}  # fmt: skip
TUCKED_RAD = 0.06  # with a held object, the hand keeps the pitch of the grasp


@pytest.fixture(scope="module")
def built() -> Iterator[PhysicalHome]:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(scene(FIXTURES, OBJECTS), grasp="physical")
    yield home
    home.close()


@pytest.fixture
def home(built: PhysicalHome) -> PhysicalHome:
    built.engine.step()  # forces the reset to rebuild the home, whatever the previous test moved
    built.reset()
    return built


def try_to(home: PhysicalHome, text: str) -> Outcome:
    """Execute an applicable subtask."""
    action = parse_action(home.world, text)
    assert unmet_precondition(home.state(), action) is None
    return home.execute(action)


def run(home: PhysicalHome, *texts: str) -> State:
    for text in texts:
        expected = apply(home.state(), parse_action(home.world, text))
        outcome = try_to(home, text)
        assert outcome.status == "done", f"{text}: {outcome.reason}"
        assert home.state().without_distances() == expected.without_distances(), text
    return home.state()


def from_middle_m(home: PhysicalHome) -> float:
    """Return the distance of the fingers from the vertical axis of the held object."""
    held = home.motion.robot.held
    assert held is not None
    return float(np.hypot(*held.pivot[:2]))


def lay(home: PhysicalHome, object_name: str, place: str, x: float, y: float, quarter_turn: bool = False) -> None:
    """Put an object at a point of a place's frame, without the robot."""
    region = home.queries.region(place)
    position = region.point(x, y, home.queries.objects[object_name].size[2] / 2 + 0.002)
    yaw = region.yaw + (np.pi / 2 if quarter_turn else 0.0)
    home.engine.place(object_name, position.tolist(), (0.0, 0.0, float(np.sin(yaw / 2)), float(np.cos(yaw / 2))))
    home.queries.forget()


def is_tucked(home: PhysicalHome) -> bool:
    """Return whether the arm itself, not only the target of its motors, is tucked."""
    joints = home.engine.joints(NAME, LINKS)
    return bool(np.abs(joints[4:] - kinematics.TUCKED).max() < TUCKED_RAD)


# Friction


@pytest.mark.parametrize(
    ("thing", "place", "low_m", "high_m"),
    [
        ("spoon 1", "dining table 1", 0.0, 0.02),  # across its middle
        ("apple 1", "dining table 1", 0.0, 0.02),
        ("cloth 1", "dining table 1", 0.0, 0.06),  # by its fold
        ("mug 1", "countertop 1", 0.0425 - WALL_M, 0.0475),  # by its wall
        ("plate 1", "countertop 1", 0.11 - 2 * WALL_M, 0.115),  # by its rim
    ],
)
def test_fingers_alone_carry_an_object_to_another_place(home, thing, place, low_m, high_m):
    run(home, f"pick up {thing}")
    held = home.motion.robot.held
    assert held is not None
    assert held.weld is None  # no constraint helps
    assert low_m <= from_middle_m(home) <= high_m
    assert home.engine.gap(NAME, (LEFT,), thing) < 0.003
    assert home.engine.gap(NAME, (RIGHT,), thing) < 0.003
    run(home, f"put {thing} on {place}")
    assert home.motion.robot.held is None


def test_without_friction_the_object_slips(home):
    home.engine.set_friction(NAME, (LEFT, RIGHT), 0.0)
    outcome = try_to(home, "pick up apple 1")
    assert (outcome.status, outcome.reason) == ("failed", "apple 1 slipped")
    assert home.motion.robot.held is None
    assert home.state().held < 0
    assert is_tucked(home)


@pytest.mark.parametrize("name", ["basketball 1", "book 1"])
def test_an_object_wider_than_the_hand_is_too_wide(home, name):
    outcome = try_to(home, f"pick up {name}")
    assert (outcome.status, outcome.reason) == ("failed", f"{name} is too wide for the hand")
    assert outcome.ticks == 0  # known before the robot moves


def test_an_object_pulled_out_of_the_hand_is_no_longer_held(home):
    run(home, "pick up spoon 1")
    position, rotation = home.engine.pose("spoon 1")
    home.engine.place("spoon 1", (position[0], position[1], position[2] - 0.3), rotation)
    outcome = try_to(home, "go to sink 1")
    assert (outcome.status, outcome.reason) == ("failed", "spoon 1 slipped")
    assert home.state().held < 0
    run(home, "pick up apple 1")  # the hand is empty again


# No room


def test_on_a_full_table_an_object_is_put_on_top_of_a_flat_one(home):
    lay(home, "tablet 1", "side table 1", 0.0, 0.115)
    lay(home, "tablet 2", "side table 1", 0.0, -0.115)
    run(home, "pick up cloth 1", "put cloth 1 on side table 1")
    at, tablet_at = home.queries.pose("cloth 1")[0], home.queries.pose("tablet 1")[0]
    assert at[2] - home.queries.extents("cloth 1")[2] > tablet_at[2]  # it lies on top
    assert home.queries.region("side table 1").local(tablet_at)[:2] == pytest.approx((0.0, 0.115), abs=0.02)


def test_between_tall_objects_without_a_gap_there_is_no_room(home):
    lay(home, "box 1", "shelf 1", 0.0, 0.21, quarter_turn=True)
    lay(home, "box 2", "shelf 1", 0.0, -0.21, quarter_turn=True)
    run(home, "pick up cloth 1")
    outcome = try_to(home, "put cloth 1 on shelf 1")
    assert (outcome.status, outcome.reason, outcome.ticks) == ("failed", "no room on shelf 1", 0)
    assert home.state().held == home.world.index["cloth 1"]


# State after failed skills


@pytest.mark.parametrize("ticks", [300, 1100, 1900], ids=["driving", "unfolding", "lifting"])
def test_a_skill_that_times_out_says_when_and_leaves_the_robot_usable(home, monkeypatch, ticks):
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "MAX_TICKS", ticks)
        outcome = try_to(home, "pick up apple 1")
    assert (outcome.status, outcome.reason) == ("failed", f"timeout at tick {ticks}")
    assert outcome.ticks >= ticks
    assert is_tucked(home)
    robot = home.motion.robot
    stands_at = home.engine.joints(NAME, LINKS)
    assert np.abs(stands_at[:4] - robot.q[:4]).max() < 0.02  # the base is where the robot believes it is
    if robot.held is not None:
        run(home, "put apple 1 on dining table 1")
    else:
        run(home, "pick up mug 1")


def test_a_failure_during_a_reach_leaves_the_arm_tucked(home, monkeypatch):
    from envs.robot.motion_primitives import SkillError
    from envs.skills import pick

    def fail(*_: object) -> bool:
        raise SkillError("something broke")

    with monkeypatch.context() as patch:
        patch.setattr(pick, "_lift", fail)
        outcome = try_to(home, "pick up spoon 1")
    assert (outcome.status, outcome.reason) == ("failed", "something broke")
    assert is_tucked(home)


def test_a_skill_that_finishes_in_time_clears_its_deadline(home):
    run(home, "go to sink 1")
    assert home.motion.robot.deadline is None


# Cost of skills


def test_energy_is_spent_by_moving_only(home):
    robot = home.motion.robot
    refused = home.execute(parse_action(home.world, "close countertop 1"))
    assert refused.energy_j == 0.0
    before_j = robot.energy_j
    robot.wait(480)
    assert robot.energy_j - before_j < 1.0
    moved = try_to(home, "go to sink 1")
    assert moved.energy_j > 5.0
    assert moved.energy_j == pytest.approx(robot.energy_j - before_j, abs=1.0)


def test_outcome_energies_sum_to_the_robots_total(home):
    spent_j = [try_to(home, text).energy_j for text in ("go to desk 1", "pick up apple 1", "go to sink 1")]
    assert min(spent_j) > 0.0
    assert sum(spent_j) == pytest.approx(home.motion.robot.energy_j)


def test_time_and_ticks_of_an_outcome_agree(home):
    start_tick = home.engine.ticks
    outcome = try_to(home, "go to desk 1")
    assert outcome.ticks == home.engine.ticks - start_tick
    assert outcome.duration_s == pytest.approx(outcome.ticks / 240)


# Rebuilding


def snapshot(home: PhysicalHome) -> list[object]:
    """Return the pose of everything in the engine that can move."""
    poses: list[object] = [home.engine.pose(obj.name) for obj in home.scene.objects]
    doors = [home.engine.joint(name, 0) for name, model in home.queries.furniture.items() if model.leaves]
    return [*poses, *doors, home.engine.joints(NAME, LINKS).tolist(), home.engine.ticks]


def test_a_reset_restores_the_first_tick_bit_for_bit(home):
    initial, state = snapshot(home), home.state()
    run(home, "close microwave 1", "pick up plate 1")
    assert snapshot(home) != initial
    assert home.reset() == state
    assert snapshot(home) == initial


def test_actions_after_a_reset_replay_bit_for_bit(home):
    ends = []
    for _ in range(2):
        home.reset()
        outcome = try_to(home, "pick up spoon 1")
        ends.append((outcome, snapshot(home)))
    assert ends[0] == ends[1]


def test_a_reset_skips_the_expensive_parts_of_a_build(home, monkeypatch):
    from envs.physics.engine import Engine
    from envs.simulation import physical_home

    step, unreachable_fixtures = Engine.step, physical_home.unreachable_fixtures
    ticks, searches = [], []
    monkeypatch.setattr(Engine, "step", lambda engine, n=1: (ticks.append(n), step(engine, n))[1])
    monkeypatch.setattr(
        physical_home, "unreachable_fixtures", lambda *args: (searches.append(1), unreachable_fixtures(*args))[1]
    )
    physical_home.PhysicalHome(home.scene, grasp="physical").close()
    assert sum(ticks) > physical_home.SETTLE_TICKS and len(searches) == 1  # the expensive parts of a build
    ticks.clear()
    for _ in range(3):
        home.engine.step()
        home.reset()
    assert sum(ticks) == 6 and len(searches) == 1
