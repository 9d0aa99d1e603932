"""Formats in which the GPT says which words a goal cannot say: one document, written in four ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.prompts import text_format
from planner.prompts.text_format import LABELS, Document, Reading, Segment, in_reading

WORDS = ("put", "the", "old", "mug,", "please", "o'clock", "[SEP]", "2")
TAGGED = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(sorted(LABELS))), min_size=1, max_size=12)
OTHERS: tuple[Reading, ...] = ("written", "direct", "first")
Tagged = list[tuple[str, str]]


def document(tagged: Tagged, names: str = "") -> Document:
    text = " ".join(word for word, _ in tagged)
    account = text_format.account_part(text, [tag for _, tag in tagged], is_right=True)
    return (*text_format.goal_document(text, "mug on desk", names), *account)


def read(branch: Document, reading: Reading) -> Document:
    converted = in_reading(branch, reading)
    assert converted is not None
    return converted


@given(tagged=TAGGED)
def test_unread_words_are_written_behind_the_goal_in_their_order(tagged: Tagged) -> None:
    *_, goal, hint, end = (None, *read(document(tagged), "written"))
    unread = [word for word, tag in tagged if tag == "unread"]
    if not unread:
        assert hint == Segment("[SEP]", "mug on desk", False, True)
    else:
        assert isinstance(goal, Segment) and isinstance(hint, Segment)
        assert goal.text == "mug on desk"
        assert hint.special_token == "[HINT]" and hint.loss_on_special and hint.loss_on_text
        assert hint.text.replace(text_format.BETWEEN_SPANS, " ").split(" ") == unread
    assert end == Segment("[SEP]", "", True)


def test_neighboring_unread_words_are_one_span() -> None:
    tagged = [("the", "read"), ("very", "unread"), ("old", "unread"), ("mug", "read"), ("slowly", "unread")]
    assert read(document(tagged), "written")[2].text == "very old , slowly"


@given(tagged=TAGGED)
def test_the_direct_format_has_the_goal_alone(tagged: Tagged) -> None:
    assert read(document(tagged), "direct") == document(tagged)[:3]


@given(tagged=TAGGED, names=st.sampled_from(["", "blender = mixer"]))
def test_in_the_first_format_the_labels_stand_before_the_goal(tagged: Tagged, names: str) -> None:
    branch = document(tagged, names)
    converted = read(branch, "first")
    copy = next(i for i, segment in enumerate(converted) if segment.special_token == "[FEEDBACK]")
    assert converted[:copy] == text_format.instruction_part(branch[0].text, names)
    assert converted[copy].labels == tuple(LABELS[tag] for _, tag in tagged)
    assert [segment.text for segment in converted[copy + 1 :]] == ["mug on desk", ""]


@pytest.mark.parametrize("reading", OTHERS)
def test_only_the_format_with_a_second_look_tells_wrong_goals(reading: Reading) -> None:
    wrong = (
        *text_format.instruction_part("move it"),
        *text_format.written_goal_part("mug on desk"),
        *text_format.account_part("move it", (), is_right=False),
    )
    assert in_reading(wrong, "labels") == wrong
    assert in_reading(wrong, reading) is None


def test_where_the_words_are_not_known_nothing_is_learned_about_them() -> None:
    plain = text_format.goal_document("move it", "mug on desk")
    assert read(plain, "labels") == read(plain, "direct") == plain
    assert not read(plain, "written")[-1].loss_on_special
    assert read(plain, "first")[1] == Segment("[FEEDBACK]", "move it")


@pytest.mark.parametrize("answer", ["[REFUSE]", "[ASK]"])
def test_refusals_and_questions_have_a_second_copy_only_if_it_comes_first(answer: str) -> None:
    refusal = text_format.refusal_document("sing", "[ASK]" if answer == "[ASK]" else "[REFUSE]", "No.")
    assert read(refusal, "written") == read(refusal, "direct") == refusal
    assert read(refusal, "first") == (refusal[0], Segment("[FEEDBACK]", "sing"), *refusal[1:])


@pytest.mark.parametrize("reading", OTHERS)
def test_other_documents_are_the_same_in_every_format(reading: Reading) -> None:
    for branch in (
        text_format.proposal_document("move it", "mug on desk"),
        text_format.description_document("mug on desk", "move it"),
    ):
        assert in_reading(branch, reading) == branch
