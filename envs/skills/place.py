"""Place the held object in its current grasp: find room, approach, release it and check that it stays."""

from __future__ import annotations

from itertools import product
from math import atan2, pi
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.free_placements import Placement, free_placements
from envs.geometry.rotations import Array, turn_z
from envs.physics.engine import TICK_S
from envs.physics.nearness import apart_pairs, placements_beside
from envs.physics.object_placement import extents_in_region, on_end_rotation
from envs.robot.kinematics import hand_rotation
from envs.robot.motion_primitives import MotionPrimitives, SkillError, evenly_spaced_yaws
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import PITCHES_DOWN, PITCHES_LEVEL, ApproachPath, ReachPose, ReachTarget, tip_for_center
from envs.robot.robot import OPEN_M
from envs.skills.grasps import CORNERS, is_round
from envs.skills.pick import APPROACH_HEIGHT_M, FINGER_CLEAR_M, SQUEEZE_M, approach_from_front, approach_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.geometry.support_region import SupportRegion
    from envs.symbolic.domain import ObjectCategory

MAX_PLACEMENTS = 5
OVERHANG_M = 0.03
MAX_OVERHANG_M = 0.08
MAX_OFF_CENTER_M = 0.04  # a round object held farther off its center may be turned about z
# Points of a round object relative to its center, in half extents: circles at its top and bottom.
ROUND_POINTS = 0.9 * np.array([(np.cos(k * pi / 4), np.sin(k * pi / 4), z) for k in range(8) for z in (-1.0, 1.0)])
RELEASE_HEIGHT_M = 0.006  # height from which an object is released
MAX_FLAT_HEIGHT_M = 0.045  # other objects may be placed on an object that is no higher than this


class NeedsRegraspError(SkillError):
    """An object held by friction cannot be placed there in its current grasp; another grasp might work."""


def place_as_held(motion: MotionPrimitives, name: str, place: str, beside: Sequence[str] = ()) -> None:
    """Place the held object in its current grasp, then tuck the arm.

    Args:
        motion: The robot's motions.
        name: The held object.
        place: The fixture or container.
        beside: Objects there, beside one of which it must be placed; empty: anywhere.

    Raises:
        SkillError: No room, no reach, or it did not stay there; the object is still held unless it fell.
    """
    queries, robot = motion.queries, motion.robot
    held = robot.held
    assert held is not None
    robot.update_grasp()
    region = queries.region(place)
    fixture = queries.root(place)
    reach_poses, tilt = _placement_poses(motion, name, region, fixture, beside)
    if not reach_poses:
        reason = f"cannot reach {place}" + (f" beside {beside[0]}" if beside else "")
        if held.weld is None:
            raise NeedsRegraspError(reason)
        raise unreachable_error(
            motion,
            reason,
            lambda: _placement_poses(motion, name, region, fixture, beside)[0],
            own_fixture=fixture,
        )
    reach_pose = reach_poses[0]
    robot.allowed_contacts = frozenset((place, *robot.carried))
    if tilt is not None:
        x, y, yaw = (float(value) for value in reach_pose.approach_waypoints()[0][:3])
        motion.drive(x, y, yaw, place)
        robot.tilt(tilt)
    motion.approach(reach_pose, place)
    if robot.slipped():
        motion.drop_if_slipped()
        raise SkillError(f"{name} slipped")
    release(motion)
    motion.retreat(reach_pose)
    _wait_and_restore_collisions(motion, name)
    motion.tuck()
    if place not in queries.holders(name):
        robot.wait(60)
    if place not in queries.holders(name):
        holder = queries.holder(name)
        raise SkillError(
            f"{name} did not stay {region.relation} {place} (it is {'at ' + holder if holder else 'on the floor'})"
        )
    if beside and all(apart_pairs(queries, place, (name, neighbor)) for neighbor in beside):
        raise SkillError(f"{name} did not stay beside {beside[0]}")


def release(motion: MotionPrimitives) -> None:
    """Open the hand and wait until the object lies still."""
    robot = motion.robot
    assert robot.held is not None
    robot.wait(12)
    names = robot.carried
    robot.release()
    for name in names:
        motion.engine.may_sleep(name)
    robot.grip(min(OPEN_M, robot.finger + SQUEEZE_M + FINGER_CLEAR_M))  # opened wider, a finger would jam inside a cup
    motion.released = names


def _wait_and_restore_collisions(motion: MotionPrimitives, name: str) -> None:
    motion.robot.wait(int(0.25 / TICK_S))
    motion.robot.enable_collisions(motion.released)
    motion.released = []


