"""The skill `pick up`, and the approach paths of the hand that placing uses too."""

from __future__ import annotations

from functools import partial
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import edge_height, rims
from envs.assets.mesh_grasps import touch_point
from envs.geometry.rotations import Array
from envs.robot.motion_primitives import MotionPrimitives, SkillError, evenly_spaced_yaws
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import PITCH_BACK, PITCHES_DOWN, PITCHES_LEVEL, ApproachPath, ReachPose, ReachTarget
from envs.robot.robot import HAND, LEFT, NAME, OPEN_M, RIGHT
from envs.skills.grasps import CORNERS, UPRIGHT_COS, grasp_candidates, half_extents, heading_of, is_round

if TYPE_CHECKING:
    from envs.geometry.support_region import SupportRegion

SQUEEZE_M = 0.012  # of each finger beyond the object's side, so that the motors press
FINGER_CLEAR_M = 0.02  # of each finger beside an object
CLOSED_FINGER_M = 0.004  # of each finger, to touch rather than to pinch
MAX_PINCH_GAP_M = 0.003
MAX_TOUCH_GAP_M = 0.018  # maximum distance of the fingers from the object for an assisted grasp
APPROACH_HEIGHT_M = 0.16  # height from which the tip comes
RIM_CLEAR_M = 0.05  # height at which the fingers pass over a rim before they straddle it


def pick_up(motion: MotionPrimitives, name: str, pitches: tuple[float, ...] | None = None) -> None:
    """Grasp an object and lift it, then tuck the arm.

    Args:
        motion: The robot and its home.
        name: The object.
        pitches: Pitches of the hand for a grasp by friction, the best first [rad]; by default those that fit the place.

    Raises:
        SkillError: It cannot be reached or held.
    """
    queries = motion.queries
    fixture = queries.root(name)
    cargo = queries.contents(name)
    reason = f"cannot reach {name}"
    for attempt in range(3):
        targets = grasp_candidates(motion, name, pitches, deeper_m=0.006 * attempt)
        if motion.grasp == "assisted":
            targets.append(_touch_target(motion, name, lower=0.008 * attempt))
        if not targets:
            raise SkillError(f"{name} is too wide for the hand")
        extra_height_m = 2 * float(queries.extents(name)[2]) if queries.holder(name) != fixture else 0.0
        if motion.grasp == "physical" and rims(queries.objects[name]):
            extra_height_m = max(extra_height_m, RIM_CLEAR_M)
        approach, front = approach_to(motion, fixture, name, extra_height_m=extra_height_m)
        find_poses = partial(
            motion.find_reach_poses, targets, approach, fixture=fixture, ignore=[name, *cargo], front=front
        )
        reach_poses = find_poses()
        if not reach_poses and attempt == 0:
            raise unreachable_error(motion, reason, find_poses, own_fixture=fixture)
        if not reach_poses:
            break
        reach_pose = reach_poses[min(2 * attempt, len(reach_poses) - 1)]  # a different one at each attempt
        motion.robot.allowed_contacts = frozenset((name, *cargo))
        if motion.grasp == "physical":
            held = _pinch(motion, name, cargo, reach_pose, fixture or name)
        else:
            pinched = reach_pose.width > 0
            motion.approach(
                reach_pose,
                fixture or name,
                finger=min(OPEN_M, reach_pose.width / 2 + FINGER_CLEAR_M) if pinched else CLOSED_FINGER_M,
            )
            motion.robot.grip(max(0.0, reach_pose.width / 2 - 0.001) if pinched else CLOSED_FINGER_M)
            held = motion.engine.gap(NAME, (HAND, LEFT, RIGHT), name) < MAX_TOUCH_GAP_M
            if held:
                motion.robot.hold(name, cargo)
                _lift(motion, name, cargo, reach_pose)
        if held:
            return
        reason = f"{name} slipped"
        if motion.robot.held is None:
            motion.retreat(reach_pose)
        motion.drop_if_slipped()
        motion.tuck()
    raise SkillError(reason)


