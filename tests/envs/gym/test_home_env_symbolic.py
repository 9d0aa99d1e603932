from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_checker import data_equivalence as same

from envs.errors import ActionError, GoalError, HomeError
from envs.gym import spaces
from envs.gym.goal_sampler import sample_goal
from envs.gym.home_env import HomeEnv, HomeSymbolic
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import World
from envs.symbolic.domain import load_domain
from envs.symbolic.progress import Score
from envs.symbolic.scoring import holds
from tests.envs.homes_for_tests import kitchen, scene, state


def make(**arguments: Any) -> HomeEnv:
    env = gymnasium.make("HomeSymbolic-v0", **arguments).unwrapped
    assert isinstance(env, HomeEnv)
    return env


def do(env: HomeEnv, *subtasks: str) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
    for text in subtasks:
        result = env.step(env.encode(text))
    return result


@pytest.fixture
def env() -> HomeEnv:
    built = make(home=kitchen(), goal="apple on dining table ; fridge closed", render_mode="ansi")
    built.reset(seed=0)
    return built


def test_gymnasiums_checker_finds_no_problem() -> None:
    check_env(make())  # warnings are errors here (pyproject.toml)


def test_gymnasiums_checker_accepts_a_given_home_and_goal() -> None:
    check_env(make(home=kitchen(), goal="apple on dining table then fridge closed", render_mode="ansi"))


