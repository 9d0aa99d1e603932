"""The skills `open` and `close`: move doors, flaps and drawers ("leaves") by their handles.

The hand grasps the handle, and the base (for a flap, also the lift) moves it along its arc, while the arm keeps its
posture. For every candidate of standing position, heading and turn rate, the whole arc is checked before the robot
moves.

Legend: N candidates, W waypoints of the arc.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from math import atan2
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.collision_boxes import Boxes, overlap
from envs.geometry.rotations import Array, turn_z
from envs.robot import kinematics
from envs.robot.motion_primitives import MIN_AVOIDED_HEIGHTS_M, MotionPrimitives, SkillError
from envs.robot.obstruction import unreachable_error
from envs.robot.reach_planning import COLUMN_POINTS, COLUMN_RADIUS_M, GUESS_LEVEL
from envs.robot.robot import HAND, NAME, RIGHT

if TYPE_CHECKING:
    from envs.assets.furniture.cabinetry import Leaf
    from envs.physics.engine import Engine

N_WAYPOINTS = 14
REACH_DISTANCES_M = (0.46, 0.54, 0.62, 0.70, 0.78, 0.86)
PITCHES = (0.1, 0.45, 0.8, 1.15)
MOUNT_BELOW_HANDLE_M = (0.5, 0.2)  # height of the mount below the handle, as initial guesses
SIDE_ANGLES = (0.0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9, 1.2, -1.2)
TURN_RATES = (0.8, 0.6, 1.0, 0.3, 0.0, 1.2)  # how far the base turns, as a fraction of how far the leaf turns
STANDOFF_M = 0.13
STANDOFFS_M = (STANDOFF_M, 0.03)
PLAN_ATTEMPTS = (
    *((back_m, 0.0) for back_m in STANDOFFS_M),
    *((STANDOFF_M, height_m) for height_m in MIN_AVOIDED_HEIGHTS_M[1:]),
)
MAX_GRASP_ERROR_M = 0.045  # from the tip to the middle of a bar that is 0.14 m long
INNER_FACE_M = 0.012  # from a leaf's inner face to the fingertips that push it
MIN_OPEN_FRACTION = 0.6  # of a leaf's travel: open enough, if it moves no further
HAND_OVER_FRACTION = 0.5  # of a door's travel, at which the hand changes sides in a corner
FINGERS_AROUND_BAR_M = 0.016  # of each finger: wider, a finger would hit the leaf when the hand comes at an angle
WELD_FORCE_N = 300.0
LINKAGE_FORCE_N = 8.0
MAX_CATCH_UP_WAITS = 20  # times 0.1 s
MAX_CHECKED_ARCS = 30
TRAPPED_COST = 4.0  # cost of ending where the open leaf traps the robot
BASE_CLEAR_M = 0.245


@dataclass(frozen=True, kw_only=True)
class Arc:
    """Postures along a handle's arc, (W, 11), and those at a standoff from the handle before and after it."""

    path: Array
    before: Array
    after: Array
    cost: float


