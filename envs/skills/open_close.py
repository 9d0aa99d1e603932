"""Opening and closing doors, flaps and drawers by their handles.

The hand grasps the handle and the base follows the handle's arc (a flap's with the lift), the arm keeping its posture:
for every candidate of stand, heading and turn rate, the whole arc is checked before the robot moves.

Legend: N candidates, W waypoints of the arc.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import atan2
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.collision_boxes import Boxes, overlap
from envs.geometry.rotations import Array, turn_z
from envs.robot import kinematics
from envs.robot.motion_primitives import AVOIDED_M, MotionPrimitives, SkillError
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import COLUMN, COLUMN_R_M, SEED_LEVEL
from envs.robot.robot import HAND, NAME, RIGHT

if TYPE_CHECKING:
    from envs.assets.furniture.cabinetry import Leaf

STEPS = 14
REACH_M = (0.46, 0.54, 0.62, 0.70, 0.78, 0.86)
PITCHES = (0.1, 0.45, 0.8, 1.15)
BELOW_M = (0.5, 0.2)  # the mount below the handle, at first
ASIDE = (0.0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9, 1.2, -1.2)
RATES = (0.8, 0.6, 1.0, 0.3, 0.0, 1.2)
BACK_M = 0.13
BACKS_M = (BACK_M, 0.03)
TRIES = (*((back_m, 0.0) for back_m in BACKS_M), *((BACK_M, height_m) for height_m in AVOIDED_M[1:]))
GRASP_M = 0.045  # from the tip to the middle of a bar that is 0.14 m long
INSIDE_M = 0.012  # from a leaf's inner face to the fingertips that push it
WIDE = 0.6  # of a leaf's travel: as open as it needs to be, if it will not go further
HALF_WAY = 0.5  # of a door's travel, where the hand changes sides in a corner
AJAR_M = 0.016  # of each finger: wider, one would meet the leaf when the hand comes aslant
PULL_N = 300.0
LINK_N = 8.0
CATCH_UP = 20  # times 0.1 s
CHECKED = 30
TRAPPED = 4.0  # cost of ending where the open leaf locks the robot in
BASE_CLEAR_M = 0.245


@dataclass(frozen=True, kw_only=True)
class Arc:
    """Postures along a handle's arc (W, 11); the tip comes and leaves from `back` before and after."""

    path: Array
    before: Array
    after: Array
    cost: float


def move_joint(motion: MotionPrimitives, name: str, *, opened: bool) -> None:
    """Move a fixture's leaf until it is open or closed, arm tucked at the end.

    Raises:
        SkillError: The handle cannot be reached, or the leaf did not get there.
    """
    leaf = motion.queries.furniture[name].leaves[0]
    wanted = leaf.opened if opened else 0.0
    half = HALF_WAY * leaf.opened
    ways = [[(wanted, True)]] * 2
    if leaf.kind == "hinge":  # in a corner, a door that stands open is reached from inside
        ways.append([(half, True), (wanted, False)] if opened else [(half, False), (wanted, True)])
    ways.append([(wanted, True)])
    reason, unreached = "", f"cannot reach the handle of {name}"
    motion.robot.allowed = frozenset((name,))
    for attempt, way in enumerate(ways):
        for goal, outside in way:
            here = motion.engine.joint(name, 0)
            if abs(here - goal) < 0.15 * leaf.opened:
                continue
            arcs: list[Arc] = []
            for back_m, avoided_m in TRIES:
                motion.refresh_floor(avoided_m)
                if arcs := _plan(motion, name, goal, back_m, outside):
                    break
            if not arcs:
                break
            arc = arcs[min(attempt, len(arcs) - 1)] if len(way) == 1 else arcs[0]
            if not _follow(motion, name, arc, outside):
                reason = f"lost the handle of {name}"
            motion.tuck()
        if abs(motion.engine.joint(name, 0) - wanted) < 0.2 * leaf.opened:
            return
    if opened and motion.queries.opening(name) > WIDE:
        return
    if reason:
        raise SkillError(reason)
    raise unreachable_error(
        motion, unreached, lambda: any(_plan(motion, name, wanted, m, True) for m in BACKS_M), own=name
    )


def _grip_point(leaf: Leaf, outside: bool) -> Array:
    """Where the hand holds a leaf, in the leaf's frame: the bar, or the inner face behind it."""
    return np.array(leaf.handle if outside else (-INSIDE_M, leaf.handle[1], leaf.handle[2]))


