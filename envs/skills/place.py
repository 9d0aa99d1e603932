"""Putting down what is held: where there is room for it, how the hand comes there, and that it stays."""

from __future__ import annotations

from itertools import product
from math import atan2, pi
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.free_spots import Placement, free_placements
from envs.geometry.rotations import Array, turn_z
from envs.physics.engine import TICK_S
from envs.physics.object_placement import extents_in_region, upright_rotation
from envs.robot.kinematics import hand_rotation
from envs.robot.motion_primitives import MotionPrimitives, SkillError, cyclic
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import DOWN, LEVEL, ApproachPath, ReachPose, ReachTarget, tip_over
from envs.robot.robot import OPEN_M
from envs.skills.grasps import CORNERS, is_round
from envs.skills.pick import ABOVE_M, CLEAR_M, SQUEEZE_M, entry_to, from_front

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.geometry.support_region import SupportRegion
    from envs.symbolic.domain import ObjectCategory

MAX_SPOTS = 5
OVERHANG_M = 0.03
MOST_OVERHANG_M = 0.08
CENTRED_M = 0.04  # a round thing that hangs farther beside the hand is turned to where there is room
# Of a round thing, from its middle, in half extents: a circle at its top and one at its bottom.
CIRCLES = 0.9 * np.array([(np.cos(k * pi / 4), np.sin(k * pi / 4), z) for k in range(8) for z in (-1.0, 1.0)])
ABOVE_FLOOR_M = 0.006  # from where a thing is let down
FLAT_M = 0.045  # what is no higher may be put upon


class AwkwardError(SkillError):
    """What friction holds cannot be put there as it lies in the hand; held otherwise it might be."""


def place_as_held(cell: MotionPrimitives, name: str, place: str) -> None:
    """Put what is held at a place, arm tucked at the end.

    Raises:
        SkillError: No room, no reach, or it did not stay there; the thing is still held unless it fell.
    """
    places, robot = cell.places, cell.robot
    held = robot.held
    assert held is not None
    robot.regrasp()
    area = places.area(place)
    root = places.root(place)
    reaches, tilted = _placings(cell, name, area, root)
    if not reaches:
        if held.weld is None:
            raise AwkwardError(f"cannot reach {place}")
        raise unreachable_error(cell, f"cannot reach {place}", lambda: _placings(cell, name, area, root)[0], own=root)
    reach = reaches[0]
    robot.allowed = frozenset((place, *robot.carried))
    if tilted is not None:
        cell.drive(float(reach.way_in()[0][0]), float(reach.way_in()[0][1]), float(reach.way_in()[0][2]), place)
        robot.tilt(tilted)
    cell.approach(reach, place)
    if robot.slipped():
        cell.drop()
        raise SkillError(f"{name} slipped")
    release(cell)
    cell.retreat(reach)
    _let_be(cell, name)
    cell.tuck()
    if place not in places.holders(name):
        robot.wait(60)
    if place not in places.holders(name):
        now = places.holder(name)
        raise SkillError(
            f"{name} did not stay {area.relation} {place} (it is {'at ' + now if now else 'on the floor'})"
        )


def release(cell: MotionPrimitives) -> None:
    """Open the hand and wait until what was held lies still."""
    robot = cell.robot
    assert robot.held is not None
    robot.wait(12)
    names = robot.carried
    robot.let_go()
    for name in names:
        cell.engine.may_sleep(name)
    robot.grip(min(OPEN_M, robot.finger + SQUEEZE_M + CLEAR_M))  # wider, a finger would jam inside a cup
    cell.released = names


def _let_be(cell: MotionPrimitives, name: str) -> None:
    cell.robot.wait(int(0.25 / TICK_S))
    cell.robot.forgive(cell.released)
    cell.released = []


