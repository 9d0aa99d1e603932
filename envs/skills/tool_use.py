"""Skills that touch objects without carrying them away: press switches, wipe, slice, pour and fold."""

from __future__ import annotations

from functools import partial
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.free_placements import Placement, free_placements
from envs.geometry.rotations import Array, turn_z
from envs.physics.engine import BASE
from envs.physics.object_placement import extents_in_region
from envs.robot import kinematics
from envs.robot.motion_primitives import MotionPrimitives, SkillError, evenly_spaced_yaws
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import (
    PITCHES_DOWN,
    PITCHES_LEVEL,
    ApproachPath,
    ReachPose,
    ReachTarget,
    fixed_tip,
    tip_for_center,
)
from envs.skills.grasps import CORNERS, is_round

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PRESS_DISTANCE_M = 0.02  # maximum distance of the tip from a switch
NO_CARGO = np.zeros((1, 3))
POUR_RAD = 1.9
STROKE_M = 0.05  # how far a cloth moves to either side
MAX_TILT_COS = 0.5  # a vessel runs out if the cosine of its tilt is below this
MAX_POUR_OFFSET_M = 0.20  # maximum distance of the vessel from the middle of the target
MAX_WIPE_GAP_M = 0.05  # maximum distance of a cloth from the surface that it wipes
MAX_CUT_GAP_M = 0.02  # maximum distance of a knife from the object that it cuts


def press_switch(motion: MotionPrimitives, name: str) -> None:
    """Press a fixture's switch.

    Raises:
        SkillError: It cannot be reached.
    """
    switch = motion.queries.furniture[name].switch
    assert switch is not None
    yaw = motion.queries.specs[name].yaw
    normal = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    point = motion.queries.point_of(name, switch)
    target = ReachTarget(
        middle=point,
        tip=fixed_tip(point + 0.006 * normal),
        yaws=(yaw + pi, yaw + pi - 0.5, yaw + pi + 0.5),
        pitches=PITCHES_LEVEL,
        cargo=NO_CARGO,
    )
    approach = ApproachPath(up=0.0, out=(0.12 * float(normal[0]), 0.12 * float(normal[1])))
    motion.robot.allowed_contacts = frozenset((name,))
    reach_poses = motion.find_reach_poses([target], approach, fixture=name, front=True)
    for reach_pose in reach_poses[:3]:
        motion.approach(reach_pose, name, finger=0.0)
        tip, _ = motion.robot.tip()
        pressed = bool(np.linalg.norm(tip - point) < MAX_PRESS_DISTANCE_M)
        if pressed:
            motion.object_states.on_switched(name)
        motion.robot.wait(24)
        motion.retreat(reach_pose)
        motion.tuck()
        if pressed:
            return
    reason = f"cannot reach the switch of {name}"
    if reach_poses:
        raise SkillError(reason)
    raise unreachable_error(
        motion, reason, lambda: motion.find_reach_poses([target], approach, fixture=name, front=True), own_fixture=name
    )


