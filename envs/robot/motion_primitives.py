"""What every skill of the robot shares: driving, going in and out of a reach, tucking the arm, and why it failed."""

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
from envs.robot.arm_motion_planning import Twin, find_way
from envs.robot.base_navigation import Floor
from envs.robot.heading_planning import Pose, swept_m, ways_to_steer
from envs.robot.reach_planning import COLUMN, COLUMN_R_M, ApproachPath, ReachPose, ReachTarget, find_reaches
from envs.robot.robot import OPEN_M, Robot

TRANSIT_LIFT_M = 0.55
CARRY_LIFT_M = 1.02  # what is carried passes over tables
# Things on the ground from this height on are driven around; where there is no way, more and more are pushed aside.
AVOIDED_M = (0.0, 0.12, inf)
TUCKED_M = 0.36  # from the base's center to the outside of the tucked arm
TIP_AHEAD_M = 0.28  # from the base's center to the tip of the tucked arm
GENTLE = 1.5  # by which motions with a thing held by friction are slower
BRUSH_M = 0.005
CARGO = np.array([(x, y, z) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0) for z in (-0.9, 0.9)])
NO_CARGO = np.zeros((0, 3))
LOOK_M = 1.15  # boxes nearer than this to a goal are checked


class SkillError(Exception):
    """A skill cannot go on; the message is its outcome's reason.

    Attributes:
        blocked_by: The fixture whose open door is in the way; empty if none is.
    """

    def __init__(self, reason: str, *, blocked_by: str = "") -> None:
        super().__init__(reason)
        self.blocked_by = blocked_by


