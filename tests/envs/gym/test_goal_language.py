"""The environments and the whole goal language: goals that are given, goals that are sampled, rules in `info`."""

from __future__ import annotations

import importlib.util
import random
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest

from envs.errors import ArgumentError, GoalError
from envs.gym.goal_sampler import sample_goal
from envs.gym.home_env import HomeEnv
from envs.symbolic.actions import World
from envs.symbolic.goals import format_goal, parse_goal
from envs.symbolic.goals.needs import described_for, needs_of
from envs.symbolic.goals.sampling import ALL_CONSTRUCTS
from envs.symbolic.obstacles import holds_at_start, obstacle
from envs.symbolic.scene import Scene
from tests.envs.homes_for_tests import scene, state

BOTH = ["HomeSymbolic-v0", "HomePhysics-v0"]
GOALS = [
    "green bowl in sink", "1 of magazine from sofa on bookshelf", "1 of dirty plate is clean", "mug in bedroom",
    "1 more glass on dining table", "every book except book from desk on shelf", "exactly 2 plate on coffee table",
    "at most 1 mug on desk", "half of book on shelf", "all but 1 of plate on sofa", "2 of book from bedroom on desk",
    "every lamp except desk lamp off", "no lamp in bedroom on", "every white cabinet closed", "Ben's jacket in bedroom",
    "apple with Anna", "cup of coffee with Anna", "big wooden spoon in cup", "spoon in every mug on dining table",
    "red book beside blue book", "hot potato by microwave", "sliced bread by knife", "holding red mug",
    "if oven open : oven closed", "if not oven open : oven open", "every mug in sink then lamp on",
    "no dirty plate on dining table", "no Anna's mug on desk", "every book except Ben's book on desk",
    "milk with person while never open oven", "mug on desk while never mug in sink ; never turn on lamp",
]  # fmt: skip
FIXTURES = ("dining table 1", "countertop 1", "fridge 1", "sink 1", "desk 1", "cabinet 1: open")
OBJECTS = {
    "apple 1": "countertop 1", "mug 1: red": "countertop 1", "mug 2: blue": "dining table 1", "knife 1": "countertop 1",
    "book 1": "desk 1", "plate 1": "dining table 1",
}  # fmt: skip


def make(name: str = "HomeSymbolic-v0", **arguments: Any) -> HomeEnv:
    if name == "HomePhysics-v0" and importlib.util.find_spec("pybullet") is None:
        pytest.skip("pybullet is not installed")
    env = gymnasium.make(name, **arguments).unwrapped
    assert isinstance(env, HomeEnv)
    return env


def kitchen(*rules: str) -> Scene:
    return replace(scene(FIXTURES, OBJECTS), rules=rules)


def play(env: HomeEnv, *subtasks: str) -> list[dict[str, Any]]:
    """Return the infos of reset and of each subtask."""
    infos = [env.reset(seed=0)[1]]
    for text in subtasks:
        *_, info = env.step(env.encode(text))
        assert not info["unmet"]
        infos.append(info)
    return infos


@pytest.mark.parametrize("goal", GOALS)
def test_every_construct_can_be_the_goal_of_a_sampled_home(goal: str) -> None:
    env = make(goal=goal)
    for seed in (0, 1):
        observation, info = env.reset(seed=seed)
        assert env.observation_space.contains(observation)
        assert parse_goal(info["goal"], scene=env.home_state().world.scene) == parse_goal(goal)
        assert not info["success"]
        assert not info["broken_rules"]
        assert not obstacle(parse_goal(goal), env.home_state())


@pytest.mark.parametrize("goal", ["red mug beside plate", "Anna's mug in sink", "apple in kitchen then fridge open"])
def test_a_goal_can_have_a_sampled_home_in_physics(goal: str) -> None:
    env = make("HomePhysics-v0", goal=goal)
    assert env.reset(seed=1)[1]["goal"] == goal
    env.close()


