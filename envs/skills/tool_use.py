"""Skills that touch without carrying away: switches, wiping, slicing, pouring, folding, and going somewhere."""

from __future__ import annotations

from functools import partial
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.free_spots import Placement, free_placements
from envs.geometry.rotations import Array, turn_z
from envs.physics.engine import BASE
from envs.physics.object_placement import extents_in_region
from envs.robot import kinematics
from envs.robot.motion_primitives import MotionPrimitives, SkillError, cyclic
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import DOWN, LEVEL, ApproachPath, ReachPose, ReachTarget, fixed, tip_over
from envs.skills.grasps import CORNERS, is_round

if TYPE_CHECKING:
    from collections.abc import Callable

PRESS_M = 0.02  # how near the tip must come to a switch
NO_CARGO = np.zeros((1, 3))
POUR_RAD = 1.9
STROKE_M = 0.05  # how far a cloth goes to either side
TILTED = 0.5  # cosine of a vessel's lean from which on it runs out
ASIDE_M = 0.20  # how far from the middle of what it is poured into
RUB_M = 0.05  # how near a cloth must come to what it wipes
CUT_M = 0.02  # how near a knife must come to what it cuts


def press(motion: MotionPrimitives, name: str) -> None:
    """Press a fixture's switch.

    Raises:
        SkillError: It cannot be reached.
    """
    switch = motion.queries.furniture[name].switch
    assert switch is not None
    yaw = motion.queries.specs[name].yaw
    normal = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    point = motion.queries.point_of(name, switch)
    goal = ReachTarget(
        middle=point,
        tip=fixed(point + 0.006 * normal),
        yaws=(yaw + pi, yaw + pi - 0.5, yaw + pi + 0.5),
        pitches=LEVEL,
        cargo=NO_CARGO,
    )
    entry = ApproachPath(up=0.0, out=(0.12 * float(normal[0]), 0.12 * float(normal[1])))
    motion.robot.allowed = frozenset((name,))
    reaches = motion.reaches([goal], entry, fixture=name, front=True)
    for reach in reaches[:3]:
        motion.approach(reach, name, finger=0.0)
        tip, _ = motion.robot.tip()
        pressed = bool(np.linalg.norm(tip - point) < PRESS_M)
        if pressed:
            motion.object_states.on_switched(name)
        motion.robot.wait(24)
        motion.retreat(reach)
        motion.tuck()
        if pressed:
            return
    reason = f"cannot reach the switch of {name}"
    if reaches:
        raise SkillError(reason)
    raise unreachable_error(motion, reason, lambda: motion.reaches([goal], entry, fixture=name, front=True), own=name)


def wipe(motion: MotionPrimitives, name: str) -> None:
    """Rub a fixture's surface with the cloth that is held.

    Raises:
        SkillError: The surface cannot be reached.
    """
    queries, held = motion.queries, motion.robot.held
    assert held is not None
    area = queries.region(name)
    category = queries.objects[held.name]
    taken, top = queries.occupied(area, [held.name])
    size, _ = extents_in_region(category, area)
    swept = (size[0], size[1] + 2 * STROKE_M)
    found = [spot for spot in free_placements(area.size[:2], swept, taken) if spot.yaw == 0.0]
    spots = found[:1] or [Placement(x=0.3 * area.size[0], y=0.0, yaw=0.0)]
    middle, turn = motion.robot.hang()
    half = np.abs(turn) @ np.array(category.size) / 2
    goals = []
    lifts = (0.012, top + 0.02, 0.25) if found else (top + 0.02, 0.25)  # over what stands there, not through it
    for rank, lift in enumerate(lifts):
        center = area.point(spots[0].x, spots[0].y, float(half[2]) + lift)
        goals.append(
            ReachTarget(
                middle=center,
                tip=tip_over(center, middle),
                yaws=(),
                pitches=motion.pitches(DOWN),
                cargo=CORNERS * half + middle,
                cost=float(rank),
            )
        )
    walls = queries.domain.fixtures[queries.specs[name].category].size[2] - float(area.at[2])
    find = partial(motion.reaches, goals, ApproachPath(up=0.16 + max(0.0, walls)), fixture=name)
    reaches = find()
    if not reaches:
        raise unreachable_error(motion, f"cannot reach {name}", find, own=name)
    motion.robot.allowed = frozenset((name,))
    motion.approach(reaches[0], name)
    side = turn_z(area.yaw)[:, 1]
    rubbed = 0
    for sign in (1, -1, 1, -1):
        motion.robot.move([_near(motion, reaches[0], STROKE_M * sign * side)], slow=1.2 * motion.pace)
        there = motion.queries.pose(held.name)[0]
        low = area.local(there)[2] - motion.queries.extents(held.name)[2]
        rubbed += int(low < top + RUB_M)
    motion.robot.move([_near(motion, reaches[0], np.zeros(3))], slow=motion.pace)
    if rubbed == 4:
        motion.object_states.on_wiped(name)
    motion.retreat(reaches[0])
    motion.tuck()
    if rubbed < 4:
        raise SkillError(f"{held.name} did not get down to {name}")


def _near(motion: MotionPrimitives, reach: ReachPose, shift: Array) -> Array:
    q = reach.at(shift.tolist())
    q[2] = motion.robot.q[2]
    return q


