"""Questions about what only a home's own skills set are answered in its words."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import parse_action, successor
from envs.symbolic.goals import parse_query
from planner.language.answering.answers import answer
from tests.planner.goals.skilled_home import skilled_state


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("? whether kitchen vacuumed", "Yes: the kitchen is vacuumed."),
        ("? whether every room vacuumed", "No: the bedroom and the living room are not vacuumed."),
        ("? whether no pet hungry", "No: both pets are hungry."),
        ("? how many uncharged tablet in bedroom", "There is one uncharged tablet in the bedroom."),
        ("? where pet food", "The pet food is in the cabinet in the kitchen, which is closed."),
        ("? what on charging station", "There is nothing on the charging station."),
    ],
)
def test_a_question_about_own_states_and_rooms_is_answered(question: str, expected: str) -> None:
    state = skilled_state()
    state = successor(state, parse_action(state.world, "vacuum kitchen"))
    assert answer(parse_query(question, scene=state.world.scene), state) == expected
