"""Copies of environments: independent, in the same state, and none touches another's engine."""

from __future__ import annotations

import copy
import gc
import importlib.util
import multiprocessing
import os
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence as same

from envs.gym.home_adapter import EnvHome
from envs.gym.home_env import HomeEnv
from envs.symbolic.actions import parse_action
from tests.envs.homes_for_tests import kitchen

GOAL = "apple on dining table ; fridge closed"
PLAN = ("open fridge 1", "pick up apple 1", "put apple 1 on dining table 1", "close fridge 1")
IDS = (
    "HomeSymbolic-v0",
    pytest.param(
        "HomePhysics-v0",
        marks=pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed"),
    ),
)
COPIERS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda env: pickle.loads(pickle.dumps(env)),
    "clone": lambda env: env.unwrapped.clone(),
    "copy": lambda env: copy.copy(env.unwrapped),
}


def make(name: str, **arguments: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(name, **{"home": kitchen(), "goal": GOAL, **arguments})


def home_of(env: gymnasium.Env[Any, Any]) -> HomeEnv:
    assert isinstance(env.unwrapped, HomeEnv)
    return env.unwrapped


def step(env: gymnasium.Env[Any, Any], text: str) -> Any:
    return env.step(home_of(env).encode(text))


def started(name: str, *texts: str, **arguments: Any) -> gymnasium.Env[Any, Any]:
    env = make(name, **arguments)
    env.reset(seed=0)
    for text in texts:
        step(env, text)
    return env


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS.keys())
def test_a_copy_goes_on_alike_while_holding_something_beside_an_open_door(
    name: str, copier: Callable[[Any], Any]
) -> None:
    env = started(name, *PLAN[:2])
    other = copier(env)
    for text in PLAN[2:] if copier is copy.deepcopy else PLAN[2:3]:
        assert same(step(env, text), step(other, text))
    assert same(env.reset(), other.reset())
    env.close()
    other.close()


@pytest.mark.parametrize("name", IDS)
def test_what_is_done_in_a_copy_changes_nothing_in_the_original(name: str) -> None:
    env = started(name)
    texts = env.reset(seed=0)[1]["actions"][:2]
    state = home_of(env).home_state()
    for text in texts:
        ahead = copy.deepcopy(env)
        step(ahead, text)
        assert home_of(env).home_state() == state
    assert step(env, PLAN[0])[4]["outcome"]["status"] == "done"


@pytest.mark.parametrize("name", IDS)
def test_an_episode_that_was_copied_replays_like_one_that_was_not(name: str) -> None:
    plain, copied = started(name), started(name)
    for text in PLAN[:2]:
        copy.deepcopy(copied)
        assert same(step(plain, text), step(copied, text))


@pytest.mark.parametrize("name", IDS)
def test_a_copy_from_before_the_first_reset_has_the_same_generators(name: str) -> None:
    env = make(name)
    other = copy.deepcopy(env)
    env.action_space.seed(1)
    third = copy.deepcopy(env)
    assert same(env.reset(seed=3), other.reset(seed=3))
    assert (env.action_space.sample() == third.action_space.sample()).all()


def test_a_copy_samples_the_same_homes_and_goals() -> None:
    env = gymnasium.make("HomeSymbolic-v0")
    env.reset(seed=1)
    other = copy.deepcopy(env)
    for _ in range(3):
        assert same(env.reset(), other.reset())


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS.keys())
def test_a_closed_environment_is_not_copied(name: str, copier: Callable[[Any], Any]) -> None:
    env = started(name)
    env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError, match="cannot be copied"):
        copier(env)


def test_a_copied_adapter_has_an_environment_of_its_own() -> None:
    home = EnvHome(started("HomeSymbolic-v0"))
    for other in (copy.copy(home), copy.deepcopy(home)):
        assert other.execute(parse_action(other.state().world, PLAN[0])).status == "done"
        assert home.state() != other.state()


# -- engines -----------------------------------------------------------------------------------------------------------

physics = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")


@physics
def test_dropping_a_copy_leaves_unrelated_environments_alone() -> None:
    env = started("HomePhysics-v0")
    other = copy.deepcopy(env)
    env.close()
    unrelated = started("HomePhysics-v0")
    del other
    gc.collect()
    assert step(unrelated, PLAN[0])[4]["outcome"]["status"] == "done"


@physics
def test_environments_are_closed_in_any_order_and_as_often_as_one_likes() -> None:
    first, second, third = (started("HomePhysics-v0") for _ in range(3))
    second.close()
    fourth = started("HomePhysics-v0")  # has the number of the second's engine
    second.close()
    first.close()
    del second
    gc.collect()
    for env in (fourth, third):
        assert step(env, PLAN[0])[4]["outcome"]["status"] == "done"
        env.close()


@physics
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_forked_process_and_its_parent_go_on_alike_without_touching_each_other() -> None:
    env = started("HomePhysics-v0")
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        outcome = step(env, PLAN[0])[4]["outcome"]
        env.close()
        os.write(writer, repr(outcome).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 10_000).decode() == repr(step(env, PLAN[0])[4]["outcome"])


def _step_and_put(env: gymnasium.Env[Any, Any], queue: Any) -> None:
    queue.put(step(env, PLAN[0])[4]["outcome"])


@physics
def test_an_environment_goes_on_alike_in_a_spawned_process() -> None:
    env, context = started("HomePhysics-v0"), multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_step_and_put, args=(env, queue))
    process.start()
    outcome = queue.get(timeout=300)
    process.join()
    assert outcome == step(env, PLAN[0])[4]["outcome"]


@physics
def test_a_copy_draws_the_same_pictures() -> None:
    observe = ("atoms", "rgb", "depth", "segmentation", "proprioception")
    env = started("HomePhysics-v0", PLAN[0], observe=observe, image_size=(32, 24), render_mode="rgb_array")
    env.render()
    other = copy.deepcopy(env)
    assert same(env.render(), other.render())
    here, there = step(env, PLAN[1])[0], step(other, PLAN[1])[0]
    assert (here["segmentation"] == there["segmentation"]).mean() > 0.98
    assert np.allclose(here["proprioception"], there["proprioception"], atol=0.02)


@physics
def test_an_environment_that_is_dropped_closes_its_engine_at_once() -> None:
    env = started("HomePhysics-v0")
    engine = home_of(env)._home().engine  # type: ignore[attr-defined]
    finalizer = engine._p._finalizer
    gc.disable()
    try:
        del env, engine
        assert not finalizer.alive
    finally:
        gc.enable()