def _placings(
    cell: MotionPrimitives, name: str, area: SupportRegion, root: str | None
) -> tuple[list[ReachPose], Array | None]:
    places = cell.places
    category = places.things[name]
    held = cell.robot.held
    assert held is not None
    size, on_end = extents_in_region(category, area)
    ours = cell.robot.carried
    middle, turn = cell.robot.hang()
    tilted = None
    pitch = held.pitch
    if held.weld is None:
        turn, pitch = _turned(cell, category, on_end=on_end)
        middle = -turn @ np.array(held.pivot)
    elif on_end or _standing(turn, category):
        upright = upright_rotation(category) if on_end else np.eye(3)
        tilted = upright @ (turn_z(-held.yaw) @ held.turn).T
        turn = upright
        middle = -turn @ np.array(held.pivot)
    free = is_round(category)
    lies_round = free and not on_end  # and is no wider where it is turned
    half = np.array(size) / 2 if lies_round else np.abs(turn) @ np.array(category.size) / 2
    own_yaw = 0.0 if on_end else atan2(turn[1, 0], turn[0, 0])

    def turns(wanted: float) -> tuple[float, ...]:
        if not free:
            return cyclic(wanted, pi)
        return () if float(np.hypot(*middle[:2])) < CENTRED_M else cyclic(area.yaw, pi / 4)

    cargo = (CIRCLES if lies_round else CORNERS) * half + middle
    level = area.covered or (root is not None and root != area.name and places.area(root).covered)
    pitches: tuple[float, ...] = LEVEL if level else (DOWN if not on_end else (0.85, 0.5, 1.2))
    if held.weld is None:
        pitches = (pitch,)
    rises = (0.0,) if level or area.relation != "in" else (0.0, 0.10, 0.22)  # things may be dropped into a bin
    for spots, above in _spots(cell, name, area, root):
        lowest = above
        if on_end and area.name in places.things:  # the fingers stay above the rim
            rim = places.things[area.name].size[2]
            lowest = max(lowest, rim + 0.025 + float(middle[2]) - size[2] / 2)
        chosen = _spread(spots)
        goals = []
        for k, (rise, spot) in enumerate(product(rises, chosen if len(rises) == 1 else chosen[:3])):
            center = area.point(spot.x, spot.y, size[2] / 2 + lowest + rise)
            wanted = area.yaw + spot.yaw - own_yaw
            goals.append(
                ReachTarget(
                    middle=center, tip=tip_over(center, middle), yaws=turns(wanted),
                    pitches=pitches, cargo=cargo, cost=0.25 * k,
                )
            )  # fmt: skip
        if level and root is not None:
            outer = places.area(root)
            depth = min(float(outer.local(goal.middle)[0]) for goal in goals)
            entry = from_front(outer, depth, places.things[area.name].size[2] if area.name != root else 0.0)
            entry = ApproachPath(up=entry.up, out=_longer(entry.out, float(half[:2].max())))
        else:
            entry, _ = entry_to(cell, root, name) if root is None else (_above(cell, root, area, size[2]), False)
        if found := cell.reaches(goals, entry, fixture=root, ignore=ours, front=level):
            return found, tilted
    return [], None


def _spots(
    cell: MotionPrimitives, name: str, area: SupportRegion, root: str | None
) -> Iterator[tuple[list[Placement], float]]:
    """Where a thing may be put, and how high above the floor of the region [m]: beside what is there, then upon it.

    Raises:
        SkillError: There is no room at all.
    """
    places, ours = cell.places, cell.robot.carried
    category = places.things[name]
    size, on_end = extents_in_region(category, area)
    taken, top = places.taken(area, ours)
    round_ = is_round(category) and not on_end
    spots = free_placements(area.size[:2], size[:2], taken, edge=area.edge(size), round_=round_)
    brinked = not area.vessel and (root is None or places.domain.fixtures[places.specs[root].category].body != "seat")
    if not spots and brinked:  # tightly, and a little over the edge
        walled = np.concatenate([taken, area.walls()])
        for overhang_m in (OVERHANG_M, min(MOST_OVERHANG_M, 0.25 * min(size[:2]))):
            spots = spots or free_placements(
                area.size[:2], size[:2], walled, spacing=0.0, edge=overhang_m, round_=round_
            )
    if spots:
        yield spots, ABOVE_FLOOR_M
    upon = [] if area.vessel or area.loose else _on_flat_things(cell, area, name, size)
    yield from upon
    if spots or upon:
        return
    if (area.relation == "on" and not area.loose) or area.covered:
        raise SkillError(f"no room {area.relation} {area.name}")
    yield [Placement(x=0.0, y=0.0, yaw=0.0)], top + 0.02