def _placement_poses(
    motion: MotionPrimitives, name: str, region: SupportRegion, fixture: str | None, beside: Sequence[str]
) -> tuple[list[ReachPose], Array | None]:
    """Return reach poses for releasing the held object in a region, and the tilt it needs first (None for none)."""
    queries = motion.queries
    category = queries.objects[name]
    held = motion.robot.held
    assert held is not None
    size, on_end = extents_in_region(category, region)
    carried = motion.robot.carried
    held_offset, turn = motion.robot.held_pose()
    tilt = None
    pitch = held.pitch
    if held.weld is None:
        turn, pitch = _rotation_for_release(motion, category, on_end=on_end)
        held_offset = -turn @ np.array(held.pivot)
    elif on_end or _is_tilted(turn, category):
        upright = on_end_rotation(category) if on_end else np.eye(3)
        tilt = upright @ (turn_z(-held.yaw) @ held.turn).T
        turn = upright
        held_offset = -turn @ np.array(held.pivot)
    round_shape = is_round(category)
    round_footprint = round_shape and not on_end  # its width does not depend on its yaw
    half = np.array(size) / 2 if round_footprint else np.abs(turn) @ np.array(category.size) / 2
    own_yaw = 0.0 if on_end else atan2(turn[1, 0], turn[0, 0])

    def yaw_choices(yaw: float) -> tuple[float, ...]:
        if not round_shape:
            return evenly_spaced_yaws(yaw, pi)
        return () if float(np.hypot(*held_offset[:2])) < MAX_OFF_CENTER_M else evenly_spaced_yaws(region.yaw, pi / 4)

    cargo_points = (ROUND_POINTS if round_footprint else CORNERS) * half + held_offset
    from_front = region.covered or (fixture is not None and fixture != region.name and queries.region(fixture).covered)
    pitches: tuple[float, ...] = PITCHES_LEVEL if from_front else (PITCHES_DOWN if not on_end else (0.85, 0.5, 1.2))
    if held.weld is None:
        pitches = (pitch,)
    # Objects may be dropped into a bin.
    drop_heights = (0.0,) if from_front or region.relation != "in" else (0.0, 0.10, 0.22)
    options = _placement_options(motion, name, region, fixture)
    for placements, height in _options_beside(motion, name, region, options, beside) if beside else options:
        lowest_height = height
        if on_end and region.name in queries.objects:  # the fingers stay above the rim
            rim = queries.objects[region.name].size[2]
            lowest_height = max(lowest_height, rim + 0.025 + float(held_offset[2]) - size[2] / 2)
        distinct = _distinct_placements(placements)
        targets = []
        for k, (drop_height, placement) in enumerate(
            product(drop_heights, distinct if len(drop_heights) == 1 else distinct[:3])
        ):
            center = region.point(placement.x, placement.y, size[2] / 2 + lowest_height + drop_height)
            yaw = region.yaw + placement.yaw - own_yaw
            targets.append(
                ReachTarget(
                    middle=center, tip=tip_for_center(center, held_offset), yaws=yaw_choices(yaw),
                    pitches=pitches, cargo=cargo_points, cost=0.25 * k,
                )
            )  # fmt: skip
        if from_front and fixture is not None:
            fixture_region = queries.region(fixture)
            innermost_m = min(float(fixture_region.local(target.middle)[0]) for target in targets)
            approach = approach_from_front(
                fixture_region, innermost_m, queries.objects[region.name].size[2] if region.name != fixture else 0.0
            )
            approach = ApproachPath(up=approach.up, out=_extended(approach.out, float(half[:2].max())))
        else:
            approach = (
                approach_to(motion, fixture, name)[0]
                if fixture is None
                else _approach_from_above(motion, fixture, region)
            )
        if reach_poses := motion.find_reach_poses(targets, approach, fixture=fixture, ignore=carried, front=from_front):
            return reach_poses, tilt
    return [], None


def _options_beside(
    motion: MotionPrimitives, name: str, region: SupportRegion, options: Iterator[tuple[list[Placement], float]],
    beside: Sequence[str],
) -> Iterator[tuple[list[Placement], float]]:  # fmt: skip
    """Yield the placements that are beside one of the neighbors; inside a vessel all are.

    Raises:
        SkillError: There is no room beside them.
    """
    size, _ = extents_in_region(motion.queries.objects[name], region)
    has_room = False
    for placements, height in options:
        near = placements if region.vessel else placements_beside(motion.queries, region, beside, placements, size)
        if near:
            has_room = True
            yield near, height
    if not has_room:
        raise SkillError(f"no room beside {beside[0]} {region.relation} {region.name}")


