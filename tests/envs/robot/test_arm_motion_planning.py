"""Collision-free paths of the arm, and the collision model that checks them. No physics is needed."""

from __future__ import annotations

from itertools import pairwise
from math import pi

import numpy as np
import pytest

from envs.geometry.collision_boxes import Boxes, join
from envs.geometry.rotations import Array, turn_z
from envs.robot import kinematics
from envs.robot.arm_motion_planning import CARGO_RADIUS_M, MAX_OVERLAP_M, ArmModel, distance, plan_path

NOTHING = join([])
NO_CARGO: Array = np.zeros((0, 3))
GRAZED_M = 0.01  # extra overlap allowed between two postures that the planner checks
HERE = (0.0, 0.0, 0.0)
LEFT_OF: Array = np.array([0.7, 0.9, 0.2, 0.0, -1.8, 0.0, 2.0, 0.785])  # the arm stretched out to one side
RIGHT_OF: Array = np.array([0.7, -0.9, 0.2, 0.0, -1.8, 0.0, 2.0, 0.785])  # and to the other


def block(at: tuple[float, float, float], size: tuple[float, float, float], *, soft: float = 0.0) -> Boxes:
    return Boxes(at=np.array([at]), turn=np.eye(3)[None], half=np.array([size]) / 2, soft=np.array([soft]))


def arm_model(
    boxes: Boxes, *, base: tuple[float, float, float] = HERE, cargo: Array = NO_CARGO, slack_m: float = 0.0
) -> ArmModel:
    return ArmModel(base=base, boxes=boxes, cargo=cargo, slack_m=slack_m)


POST = block((0.62, 0.0, 0.7), (0.06, 0.06, 1.4))  # between the two postures


def between(a: Array, b: Array, n: int = 60) -> Array:
    postures: Array = np.linspace(a, b, n, dtype=np.float64)
    return postures


# Collision model


def test_an_arm_in_empty_space_touches_nothing():
    postures = np.random.default_rng(0).uniform(kinematics.LOWER, kinematics.UPPER, (50, 8))
    assert (arm_model(NOTHING).overlap_depth(postures) == 0.0).all()


def test_the_collision_model_includes_every_part_of_the_arm():
    for center in kinematics.sphere_centers(LEFT_OF[None])[0]:
        x, y, z = center.tolist()
        assert arm_model(block((x, y, z), (0.02, 0.02, 0.02))).overlap_depth(LEFT_OF[None])[0] > 0.01


def test_overlap_depth_is_how_far_the_hand_is_inside_a_wall():
    tip, _ = kinematics.tip(LEFT_OF[None])
    centers, radii = kinematics.sphere_centers(LEFT_OF[None])[0], kinematics.sphere_radii()
    front_m = float((centers[:, 1] + radii).max())  # the farthest side of the arm
    for deep_m in (0.001, 0.004):
        wall = block((float(tip[0, 0]), front_m - deep_m + 0.5, 0.7), (4.0, 1.0, 4.0))
        expected = np.maximum(0.0, centers[:, 1] + radii - (front_m - deep_m)).sum()
        assert arm_model(wall).overlap_depth(LEFT_OF[None])[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("soft", [0.0, 1.0])
def test_objects_are_obstacles_like_walls(soft):
    x, y, z = kinematics.sphere_centers(LEFT_OF[None])[0, -1].tolist()
    assert arm_model(block((x, y, z), (0.1, 0.1, 0.1), soft=soft)).overlap_depth(LEFT_OF[None])[0] > MAX_OVERLAP_M


def test_obstacles_are_relative_to_the_base():
    base = (1.3, -0.7, 2.1)
    moved = Boxes(at=POST.at @ turn_z(base[2]).T + (base[0], base[1], 0.0), turn=turn_z(base[2])[None], half=POST.half,
                  soft=POST.soft)  # fmt: skip
    postures = between(LEFT_OF, RIGHT_OF)
    depth_m = arm_model(POST).overlap_depth(postures)
    assert depth_m.max() > 0.03
    assert arm_model(moved, base=base).overlap_depth(postures) == pytest.approx(depth_m, abs=1e-9)


def test_a_held_object_is_part_of_the_arm():
    tip, _ = kinematics.tip(LEFT_OF[None])
    x, y, z = tip[0].tolist()
    shelf = block((x, y, z - 0.30), (0.3, 0.3, 0.02))
    bottle: Array = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -0.295]])  # its lower end is inside the shelf
    assert arm_model(shelf).overlap_depth(LEFT_OF[None])[0] == 0.0
    assert arm_model(shelf, cargo=bottle).overlap_depth(LEFT_OF[None])[0] == pytest.approx(
        CARGO_RADIUS_M + 0.005, abs=1e-6
    )


