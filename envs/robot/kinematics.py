"""Kinematics of the mobile Panda in NumPy, batched: forward kinematics, Jacobian, damped least squares.

Source of the arm's geometry and limits: Franka Emika, Panda datasheet and `franka_panda/panda.urdf` of pybullet_data.

Frames: base (chassis center on the floor, +x forward), mount (the arm's foot on the lift), hand, tip (between the
fingertips; its z is the approach direction, its y the axis along which the fingers close). The hand's upright frame is
defined in `envs/robot/robot.py`.

Legend: N postures, J = 8 joints of lift and arm, K = 8 links (seven of the arm and the hand), S spheres.
"""

from __future__ import annotations

from functools import cache
from math import pi

import numpy as np

from envs.geometry.rotations import Array, turn_x, turn_z

MOUNT_X_M = 0.08
TIP_M = 0.105  # from the hand's frame to the fingertips
LIFT_M = (0.16, 1.30)  # height of the mount
LOWER = np.array([LIFT_M[0], -2.85, -1.72, -2.85, -3.03, -2.85, 0.02, -2.85])
UPPER = np.array([LIFT_M[1], 2.85, 1.72, 2.85, -0.10, 2.85, 3.71, 2.85])
SPEED = np.array([0.45, 1.5, 1.5, 1.5, 1.5, 2.0, 2.0, 2.0])  # [m/s, rad/s], below the arm's own limits
TUCKED = np.array([0.0, -1.25, 0.0, -2.75, 0.0, 1.55, 0.785])  # arm joints while the robot drives [rad]
TUCKED_PITCH = pi / 2 - 0.05  # pitch of the tucked hand below the horizon [rad]: the sum of joints 2, 4 and 6
# Offset (x, y, z) [m] and rotation about x [rad] from each arm joint's frame to the next.
CHAIN: tuple[tuple[tuple[float, float, float], float], ...] = (
    ((0.0, 0.0, 0.333), 0.0),
    ((0.0, 0.0, 0.0), -pi / 2),
    ((0.0, -0.316, 0.0), pi / 2),
    ((0.0825, 0.0, 0.0), pi / 2),
    ((-0.0825, 0.384, 0.0), -pi / 2),
    ((0.0, 0.0, 0.0), pi / 2),
    ((0.088, 0.0, 0.0), pi / 2),
)
HAND_AT = (0.0, 0.0, 0.107)
HAND_TURN = -pi / 4
# Spheres that cover the arm: index of the link, center in the link's frame [m], radius [m].
SPHERES: tuple[tuple[int, tuple[float, float, float], float], ...] = (
    (0, (0.0, 0.0, -0.10), 0.075),
    (1, (0.0, 0.0, 0.0), 0.085),
    (2, (0.0, 0.0, -0.13), 0.065),
    (2, (0.0, 0.0, -0.04), 0.065),
    (2, (0.0825, 0.0, 0.0), 0.075),
    (4, (0.0, 0.0, -0.30), 0.065),
    (4, (0.0, 0.03, -0.20), 0.055),
    (4, (0.0, 0.05, -0.10), 0.055),
    (5, (0.0, 0.0, 0.0), 0.065),
    (5, (0.088, 0.0, 0.0), 0.06),
    (6, (0.0, 0.0, 0.06), 0.05),
    (7, (0.0, -0.085, 0.035), 0.03),
    (7, (0.0, -0.04, 0.035), 0.035),
    (7, (0.0, 0.0, 0.02), 0.04),
    (7, (0.0, 0.04, 0.035), 0.035),
    (7, (0.0, 0.085, 0.035), 0.03),
    (7, (0.0, 0.042, 0.085), 0.014),
    (7, (0.0, -0.042, 0.085), 0.014),
)
DAMPING = 0.02
ITERATIONS = 45


@cache
def _joint_offsets() -> tuple[list[tuple[Array, Array]], tuple[Array, Array]]:
    hand_rotation_matrix = np.array(
        [[np.cos(HAND_TURN), -np.sin(HAND_TURN), 0], [np.sin(HAND_TURN), np.cos(HAND_TURN), 0], [0, 0, 1.0]]
    )
    return [(np.array(at), turn_x(turn)) for at, turn in CHAIN], (np.array(HAND_AT), hand_rotation_matrix)