def _placement_options(
    motion: MotionPrimitives, name: str, region: SupportRegion, fixture: str | None
) -> Iterator[tuple[list[Placement], float]]:
    """Yield free placements and their height above the region's floor [m]: beside other objects, then on top of them.

    Raises:
        SkillError: There is no room at all.
    """
    queries, carried = motion.queries, motion.robot.carried
    category = queries.objects[name]
    size, on_end = extents_in_region(category, region)
    occupied, top_m = queries.occupied(region, carried)
    is_round_footprint = is_round(category) and not on_end
    placements = free_placements(region.size[:2], size[:2], occupied, edge=region.edge(size), round_=is_round_footprint)
    may_overhang = not region.vessel and (
        fixture is None or queries.domain.fixtures[queries.specs[fixture].category].body != "seat"
    )
    if not placements and may_overhang:  # tightly, and a little over the edge
        blocked = np.concatenate([occupied, region.walls()])
        for overhang_m in (OVERHANG_M, min(MAX_OVERHANG_M, 0.25 * min(size[:2]))):
            placements = placements or free_placements(
                region.size[:2], size[:2], blocked, spacing=0.0, edge=overhang_m, round_=is_round_footprint
            )
    if placements:
        yield placements, RELEASE_HEIGHT_M
    on_flat = [] if region.vessel or region.loose else _on_flat_objects(motion, region, name, size)
    yield from on_flat
    if placements or on_flat:
        return
    if (region.relation == "on" and not region.loose) or region.covered:
        raise SkillError(f"no room {region.relation} {region.name}")
    yield [Placement(x=0.0, y=0.0, yaw=0.0)], top_m + 0.02


def _on_flat_objects(
    motion: MotionPrimitives, region: SupportRegion, name: str, size: tuple[float, float, float]
) -> list[tuple[list[Placement], float]]:
    """Placements on top of each flat object in the region, such as a book or another plate, with its top [m]."""
    queries, carried = motion.queries, motion.robot.carried
    options = []
    for flat_name in sorted(queries.objects):
        flat_category = queries.objects[flat_name]
        if (
            flat_name in carried
            or queries.holder(flat_name) != region.name
            or (flat_category.holds and flat_category is not queries.objects[name])
        ):
            continue  # on a tray it would be at the tray, not in `region`; only equal objects can be stacked
        if flat_category.size[2] > MAX_FLAT_HEIGHT_M or flat_category.size[2] + size[2] + 0.02 > region.size[2]:
            continue
        flat_rectangle, _ = queries.occupied(region, [other for other in queries.objects if other != flat_name])
        if not len(flat_rectangle):
            continue
        x, y, half_x, half_y = (float(n) for n in flat_rectangle[0])
        occupied, _ = queries.occupied(region, [*carried, flat_name])
        shifted = occupied - np.array([x, y, 0.0, 0.0]) if len(occupied) else occupied
        placements = free_placements((2 * half_x, 2 * half_y), size[:2], shifted, spacing=0.0, edge=0.3 * min(size[:2]))
        if placements:
            top_m = float(region.local(queries.pose(flat_name)[0])[2] + queries.extents(flat_name)[2])
            options.append(([Placement(x=p.x + x, y=p.y + y, yaw=p.yaw) for p in placements], top_m + RELEASE_HEIGHT_M))
    return options


def _rotation_for_release(motion: MotionPrimitives, category: ObjectCategory, *, on_end: bool) -> tuple[Array, float]:
    """Return the object's rotation (3, 3) and the hand's pitch [rad] for releasing an object held by friction.

    Raises:
        AwkwardError: The object would have to turn in the hand.
    """
    held = motion.robot.held
    assert held is not None
    _, turn = motion.robot.held_pose()
    longest = int(np.argmax(category.size))
    for pitch in (held.pitch, held.pitch - pi / 2):
        tilted = hand_rotation(0.0, pitch) @ hand_rotation(0.0, held.pitch).T @ turn
        if (abs(tilted[2, longest]) > 0.9) == on_end or (not on_end and abs(tilted[2]).max() > 0.95):
            return tilted, max(0.0, pitch)
    raise NeedsRegraspError(f"cannot turn {held.name} in the hand")


def _approach_from_above(motion: MotionPrimitives, fixture: str, region: SupportRegion) -> ApproachPath:
    category = motion.queries.domain.fixtures[motion.queries.specs[fixture].category]
    wall_height_m = max(0.0, category.size[2] - category.region.z) if category.region is not None else 0.0
    container_height_m = motion.queries.objects[region.name].size[2] if region.name in motion.queries.objects else 0.0
    return ApproachPath(up=APPROACH_HEIGHT_M + min(0.25, wall_height_m) + min(0.2, container_height_m))


def _is_tilted(turn: Array, category: ObjectCategory) -> bool:
    """Whether a held object that should be upright is tilted."""
    return bool(turn[2, 2] < 0.95)


def _extended(offset: tuple[float, float], extra_m: float) -> tuple[float, float]:
    length = float(np.hypot(*offset))
    factor = (length + extra_m) / length
    return offset[0] * factor, offset[1] * factor


def _distinct_placements(placements: list[Placement]) -> list[Placement]:
    """The best placements that are not next to each other."""
    chosen: list[Placement] = []
    for placement in placements:
        if all(
            abs(placement.x - other.x) + abs(placement.y - other.y) + abs(placement.yaw - other.yaw) > 0.09
            for other in chosen
        ):
            chosen.append(placement)
        if len(chosen) == MAX_PLACEMENTS:
            break
    return chosen