def _follow(motion: MotionPrimitives, name: str, arc: Arc, outside: bool) -> bool:
    """Take the handle along an arc; whether the hand got hold of it."""
    robot, engine, queries = motion.robot, motion.engine, motion.queries
    motion.drive(float(arc.before[0]), float(arc.before[1]), float(arc.before[2]), name)
    ready = robot.q.copy()
    ready[3] = arc.before[3]
    robot.move([ready])
    turned = robot.q[2] - arc.before[2]
    for q in (arc.before, arc.after, *arc.path):
        q[2] += turned
    robot.grip(AJAR_M)
    robot.move([arc.before])
    robot.move([arc.path[0]])
    robot.grip(0.008)
    leaf = queries.furniture[name].leaves[0]
    at, turn = queries.leaf_frame(name, 0, engine.joint(name, 0))
    tip, _ = robot.tip()
    point = _grip_point(leaf, outside)
    held = float(np.linalg.norm(at + turn @ point - tip)) < GRASP_M
    point = turn.T @ (tip - at)
    if held:
        engine.keep_awake(name)
        inside = [thing for thing in queries.objects if queries.root(thing) == name]
        for thing in inside:
            engine.keep_awake(thing)
        for link in range(len(queries.furniture[name].leaves)):
            engine.let_pass(name, link, NAME, (HAND, HAND + 1, RIGHT))
        weld = engine.weld(NAME, HAND, name, 0, (0, 0, kinematics.TIP_M), point.tolist(), None, PULL_N)
        double = len(queries.furniture[name].leaves) > 1
        if double:
            robot.linkages.append(lambda: engine.follow(name, 1, engine.joint(name, 0), LINK_N))
        robot.move(list(arc.path[1:]), slow=1.1)
        robot.wait(24)
        engine.release(weld)
        robot.grip(AJAR_M)
        robot.move([arc.after])
        if double:
            _catch_up(motion, name)
            robot.linkages.clear()
            engine.brake(name, 1, LINK_N)
        for link in range(len(queries.furniture[name].leaves)):
            engine.let_pass(name, link, NAME, (HAND, HAND + 1, RIGHT), collide=True)
        for thing in (name, *inside):
            engine.may_sleep(thing)
    else:
        robot.move([arc.before])
    return held


def _catch_up(motion: MotionPrimitives, name: str) -> None:
    """Wait until the second leaf, which the robot may have held up, is where the first one is."""
    for _ in range(CATCH_UP):
        if abs(motion.engine.joint(name, 1) - motion.engine.joint(name, 0)) < 0.05:
            return
        motion.robot.wait(24)


def _plan(motion: MotionPrimitives, name: str, wanted: float, back_m: float, outside: bool) -> list[Arc]:
    """Return arcs that the robot can follow, the best first."""
    queries, floor, robot = motion.queries, motion.floor, motion.robot
    leaf = queries.furniture[name].leaves[0]
    start = motion.engine.joint(name, 0)
    positions: Array = np.linspace(start, wanted, STEPS, dtype=np.float64)  # (W,)
    framed = [queries.leaf_frame(name, 0, p) for p in positions]
    handles = np.array([at + turn @ _grip_point(leaf, outside) for at, turn in framed])  # (W, 3)
    motion.focus = handles[0]
    facing = queries.specs[name].yaw
    normals: Array = np.full(STEPS, facing)
    if leaf.kind == "hinge":
        angles = np.array([atan2(turn[1, 0], turn[0, 0]) for _, turn in framed], dtype=np.float64)
        normals = np.asarray(np.unwrap(angles), dtype=np.float64) + (0.0 if outside else np.pi)
    reaches = _postures(float(handles[0, 2]), float(handles[:, 2].min()), float(handles[:, 2].max()))
    if not reaches:
        return []
    far = floor.travel_costs((float(robot.q[0]), float(robot.q[1])))
    rates = RATES if leaf.kind == "hinge" else (0.0,)
    open_after = floor.main_area_with(queries.leaf_footprints({name: wanted}))
    found: list[tuple[float, Array, Array, Array]] = []
    for (posture, local), aside, rate in product(reaches, ASIDE, rates):
        yaws = normals[0] + aside + rate * (normals - normals[0]) + np.pi  # (W,) the base looks at the handle
        turns = turn_z(yaws)
        bases = handles[:, :2] - (turns @ local)[:, :2]  # (W, 2)
        back = -back_m * turns[:, :2, 0]
        ends = np.stack([bases[0] + back[0], bases[-1] + back[-1]])
        ij = np.clip(((np.concatenate([bases, ends]) - floor.origin) / 0.05).astype(int), 0, np.array(floor.shape) - 1)
        if floor.clearance_m[ij[:, 0], ij[:, 1]].min() < BASE_CLEAR_M or not np.isfinite(far[tuple(ij[-2])]):
            continue
        if not floor.no_wall_between(bases[:1], handles[0, :2])[0]:
            continue
        path = np.empty((STEPS, 11))
        path[:, :2], path[:, 2] = bases, yaws
        path[:, 3] = posture[0] + handles[:, 2] - handles[0, 2]
        path[:, 4:] = posture[1:]
        before, after = path[0].copy(), path[-1].copy()
        before[:2], after[:2] = ends
        travel = float(np.abs(np.diff(bases, axis=0)).sum())
        trapped = 0.0 if open_after[tuple(ij[-1])] else TRAPPED
        cost = trapped + 0.25 * float(far[tuple(ij[-2])]) + 0.5 * travel + 0.3 * abs(aside) + 0.2 * abs(rate - 0.7)
        found.append((cost, path, before, after))
    found.sort(key=lambda f: f[0])
    boxes = queries.obstacles(motion.focus, 1.6, [name])
    arcs = [_checked(motion, name, positions, boxes, *candidate) for candidate in found[:CHECKED]]
    return _different(sorted(arcs, key=lambda arc: arc.cost))


