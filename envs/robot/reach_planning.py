"""Where to stand and how to hold the arm so that the tip gets to a point: many candidates at once.

The tip comes in a straight line, carried by the lift (from above) or by lift and base (from the front, into a
cupboard), while the arm keeps its posture; the arm unfolds before, in free space. So one solution of inverse kinematics
and one sweep of spheres decide a whole approach.

Legend: N candidates, S spheres, D stages of the straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.collision_boxes import Boxes, overlap
from envs.geometry.rotations import Array, nearest_angle, turn_z
from envs.robot import kinematics
from envs.robot.base_navigation import Floor

if TYPE_CHECKING:
    from numpy.typing import NDArray

RADII_M = (0.48, 0.56, 0.64, 0.72, 0.80, 0.88, 0.96)
ANGLES = 28
BEST_R_M = 0.68
MAX_STANDS = 22
ERROR_MAX = 0.012
HARD_MAX_M = (0.004, 0.03)  # summed depth in hard boxes that is accepted: first try, last try
COLUMN = tuple((-0.06, 0.0, z) for z in (0.3, 0.5, 0.7, 0.9, 1.1, 1.3))
COLUMN_R_M = 0.07
DOWN = (pi / 2, 1.2, 0.85)
BACK = 1.9  # a hand that leans towards what is behind its goal: the wrist stays clear of a wall before it
LEVEL = (0.15, 0.5, 0.85)
SEED_DOWN = np.array([-0.3, 0.0, -2.2, 0.0, 1.9, 0.785])
SEED_LOW = np.array([1.1, 0.0, -1.4, 0.0, 2.5, 0.785])  # straight down to the ground, the lift near its lower end
LOW_M = 0.25  # height of the tip below which the arm bends over
SEED_LEVEL = np.array([-0.2, 0.0, -2.3, 0.0, 3.5, 0.785])


@dataclass(frozen=True, kw_only=True)
class ReachTarget:
    """What the tip is wanted for.

    Attributes:
        middle: What to stand around [m], (3,).
        tip: Position of the tip for a heading of the hand [rad], (3,).
        yaws: Headings of the hand to choose from [rad]; empty: straight away from the base.
        pitches: Of the hand, below the horizon [rad].
        cargo: Points of what is (or will be) held, from the tip in the hand's upright frame [m], (P, 3).
        cost: Added to the cost of all its candidates.
        width: Of what the fingers close on, across the hand [m].
    """

    middle: Array
    tip: Callable[[float], Array]
    yaws: tuple[float, ...]
    pitches: tuple[float, ...]
    cargo: Array
    cost: float = 0.0
    width: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ApproachPath:
    """The straight line by which the tip comes: up by `up` [m], then out by `out` [m], (2,)."""

    up: float
    out: tuple[float, float] = (0.0, 0.0)

    def stages(self) -> Array:
        """Offsets from the goal to the start of the line, (D, 3)."""
        made = [(0.0, 0.0, 0.0), (0.0, 0.0, 0.5 * self.up), (0.0, 0.0, self.up)]
        if self.out != (0.0, 0.0):
            made += [(self.out[0] * f, self.out[1] * f, self.up) for f in (0.25, 0.5, 0.75, 1.0)]
        return np.array(made, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class ReachPose:
    """A posture whose tip is at its goal, and the way there.

    Attributes:
        q: Posture at the goal, (11,).
        goal: Index of the goal.
        yaw: Heading of the hand [rad].
        pitch: Of the hand [rad].
        width: Of what the fingers close on [m].
    """

    q: Array
    goal: int
    yaw: float
    pitch: float
    entry: ApproachPath
    cost: float
    width: float = 0.0

    def at(self, stage: Sequence[float]) -> Array:
        """The posture with the tip moved by (x, y, z) [m], by base and lift."""
        q: Array = self.q.copy()
        q[0] += stage[0]
        q[1] += stage[1]
        q[3] = np.clip(q[3] + stage[2], *kinematics.LIFT_M)
        return q

    def way_in(self) -> list[Array]:
        """Postures from the start of the line to the goal."""
        stages = self.entry.stages()
        return [self.at(stages[-1].tolist()), self.at((0.0, 0.0, self.entry.up)), self.q]

    def way_out(self) -> list[Array]:
        """Postures from the goal to the start of the line."""
        return self.way_in()[::-1]


def fixed(point: Array) -> Callable[[float], Array]:
    """A goal's tip that is at one point (3,) whatever the heading."""
    return lambda heading: point