def move_joint(motion: MotionPrimitives, name: str, *, opened: bool) -> None:
    """Move a fixture's leaf until it is open or closed, then tuck the arm.

    Raises:
        SkillError: The handle cannot be reached, or the leaf did not reach its goal.
    """
    leaf = motion.queries.furniture[name].leaves[0]
    goal_position = leaf.opened if opened else 0.0
    half_open = HAND_OVER_FRACTION * leaf.opened
    strategies = [[(goal_position, True)]] * 2
    if leaf.kind == "hinge":  # in a corner, the hand changes between the handle and the inner face of the door
        strategies.append(
            [(half_open, True), (goal_position, False)] if opened else [(half_open, False), (goal_position, True)]
        )
    strategies.append([(goal_position, True)])
    reason, unreachable_reason = "", f"cannot reach the handle of {name}"
    motion.robot.allowed_contacts = frozenset((name,))
    for attempt, strategy in enumerate(strategies):
        for waypoint, outside in strategy:
            position = motion.engine.joint(name, 0)
            if abs(position - waypoint) < 0.15 * leaf.opened:
                continue
            arcs: list[Arc] = []
            for standoff_m, min_height_m in PLAN_ATTEMPTS:
                motion.refresh_floor(min_height_m)
                if arcs := _plan_arcs(motion, name, waypoint, standoff_m, outside):
                    break
            if not arcs:
                break
            arc = arcs[min(attempt, len(arcs) - 1)] if len(strategy) == 1 else arcs[0]
            if not _follow_arc(motion, name, arc, outside):
                reason = f"lost the handle of {name}"
            motion.tuck()
        if abs(motion.engine.joint(name, 0) - goal_position) < 0.2 * leaf.opened:
            return
    if opened and motion.queries.opening(name) > MIN_OPEN_FRACTION:
        return
    if reason:
        raise SkillError(reason)
    raise unreachable_error(
        motion,
        unreachable_reason,
        lambda: any(_plan_arcs(motion, name, goal_position, standoff_m, True) for standoff_m in STANDOFFS_M),
        own_fixture=name,
    )


def _grip_point(leaf: Leaf, outside: bool) -> Array:
    """Point at which the hand holds a leaf, in the leaf's frame: the handle bar, or the inner face behind it."""
    return np.array(leaf.handle if outside else (-INNER_FACE_M, leaf.handle[1], leaf.handle[2]))


def _follow_arc(motion: MotionPrimitives, name: str, arc: Arc, outside: bool) -> bool:
    """Move the handle along an arc; return whether the hand grasped it."""
    robot, engine, queries = motion.robot, motion.engine, motion.queries
    motion.drive(float(arc.before[0]), float(arc.before[1]), float(arc.before[2]), name)
    ready = robot.q.copy()
    ready[3] = arc.before[3]
    robot.move([ready])
    yaw_offset = robot.q[2] - arc.before[2]
    for q in (arc.before, arc.after, *arc.path):
        q[2] += yaw_offset
    robot.grip(FINGERS_AROUND_BAR_M)
    robot.move([arc.before])
    robot.move([arc.path[0]])
    robot.grip(0.008)
    leaf = queries.furniture[name].leaves[0]
    at, turn = queries.leaf_frame(name, 0, engine.joint(name, 0))
    tip, _ = robot.tip()
    grip_point = _grip_point(leaf, outside)
    grasped = float(np.linalg.norm(at + turn @ grip_point - tip)) < MAX_GRASP_ERROR_M
    grip_point = turn.T @ (tip - at)
    if grasped:
        engine.keep_awake(name)
        contents = [body for body in queries.objects if queries.root(body) == name]
        for body in contents:
            engine.keep_awake(body)
        for link in range(len(queries.furniture[name].leaves)):
            engine.filter_collisions(name, link, NAME, (HAND, HAND + 1, RIGHT))
        weld = engine.weld(NAME, HAND, name, 0, (0, 0, kinematics.TIP_M), grip_point.tolist(), None, WELD_FORCE_N)
        has_second_leaf = len(queries.furniture[name].leaves) > 1
        if has_second_leaf:
            robot.linkages.append(partial(_follow_first_leaf, engine, name))
        robot.move(list(arc.path[1:]), slowdown=1.1)
        robot.wait(24)
        engine.release(weld)
        robot.grip(FINGERS_AROUND_BAR_M)
        robot.move([arc.after])
        if has_second_leaf:
            _wait_for_second_leaf(motion, name)
            robot.linkages.clear()
            engine.brake(name, 1, LINKAGE_FORCE_N)
        for link in range(len(queries.furniture[name].leaves)):
            engine.filter_collisions(name, link, NAME, (HAND, HAND + 1, RIGHT), collide=True)
        for body in (name, *contents):
            engine.may_sleep(body)
    else:
        robot.move([arc.before])
    return grasped


