"""The robot: a Panda on a lift on a holonomic base, driven by motors within velocity limits.

A posture is q = [x, y, yaw, lift, seven arm joints] [m, rad], with the base in the home's frame. A motion is a
sequence of postures; nothing is ever teleported. In an assisted grasp, a fixed constraint holds the object. Its frame
turns as the hand pitches, as if the object pivoted between the fingers, so that a full cup stays upright. In a physical
grasp, only the friction of the fingers holds the object, and it turns with the hand.

The hand's upright frame has the tip as its origin; its z axis points up and its x axis along the hand's yaw.

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
FINGER_FORCE_N = 60.0  # the datasheet gives a grasping force of 70 N
GEAR_FORCE_N = 500.0
PAD_FRICTION = 1.2  # rubber; the engine multiplies it by the object's own 0.9
WELD_N = 400.0
MAX_SLIP_M = 0.05  # an object that has moved farther than this in the fingers is lost
SMOOTHING_STEPS = 18  # control steps, 0.3 s, over which motions are averaged while friction holds an object
ENERGY_TICKS = 2 * CONTROL_TICKS  # between two samples of the motors' power
OPEN_M = 0.04  # of one finger, hand open


class OutOfTimeError(Exception):
    """A skill has used up its ticks."""


@dataclass
class Held:
    """The held object: its constraint (None: friction alone) and its pose relative to the tip."""

    name: str
    weld: int | None
    pivot: Vec3  # the tip in the object's frame [m]
    turn: Array  # the object's rotation when grasped, (3, 3)
    yaw: float  # the hand's yaw when grasped [rad]
    pitch: float  # the hand's pitch below the horizon when grasped [rad]
    tilt: Array = field(default_factory=lambda: np.eye(3))  # an additional rotation in the hand's upright frame
    cargo: tuple[tuple[str, int], ...] = ()  # the objects inside it, and the constraints that keep them there


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
        self.keep_upright = True
        self.allowed_contacts: frozenset[str] = frozenset()  # bodies that a skill touches on purpose
        self.on_tick: Callable[[], None] | None = None
        self.on_control: Callable[[Robot], None] | None = None  # called after each control step, for processes
        self.linkages: list[Callable[[], None]] = []
        engine.add(NAME, (), (0.0, 0.0, 0.0), links=body_links())
        engine.keep_awake(NAME)
        for finger in (LEFT, RIGHT):
            engine.limit(NAME, finger, 0.0, OPEN_M + 0.001)
        engine.set_friction(NAME, (LEFT, RIGHT), PAD_FRICTION)
        engine.gear(NAME, LEFT, RIGHT, GEAR_FORCE_N)
        self.reset_joints()

    def reset_joints(self) -> None:
        """Set the joints to `q` at once, for building only."""
        for link in LINKS:
            self.engine.set_joint(NAME, link, float(self.q[link]))
        for link in (LEFT, RIGHT):
            self.engine.set_joint(NAME, link, self.finger)
        self._set_motors(self.q, np.zeros(DOF))

    def _set_motors(self, q: Array, speed: Array) -> None:
        self.engine.drive(
            NAME, (*LINKS, LEFT, RIGHT), [*q.tolist(), self.finger, self.finger], [*speed.tolist(), 0.0, 0.0],
            [*FORCES, FINGER_FORCE_N, FINGER_FORCE_N], [*[0.6] * DOF, 0.15, 0.15],
        )  # fmt: skip

    # -- motion --------------------------------------------------------------------------------------------------------

    def move(self, waypoints: Sequence[Array], *, slowdown: float = 1.0) -> None:
        """Go through postures in straight lines of joint space, stopping only at the last."""
        path = np.array([self.q, *waypoints])  # (W + 1, 11)
        durations = np.abs(np.diff(path, axis=0)) / SPEED
        times = slowdown * durations.max(axis=1)  # (W,)
        moving = times > 1e-6
        if not moving.any():
            return
        path, times = path[np.concatenate([[True], moving])], times[moving]
        samples = _sample_trajectory(path, times)  # (T, 11)
        if self.held is not None and self.held.weld is None:
            samples = _smooth(samples, self.q)
        speeds = np.diff(np.vstack([self.q, samples]), axis=0) / CONTROL_S
        pivots = self.held is not None and self.held.weld is not None and self.keep_upright
        turns = self._hand_turns(samples) if pivots else None
        for k in range(len(samples)):
            if turns is not None:
                self._turn_held(turns[k])
            # One target for each tick: a motor that must catch up with four ticks at once jerks.
            for ticks_left in range(CONTROL_TICKS - 1, 0, -1):
                self._set_motors(samples[k] - speeds[k] * ticks_left * TICK_S, speeds[k])
                self.engine.step()
            self._set_motors(samples[k], speeds[k])
            self._advance(1)
        self.q = path[-1].copy()
        self._set_motors(self.q, np.zeros(DOF))
        self._advance(8)

    def wait(self, ticks: int) -> None:
        """Hold the posture."""
        for _ in range(max(1, ticks // CONTROL_TICKS)):
            self._advance(CONTROL_TICKS)

    def grip(self, finger_m: float) -> None:
        """Move both fingers to this distance from the middle."""
        self.finger = finger_m
        self._set_motors(self.q, np.zeros(DOF))
        self.wait(36)

    def _advance(self, ticks: int) -> None:
        """Step the engine, count collisions and energy, call the listeners, and stop the skill at its deadline."""
        for linkage in self.linkages:
            linkage()
        self.engine.step(ticks)
        ticks_now = self.engine.ticks
        if ticks_now % (8 * CONTROL_TICKS) < ticks:
            self._count_collisions()
        if ticks_now % ENERGY_TICKS < ticks:
            self.energy_j += self.engine.power(NAME, LINKS) * ENERGY_TICKS * TICK_S
        if self.on_control is not None:
            self.on_control(self)
        if self.on_tick is not None:
            self.on_tick()
        if self.deadline is not None and ticks_now >= self.deadline:
            self.deadline = None
            self.q = self.engine.joints(NAME, LINKS)  # where it was stopped, not where that motion began
            self._set_motors(self.q, np.zeros(DOF))
            raise OutOfTimeError

    def _count_collisions(self) -> None:
        for other_name, link, distance in self.engine.touching(NAME):
            if distance < -0.002 and link < HAND and other_name not in self.allowed_contacts:
                self.collisions += 1
                return

    # -- pose of the hand ----------------------------------------------------------------------------------------------

    def tip(self) -> tuple[Array, Array]:
        """Position (3,) and rotation (3, 3) of the tip, read from the engine."""
        at, turn = self.engine.link_pose(NAME, HAND)
        rotation = self.engine.rotation(turn)
        return np.array(at) + TIP_M * rotation[:, 2], rotation

    def _hand_turns(self, q: Array) -> Array:
        _, turns = kinematics.tip(q[:, 3:])
        hand_turns: Array = turn_z(q[:, 2]) @ turns
        return hand_turns

    # -- holding -------------------------------------------------------------------------------------------------------

    def hold(self, name: str, cargo: Sequence[str] = (), *, welded: bool = True) -> None:
        """Register an object in the hand as held, together with its contents.

        Args:
            name: The object.
            cargo: The objects inside it.
            welded: Fix the object to the hand and its contents to the object; otherwise friction holds them.
        """
        engine = self.engine
        tip_at, hand = self.tip()
        at, turn = engine.pose(name)
        rotation = engine.rotation(turn)
        pivot = rotation.T @ (tip_at - np.array(at))
        grasp_point = (float(pivot[0]), float(pivot[1]), float(pivot[2]))
        if not welded:
            engine.ignore(name, NAME, range(2, DOF))
            self.held = Held(
                name=name, weld=None, pivot=grasp_point, turn=rotation, yaw=hand_yaw(hand), pitch=hand_pitch(hand),
                cargo=tuple((item, -1) for item in cargo),
            )  # fmt: skip
            return
        links = (*range(2, DOF), HAND, LEFT, RIGHT)
        welds = []
        for item in cargo:
            item_at, item_turn = engine.pose(item)
            item_rotation = engine.rotation(item_turn)
            item_offset = rotation.T @ (np.array(item_at) - np.array(at))
            weld = engine.weld(
                name, -1, item, -1, item_offset.tolist(), (0, 0, 0), quat(item_rotation.T @ rotation), WELD_N
            )
            engine.ignore(item, NAME, links)
            welds.append((item, weld))
        engine.ignore(name, NAME, links)
        weld = engine.weld(NAME, HAND, name, -1, (0, 0, TIP_M), pivot.tolist(), quat(rotation.T @ hand), WELD_N)
        self.held = Held(
            name=name, weld=weld, pivot=grasp_point, turn=rotation, yaw=hand_yaw(hand), pitch=hand_pitch(hand),
            cargo=tuple(welds),
        )  # fmt: skip

    @property
    def carried(self) -> list[str]:
        """The objects that move with the hand: the held one, then its contents."""
        return [] if self.held is None else [self.held.name, *(name for name, _ in self.held.cargo)]

    def held_pose(self) -> tuple[Array, Array]:
        """Center (3,) [m] relative to the tip and rotation (3, 3) of the held object, in the hand's upright frame."""
        held = self.held
        assert held is not None
        turn = held.tilt @ turn_z(-held.yaw) @ held.turn
        return -turn @ np.array(held.pivot), turn

    def slipped(self) -> bool:
        """Whether the held object has left its place in the hand by more than MAX_SLIP_M."""
        held = self.held
        if held is None:
            return False
        tip_at, _ = self.tip()
        at, turn = self.engine.pose(held.name)
        pivot = self.engine.rotation(turn).T @ (tip_at - np.array(at))
        return bool(np.linalg.norm(pivot - np.array(held.pivot)) > MAX_SLIP_M)

    def update_grasp(self) -> None:
        """Read how an object held by friction lies in the hand now, converted to the hand's rotation at the grasp."""
        held = self.held
        if held is None or held.weld is not None:
            return
        tip_at, hand = self.tip()
        at, turn = self.engine.pose(held.name)
        rotation = self.engine.rotation(turn)
        pivot = rotation.T @ (tip_at - np.array(at))
        held.pivot = (float(pivot[0]), float(pivot[1]), float(pivot[2]))
        held.turn = kinematics.hand_rotation(held.yaw, held.pitch) @ hand.T @ rotation

    def release(self) -> None:
        """Release the held object and its contents."""
        held, engine = self.held, self.engine
        if held is None:
            return
        if held.weld is not None:
            engine.release(held.weld)
            for _, weld in held.cargo:
                engine.release(weld)
        self.held = None

    def enable_collisions(self, names: Sequence[str]) -> None:
        """Let the robot collide again with released objects, once the hand is clear of them."""
        for name in names:
            self.engine.ignore(name, NAME, (*range(2, DOF), HAND, LEFT, RIGHT), collide=True)

    def _turn_held(self, hand: Array) -> None:
        held = self.held
        assert held is not None and held.weld is not None
        rotation = turn_z(hand_yaw(hand)) @ held.tilt @ turn_z(-held.yaw) @ held.turn
        self.engine.turn_weld(held.weld, held.pivot, quat(rotation.T @ hand), WELD_N)

    def tilt(self, turn: Array, steps: int = 40) -> None:
        """Pivot the held object gradually by a rotation in the hand's upright frame."""
        held = self.held
        assert held is not None
        vector = rotation_vector(turn @ held.tilt.T)
        start_tilt = held.tilt
        _, hand = self.tip()
        for k in range(1, steps + 1):
            held.tilt = rotation_about(vector * k / steps) @ start_tilt
            self._turn_held(hand)
            self._advance(CONTROL_TICKS)


