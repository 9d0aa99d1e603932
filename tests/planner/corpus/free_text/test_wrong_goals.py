"""Wrong goals are goals, and never what was said."""

from __future__ import annotations

import random

import pytest

from envs.errors import GoalError
from envs.symbolic.goals import Goal, parse_goal
from planner.corpus.free_text.sentences import PeopleHome, canonical, plain_sentence
from planner.corpus.wrong_goals.made import kinds_left_out, phases, wrong_goal
from planner.goals.comparison import meaning
from planner.language.mentions import bare
from tests.planner.corpus.free_text.drawn_sentences import draws, read

PRESENT = ("mug", "fork", "plate", "apple", "sink", "dining table", "shelf", "drawer", "desk lamp", "oven", "window")


def wrong_ones(text: str, goal: str, count: int = 300) -> dict[str, tuple[str, ...]]:
    """Return the wrong goals of a sentence, each with the words that it leaves out."""
    made = {}
    for seed in range(count):
        wrong = wrong_goal(plain_sentence(text, goal), PRESENT, random.Random(seed))
        if wrong is not None:
            made[wrong.goal] = wrong.left_out
    return made


@pytest.mark.parametrize("seed", range(40))
def test_a_wrong_goal_means_something_else_than_the_right_one(people: list[PeopleHome], seed: int) -> None:
    rng = random.Random(seed)
    for draw in draws(people, seed, kinds=("plan",)):
        wrong = wrong_goal(draw.after, sorted(draw.exchange.present), rng)
        if wrong is None:
            continue
        right = read(draw.after, draw.scene)
        try:
            other = parse_goal(wrong.goal, draw.scene.domain, scene=draw.scene)
        except GoalError:  # only where a home's own names are needed to read either
            continue
        assert isinstance(right, Goal)
        assert (meaning(other), other.guards, other.rules) != (meaning(right), right.guards, right.rules)
        assert {*wrong.left_out} <= {bare(word) for word in draw.after.words}


@pytest.mark.parametrize("seed", range(40))
def test_a_goal_that_can_be_read_becomes_one_that_can_be_read(people: list[PeopleHome], seed: int) -> None:
    rng = random.Random(seed)
    for draw in draws(people, seed, kinds=("plan",)):
        wrong = wrong_goal(draw.after, sorted(draw.exchange.present), rng)
        if wrong is not None and canonical(draw.after.goal) is not None:  # no room has a name of its own there
            parse_goal(wrong.goal, draw.scene.domain, scene=draw.scene)


def test_a_condition_is_missing_and_its_words_are_left_out() -> None:
    wrong = wrong_ones("mug in sink and fork in drawer", "mug in sink ; fork in drawer")
    assert wrong["mug in sink"] == ("fork", "drawer")
    assert wrong["fork in drawer"] == ("mug", "sink")


def test_another_thing_takes_the_place_of_one() -> None:
    wrong = wrong_ones("mug in sink", "mug in sink")
    assert wrong["fork in sink"] == ("mug",)
    assert "mug in drawer" in wrong
    assert not any("desk lamp" in goal for goal in wrong)  # nothing is in a lamp


@pytest.mark.parametrize(
    ("text", "goal", "wrong", "left_out"),
    [
        ("the red mug in the sink", "red mug in sink", "mug in sink", ("red",)),
        ("anna's mug in the sink", "Anna's mug in sink", "mug in sink", ("anna's",)),
        ("all mugs in the sink", "every mug in sink", "mug in sink", ("all",)),
        ("mug in sink then fork in drawer", "mug in sink then fork in drawer", "mug in sink ; fork in drawer", ()),
        ("at 7 the oven on", "at 07:00 : oven on", "oven on", ()),
        ("oven on, window shut", "oven on while never window open", "oven on", ("window",)),
        ("3 forks in drawer", "3 fork in drawer", "4 fork in drawer", ()),
        ("oven on", "oven on", "oven off", ()),
        ("mug in sink", "mug in sink", "mug in sink ; fork in sink", ()),
    ],
)
def test_what_is_left_out_or_turned_round(text: str, goal: str, wrong: str, left_out: tuple[str, ...]) -> None:
    assert wrong_ones(text, goal)[wrong] == left_out


def test_a_time_is_no_number_of_things() -> None:
    assert all(goal.startswith("at 07:30 : ") or ":" not in goal for goal in wrong_ones("x", "at 07:30 : oven on"))


def test_the_words_for_a_kind_that_is_missing_are_named() -> None:
    sentence = plain_sentence("the cell phone, and the phone's lamp", "cell phone with person ; desk lamp on")
    assert [*kinds_left_out(sentence, "desk lamp on")] == ["cell", "phone"]
    assert [*kinds_left_out(sentence, sentence.goal)] == []


@pytest.mark.parametrize(
    ("goal", "other", "same"),
    [
        ("a ; b", "b ; a", True),
        ("a ; b", "a then b", False),
        ("a then b", "b then a", False),
        ("a ; b then c", "b ; a then c", True),
        ("a", "a ; b", False),
    ],
)
def test_conditions_have_no_order_and_phases_have_one(goal: str, other: str, same: bool) -> None:
    assert (phases(goal) == phases(other)) == same


def test_the_same_seed_gives_the_same_wrong_goal() -> None:
    sentence = plain_sentence("two red mugs in the sink", "2 red mug in sink")
    made = [[wrong_goal(sentence, PRESENT, random.Random(seed)) for seed in range(30)] for _ in range(2)]
    assert made[0] == made[1]