def _follow_first_leaf(engine: Engine, name: str) -> None:
    engine.follow(name, 1, engine.joint(name, 0), LINKAGE_FORCE_N)


def _wait_for_second_leaf(motion: MotionPrimitives, name: str) -> None:
    """Wait until the second leaf, which the robot may have blocked, has caught up with the first."""
    for _ in range(MAX_CATCH_UP_WAITS):
        if abs(motion.engine.joint(name, 1) - motion.engine.joint(name, 0)) < 0.05:
            return
        motion.robot.wait(24)


def _plan_arcs(
    motion: MotionPrimitives, name: str, goal_position: float, standoff_m: float, outside: bool
) -> list[Arc]:
    """Return arcs that the robot can follow, the best first."""
    queries, floor, robot = motion.queries, motion.floor, motion.robot
    leaf = queries.furniture[name].leaves[0]
    start_position = motion.engine.joint(name, 0)
    positions: Array = np.linspace(start_position, goal_position, N_WAYPOINTS, dtype=np.float64)  # (W,)
    leaf_frames = [queries.leaf_frame(name, 0, p) for p in positions]
    handles = np.array([at + turn @ _grip_point(leaf, outside) for at, turn in leaf_frames])  # (W, 3)
    motion.focus = handles[0]
    front_yaw = queries.specs[name].yaw
    normals: Array = np.full(N_WAYPOINTS, front_yaw)
    if leaf.kind == "hinge":
        angles = np.array([atan2(turn[1, 0], turn[0, 0]) for _, turn in leaf_frames], dtype=np.float64)
        normals = np.asarray(np.unwrap(angles), dtype=np.float64) + (0.0 if outside else np.pi)
    postures = _postures(float(handles[0, 2]), float(handles[:, 2].min()), float(handles[:, 2].max()))
    if not postures:
        return []
    costs = floor.travel_costs((float(robot.q[0]), float(robot.q[1])))
    rates = TURN_RATES if leaf.kind == "hinge" else (0.0,)
    main_area_after = floor.main_area_with(queries.leaf_footprints({name: goal_position}))
    candidates: list[tuple[float, Array, Array, Array]] = []
    for (posture, local), side_angle, rate in product(postures, SIDE_ANGLES, rates):
        yaws = normals[0] + side_angle + rate * (normals - normals[0]) + np.pi  # (W,) the base faces the handle
        turns = turn_z(yaws)
        bases = handles[:, :2] - (turns @ local)[:, :2]  # (W, 2)
        standoff = -standoff_m * turns[:, :2, 0]
        end_points = np.stack([bases[0] + standoff[0], bases[-1] + standoff[-1]])
        ij = np.clip(
            ((np.concatenate([bases, end_points]) - floor.origin) / 0.05).astype(int), 0, np.array(floor.shape) - 1
        )
        if floor.clearance_m[ij[:, 0], ij[:, 1]].min() < BASE_CLEAR_M or not np.isfinite(costs[tuple(ij[-2])]):
            continue
        if not floor.no_wall_between(bases[:1], handles[0, :2])[0]:
            continue
        path = np.empty((N_WAYPOINTS, 11))
        path[:, :2], path[:, 2] = bases, yaws
        path[:, 3] = posture[0] + handles[:, 2] - handles[0, 2]
        path[:, 4:] = posture[1:]
        before, after = path[0].copy(), path[-1].copy()
        before[:2], after[:2] = end_points
        travel = float(np.abs(np.diff(bases, axis=0)).sum())
        trapped = 0.0 if main_area_after[tuple(ij[-1])] else TRAPPED_COST
        cost = (
            trapped + 0.25 * float(costs[tuple(ij[-2])]) + 0.5 * travel + 0.3 * abs(side_angle) + 0.2 * abs(rate - 0.7)
        )
        candidates.append((cost, path, before, after))
    candidates.sort(key=lambda f: f[0])
    boxes = queries.obstacles(motion.focus, 1.6, [name])
    arcs = [
        _with_overlap_cost(motion, name, positions, boxes, *candidate) for candidate in candidates[:MAX_CHECKED_ARCS]
    ]
    return _distinct(sorted(arcs, key=lambda arc: arc.cost))


