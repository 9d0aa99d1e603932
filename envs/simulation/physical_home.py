"""The physical home: a scene in PyBullet, a robot that executes actions, and a state read from geometry.

`execute` first checks the same preconditions as the symbolic home, on the state read from physics, so both homes refuse
the same actions with the same reasons. Places, held and open are read from poses and joints; dirty, hot, filled and the
like change when the engine shows the cause, and by exposure to a process (`envs/physics/object_states.py`). The clock
counts the engine's ticks, and what was skipped of long waits.
"""

from __future__ import annotations

import copy
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from envs.errors import HomeError, PhysicsError
from envs.physics.engine import TICK_S, Engine
from envs.physics.fixture_builder import build_fixture, footprints, open_doors
from envs.physics.nearness import apart_pairs
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
from envs.robot.robot import CONTROL_TICKS, LINKS, NAME, Robot
from envs.scenes.home_file import load_home
from envs.scenes.robot_file import load_robot
from envs.skills.dispatch import perform
from envs.symbolic.actions import successor, unmet_precondition
from envs.symbolic.embodiment import equipped
from envs.symbolic.goals import DEFAULT_START, checked_seconds, parse_time
from envs.symbolic.home_protocol import Outcome
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import wanted_neighbors
from envs.symbolic.state import HELD, NOWHERE, OPEN, Action, State, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from envs.scenes.home_file import AnyHome
    from envs.scenes.robot_file import AnyRobot
    from envs.symbolic.goals import Condition, Goal

SETTLE_TICKS = 150
MAX_WAIT_TICKS = 480  # of a wait that are simulated: every process has had its effect, and everything lies still