@pytest.mark.parametrize("construct", ALL_CONSTRUCTS)
def test_goals_are_sampled_with_a_construct_on_request(construct: str) -> None:
    env = make(constructs=construct)
    goals = set[str]()
    for seed in range(6):
        observation, info = env.reset(seed=seed)
        start = env.home_state()
        goal = parse_goal(info["goal"], scene=start.world.scene)
        assert format_goal(goal) == info["goal"]
        assert not obstacle(goal, start)
        assert not holds_at_start(goal, start)
        assert env.observation_space.contains(observation)
        goals.add(info["goal"])
    assert len(goals) > 1
    env.reset(seed=3)
    assert make(constructs=[construct]).reset(seed=3)[1]["goal"] == env.reset(seed=3)[1]["goal"]


def test_all_constructs_are_sampled_together() -> None:
    env = make(constructs="all")
    texts = [env.reset(seed=seed)[1]["goal"] for seed in range(60)]
    for word in (" while never ", " then ", "if ", " beside ", "exactly ", "every ", "from ", " by "):
        assert any(word in f"{text} " for text in texts), word


def test_simple_goals_are_the_default_and_stay_what_they_were() -> None:
    plain, simple = make(), make(constructs="simple")
    for seed in range(5):
        assert plain.reset(seed=seed)[1]["goal"] == simple.reset(seed=seed)[1]["goal"]
        assert not any(plain.home_state().world.properties)
    assert [make().reset(seed=seed)[1]["goal"] for seed in (0, 1, 2)] == SIMPLE_GOALS


SIMPLE_GOALS = ["plunger in bathtub", "cup on shelf", "oven open"]


@pytest.mark.parametrize(
    ("constructs", "message"),
    [
        ("proprety", "did you mean 'property'"),
        ([], "simple"),
        (None, "simple"),
        (["rule", 3], "must be one of"),
        ("alll", "must be one of"),
        ({"rule"}, "must be"),
    ],
)
def test_wrong_constructs_are_an_error_in_words(constructs: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make(constructs=constructs)


def test_a_home_without_anything_to_say_offers_no_goal() -> None:
    with pytest.raises(GoalError, match="no goal was found there with person"):
        sample_goal(state(["sofa 1"], {"mug 1": "sofa 1"}), np.random.default_rng(0), ["person"])


def test_constructs_work_in_vector_environments() -> None:
    envs = gymnasium.make_vec("HomeSymbolic-v0", num_envs=3, vectorization_mode="sync", constructs="all")
    observation, info = envs.reset(seed=4)
    singles = [make(constructs="all").reset(seed=seed) for seed in (4, 5, 6)]
    assert list(info["goal"]) == [single[1]["goal"] for single in singles]
    assert (observation["goal"] == np.stack([single[0]["goal"] for single in singles])).all()
    envs.close()


@pytest.mark.parametrize("name", BOTH)
def test_a_broken_rule_of_the_goal_is_reported_and_forbids_success(name: str) -> None:
    env = make(name, home=kitchen(), goal="apple on dining table while never open fridge ; never mug in sink")
    start, opened, picked, put = play(env, "open fridge 1", "pick up apple 1", "put apple 1 on dining table 1")
    assert start["broken_rules"] == []
    assert opened["broken_rules"] == picked["broken_rules"] == put["broken_rules"] == ["never open fridge"]
    assert (put["rate"], put["success"]) == (1.0, False)
    env.close()


@pytest.mark.parametrize("name", BOTH)
def test_a_rule_of_the_home_holds_for_every_goal(name: str) -> None:
    env = make(name, home=kitchen("never red mug on desk"), goal="apple on dining table")
    (start, *_, broken) = play(env, "pick up mug 1", "put mug 1 on desk 1")
    assert start["goal"] == "apple on dining table while never red mug on desk"
    assert broken["broken_rules"] == ["never red mug on desk"]
    (*_, last) = play(env, "pick up mug 2", "put mug 2 on desk 1", "pick up apple 1", "put apple 1 on dining table 1")
    assert (last["broken_rules"], last["success"]) == ([], True)
    env.close()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("goal", "subtasks", "rates"),
    [
        ("red mug on desk ; fridge open", ["open fridge 1", "pick up mug 1", "put mug 1 on desk 1"], [0, 0.5, 0.5, 1]),
        ("1 of mug on desk", ["pick up mug 2", "put mug 2 on desk 1"], [0, 0, 1]),
        ("exactly 1 mug on desk", ["pick up mug 2", "put mug 2 on desk 1", "pick up book 1"], [0, 0, 1]),
        ("if fridge open : book in sink then fridge open", ["open fridge 1"], [0.5, 1]),
        ("fridge open then fridge closed", ["open fridge 1", "close fridge 1"], [0, 0.5, 1]),
        ("every mug except blue mug in cabinet", ["pick up mug 1", "put mug 1 in cabinet 1"], [0, 0, 1]),
        ("apple beside plate", ["pick up apple 1", "put apple 1 on dining table 1"], [0, 0, 1]),
    ],
)
def test_choices_tests_and_phases_count_alike_in_both_worlds(
    name: str, goal: str, subtasks: list[str], rates: list[float]
) -> None:
    env = make(name, home=kitchen(), goal=goal)
    infos = [env.reset(seed=0)[1]]
    for text in subtasks:
        if infos[-1]["success"]:
            break
        infos.append(env.step(env.encode(text))[-1])
    assert [info["rate"] for info in infos] == rates
    assert infos[-1]["success"]
    env.close()


