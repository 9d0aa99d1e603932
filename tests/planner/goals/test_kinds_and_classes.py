"""A word that names a kind of object means no other kind, although a class has the same name: a book is no magazine."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import State, format_action
from envs.symbolic.goals import parse_goal, parse_query
from envs.symbolic.obstacles import obstacle
from planner.corpus.teacher import teach
from planner.facts.retrieval import retrieve_facts
from planner.language.answering.answers import answer
from tests.envs.homes_for_tests import state


@pytest.fixture
def home() -> State:
    objects = {"book 1": "sofa 1", "magazine 1": "sofa 1", "notebook 1": "desk 1", "book 2": "desk 1"}
    return state(["sofa 1", "desk 1", "bookshelf 1"], objects)


@pytest.mark.parametrize(
    ("goal", "moved"),
    [
        ("every book on bookshelf", {"book 1", "book 2"}),
        ("every book from sofa on bookshelf", {"book 1"}),
        ("2 book on bookshelf", {"book 1", "book 2"}),
        ("1 of book from desk on bookshelf", {"book 2"}),
        ("no book on sofa", {"book 1"}),
        ("every paper on bookshelf", {"magazine 1", "notebook 1"}),
    ],
)
def test_a_plan_for_books_leaves_magazines_alone(home: State, goal: str, moved: set[str]) -> None:
    conditions = parse_goal(goal).conditions
    lesson = teach(home, conditions, home, phase=conditions)
    assert lesson.actions is not None, lesson.reason
    assert {
        format_action(home.world, a).removeprefix("pick up ") for a in lesson.actions if a.skill == "pick up"
    } == moved


def test_facts_about_books_show_no_magazine(home: State) -> None:
    conditions = parse_goal("every book on bookshelf").conditions
    facts = retrieve_facts(home, conditions, home, phase=conditions)
    shown = {home.world.names[entity] for entity in facts.entities}
    assert {"book 1", "book 2"} <= shown and shown.isdisjoint({"magazine 1", "notebook 1"})


def test_books_are_counted_without_magazines(home: State) -> None:
    assert "2 books" in answer(parse_query("? how many book"), home)
    assert "only 2" in obstacle(parse_goal("3 book on bookshelf"), home)
    assert not obstacle(parse_goal("2 paper on bookshelf"), home)
