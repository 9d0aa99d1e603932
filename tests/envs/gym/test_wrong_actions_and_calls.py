"""A wrong action is an inapplicable one with a reason in `info`; a wrong call is an error in words."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import gymnasium
import numpy as np
import pytest

from envs.errors import ArgumentError, GoalError, HomeError
from envs.gym.home_adapter import EnvHome
from envs.gym.home_env import HomeEnv, HomePhysics, HomeSymbolic
from envs.scenes.scene_sampler import sample_scene
from tests.envs.homes_for_tests import kitchen

GOAL = "apple on dining table ; fridge closed"


def make(**arguments: Any) -> HomeEnv:
    env = gymnasium.make("HomeSymbolic-v0", **{"home": kitchen(), "goal": GOAL, **arguments}).unwrapped
    assert isinstance(env, HomeEnv)
    return env


@pytest.fixture
def env() -> HomeEnv:
    built = make(render_mode="ansi")
    built.reset(seed=0)
    return built


MASKED: Any = np.ma.masked_equal([0, 1, 0], 1)  # type: ignore[no-untyped-call]
WRONG_ACTIONS: dict[str, Any] = {
    "nan": np.array([np.nan, 1, 1]), "infinite": np.array([np.inf, 1, 1]), "fractional": np.array([0.5, 1, 1]),
    "too short": np.zeros(2, int), "too long": np.zeros(4, int), "a batch": np.zeros((1, 3), int),
    "a column": np.zeros((3, 1), int), "ragged": [[1], [1, 2], 3], "empty": [], "one number": np.array(1),
    "a scalar": np.int64(3), "a float": 3.7, "none": None, "a text": "open fridge 1", "bytes": b"abc",
    "texts": ["1", "2", "3"], "nones": [None, 1, 2], "bool": True, "bools": np.array([False, True, False]),
    "a dict": {"a": 1}, "a set": {1, 2, 3}, "a generator": (i for i in range(3)), "an object": object(),
    "complex": np.asarray([1j, 0, 0]), "dates": np.array(["2020", "2021", "2022"], dtype="M8[Y]"),
    "fractions": [Fraction(1, 2), 1, 0], "masked": MASKED,
    "negative": [-1, 1, 0], "no such skill": [12, 1, 0], "no such entity": [0, 257, 0], "huge": [2**70, 0, 0],
    "a huge float": [1e300, 0, 0], "entity of another home": [0, 200, 0],
}  # fmt: skip


@pytest.mark.parametrize("action", WRONG_ACTIONS.values(), ids=WRONG_ACTIONS.keys())
def test_a_wrong_action_does_nothing_and_info_says_why(env: HomeEnv, action: Any) -> None:
    before, keys = env.home_state(), set(env.step(env.encode("pick up apple 1"))[4])
    _, reward, terminated, _, info = env.step(action)
    assert env.home_state() == before
    assert (reward, terminated, info["action"], info["outcome"]["status"]) == (0.0, False, "", "skipped")
    assert 10 < len(info["unmet"]) < 300
    assert set(info) == keys


@pytest.mark.parametrize(
    "action", [[0, 1, 0], (0, 1, 0), np.array([0, 1, 0], np.uint8), np.array([0.0, 1.0, 0.0]), [np.int64(0), 1, 0]]
)
def test_three_whole_numbers_of_any_type_are_an_action(env: HomeEnv, action: Any) -> None:
    assert env.step(action)[4]["action"] == "go to countertop 1"


def test_a_tensor_is_an_action(env: HomeEnv) -> None:
    torch = pytest.importorskip("torch")
    assert env.step(torch.tensor([0, 1, 0]))[4]["action"] == "go to countertop 1"
    assert env.step(torch.tensor([0.0, 1.0, 0.0], requires_grad=True))[4]["unmet"]


def test_a_wrong_action_counts_as_a_step() -> None:
    env = make(max_steps=1)
    env.reset()
    assert env.step(None)[3]  # type: ignore[arg-type]


CALLS: dict[str, Callable[[HomeEnv], object]] = {
    "step": lambda env: env.step(np.array([0, 1, 0])),
    "render": lambda env: env.render(),
    "home_state": lambda env: env.home_state(),
    "encode": lambda env: env.encode("open fridge 1"),
    "decode": lambda env: env.decode([0, 1, 0]),
    "action_mask": lambda env: env.action_mask(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_call_before_the_first_reset_is_an_error(call: Callable[[HomeEnv], object]) -> None:
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
        call(make(render_mode="ansi"))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_call_after_close_is_an_error_and_reset_opens_again(env: HomeEnv, call: Callable[[HomeEnv], object]) -> None:
    env.close()
    env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError, match="closed"):
        call(env)
    env.reset(seed=0)
    call(env)


def test_a_step_after_the_end_of_an_episode_is_an_error_that_says_why_it_ended(env: HomeEnv) -> None:
    for text in ("open fridge 1", "pick up apple 1", "put apple 1 on dining table 1", "close fridge 1"):
        env.step(env.encode(text))
    with pytest.raises(gymnasium.error.ResetNeeded, match="the goal is reached"):
        env.step(np.array([0, 1, 0]))
    env.reset()
    env.step(np.array([0, 1, 0]))
    short = make(max_steps=1)
    short.reset()
    short.step(np.array([0, 1, 0]))
    with pytest.raises(gymnasium.error.ResetNeeded, match="lasted 1 steps"):
        short.step(np.array([0, 1, 0]))


def test_a_plan_to_another_goal_goes_on_after_the_environments_goal_is_reached() -> None:
    from envs.symbolic.actions import parse_action

    env = gymnasium.make("HomeSymbolic-v0", home=kitchen(), goal="fridge open")
    env.reset()
    home = EnvHome(env)
    for text in ("open fridge 1", "pick up apple 1"):
        assert home.execute(parse_action(home.state().world, text)).status == "done"


def test_the_adapter_refuses_other_environments() -> None:
    with pytest.raises(ArgumentError, match="HomeSymbolic-v0 or HomePhysics-v0"):
        EnvHome(gymnasium.make("CartPole-v1"))


@pytest.mark.parametrize("seed", [-1, 1.0, "1", True, [1], np.float64(2.0), float("nan")])
def test_a_wrong_seed_is_an_error(env: HomeEnv, seed: Any) -> None:
    with pytest.raises(gymnasium.error.Error, match="whole number of at least 0") as caught:
        env.reset(seed=seed)
    assert isinstance(caught.value, ValueError)
    env.step(np.array([0, 1, 0]))  # the episode goes on


@pytest.mark.parametrize("seed", [0, 2**80, np.int64(3), np.uint8(3)])
def test_every_whole_number_is_a_seed(env: HomeEnv, seed: Any) -> None:
    assert env.reset(seed=seed)[1]["goal"] == GOAL


@pytest.mark.parametrize("options", [{"goal": "apple"}, {1: 2}, [], "x", 5])
def test_options_of_reset_are_refused(env: HomeEnv, options: Any) -> None:
    with pytest.raises(ArgumentError, match="option"):
        env.reset(options=options)


@pytest.mark.parametrize("options", [None, {}])
def test_no_options_are_no_options(env: HomeEnv, options: Any) -> None:
    env.reset(options=options)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"gaol": "x"}, ArgumentError, "'gaol'.*did you mean 'goal'"),
        ({"observe": ("rgb",)}, ArgumentError, "only HomePhysics-v0"),
        ({"goal": 5}, GoalError, "must be a text"),
        ({"goal": ["mug on desk"]}, GoalError, "must be a text"),
        ({"goal": ""}, GoalError, "empty"),
        ({"max_steps": "5"}, ArgumentError, "at least 1"),
        ({"max_steps": 2.5}, ArgumentError, "at least 1"),
        ({"max_steps": True}, ArgumentError, "at least 1"),
        ({"max_steps": None}, ArgumentError, "at least 1"),
        ({"render_mode": "ansl"}, ArgumentError, "did you mean 'ansi'"),
        ({"render_mode": 5}, ArgumentError, "one of ansi"),
        ({"home": "studoi"}, HomeError, "did you mean 'studio'"),
        ({"home": 3.5}, HomeError, "no home 3.5"),
    ],
)
def test_a_wrong_argument_is_an_error_in_words(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HomeSymbolic(**{"home": kitchen(), **arguments})


@pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"obsreve": 1}, "did you mean 'observe'"),
        ({"grasp": "asisted"}, "did you mean 'assisted'"),
        ({"grasp": None}, "one of assisted, physical"),
        ({"observe": 5}, "name some of"),
        ({"observe": [5]}, "observe contains 5"),
        ({"observe": "rbg"}, "did you mean 'rgb'"),
        ({"camera": 5}, "one of head"),
        ({"image_size": (float("inf"), 5)}, "8 to 2048"),
        ({"image_size": 5}, "8 to 2048"),
    ],
)
def test_a_wrong_argument_of_the_physical_home_is_an_error_in_words(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        HomePhysics(**arguments)


@pytest.mark.parametrize("home", ["studio", 7, kitchen(), sample_scene(3, geometry=False)])
def test_any_home_makes_an_environment(home: Any) -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=home)
    env.reset(seed=0)
    env.step(np.array([0, 1, 0]))
