"""The home as Gymnasium environments: `HomeSymbolic-v0` and `HomePhysics-v0`, one interface over two worlds."""

from __future__ import annotations

import os
import sys
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.errors import ActionError, PhysicsError
from envs.gym import spaces
from envs.gym.goal_sampler import named, sample_goal
from envs.scenes.home_file import load_home
from envs.scenes.scene_sampler import sample_scene
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
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import advance, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.rendering.camera import Pose
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.domain import Vec3

IMAGE_SIZE = (640, 480)  # width, height [px]
SUCCESS_REWARD = 1.0
GRASPS = ("assisted", "physical")

Info = dict[str, Any]  # Gymnasium's own type; the keys are in the class docstring


class HomeEnv(gymnasium.Env[spaces.Observation, NDArray[np.int64]]):
    """A robot with one gripper in a furnished home, with a goal such as `2 clean plate on dining table`.

    ## Description
    A home has up to 256 entities: fixtures that stay where they are (`fridge 1`) and objects (`apple 1`). The robot
    brings objects to places, opens, closes and switches fixtures, and slices, pours, wipes and folds; the world does
    the rest (a closed fridge cools, a running sink rinses: `envs/domain.yaml`). A goal is a text in the goal language
    (`envs/symbolic/goals.py`). One step is one whole skill. `HomeSymbolic-v0` computes what becomes true; `HomePhysics-v0` lets
    a mobile manipulator do it in PyBullet at 240 Hz and reads what became true from the physics.

    ```python
    import gymnasium, envs
    env = gymnasium.make("HomeSymbolic-v0", goal="apple on dining table")
    observation, info = env.reset(seed=7)
    action = env.unwrapped.encode(info["actions"][0])
    observation, reward, terminated, truncated, info = env.step(action)
    ```

    ## Action Space
    `MultiDiscrete([12, 257, 257])`: the skill in the order of the domain file (go to, pick up, put, give, open, close,
    turn on, turn off, slice, wipe, pour, fold), the first argument and the second. Arguments are entity numbers,
    counted from 1; 0 is none. `put`, `give` and `pour` read the second argument, the others ignore it. An action that
    is not applicable changes nothing; `info["unmet"]` says why. `env.unwrapped.encode` and `decode` translate to and
    from text such as `put apple 1 on dining table 1`.

    Which actions are applicable is in `info`, in the same order, as text (`actions`) and as points of the space
    (`action_indices`): to sample one, `rng.choice(info["action_indices"])`. A network of fixed size takes
    `action_mask`, a bool array (12, 257), 3 kB: of the arguments of an applicable action only one is free, since put,
    give and pour take what the robot holds as their first. Where `action_mask[skill, entity]` is true, the action is
    `(skill, observation["held"], entity)` for these three and `(skill, entity, 0)` for the others.
    `env.unwrapped.action_mask()` is the same in the shape of the space, 790 kB. The dimensions depend on each other,
    so no `mask` of `action_space.sample`, which has one vector a dimension, can say what is applicable. In a vector
    environment `action_mask` is stacked, (n, 12, 257), and `actions` and `action_indices` are arrays of n lists.

    ## Observation Space
    `Dict`; row i of an array of 256 is entity i + 1, and rows beyond `n_entities` are 0.

    | key | space | meaning |
    |---|---|---|
    | `category` | `Box(0, n, (256,), int16)` | category, in the order of the domain file, fixtures first; 0 none |
    | `place` | `Box(0, 257, (256,), int16)` | entity that it is in or on; 0 for fixtures, 257 in the robot's hand |
    | `flags` | `MultiBinary((256, 9))` | open, on, dirty, hot, cold, sliced, cooked, folded, watered |
    | `liquid` | `Box(0, 7, (256,), int16)` | what it is filled with; 0 nothing |
    | `n_entities` | `Discrete(257)` | how many entities this home has |
    | `held` | `Discrete(257)` | what the robot holds; 0 nothing |
    | `at` | `Discrete(257)` | the fixture that the robot stands at; 0 none |
    | `goal` | `Box(0, 127, (512,), uint8)` | the goal's text in ASCII, padded with 0 |
    | `goal_met` | `MultiBinary(64)` | which of the goal's conditions hold |
    | `n_conditions` | `Discrete(65)` | how many conditions the goal has |
    | `phase` | `Discrete(65)` | the phase of the goal (`then`) that the episode is in |

    With physics, `observe` chooses what an observation has: the `"atoms"` above, by default, and what the robot senses.
    The `goal` is always there.

    | key | space | meaning |
    |---|---|---|
    | `rgb` | `Box(0, 255, (H, W, 3), uint8)` | colors |
    | `depth` | `Box(0, 40, (H, W), float32)` | distance along the camera's axis [m]; 40 where nothing is |
    | `segmentation` | `Box(0, 257, (H, W), int16)` | entity, as in the rows above; 257 robot, 0 walls and floors |
    | `proprioception` | `Box(…, (24,), float32)` | joints, their speeds, the gripper's opening [m], holding or not |

    The 11 joints are x, y [m] and yaw [rad] of the base, the lift [m] and seven of the arm [rad].
    Doors and drawers show as their fixture, what is filled in as its vessel. The `head` camera rides 1.5 m over the
    floor, looks ahead and down, and sees 70° from top to bottom; `env.unwrapped.camera_pose()` is where a camera
    stands, and its `project` where a point of the home is in the picture.

    `info` has the same keys after `reset` and `step`: `actions`, `action_indices` and `action_mask` (above), `goal`,
    `success`, `rate` (the fraction of conditions that hold), `action` (what was asked, or ""), `unmet_precondition` (why it was not
    applicable, or ""), and `outcome` (`status` done, failed or skipped, `reason`, `duration_s`, `ticks`, `collisions`,
    and `blocked_by`, the fixture whose open door is in the way, or "").

    ## Rewards
    The gain of the goal-condition rate in this step (a loss is negative), and +1 when all conditions hold.

    ## Starting State
    The home as `home` describes it. A home or goal that is not given is sampled from the seed of `reset`: the home
    holds what the goal names, the sampled goal does not hold yet. The same seed gives the same episode, bit for bit.

    ## Episode End
    Terminated when the goal is reached: all phases in order, the conditions of the last one now. Truncated after
    `max_steps` steps.

    ## Arguments
    - `home`: None (sampled at each reset), a seed, the path of a home's YAML file, or a `Scene`.
    - `goal`: a goal, or None (a simple one is sampled at each reset).
    - `max_steps`: steps until truncation, by default 50.
    - `render_mode`: "ansi" (a text); with physics also "rgb_array" (640 x 480) and "human" (PyBullet's own window, so a
      display). A step is one frame, and a video has one frame a second; with "rgb_array_list", which Gymnasium adds,
      `render` returns all frames since the last call.

    Of `HomePhysics-v0` only:
    - `grasp`: "assisted" or "physical" (`envs/simulation/physical_home.py`).
    - `observe`: some of "atoms", "rgb", "depth", "segmentation", "proprioception", by default `("atoms",)`.
    - `camera`: "head" (by default), "overhead", or `((x, y, z), (x, y, z))`, an eye and what it looks at [m]: it stays
      there, and sees 60° from top to bottom. From below 2 m one sees walls at full height, from above cut low.
    - `image_size`: width and height [pixels], by default `(256, 256)`.

    ## Version History
    - v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 (Gymnasium's own type)
    needs_geometry: ClassVar[bool] = False
    action_space: gymnasium.spaces.MultiDiscrete

    def __init__(
        self,
        *,
        home: Scene | str | Path | int | None = None,
        goal: str | None = None,
        max_steps: int = 50,
        render_mode: str | None = None,
    ) -> None:
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(f"render_mode {render_mode!r} is none of {self.metadata['render_modes']}")
        if max_steps < 1:
            raise ValueError(f"max_steps is {max_steps}; an episode has at least one step")
        domain = load_domain()
        self.action_space = spaces.action_space(domain)
        self.observation_space = cast("gymnasium.Space[spaces.Observation]", spaces.observation_space(domain))
        self.render_mode = render_mode
        self.max_steps = max_steps
        self._given_goal = None if goal is None else parse_goal(goal)
        self._scene = self._fixed_scene(home)
        self._start: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[spaces.Observation, Info]:
        """Start an episode. There are no options."""
        super().reset(seed=seed)
        home_seed, goal_seed = (int(n) for n in self.np_random.integers(2**31, size=2))
        self._start = self._state = self._begin(self._scene or self._sampled_scene(home_seed))
        self._goal = self._given_goal or sample_goal(self._start, np.random.default_rng(goal_seed))
        self._phase = advance(self._goal, 0, self._start, self._start)
        self._score = score(self._goal, self._phase, self._start, self._start)
        self._steps = 0
        return self._observation(), self._info("", "", _outcome("skipped"))

    def step(self, action: NDArray[np.int64]) -> tuple[spaces.Observation, float, bool, bool, Info]:
        """Carry out one encoded action, if it is applicable."""
        state, before = self.home_state(), self._score
        text, reason, outcome = "", "", _outcome("skipped")
        try:
            grounded = spaces.decode_action(state.world, action)
            text = format_action(state.world, grounded)
            reason = unmet_precondition(state, grounded) or ""
            if not reason:
                self._state, outcome = self._act(grounded)
        except ActionError as error:
            reason = str(error)
        self._phase = advance(self._goal, self._phase, self._state, self._first_state())
        self._score = score(self._goal, self._phase, self._state, self._first_state())
        self._steps += 1
        reward = self._score.rate - before.rate + (SUCCESS_REWARD if self._score.success else 0.0)
        truncated = self._steps >= self.max_steps
        return self._observation(), reward, self._score.success, truncated, self._info(text, reason, outcome)

    def render(self) -> Any:  # what it returns depends on the mode; Gymnasium's own signature
        """Return the home as a text in mode "ansi"."""
        if self.render_mode != "ansi":
            return None
        goal = f"goal: {format_goal(self._goal)} ({sum(self._score.met)} of {len(self._score.met)} conditions hold)"
        return f"{goal}\n{describe(self.home_state())}"

    def home_state(self) -> State:
        """Return what is true now."""
        self._first_state()
        return self._state

    def encode(self, text: str) -> NDArray[np.int64]:
        """Write an action's text as a point of the action space.

        Raises:
            ActionError: The text names no skill, or a thing that this home does not have.
        """
        world = self.home_state().world
        return spaces.encode_action(world, parse_action(world, text))

    def decode(self, action: NDArray[np.int64]) -> str:
        """Write a point of the action space as text.

        Raises:
            ActionError: It names a thing that this home does not have.
        """
        world = self.home_state().world
        return format_action(world, spaces.decode_action(world, action))

    def action_mask(self) -> NDArray[np.bool_]:
        """Return an array in the shape of the action space, true where an action is applicable."""
        state = self.home_state()
        mask = np.zeros(tuple(self.action_space.nvec), np.bool_)
        mask[tuple(spaces.encode_actions(state.world, applicable(state)).T)] = True
        return mask

    @abstractmethod
    def _begin(self, scene: Scene) -> State:
        """Put the home into its first state."""

    @abstractmethod
    def _act(self, action: Action) -> tuple[State, Info]:
        """Carry out an applicable action; return the new state and the outcome."""

    def _first_state(self) -> State:
        if self._start is None:
            raise gymnasium.error.ResetNeeded("call reset() first")
        return self._start

    def _fixed_scene(self, home: Scene | str | Path | int | None) -> Scene | None:
        if home is None or isinstance(home, Scene):
            return home
        return sample_scene(home, geometry=self.needs_geometry) if isinstance(home, int) else load_home(home)

    def _sampled_scene(self, seed: int) -> Scene:
        fixtures, objects = named(self._given_goal) if self._given_goal else (None, None)
        geometry = self.needs_geometry
        return sample_scene(seed, need_fixtures=fixtures, need_objects=objects, geometry=geometry)

    def _observation(self) -> spaces.Observation:
        return spaces.observe(self._state, format_goal(self._goal), self._score, self._phase)

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
            "action": action,
            "unmet": reason,
            "outcome": outcome,
        }


class HomeSymbolic(HomeEnv):
    """The home as rules: every applicable action succeeds, at some hundred thousand a second without the spaces.

    The manual page is `HomeEnv`'s; an outcome's duration is the skill's typical one.
    """

    def _begin(self, scene: Scene) -> State:
        return World(scene).initial()

    def _act(self, action: Action) -> tuple[State, Info]:
        duration_s = load_domain().skills[action.skill].duration_s
        return successor(self._state, action), _outcome("done", duration_s=duration_s)


class HomePhysics(HomeEnv):
    """The home as a PyBullet world: an applicable action may fail, and says why in the outcome.

    The manual page is `HomeEnv`'s. A home is built once and restored at each reset.

    Raises:
        ValueError: An argument is none of those that are allowed.
        PhysicsError: At the first reset, if PyBullet is not installed, or there is no display for its window.
    """

    metadata: dict[str, Any] = {"render_modes": ["human", "rgb_array", "ansi"], "render_fps": 1}  # noqa: RUF012
    needs_geometry: ClassVar[bool] = True

    def __init__(
        self,
        *,
        home: Scene | str | Path | int | None = None,
        goal: str | None = None,
        max_steps: int = 50,
        render_mode: str | None = None,
        grasp: Literal["assisted", "physical"] = "assisted",
        observe: Sequence[str] = ("atoms",),
        camera: str | tuple[Vec3, Vec3] = "head",
        image_size: tuple[int, int] = (256, 256),
    ) -> None:
        from envs.gym.observations import Senses

        super().__init__(home=home, goal=goal, max_steps=max_steps, render_mode=render_mode)
        if grasp not in GRASPS:
            raise ValueError(f"grasp is {grasp!r}; it is one of {', '.join(GRASPS)}")
        self.grasp = grasp
        self.senses = Senses(observe=observe, camera=camera, image_size=image_size)
        atoms = cast("gymnasium.spaces.Dict", self.observation_space)
        kept = atoms if "atoms" in self.senses.observe else {"goal": atoms["goal"]}
        joined = gymnasium.spaces.Dict({**kept, **self.senses.spaces()})
        self.observation_space = cast("gymnasium.Space[spaces.Observation]", joined)
        self._built: tuple[Scene, PhysicalHome] | None = None

    def render(self) -> Any:
        """Return an image (H, W, 3) of uint8 in mode "rgb_array", a text in mode "ansi"."""
        if self.render_mode != "rgb_array":
            return super().render()
        self._first_state()
        return self._physical().render(*IMAGE_SIZE)

    def camera_pose(self) -> Pose:
        """Return where the camera of the observations stands now."""
        self._first_state()
        return self.senses.pose(self._physical())

    def close(self) -> None:
        """Shut the physics engine down; `reset` starts it again."""
        if self._built is not None:
            self._built[1].close()
            self._built = None

    def _begin(self, scene: Scene) -> State:
        from envs.simulation.physical_home import PhysicalHome

        if self._built is None or self._built[0] != scene:
            self.close()
            if self.render_mode == "human":
                _need_display()
            self._built = (scene, PhysicalHome(scene, grasp=self.grasp, gui=self.render_mode == "human"))
        return self._physical().reset()

    def _act(self, action: Action) -> tuple[State, Info]:
        done = self._physical().execute(action)
        outcome = _outcome(
            done.status, done.reason, duration_s=done.duration_s, ticks=done.ticks, collisions=done.collisions,
            blocked_by=done.blocked_by,
        )  # fmt: skip
        return self._physical().state(), outcome

    def _observation(self) -> spaces.Observation:
        said = super()._observation()
        kept = said if "atoms" in self.senses.observe else {"goal": said["goal"]}
        return {**kept, **self.senses.read(self._physical())}

    def _physical(self) -> PhysicalHome:
        assert self._built is not None
        return self._built[1]


def _need_display() -> None:
    """Say what is missing: PyBullet ends the whole process where it finds no display."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise PhysicsError("render_mode 'human' opens a window, and DISPLAY names no display: try 'rgb_array'")


def _outcome(
    status: str, reason: str = "", *, duration_s: float = 0.0, ticks: int = 0, collisions: int = 0, blocked_by: str = ""
) -> Info:
    values = {"status": status, "reason": reason, "blocked_by": blocked_by}
    return {**values, "duration_s": duration_s, "ticks": ticks, "collisions": collisions}