def test_importing_envs_loads_no_physics_and_no_homes() -> None:
    code = (
        "import sys, envs; print(*{'pybullet', 'torch', 'yaml', 'gymnasium', 'envs.gym.home_env'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


@pytest.mark.parametrize("imports", ["envs, gymnasium", "gymnasium, envs"])
def test_the_environments_are_registered_in_any_import_order(imports: str) -> None:
    code = f"import {imports}; print(gymnasium.make('HomeSymbolic-v0').spec.id, 'HomePhysics-v0' in gymnasium.registry)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stdout) == (0, "HomeSymbolic-v0 True\n"), done.stderr


@pytest.mark.parametrize("seed", range(4))
def test_an_episode_replays_from_its_seed(seed: int) -> None:
    recordings = []
    for _ in range(2):
        env = make()
        rng = np.random.default_rng(seed)
        observation, info = env.reset(seed=seed)
        recording: list[Any] = [observation, info]
        for _ in range(30):
            observation, reward, terminated, truncated, info = env.step(env.encode(str(rng.choice(info["actions"]))))
            recording += [observation, reward, terminated, truncated, info]
        recordings.append(recording)
    assert same(*recordings)


def test_another_seed_is_another_home() -> None:
    env = make()
    first, _ = env.reset(seed=1)
    second, _ = env.reset(seed=2)
    assert not same(first, second)


def test_a_reset_without_a_seed_continues_the_generator() -> None:
    env = make()
    env.reset(seed=1)
    texts = {env.reset()[1]["goal"] + env.home_state().world.scene.name for _ in range(3)}
    assert len(texts) == 3


def test_info_has_the_same_keys_after_reset_and_step(env: HomeEnv) -> None:
    _, before = env.reset()
    after = do(env, "open fridge 1")[4]
    assert set(before) == set(after)
    assert set(before["outcome"]) == set(after["outcome"])


def test_info_is_plain_data(env: HomeEnv) -> None:
    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(plain(v) for v in value.values())
        return all(map(plain, value)) if isinstance(value, list) else isinstance(value, str | int | float | bool)

    info = do(env, "open fridge 1")[4]
    assert isinstance(info.pop("action_mask"), np.ndarray)
    assert plain(info)


def test_every_action_that_info_lists_is_applicable(env: HomeEnv) -> None:
    _, info = env.reset()
    assert len(info["actions"]) > 20
    for text in info["actions"]:
        env.reset()
        assert do(env, text)[4]["unmet"] == ""


def test_an_action_survives_encoding_and_decoding(env: HomeEnv) -> None:
    info = do(env, "open fridge 1", "pick up milk 1")[4]
    for text in [*info["actions"], "pour milk 1 into cup 1", "give milk 1 to person 1"]:
        assert env.decode(env.encode(text)) == text
        assert env.action_space.contains(env.encode(text))


def test_the_mask_is_true_for_exactly_the_applicable_actions(env: HomeEnv) -> None:
    mask = env.action_mask()
    assert mask.shape == (12, 257, 257)
    actions = {env.decode(np.array(index)) for index in np.argwhere(mask)}
    assert actions == set(env.reset()[1]["actions"])


@pytest.mark.parametrize("subtasks", [(), ("open fridge 1", "pick up milk 1"), ("pick up knife 1",)])
def test_info_also_lists_the_applicable_actions_as_points_of_the_space(env: HomeEnv, subtasks: tuple[str, ...]) -> None:
    info = do(env, "open fridge 1", *subtasks)[4]
    assert [env.decode(np.array(point)) for point in info["action_indices"]] == info["actions"]


@pytest.mark.parametrize("subtasks", [(), ("open fridge 1", "pick up milk 1"), ("pick up knife 1",)])
def test_the_mask_in_info_marks_every_applicable_action(env: HomeEnv, subtasks: tuple[str, ...]) -> None:
    observation, *_, info = do(env, "open fridge 1", *subtasks)
    assert (info["action_mask"].shape, info["action_mask"].dtype) == ((12, 257), np.bool_)
    skills = list(load_domain().skills)
    points = [
        [skill, int(observation["held"]), entity] if skills[skill] in ("put", "give", "pour") else [skill, entity, 0]
        for skill, entity in np.argwhere(info["action_mask"]).tolist()
    ]
    assert sorted(points) == sorted(info["action_indices"])


def test_a_sampled_point_is_an_applicable_action(env: HomeEnv) -> None:
    _, info = env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(30):
        info = env.step(rng.choice(info["action_indices"]))[4]
        assert info["unmet"] == ""


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vectorized_homes_match_single_homes(mode: str) -> None:
    arguments = {"home": kitchen(), "max_steps": 5}
    vector_env = gymnasium.make_vec("HomeSymbolic-v0", 2, vectorization_mode=mode, **arguments)
    single_envs = [make(**arguments) for _ in range(2)]
    observations, infos = vector_env.reset(seed=[3, 4])
    expected = [env.reset(seed=seed) for env, seed in zip(single_envs, (3, 4), strict=True)]
    for _ in range(4):
        assert infos["action_mask"].shape == (2, 12, 257)
        for k, (observation, info) in enumerate(expected):
            assert all(same(observations[key][k], observation[key]) for key in observation)
            assert infos["action_indices"][k] == info["action_indices"]
            assert same(infos["action_mask"][k], info["action_mask"])
        actions = np.array([infos["action_indices"][k][-1] for k in range(2)])
        observations, *_, infos = vector_env.step(actions)
        expected = [(result[0], result[4]) for result in map(lambda e, a: e.step(a), single_envs, actions)]
    vector_env.close()


def test_an_inapplicable_action_changes_nothing_and_says_why(env: HomeEnv) -> None:
    before = env.home_state()
    _, reward, terminated, _, info = do(env, "pick up apple 1")
    assert env.home_state() == before
    assert (reward, terminated, info["unmet"]) == (0.0, False, "fridge 1 is closed")
    assert info["outcome"]["status"] == "skipped"


@pytest.mark.parametrize("action", [(1, 0, 0), (1, 256, 0), (2, 13, 0), (0, 13 + 12, 0)])
def test_an_action_without_its_arguments_changes_nothing_and_says_why(env: HomeEnv, action: tuple[int, ...]) -> None:
    before = env.home_state()
    info = env.step(np.array(action))[4]
    assert env.home_state() == before
    assert "entity" in info["unmet"]


def test_decoding_an_action_without_its_arguments_is_an_error(env: HomeEnv) -> None:
    with pytest.raises(ActionError, match="entity 0 is not in 1 to 24"):
        env.decode(np.array([1, 0, 0]))


def test_the_second_argument_is_ignored_by_skills_with_one(env: HomeEnv) -> None:
    assert env.decode(np.array([1, 13, 200])) == env.decode(np.array([1, 13, 0]))


def test_the_reward_is_the_increase_of_the_success_rate(env: HomeEnv) -> None:
    assert do(env, "open fridge 1")[1] == -0.5
    assert do(env, "pick up apple 1")[1] == 0.0
    assert do(env, "put apple 1 on dining table 1")[1] == 0.5


def test_success_ends_the_episode_and_adds_one(env: HomeEnv) -> None:
    do(env, "open fridge 1", "pick up apple 1", "put apple 1 on dining table 1")
    _, reward, terminated, truncated, info = do(env, "close fridge 1")
    assert (reward, terminated, truncated) == (1.5, True, False)
    assert (info["success"], info["rate"]) == (True, 1.0)


def test_phases_are_reached_in_order() -> None:
    env = make(home=kitchen(), goal="fridge open then fridge closed")
    env.reset(seed=0)
    observation, reward, terminated, *_ = do(env, "open fridge 1")
    assert (int(observation["phase"]), reward, terminated) == (1, 0.5, False)
    assert do(env, "close fridge 1")[1:3] == (1.5, True)


def test_an_episode_is_cut_off_after_max_steps() -> None:
    env = make(home=kitchen(), goal="holding apple", max_steps=2)
    env.reset(seed=0)
    assert [do(env, "go to sink 1")[3] for _ in range(2)] == [False, True]


def test_the_observation_encodes_the_place_of_every_object(env: HomeEnv) -> None:
    do(env, "open fridge 1")
    observation = do(env, "pick up apple 1")[0]
    world = env.home_state().world
    apple, milk, fridge = (world.index[name] for name in ("apple 1", "milk 1", "fridge 1"))
    domain = load_domain()
    assert observation["category"][apple] == 1 + [*domain.fixtures, *domain.objects].index("apple")
    assert observation["place"][apple] == spaces.IN_HAND
    assert observation["place"][milk] == fridge + 1
    assert observation["place"][fridge] == 0
    assert observation["flags"][apple].tolist() == [s == "cold" for s in domain.states]
    assert domain.liquids[observation["liquid"][milk] - 1] == "milk"
    assert (observation["held"], observation["at"], observation["n_entities"]) == (apple + 1, fridge + 1, 24)
    assert not observation["category"][24:].any()


def test_the_observation_encodes_the_goal_and_its_progress(env: HomeEnv) -> None:
    observation, _ = env.reset()
    assert bytes(observation["goal"]).rstrip(b"\0") == b"apple on dining table ; fridge closed"
    assert observation["goal_met"][:3].tolist() == [0, 1, 0]
    assert observation["n_conditions"] == 2


def test_render_writes_the_home_as_a_text(env: HomeEnv) -> None:
    do(env, "open fridge 1", "pick up milk 1")
    text = str(env.render())
    assert "goal: apple on dining table ; fridge closed (0 of 2 conditions hold)" in text
    assert "robot: at fridge 1, holding milk 1 (cold, with milk)" in text
    assert "fridge 1 (open): apple 1 (cold)" in text


def test_an_outcome_carries_the_skills_typical_duration(env: HomeEnv) -> None:
    assert do(env, "go to sink 1")[4]["outcome"]["duration_s"] == load_domain().skills["go to"].duration_s


def test_a_home_may_be_a_seed() -> None:
    env = make(home=5)
    env.reset(seed=0)
    assert env.home_state().world.scene == sample_scene(5, geometry=False)


def test_a_home_may_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"none\.yaml"):
        make(home=str(tmp_path / "none.yaml"))


