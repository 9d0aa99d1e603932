"""The clock of the environments: it counts actions, and jumps when only a later phase is left."""

from __future__ import annotations

import copy
import importlib.util
from typing import Any

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

from envs.errors import ArgumentError
from envs.gym.home_adapter import EnvHome
from envs.gym.home_env import HomeEnv
from envs.symbolic.actions import parse_action
from envs.symbolic.goals import parse_time
from tests.envs.homes_for_tests import scene

START = parse_time("06:50")
HOME = scene(["desk 1", "shelf 1", "desk lamp 1: on", "ceiling light 1", "window 1"], {"book 1": "desk 1"})


def make(goal: str, env_id: str = "HomeSymbolic-v0", **arguments: Any) -> HomeEnv:
    arguments = {"home": HOME, "start_time": "06:50", **arguments}
    env = gymnasium.make(env_id, goal=goal, **arguments).unwrapped
    assert isinstance(env, HomeEnv)
    return env


def do(env: HomeEnv, text: str) -> tuple[float, bool, dict[str, Any]]:
    _, reward, terminated, _, info = env.step(env.encode(text))
    return float(reward), terminated, info


def test_time_counts_the_durations_of_the_actions_that_were_done() -> None:
    env = make("book on shelf")
    assert env.reset(seed=0)[1]["time_s"] == START
    assert do(env, "turn off desk lamp 1")[2]["time_s"] == START + 7
    assert do(env, "turn off desk lamp 1")[2]["time_s"] == START + 7  # not applicable
    assert do(env, "pick up book 1")[2]["time_s"] == START + 16


def test_a_reset_sets_the_clock_back() -> None:
    env = make("book on shelf")
    env.reset(seed=0)
    do(env, "pick up book 1")
    assert env.reset(seed=0)[1]["time_s"] == START


def test_at_the_start_the_clock_jumps_to_a_first_phase_with_a_time() -> None:
    env = make("at 07:00 : ceiling light on")
    assert env.reset(seed=0)[1]["time_s"] == parse_time("07:00")
    assert do(env, "turn on ceiling light 1")[1]


def test_the_clock_jumps_when_only_a_phase_with_a_later_time_is_left() -> None:
    env = make("ceiling light on then after 10 min : ceiling light off")
    env.reset(seed=0)
    reward, terminated, info = do(env, "turn on ceiling light 1")
    assert (reward, terminated, info["time_s"]) == (0.5, False, START + 7 + 600)
    reward, terminated, info = do(env, "turn off ceiling light 1")
    assert (reward, terminated, info["time_s"]) == (1.5, True, START + 7 + 600 + 7)


def test_the_clock_does_not_jump_while_an_earlier_phase_is_open() -> None:
    env = make("book on shelf then at 07:00 : ceiling light on")
    env.reset(seed=0)
    assert do(env, "turn on ceiling light 1")[2]["time_s"] == START + 7
    assert do(env, "pick up book 1")[2]["time_s"] == START + 16
    _, terminated, info = do(env, "put book 1 on shelf 1")
    assert terminated and info["time_s"] == parse_time("07:00")  # the light is on already


def test_tests_of_a_phase_are_made_after_the_jump() -> None:
    env = make("book on shelf then after 1 h : if desk lamp on : desk lamp off")
    env.reset(seed=0)
    do(env, "turn off desk lamp 1")
    do(env, "pick up book 1")
    _, terminated, info = do(env, "put book 1 on shelf 1")
    assert terminated and info["success"]


def test_a_copy_has_a_clock_of_its_own() -> None:
    env = make("book on shelf")
    env.reset(seed=0)
    other = copy.deepcopy(env)
    assert do(other, "pick up book 1")[2]["time_s"] == START + 9
    assert env.time_s == START


def test_gymnasiums_checker_accepts_a_goal_with_times() -> None:
    check_env(make("ceiling light on then at 07:00 : window open ; ceiling light off"))


@pytest.mark.parametrize("start_time", ["25:00", "noon", "", None, 7])
def test_a_start_that_is_no_time_of_day_is_refused(start_time: object) -> None:
    with pytest.raises(ArgumentError, match="06:50"):
        make("book on shelf", start_time=start_time)


def test_an_environment_as_a_home_waits_without_a_step() -> None:
    env = make("book on shelf")
    env.reset(seed=0)
    home = EnvHome(env)
    home.wait(60)
    assert home.time_s == START + 60
    home.execute(parse_action(home.state().world, "pick up book 1"))
    assert home.time_s == START + 69


@pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")
def test_in_physics_the_clock_counts_ticks_and_jumps() -> None:
    env = make("desk lamp off then after 1 h : ceiling light on", "HomePhysics-v0")
    env.reset(seed=0)
    _, _, info = do(env, "turn off desk lamp 1")
    assert info["outcome"]["ticks"] > 0
    assert info["time_s"] == pytest.approx(START + info["outcome"]["ticks"] / 240 + 3600)
    assert do(env, "turn on ceiling light 1")[1]
    env.close()