def _sample_trajectory(path: Array, times: Array) -> Array:
    """Sample a path at the control rate, accelerating at its start and decelerating at its end."""
    total_s = float(times.sum())
    ramp_s = min(RAMP_S, total_s)
    duration_s = total_s + ramp_s
    times_s = np.arange(1, max(2, int(np.ceil(duration_s / CONTROL_S))) + 1) * CONTROL_S
    times_s = np.minimum(times_s, duration_s)
    speeding_up = np.minimum(times_s, ramp_s)
    slowing_down = np.maximum(0.0, times_s - (duration_s - ramp_s))
    progress = speeding_up**2 / (2 * ramp_s) + (np.maximum(times_s, ramp_s) - ramp_s) - slowing_down**2 / (2 * ramp_s)
    waypoint_times = np.concatenate([[0.0], np.cumsum(times)])
    samples: Array = np.stack([np.interp(progress, waypoint_times, path[:, j]) for j in range(path.shape[1])], axis=1)
    return samples


def _smooth(samples: Array, start: Array) -> Array:
    """Smooth a sampled path, so that nothing is torn out of the fingers, (T + SMOOTHING_STEPS, 11)."""
    padded = np.vstack(
        [np.repeat(start[None], SMOOTHING_STEPS, 0), samples, np.repeat(samples[-1:], SMOOTHING_STEPS, 0)]
    )
    sums = np.cumsum(padded, axis=0)
    smoothed: Array = (sums[SMOOTHING_STEPS:] - sums[:-SMOOTHING_STEPS]) / SMOOTHING_STEPS
    smoothed[-1] = samples[-1]
    return smoothed
