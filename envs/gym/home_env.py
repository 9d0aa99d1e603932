"""The home as Gymnasium environments: `HomeSymbolic-v0` and `HomePhysics-v0`, one interface to two simulators."""

from __future__ import annotations

import copy
import os
import random
import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.errors import ActionError, EnvsError, GoalError, PhysicsError, quoted
from envs.gym import spaces
from envs.gym.arguments import (
    check_keywords,
    check_options,
    checked_choice,
    checked_constructs,
    checked_count,
    checked_seed,
)
from envs.gym.goal_sampler import sample_goal
from envs.scenes.home_file import load_home
from envs.scenes.robot_file import load_robot
from envs.scenes.scene_sampler import sample_scene
from envs.scenes.speaker import needs_person, with_speaker
from envs.symbolic.actions import (
    Action,
    State,
    World,
    applicable,
    format_action,
    parse_action,
    successor,
    unmet_precondition,
)
from envs.symbolic.description import describe
from envs.symbolic.domain import load_domain
from envs.symbolic.embodiment import equipped
from envs.symbolic.goals import (
    DEFAULT_START,
    checked_seconds,
    format_goal,
    format_rule,
    parse_goal,
    parse_time,
    with_home_rules,
)
from envs.symbolic.goals.needs import described_for, needs_of
from envs.symbolic.goals.sampling import with_random_properties
from envs.symbolic.obstacles import holds_at_start, obstacle
from envs.symbolic.progress import advance, begin, score
from envs.symbolic.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from envs.rendering.camera import CameraPose
    from envs.scenes.home_file import AnyHome
    from envs.scenes.robot_file import AnyRobot
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.domain import Vec3
    from envs.symbolic.goals import Goal

IMAGE_SIZE = (640, 480)  # width, height [px]
SUCCESS_REWARD = 1.0
GRASPS = ("assisted", "physical")
MAX_SAMPLED_HOMES = 30  # homes sampled for a goal, until one does not have it from the start
HOLDS_AT_START = "the goal holds at the start, so nothing is left to do"
ARGUMENTS = ("home", "goal", "max_steps", "render_mode", "constructs", "start_time", "robot")
PHYSICS_ARGUMENTS = ("grasp", "observe", "camera", "image_size")

Info = dict[str, Any]  # Gymnasium's own type; the keys are in the class docstring


