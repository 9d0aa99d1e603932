"""The physical home: a scene in PyBullet, a robot that carries out actions, a state read from geometry.

`execute` first asks the same `unmet_precondition` as the symbolic world, on the state read from physics, so both worlds refuse the
same actions in the same words. Places, held and open are read from poses and joints; dirty, hot, filled and the like
change when the engine shows that something happened, and by exposure (`envs/physics/object_states.py`).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from envs.errors import PhysicsError
from envs.physics.engine import Engine
from envs.physics.fixture_builder import build_fixture, footprints, open_doors
from envs.physics.object_culling import ObjectCulling
from envs.physics.object_placement import add_object, build_objects
from envs.physics.object_states import UPDATE_TICKS, ObjectStates
from envs.physics.room_builder import build_rooms, wall_pieces
from envs.physics.spatial_queries import SpatialQueries
from envs.rendering.camera import Camera, View
from envs.rendering.scene_view import SceneView
from envs.robot.base_navigation import Floor
from envs.robot.fixture_reachability import unreachable_fixtures
from envs.robot.motion_primitives import MotionPrimitives
from envs.robot.robot import LINKS, NAME, Robot
from envs.skills.dispatch import perform
from envs.symbolic.actions import successor, unmet_precondition
from envs.symbolic.home_protocol import Outcome
from envs.symbolic.state import HELD, NOWHERE, OPEN, Action, State, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from envs.symbolic.scene import Scene

SETTLE_TICKS = 150


class PhysicalHome:
    """One home in one engine.

    Args:
        scene: The home; with a floor plan.
        grasp: `assisted` holds what the fingertips touch by a constraint; `physical` by friction alone.
        gui: Show PyBullet's window.

    Raises:
        PhysicsError: PyBullet is missing, something in the scene finds no room, or the robot cannot get to a fixture.
    """

    def __init__(self, scene: Scene, *, grasp: Literal["assisted", "physical"] = "assisted", gui: bool = False) -> None:
        self.scene = scene
        self.world = World(scene)
        self.engine = Engine(gui=gui)
        self.grasp = grasp
        self.queries = SpatialQueries(self.engine, scene, wall_pieces(scene))
        self._open_fractions = open_doors(self.queries, scene)
        self._build_fixed()
        build_objects(self.engine, scene, self.queries)
        self.engine.step(SETTLE_TICKS)
        self._poses = {thing.name: self.engine.pose(thing.name) for thing in scene.objects}
        self._floor = Floor(scene, footprints(scene))
        self._rebuild()
        unreachable = unreachable_fixtures(self.queries, self._floor, scene.robot[:2])
        if unreachable:
            self.close()
            lines = "\n".join(f"{name}: {problem}" for name, problem in unreachable.items())
            raise PhysicsError(f"scene {scene.name}: move these, or what stands in front of them\n{lines}")

    def _build_fixed(self) -> None:
        """Build what the things stand in; what is open at the start stands no farther open than there is room."""
        build_rooms(self.engine, self.scene)
        for fixture in self.scene.fixtures:
            build_fixture(self.engine, fixture, self._open_fractions.get(fixture.name, 1.0))

    def _rebuild(self) -> None:
        """Build the start of the episode: everything anew, the things where they had come to rest."""
        scene, engine = self.scene, self.engine
        engine.clear()
        if self.grasp == "physical":
            engine.be_precise()
        self._build_fixed()
        for item in scene.objects:
            add_object(engine, item, *self._poses[item.name])
        robot = Robot(engine, scene.robot)
        self._floor.update([])
        self.object_states = ObjectStates(self.world, self.queries)
        robot.on_control = self._update_processes
        self.motion = MotionPrimitives(engine, robot, self.queries, self._floor, self.object_states, self.grasp)
        engine.step()  # a body that sleeps needs a fresh bounding box
        # What has settled may rest until something touches it: a home asleep steps thirty times as fast.
        for name in [item.name for item in scene.objects] + [
            name for name, model in self.queries.furniture.items() if model.leaves
        ]:
            engine.sleep(name)
        self._culling = ObjectCulling(engine, [item.name for item in scene.objects])
        self._culling.update(robot.q[:2])
        engine.ticks = 0
        self._at = NOWHERE
        self.queries.forget()

    @cached_property
    def scene_view(self) -> SceneView:
        """What pictures are drawn of; made for the first one."""
        return SceneView(self.engine, self.world)

    @cached_property
    def camera(self) -> Camera:
        """Where pictures are drawn from."""
        return Camera(self.scene_view.renderer, self.scene)

    def close(self) -> None:
        """Free the engine; safe to call twice."""
        self.engine.close()
        if "scene_view" in vars(self):
            self.scene_view.close()

    def reset(self) -> State:
        """Return to the start of the episode, bit for bit, by building the home anew unless nothing moved since.

        Restoring a saved state is faster but leaves traces of constraints and filters that were in use.
        """
        if self.engine.ticks:
            self._rebuild()
        return self.state()

    def state(self) -> State:
        """What is true now: places, held and open from geometry, the rest from the layer of invisible states."""
        world, queries = self.world, self.queries
        place = [NOWHERE] * world.n_fixtures
        flags = list(self.object_states.flags)
        for i, spec in enumerate(self.scene.fixtures):
            if self.queries.furniture[spec.name].leaves:
                flags[i] = flags[i] | OPEN if queries.is_open(spec.name) else flags[i] & ~OPEN
        held_name = self._held()
        for thing in self.scene.objects:
            holder = None if thing.name == held_name else queries.holder(thing.name)
            place.append(HELD if thing.name == held_name else NOWHERE if holder is None else world.index[holder])
        held_index = NOWHERE if held_name is None else world.index[held_name]
        return State(world, tuple(place), tuple(flags), tuple(self.object_states.liquid), held_index, self._at)

    def execute(self, action: Action, on_tick: Callable[[], None] | None = None) -> Outcome:
        """Carry out an action with the robot.

        Args:
            action: A skill and its arguments.
            on_tick: Called 60 times per simulated second while the robot moves, for recording.

        Raises:
            ActionError: The action names what this home or domain does not have.
        """
        state = self.state()
        reason = unmet_precondition(state, action)
        if reason is not None:
            return Outcome(status="failed", reason=reason)
        self.motion.robot.on_tick = on_tick
        try:
            outcome = perform(self.motion, action)
        finally:
            self.motion.robot.on_tick = None
        if outcome.status == "done":
            self._at = successor(state, action).at
        return outcome

    def _held(self) -> str | None:
        held = self.motion.robot.held
        return None if held is None else held.name

    def _update_processes(self) -> None:
        if self.engine.ticks % UPDATE_TICKS == 0:
            self._culling.update(self.engine.joints(NAME, LINKS[:2]), self.motion.robot.carried)
            self.object_states.update(self._held())

    def render(self, width: int = 640, height: int = 480, view: View = "room") -> NDArray[np.uint8]:
        """Draw the home, (H, W, 3).

        Args:
            width: Of the image [pixels].
            height: Of the image [pixels].
            view: `overhead` sees all of the home, `room` follows the work, `robot` looks over the robot's shoulder,
                `head` sees what the robot's own camera sees.
        """
        camera = self.camera  # its walls are drawn before the floors, which come with the first refresh
        self.scene_view.refresh(self.state())
        return camera.image(width, height, view, self.motion.robot.q, self.motion.focus)
