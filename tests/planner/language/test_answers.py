from __future__ import annotations

import pytest

from envs.symbolic.actions import State
from envs.symbolic.goals import parse_query
from planner.language.answers import answer
from tests.envs.homes_for_tests import state


@pytest.fixture(scope="module")
def home() -> State:
    return state(
        [
            "fridge 1", "dining table 1", "drawer 1", "drawer 2 @ bedroom", "bed 1 @ bedroom", "window 1: open",
            "oven 1", "desk lamp 1: on @ bedroom", "person 1", "person 2 @ bedroom",
        ],
        {
            "wallet 1": "drawer 2",
            "mug 1: red dirty": "dining table 1",
            "mug 2: blue": "bed 1",
            "egg 1: cold": "fridge 1",
            "egg 2: cold": "fridge 1",
            "milk 1: cold of milk": "fridge 1",
            "cup 1: of tea": "bed 1",
            "pen 1": "mug 2",
            "cell phone 1: Anna's": "bed 1",
            "apple 1": "person 2",
        },
        people=("Anna", "Ben"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("? where wallet", "The wallet is in the drawer in the bedroom, which is closed."),
        ("? where red mug", "The red mug is on the dining table in the kitchen."),
        ("? where mug", "There are 2 mugs: one on the dining table in the kitchen and one on the bed in the bedroom."),
        ("? where egg", "There are 2 eggs in the fridge in the kitchen, which is closed."),
        ("? where pen", "The pen is in mug 2 on the bed in the bedroom."),
        ("? where apple", "The apple is with Ben in the bedroom."),
        ("? where umbrella", "There is no umbrella here."),
        ("? how many mug", "There are 2 mugs here."),
        ("? how many mug in bedroom", "There is one mug in the bedroom."),
        ("? how many dirty dishes", "There is one dirty dish here."),
        ("? how many food in fridge", "There are 2 pieces of food in the fridge."),
        ("? how many plate on dining table", "There are no plates on the dining table."),
        ("? whether window open", "Yes: the window is open."),
        ("? whether not window open", "No: the window is open."),
        ("? whether oven on", "No: the oven is off."),
        ("? whether no lamp in bedroom on", "No: the desk lamp is on."),
        ("? whether mug on bed", "Yes: mug on bed."),
        ("? whether mug with Ben", "No: not mug with Ben."),
        ("? what in fridge", "In the fridge are 2 cold eggs and cold milk."),
        ("? what on bed", "On the bed are Anna's cell phone, a blue mug and a cup of tea."),
        ("? what in drawer in kitchen", "There is nothing in the drawer in the kitchen."),
        ("? what on sofa", "There is no sofa here."),
        ("? what with Ben", "With Ben is an apple."),
        ("? what beside cup", "Beside the cup are Anna's cell phone and a blue mug."),
    ],
)
def test_a_question_is_answered_in_one_plain_sentence(home: State, question: str, expected: str) -> None:
    assert answer(parse_query(question), home) == expected


def test_what_was_not_looked_into_is_said(home: State) -> None:
    assert answer(parse_query("? what in fridge"), home, unseen={"fridge 1"}).endswith(
        "I have not looked into the fridge yet."
    )
    assert answer(parse_query("? where umbrella"), home, unseen={"drawer 1"}) == (
        "I have not seen an umbrella. I have not looked into drawer 1 yet."
    )
