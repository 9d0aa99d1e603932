from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_checker import data_equivalence as same

from envs.gym_home import HomeEnv, HomePhysics
from tests.envs.homes_for_tests import kitchen

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("envs.sim") is None, reason="no physical home yet"),
    pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed"),
]
GOAL = "apple on dining table ; fridge open"
PLAN = ("open fridge 1", "pick up apple 1", "put apple 1 on dining table 1")


def make(name: str = "HomePhysics-v0", **arguments: Any) -> HomeEnv:
    env = gymnasium.make(name, home=kitchen(), goal=GOAL, **arguments).unwrapped
    assert isinstance(env, HomeEnv)
    return env


def episode(env: HomeEnv) -> list[Any]:
    """Carry out the plan; return everything that the environment said."""
    said: list[Any] = [*env.reset(seed=0)]
    for text in PLAN:
        said += env.step(env.encode(text))
    return said


@pytest.fixture(scope="module")
def env() -> Iterator[HomeEnv]:
    made = make(render_mode="rgb_array")
    yield made
    made.close()


@pytest.fixture(scope="module")
def said(env: HomeEnv) -> list[Any]:
    return episode(env)


def test_gymnasiums_own_checker_has_nothing_to_say(env: HomeEnv) -> None:
    check_env(env, skip_render_check=True)  # that would open a window


def test_a_plan_reaches_its_goal(said: list[Any]) -> None:
    *_, reward, terminated, truncated, info = said
    assert (reward, terminated, truncated) == (1.5, True, False)
    assert info["outcome"]["status"] == "done"


def test_an_episode_replays_bit_for_bit_after_a_reset(env: HomeEnv, said: list[Any]) -> None:
    assert same(episode(env), said)


def test_an_episode_replays_bit_for_bit_in_a_home_built_anew(said: list[Any]) -> None:
    other = make()
    assert same(episode(other), said)
    other.close()


def test_both_ids_have_the_same_spaces(env: HomeEnv) -> None:
    symbolic = make("HomeSymbolic-v0")
    assert env.action_space == symbolic.action_space
    assert env.observation_space == symbolic.observation_space


def test_both_ids_say_the_same_but_for_how_it_went(said: list[Any]) -> None:
    foretold = episode(make("HomeSymbolic-v0"))
    for ours, theirs in zip(said, foretold, strict=True):
        if isinstance(ours, dict) and "outcome" in ours:
            assert set(ours["outcome"]) == set(theirs["outcome"])
            ours, theirs = {**ours, "outcome": None}, {**theirs, "outcome": None}  # noqa: PLW2901
        assert same(ours, theirs)


def test_an_inapplicable_action_takes_no_time(env: HomeEnv) -> None:
    env.reset(seed=0)
    info = env.step(env.encode("pick up apple 1"))[4]
    assert info["unmet"] == "fridge 1 is closed"
    assert info["outcome"]["ticks"] == 0


def test_an_action_takes_the_time_of_its_ticks(env: HomeEnv) -> None:
    env.reset(seed=0)
    outcome = env.step(env.encode("open fridge 1"))[4]["outcome"]
    assert outcome["duration_s"] == pytest.approx(outcome["ticks"] / 240)
    assert outcome["ticks"] > 240


def test_render_draws_an_image(env: HomeEnv) -> None:
    env.reset(seed=0)
    image = env.render()
    assert isinstance(image, np.ndarray)
    assert (image.shape, image.dtype) == ((480, 640, 3), np.uint8)
    assert len(np.unique(image)) > 20


def test_closing_twice_is_allowed_and_reset_starts_again() -> None:
    env = HomePhysics(home=kitchen(), goal=GOAL)
    env.reset(seed=0)
    env.close()
    env.close()
    assert env.reset(seed=0)[1]["goal"] == GOAL
    env.close()