@dataclass
class MotionPrimitives:
    """The robot, where things are and in what state, and the floor."""

    engine: Engine
    robot: Robot
    queries: SpatialQueries
    floor: Floor
    object_states: ObjectStates
    grasp: Literal["assisted", "physical"] = "assisted"
    focus: Array = field(default_factory=lambda: np.zeros(3))  # what the robot works at, for the camera
    in_the_way: tuple[list[Footprint], list[Footprint]] = field(default_factory=lambda: ([], []))  # leaves, things
    released: list[str] = field(default_factory=list)  # still ignored by the hand

    # -- moving --------------------------------------------------------------------------------------------------------

    def refresh_floor(self, avoided_m: float = 0.0) -> None:
        """See which doors stand open and what lies on the ground, if it is at least so high."""
        things = self.queries.object_footprints(self.robot.carried, least_m=avoided_m)
        seen = (_rounded(self.queries.leaf_footprints()), _rounded(things))
        if seen != self.in_the_way:
            self.in_the_way = seen
            self.floor.update(*seen)

    def drive(self, x: float, y: float, yaw: float, where: str) -> None:
        """Drive to a pose of the base, arm tucked.

        Raises:
            SkillError: There is no way.
        """
        robot = self.robot
        here = (float(robot.q[0]), float(robot.q[1]))
        if hypot(x - here[0], y - here[1]) < 0.02:
            corners = [(x, y)]
        else:
            found = self._wide_path(here, (x, y)) or self.floor.path(here, (x, y))
            if found is None:
                raise SkillError(f"no way to {where}")
            corners = found
        start = (*here, float(robot.q[2]))
        room_m = self.reach_m + 0.02

        def roomy(point: tuple[float, float]) -> bool:
            return bool(self.floor.clearance_with_doors_m[self.floor.cell_at(*point)] > room_m)

        waypoints = []
        for pose in self._steered(start, ways_to_steer(start, corners, yaw, roomy)):
            q = robot.q.copy()
            q[:3] = pose
            waypoints.append(q)
        robot.move(waypoints, slow=self.pace)

    def _steered(self, start: Pose, ways: Sequence[Sequence[Pose]]) -> Sequence[Pose]:
        """The first way to turn on which arm, column and what is carried touch nothing, or the least."""
        robot = self.robot
        body, radii = kinematics.sphere_centers(robot.q[None, 3:])[0], kinematics.sphere_radii()
        body, radii = np.concatenate([body, COLUMN]), np.concatenate([radii, np.full(len(COLUMN), COLUMN_R_M)])
        if robot.held is not None:
            middle, turn = robot.hang()
            half = np.abs(turn) @ np.array(self.queries.objects[robot.held.name].size) / 2
            tip, _ = kinematics.tip(robot.q[None, 3:])
            body = np.concatenate([body, tip + middle + CARGO * half])
            radii = np.concatenate([radii, np.full(len(CARGO), 0.01)])
        boxes = self.queries.static_and_leaf_boxes()
        worst: list[float] = []
        for way in ways:
            worst.append(swept_m(start, way, body, radii, boxes))
            if worst[-1] < BRUSH_M:
                break
        return ways[int(np.argmin(worst))]

    @property
    def reach_m(self) -> float:
        """How far from the base's center reaches the tucked arm with what it holds."""
        held = self.robot.held
        if held is None:
            return TUCKED_M
        middle, turn = self.robot.hang()
        half = np.abs(turn) @ np.array(self.queries.objects[held.name].size) / 2
        ahead, aside = TIP_AHEAD_M + float(middle[0]) + float(half[0]), abs(float(middle[1])) + float(half[1])
        return max(TUCKED_M, hypot(ahead, aside))

    def _wide_path(self, here: tuple[float, float], there: tuple[float, float]) -> list[tuple[float, float]] | None:
        """A path on which what the hand carries brushes against nothing, if it carries something and there is one."""
        if self.robot.held is None:
            return None
        self.floor.update(*self.in_the_way, carried_m=self.reach_m)
        found = self.floor.path(here, there)
        self.floor.update(*self.in_the_way)
        return found

    @property
    def pace(self) -> float:
        """By how much motions are slower, for the sake of what friction holds."""
        held = self.robot.held
        return 1.0 if held is None or held.weld is not None else GENTLE

    def tuck(self) -> None:
        """Fold the arm and bring the lift to where it travels."""
        q = self.robot.q.copy()
        held = self.robot.held
        lift = CARRY_LIFT_M if held is not None else TRANSIT_LIFT_M
        if self.robot.held is not None and q[3] < lift:
            q[3] = lift  # up first: what is held must clear the table
            self.robot.move([q])
            q = q.copy()
        q[4:] = kinematics.TUCKED
        if held is not None and held.weld is None:  # it turns with the hand: keep the pitch of the grasp
            q[9] = np.clip(q[9] + kinematics.TUCKED_PITCH - held.pitch, kinematics.LOWER[6], kinematics.UPPER[6])
        self.move_arm(q[3:])
        if self.robot.held is None and abs(q[3] - lift) > 0.05:
            q = q.copy()
            q[3] = lift
            self.robot.move([q])

    def pitches(self, usual: tuple[float, ...]) -> tuple[float, ...]:
        """Pitches that the hand may have at a goal [rad]: one, if what it holds turns with it."""
        held = self.robot.held
        return usual if held is None or held.weld is not None else (held.pitch,)

    # -- reaching ------------------------------------------------------------------------------------------------------

    def reaches(
        self,
        goals: Sequence[ReachTarget],
        entry: ApproachPath,
        *,
        fixture: str | None,
        ignore: Sequence[str] = (),
        front: bool = False,
    ) -> list[ReachPose]:
        """Return ways to reach one of some goals, the best first.

        Args:
            goals: Alternatives, near each other.
            entry: How the tip comes.
            fixture: Where the goals are.
            ignore: Things that may be touched.
            front: Only stand in front of the fixture.
        """
        middle = np.mean([goal.middle for goal in goals], axis=0)
        self.focus = middle
        boxes = self.queries.obstacles(middle, LOOK_M, [*ignore, *self.robot.carried])
        facing = self.queries.specs[fixture].yaw if fixture is not None and front else None
        for avoided_m, last in ((AVOIDED_M[0], False), *((height, True) for height in AVOIDED_M)):
            before = self.in_the_way
            self.refresh_floor(avoided_m)
            if avoided_m > AVOIDED_M[0] and self.in_the_way == before:
                continue
            found = find_reaches(self.floor, self.robot.q, goals, entry, boxes, front=facing, last=last)
            if found:
                return found
        return []

    def approach(self, reach: ReachPose, where: str, *, finger: float = OPEN_M) -> None:
        """Drive to a reach's start, unfold the arm, come in by its line."""
        robot = self.robot
        way = reach.way_in()
        self.drive(float(way[0][0]), float(way[0][1]), float(way[0][2]), where)
        ready = robot.q.copy()
        ready[2] = nearest_angle(float(way[0][2]), float(robot.q[2]))
        ready[3] = way[0][3]
        robot.move([ready])
        if robot.held is None and abs(robot.finger - finger) > 1e-3:
            robot.grip(finger)
        turned = ready[2] - way[0][2]
        for q in way:
            q[2] += turned
        self.move_arm(way[0][3:])
        robot.move(way[1:], slow=1.3 * self.pace)

    def move_arm(self, posture: Array) -> None:
        """Bring lift and arm to a posture (8,) past what is around; straight, if there is no way past it."""
        robot = self.robot
        boxes = self.queries.obstacles(robot.q[:3] * (1, 1, 0), LOOK_M, robot.carried)
        twin = Twin(base=(float(robot.q[0]), float(robot.q[1]), float(robot.q[2])), boxes=boxes, cargo=NO_CARGO)
        ends = twin.depth(np.array([robot.q[3:], posture]))
        twin = replace(twin, slack_m=float(ends.max()))
        # The same motion is planned alike each time: the draws depend on nothing else.
        way = find_way(twin, robot.q[3:], posture, np.random.default_rng(0)) or [posture]
        robot.move([np.concatenate([robot.q[:3], q]) for q in way], slow=self.pace)

    def retreat(self, reach: ReachPose) -> None:
        """Leave by the line by which the tip came."""
        way = reach.way_out()
        turned = self.robot.q[2] - way[-1][2]
        for q in way:
            q[2] += turned
        self.robot.move(way[1:], slow=1.15 * self.pace)

    def drop(self) -> None:
        """Take what has slipped out of the fingers as let go."""
        if not self.robot.slipped():
            return
        names = self.robot.carried
        self.robot.let_go()
        for name in names:
            self.engine.may_sleep(name)
        self.robot.forgive(names)

    def recover(self) -> None:
        """After a failure: out by the base if something is in front, then tuck."""
        robot = self.robot
        if np.abs(robot.q[4:] - kinematics.TUCKED).max() > 0.05:
            up = robot.q.copy()
            up[3] = min(kinematics.LIFT_M[1], up[3] + 0.05)
            robot.move([up])
        self.tuck()


def _rounded(footprints: list[Footprint]) -> list[Footprint]:
    return [(round(x, 2), round(y, 2), round(yaw, 2), round(d, 2), round(w, 2)) for x, y, yaw, d, w in footprints]


def cyclic(yaw: float, step: float) -> tuple[float, ...]:
    """A heading and its turns by `step` [rad]."""
    return tuple(yaw + k * step for k in range(round(2 * pi / step)))
