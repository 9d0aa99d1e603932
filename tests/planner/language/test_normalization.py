"""Instructions as the GPT reads them: as they look, not as they are encoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.language.normalization import MAX_INSTRUCTION_CHARS, normalize, unreadable


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Put the mug on the desk.", "put the mug on the desk"),
        ("turn on all m\u0443 l\u0456ghts", "turn on all my lights"),  # Cyrillic
        ("ch\u043ep the \u0440otat\u043e", "chop the potato"),
        ("\uff50\uff55\uff54 the mug", "put the mug"),  # full-width
        ("\ufb01nd the cup", "find the cup"),  # a ligature
        ("\U0001d429\U0001d42e\U0001d42d \uff12 cups", "put 2 cups"),
        ("the cafe\u0301", "the caf\u00e9"),
        ("\u0441\u0432\u0435\u0442", "\u0441\u0432\u0435\u0442"),
        ("\u65e5\u672c mug", "\u65e5\u672c mug"),
        ("\u00bd cup", "\u00bd cup"),
        ("yY\u030a", "y\u1e99"),
        ("m\u200bug \u202edesk", "mug desk"),
        ("t\u00adh\u00ad\u0435\u00ad mug", "the mug"),
    ],
)  # fmt: skip
def test_an_instruction_is_read_as_it_looks(typed: str, read: str) -> None:
    assert normalize(typed) == read


@given(st.text(max_size=60))
def test_what_is_normalized_stays_as_it_is(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once and once.isprintable() and len(once) <= MAX_INSTRUCTION_CHARS


def test_a_question_in_the_goal_language_is_no_instruction() -> None:
    assert "Planner.answer" in unreadable(" ? where wallet")
    assert unreadable("where is the wallet?") == unreadable("?") == ""