@pytest.mark.parametrize("rules", [("never mug on countertop",), ("never red mug in kitchen",)])
def test_a_home_whose_rule_is_broken_already_is_refused(rules: tuple[str, ...]) -> None:
    with pytest.raises(GoalError, match="so already"):
        make(home=kitchen(*rules), goal="apple on dining table")


@pytest.mark.parametrize(
    ("goal", "fixtures", "objects", "facts"),
    [
        ("3 plate on desk ; 2 plate ; spoon in cup on shelf ; no egg ; oven on",
         {"desk": 1, "shelf": 1, "oven": 1}, {"plate": 3, "spoon": 1, "cup": 1}, ()),
        ("all but 2 of book on shelf", {"shelf": 1}, {"book": 3}, ()),
        ("half of book in bedroom", {"bed": 1}, {"book": 2}, ()),
        ("mug with Ben", {"person": 1}, {"mug": 1}, ()),
        ("hot potato by microwave", {"microwave": 1}, {"potato": 1}, ()),
        ("1 of magazine from sofa on bookshelf", {"sofa": 1, "bookshelf": 1}, {"magazine": 1}, ("magazine on sofa",)),
        ("no mug on desk", {"desk": 1}, {}, ("mug on desk",)),
        ("at most 1 mug on desk", {"desk": 1}, {"mug": 2}, ("2 mug on desk",)),
        ("if oven open : oven closed", {"oven": 1}, {}, ("oven open",)),
        ("every dirty plate is clean", {}, {"plate": 1}, ()),
        ("red book beside blue book", {}, {"book": 2}, ()),
    ],
)  # fmt: skip
def test_what_a_goal_needs_is_counted(
    goal: str, fixtures: dict[str, int], objects: dict[str, int], facts: tuple[str, ...]
) -> None:
    needs = needs_of(parse_goal(goal))
    assert (needs.fixtures, needs.objects, needs.facts) == (fixtures, objects, facts)


def test_a_home_is_described_as_a_goal_speaks_of_it() -> None:
    goal = parse_goal("2 big red mug on white desk ; Ben's book with Anna")
    described = World(described_for(kitchen(), goal, random.Random(0))).initial().world
    index = described.index
    assert all(described.properties[index[name]] >= {"big", "red"} for name in ("mug 1", "mug 2"))
    assert described.properties[index["desk 1"]] == {"white"}
    assert described.properties[index["book 1"]] == {"Ben's"}
    assert described.scene.people == ("Anna", "Ben")
    plain = kitchen()
    assert described_for(plain, parse_goal("mug on desk"), random.Random(0)) == plain