def _different(arcs: list[Arc]) -> list[Arc]:
    """Arcs that start at least a hand's width from one another: if one fails, its neighbors would too."""
    chosen: list[Arc] = []
    for arc in arcs:
        if all(np.hypot(*(arc.path[0, :2] - other.path[0, :2])) > 0.12 for other in chosen):
            chosen.append(arc)
    return chosen


def _postures(z: float, low: float, high: float) -> list[tuple[Array, Array]]:
    """Postures (8,) that hold the tip at height z straight ahead, with the tip in the base frame (3,)."""
    combos = list(product(REACH_M, PITCHES, BELOW_M))
    tips = np.array([(r, 0.0, z) for r, _, _ in combos])
    start = np.empty((len(combos), 8))
    start[:, 0], start[:, 1], start[:, 2:] = (
        np.clip(z - np.array([b for _, _, b in combos]), *kinematics.LIFT_M),
        0.0,
        SEED_LEVEL,
    )
    q, error = kinematics.solve(tips, kinematics.hand_rotation(0.0, np.array([p for _, p, _ in combos])), start)
    margin = (q[:, 0] + low - z >= kinematics.LIFT_M[0] - 0.01) & (q[:, 0] + high - z <= kinematics.LIFT_M[1] + 0.01)
    best: dict[float, int] = {}  # the first good posture of each reach: the most level one
    for i in range(len(combos)):
        if error[i] < 0.012 and margin[i]:
            best.setdefault(combos[i][0], i)
    return [(q[i], tips[i]) for i in best.values()]


def _checked(
    motion: MotionPrimitives,
    name: str,
    positions: Array,
    boxes: Boxes,
    cost: float,
    path: Array,
    before: Array,
    after: Array,
) -> Arc:
    """Add what the arm and column overlap on the way to the cost."""
    picked = np.linspace(0, len(path) - 1, 5).astype(int)
    tucking = [np.r_[after[:4], (1 - f) * after[4:] + f * kinematics.TUCKED] for f in (0.3, 0.65, 1.0)]
    poses = np.concatenate([before[None], path[picked], after[None], tucking])
    centers = kinematics.sphere_centers(poses[:, 3:])
    column = np.broadcast_to(np.array(COLUMN), (len(poses), len(COLUMN), 3))
    turn = turn_z(poses[:, 2])
    both = np.concatenate([centers, column], axis=1)
    both = np.einsum("nij,nsj->nsi", turn, both)
    both[:, :, :2] += poses[:, None, :2]
    radii = np.concatenate([kinematics.sphere_radii(), np.full(len(COLUMN), COLUMN_R_M)])
    hard, soft = overlap(boxes, both, radii)
    own = np.zeros(len(poses))
    count = len(kinematics.SPHERES)
    keep = np.r_[0 : count - 2, count : both.shape[1]]  # the fingers may touch their own leaf
    for k, position in enumerate([positions[0], *positions[picked], *[positions[-1]] * 4]):
        part = keep if k <= len(picked) else np.arange(both.shape[1])
        leaves = motion.queries.leaf_boxes(name, float(position))
        own[k] = overlap(leaves, both[k : k + 1, part], radii[part])[0][0]
    bad = float(hard.max() + own.max())
    return Arc(path=path, before=before, after=after, cost=cost + 30 * bad + 5 * float(soft.max()))