class PhysicalHome:
    """One home in one engine.

    Args:
        home: A scene with a floor plan, or what `envs.scenes.home_file` takes: a bundled name, a seed, a file, a state.
        grasp: `assisted` holds an object that the fingertips touch by a constraint; `physical` by friction alone.
        gui: Show PyBullet's window.
        start_time: Time of day at the start.
        robot: What the robot can do: a robot file, the name of a bundled one, or a `Robot`; None: the one that the home
            has. What it lacks is refused; its body is that of the mobile Panda.

    Raises:
        HomeError: There is no such home.
        RobotError: There is no such robot.
        ArgumentError: The start is not a time of day.
        PhysicsError: PyBullet is missing, the scene has too little room, or the robot cannot reach a fixture.
    """

    def __init__(
        self, home: AnyHome, *, grasp: Literal["assisted", "physical"] = "assisted", gui: bool = False,
        start_time: str = DEFAULT_START, robot: AnyRobot | None = None,
    ) -> None:  # fmt: skip
        self._start_s, self._skipped_s = parse_time(start_time), 0.0
        scene = home if isinstance(home, Scene) else load_home(home, speaker=True)
        self.scene = scene = scene if robot is None else equipped(scene, load_robot(robot, domain=scene.domain))
        for room in scene.rooms:
            if room.rect[0] >= room.rect[2] or room.rect[1] >= room.rect[3]:
                raise HomeError(f"{room.name}: has no floor; open the home with `geometry=True` to use it in physics")
        self.world = World(scene)
        self.engine = Engine(gui=gui)
        self.grasp = grasp
        self.queries = SpatialQueries(self.engine, scene, wall_pieces(scene))
        self._open_fractions = open_doors(self.queries, scene)
        self._build_fixed()
        build_objects(self.engine, scene, self.queries)
        self.engine.step(SETTLE_TICKS)
        self._poses = {obj.name: self.engine.pose(obj.name) for obj in scene.objects}
        self._floor = Floor(scene, footprints(scene))
        self._rebuild()
        unreachable = unreachable_fixtures(self.queries, self._floor, scene.robot[:2])
        if unreachable:
            self.close()
            lines = "\n".join(f"{name}: {problem}" for name, problem in unreachable.items())
            advice = "the robot cannot use these fixtures; move them or what stands in front of them"
            raise PhysicsError(f"scene {scene.name}: {advice}\n{lines}")

    def _build_fixed(self) -> None:
        """Build rooms and fixtures; what is open at the start opens only as far as there is room."""
        build_rooms(self.engine, self.scene)
        for fixture in self.scene.furniture:
            build_fixture(self.engine, fixture, self.scene.domain, self._open_fractions.get(fixture.name, 1.0))

    def _rebuild(self) -> None:
        """Rebuild the scene at the settled poses: the start of the episode."""
        scene, engine = self.scene, self.engine
        engine.clear()
        if self.grasp == "physical":
            engine.be_precise()
        self._build_fixed()
        for item in scene.objects:
            add_object(engine, item, scene.domain, *self._poses[item.name])
        robot = Robot(engine, scene.robot)
        self._floor.update([])
        self.object_states = ObjectStates(self.world, self.queries)
        self.motion = MotionPrimitives(engine, robot, self.queries, self._floor, self.object_states, self.grasp)
        engine.step()  # a sleeping body needs an up-to-date bounding box
        # Settled objects sleep until something touches them: an all-asleep home steps thirty times as fast.
        for name in [item.name for item in scene.objects] + [
            name for name, model in self.queries.furniture.items() if model.leaves
        ]:
            engine.sleep(name)
        self._culling = ObjectCulling(engine, [item.name for item in scene.objects])
        self._culling.update(robot.q[:2])
        # Not a method of the home: without a cycle, a home that is dropped closes its engine at once.
        robot.on_control = partial(_update_processes, self._culling, self.object_states)
        engine.ticks = 0
        self._at = NOWHERE
        self._conditions: tuple[Condition, ...] = ()  # of the goal that is pursued
        self._initial_state: State | None = None
        self.queries.forget()

    @cached_property
    def scene_view(self) -> SceneView:
        """The scene as it is drawn, created for the first image."""
        return SceneView(self.engine, self.world)

    @cached_property
    def camera(self) -> Camera:
        """The camera, created for the first image."""
        return Camera(self.scene_view.renderer, self.scene, followed=vars(self).pop("_followed", None))

    def close(self) -> None:
        """Shut down the engine; safe to call twice."""
        self.engine.close()
        if "scene_view" in vars(self):
            self.scene_view.close()

    def clone(self) -> PhysicalHome:
        """Return an independent home in the same state, with an engine of its own and no window.

        The scene is built again in another engine: poses, velocities, joints, motors, grasps, collision filters, what
        sleeps and what is parked are those of this home. PyBullet does not tell the impulses of contacts and of joint
        motors, so that the first ticks differ in the last digits. The same actions then had the same status, reason,
        ticks, collisions and atoms in 120 of 120 skills after 30 clones (`grasp="assisted"`); the position of an object
        differed by 0.1 mm in the median, by 1.2 mm in 95 % of the skills, and by 15 cm for one that rolled. This home
        is not changed: it goes on as if it had not been cloned. Use `copy.deepcopy` or pickle to the same end.

        Raises:
            PhysicsError: The home is closed, or a skill is running.
        """
        return copy.deepcopy(self)

    def __copy__(self) -> PhysicalHome:
        """Return a clone: two homes cannot share an engine."""
        return self.clone()

    def __deepcopy__(self, memo: dict[int, object]) -> PhysicalHome:
        """Return a clone; what never changes is shared."""
        other = object.__new__(PhysicalHome)
        memo[id(self)] = other
        for value in (self.scene, self.world, self.queries.domain, *self.queries.objects.values()):
            memo[id(value)] = value
        other.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        return other

    def __getstate__(self) -> dict[str, object]:
        """Return what a clone or a pickle needs: the pictures' scene is built again at the first image."""
        if self.engine.is_closed:
            raise PhysicsError("the home is closed and cannot be copied")
        if self.motion.robot.deadline is not None:
            raise PhysicsError("a skill is running: copy the home between two actions")
        state = {name: value for name, value in vars(self).items() if name not in ("scene_view", "camera")}
        if "camera" in vars(self):
            state["_followed"] = self.camera.followed
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
        """Become what `__getstate__` returned."""
        vars(self).update(state)
        self._culling.keep_in_place()

    def reset(self) -> State:
        """Return to the start of the episode, bit for bit, by rebuilding the home unless nothing moved.

        Restoring a saved state would be faster but leaves traces of constraints and collision filters.
        """
        self._conditions = ()
        if self.engine.ticks:
            self._rebuild()
        self._skipped_s = 0.0
        return self.state()

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""
        return self._start_s + self.engine.ticks * TICK_S + self._skipped_s

    def wait(self, seconds: float) -> None:
        """Let time pass [s] while the robot stands still.

        The first `MAX_WAIT_TICKS` are simulated, in which every process has its effect; the clock jumps over the rest.

        Raises:
            ArgumentError: It is no number of seconds, or below 0.
        """
        until_s = self.time_s + checked_seconds(seconds)
        ticks = min(int(seconds / TICK_S), MAX_WAIT_TICKS)
        if ticks >= CONTROL_TICKS:
            self.motion.robot.wait(ticks)
        self._skipped_s += until_s - self.time_s

    def state(self) -> State:
        """Return the current state: places, held and open from geometry, the rest from the object states."""
        world, queries = self.world, self.queries
        place = [NOWHERE] * world.n_fixtures
        flags = list(self.object_states.flags)
        for i, spec in enumerate(self.scene.furniture):
            if self.queries.furniture[spec.name].leaves:
                flags[i] = flags[i] | OPEN if queries.is_open(spec.name) else flags[i] & ~OPEN
        held_name = self._held()
        for obj in self.scene.objects:
            holder = None if obj.name == held_name else queries.holder(obj.name)
            place.append(HELD if obj.name == held_name else NOWHERE if holder is None else world.index[holder])
        held_index = NOWHERE if held_name is None else world.index[held_name]
        liquid = tuple(self.object_states.liquid)
        return State(world, tuple(place), tuple(flags), liquid, held_index, self._at, self._apart(place))

    def _apart(self, places: list[int]) -> frozenset[tuple[int, int]]:
        """Return the pairs of objects at one place that are not beside each other, by geometry."""
        world, names = self.world, dict[int, list[str]]()
        for i, holder in enumerate(places):
            if holder >= 0:
                names.setdefault(holder, []).append(world.names[i])
        pairs = (
            pair for holder, here in names.items() for pair in apart_pairs(self.queries, world.names[holder], here)
        )
        return frozenset((world.index[a], world.index[b]) for a, b in pairs)

    def pursue(self, goal: Goal | None, initial_state: State) -> None:
        """Carry out the next actions for a goal: where it says `beside`, objects are put beside what it names.

        Args:
            goal: The goal of an episode; None: none. `reset` forgets it.
            initial_state: The first state of the episode.
        """
        self._conditions = goal.conditions if goal else ()
        self._initial_state = initial_state

    def execute(self, action: Action, on_tick: Callable[[], None] | None = None) -> Outcome:
        """Execute an action with the robot.

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
            neighbors = wanted_neighbors(self._conditions, state, action, self._initial_state or state)
            outcome = perform(self.motion, action, state, [self.world.names[i] for i in neighbors])
        finally:
            self.motion.robot.on_tick = None
        self._skipped_s += outcome.duration_s - outcome.ticks * TICK_S
        if outcome.status == "done":
            self._at = successor(state, action).at
        return outcome

    def _held(self) -> str | None:
        return _held_by(self.motion.robot)

    def render(self, width: int = 640, height: int = 480, view: View = "room") -> NDArray[np.uint8]:
        """Draw the home, (H, W, 3).

        Args:
            width: Image width [pixels].
            height: Image height [pixels].
            view: `overhead` shows the whole home, `room` follows the work, `robot` looks over the robot's shoulder,
                `head` is the robot's own camera.
        """
        camera = self.camera  # creates its walls before the first refresh adds the floors
        self.scene_view.refresh(self.state())
        return camera.image(width, height, view, self.motion.robot.q, self.motion.focus)


def _update_processes(culling: ObjectCulling, object_states: ObjectStates, robot: Robot) -> None:
    if robot.engine.ticks % UPDATE_TICKS == 0:
        culling.update(robot.engine.joints(NAME, LINKS[:2]), robot.carried)
        object_states.update(_held_by(robot))


def _held_by(robot: Robot) -> str | None:
    return None if robot.held is None else robot.held.name
