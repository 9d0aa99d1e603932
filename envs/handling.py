"""Picking things up and putting them down."""

from __future__ import annotations

from itertools import product
from math import atan2, pi
from typing import TYPE_CHECKING

import numpy as np

from envs.building import end_up, lying
from envs.engine import TICK_S
from envs.kinematics import Array, turn_z
from envs.reach import DOWN, LEVEL, Entry, Goal, Reach
from envs.robot import OPEN_M
from envs.spots import Spot, free_spots
from envs.workcell import SkillError, Workcell, cyclic

if TYPE_CHECKING:
    from collections.abc import Callable

    from envs.domain import ObjectCategory
    from envs.places import Area

NARROW_M = 0.070  # what the open hand takes between its fingers
TOUCH_M = 0.018  # how near the tip must come for an assisted grasp
ABOVE_M = 0.16  # by which the tip comes from above
MAX_SPOTS = 5
OVERHANG_M = 0.03
CORNERS = np.array([(x, y, z) for x in (-0.9, 0.0, 0.9) for y in (-0.9, 0.9) for z in (-0.9, 0.9)])
ROUND = ("plate", "bowl", "cup", "mug", "glass", "wine_glass", "pot", "kettle", "bottle", "can", "ball", "vase", "roll",
         "plunger", "pan")  # fmt: skip


def is_round(category: ObjectCategory) -> bool:
    """Whether a thing looks the same from all sides."""
    return category.shape in ROUND and abs(category.size[0] - category.size[1]) < 0.005


def pick_up(cell: Workcell, name: str) -> None:
    """Grasp a thing and lift it, arm tucked at the end.

    Raises:
        SkillError: It cannot be reached or held.
    """
    places = cell.places
    category = places.things[name]
    root = places.root(name)
    cargo = places.contents(name)
    reason = f"cannot reach {name}"
    for attempt in range(3):
        goals = [_grasp(cell, name, lower=0.008 * attempt, pinch=pinch) for pinch in (True, False)]
        inside = places.holder(name) != root
        entry, front = _entry(cell, root, name, extra=2 * float(places.extents(name)[2]) if inside else 0.0)
        reaches = cell.reaches(goals, entry, fixture=root, ignore=[name, *cargo], front=front)
        if not reaches:
            break
        reach = reaches[min(2 * attempt, len(reaches) - 1)]  # another one each time
        width = 2 * float(_half(places.pose(name)[1], category, reach.yaw)[1])
        width = width if reach.goal == 0 else 2 * NARROW_M  # only touched from above
        cell.robot.allowed = frozenset((name, *cargo))
        cell.go_in(reach, root or name, finger=OPEN_M if width <= NARROW_M else 0.004)
        if _close(cell, name, width):
            _lift(cell, name, cargo, reach)
            return
        reason = f"{name} slipped"
        cell.go_out(reach)
        cell.tuck()
    raise SkillError(reason)


def _half(turn: Array, category: ObjectCategory, yaw: float) -> Array:
    """Half extents along, across and above a heading [m], (3,)."""
    if is_round(category) and turn[2, 2] > 0.95:
        return np.array(category.size, dtype=np.float64) / 2
    made: Array = np.abs(turn_z(-yaw) @ turn) @ np.array(category.size) / 2
    return made


def _grasp(cell: Workcell, name: str, *, lower: float, pinch: bool) -> Goal:
    places = cell.places
    category = places.things[name]
    at, turn = places.pose(name)
    root = places.root(name)
    covered = root is not None and places.area(root).covered
    yaw = atan2(turn[1, 0], turn[0, 0])
    if abs(turn[2, 0]) > 0.7:  # it stands on its end
        yaw = atan2(turn[1, 1], turn[0, 1])
    square = is_round(category)
    yaws = () if square else cyclic(yaw, pi / 2)

    def tip(heading: float) -> Array:
        half = _half(turn, category, heading)
        top = at[2] + half[2]
        if 2 * half[1] <= NARROW_M and pinch:
            z = max(top - min(0.035, 1.2 * half[2]), at[2] - half[2] + 0.008)
            back = max(0.0, half[0] - 0.06) if covered else 0.0
        else:
            flat = category.shape in ("plate", "tray", "pan")  # their rims are only seen
            z, back = (at[2] if flat else top) + 0.003 - lower, max(0.0, half[0] - 0.02)
        made: Array = np.array([at[0] - back * np.cos(heading), at[1] - back * np.sin(heading), z])
        return made

    half = _half(turn, category, yaw)
    corners = CORNERS * half
    corners[:, 2] -= half[2]
    corners[:, 0] += half[0] - 0.02
    return Goal(
        middle=at,
        tip=tip,
        yaws=yaws,
        pitches=LEVEL if covered else DOWN,
        cargo=corners * 0.9 + (0, 0, 0.02),
        cost=0.0 if pinch else 0.6,
    )


