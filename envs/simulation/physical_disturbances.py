"""Disturbances in physics: place bodies where they touch nothing, and move leaves where nothing is in their way.

A body is set down at once, as if another person had carried it there; then everything around it wakes up and settles.
"""

from __future__ import annotations

from dataclasses import replace
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.free_placements import free_placements
from envs.geometry.rotations import Array, turn_z
from envs.physics.engine import BASE
from envs.physics.fixture_builder import JOINT_FRICTION
from envs.physics.object_placement import extents_in_region, on_end_rotation
from envs.physics.object_states import UPDATE_TICKS
from envs.robot.robot import NAME, OPEN_M

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.disturbances import Disturbance

SETTLE_TICKS = 120
MAX_PROCESS_WAITS = 10  # waits for a process, at most
MAX_PLACEMENTS = 6  # placements tried in a region
LIFT_M = 0.003  # gap under an object when it is set down
ROBOT_CLEAR_M = 0.03
CONTACT_OVERLAP_M = 0.002  # overlap that mere contact causes
NEAR_M = 1.6  # bodies whose centers are farther apart cannot touch
SWING_STEPS = 12
FALL_M = 0.02
DROP_RADII_M = (0.0, 0.06, 0.12, 0.18, 0.26, 0.34, 0.45, 0.6, 0.8)  # from below the hand to where the object falls
WALL_M = 0.03


