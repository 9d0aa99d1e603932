"""The physical home: a scene in PyBullet, a robot that carries out actions, a state read from geometry.

`execute` first asks the same `unmet` as the symbolic world, on the state read from physics, so both worlds refuse the
same actions in the same words. Places, held and open are read from poses and joints; dirty, hot, filled and the like
are a layer that a skill or process changes only after geometry says that it happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from envs.building import build_fixture, build_objects, build_rooms, footprints
from envs.camera import Camera, View
from envs.engine import Engine
from envs.looks import Looks
from envs.navigation import Floor
from envs.places import Places
from envs.robot import Robot
from envs.skills import Outcome, perform
from envs.state import effect, unmet
from envs.workcell import Workcell
from envs.world import HELD, NOWHERE, OPEN, Action, State, World, expose

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from envs.scene import Scene

SETTLE_TICKS = 150
LAYER_SKILLS = ("turn on", "turn off", "slice", "wipe", "fold", "pour")


class PhysicalHome:
    """One home in one engine.

    Args:
        scene: The home; with a floor plan.
        grasp: `assisted` holds what the fingertips touch by a constraint; `physical` by friction alone.
        gui: Show PyBullet's window.

    Raises:
        PhysicsError: PyBullet is missing, or something in the scene finds no room.
    """

    def __init__(self, scene: Scene, *, grasp: Literal["assisted", "physical"] = "assisted", gui: bool = False) -> None:
        self.scene = scene
        self.world = World(scene)
        self.engine = Engine(gui=gui)
        self._grasp = grasp
        self._build()

    def _build(self) -> None:
        scene, engine = self.scene, self.engine
        walls = build_rooms(engine, scene)
        for fixture in scene.fixtures:
            build_fixture(engine, fixture)
        self.places = Places(engine, scene, walls)
        build_objects(engine, scene, self.places)
        robot = Robot(engine, scene.robot)
        self.cell = Workcell(engine, robot, self.places, Floor(scene, footprints(scene)), self._grasp)
        self.looks = Looks(engine, self.places, self.world)
        self.camera = Camera(engine, scene)
        engine.step(SETTLE_TICKS)
        # What has settled may rest until something touches it: a home asleep steps thirty times as fast.
        for name in [o.name for o in scene.objects] + [n for n, f in self.places.furniture.items() if f.leaves]:
            engine.sleep(name)
        engine.ticks = 0
        initial = self.world.initial()
        self._flags, self._liquid, self._at = list(initial.flags), list(initial.liquid), NOWHERE
        self.places.forget()

    def close(self) -> None:
        """Free the engine; safe to call twice."""
        self.engine.close()

    def reset(self) -> State:
        """Return to the start of the episode, bit for bit, by building the home anew unless nothing moved since.

        Restoring a saved state is faster but leaves traces of constraints and filters that were in use.
        """
        self.looks.clear()
        if self.engine.ticks:
            self.engine.clear()
            self._build()
        return self.state()

    def state(self) -> State:
        """What is true now: places, held and open from geometry, the rest from the layer of invisible states."""
        world, places = self.world, self.places
        place = [NOWHERE] * world.n_fixtures
        flags = list(self._flags)
        for i, spec in enumerate(self.scene.fixtures):
            if self.places.furniture[spec.name].leaves:
                flags[i] = flags[i] | OPEN if places.is_open(spec.name) else flags[i] & ~OPEN
        robot = self.cell.robot
        held = robot.held.name if robot.held is not None else None
        for thing in self.scene.objects:
            holder = None if thing.name == held else places.holder(thing.name)
            place.append(HELD if thing.name == held else NOWHERE if holder is None else world.index[holder])
        grasped = NOWHERE if held is None else world.index[held]
        return State(world, tuple(place), tuple(flags), tuple(self._liquid), grasped, self._at)

    def execute(self, action: Action, on_tick: Callable[[], None] | None = None) -> Outcome:
        """Carry out an action with the robot.

        Args:
            action: A skill and its arguments.
            on_tick: Called 60 times per simulated second while the robot moves, for recording.

        Raises:
            ActionError: The action names what this home or domain does not have.
        """
        before = self.state()
        reason = unmet(before, action)
        if reason is not None:
            return Outcome(status="failed", reason=reason)
        self.cell.robot.on_tick = on_tick
        try:
            outcome = perform(self.cell, action)
        finally:
            self.cell.robot.on_tick = None
        self._settle_layer(before, action, done=outcome.status == "done")
        return outcome

    def _settle_layer(self, before: State, action: Action, *, done: bool) -> None:
        """Change the invisible states as the action and the processes around it did."""
        if done:
            after = effect(before, action)
            self._at = after.at
            if action.skill in LAYER_SKILLS:
                self._flags, self._liquid = list(after.flags), list(after.liquid)
        now = self.state()
        target = self.world.index[action.args[-1]]
        if action.skill in ("put", "give", "close") and (root := now.root(target)) >= 0:
            flags = list(now.flags)
            expose(self.world, now.place, flags, self._liquid, root)
            self._flags = flags

    def render(self, width: int = 640, height: int = 480, view: View = "room") -> NDArray[np.uint8]:
        """Draw the home, (H, W, 3).

        Args:
            width: Of the image [pixels].
            height: Of the image [pixels].
            view: `overhead` sees all of the home, `room` follows the work, `robot` looks over the robot's shoulder.
        """
        self.looks.refresh(self.state())
        return self.camera.image(width, height, view, self.cell.robot.q, self.cell.focus)