class HomeEnv(gymnasium.Env[spaces.Observation, NDArray[np.int64]]):
    """A robot with one gripper in a furnished home, with a goal such as `2 clean plate on dining table`.

    ## Description
    A home has up to 256 entities: fixtures that stay where they are (`fridge 1`) and objects (`apple 1`). The robot
    brings objects to places, opens, closes and switches fixtures, and slices, pours, wipes and folds. Processes do the
    rest: a closed fridge cools, a running sink rinses (`envs/domain.yaml`). The goal is a text in the goal language
    (`envs/symbolic/goals/values.py`). One step is one whole skill. `HomeSymbolic-v0` computes the effects of an action;
    `HomePhysics-v0` simulates a mobile manipulator in PyBullet at 240 Hz and reads the effects from the physics.

    ```python
    import gymnasium, envs
    env = gymnasium.make("HomeSymbolic-v0", goal="apple on dining table")
    observation, info = env.reset(seed=7)
    action = env.unwrapped.encode(info["actions"][0])
    observation, reward, terminated, truncated, info = env.step(action)
    ```

    ## Action Space
    The action is a `MultiDiscrete([12, 257, 257])` array: a skill and its two arguments.

    | index | action | values |
    |---|---|---|
    | 0 | skill | number of the skill in the order of the domain file, see below |
    | 1 | first argument | entity number, counted from 1; 0 none |
    | 2 | second argument | entity number, read by `put`, `give` and `pour` only; 0 none |

    A list, a tuple or a tensor of three whole numbers is an action too. Anything else (NaN, a wrong shape, a text,
    None) is an action that is not applicable.

    The skills are 0 go to, 1 pick up, 2 put, 3 give, 4 open, 5 close, 6 turn on, 7 turn off, 8 slice, 9 wipe, 10 pour
    and 11 fold; own skills of a home or a robot follow. An action that is not applicable changes nothing;
    `info["unmet"]` says why.
    `env.unwrapped.encode` and `decode` translate from and to text such as `put apple 1 on dining table 1`.

    `info` lists the applicable actions, as text (`actions`) and, in the same order, as points of the space
    (`action_indices`); to sample one, use `rng.choice(info["action_indices"])`. For networks of a fixed size,
    `action_mask` is a bool array (12, 257) of 3 kB. It has one argument per skill, because an applicable action has
    only one free argument: the first argument of put, give and pour is the held object. (Of an own skill with two free
    arguments, it has the second.) Where
    `action_mask[skill, entity]` is true, the action is `(skill, observation["held"], entity)` for these three skills
    and `(skill, entity, 0)` for the others. `env.unwrapped.action_mask()` has the shape of the space, 790 kB. The
    dimensions depend on each other, so the `mask` of `action_space.sample`, with one vector per dimension, cannot
    express which actions are applicable. In a vector environment, `action_mask` is stacked, (n, 12, 257), and `actions`
    and `action_indices` are arrays of n lists.

    ## Observation Space
    The observation is a `Dict`. Row i of an array of 256 is entity i + 1; rows beyond `n_entities` are 0.

    | key | space | meaning |
    |---|---|---|
    | `category` | `Box(0, n, (256,), int16)` | category, in the order of the domain file, fixtures first; 0 none |
    | `place` | `Box(0, 257, (256,), int16)` | entity that it is in or on; 0 for fixtures, 257 in the robot's hand |
    | `flags` | `MultiBinary((256, 9))` | open, on, dirty, hot, cold, sliced, cooked, folded, watered; own states |
    | `liquid` | `Box(0, 7, (256,), int16)` | liquid that fills it; 0 none |
    | `n_entities` | `Discrete(257)` | number of entities in this home |
    | `held` | `Discrete(257)` | entity that the robot holds; 0 none |
    | `at` | `Discrete(257)` | fixture at which the robot stands; 0 none |
    | `goal` | `Box(0, 127, (512,), uint8)` | text of the goal in ASCII, padded with 0 |
    | `goal_met` | `MultiBinary(64)` | which conditions of the goal hold |
    | `n_conditions` | `Discrete(65)` | number of conditions of the goal |
    | `phase` | `Discrete(65)` | current phase of the goal (phases are separated by `then`) |

    With physics, `observe` selects the keys of an observation: `"atoms"` stands for all keys above (the default), and
    the keys below are the robot's sensors. The `goal` is always included.

    | key | space | meaning |
    |---|---|---|
    | `rgb` | `Box(0, 255, (H, W, 3), uint8)` | colors |
    | `depth` | `Box(0, 40, (H, W), float32)` | distance along the camera's axis [m]; 40 where nothing is |
    | `segmentation` | `Box(0, 257, (H, W), int16)` | entity number; 257 robot, 0 walls and floors |
    | `proprioception` | `Box(…, (24,), float32)` | 11 joint positions, 11 speeds, gripper opening [m], holding (0, 1) |

    The 11 joints are x, y [m] and yaw [rad] of the base, the lift [m] and the seven joints of the arm [rad].
    In a segmentation, doors and drawers have the number of their fixture, and liquids that of their vessel. The `head`
    camera rides 1.5 m above the floor, looks ahead and down, and has a vertical field of view of 70°.
    `env.unwrapped.camera_pose()` returns the camera's pose; its method `project` maps points of the home to pixels.

    `info` has the same keys after `reset` and `step`: `actions`, `action_indices` and `action_mask` (above), `goal`,
    `success`, `rate` (the fraction of conditions that hold), `broken_rules` (the texts of those rules of the goal and
    of the home that were broken, after which an episode cannot succeed any more), `action` (the action that
    was asked for, or ""), `unmet` (why it was not applicable, or ""), `outcome` (`status` done, failed or skipped,
    `reason`, `duration_s`, `ticks`, `collisions`, and `blocked_by`, the fixture whose open door is in the way, or ""),
    and `time_s`, the time [s] since midnight of the first day.

    ## Time
    The clock starts at `start_time` and counts the durations of the actions. A goal may have times: `milk on dining
    table then after 10 min : fan off`, `at 07:00 : ceiling light on`. When only a phase with a later time is left to be
    reached, the clock jumps to it within the same `step` or `reset`; there is no action for waiting. What the phase
    chooses, and its tests, are decided in the state of that moment. A daily goal is reached when it was done once.

    ## Rewards
    The reward is the change of the goal-condition rate in this step, negative for a loss, plus 1 when the goal is
    reached.

    ## Starting State
    The home starts as `home` describes it. A home or goal that is not given is sampled from the seed of `reset`, such
    that the home has what the goal names and the goal does not hold yet. The same seed gives the same episode, bit for
    bit. A goal that can never be reached in a given home is a `GoalError` when the environment is made; one that holds
    there from the start is a `GoalError` at `reset`.

    ## Episode End
    - Termination: the goal is reached, that is, all phases in order, with the conditions of the last one true now.
    - Truncation: the episode has lasted `max_steps` steps.

    After the end, `step` raises `gymnasium.error.ResetNeeded`; after `close`, all but `reset` raise
    `gymnasium.error.ClosedEnvironmentError`. `reset` opens a closed environment again. There are no `options`.

    ## Looking Ahead
    `copy.deepcopy(env)`, pickle and `env.unwrapped.clone()` return an independent environment in the same state, from
    which the same actions lead to the same observations, rewards and infos (see `clone`). What is done in a copy
    changes nothing elsewhere.

    ```python
    for text in info["actions"]:
        ahead = copy.deepcopy(env)
        reward = ahead.step(ahead.unwrapped.encode(text))[1]
    ```

    ## Arguments
    | parameter | type | default | meaning |
    |---|---|---|---|
    | `home` | any home or None | None | a bundled name, a seed, a file, … (`envs/scenes/home_file.py`); None: sampled |
    | `goal` | str or None | None | goal; None samples a simple one at each reset |
    | `max_steps` | int | 50 | steps until truncation |
    | `render_mode` | str or None | None | "ansi" (text); with physics also "rgb_array" (640 x 480) and "human" |
    | `constructs` | str or list | "simple" | what sampled goals are about: "simple", "all", or some of those below |
    | `start_time` | str | "08:00" | time of day at the start, `HH:MM` |
    | `robot` | any robot or None | None | a robot file, or "panda", "guide", "fetcher" (`envs/scenes/robot_file.py`) |

    With a `robot`, the skills are its own, in the order of its domain, and the shapes of `action_space`, `action_mask`
    and `flags` follow from them. Its limits are preconditions like any other; sampled goals are ones it can reach.

    Sampled goals are simple ones (bring an object somewhere, open or switch a fixture) unless `constructs` asks for
    others: property, room, origin, exactly, at most, more, of, all but, half, every, except, no, become, fixture,
    person, beside, every place, means, test, rule, then, after and at. Sampled homes then have colors, sizes,
    materials, owners and people by name, too.

    The mode "human" opens PyBullet's own window and needs a display. A step is one frame, and a video has one frame per
    second; with "rgb_array_list", which Gymnasium adds, `render` returns all frames since the last call.

    Of `HomePhysics-v0` only:

    | parameter | type | default | meaning |
    |---|---|---|---|
    | `grasp` | str | "assisted" | "assisted" or "physical" (`envs/simulation/physical_home.py`) |
    | `observe` | sequence of str | `("atoms",)` | some of "atoms", "rgb", "depth", "segmentation", "proprioception" |
    | `camera` | str or (eye, target) | "head" | "head", "overhead", or a fixed camera `((x, y, z), (x, y, z))` [m] |
    | `image_size` | (int, int) | `(256, 256)` | width and height [pixels] |

    A fixed camera has a vertical field of view of 60°. From below 2 m it sees walls at full height, from above cut low.

    ## Version History
    - v0: Initial version.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 (Gymnasium's own type)
    needs_geometry: ClassVar[bool] = False
    action_space: gymnasium.spaces.MultiDiscrete

    def __init__(
        self,
        *,
        home: AnyHome | None = None,
        goal: str | None = None,
        max_steps: int = 50,
        render_mode: str | None = None,
        constructs: str | Sequence[str] = "simple",
        start_time: str = DEFAULT_START,
        robot: AnyRobot | None = None,
        **unknown: object,
    ) -> None:
        physics = {} if self.needs_geometry else {"HomePhysics-v0": PHYSICS_ARGUMENTS}
        check_keywords(unknown, (*ARGUMENTS, *(PHYSICS_ARGUMENTS if self.needs_geometry else ())), physics)
        if render_mode is not None:
            checked_choice("render_mode", render_mode, self.metadata["render_modes"])
        self._start_s = self._time_s = parse_time(start_time)
        self._robot = None if robot is None else load_robot(robot)
        self.render_mode = render_mode
        self.max_steps = checked_count("max_steps", max_steps)
        self.constructs = checked_constructs(constructs)
        if goal is not None and not isinstance(goal, str):
            raise GoalError(f"the goal is {quoted(goal)}; it must be a text such as 'mug on desk', or None")
        self._scene = self._fixed_scene(home, speaker=False)
        domain = load_domain() if self._robot is None else self._robot.in_domain(load_domain())
        domain = self._scene.domain if self._scene is not None else domain
        self.action_space = spaces.action_space(domain)
        self.observation_space = cast("gymnasium.Space[spaces.Observation]", spaces.observation_space(domain))
        self._fixed_goal = None if goal is None else parse_goal(goal, scene=self._scene)
        if self._fixed_goal is not None:
            if needs_person(self._fixed_goal):
                self._scene = self._fixed_scene(home, speaker=True)
            spaces.check_goal_size(format_goal(self._fixed_goal), len(self._fixed_goal.conditions))
        if self._scene is not None and self._fixed_goal is not None:
            _refuse_impossible(self._fixed_goal, World(self._scene).initial())
        self._initial_state: State | None = None
        self._is_closed = False
        self._ended_because = ""  # why the episode is over
        self.goes_on_after_goal = False  # whether steps are allowed when the goal was reached, for plans to other goals

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[spaces.Observation, Info]:
        """Start an episode. There are no options.

        Raises:
            SeedError: The seed is no whole number of at least 0.
            ArgumentError: There are options.
            GoalError: The goal holds at the start, or cannot be reached.
        """
        check_options(options)
        super().reset(seed=checked_seed(seed))
        self._initial_state = None  # if this fails, the last episode is over all the same
        home_seed, goal_seed = (int(n) for n in self.np_random.integers(2**31, size=2))
        initial_state = self._state = self._reset_home(self._scene or self._sampled_scene(home_seed))
        goal = self._fixed_goal or sample_goal(initial_state, np.random.default_rng(goal_seed), self.constructs)
        self._goal = with_home_rules(goal, initial_state.world.scene)
        self._time_s = self._start_s
        self._progress = begin(self._goal, initial_state, time_s=self._time_s, waits=True)
        self._jump()
        if self._score.success:
            raise GoalError(f"{format_goal(self._goal)}: {HOLDS_AT_START}")
        self._steps, self._ended_because, self._is_closed = 0, "", False
        observation, info = self._observation(), self._info("", "", _outcome("skipped"))
        self._initial_state = initial_state
        self.pursue(self._goal, self._progress.initial_state)
        return observation, info

    def step(self, action: NDArray[np.int64]) -> tuple[spaces.Observation, float, bool, bool, Info]:
        """Execute one encoded action if it is applicable; otherwise `info` says why not.

        Raises:
            ResetNeeded: `reset` was not called, or the episode is over.
            ClosedEnvironmentError: The environment is closed.
        """
        state, previous_score = self.home_state(), self._score
        if self._ended_because:
            raise gymnasium.error.ResetNeeded(f"the episode is over: {self._ended_because}; call reset()")
        text, reason, outcome, done = "", "", _outcome("skipped"), None
        try:
            grounded = spaces.decode_action(state.world, action)
            text = format_action(state.world, grounded)
            reason = unmet_precondition(state, grounded) or ""
            if not reason:
                self._state, outcome = self._execute(grounded)
                done = grounded if outcome["status"] == "done" else None
        except ActionError as error:
            reason = str(error)
        self._time_s += outcome["duration_s"]
        self._progress = advance(self._progress, self._state, done, time_s=self._time_s)
        if self.needs_geometry:  # an action may also do what is not its effect, such as push something over
            self._progress = advance(self._progress, self._state, time_s=self._time_s)
        self._jump()
        self._steps += 1
        reward = self._score.rate - previous_score.rate + (SUCCESS_REWARD if self._score.success else 0.0)
        truncated = self._steps >= self.max_steps
        if truncated:
            self._ended_because = f"it has lasted {self.max_steps} steps"
        elif self._score.success and not self.goes_on_after_goal:
            self._ended_because = "the goal is reached"
        return self._observation(), reward, self._score.success, truncated, self._info(text, reason, outcome)

    def render(self) -> Any:  # what it returns depends on the mode; Gymnasium's own signature
        """Return the home as a text in mode "ansi".

        Raises:
            ResetNeeded: `reset` was not called.
            ClosedEnvironmentError: The environment is closed.
        """
        self._require_initial_state()
        if self.render_mode != "ansi":
            return None
        goal = f"goal: {format_goal(self._goal)} ({sum(self._score.met)} of {len(self._score.met)} conditions hold)"
        return f"{goal}\n{describe(self.home_state())}"

    def close(self) -> None:
        """Close the environment; safe to call twice. `reset` opens it again."""
        self._is_closed, self._initial_state = True, None

    def clone(self) -> Self:
        """Return an independent environment in the same state, to look ahead: the next steps in one change no other.

        The clone has the same goal, progress and random generators, so that the same actions, and later resets without
        a seed, give the same observations, rewards and infos. Without physics they are equal. With physics the clone
        has an engine of its own, in which all bodies are built again where they are (`PhysicalHome.clone` says how
        nearly it goes on alike), and no window.

        `copy.copy`, `copy.deepcopy` and pickle do the same. To clone an environment with its wrappers, use
        `copy.deepcopy(env)`; `copy.copy` of a wrapper shares the environment inside it, as shallow copies do.

        Raises:
            ClosedEnvironmentError: The environment is closed.
        """
        return copy.deepcopy(self)

    def __copy__(self) -> Self:
        """Return a clone: two environments cannot share an engine."""
        return self.clone()

    def __getstate__(self) -> dict[str, object]:
        """Return what a clone or a pickle needs."""
        if self._is_closed:
            raise gymnasium.error.ClosedEnvironmentError("a closed environment cannot be copied; reset() opens it")
        return dict(vars(self))

    def home_state(self) -> State:
        """Return the current state."""
        self._require_initial_state()
        return self._state

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""
        return self._time_s

    def wait(self, seconds: float) -> None:
        """Let time pass [s] without a step, for programs that execute plans with times in an environment.

        Raises:
            ResetNeeded: `reset` was not called.
            ClosedEnvironmentError: The environment is closed.
            ArgumentError: It is no number of seconds, or below 0.
        """
        self._require_initial_state()
        self._state = self._wait(checked_seconds(seconds))
        self._time_s += seconds
        self._progress = advance(self._progress, self._state, time_s=self._time_s)
        self._score = score(self._progress)

    def encode(self, text: str) -> NDArray[np.int64]:
        """Encode an action's text as a point of the action space.

        Raises:
            ActionError: The text names no skill, or an entity that this home does not have.
        """
        world = self.home_state().world
        return spaces.encode_action(world, parse_action(world, text))

    def decode(self, action: object) -> str:
        """Decode a point of the action space to text.

        Raises:
            ActionError: It names an entity that this home does not have.
        """
        world = self.home_state().world
        return format_action(world, spaces.decode_action(world, action))

    def action_mask(self) -> NDArray[np.bool_]:
        """Return a bool array in the shape of the action space, true where an action is applicable."""
        state = self.home_state()
        mask = np.zeros(tuple(self.action_space.nvec), np.bool_)
        mask[tuple(spaces.encode_actions(state.world, applicable(state)).T)] = True
        return mask

    def pursue(self, goal: Goal | None, initial_state: State) -> None:
        """Let the home carry out the next actions for a goal; `reset` sets it to the environment's own."""

    @abstractmethod
    def _reset_home(self, scene: Scene) -> State:
        """Set the home to its initial state."""

    @abstractmethod
    def _execute(self, action: Action) -> tuple[State, Info]:
        """Execute an applicable action; return the new state and the outcome."""

    def _wait(self, seconds: float) -> State:
        """Let time pass [s]; return the state then."""
        return self._state

    def _jump(self) -> None:
        """Let the clock jump to the time of the goal's current phase, and score the goal."""
        while (due_s := self._progress.due_s) is not None:
            self._state, self._time_s = self._wait(max(0.0, due_s - self._time_s)), due_s
            self._progress = advance(self._progress, self._state, time_s=due_s)
            self.pursue(self._goal, self._progress.initial_state)  # the phase's choices are made now
        self._score = score(self._progress)

    def _require_initial_state(self) -> State:
        if self._is_closed:
            raise gymnasium.error.ClosedEnvironmentError("the environment is closed; reset() opens it again")
        if self._initial_state is None:
            raise gymnasium.error.ResetNeeded("there is no episode: call reset() first")
        return self._initial_state

    def _fixed_scene(self, home: AnyHome | None, *, speaker: bool) -> Scene | None:
        if home is None:
            return None
        return equipped(load_home(home, geometry=self.needs_geometry, speaker=speaker), self._robot)

    def _sampled_scene(self, seed: int) -> Scene:
        """Sample a home in which the goal can be reached and does not hold yet.

        Raises:
            GoalError: None was found.
        """
        geometry, goal = self.needs_geometry, self._fixed_goal
        if goal is None:
            is_any = self._robot is None and not self.constructs
            return sample_scene(seed, geometry=geometry) if is_any else self._described_scene(seed)
        needs, reason = needs_of(goal), ""
        for attempt in range(MAX_SAMPLED_HOMES):
            home_seed = seed if attempt == 0 else int(self.np_random.integers(2**31))

            def sampled(*, geometry: bool, facts: Sequence[str], home_seed: int = home_seed) -> Scene:
                scene = sample_scene(
                    home_seed, need_fixtures=needs.fixtures, need_objects=needs.objects, facts=facts,
                    geometry=geometry,
                )  # fmt: skip
                return equipped(described_for(scene, goal, random.Random(home_seed)), self._robot)

            facts: Sequence[str] = needs.facts
            try:
                scene = sampled(geometry=False, facts=facts)
            except EnvsError:  # what should be so at the start cannot be, as for `no book in fridge`
                facts = ()
                scene = sampled(geometry=False, facts=facts)
            initial_state = World(scene).initial()
            reason = obstacle(goal, initial_state, sizes=False)
            if not reason and holds_at_start(goal, initial_state):
                reason = f"{format_goal(goal)}: {HOLDS_AT_START}"
            if not reason:
                return sampled(geometry=geometry, facts=facts)
        raise GoalError(f"{reason} (and so in all of {MAX_SAMPLED_HOMES} sampled homes)")

    def _described_scene(self, seed: int) -> Scene:
        """Sample a home, with constructs one with properties and people, for which there is a goal for the robot.

        Raises:
            GoalError: None was found.
        """
        for attempt in range(MAX_SAMPLED_HOMES):
            home_seed = seed if attempt == 0 else int(self.np_random.integers(2**31))
            scene = sample_scene(home_seed, geometry=self.needs_geometry)
            if self.constructs:
                scene = with_speaker(scene, geometry=self.needs_geometry)
                scene = with_random_properties(scene, random.Random(home_seed))
            scene = equipped(scene, self._robot)
            try:
                sample_goal(World(scene).initial(), np.random.default_rng(home_seed), self.constructs)
            except GoalError as error:
                problem = error
                continue
            return scene
        raise GoalError(f"{problem} (and so in all of {MAX_SAMPLED_HOMES} sampled homes)")

    def _observation(self) -> spaces.Observation:
        return spaces.observe(self._state, format_goal(self._goal), self._score, self._progress.phase)

    def _info(self, action: str, reason: str, outcome: Info) -> Info:
        world, actions = self._state.world, applicable(self._state)
        points = spaces.encode_actions(world, actions)
        return {
            "actions": [format_action(world, a) for a in actions],
            "action_indices": points.tolist(),
            "action_mask": spaces.mask_of(points, len(world.domain.skills)),
            "goal": format_goal(self._goal),
            "success": self._score.success,
            "rate": self._score.rate,
            "broken_rules": [format_rule(self._goal.rules[i]) for i, _ in self._score.broken],
            "action": action,
            "unmet": reason,
            "outcome": outcome,
            "time_s": self._time_s,
        }


