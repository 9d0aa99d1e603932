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


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ("red mug on desk", "put a red mug on the desk"),
        ("Ben's jacket in bedroom", "put Ben's jacket in the bedroom"),
        ("1 of magazine from sofa on bookshelf", "put 1 of the magazines from the sofa on the bookshelf"),
        ("every book except book from desk on shelf", "put every book except the book from the desk on the shelf"),
        ("1 more glass on dining table", "put another glass on the dining table"),
        ("exactly 2 plate on coffee table", "leave exactly 2 plates on the coffee table"),
        ("half of egg in bowl", "put half of the eggs in a bowl"),
        ("hot potato by microwave", "heat a potato with the microwave"),
        ("cell phone beside laptop", "put a cell phone next to a laptop"),
        ("apple with Anna", "bring an apple to Anna"),
        ("spoon in every mug on dining table", "put a spoon in every mug on the dining table"),
        ("every lamp except desk lamp off", "turn off every lamp except the desk lamp"),
        ("no lamp in bedroom on", "leave no lamp in the bedroom on"),
        ("after 30 min : fan off", "30 minutes later, turn off the fan"),
        ("if window open : window closed", "if the window is open, close the window"),
        ("milk with person while never open oven", "bring some milk to the person, and never open the oven"),
    ],
)
def test_colors_rooms_amounts_times_and_rules_are_worded(goal: str, words: str) -> None:
    assert in_words(parse_goal(goal)) == words
