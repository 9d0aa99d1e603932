"""Disturbances in physics: bodies are laid where nothing touches them, leaves swing where nothing is in their way.

A body is set down at once, as if somebody had carried it there, and everything around wakes up and settles.
"""

from __future__ import annotations

from dataclasses import replace
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.free_spots import free_placements
from envs.geometry.rotations import Array, turn_z
from envs.physics.engine import BASE
from envs.physics.fixture_builder import BRAKE
from envs.physics.object_placement import extents_in_region, upright_rotation
from envs.physics.object_states import UPDATE_TICKS
from envs.robot.robot import NAME, OPEN_M

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.disturbances import Disturbance

SETTLE_TICKS = 120
LOOKS = 10  # at a process, at most
SPOTS = 6  # that are tried at a place
LIFT_M = 0.003  # by which a thing is laid down above what it lies on
ROBOT_CLEAR_M = 0.03
INSIDE_M = 0.002  # overlap that contact brings with it
NEAR_M = 1.6  # what is farther from a body's middle cannot touch it
SWING_STEPS = 12
FALL_M = 0.02
FALLS_M = (0.0, 0.06, 0.12, 0.18, 0.26, 0.34, 0.45, 0.6, 0.8)  # from below the hand to where a thing comes to lie
WALL_M = 0.03


