"""The robot: a Panda on a lift on a holonomic base, all of it driven by motors within velocity limits.

A posture is q = [x, y, yaw, lift, seven arm joints] [m, rad] of the base in the home's frame. Motions are sequences of
postures; nothing is ever teleported. In an assisted grasp what is held hangs on a fixed constraint whose frame turns as
the hand pitches, as if the hand pivoted what it pinches, so that a full cup stays upright. In a physical grasp only the
fingers' friction holds it, and it turns with the hand.

Legend: T control steps of 4 ticks, W waypoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import atan2
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.rotations import Array, quat, rotation_about, rotation_vector, turn_z
from envs.physics.engine import TICK_S, Engine
from envs.robot import kinematics
from envs.robot.kinematics import TIP_M
from envs.robot.robot_model import body_links

if TYPE_CHECKING:
    from envs.symbolic.domain import Vec3

NAME = "robot"
DOF = 11
CONTROL_TICKS = 4
CONTROL_S = CONTROL_TICKS * TICK_S
SPEED = np.array([0.9, 0.9, 1.8, *kinematics.SPEED])  # [m/s, rad/s]
RAMP_S = 0.3
FORCES = [4e4, 4e4, 2e4, 3e4, 3e3, 3e3, 3e3, 2e3, 1e3, 1e3, 1e3]
LINKS = tuple(range(DOF))
HAND, LEFT, RIGHT = DOF, DOF + 1, DOF + 2
FINGER_N = 60.0  # the hand presses with 70 N at most (its datasheet)
GEAR_N = 500.0
PAD_FRICTION = 1.2  # rubber; the engine multiplies it with a thing's own 0.9
HOLD_N = 400.0
SLIPPED_M = 0.05  # a thing that has moved so far in the fingers is lost
SOFT_STEPS = 18  # control steps, 0.3 s, over which motions with a thing held by friction are averaged
ENERGY_TICKS = 2 * CONTROL_TICKS  # between two samples of the motors' power
OPEN_M = 0.04  # of one finger


class OutOfTimeError(Exception):
    """A skill has used up its ticks."""


@dataclass
class Held:
    """What the hand holds: the constraint (None: friction alone), and how the thing hangs from the tip."""

    name: str
    weld: int | None
    pivot: Vec3  # the tip in the thing's frame [m]
    turn: Array  # the thing's rotation when grasped, (3, 3)
    yaw: float  # the hand's yaw when grasped [rad]
    pitch: float  # the hand's pitch below the horizon when grasped [rad]
    tilt: Array = field(default_factory=lambda: np.eye(3))  # an extra turn in the hand's upright frame
    cargo: tuple[tuple[str, int], ...] = ()  # what lies in it, and the constraints that keep it there


def hand_yaw(turn: Array) -> float:
    """Heading of a hand whose fingers close along the horizontal."""
    return atan2(turn[0, 1], -turn[1, 1])


def hand_pitch(turn: Array) -> float:
    """How far a hand points below the horizon [rad]."""
    return float(np.arcsin(np.clip(-turn[2, 2], -1.0, 1.0)))


class Robot:
    """The robot in one engine; `q` is the posture that its motors hold."""

    def __init__(self, engine: Engine, at: tuple[float, float, float]) -> None:
        self.engine = engine
        self.q = np.array([*at, 0.6, *kinematics.TUCKED])
        self.finger = 0.0
        self.held: Held | None = None
        self.collisions = 0
        self.energy_j = 0.0
        self.deadline: int | None = None  # the tick at which a skill runs out of time
        self.level = True
        self.allowed: frozenset[str] = frozenset()  # bodies that a skill means to touch
        self.on_tick: Callable[[], None] | None = None
        self.on_control: Callable[[], None] | None = None  # after each control step, for the world's processes
        self.linkages: list[Callable[[], None]] = []
        engine.add(NAME, (), (0.0, 0.0, 0.0), links=body_links())
        engine.keep_awake(NAME)
        for finger in (LEFT, RIGHT):
            engine.limit(NAME, finger, 0.0, OPEN_M + 0.001)
        engine.rubber(NAME, (LEFT, RIGHT), PAD_FRICTION)
        engine.gear(NAME, LEFT, RIGHT, GEAR_N)
        self.settle()

    def settle(self) -> None:
        """Put the joints where `q` says: for building only."""
        for link in LINKS:
            self.engine.set_joint(NAME, link, float(self.q[link]))
        for link in (LEFT, RIGHT):
            self.engine.set_joint(NAME, link, self.finger)
        self._drive(self.q, np.zeros(DOF))

    def _drive(self, q: Array, speed: Array) -> None:
        self.engine.drive(
            NAME, (*LINKS, LEFT, RIGHT), [*q.tolist(), self.finger, self.finger], [*speed.tolist(), 0.0, 0.0],
            [*FORCES, FINGER_N, FINGER_N], [*[0.6] * DOF, 0.15, 0.15],
        )  # fmt: skip

    # -- motion --------------------------------------------------------------------------------------------------------

    def move(self, waypoints: Sequence[Array], *, slow: float = 1.0) -> None:
        """Go through postures in straight lines of joint space; stops at the last only."""
        path = np.array([self.q, *waypoints])  # (W + 1, 11)
        legs = np.abs(np.diff(path, axis=0)) / SPEED
        times = slow * legs.max(axis=1)  # (W,)
        keep = times > 1e-6
        if not keep.any():
            return
        path, times = path[np.concatenate([[True], keep])], times[keep]
        dense = _timeline(path, times)  # (T, 11)
        if self.held is not None and self.held.weld is None:
            dense = _softened(dense, self.q)
        speeds = np.diff(np.vstack([self.q, dense]), axis=0) / CONTROL_S
        pivots = self.held is not None and self.held.weld is not None and self.level
        turns = self._hand_turns(dense) if pivots else None
        for k in range(len(dense)):
            if turns is not None:
                self._hang(turns[k])
            for left in range(CONTROL_TICKS - 1, 0, -1):  # a motor that is to catch up with four ticks at once jerks
                self._drive(dense[k] - speeds[k] * left * TICK_S, speeds[k])
                self.engine.step()
            self._drive(dense[k], speeds[k])
            self._run(1)
        self.q = path[-1].copy()
        self._drive(self.q, np.zeros(DOF))
        self._run(8)

    def wait(self, ticks: int) -> None:
        """Hold the posture."""
        for _ in range(max(1, ticks // CONTROL_TICKS)):
            self._run(CONTROL_TICKS)

    def grip(self, finger_m: float) -> None:
        """Move both fingers to this distance from the middle."""
        self.finger = finger_m
        self._drive(self.q, np.zeros(DOF))
        self.wait(36)

    def _run(self, ticks: int) -> None:
        for linkage in self.linkages:
            linkage()
        self.engine.step(ticks)
        now = self.engine.ticks
        if now % (8 * CONTROL_TICKS) < ticks:
            self._count()
        if now % ENERGY_TICKS < ticks:
            self.energy_j += self.engine.power(NAME, LINKS) * ENERGY_TICKS * TICK_S
        if self.on_control is not None:
            self.on_control()
        if self.on_tick is not None:
            self.on_tick()
        if self.deadline is not None and now >= self.deadline:
            self.deadline = None
            self.q = self.engine.joints(NAME, LINKS)  # where it was stopped, not where that motion began
            self._drive(self.q, np.zeros(DOF))
            raise OutOfTimeError

    def _count(self) -> None:
        for other, link, distance in self.engine.touching(NAME):
            if distance < -0.002 and link < HAND and other not in self.allowed:
                self.collisions += 1
                return

    # -- where it is ---------------------------------------------------------------------------------------------------

    def tip(self) -> tuple[Array, Array]:
        """Position (3,) and rotation (3, 3) of the tip, read from the engine."""
        at, turn = self.engine.link_pose(NAME, HAND)
        rotation = self.engine.rotation(turn)
        return np.array(at) + TIP_M * rotation[:, 2], rotation

    def _hand_turns(self, q: Array) -> Array:
        _, turns = kinematics.tip(q[:, 3:])
        made: Array = turn_z(q[:, 2]) @ turns
        return made

    # -- holding -------------------------------------------------------------------------------------------------------

    def hold(self, name: str, cargo: Sequence[str] = (), *, welded: bool = True) -> None:
        """Take a thing that is in the hand, with what lies in it, as held.

        Args:
            name: The thing.
            cargo: What lies in it.
            welded: Fix it to the hand where it is, and what lies in it to the thing; else friction holds them.
        """
        engine = self.engine
        tip_at, hand = self.tip()
        at, turn = engine.pose(name)
        body = engine.rotation(turn)
        pivot = body.T @ (tip_at - np.array(at))
        spot = (float(pivot[0]), float(pivot[1]), float(pivot[2]))
        if not welded:
            engine.ignore(name, NAME, range(2, DOF))
            self.held = Held(name=name, weld=None, pivot=spot, turn=body, yaw=hand_yaw(hand), pitch=hand_pitch(hand),
                             cargo=tuple((other, -1) for other in cargo))  # fmt: skip
            return
        links = (*range(2, DOF), HAND, LEFT, RIGHT)
        kept = []
        for other in cargo:
            there, other_turn = engine.pose(other)
            other_body = engine.rotation(other_turn)
            middle = body.T @ (np.array(there) - np.array(at))
            weld = engine.weld(name, -1, other, -1, middle.tolist(), (0, 0, 0), quat(other_body.T @ body), HOLD_N)
            engine.ignore(other, NAME, links)
            kept.append((other, weld))
        engine.ignore(name, NAME, links)
        weld = engine.weld(NAME, HAND, name, -1, (0, 0, TIP_M), pivot.tolist(), quat(body.T @ hand), HOLD_N)
        self.held = Held(name=name, weld=weld, pivot=spot, turn=body, yaw=hand_yaw(hand), pitch=hand_pitch(hand),
                         cargo=tuple(kept))  # fmt: skip

    @property
    def carried(self) -> list[str]:
        """What goes where the hand goes: what it holds, then what lies in it."""
        return [] if self.held is None else [self.held.name, *(name for name, _ in self.held.cargo)]

    def hang(self) -> tuple[Array, Array]:
        """What is held in the hand's upright frame: its middle from the tip [m], (3,), and its rotation, (3, 3)."""
        held = self.held
        assert held is not None
        turn = held.tilt @ turn_z(-held.yaw) @ held.turn
        return -turn @ np.array(held.pivot), turn

    def slipped(self) -> bool:
        """Whether what the hand holds has been torn out of it, or has slipped."""
        held = self.held
        if held is None:
            return False
        tip_at, _ = self.tip()
        at, turn = self.engine.pose(held.name)
        now = self.engine.rotation(turn).T @ (tip_at - np.array(at))
        return bool(np.linalg.norm(now - np.array(held.pivot)) > SLIPPED_M)

    def regrasp(self) -> None:
        """Note how what friction holds lies in the hand now, as it would be at the pitch of its grasp."""
        held = self.held
        if held is None or held.weld is not None:
            return
        tip_at, hand = self.tip()
        at, turn = self.engine.pose(held.name)
        body = self.engine.rotation(turn)
        pivot = body.T @ (tip_at - np.array(at))
        held.pivot = (float(pivot[0]), float(pivot[1]), float(pivot[2]))
        held.turn = kinematics.hand_rotation(held.yaw, held.pitch) @ hand.T @ body

    def let_go(self) -> None:
        """Release what is held, and what lies in it."""
        held, engine = self.held, self.engine
        if held is None:
            return
        if held.weld is not None:
            engine.release(held.weld)
            for _, weld in held.cargo:
                engine.release(weld)
        self.held = None

    def forgive(self, names: Sequence[str]) -> None:
        """Let the robot collide again with things that it has let go of, once the hand is clear of them."""
        for name in names:
            self.engine.ignore(name, NAME, (*range(2, DOF), HAND, LEFT, RIGHT), collide=True)

    def _hang(self, hand: Array) -> None:
        held = self.held
        assert held is not None and held.weld is not None
        body = turn_z(hand_yaw(hand)) @ held.tilt @ turn_z(-held.yaw) @ held.turn
        self.engine.turn_weld(held.weld, held.pivot, quat(body.T @ hand), HOLD_N)

    def tilt(self, turn: Array, steps: int = 40) -> None:
        """Pivot what is held, little by little, by a rotation in the hand's upright frame."""
        held = self.held
        assert held is not None
        vector = rotation_vector(turn @ held.tilt.T)
        start = held.tilt
        _, hand = self.tip()
        for k in range(1, steps + 1):
            held.tilt = rotation_about(vector * k / steps) @ start
            self._hang(hand)
            self._run(CONTROL_TICKS)


