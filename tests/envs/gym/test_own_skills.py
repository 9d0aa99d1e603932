"""Gymnasium environments of a home whose robot has skills of its own."""

from __future__ import annotations

import gymnasium
import numpy as np

import envs  # noqa: F401 - registers the environments
from envs.symbolic.domain import load_domain
from tests.envs.symbolic.skills.own_skills import own_domain, own_scene


def test_the_spaces_have_the_skills_and_states_of_the_home() -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=own_scene(), goal="kitchen vacuumed", max_steps=200)
    domain = own_domain()
    assert env.action_space.nvec[0] == len(domain.skills)  # type: ignore[attr-defined]
    observation, info = env.reset(seed=0)
    assert observation["flags"].shape == (256, len(domain.states))
    rng = np.random.default_rng(0)
    for _ in range(100):
        observation, _, reached, _, info = env.step(rng.choice(info["action_indices"]))
        assert env.observation_space.contains(observation)
        assert info["unmet"] == ""
        if reached:
            break
    kitchen = next(i for i, f in enumerate(own_scene().fixtures) if f.name == "kitchen")
    is_vacuumed = bool(observation["flags"][kitchen, domain.states.index("vacuumed")])
    assert is_vacuumed == reached


def test_the_goal_is_reached_by_an_own_skill() -> None:
    env = gymnasium.make("HomeSymbolic-v0", home=own_scene(), goal="kitchen vacuumed")
    env.reset(seed=0)
    *_, reached, _, _ = env.step(env.unwrapped.encode("vacuum kitchen"))  # type: ignore[attr-defined]
    assert reached


def test_without_own_skills_the_spaces_are_as_before() -> None:
    env = gymnasium.make("HomeSymbolic-v0")
    assert env.action_space.nvec.tolist() == [12, 257, 257]  # type: ignore[attr-defined]
    assert env.observation_space["flags"].shape == (256, len(load_domain().states))  # type: ignore[index]
