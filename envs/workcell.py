"""What every skill of the robot shares: driving, going in and out of a reach, tucking the arm, and why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import atan2, hypot, inf, pi
from typing import Literal

import numpy as np

from envs import kinematics
from envs.engine import Engine
from envs.kinematics import Array
from envs.navigation import Floor, Footprint
from envs.places import Places
from envs.reach import Entry, Goal, Reach, find_reaches
from envs.robot import OPEN_M, Robot, nearest_angle

TRANSIT_LIFT_M = 0.55
CARRY_LIFT_M = 1.02  # what is carried passes over tables
# Things on the ground from this height on are driven around; where there is no way, more and more are pushed aside.
AVOIDED_M = (0.0, 0.12, inf)
LOOK_M = 1.15  # boxes nearer than this to a goal are checked


class SkillError(Exception):
    """A skill cannot go on; the message is its outcome's reason."""


@dataclass
class Workcell:
    """The robot, where things are, and the floor."""

    engine: Engine
    robot: Robot
    places: Places
    floor: Floor
    grasp: Literal["assisted", "physical"] = "assisted"
    focus: Array = field(default_factory=lambda: np.zeros(3))  # what the robot works at, for the camera
    in_the_way: tuple[list[Footprint], list[Footprint]] = field(default_factory=lambda: ([], []))  # leaves, things
    released: list[str] = field(default_factory=list)  # still ignored by the hand

    # -- moving --------------------------------------------------------------------------------------------------------

    def refresh_floor(self, avoided_m: float = 0.0) -> None:
        """See which doors stand open and what lies on the ground, if it is at least so high."""
        held = [self.robot.held.name, *(name for name, _ in self.robot.held.cargo)] if self.robot.held else []
        things = self.places.thing_footprints(held, least_m=avoided_m)
        seen = (_rounded(self.places.leaf_footprints()), _rounded(things))
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
            found = self.floor.path(here, (x, y))
            if found is None:
                raise SkillError(f"no way to {where}")
            corners = found
        q = robot.q.copy()
        waypoints = []
        for k, corner in enumerate(corners):
            q = q.copy()
            before = corners[k - 1] if k else here
            leg = hypot(corner[0] - before[0], corner[1] - before[1])
            if k == len(corners) - 1:
                heading = yaw
            else:
                heading = atan2(corners[k + 1][1] - corner[1], corners[k + 1][0] - corner[0])
            if leg > 1.2:  # look ahead on long legs, then turn towards the next
                mid = q.copy()
                mid[:2] = (before[0] + 0.55 * (corner[0] - before[0]), before[1] + 0.55 * (corner[1] - before[1]))
                mid[2] = nearest_angle(atan2(corner[1] - before[1], corner[0] - before[0]), q[2])
                waypoints.append(mid)
                q = mid.copy()
            q[:2] = corner
            q[2] = nearest_angle(heading, q[2])
            waypoints.append(q)
        robot.move(waypoints)

    def tuck(self) -> None:
        """Fold the arm and bring the lift to where it travels."""
        q = self.robot.q.copy()
        lift = CARRY_LIFT_M if self.robot.held is not None else TRANSIT_LIFT_M
        if self.robot.held is not None and q[3] < lift:
            q[3] = lift  # up first: what is held must clear the table
            self.robot.move([q])
            q = q.copy()
        q[4:] = kinematics.TUCKED
        self.robot.move([q])
        if self.robot.held is None and abs(q[3] - lift) > 0.05:
            q = q.copy()
            q[3] = lift
            self.robot.move([q])

    # -- reaching ------------------------------------------------------------------------------------------------------

    def reaches(
        self,
        goals: Sequence[Goal],
        entry: Entry,
        *,
        fixture: str | None,
        ignore: Sequence[str] = (),
        front: bool = False,
    ) -> list[Reach]:
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
        held = [self.robot.held.name, *(name for name, _ in self.robot.held.cargo)] if self.robot.held else []
        boxes = self.places.obstacles(middle, LOOK_M, [*ignore, *held])
        facing = self.places.specs[fixture].yaw if fixture is not None and front else None
        for avoided_m, last in ((AVOIDED_M[0], False), *((height, True) for height in AVOIDED_M)):
            before = self.in_the_way
            self.refresh_floor(avoided_m)
            if avoided_m > AVOIDED_M[0] and self.in_the_way == before:
                continue
            found = find_reaches(self.floor, self.robot.q, goals, entry, boxes, front=facing, last=last)
            if found:
                return found
        return []

    def go_in(self, reach: Reach, where: str, *, finger: float = OPEN_M) -> None:
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
        robot.move([way[0]])
        self.unfolded(reach)
        robot.move(way[1:], slow=1.3)

    def unfolded(self, reach: Reach) -> None:
        """Do what must be done before coming in; nothing, unless a skill says so."""

    def go_out(self, reach: Reach) -> None:
        """Leave by the line by which the tip came."""
        way = reach.way_out()
        turned = self.robot.q[2] - way[-1][2]
        for q in way:
            q[2] += turned
        self.robot.move(way[1:], slow=1.15)

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