def _entry(cell: Workcell, root: str | None, name: str, *, extra: float = 0.0) -> tuple[Entry, bool]:
    """From the front where something is above, else from above."""
    places = cell.places
    if root is not None and places.area(root).covered:
        area = places.area(root)
        at, _ = places.pose(name)
        return _from_front(area, float(area.local(at)[0]), extra), True
    walls = 0.0
    if root is not None:
        spec = places.specs[root]
        category = places.domain.fixtures[spec.category]
        if category.region is not None:
            walls = max(0.0, category.size[2] - category.region.z)
    return Entry(up=ABOVE_M + min(0.25, walls) + 0.5 * extra), False


def _from_front(area: Area, x: float, extra: float) -> Entry:
    """Out of a covered region from a depth x [m] of its frame."""
    out = area.size[0] / 2 - x + 0.20
    return Entry(up=0.03 + min(0.20, extra), out=(float(out * np.cos(area.yaw)), float(out * np.sin(area.yaw))))


def _close(cell: Workcell, name: str, width: float) -> bool:
    """Close the fingers; whether the thing is between them or at the fingertips."""
    robot = cell.robot
    robot.grip(
        max(0.0, min(OPEN_M, width / 2 - (0.001 if cell.grasp == "assisted" else 0.012)))
        if width <= NARROW_M
        else 0.004
    )
    if cell.grasp == "physical":
        return True
    return cell.engine.gap("robot", (11, 12, 13), name) < TOUCH_M


def _lift(cell: Workcell, name: str, cargo: list[str], reach: Reach) -> None:
    """Hold, lift, leave and tuck; things that leaned on it wake up."""
    at, _ = cell.places.pose(name)
    for other in cell.places.things:
        there, _ = cell.places.pose(other)
        if np.abs(there - at).max() < 0.45:
            cell.engine.wake(other)
    if cell.grasp == "assisted":
        cell.robot.hold(name, cargo)
        cell.engine.keep_awake(name)
        for other in cargo:
            cell.engine.keep_awake(other)
    cell.go_out(reach)
    cell.tuck()


def put(cell: Workcell, name: str, place: str) -> None:
    """Put what is held at a place, arm tucked at the end.

    Raises:
        SkillError: No room, no reach, or it did not stay there; the thing is still held unless it fell.
    """
    places, robot = cell.places, cell.robot
    held = robot.held
    assert held is not None
    area = places.area(place)
    root = places.root(place)
    reaches, tilted = _placings(cell, name, area, root)
    if not reaches:
        raise SkillError(f"cannot reach {place}")
    reach = reaches[0]
    robot.allowed = frozenset((name, place, *(n for n, _ in held.cargo)))
    if tilted is not None:
        cell.drive(float(reach.way_in()[0][0]), float(reach.way_in()[0][1]), float(reach.way_in()[0][2]), place)
        robot.tilt(tilted)
    cell.go_in(reach, place)
    release(cell)
    cell.go_out(reach)
    _let_be(cell, name)
    cell.tuck()
    if place not in places.holders(name):
        robot.wait(60)
    if place not in places.holders(name):
        now = places.holder(name)
        raise SkillError(
            f"{name} did not stay {area.relation} {place} (it is {'at ' + now if now else 'on the floor'})"
        )


def release(cell: Workcell) -> None:
    """Open the hand and wait until what was held lies still."""
    robot = cell.robot
    held = robot.held
    assert held is not None
    robot.wait(12)
    names = [held.name, *(n for n, _ in held.cargo)]
    robot.let_go()
    for name in names:
        cell.engine.may_sleep(name)
    robot.grip(OPEN_M)
    cell.released = names


def _let_be(cell: Workcell, name: str) -> None:
    cell.robot.wait(int(0.25 / TICK_S))
    cell.robot.forgive(cell.released)
    cell.released = []


def hang(cell: Workcell) -> tuple[Array, Array]:
    """What is held in the hand's upright frame: its middle from the tip (3,) and its rotation (3, 3)."""
    held = cell.robot.held
    assert held is not None
    turn = held.tilt @ turn_z(-held.yaw) @ held.turn
    return -turn @ np.array(held.pivot), turn