def wipe(motion: MotionPrimitives, name: str) -> None:
    """Wipe a fixture's surface with the held cloth.

    Raises:
        SkillError: The surface cannot be reached.
    """
    queries, held = motion.queries, motion.robot.held
    assert held is not None
    region = queries.region(name)
    category = queries.objects[held.name]
    occupied, top = queries.occupied(region, [held.name])
    size, _ = extents_in_region(category, region)
    swept_size = (size[0], size[1] + 2 * STROKE_M)
    free_strips = [
        placement for placement in free_placements(region.size[:2], swept_size, occupied) if placement.yaw == 0.0
    ]
    placements = free_strips[:1] or [Placement(x=0.3 * region.size[0], y=0.0, yaw=0.0)]
    held_offset, turn = motion.robot.held_pose()
    half = np.abs(turn) @ np.array(category.size) / 2
    targets = []
    lifts = (0.012, top + 0.02, 0.25) if free_strips else (top + 0.02, 0.25)  # over other objects, not through them
    for rank, lift in enumerate(lifts):
        center = region.point(placements[0].x, placements[0].y, float(half[2]) + lift)
        targets.append(
            ReachTarget(
                middle=center,
                tip=tip_for_center(center, held_offset),
                yaws=(),
                pitches=motion.pitches(PITCHES_DOWN),
                cargo=CORNERS * half + held_offset,
                cost=float(rank),
            )
        )
    wall_height_m = queries.domain.fixtures[queries.specs[name].category].size[2] - float(region.at[2])
    find_poses = partial(
        motion.find_reach_poses, targets, ApproachPath(up=0.16 + max(0.0, wall_height_m)), fixture=name
    )
    reach_poses = find_poses()
    if not reach_poses:
        raise unreachable_error(motion, f"cannot reach {name}", find_poses, own_fixture=name)
    motion.robot.allowed_contacts = frozenset((name,))
    motion.approach(reach_poses[0], name)
    side_axis = turn_z(region.yaw)[:, 1]
    strokes_done = 0
    for sign in (1, -1, 1, -1):
        motion.robot.move(
            [_shifted_posture(motion, reach_poses[0], STROKE_M * sign * side_axis)], slowdown=1.2 * motion.slowdown
        )
        cloth_at = motion.queries.pose(held.name)[0]
        cloth_bottom_m = region.local(cloth_at)[2] - motion.queries.extents(held.name)[2]
        strokes_done += int(cloth_bottom_m < top + MAX_WIPE_GAP_M)
    motion.robot.move([_shifted_posture(motion, reach_poses[0], np.zeros(3))], slowdown=motion.slowdown)
    if strokes_done == 4:
        motion.object_states.on_wiped(name)
    motion.retreat(reach_poses[0])
    motion.tuck()
    if strokes_done < 4:
        raise SkillError(f"{held.name} did not get down to {name}")


def _shifted_posture(motion: MotionPrimitives, reach_pose: ReachPose, shift: Array) -> Array:
    q = reach_pose.shifted(shift.tolist())
    q[2] = motion.robot.q[2]
    return q


def cut_object(motion: MotionPrimitives, name: str) -> None:
    """Cut an object with the held knife.

    Raises:
        SkillError: It cannot be reached.
    """
    held = motion.robot.held
    assert held is not None
    at, _ = motion.queries.pose(name)
    half = motion.queries.extents(name)
    held_offset, turn = motion.robot.held_pose()
    knife = np.abs(turn) @ np.array(motion.queries.objects[held.name].size) / 2
    center = at + np.array([0.0, 0.0, half[2] + knife[2] + 0.015])
    reach_pose = _reach_above(motion, name, center, held_offset, PITCHES_DOWN)
    motion.approach(reach_pose, name)
    touched = False
    for _ in range(3):
        motion.robot.move(
            [_shifted_posture(motion, reach_pose, np.array([0.0, 0.0, -0.012]))], slowdown=motion.slowdown
        )
        touched |= motion.engine.gap(held.name, (BASE,), name) < MAX_CUT_GAP_M
        motion.robot.move([_shifted_posture(motion, reach_pose, np.array([0.0, 0.0, 0.03]))], slowdown=motion.slowdown)
    if touched:
        motion.object_states.on_sliced(name)
    motion.retreat(reach_pose)
    motion.tuck()
    if not touched:
        raise SkillError(f"{held.name} missed {name}")