class PhysicalDisturber:
    """Changes a physical home in place of a person or a pet."""

    def __init__(self, home: PhysicalHome) -> None:
        self._engine, self._queries, self._motion = home.engine, home.queries, home.motion

    def make(self, disturbance: Disturbance, rng: np.random.Generator) -> Disturbance | None:
        """Apply a disturbance if there is room for it.

        Returns:
            The disturbance; a dropped object's place is the one where it comes to lie. None if there was no room.
        """
        self._queries.forget()
        if disturbance.kind in ("open", "close"):
            is_applied = self._move_joints(disturbance.name, opened=disturbance.kind == "open")
        elif disturbance.kind == "drop":
            place = self._drop(disturbance.name)
            is_applied, disturbance = place is not None, replace(disturbance, place=place or "")
        else:
            is_applied = self._move(disturbance.name, disturbance.place, rng)
        if not is_applied:
            return None
        self._settle()
        return disturbance

    def _settle(self) -> None:
        """Let moved bodies come to rest, and processes that now reach an object do their work."""
        robot = self._motion.robot
        robot.wait(SETTLE_TICKS)
        for _ in range(MAX_PROCESS_WAITS):
            if not self._motion.object_states.pending(robot.held.name if robot.held is not None else None):
                break
            robot.wait(UPDATE_TICKS)
        self._queries.forget()

    # -- objects -------------------------------------------------------------------------------------------------------

    def _move(self, name: str, place: str, rng: np.random.Generator) -> bool:
        """Set an object down at a free placement of a place, with its contents."""
        queries = self._queries
        region, category = queries.region(place), queries.objects[name]
        size, on_end = extents_in_region(category, region)
        names = [name, *queries.contents(name)]
        placements = free_placements(
            region.size[:2], size[:2], queries.occupied(region, names)[0], edge=region.edge(size)
        )
        for k in rng.permutation(len(placements))[:MAX_PLACEMENTS].tolist():
            at = region.point(placements[k].x, placements[k].y, size[2] / 2 + LIFT_M)
            turn = turn_z(region.yaw + placements[k].yaw) @ (on_end_rotation(category) if on_end else np.eye(3))
            if self._set_down(names, at, turn):
                return True
        return False

    def _drop(self, name: str) -> str | None:
        """Open the hand and lay the held object on the ground below.

        Returns:
            The floor there, empty if it has no name; None if there is no room.
        """
        robot, queries = self._motion.robot, self._queries
        held = robot.held
        if held is None:
            return None
        names = robot.carried
        hand_at, held_turn = queries.pose(name)
        category = queries.objects[name]
        for position in self._ground_near(hand_at, hypot(*category.size[:2]) / 2):
            position[2] = category.size[2] / 2 + FALL_M
            heading = np.arctan2(held_turn[1, 0], held_turn[0, 0])
            if not self._fits_ground(names, position, turn_z(float(heading))):
                continue
            robot.release()
            self._set_down(names, position, turn_z(float(heading)), check=False)
            robot.grip(OPEN_M)
            for name_released in names:
                self._engine.may_sleep(name_released)
            robot.enable_collisions(names)
            self._queries.forget()
            return queries.holder(name) or ""
        return None

    def _ground_near(self, center: Array, radius_m: float) -> Iterator[Array]:
        """Points around a center that are farther than a radius from walls and furniture."""
        floor = self._motion.floor
        for radius in DROP_RADII_M:
            for angle in np.arange(0.0, 2 * pi, pi / 6) if radius else (0.0,):
                position = center + np.array([radius * cos(angle), radius * sin(angle), 0.0])
                clearance_m = floor.clearance_m[floor.cell_at(position[0], position[1])]
                if clearance_m > radius_m + WALL_M and floor.no_wall_between(position[None, :2], center[:2])[0]:
                    yield position

    def _fits_ground(self, names: Sequence[str], at: Array, turn: Array) -> bool:
        """Whether objects fit at a position on the ground; they are moved back afterwards."""
        poses_before = {name: self._engine.pose(name) for name in names}
        fits = self._set_down(names, at, turn)
        for name in names:
            self._engine.place(name, *poses_before[name])
        self._queries.forget()
        return fits

    def _set_down(self, names: Sequence[str], at: Array, turn: Array, *, check: bool = True) -> bool:
        """Set an object down with its contents; put them back if they would touch anything else."""
        engine, queries = self._engine, self._queries
        poses_before = {name: engine.pose(name) for name in names}
        poses = {name: queries.pose(name) for name in names}
        touching = set().union(*(engine.neighbors(name) for name in names)) & queries.objects.keys()
        root_position, root_turn = poses[names[0]]
        rotation = turn @ root_turn.T
        for name in names:
            old_position, old_rotation = poses[name]
            engine.place(
                name, (at + rotation @ (old_position - root_position)).tolist(), queries.quat(rotation @ old_rotation)
            )
        queries.forget()
        if check and not all(self._is_clear(name, BASE, names) for name in names):
            for name in names:
                engine.place(name, *poses_before[name])
            queries.forget()
            return False
        for name in sorted({*names, *touching}):
            engine.wake(name)
        return True

    def _is_clear(self, name: str, link: int, ignored: Sequence[str]) -> bool:
        """Whether a link of a body touches nothing nearby, except the ignored objects."""
        gap = self._engine.gap
        if gap(name, (link,), NAME) < ROBOT_CLEAR_M:
            return False
        return all(gap(name, (link,), other) > 0.0 for other in self._neighbors(name) if other not in ignored)

    def _neighbors(self, name: str) -> list[str]:
        """Objects and furniture that could touch an object or a fixture's leaves."""
        queries = self._queries
        spec = queries.specs.get(name)
        x, y = (spec.x, spec.y) if spec is not None else queries.pose(name)[0][:2]
        objects = [
            other
            for other in queries.objects
            if other != name and hypot(*(queries.pose(other)[0][:2] - (x, y))) < NEAR_M
        ]
        return objects + [
            other
            for other, other_spec in queries.specs.items()
            if other != name and hypot(other_spec.x - x, other_spec.y - y) < NEAR_M
        ]

    # -- doors and drawers ---------------------------------------------------------------------------------------------

    def _move_joints(self, name: str, *, opened: bool) -> bool:
        """Open or close all leaves of a fixture; return whether nothing was in the way and the robot is not trapped."""
        engine, queries = self._engine, self._queries
        leaves = queries.furniture[name].leaves
        start = [engine.joint(name, k) for k in range(len(leaves))]
        ends = [leaf.opened if opened else 0.0 for leaf in leaves]
        contents = [item for item in queries.objects if queries.root(item) == name]
        carried = contents if leaves[0].kind == "slide" else []
        neighbors = [other for other in self._neighbors(name) if other not in carried]
        locks_in = self._would_lock_in(name, ends[0])
        overlaps = {other: min(0.0, self._gap(name, other)) - CONTACT_OVERLAP_M for other in neighbors}
        for fraction in np.linspace(0.0, 1.0, SWING_STEPS + 1)[1:].tolist():
            for k, (begin, end) in enumerate(zip(start, ends, strict=True)):
                engine.set_joint(name, k, begin + fraction * (end - begin))
            collides = self._gap(name, NAME) < ROBOT_CLEAR_M or any(
                self._gap(name, other) < overlaps[other] for other in neighbors
            )
            if collides or locks_in:
                for k, position in enumerate(start):
                    engine.set_joint(name, k, position)
                return False
        if carried:
            shift = queries.leaf_frame(name, 0, ends[0])[0] - queries.leaf_frame(name, 0, start[0])[0]
            for item in carried:
                at, turn = engine.pose(item)
                engine.place(item, (np.array(at) + shift).tolist(), turn)
        for k, leaf in enumerate(leaves):
            engine.brake(name, k, JOINT_FRICTION[leaf.kind])
        for item in (name, *contents):
            engine.wake(item)
        return True

    def _gap(self, name: str, other: str) -> float:
        return self._engine.gap(name, range(len(self._queries.furniture[name].leaves)), other)

    def _would_lock_in(self, name: str, position: float) -> bool:
        """Whether leaves at a joint position would cut the robot off from most of the home."""
        floor, robot = self._motion.floor, self._motion.robot
        cell = floor.cell_at(float(robot.q[0]), float(robot.q[1]))
        was_open = floor.main_area_with(self._queries.leaf_footprints())[cell]
        return bool(was_open and not floor.main_area_with(self._queries.leaf_footprints({name: position}))[cell])