def _placings(cell: Workcell, name: str, area: Area, root: str | None) -> tuple[list[Reach], Array | None]:
    places = cell.places
    category = places.things[name]
    held = cell.robot.held
    assert held is not None
    size, on_end = lying(category, area)
    ours = [name, *(n for n, _ in held.cargo)]
    taken, top = places.taken(area, ours)
    spots = free_spots(area.size[:2], size[:2], taken, edge=area.edge(size))
    if not spots and not area.vessel:  # tightly, and a little over the edge
        spots = free_spots(area.size[:2], size[:2], taken, spacing=0.0, edge=OVERHANG_M)
    lowest = 0.006
    if not spots:
        if (area.relation == "on" and not area.loose) or area.covered:
            raise SkillError(f"no room {area.relation} {area.name}")
        spots, lowest = [Spot(x=0.0, y=0.0, yaw=0.0)], top + 0.02
    middle, turn = hang(cell)
    tilted = None
    if on_end or _standing(turn, category):
        upright = end_up(category) if on_end else np.eye(3)
        tilted = upright @ (turn_z(-held.yaw) @ held.turn).T
        turn = upright
        middle = -turn @ np.array(held.pivot)
    if on_end and area.name in places.things:  # the fingers stay above the rim
        rim = places.things[area.name].size[2]
        lowest = max(lowest, rim + 0.025 + float(middle[2]) - size[2] / 2)
    half = np.abs(turn) @ np.array(category.size) / 2
    own_yaw = atan2(turn[1, 0], turn[0, 0])
    own_yaw = 0.0 if on_end else own_yaw
    goals = []
    free = is_round(category)
    cargo = CORNERS * half + middle
    level = area.covered or (root is not None and root != area.name and places.area(root).covered)
    chosen = _spread(spots)
    rises = (0.0,) if level or area.relation != "in" else (0.0, 0.10, 0.22)  # things may be dropped into a bin
    for k, (rise, spot) in enumerate(product(rises, chosen if len(rises) == 1 else chosen[:3])):
        centre = area.point(spot.x, spot.y, size[2] / 2 + lowest + rise)
        wanted = area.yaw + spot.yaw - own_yaw
        goals.append(
            Goal(
                middle=centre, tip=_tip_over(centre, middle), yaws=() if free else cyclic(wanted, pi),
                pitches=LEVEL if level else (DOWN if not on_end else (0.85, 0.5, 1.2)), cargo=cargo, cost=0.25 * k,
            )
        )  # fmt: skip
    if level and root is not None:
        outer = places.area(root)
        depth = min(float(outer.local(goal.middle)[0]) for goal in goals)
        entry = _from_front(outer, depth, places.things[area.name].size[2] if area.name != root else 0.0)
        entry = Entry(up=entry.up, out=_longer(entry.out, float(half[:2].max())))
    else:
        entry, _ = _entry(cell, root, name) if root is None else (_above(cell, root, area, size[2]), False)
    return cell.reaches(goals, entry, fixture=root, ignore=ours, front=level), tilted


def _above(cell: Workcell, root: str, area: Area, height: float) -> Entry:
    category = cell.places.domain.fixtures[cell.places.specs[root].category]
    walls = max(0.0, category.size[2] - category.region.z) if category.region is not None else 0.0
    inner = cell.places.things[area.name].size[2] if area.name in cell.places.things else 0.0
    return Entry(up=ABOVE_M + min(0.25, walls) + min(0.2, inner))


def _standing(turn: Array, category: ObjectCategory) -> bool:
    """Whether a thing that should lie hangs on its end or on its side."""
    return bool(turn[2, 2] < 0.95)


def _longer(out: tuple[float, float], by: float) -> tuple[float, float]:
    length = float(np.hypot(*out))
    factor = (length + by) / length
    return out[0] * factor, out[1] * factor


def _tip_over(centre: Array, middle: Array) -> Callable[[float], Array]:
    def tip(heading: float) -> Array:
        made: Array = centre - turn_z(heading) @ middle
        return made

    return tip


def _spread(spots: list[Spot]) -> list[Spot]:
    """The best spots that are not next to each other."""
    chosen: list[Spot] = []
    for spot in spots:
        if all(abs(spot.x - c.x) + abs(spot.y - c.y) + abs(spot.yaw - c.yaw) > 0.09 for c in chosen):
            chosen.append(spot)
        if len(chosen) == MAX_SPOTS:
            break
    return chosen
