"""Goals that ask for the same in a home, though they say it differently."""

from __future__ import annotations

import pytest

from envs.symbolic.goals import parse_goal
from envs.symbolic.state import State
from planner.plans.formulas.sameness import meaning_here
from tests.envs.homes_for_tests import state as home_of


@pytest.fixture(scope="module")
def home() -> State:
    return home_of(
        ["desk 1", "desk 2 @ bedroom", "bed 1 @ bedroom", "desk lamp 1 @ bedroom", "person 1", "sink 1", "cabinet 1"],
        {"mug 1: red": "desk 1", "mug 2: blue": "desk 2", "plate 1: dirty": "desk 1", "plate 2: dirty": "sink 1",
         "pillow 1": "bed 1", "spoon 1": "desk 1", "spoon 2": "desk 1"},
        people=["Anna"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("pillow with person", "pillow from bed with person"),
        ("pillow with Anna", "pillow with person"),
        ("2 spoon in sink", "every spoon in sink"),
        ("2 spoon in sink", "2 spoon from desk in sink"),
        ("every dirty plate in sink", "every plate in sink"),
        ("red mug in cabinet ; pillow on desk", "pillow on desk ; red mug from desk in kitchen in cabinet"),
        ("desk lamp on", "desk lamp in bedroom on"),
        ("no lamp on", "every lamp off"),
        ("at 08:00 : desk lamp on", "at 08:00 : desk lamp in bedroom on"),
        ("spoon in sink while never holding red mug", "spoon in sink while never holding mug from desk in kitchen"),
    ],
)
def test_the_same_here(home: State, first: str, second: str) -> None:
    assert meaning_here(parse_goal(first, scene=home.world.scene), home) == meaning_here(
        parse_goal(second, scene=home.world.scene), home
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("pillow with person", "pillow on bed"),
        ("mug in cabinet", "red mug in cabinet"),
        ("spoon in sink", "2 spoon in sink"),
        ("clean plate", "every plate is clean"),
        ("mug on desk", "mug from desk on desk in kitchen"),
        ("red mug in cabinet ; pillow on desk", "red mug in cabinet then pillow on desk"),
        ("desk lamp on", "at 08:00 : desk lamp on"),
        ("at 08:00 : desk lamp on", "at 09:00 : desk lamp on"),
        ("if desk lamp on : desk lamp off", "desk lamp off"),
        ("spoon in sink", "spoon in sink while never holding mug"),
        ("every pillow on bed", "every pillow except pillow from bed on bed"),
    ],
)
def test_something_else_here(home: State, first: str, second: str) -> None:
    assert meaning_here(parse_goal(first, scene=home.world.scene), home) != meaning_here(
        parse_goal(second, scene=home.world.scene), home
    )


def test_what_cannot_be_here_is_compared_by_its_words(home: State) -> None:
    knife, fork, knife_again = (
        meaning_here(parse_goal(text), home) for text in ("knife on desk", "fork on desk", "knife on desk")
    )
    assert knife != fork
    assert knife == knife_again
