"""Words that matter, and slips and ways that do not: said in a sentence, and in its goal where they matter."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Count, Every, parse_goal
from planner.corpus.free_text.constructs import with_exception, with_origin, with_selection, with_slip, with_way
from planner.corpus.free_text.exchange import Exchange
from planner.corpus.free_text.sentences import Sentence, plain_sentence
from planner.corpus.free_text.trees import unchanged

KINDS = frozenset(("mug", "book", "desk", "bookshelf", "sofa", "fridge", "cabinet", "sink", "plate"))
BOOKS = plain_sentence("put all the books on the bookshelf", "every book on bookshelf")
MUG = plain_sentence("put the mug on the desk.", "mug on desk")
SEEDS = range(200)


def drawn(change: Callable[[Sentence, Exchange, random.Random], Sentence | None], sentence: Sentence) -> list[Sentence]:
    """Return what a change makes of a sentence, over many seeds."""
    rngs = map(random.Random, SEEDS)
    return [made for rng in rngs if (made := change(sentence, unchanged(rng, KINDS), rng)) is not None]


def test_where_a_thing_is_taken_from_is_in_the_goal() -> None:
    made = drawn(with_origin, MUG)
    assert len(made) > 150
    for sentence in made:
        (condition,) = parse_goal(sentence.goal).conditions
        assert isinstance(condition, Count) and condition.thing.origin is not None
        assert condition.thing.origin.fixture in KINDS - {"desk"}
        assert set(sentence.tags) == {"read"} and len(sentence.words) > len(MUG.words)
    assert len({sentence.goal for sentence in made}) > 3


def test_an_exception_is_in_the_goal() -> None:
    made = drawn(with_exception, BOOKS)
    assert len(made) > 150
    for sentence in made:
        names = sentence.goal.replace("anna's", "Anna's")
        (condition,) = parse_goal(" ".join(w.capitalize() if w.endswith("'s") else w for w in names.split())).conditions
        assert isinstance(condition, Every) and condition.excluded is not None and condition.excluded.word == "book"


def test_a_part_of_all_is_chosen() -> None:
    made = [m for seed in SEEDS if (m := with_selection(BOOKS, random.Random(seed))) is not None]
    assert {parse_goal(m.goal).conditions[0].selection for m in made} == {"of", "all but", "half"}  # type: ignore[union-attr]
    assert not any("all the books" in m.text for m in made)


def test_only_all_of_a_kind_has_exceptions_and_parts() -> None:
    assert not drawn(with_exception, MUG) and with_selection(MUG, random.Random(0)) is None


@pytest.mark.parametrize(("change", "least"), [(with_slip, 150), (with_way, 150)])
def test_what_is_taken_back_and_the_way_leave_the_goal_as_it_is(
    change: Callable[[Sentence, Exchange, random.Random], Sentence | None], least: int
) -> None:
    made = drawn(change, MUG)
    assert len(made) > least
    for sentence in made:
        assert sentence.goal == MUG.goal
        assert [w for w, t in zip(sentence.words, sentence.tags, strict=True) if t == "read"] == list(MUG.words)


def test_a_slip_names_another_thing_of_the_home() -> None:
    names = {kind for kind in KINDS if kind in load_domain().objects}
    assert len(names) > 2
    for sentence in drawn(with_slip, MUG):
        slip = " ".join(w for w, t in zip(sentence.words, sentence.tags, strict=True) if t == "context")
        assert slip.startswith("the ") and "mug" not in slip.split()[:2]