class HomeSymbolic(HomeEnv):
    """The home as rules: every applicable action succeeds, several hundred thousand a second without the encoding.

    `HomeEnv` documents the environment. The duration of an outcome is the skill's typical one.
    """

    def _reset_home(self, scene: Scene) -> State:
        return World(scene).initial()

    def _execute(self, action: Action) -> tuple[State, Info]:
        duration_s = self._state.world.domain.duration_s(action.skill)
        return successor(self._state, action), _outcome("done", duration_s=duration_s)


class HomePhysics(HomeEnv):
    """The home in PyBullet: an applicable action may fail, and the outcome says why.

    `HomeEnv` documents the environment. A home is built once and restored at each reset.

    Raises:
        ArgumentError: An argument is not allowed.
        PhysicsError: At the first reset, if PyBullet is not installed, or its window has no display.
    """

    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array", "ansi"], "render_fps": 1}  # noqa: RUF012
    needs_geometry: ClassVar[bool] = True

    def __init__(
        self,
        *,
        home: AnyHome | None = None,
        goal: str | None = None,
        max_steps: int = 50,
        render_mode: str | None = None,
        constructs: str | Sequence[str] = "simple",
        start_time: str = DEFAULT_START,
        robot: AnyRobot | None = None,
        grasp: Literal["assisted", "physical"] = "assisted",
        observe: Sequence[str] = ("atoms",),
        camera: str | tuple[Vec3, Vec3] = "head",
        image_size: tuple[int, int] = (256, 256),
        **unknown: object,
    ) -> None:
        from envs.gym.observations import Senses

        super().__init__(
            home=home,
            goal=goal,
            max_steps=max_steps,
            render_mode=render_mode,
            constructs=constructs,
            start_time=start_time,
            robot=robot,
            **unknown,
        )
        checked_choice("grasp", grasp, GRASPS)
        self.grasp = grasp
        self.senses = Senses(observe=observe, camera=camera, image_size=image_size)
        atom_spaces = cast("gymnasium.spaces.Dict", self.observation_space)
        kept_spaces = atom_spaces if "atoms" in self.senses.observe else {"goal": atom_spaces["goal"]}
        all_spaces = gymnasium.spaces.Dict({**kept_spaces, **self.senses.spaces()})
        self.observation_space = cast("gymnasium.Space[spaces.Observation]", all_spaces)
        self._physical_home: tuple[Scene, PhysicalHome] | None = None

    def render(self) -> Any:
        """Return an image (H, W, 3) of uint8 in mode "rgb_array", a text in mode "ansi"."""
        self._require_initial_state()
        if self.render_mode != "rgb_array":
            return super().render()
        return self._home().render(*IMAGE_SIZE)

    def camera_pose(self) -> CameraPose:
        """Return the current pose of the observations' camera."""
        self._require_initial_state()
        return self.senses.pose(self._home())

    def close(self) -> None:
        """Shut down the physics engine; safe to call twice. `reset` starts it again."""
        super().close()
        self._drop_home()

    def _drop_home(self) -> None:
        if self._physical_home is not None:
            self._physical_home[1].close()
            self._physical_home = None

    def _reset_home(self, scene: Scene) -> State:
        from envs.simulation.physical_home import PhysicalHome

        if self._physical_home is None or self._physical_home[0] != scene:
            self._drop_home()
            if self.render_mode == "human":
                _require_display()
            self._physical_home = (scene, PhysicalHome(scene, grasp=self.grasp, gui=self.render_mode == "human"))
        return self._home().reset()

    def pursue(self, goal: Goal | None, initial_state: State) -> None:
        """Put objects beside what the goal names, where it says `beside`."""
        self._home().pursue(goal, initial_state)

    def _execute(self, action: Action) -> tuple[State, Info]:
        result = self._home().execute(action)
        outcome = _outcome(
            result.status, result.reason, duration_s=result.duration_s, ticks=result.ticks,
            collisions=result.collisions, blocked_by=result.blocked_by,
        )  # fmt: skip
        return self._home().state(), outcome

    def _wait(self, seconds: float) -> State:
        self._home().wait(seconds)
        return self._home().state()

    def _observation(self) -> spaces.Observation:
        observation = super()._observation()
        kept = observation if "atoms" in self.senses.observe else {"goal": observation["goal"]}
        return {**kept, **self.senses.read(self._home())}

    def _home(self) -> PhysicalHome:
        assert self._physical_home is not None
        return self._physical_home[1]


def _refuse_impossible(goal: Goal, state: State) -> None:
    if reason := obstacle(with_home_rules(goal, state.world.scene), state):
        raise GoalError(f"{reason} ({state.world.scene.name})")


def _require_display() -> None:
    """Raise an error, because PyBullet ends the whole process where there is no display."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise PhysicsError("render_mode 'human' opens a window, but DISPLAY is not set: try 'rgb_array'")


def _outcome(
    status: str, reason: str = "", *, duration_s: float = 0.0, ticks: int = 0, collisions: int = 0, blocked_by: str = ""
) -> Info:
    values = {"status": status, "reason": reason, "blocked_by": blocked_by}
    return {**values, "duration_s": duration_s, "ticks": ticks, "collisions": collisions}