class PhysicalDisturber:
    """Somebody in a physical home, other than the robot."""

    def __init__(self, home: PhysicalHome) -> None:
        self._engine, self._queries, self._motion = home.engine, home.queries, home.motion

    def make(self, wanted: Disturbance, rng: np.random.Generator) -> Disturbance | None:
        """Do it if there is room for it.

        Returns:
            What was done: what drops is given the place where it comes to lie.
        """
        self._queries.forget()
        if wanted.kind in ("open", "close"):
            done = self._swing(wanted.name, opened=wanted.kind == "open")
        elif wanted.kind == "drop":
            place = self._drop(wanted.name)
            done, wanted = place is not None, replace(wanted, place=place or "")
        else:
            done = self._carry(wanted.name, wanted.place, rng)
        if not done:
            return None
        self._settle()
        return wanted

    def _settle(self) -> None:
        """Let what was moved come to rest, and a process that now reaches a thing do its work."""
        robot = self._motion.robot
        robot.wait(SETTLE_TICKS)
        for _ in range(LOOKS):
            if not self._motion.object_states.pending(robot.held.name if robot.held is not None else None):
                break
            robot.wait(UPDATE_TICKS)
        self._queries.forget()

    # -- things --------------------------------------------------------------------------------------------------------

    def _carry(self, name: str, place: str, rng: np.random.Generator) -> bool:
        """Lay a thing, with what is in it, at a free spot of a place."""
        queries = self._queries
        area, category = queries.region(place), queries.objects[name]
        size, on_end = extents_in_region(category, area)
        names = [name, *queries.contents(name)]
        spots = free_placements(area.size[:2], size[:2], queries.occupied(area, names)[0], edge=area.edge(size))
        for k in rng.permutation(len(spots))[:SPOTS].tolist():
            at = area.point(spots[k].x, spots[k].y, size[2] / 2 + LIFT_M)
            turn = turn_z(area.yaw + spots[k].yaw) @ (upright_rotation(category) if on_end else np.eye(3))
            if self._lay(names, at, turn):
                return True
        return False

    def _drop(self, name: str) -> str | None:
        """Open the hand; what it held comes to lie on the ground below.

        Returns:
            The floor there, empty if it has no name; None if there is no room.
        """
        robot, queries = self._motion.robot, self._queries
        held = robot.held
        if held is None:
            return None
        names = robot.carried
        below, turned = queries.pose(name)
        category = queries.objects[name]
        for at in self._ground_near(below, hypot(*category.size[:2]) / 2):
            at[2] = category.size[2] / 2 + FALL_M
            heading = np.arctan2(turned[1, 0], turned[0, 0])
            if not self._fits_ground(names, at, turn_z(float(heading))):
                continue
            robot.let_go()
            self._lay(names, at, turn_z(float(heading)), check=False)
            robot.grip(OPEN_M)
            for other in names:
                self._engine.may_sleep(other)
            robot.forgive(names)
            self._queries.forget()
            return queries.holder(name) or ""
        return None

    def _ground_near(self, below: Array, radius_m: float) -> Iterator[Array]:
        """Points around one from which walls and furniture are farther than a radius."""
        floor = self._motion.floor
        for away in FALLS_M:
            for angle in np.arange(0.0, 2 * pi, pi / 6) if away else (0.0,):
                at = below + np.array([away * cos(angle), away * sin(angle), 0.0])
                room_m = floor.clearance_m[floor.cell_at(at[0], at[1])]
                if room_m > radius_m + WALL_M and floor.no_wall_between(at[None, :2], below[:2])[0]:
                    yield at

    def _fits_ground(self, names: Sequence[str], at: Array, turn: Array) -> bool:
        """Whether things fit there; they are left as they were."""
        before = {name: self._engine.pose(name) for name in names}
        fits = self._lay(names, at, turn)
        for name in names:
            self._engine.place(name, *before[name])
        self._queries.forget()
        return fits

    def _lay(self, names: Sequence[str], at: Array, turn: Array, *, check: bool = True) -> bool:
        """Set a thing down, and what is in it along with it; put them back if they would touch anything else."""
        engine, queries = self._engine, self._queries
        before = {name: engine.pose(name) for name in names}
        poses = {name: queries.pose(name) for name in names}
        leaning = set().union(*(engine.neighbors(name) for name in names)) & queries.objects.keys()
        old_at, old_turn = poses[names[0]]
        moved = turn @ old_turn.T
        for name in names:
            there, body = poses[name]
            engine.place(name, (at + moved @ (there - old_at)).tolist(), queries.quat(moved @ body))
        queries.forget()
        if check and not all(self._is_clear(name, BASE, names) for name in names):
            for name in names:
                engine.place(name, *before[name])
            queries.forget()
            return False
        for name in sorted({*names, *leaning}):
            engine.wake(name)
        return True

    def _is_clear(self, name: str, link: int, but: Sequence[str]) -> bool:
        """Whether a link of a body touches nothing that is near, except some things."""
        gap = self._engine.gap
        if gap(name, (link,), NAME) < ROBOT_CLEAR_M:
            return False
        return all(gap(name, (link,), other) > 0.0 for other in self._around(name) if other not in but)

    def _around(self, name: str) -> list[str]:
        """Things and furniture that could touch a thing or a fixture's leaves."""
        queries = self._queries
        spec = queries.specs.get(name)
        x, y = (spec.x, spec.y) if spec is not None else queries.pose(name)[0][:2]
        found = [n for n in queries.objects if n != name and hypot(*(queries.pose(n)[0][:2] - (x, y))) < NEAR_M]
        return found + [n for n, s in queries.specs.items() if n != name and hypot(s.x - x, s.y - y) < NEAR_M]

    # -- doors and drawers ---------------------------------------------------------------------------------------------

    def _swing(self, name: str, *, opened: bool) -> bool:
        """Move the leaves of a fixture to their end unless something is in their way, or the robot would be shut in."""
        engine, queries = self._engine, self._queries
        leaves = queries.furniture[name].leaves
        start = [engine.joint(name, k) for k in range(len(leaves))]
        ends = [leaf.opened if opened else 0.0 for leaf in leaves]
        inside = [thing for thing in queries.objects if queries.root(thing) == name]
        carried = inside if leaves[0].kind == "slide" else []
        others = [n for n in self._around(name) if n not in carried]
        shut_in = self._shuts_in(name, ends[0])
        overlaps = {n: min(0.0, self._gap(name, n)) - INSIDE_M for n in others}
        for share in np.linspace(0.0, 1.0, SWING_STEPS + 1)[1:].tolist():
            for k, (a, b) in enumerate(zip(start, ends, strict=True)):
                engine.set_joint(name, k, a + share * (b - a))
            hit = self._gap(name, NAME) < ROBOT_CLEAR_M or any(self._gap(name, n) < overlaps[n] for n in others)
            if hit or shut_in:
                for k, position in enumerate(start):
                    engine.set_joint(name, k, position)
                return False
        if carried:
            shift = queries.leaf_frame(name, 0, ends[0])[0] - queries.leaf_frame(name, 0, start[0])[0]
            for thing in carried:
                at, turn = engine.pose(thing)
                engine.place(thing, (np.array(at) + shift).tolist(), turn)
        for k, leaf in enumerate(leaves):
            engine.brake(name, k, BRAKE[leaf.kind])
        for thing in (name, *inside):
            engine.wake(thing)
        return True

    def _gap(self, name: str, other: str) -> float:
        return self._engine.gap(name, range(len(self._queries.furniture[name].leaves)), other)

    def _shuts_in(self, name: str, position: float) -> bool:
        """Whether the robot could not drive away."""
        floor, robot = self._motion.floor, self._motion.robot
        cell = floor.cell_at(float(robot.q[0]), float(robot.q[1]))
        was_open = floor.main_area_with(self._queries.leaf_footprints())[cell]
        return bool(was_open and not floor.main_area_with(self._queries.leaf_footprints({name: position}))[cell])