def test_a_held_object_turns_with_the_hand_about_the_vertical_only():
    racket: Array = np.array([[0.3, 0.0, 0.0]])  # sticks out ahead of the hand
    for turn in (0.0, 1.0):
        q = LEFT_OF.copy()
        q[1] += turn
        tip, hand = kinematics.tip(q[None])
        yaw = np.arctan2(hand[0, 0, 1], -hand[0, 1, 1])
        x, y, z = (tip[0] + turn_z(float(yaw)) @ racket[0]).tolist()
        assert arm_model(block((x, y, z), (0.02, 0.02, 0.02)), cargo=racket).overlap_depth(q[None])[0] > CARGO_RADIUS_M


# Paths


def test_a_free_straight_line_is_the_path():
    assert not arm_model(POST).is_free_line(LEFT_OF, RIGHT_OF)
    (only,) = plan_path(arm_model(NOTHING), LEFT_OF, RIGHT_OF, np.random.default_rng(0)) or []
    assert (only == RIGHT_OF).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_path_past_a_post_never_touches_it(seed):
    path = plan_path(arm_model(POST), LEFT_OF, RIGHT_OF, np.random.default_rng(seed))
    assert path is not None
    assert len(path) > 1
    assert (path[-1] == RIGHT_OF).all()
    for a, b in pairwise([LEFT_OF, *path]):
        assert arm_model(POST).overlap_depth(between(a, b)).max() < MAX_OVERLAP_M + GRAZED_M
    postures = np.array(path)
    assert (postures >= kinematics.LOWER).all()
    assert (postures <= kinematics.UPPER).all()


def test_the_same_random_draws_give_the_same_path():
    paths = [plan_path(arm_model(POST), LEFT_OF, RIGHT_OF, np.random.default_rng(7)) for _ in range(2)]
    assert paths[0] is not None
    assert paths[1] is not None
    assert np.array_equal(np.array(paths[0]), np.array(paths[1]))


def test_the_path_starts_at_the_start_and_not_at_the_goal():
    path = plan_path(arm_model(POST), LEFT_OF, RIGHT_OF, np.random.default_rng(1))
    assert path is not None
    assert distance(path[0], LEFT_OF) < distance(path[0], RIGHT_OF) or arm_model(POST).is_free_line(LEFT_OF, path[0])
    assert arm_model(POST).is_free_line(LEFT_OF, path[0])


def test_a_goal_inside_a_wall_has_no_path():
    tip, _ = kinematics.tip(RIGHT_OF[None])
    x, y, z = tip[0].tolist()
    assert plan_path(arm_model(block((x, y, z), (0.2, 0.2, 0.2))), LEFT_OF, RIGHT_OF, np.random.default_rng(0)) is None


def test_an_overlap_at_the_start_does_not_block_the_motion():
    x, y, z = kinematics.sphere_centers(LEFT_OF[None])[0, -1].tolist()
    beside = block((x, y, z), (0.04, 0.04, 0.04))
    depth_m = float(arm_model(beside).overlap_depth(LEFT_OF[None])[0])
    assert depth_m > MAX_OVERLAP_M
    assert plan_path(arm_model(beside), LEFT_OF, RIGHT_OF, np.random.default_rng(0)) is None
    assert plan_path(arm_model(beside, slack_m=depth_m), LEFT_OF, RIGHT_OF, np.random.default_rng(0)) is not None


def test_a_held_object_changes_the_path():
    tip, _ = kinematics.tip(between(LEFT_OF, RIGHT_OF))
    x, y, z = tip[len(tip) // 2].tolist()
    low = block((x, y, z - 0.25), (0.2, 0.2, 0.2))  # the empty hand passes over it
    bottle: Array = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -0.25]])
    assert arm_model(low).is_free_line(LEFT_OF, RIGHT_OF)
    loaded = arm_model(low, cargo=bottle)
    assert not loaded.is_free_line(LEFT_OF, RIGHT_OF)
    path = plan_path(loaded, LEFT_OF, RIGHT_OF, np.random.default_rng(0))
    assert path is not None
    assert all(
        loaded.overlap_depth(between(a, b)).max() < MAX_OVERLAP_M + GRAZED_M for a, b in pairwise([LEFT_OF, *path])
    )


def test_the_lift_has_the_largest_weight_in_joint_distance():
    ends = [LEFT_OF + np.eye(8)[k] * 0.2 for k in range(8)]
    assert int(np.argmax([distance(LEFT_OF, end) for end in ends])) == 0
    assert distance(LEFT_OF, RIGHT_OF) == distance(RIGHT_OF, LEFT_OF) > 0.0
    assert distance(LEFT_OF, LEFT_OF) == 0.0
    assert kinematics.UPPER[1] < pi  # no joint turns around: the nearest way is the straight one
