"""Goals that an episode cannot have are refused with a reason; every other goal is accepted."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from envs.errors import GoalError
from envs.gym.goal_sampler import sample_goal
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.goals import parse_goal
from envs.symbolic.obstacles import holds_at_start, obstacle
from envs.symbolic.state import World
from tests.envs.homes_for_tests import kitchen, state


def make(**arguments: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make("HomeSymbolic-v0", **arguments)


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("teddy bear on dining table", "no teddy bear here"),
        ("apple on desk", "no desk here"),
        ("apple in teddy bear", "no teddy bear here"),
        ("piano clean", "no piano here"),
        ("every piano clean", "no piano here"),
        ("2 apple on dining table", "only 1 apple here"),
        ("20 plate", "only 1 plate here"),
        ("holding teddy bear", "no teddy bear here"),
        ("every teddy bear on dining table", "no teddy bear at the start"),
        ("every clean mug on dining table", "no clean mug at the start"),
        ("sliced book", "can never be sliced"),
        ("folded apple", "can never be folded"),
        ("cooked cup", "can never be cooked"),
        ("dirty cup", "nothing the robot does makes it dirty"),
        ("every cup is dirty", "nothing the robot does makes it dirty"),
        ("hot cold cup", "nothing is hot and cold"),
        ("clean dirty plate", "nothing is clean and dirty"),
        ("fridge open closed", "nothing is closed and open"),
        ("cup of wine", "no wine can be made or poured here"),
        ("plate of water", "cannot be filled"),
        ("book in cup", "does not fit"),
        ("pan in mug on dining table", "does not fit"),
        ("no cup", "cannot leave the home"),
        ("no dishes", "cannot leave the home"),
        ("fridge open ; fridge closed", "exclude each other"),
        ("every cabinet open ; no cabinet open", "exclude each other"),
        ("holding apple ; holding cup", "exclude each other"),
        ("no apple on dining table ; apple on dining table", "exclude each other"),
        ("every apple on dining table ; apple in fridge", "exclude each other"),
        ("every apple on dining table ; holding apple", "exclude each other"),
        ("apple on dining table ; apple on countertop", "asked for 2 times"),
        ("apple on dining table ; holding apple", "asked for 2 times"),
        ("fridge open then teddy bear in fridge", "no teddy bear here"),
    ],
)
def test_a_goal_that_cannot_be_reached_is_refused_when_the_environment_is_made(goal: str, reason: str) -> None:
    with pytest.raises(GoalError, match=reason):
        make(home=kitchen(), goal=goal)


@pytest.mark.parametrize(
    "goal",
    [
        "apple on dining table ; fridge closed", "fridge open then fridge closed", "sliced apple", "hot potato",
        "cooked potato in plate", "cold cup", "clean mug", "cup of water", "cup of milk", "mug of coffee in cabinet",
        "milk with person", "every mug is clean", "no dirty mug", "no book on dining table", "plant watered",
        "sink clean", "cabinet open", "spoon in cup on dining table", "holding knife", "folded cloth",
        "apple on dining table then apple in fridge", "holding apple then holding cup", "no dirty dishes",
        "apple on dining table ; cup on countertop", "every dishes on dining table", "toaster on",
        "clean mug on dining table ; holding apple",
    ],
)  # fmt: skip
def test_a_goal_that_may_be_reached_is_accepted(goal: str) -> None:
    assert make(home=kitchen(), goal=goal).reset(seed=0)[1]["success"] is False


def test_two_windows_can_be_open_and_closed() -> None:
    assert "exclude" in obstacle(parse_goal("window open ; window closed"), state(["window 1"]))
    assert not obstacle(parse_goal("window open ; window closed"), state(["window 1", "window 2"]))


def test_a_home_without_a_tool_is_an_obstacle() -> None:
    bare = state(
        ["dining table 1: dirty", "plant 1"], {"apple 1": "dining table 1", "plate 1: dirty": "dining table 1"}
    )
    for goal, reason in (
        ("sliced apple", "nothing here that cuts"), ("dining table clean", "nothing here that wipes"),
        ("plant watered", "nothing here to water with"), ("clean plate", "makes things clean"),
        ("hot apple", "makes things hot"),
    ):  # fmt: skip
        assert reason in obstacle(parse_goal(goal), bare)


@pytest.mark.parametrize("seed", range(12))
def test_sampled_goals_have_no_obstacle(seed: int) -> None:
    initial_state = World(sample_scene(seed, geometry=False)).initial()
    for k in range(5):
        goal = sample_goal(initial_state, np.random.default_rng(k))
        assert obstacle(goal, initial_state) == ""
        assert not holds_at_start(goal, initial_state)


@pytest.mark.parametrize("goal", ["apple in fridge", "apple in fridge ; fridge closed", "no cup on dining table"])
def test_a_goal_that_holds_at_the_start_of_a_given_home_is_refused_at_reset(goal: str) -> None:
    env = make(home=kitchen(), goal=goal)
    with pytest.raises(GoalError, match="holds at the start"):
        env.reset(seed=0)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.unwrapped.step(np.array([0, 1, 0]))


@pytest.mark.parametrize("goal", ["apple in fridge", "ceiling light off", "sliced apple on dining table"])
def test_homes_are_sampled_until_one_is_found_in_which_the_goal_does_not_hold(goal: str) -> None:
    env = make(goal=goal)
    for seed in range(15):
        assert env.reset(seed=seed)[1]["success"] is False


@pytest.mark.parametrize("goal", ["sliced book", "no teddy bear on piano then hot cold cup"])
def test_a_goal_that_no_sampled_home_can_have_is_refused_at_reset(goal: str) -> None:
    with pytest.raises(GoalError, match="in all of 30 sampled homes"):
        make(goal=goal).reset(seed=0)


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("mug beside every pen", ""),  # a mug does not go in a pen, and need not
        ("pen beside every mug", ""),
        ("mug beside every mug", ""),
        ("3 mug beside every pen", "there are only 2 mugs here"),
        ("pen beside every plate", "pen beside every plate"),
    ],
)
def test_what_stands_beside_everything_need_not_go_in_it(goal: str, reason: str) -> None:
    start = state(
        ["desk 1", "cabinet 1"], {"mug 1": "cabinet 1", "mug 2": "desk 1", "pen 1": "desk 1", "pen 2": "desk 1"}
    )
    assert reason in obstacle(parse_goal(goal), start) and bool(reason) == bool(obstacle(parse_goal(goal), start))
