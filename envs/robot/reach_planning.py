"""Find where to stand and how to hold the arm so that the tip reaches a point, for many candidates at once.

The arm unfolds in free space and then keeps its posture. In an approach from the front (into a cupboard, to a switch),
the base moves the tip horizontally first. Then the lift moves it down to the target. Therefore one solution of inverse
kinematics and one sweep of spheres decide a whole approach.

Legend: N candidates, S spheres, D stages of the approach.
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

STAND_RADII_M = (0.48, 0.56, 0.64, 0.72, 0.80, 0.88, 0.96)
N_STAND_ANGLES = 28
BEST_RADIUS_M = 0.68
MAX_STANDS = 22
MAX_IK_ERROR = 0.012
MAX_HARD_OVERLAP_M = (0.004, 0.03)  # accepted overlap with hard boxes, summed over spheres: first attempt, last attempt
COLUMN_POINTS = tuple((-0.06, 0.0, z) for z in (0.3, 0.5, 0.7, 0.9, 1.1, 1.3))
COLUMN_RADIUS_M = 0.07
PITCHES_DOWN = (pi / 2, 1.2, 0.85)
PITCH_BACK = 1.9  # the hand leans back over its target, so that the wrist stays clear of a wall in front of it
PITCHES_LEVEL = (0.15, 0.5, 0.85)
GUESS_DOWN = np.array([-0.3, 0.0, -2.2, 0.0, 1.9, 0.785])
GUESS_LOW = np.array([1.1, 0.0, -1.4, 0.0, 2.5, 0.785])  # straight down to the ground, with the lift near its lower end
LOW_M = 0.25  # if the tip is below this height, the arm starts from GUESS_LOW
GUESS_LEVEL = np.array([-0.2, 0.0, -2.3, 0.0, 3.5, 0.785])


@dataclass(frozen=True, kw_only=True)
class ReachTarget:
    """A target of the tip.

    Attributes:
        middle: Point to stand around [m], (3,).
        tip: Maps a heading of the hand [rad] to the position of the tip [m], (3,).
        yaws: Headings of the hand to choose from [rad]; if empty, the hand points straight away from the base.
        pitches: Pitches of the hand to choose from, below the horizon [rad].
        cargo: Points of the (future) held object, relative to the tip in the hand's upright frame [m], (P, 3).
        cost: Added to the cost of all candidates of this target.
        width: Width of the part that the fingers close on, across the hand [m].
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
    """Path of the tip from its target: up by `up` [m], then horizontally by `out` [m], (2,). It arrives in reverse."""

    up: float
    out: tuple[float, float] = (0.0, 0.0)

    def stages(self) -> Array:
        """Offsets from the target back to the start of the approach, (D, 3)."""
        offsets = [(0.0, 0.0, 0.0), (0.0, 0.0, 0.5 * self.up), (0.0, 0.0, self.up)]
        if self.out != (0.0, 0.0):
            offsets += [
                (self.out[0] * fraction, self.out[1] * fraction, self.up) for fraction in (0.25, 0.5, 0.75, 1.0)
            ]
        return np.array(offsets, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class ReachPose:
    """A posture whose tip is at its target, and the approach to it.

    Attributes:
        q: Posture at the target, (11,).
        target: Index of the target.
        yaw: Heading of the hand [rad].
        pitch: Pitch of the hand [rad].
        approach: Path on which the tip arrives.
        cost: Lower is better.
        width: Width of the part that the fingers close on [m].
    """

    q: Array
    target: int
    yaw: float
    pitch: float
    approach: ApproachPath
    cost: float
    width: float = 0.0

    def shifted(self, offset: Sequence[float]) -> Array:
        """The posture with the tip moved by (x, y, z) [m], by base and lift."""
        q: Array = self.q.copy()
        q[0] += offset[0]
        q[1] += offset[1]
        q[3] = np.clip(q[3] + offset[2], *kinematics.LIFT_M)
        return q

    def approach_waypoints(self) -> list[Array]:
        """Postures from the start of the approach to the target."""
        stages = self.approach.stages()
        return [self.shifted(stages[-1].tolist()), self.shifted((0.0, 0.0, self.approach.up)), self.q]

    def retreat_waypoints(self) -> list[Array]:
        """Postures from the target back to the start of the approach."""
        return self.approach_waypoints()[::-1]


def fixed_tip(point: Array) -> Callable[[float], Array]:
    """A tip function that returns one point (3,) for every heading."""
    return lambda heading: point


def tip_for_center(center: Array, middle: Array) -> Callable[[float], Array]:
    """A tip function that brings the center of the held object to `center`.

    Args:
        center: Where the object's center must be [m], (3,).
        middle: The object's center relative to the tip, in the hand's upright frame [m], (3,).
    """

    def tip(heading: float) -> Array:
        tip_at: Array = center - turn_z(heading) @ middle
        return tip_at

    return tip


def find_reach_poses(
    floor: Floor,
    start: Array,
    targets: Sequence[ReachTarget],
    approach: ApproachPath,
    boxes: Boxes,
    *,
    front: float | None = None,
    accept_overlap: bool = False,
) -> list[ReachPose]:
    """Return poses that bring the tip to one of the targets, the best first; empty if there is none.

    Args:
        floor: Where the base may stand and go.
        start: Posture from which the robot starts, (11,).
        targets: Alternatives.
        approach: Path on which the tip arrives at any of them.
        boxes: Obstacles.
        front: Only stand within 65 degrees of this direction from the target [rad].
        accept_overlap: Accept a little overlap.
    """
    costs = floor.travel_costs((float(start[0]), float(start[1])))
    rows: list[tuple[int, float, float, float, float, float, float]] = []  # target, x, y, yaw, hand yaw, pitch, cost
    for index, target in enumerate(targets):
        for x, y, cost in _standing_poses(floor, costs, target, approach, front)[
            : MAX_STANDS if len(targets) < 3 else 10
        ]:
            facing = float(np.arctan2(target.middle[1] - y, target.middle[0] - x))
            headings = sorted((nearest_angle(yaw, facing) for yaw in target.yaws), key=lambda yaw: abs(yaw - facing))
            headings = [yaw for yaw in headings if abs(yaw - facing) < 1.7][:3] if target.yaws else [facing]
            for heading in headings:
                for rank, pitch in enumerate(target.pitches):
                    extra_cost = 0.4 * abs(heading - facing) + 0.12 * rank + target.cost
                    rows.append((index, x, y, facing, heading, pitch, cost + extra_cost))
    if not rows:
        return []
    table = np.array(rows)  # (N, 7)
    tips = np.array([targets[int(row[0])].tip(row[4]) for row in rows])
    q, error = _solve_ik(table, tips)
    solved = error < MAX_IK_ERROR
    if not solved.any():
        return []
    table, tips, q = table[solved], tips[solved], q[solved]
    hard, soft = _swept_overlap(table, tips, q, targets, approach, boxes)
    cost = table[:, 6] + 100 * hard + 25 * soft + 0.08 * np.abs(q[:, 2:] - GUESS_LEVEL).sum(1)
    order = [int(i) for i in np.argsort(cost, kind="stable") if hard[i] <= MAX_HARD_OVERLAP_M[accept_overlap]][:16]
    if not order:
        return []
    unfolding = _unfolding_overlap(table[order], q[order], approach, boxes)
    reach_poses = []
    for k, i in enumerate(order):
        posture = np.array([table[i, 1], table[i, 2], table[i, 3], *q[i]])
        reach_poses.append(
            ReachPose(
                q=posture, target=int(table[i, 0]), yaw=float(table[i, 4]), pitch=float(table[i, 5]),
                approach=approach, cost=float(cost[i] + 25 * unfolding[k]), width=targets[int(table[i, 0])].width,
            )
        )  # fmt: skip
    return sorted(reach_poses, key=lambda pose: pose.cost)


def _standing_poses(
    floor: Floor, costs: Array, target: ReachTarget, approach: ApproachPath, front: float | None
) -> list[tuple[float, float, float]]:
    """Return x, y, cost of the positions where the base can stand and approach the target, the best first."""
    angles = np.arange(N_STAND_ANGLES) * 2 * pi / N_STAND_ANGLES + (front or 0.0)
    radius, angle = (a.ravel() for a in np.meshgrid(STAND_RADII_M, angles))
    positions = target.middle[:2] + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    approach_starts = positions + np.array(approach.out)
    approach_middles = positions + np.array(approach.out) / 2
    usable = floor.is_free(positions) & floor.is_free(approach_starts) & floor.is_free(approach_middles)
    usable &= floor.no_wall_between(positions, target.middle[:2])
    off_front = np.abs((angle - (front or 0.0) + pi) % (2 * pi) - pi)
    if front is not None:
        usable &= off_front < 1.15
    ij = np.clip(((approach_starts - floor.origin) / 0.05).astype(int), 0, np.array(floor.shape) - 1)
    travel_cost = costs[ij[:, 0], ij[:, 1]]
    usable &= np.isfinite(travel_cost)
    cost = 0.25 * travel_cost + 2.0 * np.abs(radius - BEST_RADIUS_M) + (0.35 * off_front if front is not None else 0.0)
    order = [int(i) for i in np.argsort(cost, kind="stable") if usable[i]]
    return [(float(positions[i, 0]), float(positions[i, 1]), float(cost[i])) for i in order]


def _solve_ik(table: Array, tips: Array) -> tuple[Array, Array]:
    """Return postures of all candidates, (N, 8), and their errors, (N,); failed ones are retried from other guesses."""
    to_base = turn_z(-table[:, 3])
    local_tips = tips.copy()
    local_tips[:, :2] -= table[:, 1:3]
    local_tips = np.einsum("nij,nj->ni", to_base, local_tips)
    turns = to_base @ kinematics.hand_rotation(table[:, 4], table[:, 5])
    steep = table[:, 5] > 1.0
    low = steep & (local_tips[:, 2] < LOW_M)
    arm_guesses = np.where(low[:, None], GUESS_LOW, np.where(steep[:, None], GUESS_DOWN, GUESS_LEVEL))
    q, error = kinematics.solve(local_tips, turns, _initial_guesses(local_tips, arm_guesses, steep))
    for seed in (GUESS_LOW, GUESS_DOWN):  # other guesses may lead to another posture
        # Do not repeat the guess that was tried first.
        unsolved = np.flatnonzero((error >= MAX_IK_ERROR) & (arm_guesses != seed).any(1))
        if not len(unsolved):
            continue
        guesses = np.broadcast_to(seed, (len(unsolved), 6))
        retried, retried_error = kinematics.solve(
            local_tips[unsolved], turns[unsolved], _initial_guesses(local_tips[unsolved], guesses, steep[unsolved])
        )
        improved = retried_error < error[unsolved]
        q[unsolved[improved]], error[unsolved[improved]] = retried[improved], retried_error[improved]
    return q, error


def _initial_guesses(local_tips: Array, arms: Array, steep: NDArray[np.bool_]) -> Array:
    """Initial guesses, (N, 8): the base turned toward the tip, the lift above or beside it."""
    guesses = np.empty((len(local_tips), 8))
    guesses[:, 0] = np.clip(local_tips[:, 2] - np.where(steep, 0.40, 0.55), *kinematics.LIFT_M)
    guesses[:, 1] = np.arctan2(local_tips[:, 1], local_tips[:, 0] - kinematics.MOUNT_X_M)
    guesses[:, 2:] = arms
    return guesses


def _to_home(table: Array, centers: Array) -> Array:
    turn = turn_z(table[:, 3])
    in_home: Array = np.einsum("nij,nsj->nsi", turn, centers)
    in_home[:, :, :2] += table[:, None, 1:3]
    return in_home


def _swept_overlap(
    table: Array, tips: Array, q: Array, targets: Sequence[ReachTarget], approach: ApproachPath, boxes: Boxes
) -> tuple[Array, Array]:
    """Maximum overlap of arm, column and cargo with hard and with soft boxes over all stages, (N,) and (N,)."""
    column_local = np.broadcast_to(np.array(COLUMN_POINTS), (len(q), len(COLUMN_POINTS), 3))
    arm_points = _to_home(table, kinematics.sphere_centers(q))
    column = _to_home(table, column_local)
    cargo = np.zeros((len(q), max(len(target.cargo) for target in targets), 3))
    for i, row in enumerate(table):
        offsets = targets[int(row[0])].cargo
        rotated = offsets @ turn_z(row[4]).T
        cargo[i] = tips[i]
        cargo[i, : len(offsets)] += rotated
    radii = np.concatenate([
        kinematics.sphere_radii(), np.full(len(COLUMN_POINTS), COLUMN_RADIUS_M), np.full(cargo.shape[1], 0.004)
    ])  # fmt: skip
    hard: Array = np.zeros(len(q))
    soft: Array = np.zeros(len(q))
    for stage in approach.stages():
        flat = np.array([stage[0], stage[1], 0.0])
        wanted_rise = min(stage[2], 1.0)
        rise_m = np.clip(kinematics.LIFT_M[1] - q[:, 0], 0.0, wanted_rise)  # the travel of the lift is limited
        shift = np.zeros((len(q), 1, 3))
        shift[:, 0, 2] = rise_m
        moved = np.concatenate([arm_points + flat + shift, column + flat, cargo + flat + shift], axis=1)
        hard_now, soft_now = overlap(boxes, moved, radii)
        # At least half of the rise must be possible.
        missing_rise = np.maximum(0.0, wanted_rise - rise_m - 0.5 * wanted_rise)
        hard, soft = np.maximum(hard, hard_now + missing_rise), np.maximum(soft, soft_now)
    return hard, soft


def _unfolding_overlap(table: Array, q: Array, approach: ApproachPath, boxes: Boxes) -> Array:
    """Maximum overlap while the arm unfolds at the start of the approach, (N,)."""
    stage = approach.stages()[-1]
    start = q.copy()
    start[:, 0] = np.clip(start[:, 0] + stage[2], *kinematics.LIFT_M)
    at_start = table.copy()
    at_start[:, 1:3] += stage[:2]
    max_overlap: Array = np.zeros(len(q))
    for fraction in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        posture = start.copy()
        posture[:, 1:] = (1 - fraction) * kinematics.TUCKED + fraction * start[:, 1:]
        hard, soft = overlap(boxes, _to_home(at_start, kinematics.sphere_centers(posture)), kinematics.sphere_radii())
        max_overlap = np.maximum(max_overlap, hard + soft)
    return max_overlap