def pour(motion: MotionPrimitives, name: str, target: str) -> None:
    """Tilt the held vessel over another vessel or a plant by turning the wrist.

    Raises:
        SkillError: It cannot be reached.
    """
    queries, robot = motion.queries, motion.robot
    held_offset, turn = motion.robot.held_pose()
    height_m = float((np.abs(turn) @ np.array(queries.objects[name].size))[2])
    if target in queries.specs:
        center = queries.point_of(target, (0.10, 0.0, 0.45 + height_m / 2))
    else:
        at, _ = queries.pose(target)
        center = at + np.array([0.0, 0.0, queries.extents(target)[2] + 0.05 + height_m / 2])
    reach_pose = _reach_above(motion, target, center, held_offset, (0.15, 0.4, 0.7))
    motion.approach(reach_pose, target)
    sign = 1.0 if robot.q[10] < 0 else -1.0
    tilted_posture = robot.q.copy()
    tilted_posture[10] = np.clip(tilted_posture[10] + sign * POUR_RAD, kinematics.LOWER[7], kinematics.UPPER[7])
    upright_posture = robot.q.copy()
    robot.keep_upright = False
    robot.move([tilted_posture], slowdown=motion.slowdown)
    robot.wait(120)
    at, vessel_rotation = queries.pose(name)
    poured = (
        vessel_rotation[2, 2] < MAX_TILT_COS
        and float(np.hypot(*(at - center)[:2])) < MAX_POUR_OFFSET_M
        and at[2] > center[2] - height_m
    )
    if poured:
        motion.object_states.on_poured(name, target)
    robot.move([upright_posture], slowdown=motion.slowdown)
    robot.keep_upright = True
    motion.retreat(reach_pose)
    motion.tuck()
    if not poured:
        raise SkillError(f"{name} was not tilted over {target}")


def fold(motion: MotionPrimitives, name: str) -> None:
    """Move one edge of a cloth over to its other side.

    Raises:
        SkillError: It cannot be reached.
    """
    queries = motion.queries
    at, turn = queries.pose(name)
    category = queries.objects[name]
    half = queries.extents(name)
    yaw = float(np.arctan2(turn[1, 0], turn[0, 0]))

    def tip(heading: float) -> Array:
        half_along_heading = np.abs(turn_z(-heading) @ turn) @ np.array(category.size) / 2
        back_m = max(0.0, float(half_along_heading[0]) - 0.02)
        return np.array([at[0] - back_m * np.cos(heading), at[1] - back_m * np.sin(heading), at[2] + half[2] + 0.004])

    yaws = () if is_round(category) else evenly_spaced_yaws(yaw, pi / 2)
    reach_pose = _reach_above(motion, name, at, np.zeros(3), PITCHES_DOWN, tip=tip, yaws=yaws)
    motion.approach(reach_pose, name, finger=0.004)
    tip_at, _ = motion.robot.tip()
    if motion.engine.gap("robot", (11, 12, 13), name) > 0.02:
        motion.retreat(reach_pose)
        motion.tuck()
        raise SkillError(f"{name} slipped")
    far_edge = at + (at - tip_at)
    lift = np.array([0.0, 0.0, 0.05])
    motion.robot.move([_shifted_posture(motion, reach_pose, lift)])
    motion.robot.move([_shifted_posture(motion, reach_pose, np.array([0.5, 0.5, 0.0]) * (far_edge - tip_at) + lift)])
    motion.object_states.on_folded(name)
    motion.robot.move([_shifted_posture(motion, reach_pose, lift)])
    motion.retreat(reach_pose)
    motion.tuck()


def _reach_above(
    motion: MotionPrimitives, name: str, center: Array, middle: Array, pitches: tuple[float, ...], *,
    tip: Callable[[float], Array] | None = None, yaws: tuple[float, ...] = (),
) -> ReachPose:  # fmt: skip
    """Return the best pose with the held object (its center `middle` from the tip) at `center`, or with a given tip."""
    queries = motion.queries
    fixture = queries.root(name)
    covered = fixture is not None and fixture != name and queries.region(fixture).covered
    target = ReachTarget(
        middle=center,
        tip=tip or tip_for_center(center, middle),
        yaws=yaws,
        pitches=motion.pitches(PITCHES_LEVEL if covered else pitches),
        cargo=NO_CARGO,
    )
    approach = ApproachPath(up=0.18)
    if covered and fixture is not None:
        region = queries.region(fixture)
        out_m = region.size[0] / 2 - float(region.local(center)[0]) + 0.2
        approach = ApproachPath(up=0.03, out=(float(out_m * np.cos(region.yaw)), float(out_m * np.sin(region.yaw))))
    find_poses = partial(motion.find_reach_poses, [target], approach, fixture=fixture, ignore=[name], front=covered)
    reach_poses = find_poses()
    if not reach_poses:
        raise unreachable_error(motion, f"cannot reach {name}", find_poses, own_fixture=fixture)
    motion.robot.allowed_contacts = frozenset((name,))
    return reach_poses[0]