def tip_over(center: Array, middle: Array) -> Callable[[float], Array]:
    """A goal's tip that brings what is held to a center; its middle, (3,), is from the tip, the hand upright."""

    def tip(heading: float) -> Array:
        made: Array = center - turn_z(heading) @ middle
        return made

    return tip


def find_reaches(
    floor: Floor,
    start: Array,
    goals: Sequence[ReachTarget],
    entry: ApproachPath,
    boxes: Boxes,
    *,
    front: float | None = None,
    last: bool = False,
) -> list[ReachPose]:
    """Return ways to bring the tip to one of the goals, the best first; empty if there is none.

    Args:
        floor: Where the base may stand and go.
        start: Posture that the robot starts from, (11,).
        goals: Alternatives.
        entry: How the tip comes to any of them.
        boxes: What must not be touched.
        front: Only stand within 65 degrees of this direction from the goal [rad].
        last: Accept a little overlap.
    """
    far = floor.travel_costs((float(start[0]), float(start[1])))
    rows: list[tuple[int, float, float, float, float, float, float]] = []  # goal, x, y, yaw, hand yaw, pitch, cost
    for index, goal in enumerate(goals):
        for x, y, cost in _stands(floor, far, goal, entry, front)[: MAX_STANDS if len(goals) < 3 else 10]:
            facing = float(np.arctan2(goal.middle[1] - y, goal.middle[0] - x))
            headings = sorted((nearest_angle(yaw, facing) for yaw in goal.yaws), key=lambda h: abs(h - facing))
            headings = [h for h in headings if abs(h - facing) < 1.7][:3] if goal.yaws else [facing]
            for heading in headings:
                for rank, pitch in enumerate(goal.pitches):
                    more = 0.4 * abs(heading - facing) + 0.12 * rank + goal.cost
                    rows.append((index, x, y, facing, heading, pitch, cost + more))
    if not rows:
        return []
    table = np.array(rows)  # (N, 7)
    tips = np.array([goals[int(r[0])].tip(r[4]) for r in rows])
    q, error = _solve(table, tips)
    keep = error < ERROR_MAX
    if not keep.any():
        return []
    table, tips, q = table[keep], tips[keep], q[keep]
    hard, soft = _sweep(table, tips, q, goals, entry, boxes)
    cost = table[:, 6] + 100 * hard + 25 * soft + 0.08 * np.abs(q[:, 2:] - SEED_LEVEL).sum(1)
    order = [int(i) for i in np.argsort(cost, kind="stable") if hard[i] <= HARD_MAX_M[last]][:16]
    if not order:
        return []
    unfold = _unfolding(table[order], q[order], entry, boxes)
    found = []
    for k, i in enumerate(order):
        whole = np.array([table[i, 1], table[i, 2], table[i, 3], *q[i]])
        found.append(
            ReachPose(q=whole, goal=int(table[i, 0]), yaw=float(table[i, 4]), pitch=float(table[i, 5]), entry=entry,
                  cost=float(cost[i] + 25 * unfold[k]), width=goals[int(table[i, 0])].width)
        )  # fmt: skip
    return sorted(found, key=lambda r: r.cost)


def _stands(
    floor: Floor, far: Array, goal: ReachTarget, entry: ApproachPath, front: float | None
) -> list[tuple[float, float, float]]:
    angles = np.arange(ANGLES) * 2 * pi / ANGLES + (front or 0.0)
    radius, angle = (a.ravel() for a in np.meshgrid(RADII_M, angles))
    points = goal.middle[:2] + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    away = points + np.array(entry.out)
    half_way = points + np.array(entry.out) / 2
    ok = floor.is_free(points) & floor.is_free(away) & floor.is_free(half_way)
    ok &= floor.no_wall_between(points, goal.middle[:2])
    turn = np.abs((angle - (front or 0.0) + pi) % (2 * pi) - pi)
    if front is not None:
        ok &= turn < 1.15
    ij = np.clip(((away - floor.origin) / 0.05).astype(int), 0, np.array(floor.shape) - 1)
    effort = far[ij[:, 0], ij[:, 1]]
    ok &= np.isfinite(effort)
    cost = 0.25 * effort + 2.0 * np.abs(radius - BEST_R_M) + (0.35 * turn if front is not None else 0.0)
    order = [int(i) for i in np.argsort(cost, kind="stable") if ok[i]]
    return [(float(points[i, 0]), float(points[i, 1]), float(cost[i])) for i in order]


