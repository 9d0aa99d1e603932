"""Kinematics and the robot's motions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from envs.physics.engine import Engine
from envs.robot import kinematics
from envs.robot.robot import CONTROL_S, LINKS, NAME, SPEED, Robot


def test_the_solver_reaches_most_poses_in_front_of_the_robot():
    rng = np.random.default_rng(0)
    n = 100
    yaw = rng.uniform(-0.4, 0.4, n)
    reach = rng.uniform(0.5, 0.8, n)
    target = np.stack([reach * np.cos(yaw), reach * np.sin(yaw), rng.uniform(0.6, 1.2, n)], -1)
    start = np.tile([0.5, 0.0, -0.3, 0.0, -2.2, 0.0, 1.9, 0.785], (n, 1))
    start[:, 0] = np.clip(target[:, 2] - 0.4, *kinematics.LIFT_M)
    q, error = kinematics.solve(target, kinematics.hand_rotation(yaw, np.full(n, np.pi / 2)), start)
    assert (error < 0.01).mean() > 0.95
    assert (q >= kinematics.LOWER - 1e-9).all()
    assert (q <= kinematics.UPPER + 1e-9).all()


def test_kinematics_agree_with_the_engine():
    engine = Engine()
    robot = Robot(engine, (1.0, 2.0, 0.7))
    q = robot.q.copy()
    q[3:] = [0.8, 0.3, -0.4, 0.2, -2.0, -0.3, 1.9, 0.5]
    robot.move([q])
    tip, turn = robot.tip()
    at, rotation = kinematics.tip(q[None, 3:])
    frame = kinematics.turn_z(0.7)
    assert np.allclose(tip, frame @ at[0] + (1.0, 2.0, 0.0), atol=2e-3)
    assert np.allclose(turn, frame @ rotation[0], atol=5e-3)
    engine.close()


def test_motions_respect_velocity_limits():
    engine = Engine()
    robot = Robot(engine, (0.0, 0.0, 0.0))
    joints = [engine.joints(NAME, LINKS)]
    robot.on_tick = lambda: joints.append(engine.joints(NAME, LINKS))
    q = robot.q.copy()
    q[:4] = [1.0, -0.5, 2.0, 0.9]
    q[4:] += 0.3
    robot.move([q])
    speed = max(float((np.abs(b - a) / CONTROL_S / SPEED).max()) for a, b in pairwise(joints[:-1]))
    assert speed < 1.1
    assert np.allclose(engine.joints(NAME, LINKS), q, atol=1e-3)
    engine.close()
