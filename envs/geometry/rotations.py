"""Rotations as matrices, quaternions (x, y, z, w), rotation vectors and angles, in numpy."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from envs.geometry.bodies import Quat

Array = NDArray[np.float64]
Footprint = tuple[float, float, float, float, float]  # x, y, yaw, half depth, half width


def turn_x(angle: float) -> Array:
    """Return the rotation matrix about x, (3, 3)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def turn_z(angle: Array | float) -> Array:
    """Return rotation matrices about z, (..., 3, 3)."""
    c, s = np.cos(angle), np.sin(angle)
    rotations = np.zeros((*np.shape(angle), 3, 3))
    rotations[..., 0, 0] = rotations[..., 1, 1] = c
    rotations[..., 0, 1], rotations[..., 1, 0] = -s, s
    rotations[..., 2, 2] = 1.0
    return rotations


def quat(turn: Array) -> Quat:
    """Return the quaternion (x, y, z, w) of a rotation matrix."""
    m = turn
    w = np.sqrt(max(0.0, 1 + m[0, 0] + m[1, 1] + m[2, 2])) / 2
    if w > 0.1:
        x, y, z = (m[2, 1] - m[1, 2]) / (4 * w), (m[0, 2] - m[2, 0]) / (4 * w), (m[1, 0] - m[0, 1]) / (4 * w)
        return float(x), float(y), float(z), float(w)
    i = int(np.argmax(np.diag(m)))
    j, k = (i + 1) % 3, (i + 2) % 3
    v = np.zeros(4)
    s = 2 * np.sqrt(max(1e-12, 1 + m[i, i] - m[j, j] - m[k, k]))
    v[i], v[3] = s / 4, (m[k, j] - m[j, k]) / s
    v[j], v[k] = (m[j, i] + m[i, j]) / s, (m[k, i] + m[i, k]) / s
    return float(v[0]), float(v[1]), float(v[2]), float(v[3])


def nearest_angle(angle: float, reference: float) -> float:
    """Return the equivalent angle within half a turn of a reference [rad]."""
    return reference + (angle - reference + pi) % (2 * pi) - pi


def rotation_about(vector: Array) -> Array:
    """Rotation matrix (3, 3) of a rotation vector: an axis whose length is the angle [rad]."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-9:
        return np.eye(3)
    x, y, z = vector / angle
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation: Array = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    return rotation


def rotation_vector(turn: Array) -> Array:
    """Rotation vector (3,) of a rotation matrix: an axis whose length is the angle [rad]."""
    x, y, z, w = quat(turn)
    sin_half = float(np.linalg.norm((x, y, z)))
    if sin_half < 1e-9:
        return np.zeros(3)
    vector: Array = np.array((x, y, z)) / sin_half * 2 * np.arctan2(sin_half, w)
    return vector
