"""Where the base turns along its path, the volume it sweeps, and the floor map. No physics is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import cos, hypot, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.geometry.collision_boxes import Boxes
from envs.geometry.rotations import Array
from envs.physics.fixture_builder import footprints
from envs.robot.base_navigation import BASE_CLEAR_M, CELL_M, Floor
from envs.robot.heading_planning import TURN_RAD_PER_M, BasePose, Point, heading_plans, plan_headings, swept_overlap_m
from envs.symbolic.scene import Room, Scene
from tests.envs.homes_for_tests import scene

ANGLE = st.floats(-pi, pi)
COORDINATE = st.floats(-3.0, 3.0)


def everywhere(point: Point) -> bool:
    return True


def nowhere(point: Point) -> bool:
    return False


def right_of(x: float) -> Callable[[Point], bool]:
    return lambda point: point[0] > x


def dense(start: BasePose, poses: Sequence[BasePose], step_m: float = 0.02) -> list[BasePose]:
    """Return the path in small steps, as the base drives it: straight, with a constant turning rate."""
    rows = [start]
    for a, b in pairwise([start, *poses]):
        n = max(1, int(hypot(b[0] - a[0], b[1] - a[1]) / step_m))
        rows += [tuple(row) for row in np.linspace(a, b, n + 1)[1:].tolist()]
    return rows


def facing(yaw: float) -> tuple[float, float]:
    return round(cos(yaw), 6) + 0.0, round(sin(yaw), 6) + 0.0


# Steering


@given(start=st.tuples(COORDINATE, COORDINATE, ANGLE), corners=st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1,
       max_size=4), yaw=ANGLE, line=COORDINATE)  # fmt: skip
def test_every_steering_strategy_ends_at_the_last_corner_with_the_goal_heading(start, corners, yaw, line):
    for path in heading_plans(start, corners, yaw, right_of(line)):
        assert path[-1][:2] == pytest.approx(corners[-1])
        assert facing(path[-1][2]) == pytest.approx(facing(yaw), abs=1e-5)


@given(start=st.tuples(COORDINATE, COORDINATE, ANGLE), corners=st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1,
       max_size=4), yaw=ANGLE)  # fmt: skip
def test_in_free_space_the_base_respects_its_turning_limit(start, corners, yaw):
    for a, b in pairwise([start, *plan_headings(start, corners, yaw, everywhere)]):
        distance_m = hypot(b[0] - a[0], b[1] - a[1])
        at_the_end = b[:2] == pytest.approx(corners[-1])  # the rest of the turn, in place
        assert at_the_end or abs(b[2] - a[2]) <= TURN_RAD_PER_M * distance_m + 0.05


def test_the_heading_is_kept_until_a_narrow_passage_is_left():
    start = (0.0, 0.0, 1.0)
    path = dense(start, plan_headings(start, [(4.0, 0.0)], -1.0, right_of(2.0)))
    assert all(yaw == pytest.approx(1.0, abs=0.01) for x, _, yaw in path if x < 1.95)


def test_the_final_heading_is_reached_before_a_narrow_passage():
    start = (0.0, 0.0, 1.0)
    path = dense(start, plan_headings(start, [(4.0, 0.0)], -1.0, lambda point: point[0] < 2.0))
    assert all(yaw == pytest.approx(-1.0, abs=0.01) for x, _, yaw in path if x > 2.0)


def test_between_two_rooms_the_heading_is_kept_in_the_doorway():
    start = (0.0, 0.0, 2.0)
    path = dense(start, plan_headings(start, [(6.0, 0.0)], -2.0, lambda point: not 0.45 < point[0] < 1.45))
    yaws = [yaw for x, _, yaw in path if 0.5 < x < 1.4]
    assert np.ptp(yaws) < 0.02
    assert 0.5 < yaws[0] < 1.5  # the base had begun to turn toward its direction of travel


def test_on_a_long_path_the_base_faces_its_direction_of_travel():
    start = (0.0, 0.0, pi / 2)
    path = dense(start, plan_headings(start, [(5.0, 0.0)], -pi / 2, everywhere))
    assert all(yaw == pytest.approx(0.0, abs=0.01) for x, _, yaw in path if 1.5 < x < 3.5)


def test_on_a_short_path_the_base_does_not_turn_to_face_it():
    start = (0.0, 0.0, pi / 2)
    assert all(
        yaw >= pi / 2 - 0.01 for _, _, yaw in dense(start, plan_headings(start, [(0.9, 0.0)], pi / 2, everywhere))
    )


def test_without_room_to_turn_the_final_heading_is_used_from_the_start():
    path = plan_headings((0.0, 0.0, 0.0), [(1.0, 0.0), (1.0, 1.0)], 0.7, nowhere)
    assert {round(yaw, 9) for _, _, yaw in path} == {0.7}


def test_a_straight_path_without_a_turn_is_one_pose():
    (pose,) = plan_headings((0.0, 0.0, 0.3), [(1.0, 0.0), (2.0, 0.0)], 0.3, nowhere)
    assert pose == pytest.approx((2.0, 0.0, 0.3))


def test_the_base_turns_through_the_smaller_angle():
    path = plan_headings((0.0, 0.0, 3.0), [(3.0, 0.0)], -3.0, nowhere)
    assert path[-1][2] == pytest.approx(2 * pi - 3.0)


# Swept volume


def box(x: float, y: float, *, soft: float = 0.0) -> Boxes:
    """Return a post 10 cm wide at a point."""
    return Boxes(at=np.array([[x, y, 0.5]]), turn=np.eye(3)[None], half=np.array([[0.05, 0.05, 0.5]]),
                 soft=np.array([soft]))  # fmt: skip


ARM: Array = np.array([[0.0, 0.0, 0.5], [0.5, 0.0, 0.5]])  # one sphere over the base, one in front
RADII: Array = np.array([0.2, 0.1])


def test_driving_past_a_post_does_not_collide():
    assert swept_overlap_m((0.0, 0.0, 0.0), [(2.0, 0.0, 0.0)], ARM, RADII, box(1.0, 0.5)) == 0.0


def test_driving_through_a_post_overlaps_by_the_depth_of_the_body():
    depth_m = swept_overlap_m((0.0, 0.0, 0.0), [(2.0, 0.0, 0.0)], ARM, RADII, box(1.0, 0.0))
    assert depth_m == pytest.approx(0.2 + 0.05, abs=0.01)


def test_a_swinging_arm_hits_an_obstacle_beside_the_base():
    straight = swept_overlap_m((0.0, 0.0, 0.0), [(2.0, 0.0, 0.0)], ARM, RADII, box(1.0, 0.5))
    swung = swept_overlap_m((0.0, 0.0, 0.0), [(1.0, 0.0, 0.0), (1.0, 0.0, pi)], ARM, RADII, box(1.0, 0.5))
    assert straight == 0.0 < swung


def test_a_post_between_two_waypoints_is_detected():
    path = [(4.0, 0.0, 0.0)]
    assert swept_overlap_m((0.0, 0.0, 0.0), path, ARM, RADII, box(2.03, 0.17)) > 0.0


def test_objects_that_may_be_nudged_are_ignored():
    assert swept_overlap_m((0.0, 0.0, 0.0), [(2.0, 0.0, 0.0)], ARM, RADII, box(1.0, 0.0, soft=1.0)) == 0.0


# The floor


@pytest.fixture(scope="module")
def floor() -> Floor:
    """A room of 4 by 6 m with a countertop and a table at its walls, y = 0 and y = 6."""
    home = scene(["countertop 1", "dining table 1"])
    return Floor(home, footprints(home))


@pytest.fixture
def bare(floor: Floor) -> Floor:
    floor.update([])
    return floor


DOOR = (2.0, 3.0, 0.0, 0.45, 0.01)  # an open door in the middle of the room


def test_clearance_is_the_distance_to_the_nearest_obstacle(bare):
    # 1 m in front of the countertop, whose front is at y = 0.67; each cell may be off by one.
    assert bare.clearance_with_doors_m[bare.cell_at(1.0, 1.67)] == pytest.approx(1.0, abs=1.5 * CELL_M)
    assert bare.clearance_with_doors_m[bare.cell_at(1.0, 0.3)] == 0.0


def test_an_open_door_reduces_clearance_and_a_closed_one_restores_it(bare):
    before = bare.clearance_with_doors_m.copy()
    bare.update([DOOR])
    assert bare.clearance_with_doors_m[bare.cell_at(2.0, 3.5)] == pytest.approx(0.5, abs=1.5 * CELL_M)
    assert (bare.clearance_with_doors_m <= before).all()
    bare.update([])
    assert (bare.clearance_with_doors_m == before).all()


def test_a_carried_object_stays_clear_of_open_doors(bare):
    beside = np.array([2.0, 3.35])
    bare.update([DOOR])
    assert bare.is_free(beside)
    bare.update([DOOR], carried_m=0.5)
    assert not bare.is_free(beside)
    assert bare.is_free(np.array([2.0, 3.65]))


def test_a_carried_object_blocks_no_path_past_static_furniture(bare):
    free = bare.free.copy()
    bare.update([], carried_m=0.6)
    assert (bare.free == free).all()


@pytest.fixture(scope="module")
def hall() -> Floor:
    """A room of 6 by 6 m with a post of 60 cm in its middle."""
    room = Room(name="hall", kind="hall", rect=(0.0, 0.0, 6.0, 6.0))
    home = Scene(name="post", seed=0, rooms=(room,), doorways=(), fixtures=(), objects=(), robot=(3.0, 1.0, 0.0))
    return Floor(home, [(3.0, 3.0, 0.0, 0.3, 0.3)])


@pytest.mark.parametrize("carried_m", [0.0, 0.6])
def test_a_carried_object_stays_clear_of_the_furniture(hall, carried_m):
    hall.update([], carried_m=carried_m)
    corners = hall.path((3.0, 1.0), (3.0, 5.0))
    assert corners is not None
    path = dense((3.0, 1.0, 0.0), [(x, y, 0.0) for x, y in corners])
    assert min(float(hall.clearance_m[hall.cell_at(x, y)]) for x, y, _ in path) > max(
        BASE_CLEAR_M, carried_m - 2 * CELL_M
    )


def test_the_base_drives_around_an_object_on_the_floor(bare):
    bare.update([], [(2.0, 3.0, 0.0, 0.1, 0.1)])
    assert not bare.is_free(np.array([2.0, 3.2]))
    corners = bare.path((1.0, 3.0), (3.0, 3.0))
    assert corners is not None
    path = dense((1.0, 3.0, 0.0), [(x, y, 0.0) for x, y in corners])
    assert min(hypot(x - 2.0, y - 3.0) for x, y, _ in path) > BASE_CLEAR_M


def test_a_blocked_goal_has_no_path():
    home = Scene(
        name="two rooms without a door", seed=0, fixtures=(), objects=(), doorways=(), robot=(1.0, 1.0, 0.0),
        rooms=(Room(name="a", kind="hall", rect=(0, 0, 2, 2)), Room(name="b", kind="hall", rect=(2, 0, 5, 2))),
    )  # fmt: skip
    floor = Floor(home, [])
    assert floor.path((4.0, 1.0), (1.0, 1.0)) is None
    assert floor.path((4.5, 1.5), (2.5, 0.5)) is not None