def frames(q: Array) -> tuple[Array, Array]:
    """Positions (N, 8, 3) and rotations (N, 8, 3, 3) of the arm's seven links and the hand in the base frame.

    Args:
        q: Lift and arm joints [m, rad], (N, 8).
    """
    n = len(q)
    steps, (hand_at, hand_turn) = _joint_offsets()
    at = np.zeros((n, 8, 3))
    turn = np.zeros((n, 8, 3, 3))
    p: Array = np.zeros((n, 3))
    p[:, 0], p[:, 2] = MOUNT_X_M, q[:, 0]
    r: Array = np.broadcast_to(np.eye(3), (n, 3, 3))
    spins = turn_z(q[:, 1:])  # (N, 7, 3, 3)
    for k, (offset, tilt) in enumerate(steps):
        p = p + r @ offset
        r = r @ tilt @ spins[:, k]
        at[:, k], turn[:, k] = p, r
    at[:, 7], turn[:, 7] = p + r @ hand_at, r @ hand_turn
    return at, turn


def tip(q: Array) -> tuple[Array, Array]:
    """Position (N, 3) and rotation (N, 3, 3) of the tip in the base frame."""
    at, turn = frames(q)
    return at[:, 7] + turn[:, 7, :, 2] * TIP_M, turn[:, 7]


def hand_rotation(yaw: Array | float, pitch: Array | float) -> Array:
    """Rotation (..., 3, 3) of a hand that points toward `yaw` and `pitch` [rad] below the horizon.

    The fingers close along the horizontal. A pitch of pi / 2 points straight down.
    """
    yaw, pitch = np.broadcast_arrays(np.asarray(yaw, float), np.asarray(pitch, float))
    z = np.stack([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), -np.sin(pitch)], -1)
    y = np.stack([np.sin(yaw), -np.cos(yaw), np.zeros_like(yaw)], -1)
    return np.stack([np.cross(y, z), y, z], -1)


def solve(target_at: Array, target_turn: Array, start: Array) -> tuple[Array, Array]:
    """Solve inverse kinematics for N targets at once, by damped least squares with joint limits.

    Args:
        target_at: Tip positions in the base frame, (N, 3).
        target_turn: Tip rotations in the base frame, (N, 3, 3).
        start: Initial guess, (N, 8); the solution stays near it where possible.

    Returns:
        Joints (N, 8), and the remaining error: meters plus 0.2 times radians, (N,).
    """
    q = start.copy()
    eye = np.eye(6) * DAMPING**2
    for step in range(ITERATIONS + 1):
        at, turn = frames(q)
        tip_at, tip_turn = at[:, 7] + turn[:, 7, :, 2] * TIP_M, turn[:, 7]
        error = np.empty((len(q), 6))
        error[:, :3] = target_at - tip_at
        error[:, 3:] = 0.5 * np.cross(tip_turn, target_turn, axis=1).sum(-1)
        if step == ITERATIONS:
            break
        jacobian = np.zeros((len(q), 6, 8))
        jacobian[:, 2, 0] = 1.0
        axes = turn[:, :7, :, 2]  # (N, 7, 3)
        jacobian[:, :3, 1:] = np.cross(axes, tip_at[:, None] - at[:, :7]).transpose(0, 2, 1)
        jacobian[:, 3:, 1:] = axes.transpose(0, 2, 1)
        size = np.linalg.norm(error, axis=1, keepdims=True)
        error *= np.minimum(1.0, 0.5 / np.maximum(size, 1e-9))
        towards_start = (start - q) * (0.02 if step < ITERATIONS - 12 else 0.0)
        transposed = jacobian.transpose(0, 2, 1)
        damped_inverse = np.linalg.inv(jacobian @ transposed + eye)  # (N, 6, 6)
        task_error = error[..., None] - jacobian @ towards_start[..., None]
        dq = towards_start + (transposed @ (damped_inverse @ task_error))[..., 0]
        q = np.clip(q + np.clip(dq, -0.35, 0.35), LOWER, UPPER)
    # The cross products vanish at a half turn too, so compare the rotations themselves.
    angle = np.arccos(np.clip((np.einsum("nij,nij->n", tip_turn, target_turn) - 1) / 2, -1.0, 1.0))
    return q, np.linalg.norm(target_at - tip_at, axis=1) + 0.2 * angle


def sphere_centers(q: Array) -> Array:
    """Centers of the arm's spheres in the base frame, (N, S, 3)."""
    at, turn = frames(q)
    link = np.array([s[0] for s in SPHERES])
    local = np.array([s[1] for s in SPHERES])
    centers: Array = at[:, link] + np.einsum("nsij,sj->nsi", turn[:, link], local)
    return centers


def sphere_radii() -> Array:
    """Radii of the arm's spheres [m], (S,)."""
    return np.array([s[2] for s in SPHERES])