def slice_up(motion: MotionPrimitives, name: str) -> None:
    """Cut a thing with the knife that is held.

    Raises:
        SkillError: It cannot be reached.
    """
    held = motion.robot.held
    assert held is not None
    at, _ = motion.queries.pose(name)
    half = motion.queries.extents(name)
    middle, turn = motion.robot.hang()
    knife = np.abs(turn) @ np.array(motion.queries.objects[held.name].size) / 2
    center = at + np.array([0.0, 0.0, half[2] + knife[2] + 0.015])
    reach = _over_thing(motion, name, center, middle, DOWN)
    motion.approach(reach, name)
    cut = False
    for _ in range(3):
        motion.robot.move([_near(motion, reach, np.array([0.0, 0.0, -0.012]))], slow=motion.pace)
        cut |= motion.engine.gap(held.name, (BASE,), name) < CUT_M
        motion.robot.move([_near(motion, reach, np.array([0.0, 0.0, 0.03]))], slow=motion.pace)
    if cut:
        motion.object_states.on_sliced(name)
    motion.retreat(reach)
    motion.tuck()
    if not cut:
        raise SkillError(f"{held.name} missed {name}")


def pour(motion: MotionPrimitives, name: str, into: str) -> None:
    """Tilt the vessel that is held over another, or over a plant, by turning the wrist.

    Raises:
        SkillError: It cannot be reached.
    """
    queries, robot = motion.queries, motion.robot
    middle, turn = motion.robot.hang()
    tall = float((np.abs(turn) @ np.array(queries.objects[name].size))[2])
    if into in queries.specs:
        center = queries.point_of(into, (0.10, 0.0, 0.45 + tall / 2))
    else:
        at, _ = queries.pose(into)
        center = at + np.array([0.0, 0.0, queries.extents(into)[2] + 0.05 + tall / 2])
    reach = _over_thing(motion, into, center, middle, (0.15, 0.4, 0.7))
    motion.approach(reach, into)
    sign = 1.0 if robot.q[10] < 0 else -1.0
    tilted = robot.q.copy()
    tilted[10] = np.clip(tilted[10] + sign * POUR_RAD, kinematics.LOWER[7], kinematics.UPPER[7])
    upright = robot.q.copy()
    robot.level = False
    robot.move([tilted], slow=motion.pace)
    robot.wait(120)
    at, body = queries.pose(name)
    ran = body[2, 2] < TILTED and float(np.hypot(*(at - center)[:2])) < ASIDE_M and at[2] > center[2] - tall
    if ran:
        motion.object_states.on_poured(name, into)
    robot.move([upright], slow=motion.pace)
    robot.level = True
    motion.retreat(reach)
    motion.tuck()
    if not ran:
        raise SkillError(f"{name} was not tilted over {into}")


def fold(motion: MotionPrimitives, name: str) -> None:
    """Take a cloth's edge over to its other side.

    Raises:
        SkillError: It cannot be reached.
    """
    queries = motion.queries
    at, turn = queries.pose(name)
    category = queries.objects[name]
    half = queries.extents(name)
    yaw = float(np.arctan2(turn[1, 0], turn[0, 0]))

    def tip(heading: float) -> Array:
        mine = np.abs(turn_z(-heading) @ turn) @ np.array(category.size) / 2
        back = max(0.0, float(mine[0]) - 0.02)
        return np.array([at[0] - back * np.cos(heading), at[1] - back * np.sin(heading), at[2] + half[2] + 0.004])

    yaws = () if is_round(category) else cyclic(yaw, pi / 2)
    reach = _over_thing(motion, name, at, np.zeros(3), DOWN, tip=tip, yaws=yaws)
    motion.approach(reach, name, finger=0.004)
    tip_at, _ = motion.robot.tip()
    if motion.engine.gap("robot", (11, 12, 13), name) > 0.02:
        motion.retreat(reach)
        motion.tuck()
        raise SkillError(f"{name} slipped")
    over = at + (at - tip_at)
    rise = np.array([0.0, 0.0, 0.05])
    motion.robot.move([_near(motion, reach, rise)])
    motion.robot.move([_near(motion, reach, np.array([0.5, 0.5, 0.0]) * (over - tip_at) + rise)])
    motion.object_states.on_folded(name)
    motion.robot.move([_near(motion, reach, rise)])
    motion.retreat(reach)
    motion.tuck()


def _over_thing(
    motion: MotionPrimitives, name: str, center: Array, middle: Array, pitches: tuple[float, ...], *,
    tip: Callable[[float], Array] | None = None, yaws: tuple[float, ...] = (),
) -> ReachPose:  # fmt: skip
    queries = motion.queries
    root = queries.root(name)
    covered = root is not None and root != name and queries.region(root).covered
    goal = ReachTarget(
        middle=center,
        tip=tip or tip_over(center, middle),
        yaws=yaws,
        pitches=motion.pitches(LEVEL if covered else pitches),
        cargo=NO_CARGO,
    )
    entry = ApproachPath(up=0.18)
    if covered and root is not None:
        area = queries.region(root)
        out = area.size[0] / 2 - float(area.local(center)[0]) + 0.2
        entry = ApproachPath(up=0.03, out=(float(out * np.cos(area.yaw)), float(out * np.sin(area.yaw))))
    find = partial(motion.reaches, [goal], entry, fixture=root, ignore=[name], front=covered)
    reaches = find()
    if not reaches:
        raise unreachable_error(motion, f"cannot reach {name}", find, own=root)
    motion.robot.allowed = frozenset((name,))
    return reaches[0]