def _distinct(arcs: list[Arc]) -> list[Arc]:
    """Arcs that start at least a hand's width from one another: if one fails, its neighbors would fail too."""
    chosen: list[Arc] = []
    for arc in arcs:
        if all(np.hypot(*(arc.path[0, :2] - kept.path[0, :2])) > 0.12 for kept in chosen):
            chosen.append(arc)
    return chosen


def _postures(z: float, lowest: float, highest: float) -> list[tuple[Array, Array]]:
    """Pairs of a posture (8,) with the tip straight ahead at height z, and the tip in the base frame (3,)."""
    combos = list(product(REACH_DISTANCES_M, PITCHES, MOUNT_BELOW_HANDLE_M))
    tips = np.array([(reach, 0.0, z) for reach, _, _ in combos])
    start = np.empty((len(combos), 8))
    start[:, 0], start[:, 1], start[:, 2:] = (
        np.clip(z - np.array([below for _, _, below in combos]), *kinematics.LIFT_M),
        0.0,
        GUESS_LEVEL,
    )
    q, error = kinematics.solve(tips, kinematics.hand_rotation(0.0, np.array([pitch for _, pitch, _ in combos])), start)
    lift_in_range = (q[:, 0] + lowest - z >= kinematics.LIFT_M[0] - 0.01) & (
        q[:, 0] + highest - z <= kinematics.LIFT_M[1] + 0.01
    )
    best: dict[float, int] = {}  # for each distance, the first good posture, which is the most level one
    for i in range(len(combos)):
        if error[i] < 0.012 and lift_in_range[i]:
            best.setdefault(combos[i][0], i)
    return [(q[i], tips[i]) for i in best.values()]


def _with_overlap_cost(
    motion: MotionPrimitives,
    name: str,
    positions: Array,
    boxes: Boxes,
    cost: float,
    path: Array,
    before: Array,
    after: Array,
) -> Arc:
    """Add the overlap of arm and column along the arc to the cost."""
    checked_steps = np.linspace(0, len(path) - 1, 5).astype(int)
    tucking = [
        np.r_[after[:4], (1 - fraction) * after[4:] + fraction * kinematics.TUCKED] for fraction in (0.3, 0.65, 1.0)
    ]
    poses = np.concatenate([before[None], path[checked_steps], after[None], tucking])
    centers = kinematics.sphere_centers(poses[:, 3:])
    column = np.broadcast_to(np.array(COLUMN_POINTS), (len(poses), len(COLUMN_POINTS), 3))
    rotations = turn_z(poses[:, 2])
    points = np.concatenate([centers, column], axis=1)
    points = np.einsum("nij,nsj->nsi", rotations, points)
    points[:, :, :2] += poses[:, None, :2]
    radii = np.concatenate([kinematics.sphere_radii(), np.full(len(COLUMN_POINTS), COLUMN_RADIUS_M)])
    hard, soft = overlap(boxes, points, radii)
    own_overlap = np.zeros(len(poses))
    count = len(kinematics.SPHERES)
    without_fingers = np.r_[0 : count - 2, count : points.shape[1]]  # the fingers may touch their own leaf
    for k, position in enumerate([positions[0], *positions[checked_steps], *[positions[-1]] * 4]):
        checked_points = without_fingers if k <= len(checked_steps) else np.arange(points.shape[1])
        leaves = motion.queries.leaf_boxes(name, float(position))
        own_overlap[k] = overlap(leaves, points[k : k + 1, checked_points], radii[checked_points])[0][0]
    hard_overlap = float(hard.max() + own_overlap.max())
    return Arc(path=path, before=before, after=after, cost=cost + 30 * hard_overlap + 5 * float(soft.max()))
