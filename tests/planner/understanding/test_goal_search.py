"""Goals restricted to the words of a home."""

from __future__ import annotations

import random

import pytest

from envs.symbolic.actions import State
from envs.symbolic.domain import load_domain
from planner.api import Planner
from planner.plans.options import Options
from planner.tasks.task_sampler import TaskDrawer
from planner.understanding.goal_search import BEAM_WIDTH, HomeWords, most_likely_goals
from tests.planner.conftest import Drawn

HOME = ["mug", "mug", "butter knife", "side table", "cabinet", "desk", "apple", "toy car", "fridge"]


@pytest.fixture
def words() -> HomeWords:
    return HomeWords(HOME, load_domain())


@pytest.mark.parametrize(
    "text",
    ["mug on side table", "2 clean mug in cabinet", "cold apple in mug on side", "every toy in ca", "holding butter",
     "no fruit on desk", "every food except apple in fridge", "mug of coffee ; fridge closed",
     "butter knife in mug", ""],
)  # fmt: skip
def test_goals_of_the_homes_words_are_allowed(words: HomeWords, text: str) -> None:
    assert words.allow(text)


@pytest.mark.parametrize(
    "text",
    ["mug on coffee table", "mug on din", "knife in cabinet", "cup", "3 mug on desk", "2 clean apple in fridge",
     "every book on desk", "mug on desk ; plate", "xyz"],
)  # fmt: skip
def test_goals_with_words_the_home_does_not_have_are_not_allowed(words: HomeWords, text: str) -> None:
    assert not words.allow(text)


def test_every_goal_that_can_be_drawn_in_a_home_is_allowed(drawn: list[Drawn]) -> None:
    for d in drawn:
        assert HomeWords(d.task.start.world.categories, load_domain()).allow(d.task.goal_text), d.task.goal_text


def test_the_most_likely_goals_are_sorted_and_use_allowed_words_only(memorized: Planner, flat: State) -> None:
    words = HomeWords(flat.world.categories, load_domain())
    tokenizer = memorized.tokenizer
    session = memorized.model.begin()
    begin, sep = tokenizer.special("[CLS]"), tokenizer.special("[SEP]")
    prompt = [begin, sep, *tokenizer.encode(" put the plate"), sep]
    stops = frozenset(tokenizer.special(m) for m in ("[SEP]", "[EOS]", "[REFUSE]", "[ASK]", "[PAD]", "[HINT]", "[CLS]"))
    results = most_likely_goals(
        session, prompt, allow=lambda ids: words.allow(tokenizer.decode(ids)), end=tokenizer.special("[SEP]"),
        stops=stops, n_ids=tokenizer.n_used,
    )  # fmt: skip
    assert len(results) > 0 and session.length == 0
    assert [w.logprob for w in results] == sorted((w.logprob for w in results), reverse=True)
    assert all(words.allow(tokenizer.decode(w.ids)) for w in results[:BEAM_WIDTH])


def test_grounding_does_not_change_a_feasible_goal(memorized: Planner, flat: State) -> None:
    for instruction in ("put the mug on the table", "put the plate on the counter"):
        ungrounded = memorized.understand(instruction, flat, Options(samples=0, grounded=False))
        assert ungrounded.goal is not None
        assert memorized.understand(instruction, flat, Options(samples=0)).goal == ungrounded.goal


def test_questions_are_drawn_about_several_objects_with_one_name(drawn: list[Drawn]) -> None:
    drawer = TaskDrawer(random.Random(0))
    questions = [t for d in drawn[:80] if (t := drawer.draw_question(d.task.start)) is not None]
    assert len(questions) > 20
    for task in questions:
        assert task.goal is None and task.refuse is None and task.ask
        if task.family == "ambiguous":
            named = task.ask.split(": ")[1].rstrip("?").replace(" or ", ", ").split(", ")
            assert len(named) > 1
            assert {n.removeprefix("the ") for n in named} <= set(task.start.world.categories)
