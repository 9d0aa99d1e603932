"""Where a text names kinds, in any of the words for them."""

from __future__ import annotations

import pytest

from envs.symbolic.domain import load_domain
from planner.language.mentions import Mention, bare, forms, mentions

ALL = frozenset((*load_domain().objects, *load_domain().fixtures))


def named(text: str, *kinds: str) -> list[tuple[str, str, bool]]:
    words = text.split(" ")
    found = mentions(words, frozenset(kinds) or ALL)
    return [(m.kind, " ".join(words[m.start : m.stop]), m.is_plural) for m in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the mug, please", [("mug", "mug,", False)]),
        ("two mugs!", [("mug", "mugs!", True)]),
        ("(knives) and a knife", [("knife", "(knives)", True), ("knife", "knife", False)]),
        ("the butter knife", [("butter knife", "butter knife", False)]),
        ("desk lamp on the desk", [("desk lamp", "desk lamp", False), ("desk", "desk", False)]),
        ("mugged by a mug", [("mug", "mug", False)]),
        ("", []),
        ("nothing here", []),
    ],
)
def test_kinds_are_found_in_order_the_longest_name_first(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert named(text) == expected


def test_only_the_kinds_that_are_asked_for_are_found() -> None:
    assert named("a mug and a fork", "fork") == [("fork", "fork", False)]
    assert named("the butter knife", "knife") == []  # a longer name that means something else
    assert named("the desk lamp", "desk") == []


@pytest.mark.parametrize("kind", sorted(ALL))
def test_every_kind_is_found_by_its_name(kind: str) -> None:
    words = ["the", *kind.lower().split(" "), "please"]
    assert list(mentions(words, frozenset([kind]))) == [
        Mention(kind=kind, start=1, stop=len(words) - 1, is_plural=False)
    ]


def test_forms_are_in_small_letters_and_name_kinds_of_the_domain() -> None:
    for form, kinds in forms().items():
        assert all(word == word.lower() and word for word in form)
        assert {kind for kind, _ in kinds} <= ALL


@pytest.mark.parametrize(
    ("word", "expected"),
    [('("mug"),', "mug"), ("anna's", "anna's"), ("...", ""), ("o'clock!", "o'clock"), ("7:30", "7:30")],
)  # fmt: skip
def test_punctuation_around_a_word_is_dropped(word: str, expected: str) -> None:
    assert bare(word) == expected