def _timeline(path: Array, times: Array) -> Array:
    """Sample a path at the control rate, speeding up at its start and slowing down at its end."""
    total = float(times.sum())
    ramp = min(RAMP_S, total)
    duration = total + ramp
    t = np.arange(1, max(2, int(np.ceil(duration / CONTROL_S))) + 1) * CONTROL_S
    t = np.minimum(t, duration)
    up = np.minimum(t, ramp)
    down = np.maximum(0.0, t - (duration - ramp))
    s = up**2 / (2 * ramp) + (np.maximum(t, ramp) - ramp) - down**2 / (2 * ramp)
    knots = np.concatenate([[0.0], np.cumsum(times)])
    dense: Array = np.stack([np.interp(s, knots, path[:, j]) for j in range(path.shape[1])], axis=1)
    return dense


def _softened(dense: Array, start: Array) -> Array:
    """Round the corners of a sampled path, so that nothing is torn out of the fingers, (T + SOFT_STEPS, 11)."""
    ends = np.vstack([np.repeat(start[None], SOFT_STEPS, 0), dense, np.repeat(dense[-1:], SOFT_STEPS, 0)])
    sums = np.cumsum(ends, axis=0)
    made: Array = (sums[SOFT_STEPS:] - sums[:-SOFT_STEPS]) / SOFT_STEPS
    made[-1] = dense[-1]
    return made