def _touch_target(motion: MotionPrimitives, name: str, *, lower: float) -> ReachTarget:
    """Target at which the fingertips touch an object that they cannot grasp: on top, near its edge."""
    queries = motion.queries
    category = queries.objects[name]
    at, turn = queries.pose(name)
    fixture = queries.root(name)
    covered = fixture is not None and queries.region(fixture).covered
    yaw = heading_of(turn)
    height_above_m = 0.012 if covered else 0.003  # the fingers of a level hand are 9 mm thick below their middle

    def tip(heading: float) -> Array:
        if category.mesh is not None and turn[2, 2] > UPRIGHT_COS:
            point = touch_point(category.mesh, category.size, heading - yaw)
            surface: Array = at + turn @ np.array(point) + (0.0, 0.0, height_above_m - lower)
            return surface
        half = half_extents(turn, category, heading)
        top_m = half[2] if abs(turn[2, 2]) < UPRIGHT_COS else edge_height(category)
        back_m = max(0.0, half[0] - 0.02)
        tip_at: Array = np.array(
            [at[0] - back_m * np.cos(heading), at[1] - back_m * np.sin(heading), at[2] + top_m + height_above_m - lower]
        )
        return tip_at

    half = half_extents(turn, category, yaw)
    corners = CORNERS * half
    corners[:, 2] -= half[2]
    corners[:, 0] += half[0] - 0.02
    return ReachTarget(
        middle=at,
        tip=tip,
        yaws=() if is_round(category) else evenly_spaced_yaws(yaw, pi / 2),
        pitches=PITCHES_LEVEL if covered else (*PITCHES_DOWN, PITCH_BACK),
        cargo=corners * 0.9 + (0, 0, 0.02),
        cost=0.6,
    )


def approach_to(
    motion: MotionPrimitives, fixture: str | None, name: str, *, extra_height_m: float = 0.0
) -> tuple[ApproachPath, bool]:
    """Return the approach path to an object, and whether it comes from the front (in covered regions) or from above."""
    queries = motion.queries
    if fixture is not None and queries.region(fixture).covered:
        region = queries.region(fixture)
        at, _ = queries.pose(name)
        return approach_from_front(region, float(region.local(at)[0]), extra_height_m), True
    wall_height_m = 0.0
    if fixture is not None:
        spec = queries.specs[fixture]
        category = queries.domain.fixtures[spec.category]
        if category.region is not None:
            wall_height_m = max(0.0, category.size[2] - category.region.z)
    return ApproachPath(up=APPROACH_HEIGHT_M + min(0.25, wall_height_m) + 0.5 * extra_height_m), False


def approach_from_front(region: SupportRegion, x: float, extra_height_m: float) -> ApproachPath:
    """Return the approach path from the front to depth x [m] in the frame of a covered region."""
    out_m = region.size[0] / 2 - x + 0.20
    return ApproachPath(
        up=0.03 + min(0.20, extra_height_m), out=(float(out_m * np.cos(region.yaw)), float(out_m * np.sin(region.yaw)))
    )


def _pinch(motion: MotionPrimitives, name: str, cargo: list[str], reach: ReachPose, place: str) -> bool:
    """Grasp an object by the friction of the fingers and lift it; return whether the hand holds it."""
    robot = motion.robot
    motion.approach(reach, place, finger=min(OPEN_M, reach.width / 2 + FINGER_CLEAR_M))
    for item in (name, *cargo):
        motion.engine.keep_awake(item)
    robot.grip(max(0.0, reach.width / 2 - SQUEEZE_M))
    robot.wait(24)
    if max(motion.engine.gap(NAME, (finger,), name) for finger in (LEFT, RIGHT)) > MAX_PINCH_GAP_M:
        robot.grip(min(OPEN_M, reach.width / 2 + FINGER_CLEAR_M))
        return False
    robot.hold(name, cargo, welded=False)
    _lift(motion, name, cargo, reach)
    return not robot.slipped()


def _lift(motion: MotionPrimitives, name: str, cargo: list[str], reach: ReachPose) -> None:
    """Lift, retreat and tuck; wake the objects that touch the lifted one."""
    touching = motion.engine.neighbors(name)
    for neighbor in [item for item in motion.queries.objects if item in touching]:  # in a fixed order
        motion.engine.wake(neighbor)
    for item in (name, *cargo):
        motion.engine.keep_awake(item)
    motion.retreat(reach)
    motion.tuck()
