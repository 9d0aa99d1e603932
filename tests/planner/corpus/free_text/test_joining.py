"""Longer sentences out of shorter ones, and their goals out of those of the shorter ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, parse_goal
from planner.corpus.free_text.constructs import with_property, with_rule, with_test, with_time, with_unread
from planner.corpus.free_text.joining import each_with_its_place, in_story, together, with_list
from planner.corpus.free_text.pieces import Pieces
from planner.corpus.free_text.putting import put_in
from planner.corpus.free_text.sentences import COLORS, PeopleHome, Sentence, plain_sentence
from planner.goals.comparison import meaning
from planner.language.named_kinds import kinds_in
from tests.planner.corpus.free_text.drawn_sentences import (
    Draw,
    draws,
    exchange_of,
    is_named,
    is_well_formed,
    is_within,
    letters,
    read,
)

SEEDS = range(40)


def plans(people: list[PeopleHome], seed: int, count: int = 25) -> Iterator[tuple[Draw, Sentence, random.Random]]:
    rng = random.Random(seed)
    for draw in draws(people, seed, count, ("plan",)):
        yield draw, draw.after, rng


def goal_of(sentence: Sentence, draw: Draw) -> Goal:
    goal = read(sentence, draw.scene)
    assert isinstance(goal, Goal)
    return goal


@pytest.mark.parametrize("seed", SEEDS)
def test_joined_wishes_keep_all_words_and_all_conditions(people: list[PeopleHome], seed: int) -> None:
    wishes = [(draw, s) for draw, s, _ in plans(people, seed) if s.conditions]
    rng = random.Random(seed)
    for start in range(0, len(wishes) - 5, 2):
        chosen = [s for _, s in wishes[start : start + rng.choice((2, 2, 3, 5))]]
        joined = together(chosen, rng)
        if joined is None:
            continue
        assert is_well_formed(joined)
        for sentence in chosen:
            assert is_within(letters(sentence.words), letters(joined.words))
        conditions = goal_of(joined, wishes[start][0]).conditions
        expected = [c for s in chosen for c in goal_of(s, wishes[start][0]).conditions]
        assert sorted(map(str, conditions)) == sorted(map(str, expected))
        for tag in ("context", "unread"):
            assert joined.tags.count(tag) == sum(s.tags.count(tag) for s in chosen)


def test_what_was_said_last_may_be_what_comes_first() -> None:
    cup, fork = plain_sentence("get the cup", "cup with person"), plain_sentence("wash the fork", "clean fork")
    goals = {}
    for seed in range(300):
        joined = together([cup, fork], random.Random(seed))
        assert joined is not None
        goals.setdefault(joined.goal, joined.text)
    assert goals.keys() == {
        "cup with person ; clean fork", "cup with person then clean fork", "clean fork then cup with person",
    }  # fmt: skip
    assert goals["clean fork then cup with person"] == "get the cup before you wash the fork"


@pytest.mark.parametrize(
    "goals",
    [
        ("mug in sink", "mug in sink"),  # the same twice says nothing of two
        ("holding mug", "holding cup"),
        ("mug in sink then mug on shelf", "cup in sink"),
        ("mug in sink while never knife in sink", "cup in sink"),
        ("if mug in sink : mug on shelf", "cup in sink"),
    ],
)
def test_wishes_that_cannot_be_joined_are_not(goals: tuple[str, str]) -> None:
    sentences = [plain_sentence(f"thing {i}", goal) for i, goal in enumerate(goals)]
    assert together(sentences, random.Random(0)) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_stories_are_context_and_change_no_goal(people: list[PeopleHome], pieces: Pieces, seed: int) -> None:
    story = Sentence(words=("what", "a", "day"), tags=("read",) * 3, kind="refuse", say="That is not a task.")
    for draw in draws(people, seed, kinds=("plan", "query", "rule")):
        rng = random.Random(seed)
        told = in_story(draw.after, [story], pieces, rng)
        assert is_well_formed(told)
        assert (told.goal, told.kind) == (draw.after.goal, draw.after.kind)
        assert is_within(letters(draw.after.words), letters(told.words))
        assert told.tags.count("read") == draw.after.tags.count("read")
        assert told.tags.count("unread") == draw.after.tags.count("unread")


def test_nothing_is_said_behind_a_question(pieces: Pieces) -> None:
    question = Sentence(words=("where", "is", "it?"), tags=("read",) * 3, kind="query", goal="? where mug")
    for seed in range(100):
        assert in_story(question, [], pieces, random.Random(seed)).words[-1] == "it?"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_word_that_goals_cannot_say_is_unread_and_changes_no_goal(
    people: list[PeopleHome], pieces: Pieces, seed: int
) -> None:
    for _, sentence, rng in plans(people, seed):
        changed = with_unread(sentence, pieces, rng)
        assert is_well_formed(changed)
        assert changed.goal == sentence.goal
        if changed != sentence:
            assert changed.tags.count("unread") > sentence.tags.count("unread")
        assert is_within(letters(sentence.words), letters(changed.words))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_property_is_said_and_written_of_one_thing(people: list[PeopleHome], seed: int) -> None:
    for draw, sentence, rng in plans(people, seed):
        changed = with_property(sentence, rng)
        if changed is None:
            continue
        assert is_well_formed(changed)
        goal = goal_of(changed, draw)
        assert meaning(goal) != meaning(goal_of(sentence, draw))
        new = {*changed.goal.split()} - {*sentence.goal.split()}
        (written,) = new if new else {None}
        if written in COLORS or (written or "").endswith("'s"):
            assert any(word.startswith(written) for word in changed.words)  # type: ignore[arg-type]
        after, before = ([k for k in kinds_in(text) if k != written] for text in (changed.goal, sentence.goal))
        assert after == before  # "orange" is a color and a kind


@pytest.mark.parametrize(
    ("change", "separator"), [(with_time, " : "), (with_test, " : "), (with_rule, " while never ")]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_times_tests_and_rules_are_read_and_stand_in_the_goal(
    people: list[PeopleHome],
    pieces: Pieces,
    seed: int,
    change: Callable[[Sentence, Pieces, random.Random], Sentence | None],
    separator: str,
) -> None:
    for draw, sentence, rng in plans(people, seed, 12):
        changed = change(sentence, pieces, rng)
        if changed is None:
            assert not sentence.conditions or change is with_rule
            continue
        assert is_well_formed(changed)
        goal, before = goal_of(changed, draw), goal_of(sentence, draw)
        assert goal.conditions == before.conditions
        assert separator in changed.goal and sentence.goal in changed.goal
        assert meaning(replaced(goal, before)) == meaning(before)
        assert is_within(letters(sentence.words), letters(changed.words))
        assert changed.tags.count("read") > sentence.tags.count("read")
        for tag in ("context", "unread"):
            assert changed.tags.count(tag) == sentence.tags.count(tag)


def replaced(goal: Goal, before: Goal) -> Goal:
    """Return a goal without the times, tests and rules that another one has not."""
    return Goal(phases=goal.phases, guards=before.guards, rules=before.rules)


def test_no_rule_forbids_what_is_asked_for(pieces: Pieces) -> None:
    sentence = plain_sentence("oven on", "oven on")
    for seed in range(200):
        changed = with_rule(sentence, pieces, random.Random(seed))
        assert changed is None or not changed.goal.endswith("oven")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_list_has_as_many_conditions_as_things(people: list[PeopleHome], seed: int) -> None:
    for draw, sentence, rng in plans(people, seed, 60):
        listed = with_list(sentence, draw.exchange, rng)
        if listed is None:
            continue
        assert is_well_formed(listed)
        goal = goal_of(listed, draw)
        things = [condition.split(" on ")[0].split(" in ")[0].split(" with ")[0] for condition in listed.conditions]
        kinds = [kinds_in(thing)[-1] for thing in things]
        assert 2 <= len(goal.conditions) == len(listed.conditions) == len({*kinds}) <= 8
        assert all(is_named(listed.words, kind) and kind in draw.exchange.present for kind in kinds)
        places = {condition.removeprefix(thing) for condition, thing in zip(listed.conditions, things, strict=True)}
        assert len(places) == 1  # all to where the one was to go
        assert next(iter(places)) in sentence.goal


def test_lists_are_drawn_of_every_length(people: list[PeopleHome]) -> None:
    exchange = exchange_of(people[0], random.Random(1))
    sentence = plain_sentence("take the mug to the table please", "mug on dining table")
    lengths = set()
    for seed in range(400):
        listed = with_list(sentence, exchange, random.Random(seed))
        if listed is not None:
            assert listed.text.endswith(" to the table please")
            lengths.add(len(listed.conditions))
    assert lengths == {2, 3, 4, 5, 6, 7, 8}


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("two mugs on the table", "2 mug on dining table"),  # a number that stands before the first thing alone
        ("all mugs on the table", "every mug on dining table"),
        ("take the mug and put it on the table", "mug on dining table"),  # "it" is one thing
        ("wash the mug", "clean mug"),
        ("the mug on the table, then the mug off", "mug on dining table"),
        ("one of the mugs", "mug with person"),
    ],
)
def test_no_list_where_more_is_said_of_the_one_thing(people: list[PeopleHome], text: str, goal: str) -> None:
    exchange = exchange_of(people[0], random.Random(0))
    for seed in range(20):
        assert with_list(plain_sentence(text, goal), exchange, random.Random(seed)) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_each_thing_goes_to_its_own_place(people: list[PeopleHome], seed: int) -> None:
    rng = random.Random(seed)
    home = rng.choice(people)
    exchange = exchange_of(home, rng)
    for _ in range(10):
        sentence = each_with_its_place(exchange, rng)
        if sentence is None:
            continue
        assert is_well_formed(sentence)
        assert len(parse_goal(sentence.goal).conditions) == len(sentence.conditions) >= 2
        for condition in sentence.conditions:
            thing, place = kinds_in(condition)
            assert is_named(sentence.words, thing) and is_named(sentence.words, place)
            assert load_domain().fits(thing, place)
            assert {thing, place} <= exchange.present


@pytest.mark.parametrize("position", [-3, 0, 1, 2, 9])
def test_words_are_put_in_with_their_tag(position: int) -> None:
    changed = put_in(plain_sentence("wash it", "clean mug"), position, "very  quickly", "unread", "mug")
    assert len(changed.words) == 4 and changed.goal == "mug"
    assert [w for w, tag in zip(changed.words, changed.tags, strict=True) if tag == "unread"] == ["very", "quickly"]


def test_behind_an_article_the_new_word_decides_between_a_and_an(pieces: Pieces) -> None:
    sentence = plain_sentence("bring an apple", "apple with person")
    for seed in range(200):
        words = with_unread(sentence, pieces, random.Random(seed)).words
        assert (words[1] == "an") == (words[2][0] in "aeiou")
        with_color = with_property(sentence, random.Random(seed))
        if with_color is not None and with_color.words[1] in ("a", "an"):
            assert (with_color.words[1] == "an") == (with_color.words[2][0] in "aeiou")
