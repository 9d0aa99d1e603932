"""Motions that all skills share: drive, approach, retreat, move and tuck the arm; and the error of a failed skill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import hypot, inf, pi
from typing import Literal

import numpy as np

from envs.geometry.rotations import Array, Footprint, nearest_angle
from envs.physics.engine import Engine
from envs.physics.object_states import ObjectStates
from envs.physics.spatial_queries import SpatialQueries
from envs.robot import kinematics
from envs.robot.arm_motion_planning import ArmModel, plan_path
from envs.robot.base_navigation import Floor
from envs.robot.heading_planning import BasePose, heading_plans, swept_overlap_m
from envs.robot.reach_planning import (
    COLUMN_POINTS,
    COLUMN_RADIUS_M,
    ApproachPath,
    ReachPose,
    ReachTarget,
    find_reach_poses,
)
from envs.robot.robot import OPEN_M, Robot

TRANSIT_LIFT_M = 0.55
CARRY_LIFT_M = 1.02  # the carried object passes over tables
# Drive around objects on the ground that are at least this high; if there is no path, push lower ones aside.
MIN_AVOIDED_HEIGHTS_M = (0.0, 0.12, inf)
TUCKED_RADIUS_M = 0.36  # from the base's center to the outside of the tucked arm
TUCKED_TIP_M = 0.28  # from the base's center to the tip of the tucked arm
FRICTION_SLOWDOWN = 1.5  # motions are slower by this factor while friction alone holds an object
MAX_BRUSH_M = 0.005
CARGO_POINTS = np.array([(x, y, z) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0) for z in (-0.9, 0.9)])
NO_CARGO = np.zeros((0, 3))
OBSTACLE_RADIUS_M = 1.15  # obstacles nearer than this to a target are checked


class SkillError(Exception):
    """A skill cannot go on; the message becomes the outcome's reason.

    Attributes:
        blocked_by: The fixture whose open door is in the way; empty if there is none.
    """

    def __init__(self, reason: str, *, blocked_by: str = "") -> None:
        super().__init__(reason)
        self.blocked_by = blocked_by


@dataclass
class MotionPrimitives:
    """The robot's motions in one home, with the home's geometry, object states and floor grid."""

    engine: Engine
    robot: Robot
    queries: SpatialQueries
    floor: Floor
    object_states: ObjectStates
    grasp: Literal["assisted", "physical"] = "assisted"
    focus: Array = field(default_factory=lambda: np.zeros(3))  # where the robot works, for the camera
    # Footprints of open leaves, and of objects on the ground, that the floor grid contains.
    floor_obstacles: tuple[list[Footprint], list[Footprint]] = field(default_factory=lambda: ([], []))
    released: list[str] = field(default_factory=list)  # objects with which the hand does not collide yet

    # -- moving --------------------------------------------------------------------------------------------------------

    def refresh_floor(self, min_height_m: float = 0.0) -> None:
        """Update the floor grid with the open doors and the objects on the ground that are at least this high."""
        on_ground = self.queries.object_footprints(self.robot.carried, min_height_m=min_height_m)
        obstacles = (_rounded(self.queries.leaf_footprints()), _rounded(on_ground))
        if obstacles != self.floor_obstacles:
            self.floor_obstacles = obstacles
            self.floor.update(*obstacles)

    def drive(self, x: float, y: float, yaw: float, where: str) -> None:
        """Drive the base to a pose with the arm tucked.

        Raises:
            SkillError: There is no path.
        """
        robot = self.robot
        position = (float(robot.q[0]), float(robot.q[1]))
        if hypot(x - position[0], y - position[1]) < 0.02:
            corners = [(x, y)]
        else:
            path = self._path_clear_of_cargo(position, (x, y)) or self.floor.path(position, (x, y))
            if path is None:
                raise SkillError(f"no way to {where}")
            corners = path
        start_pose = (*position, float(robot.q[2]))
        turning_m = self.carry_radius_m + 0.02

        def can_turn(point: tuple[float, float]) -> bool:
            return bool(self.floor.clearance_with_doors_m[self.floor.cell_at(*point)] > turning_m)

        waypoints = []
        for pose in self._choose_headings(start_pose, heading_plans(start_pose, corners, yaw, can_turn)):
            q = robot.q.copy()
            q[:3] = pose
            waypoints.append(q)
        robot.move(waypoints, slowdown=self.slowdown)

    def _choose_headings(self, start: BasePose, plans: Sequence[Sequence[BasePose]]) -> Sequence[BasePose]:
        """Return the first heading plan on which nothing collides, or the one with the least overlap."""
        robot = self.robot
        points, radii = kinematics.sphere_centers(robot.q[None, 3:])[0], kinematics.sphere_radii()
        points, radii = (
            np.concatenate([points, COLUMN_POINTS]),
            np.concatenate([radii, np.full(len(COLUMN_POINTS), COLUMN_RADIUS_M)]),
        )
        if robot.held is not None:
            offset, held_turn = robot.held_pose()
            half = np.abs(held_turn) @ np.array(self.queries.objects[robot.held.name].size) / 2
            tip, _ = kinematics.tip(robot.q[None, 3:])
            points = np.concatenate([points, tip + offset + CARGO_POINTS * half])
            radii = np.concatenate([radii, np.full(len(CARGO_POINTS), 0.01)])
        boxes = self.queries.static_and_leaf_boxes()
        depths: list[float] = []
        for plan in plans:
            depths.append(swept_overlap_m(start, plan, points, radii, boxes))
            if depths[-1] < MAX_BRUSH_M:
                break
        return plans[int(np.argmin(depths))]

    @property
    def carry_radius_m(self) -> float:
        """Radius around the base's center that the tucked arm and the held object need."""
        held = self.robot.held
        if held is None:
            return TUCKED_RADIUS_M
        offset, held_turn = self.robot.held_pose()
        half = np.abs(held_turn) @ np.array(self.queries.objects[held.name].size) / 2
        forward_m, sideways_m = TUCKED_TIP_M + float(offset[0]) + float(half[0]), abs(float(offset[1])) + float(half[1])
        return max(TUCKED_RADIUS_M, hypot(forward_m, sideways_m))

    def _path_clear_of_cargo(
        self, start: tuple[float, float], goal: tuple[float, float]
    ) -> list[tuple[float, float]] | None:
        """A path on which the carried object touches nothing; None if there is none, or nothing is carried."""
        if self.robot.held is None:
            return None
        self.floor.update(*self.floor_obstacles, carried_m=self.carry_radius_m)
        path = self.floor.path(start, goal)
        self.floor.update(*self.floor_obstacles)
        return path

    @property
    def slowdown(self) -> float:
        """Factor by which motions are slower, for an object that friction alone holds."""
        held = self.robot.held
        return 1.0 if held is None or held.weld is not None else FRICTION_SLOWDOWN

    def tuck(self) -> None:
        """Fold the arm and bring the lift to its travel height."""
        q = self.robot.q.copy()
        held = self.robot.held
        lift = CARRY_LIFT_M if held is not None else TRANSIT_LIFT_M
        if self.robot.held is not None and q[3] < lift:
            q[3] = lift  # lift first: the held object must clear the table
            self.robot.move([q])
            q = q.copy()
        q[4:] = kinematics.TUCKED
        if held is not None and held.weld is None:  # the object turns with the hand: keep the pitch of the grasp
            q[9] = np.clip(q[9] + kinematics.TUCKED_PITCH - held.pitch, kinematics.LOWER[6], kinematics.UPPER[6])
        self.move_arm(q[3:])
        if self.robot.held is None and abs(q[3] - lift) > 0.05:
            q = q.copy()
            q[3] = lift
            self.robot.move([q])

    def pitches(self, usual: tuple[float, ...]) -> tuple[float, ...]:
        """Allowed pitches of the hand at a target [rad]: only one if the held object turns with the hand."""
        held = self.robot.held
        return usual if held is None or held.weld is not None else (held.pitch,)

    # -- reaching ------------------------------------------------------------------------------------------------------

    def find_reach_poses(
        self,
        targets: Sequence[ReachTarget],
        approach: ApproachPath,
        *,
        fixture: str | None,
        ignore: Sequence[str] = (),
        front: bool = False,
    ) -> list[ReachPose]:
        """Return poses that reach one of the targets, the best first.

        Args:
            targets: Alternatives, near each other.
            approach: Path on which the tip arrives.
            fixture: Where the targets are.
            ignore: Objects that may be touched.
            front: Only stand in front of the fixture.
        """
        center = np.mean([target.middle for target in targets], axis=0)
        self.focus = center
        boxes = self.queries.obstacles(center, OBSTACLE_RADIUS_M, [*ignore, *self.robot.carried])
        front_yaw = self.queries.specs[fixture].yaw if fixture is not None and front else None
        for min_height_m, accept_overlap in (
            (MIN_AVOIDED_HEIGHTS_M[0], False),
            *((height, True) for height in MIN_AVOIDED_HEIGHTS_M),
        ):
            previous = self.floor_obstacles
            self.refresh_floor(min_height_m)
            if min_height_m > MIN_AVOIDED_HEIGHTS_M[0] and self.floor_obstacles == previous:
                continue
            reach_poses = find_reach_poses(
                self.floor, self.robot.q, targets, approach, boxes, front=front_yaw, accept_overlap=accept_overlap
            )
            if reach_poses:
                return reach_poses
        return []

    def approach(self, reach: ReachPose, where: str, *, finger: float = OPEN_M) -> None:
        """Drive to the start of the approach, unfold the arm and move the tip to the target."""
        robot = self.robot
        waypoints = reach.approach_waypoints()
        self.drive(float(waypoints[0][0]), float(waypoints[0][1]), float(waypoints[0][2]), where)
        ready = robot.q.copy()
        ready[2] = nearest_angle(float(waypoints[0][2]), float(robot.q[2]))
        ready[3] = waypoints[0][3]
        robot.move([ready])
        if robot.held is None and abs(robot.finger - finger) > 1e-3:
            robot.grip(finger)
        yaw_offset = ready[2] - waypoints[0][2]
        for q in waypoints:
            q[2] += yaw_offset
        self.move_arm(waypoints[0][3:])
        robot.move(waypoints[1:], slowdown=1.3 * self.slowdown)

    def move_arm(self, posture: Array) -> None:
        """Move lift and arm to a posture (8,) around obstacles, or straight if there is no free path."""
        robot = self.robot
        boxes = self.queries.obstacles(robot.q[:3] * (1, 1, 0), OBSTACLE_RADIUS_M, robot.carried)
        arm_model = ArmModel(
            base=(float(robot.q[0]), float(robot.q[1]), float(robot.q[2])), boxes=boxes, cargo=NO_CARGO
        )
        end_depths = arm_model.overlap_depth(np.array([robot.q[3:], posture]))
        arm_model = replace(arm_model, slack_m=float(end_depths.max()))
        # A constant seed, so that the same motion is planned in the same way each time.
        path = plan_path(arm_model, robot.q[3:], posture, np.random.default_rng(0)) or [posture]
        robot.move([np.concatenate([robot.q[:3], q]) for q in path], slowdown=self.slowdown)

    def retreat(self, reach: ReachPose) -> None:
        """Move the tip back along its approach."""
        waypoints = reach.retreat_waypoints()
        yaw_offset = self.robot.q[2] - waypoints[-1][2]
        for q in waypoints:
            q[2] += yaw_offset
        self.robot.move(waypoints[1:], slowdown=1.15 * self.slowdown)

    def drop_if_slipped(self) -> None:
        """Release an object that has slipped out of the fingers."""
        if not self.robot.slipped():
            return
        names = self.robot.carried
        self.robot.release()
        for name in names:
            self.engine.may_sleep(name)
        self.robot.enable_collisions(names)

    def recover(self) -> None:
        """After a failure, raise the arm a little if it is unfolded, then tuck it."""
        robot = self.robot
        if np.abs(robot.q[4:] - kinematics.TUCKED).max() > 0.05:
            up = robot.q.copy()
            up[3] = min(kinematics.LIFT_M[1], up[3] + 0.05)
            robot.move([up])
        self.tuck()


def _rounded(footprints: list[Footprint]) -> list[Footprint]:
    return [(round(x, 2), round(y, 2), round(yaw, 2), round(d, 2), round(w, 2)) for x, y, yaw, d, w in footprints]


def evenly_spaced_yaws(yaw: float, step: float) -> tuple[float, ...]:
    """A heading and its rotations by multiples of `step` [rad], over a full turn."""
    return tuple(yaw + k * step for k in range(round(2 * pi / step)))
