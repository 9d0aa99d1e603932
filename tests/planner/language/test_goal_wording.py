"""Goals in plain English."""

from __future__ import annotations

import pytest

from envs.symbolic.goals import parse_goal
from planner.language.goal_wording import distinguishing_words, in_words, question
from tests.planner.conftest import Drawn


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ("mug on desk", "put a mug on the desk"),
        ("2 clean plate on dining table", "put 2 clean plates on the dining table"),
        ("apple with person", "bring an apple to the person"),
        ("every toy except teddy bear in box", "put every toy except teddy bear in a box"),
        ("every dirty plate is clean", "clean every dirty plate"),
        ("no toy on shelf", "leave no toy on the shelf"),
        ("fridge closed ; desk lamp on", "close the fridge and turn on the desk lamp"),
        ("no ceiling light on", "leave no ceiling light on"),
        ("holding book", "hold a book"),
        ("mug of coffee", "fill a mug with coffee"),
        ("spoon in cup on coffee table", "put a spoon in a cup on the coffee table"),
        ("sliced cooked potato", "make a potato sliced and cooked"),
        ("fruit in bowl", "put some fruit in a bowl"),
        ("mug on desk then fridge closed", "put a mug on the desk and then close the fridge"),
    ],
)
def test_a_goal_is_worded_in_plain_english(goal: str, words: str) -> None:
    assert in_words(parse_goal(goal)) == words


def test_the_question_names_every_option() -> None:
    goals = [parse_goal(goal) for goal in ("mug on desk", "mug on side table")]
    assert question(goals) == "Do you mean: put a mug on the desk, or put a mug on the side table?"


def test_the_question_omits_what_all_options_share() -> None:
    goals = [parse_goal(goal) for goal in ("fridge open ; mug on desk", "mug on side table ; fridge open")]
    assert distinguishing_words(goals) == ("put a mug on the desk", "put a mug on the side table")


def test_an_option_that_is_part_of_another_is_still_named() -> None:
    goals = [parse_goal(goal) for goal in ("mug on desk", "mug on desk ; fridge open")]
    assert distinguishing_words(goals) == ("put a mug on the desk", "put a mug on the desk and open the fridge")


def test_every_drawn_goal_can_be_worded(drawn: list[Drawn]) -> None:
    for d in drawn:
        assert d.task.goal is not None
        assert in_words(d.task.goal).isprintable() and in_words(d.task.goal).strip() == in_words(d.task.goal)
