"""Text that others wrote cannot act on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.io.terminal import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("a\rb", r"a\rb"),
        ("\u202eback", r"\u202eback"),
        ("\ud800", r"\ud800"),
        ("plain → words\nand lines", "plain → words\nand lines"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_any_text_becomes_one_that_can_be_seen_and_written(text: str) -> None:
    assert printable(text).replace("\n", "").isprintable()
    printable(text).encode()
    assert printable(printable(text)) == printable(text)
