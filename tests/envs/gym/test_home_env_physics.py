from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import imageio_ffmpeg
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_checker import data_equivalence as same

from envs.errors import PhysicsError
from envs.gym.home_env import HomeEnv, HomePhysics
from tests.envs.homes_for_tests import kitchen

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("envs.simulation.physical_home") is None, reason="no physical home yet"
    ),
    pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed"),
]
GOAL = "apple on dining table ; fridge open"
PLAN = ("open fridge 1", "pick up apple 1", "put apple 1 on dining table 1")


def make(name: str = "HomePhysics-v0", **arguments: Any) -> HomeEnv:
    env = gymnasium.make(name, home=kitchen(), goal=GOAL, **arguments).unwrapped
    assert isinstance(env, HomeEnv)
    return env


def episode(env: HomeEnv) -> list[Any]:
    """Execute the plan; return everything that reset and step returned."""
    returned: list[Any] = [*env.reset(seed=0)]
    for text in PLAN:
        returned += env.step(env.encode(text))
    return returned


@pytest.fixture(scope="module")
def env() -> Iterator[HomeEnv]:
    base_env = make(render_mode="rgb_array")
    yield base_env
    base_env.close()


@pytest.fixture(scope="module")
def played_episode(env: HomeEnv) -> list[Any]:
    return episode(env)


def test_gymnasiums_checker_finds_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HomePhysics.metadata, "render_modes", ["rgb_array", "ansi"])  # "human" opens a window
    env = make(render_mode="rgb_array")
    check_env(env)
    env.close()


def test_a_plan_reaches_its_goal(played_episode: list[Any]) -> None:
    *_, reward, terminated, truncated, info = played_episode
    assert (reward, terminated, truncated) == (1.5, True, False)
    assert info["outcome"]["status"] == "done"


def test_an_episode_replays_bit_for_bit_after_a_reset(env: HomeEnv, played_episode: list[Any]) -> None:
    assert same(episode(env), played_episode)


def test_an_episode_replays_bit_for_bit_in_a_rebuilt_home(played_episode: list[Any]) -> None:
    other = make()
    assert same(episode(other), played_episode)
    other.close()


def test_both_ids_have_the_same_spaces(env: HomeEnv) -> None:
    symbolic = make("HomeSymbolic-v0")
    assert env.action_space == symbolic.action_space
    assert env.observation_space == symbolic.observation_space


def test_both_ids_return_the_same_except_for_the_outcome_and_the_time(played_episode: list[Any]) -> None:
    expected = episode(make("HomeSymbolic-v0"))
    for physical, symbolic in zip(played_episode, expected, strict=True):
        if isinstance(physical, dict) and "outcome" in physical:
            assert set(physical["outcome"]) == set(symbolic["outcome"])
            measured = {"outcome": None, "time_s": None}
            physical, symbolic = {**physical, **measured}, {**symbolic, **measured}  # noqa: PLW2901
        assert same(physical, symbolic)


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


def test_render_writes_the_home_as_a_text() -> None:
    env = make(render_mode="ansi")
    env.reset(seed=0)
    assert "goal: apple on dining table ; fridge open (0 of 2 conditions hold)" in str(env.render())
    env.close()


def test_a_list_of_frames_has_one_for_the_reset_and_one_for_each_step() -> None:
    env = gymnasium.make("HomePhysics-v0", home=kitchen(), goal=GOAL, render_mode="rgb_array_list")
    env.reset(seed=0)
    env.step(np.array([0, 2, 0]))
    frames: Any = env.render()
    assert [frame.shape for frame in frames] == [(480, 640, 3)] * 2
    env.close()


def test_a_window_without_a_display_is_an_error_that_offers_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    env = make(render_mode="human")
    with pytest.raises(PhysicsError, match="DISPLAY is not set: try 'rgb_array'"):
        env.reset(seed=0)


def test_without_pybullet_only_the_physics_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pybullet", None)
    make("HomeSymbolic-v0").reset(seed=0)
    env = make(observe=("atoms", "rgb"))
    with pytest.raises(PhysicsError, match=r"the physical home needs pybullet.*pip install"):
        env.reset(seed=0)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vectorized_homes_match_single_homes(mode: str) -> None:
    arguments: dict[str, Any] = {"home": kitchen(), "observe": ("atoms", "rgb", "depth"), "image_size": (32, 24)}
    vector_env = gymnasium.make_vec("HomePhysics-v0", 2, vectorization_mode=mode, **arguments)
    observations, infos = vector_env.reset(seed=3)
    expected = [{key: observations[key][k] for key in observations} for k in range(2)]
    actions = np.array([infos["action_indices"][k][k - 2] for k in range(2)])
    observations, rewards, *_, infos = vector_env.step(actions)
    vector_env.close()
    assert infos["action_mask"].shape == (2, 12, 257)
    for k in range(2):
        env = gymnasium.make("HomePhysics-v0", **arguments)
        assert same(dict(env.reset(seed=3 + k)[0]), expected[k])
        observation, reward, *_, info = env.step(actions[k])
        assert same(dict(observation), {key: observations[key][k] for key in observations})
        assert reward == rewards[k]
        assert info["action_indices"] == infos["action_indices"][k]
        assert info["outcome"]["ticks"] == infos["outcome"]["ticks"][k]
        env.close()


def test_gymnasium_records_a_video_with_a_frame_for_each_step(tmp_path: Path) -> None:
    pytest.importorskip("moviepy", reason="gymnasium's RecordVideo writes with moviepy: pip install moviepy")
    base_env = gymnasium.make("HomePhysics-v0", home=kitchen(), goal=GOAL, render_mode="rgb_array")
    env = gymnasium.wrappers.RecordVideo(base_env, str(tmp_path / "videos"), disable_logger=True)
    env.reset(seed=0)
    for text in PLAN:
        env.step(env.unwrapped.encode(text))  # type: ignore[attr-defined]
    env.close()
    (video,) = tmp_path.glob("videos/*.mp4")
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(video)
    assert (frames, seconds) == (len(PLAN) + 1, pytest.approx(len(PLAN) + 1))


def test_close_may_be_called_twice_and_reset_reopens() -> None:
    env = HomePhysics(home=kitchen(), goal=GOAL)
    env.reset(seed=0)
    env.close()
    env.close()
    assert env.reset(seed=0)[1]["goal"] == GOAL
    env.close()
