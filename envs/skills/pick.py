"""Picking things up, and how the hand comes to a place."""

from __future__ import annotations

from functools import partial
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import edge_top, rims
from envs.geometry.rotations import Array
from envs.robot.motion_primitives import MotionPrimitives, SkillError, cyclic
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import BACK, DOWN, LEVEL, ApproachPath, ReachPose, ReachTarget
from envs.robot.robot import HAND, LEFT, NAME, OPEN_M, RIGHT
from envs.skills.grasps import CORNERS, UPRIGHT, half_extents, heading_of, is_round, pinches

if TYPE_CHECKING:
    from envs.geometry.support_region import SupportRegion

SQUEEZE_M = 0.012  # of each finger beyond a thing's side, so that the motors press
CLEAR_M = 0.02  # of each finger beside a thing
SHUT_M = 0.004  # of each finger, to touch rather than to pinch
PINCHED_M = 0.003
TOUCH_M = 0.018  # how near the tip must come for an assisted grasp
ABOVE_M = 0.16  # by which the tip comes from above
OVER_RIM_M = 0.05  # by which fingers come in over a rim that they then straddle


def pick_up(motion: MotionPrimitives, name: str, pitches: tuple[float, ...] | None = None) -> None:
    """Grasp a thing and lift it, arm tucked at the end.

    Args:
        motion: The robot and its home.
        name: The thing.
        pitches: How the hand may pitch for a grasp by friction, the best first [rad]; else as the place asks for.

    Raises:
        SkillError: It cannot be reached or held.
    """
    queries = motion.queries
    root = queries.root(name)
    cargo = queries.contents(name)
    reason = f"cannot reach {name}"
    for attempt in range(3):
        goals = pinches(motion, name, pitches, deeper_m=0.006 * attempt)
        if motion.grasp == "assisted":
            goals.append(_touch(motion, name, lower=0.008 * attempt))
        if not goals:
            raise SkillError(f"{name} is too wide for the hand")
        over_m = 2 * float(queries.extents(name)[2]) if queries.holder(name) != root else 0.0
        if motion.grasp == "physical" and rims(queries.objects[name]):
            over_m = max(over_m, OVER_RIM_M)
        entry, front = entry_to(motion, root, name, extra=over_m)
        find = partial(motion.reaches, goals, entry, fixture=root, ignore=[name, *cargo], front=front)
        reaches = find()
        if not reaches and attempt == 0:
            raise unreachable_error(motion, reason, find, own=root)
        if not reaches:
            break
        reach = reaches[min(2 * attempt, len(reaches) - 1)]  # another one each time
        motion.robot.allowed = frozenset((name, *cargo))
        if motion.grasp == "physical":
            held = _pinch(motion, name, cargo, reach, root or name)
        else:
            pinched = reach.width > 0
            motion.approach(reach, root or name, finger=min(OPEN_M, reach.width / 2 + CLEAR_M) if pinched else SHUT_M)
            motion.robot.grip(max(0.0, reach.width / 2 - 0.001) if pinched else SHUT_M)
            held = motion.engine.gap(NAME, (HAND, LEFT, RIGHT), name) < TOUCH_M
            if held:
                motion.robot.hold(name, cargo)
                _lift(motion, name, cargo, reach)
        if held:
            return
        reason = f"{name} slipped"
        if motion.robot.held is None:
            motion.retreat(reach)
        motion.drop()
        motion.tuck()
    raise SkillError(reason)


def _touch(motion: MotionPrimitives, name: str, *, lower: float) -> ReachTarget:
    """Where the fingertips touch a thing that they cannot take between them: near its edge, on top."""
    queries = motion.queries
    category = queries.objects[name]
    at, turn = queries.pose(name)
    root = queries.root(name)
    covered = root is not None and queries.region(root).covered
    yaw = heading_of(turn)
    over_m = 0.012 if covered else 0.003  # a level hand's fingers are 9 mm thick below their middle

    def tip(heading: float) -> Array:
        half = half_extents(turn, category, heading)
        top = half[2] if abs(turn[2, 2]) < UPRIGHT else edge_top(category)
        back = max(0.0, half[0] - 0.02)
        made: Array = np.array(
            [at[0] - back * np.cos(heading), at[1] - back * np.sin(heading), at[2] + top + over_m - lower]
        )
        return made

    half = half_extents(turn, category, yaw)
    corners = CORNERS * half
    corners[:, 2] -= half[2]
    corners[:, 0] += half[0] - 0.02
    return ReachTarget(
        middle=at,
        tip=tip,
        yaws=() if is_round(category) else cyclic(yaw, pi / 2),
        pitches=LEVEL if covered else (*DOWN, BACK),
        cargo=corners * 0.9 + (0, 0, 0.02),
        cost=0.6,
    )


def entry_to(motion: MotionPrimitives, root: str | None, name: str, *, extra: float = 0.0) -> tuple[ApproachPath, bool]:
    """From the front where something is above, else from above."""
    queries = motion.queries
    if root is not None and queries.region(root).covered:
        area = queries.region(root)
        at, _ = queries.pose(name)
        return from_front(area, float(area.local(at)[0]), extra), True
    walls = 0.0
    if root is not None:
        spec = queries.specs[root]
        category = queries.domain.fixtures[spec.category]
        if category.region is not None:
            walls = max(0.0, category.size[2] - category.region.z)
    return ApproachPath(up=ABOVE_M + min(0.25, walls) + 0.5 * extra), False


def from_front(area: SupportRegion, x: float, extra: float) -> ApproachPath:
    """Out of a covered region from a depth x [m] of its frame."""
    out = area.size[0] / 2 - x + 0.20
    return ApproachPath(up=0.03 + min(0.20, extra), out=(float(out * np.cos(area.yaw)), float(out * np.sin(area.yaw))))


def _pinch(motion: MotionPrimitives, name: str, cargo: list[str], reach: ReachPose, where: str) -> bool:
    """Take a thing by the fingers' friction and lift it; whether it came along."""
    robot = motion.robot
    motion.approach(reach, where, finger=min(OPEN_M, reach.width / 2 + CLEAR_M))
    for thing in (name, *cargo):
        motion.engine.keep_awake(thing)
    robot.grip(max(0.0, reach.width / 2 - SQUEEZE_M))
    robot.wait(24)
    if max(motion.engine.gap(NAME, (finger,), name) for finger in (LEFT, RIGHT)) > PINCHED_M:
        robot.grip(min(OPEN_M, reach.width / 2 + CLEAR_M))
        return False
    robot.hold(name, cargo, welded=False)
    _lift(motion, name, cargo, reach)
    return not robot.slipped()


def _lift(motion: MotionPrimitives, name: str, cargo: list[str], reach: ReachPose) -> None:
    """Lift, leave and tuck; what leaned on the thing wakes up."""
    leaning = motion.engine.neighbors(name)
    for other in [thing for thing in motion.queries.objects if thing in leaning]:  # in a fixed order
        motion.engine.wake(other)
    for thing in (name, *cargo):
        motion.engine.keep_awake(thing)
    motion.retreat(reach)
    motion.tuck()