def test_a_sampled_home_has_the_objects_of_the_goal() -> None:
    env = make(goal="2 teddy bear in laundry basket ; piano clean")
    for seed in range(3):
        env.reset(seed=seed)
        categories = env.home_state().world.categories
        assert categories.count("teddy bear") >= 2
        assert {"laundry basket", "piano"} <= set(categories)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"goal": "plaet on sofa"}, GoalError),
        ({"max_steps": 0}, ValueError),
        ({"render_mode": "rgb_array"}, ValueError),
        ({"home": "no such file.yaml"}, HomeError),
    ],
)
def test_a_wrong_argument_is_an_error_at_once(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        HomeSymbolic(**arguments)


def test_a_step_before_the_first_reset_is_an_error() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded):
        make().step(np.array([0, 1, 0]))


def test_a_home_that_is_too_large_is_an_error() -> None:
    many = {f"sock {i}": "bed 1" for i in range(1, 257)}
    with pytest.raises(HomeError, match="257 entities"):
        make(home=scene(["bed 1"], many), goal="holding sock").reset(seed=0)


def test_a_goal_that_is_too_long_is_an_error() -> None:
    with pytest.raises(GoalError, match="65 conditions"):
        make(home=kitchen(), goal=" ; ".join(["no cup"] * 65)).reset(seed=0)


def test_every_skill_and_entity_has_an_index_in_the_action_space() -> None:
    assert spaces.action_space(load_domain()).nvec.tolist() == [12, 257, 257]


def test_an_observation_of_the_largest_home_is_in_the_space() -> None:
    now = state(["bed 1"], {f"sock {i}: dirty cold folded": "bed 1" for i in range(1, 256)})
    observation = spaces.observe(now, "no cup", Score(success=True, rate=1.0, met=(True,)), 0)
    assert spaces.observation_space(load_domain()).contains(observation)


@pytest.mark.parametrize("seed", range(20))
def test_a_sampled_goal_reads_back_and_does_not_hold_yet(seed: int) -> None:
    now = World(sample_scene(seed, geometry=False)).initial()
    goal = sample_goal(now, np.random.default_rng(seed))
    assert not any(holds(now, condition, now) for condition in goal.conditions)


def test_a_home_without_possible_tasks_offers_no_goal() -> None:
    with pytest.raises(GoalError, match="nothing can be moved"):
        sample_goal(state(["sofa 1"]), np.random.default_rng(0))