def _on_flat_things(
    cell: MotionPrimitives, area: SupportRegion, name: str, size: tuple[float, float, float]
) -> list[tuple[list[Placement], float]]:
    """Spots on top of each flat thing that lies there, such as a book or its like, and the height of its top [m]."""
    places, ours = cell.places, cell.robot.carried
    found = []
    for flat in sorted(places.things):
        under = places.things[flat]
        if flat in ours or places.holder(flat) != area.name or (under.holds and under is not places.things[name]):
            continue  # what stands on a tray is on the tray; a plate on a plate is where the plates are
        if under.size[2] > FLAT_M or under.size[2] + size[2] + 0.02 > area.size[2]:
            continue
        here, _ = places.taken(area, [other for other in places.things if other != flat])
        if not len(here):
            continue
        x, y, half_x, half_y = (float(n) for n in here[0])
        others, _ = places.taken(area, [*ours, flat])
        moved = others - np.array([x, y, 0.0, 0.0]) if len(others) else others
        spots = free_placements((2 * half_x, 2 * half_y), size[:2], moved, spacing=0.0, edge=0.3 * min(size[:2]))
        if spots:
            top = float(area.local(places.pose(flat)[0])[2] + places.extents(flat)[2])
            found.append(([Placement(x=s.x + x, y=s.y + y, yaw=s.yaw) for s in spots], top + ABOVE_FLOOR_M))
    return found


def _turned(cell: MotionPrimitives, category: ObjectCategory, *, on_end: bool) -> tuple[Array, float]:
    """How the hand must pitch to put down what friction holds: its rotation there (3, 3), and the pitch [rad].

    Raises:
        AwkwardError: It would have to be turned in the hand.
    """
    held = cell.robot.held
    assert held is not None
    _, turn = cell.robot.hang()
    longest = int(np.argmax(category.size))
    for pitch in (held.pitch, held.pitch - pi / 2):
        lean = hand_rotation(0.0, pitch) @ hand_rotation(0.0, held.pitch).T @ turn
        if (abs(lean[2, longest]) > 0.9) == on_end or (not on_end and abs(lean[2]).max() > 0.95):
            return lean, max(0.0, pitch)
    raise AwkwardError(f"cannot turn {held.name} in the hand")


def _above(cell: MotionPrimitives, root: str, area: SupportRegion, height: float) -> ApproachPath:
    category = cell.places.domain.fixtures[cell.places.specs[root].category]
    walls = max(0.0, category.size[2] - category.region.z) if category.region is not None else 0.0
    inner = cell.places.things[area.name].size[2] if area.name in cell.places.things else 0.0
    return ApproachPath(up=ABOVE_M + min(0.25, walls) + min(0.2, inner))


def _standing(turn: Array, category: ObjectCategory) -> bool:
    """Whether a thing that should lie hangs on its end or on its side."""
    return bool(turn[2, 2] < 0.95)


def _longer(out: tuple[float, float], by: float) -> tuple[float, float]:
    length = float(np.hypot(*out))
    factor = (length + by) / length
    return out[0] * factor, out[1] * factor


def _spread(spots: list[Placement]) -> list[Placement]:
    """The best spots that are not next to each other."""
    chosen: list[Placement] = []
    for spot in spots:
        if all(abs(spot.x - c.x) + abs(spot.y - c.y) + abs(spot.yaw - c.yaw) > 0.09 for c in chosen):
            chosen.append(spot)
        if len(chosen) == MAX_SPOTS:
            break
    return chosen
