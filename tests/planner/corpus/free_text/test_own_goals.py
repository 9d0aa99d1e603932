"""What a trained GPT takes a sentence for counts only where it is wrong."""

from __future__ import annotations

import random

import pytest

from envs.symbolic.actions import State
from planner.api import Planner
from planner.corpus.free_text.sentences import Sentence, plain_sentence
from planner.corpus.wrong_goals.written import GoalWriter
from planner.prompts import text_format


@pytest.fixture
def writer(memorized: Planner) -> GoalWriter:
    made = GoalWriter.__new__(GoalWriter)
    made.prompts = memorized.prompts
    return made


def cold() -> random.Random:
    """A source of randomness that asks for the most likely goal."""
    rng = random.Random(0)
    rng.random = lambda: 0.99  # type: ignore[method-assign]
    return rng


def refusal(text: str) -> Sentence:
    words = tuple(text.split(" "))
    return Sentence(words=words, tags=("read",) * len(words), kind="refuse", say="I cannot.")


def test_a_right_goal_is_none_to_find_out(writer: GoalWriter, flat: State) -> None:
    inventory = text_format.inventory(flat)
    sentence = plain_sentence("put the mug on the table", "mug on dining table")
    assert writer.wrong_goal(sentence, inventory, cold()) == ""


def test_another_goal_is(writer: GoalWriter, flat: State) -> None:
    inventory = text_format.inventory(flat)
    sentence = plain_sentence("put the mug on the table", "plate on dining table")
    assert writer.wrong_goal(sentence, inventory, cold()) == "mug on dining table"


def test_any_goal_for_what_is_to_be_refused_is(writer: GoalWriter, flat: State) -> None:
    inventory = text_format.inventory(flat)
    assert writer.wrong_goal(refusal("put the mug on the table"), inventory, cold()) == "mug on dining table"


def test_a_refusal_is_no_goal(writer: GoalWriter, flat: State) -> None:
    assert writer.wrong_goal(refusal("tell me a joke"), text_format.inventory(flat), cold()) == ""


def test_a_sentence_too_long_for_the_context_has_none(writer: GoalWriter) -> None:
    sentence = plain_sentence(" ".join(["mug"] * 500), "mug on dining table")
    assert writer.wrong_goal(sentence, "", cold()) == ""


def test_the_same_seed_writes_the_same_goal(writer: GoalWriter, flat: State) -> None:
    inventory = text_format.inventory(flat)
    sentence = plain_sentence("warm the apple", "cold apple with person")
    made = {writer.wrong_goal(sentence, inventory, random.Random(3)) for _ in range(3)}
    assert len(made) == 1