def _solve(table: Array, tips: Array) -> tuple[Array, Array]:
    back = turn_z(-table[:, 3])
    local = tips.copy()
    local[:, :2] -= table[:, 1:3]
    local = np.einsum("nij,nj->ni", back, local)
    turns = back @ kinematics.hand_rotation(table[:, 4], table[:, 5])
    steep = table[:, 5] > 1.0
    low = steep & (local[:, 2] < LOW_M)
    seeds = np.where(low[:, None], SEED_LOW, np.where(steep[:, None], SEED_DOWN, SEED_LEVEL))
    q, error = kinematics.solve(local, turns, _begun(local, seeds, steep))
    for seed in (SEED_LOW, SEED_DOWN):  # from where another posture may be found
        lost = np.flatnonzero((error >= ERROR_MAX) & (seeds != seed).any(1))  # not again from where it began
        if not len(lost):
            continue
        again = np.broadcast_to(seed, (len(lost), 6))
        other, left = kinematics.solve(local[lost], turns[lost], _begun(local[lost], again, steep[lost]))
        better = left < error[lost]
        q[lost[better]], error[lost[better]] = other[better], left[better]
    return q, error


def _begun(local: Array, arms: Array, steep: NDArray[np.bool_]) -> Array:
    """Postures to begin the search at, (N, 8): the base turned towards the tip, the lift above or beside it."""
    made = np.empty((len(local), 8))
    made[:, 0] = np.clip(local[:, 2] - np.where(steep, 0.40, 0.55), *kinematics.LIFT_M)
    made[:, 1] = np.arctan2(local[:, 1], local[:, 0] - kinematics.MOUNT_X_M)
    made[:, 2:] = arms
    return made


def _world(table: Array, centers: Array) -> Array:
    turn = turn_z(table[:, 3])
    made: Array = np.einsum("nij,nsj->nsi", turn, centers)
    made[:, :, :2] += table[:, None, 1:3]
    return made


def _sweep(
    table: Array, tips: Array, q: Array, goals: Sequence[ReachTarget], entry: ApproachPath, boxes: Boxes
) -> tuple[Array, Array]:
    """Overlap of arm, column and cargo with boxes along the whole line, the worst stage counting, (N,) and (N,)."""
    column = np.broadcast_to(np.array(COLUMN), (len(q), len(COLUMN), 3))
    arm = _world(table, kinematics.sphere_centers(q))
    post = _world(table, column)
    cargo = np.zeros((len(q), max(len(g.cargo) for g in goals), 3))
    for i, row in enumerate(table):
        offsets = goals[int(row[0])].cargo
        turned = offsets @ turn_z(row[4]).T
        cargo[i] = tips[i]
        cargo[i, : len(offsets)] += turned
    radii = np.concatenate([
        kinematics.sphere_radii(), np.full(len(COLUMN), COLUMN_R_M), np.full(cargo.shape[1], 0.004)
    ])  # fmt: skip
    hard: Array = np.zeros(len(q))
    soft: Array = np.zeros(len(q))
    for stage in entry.stages():
        flat = np.array([stage[0], stage[1], 0.0])
        up = min(stage[2], 1.0)
        room = np.clip(kinematics.LIFT_M[1] - q[:, 0], 0.0, up)  # the lift ends somewhere
        move = np.zeros((len(q), 1, 3))
        move[:, 0, 2] = room
        moved = np.concatenate([arm + flat + move, post + flat, cargo + flat + move], axis=1)
        h, s = overlap(boxes, moved, radii)
        short = np.maximum(0.0, up - room - 0.5 * up)  # half of the rise must be left
        hard, soft = np.maximum(hard, h + short), np.maximum(soft, s)
    return hard, soft


def _unfolding(table: Array, q: Array, entry: ApproachPath, boxes: Boxes) -> Array:
    """Overlap while the arm unfolds at the start of the line, (N,)."""
    stage = entry.stages()[-1]
    start = q.copy()
    start[:, 0] = np.clip(start[:, 0] + stage[2], *kinematics.LIFT_M)
    away = table.copy()
    away[:, 1:3] += stage[:2]
    worst: Array = np.zeros(len(q))
    for f in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        mid = start.copy()
        mid[:, 1:] = (1 - f) * kinematics.TUCKED + f * start[:, 1:]
        hard, soft = overlap(boxes, _world(away, kinematics.sphere_centers(mid)), kinematics.sphere_radii())
        worst = np.maximum(worst, hard + soft)
    return worst
