"""The second look: all words are judged in one pass, as if each had been read by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from envs.symbolic.actions import State
from envs.symbolic.goals import parse_goal
from planner.api import Planner
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction
from planner.prompts import text_format
from planner.prompts.sessions import Prompts
from planner.prompts.text_format import LABELS, RIGHT, WRONG
from planner.understanding.instruction_reader import InstructionReader
from planner.understanding.second_look import USES, SecondLook, look_again

INVENTORY = "apple mug 2 dining table"
TEXT = "please put the old mug on the table, won't you"
GOAL = "mug on dining table"


@pytest.fixture
def prompts(random_planner: Planner) -> Prompts:
    return random_planner.prompts


def look(prompts: Prompts, text: str = TEXT, goal: str = GOAL) -> SecondLook:
    seen = look_again(prompts, INVENTORY, prompts.heading(text), text, goal)
    assert seen is not None
    return seen


def one_by_one(prompts: Prompts, text: str, goal: str) -> tuple[list[list[float]], float]:
    """Judge each word in a context of its own, from the document that is trained on."""
    special = prompts.tokenizer.special
    document = (*text_format.home_part(INVENTORY), *text_format.goal_document(text, goal))
    ids = [*text_format.encode(document, prompts.tokenizer)[0], special("[FEEDBACK]")]
    chances = []
    for word in text.split(" "):
        ids += prompts.tokenizer.encode(" " + word)
        logits = np.exp(prompts.model.begin().feed(ids, [special(LABELS[use]) for use in USES]))
        chances.append((logits / logits.sum()).tolist())
    right, wrong = np.exp(prompts.model.begin().feed([*ids, special("[SEP]")], [special(RIGHT), special(WRONG)]))
    return chances, float(right / (right + wrong))


@pytest.mark.parametrize("text", [TEXT, "mug", "mug on dining table", "don't!"])
def test_a_word_is_judged_by_what_stands_before_it(prompts: Prompts, text: str) -> None:
    seen = look(prompts, text)
    chances, right = one_by_one(prompts, text, GOAL)
    assert seen.words == tuple(text.split(" "))
    np.testing.assert_allclose(seen.chances, chances, rtol=0, atol=1e-4)
    assert seen.right == pytest.approx(right, abs=1e-4)


def test_a_look_does_not_depend_on_what_was_read_before(prompts: Prompts) -> None:
    first = look(prompts)
    look(prompts, TEXT, "apple on dining table")
    look(prompts, "something else")
    for _ in range(2):  # at the same goal again, of which nothing is left to read
        again = look(prompts)
        np.testing.assert_allclose(again.chances, first.chances, rtol=0, atol=1e-4)
        assert again.right == pytest.approx(first.right, abs=1e-4)


def test_what_is_read_behind_a_look_does_not_depend_on_it(prompts: Prompts) -> None:
    heading = prompts.heading(TEXT)
    session, pending = prompts.read(INVENTORY, heading)
    expected = session.feed(pending)
    look(prompts)
    session, pending = prompts.read(INVENTORY, heading)
    np.testing.assert_allclose(session.feed(pending), expected, rtol=0, atol=1e-4)


def test_an_instruction_that_does_not_fit_twice_is_not_judged(prompts: Prompts) -> None:
    text = " ".join(["mug"] * 300)
    assert look_again(prompts, INVENTORY, prompts.heading(text), text, GOAL) is None


def test_a_word_is_for_what_is_most_likely() -> None:
    chances = np.array([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.2, 0.2, 0.6]], np.float32)
    seen = SecondLook(words=("put", "please", "quietly"), chances=chances, right=0.9)
    assert seen.uses == ("read", "context", "unread")
    assert seen.all_read == pytest.approx(0.4)


def test_a_description_of_the_way_is_not_looked_at_a_second_time(flat: State) -> None:
    reader = InstructionReader(cast(Prompts, SimpleNamespace(looks_twice=True)))
    goal = parse_goal("mug on dining table")
    read = ParsedInstruction(instruction="put the mug on the table steps: open the cabinet", goal=goal)
    assert reader.accounted(read, flat, Options()) is read
    with pytest.raises(AttributeError):  # without one it is: these prompts can do nothing
        reader.accounted(ParsedInstruction(instruction="put the mug on the table", goal=goal), flat, Options())
