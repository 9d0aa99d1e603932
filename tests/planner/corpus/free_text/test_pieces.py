"""Short pieces of speech, and what they are in the goal language."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal, parse_time
from planner.corpus.free_text import pieces as module
from planner.corpus.free_text.pieces import LISTS, PAIRS, Pieces, load_pieces, said, time_of_day
from planner.errors import PlannerError

FORM = {"times": "{} : mug in sink", "tests": "{} : mug in sink", "rules": "mug in sink while {}"}


@pytest.mark.parametrize("name", PAIRS)
def test_every_pair_is_in_the_goal_language(pieces: Pieces, name: str) -> None:
    rng = random.Random(0)
    for pair in pieces.pairs[name]:
        alone = Pieces(texts={}, pairs={name: (pair,)})
        say, goal = alone.pair(name, rng)
        parsed = parse_goal(FORM[name].format(goal))
        assert parsed.guards or parsed.rules
        assert say and "{" not in say + goal and "|" not in say


@pytest.mark.parametrize("name", LISTS)
def test_every_text_is_one_line_in_small_letters(pieces: Pieces, name: str) -> None:
    rng = random.Random(0)
    for pattern in pieces.texts[name]:
        text = said(pattern, rng)
        assert text and text == " ".join(text.lower().split())
        assert not {*"{}|"} & {*text}


def test_no_unread_adjective_is_one_that_goals_can_say(pieces: Pieces) -> None:
    domain = load_domain()
    known = {*domain.property_group, *domain.states, *domain.negations, *domain.liquids}
    for pattern in pieces.texts["unread adjectives"]:
        assert not known & {*said(pattern, random.Random(0)).split()}, pattern


def test_there_are_many_of_each(pieces: Pieces) -> None:
    assert all(len(pieces.texts[name]) >= 50 for name in LISTS)
    assert all(len(pieces.pairs[name]) >= 30 for name in PAIRS)


def test_a_number_is_the_same_in_text_and_goal() -> None:
    alone = Pieces(texts={}, pairs={"times": (("in {n} minutes", "after {n} min"),)})
    seen = {alone.pair("times", random.Random(seed)) for seed in range(100)}
    assert ("in 20 minutes", "after 20 min") in seen
    assert ("in five minutes", "after 5 min") in seen
    assert all(goal == f"after {say.split(' ')[1]} min" for say, goal in seen if say.split(" ")[1].isdigit())


@pytest.mark.parametrize("seed", range(200))
def test_a_time_of_day_is_said_as_it_is_written(seed: int) -> None:
    clock, words = time_of_day(random.Random(seed))
    assert parse_goal(f"at {clock} : mug in sink").guards
    hour, minute = map(int, clock.split(":"))
    assert parse_time(clock) == hour * 3600 + minute * 60
    numbers = [
        part for part in words.replace(".", ":").replace("am", " ").replace("pm", " ").split() if part[0].isdigit()
    ]
    for number in numbers:
        said_hour, _, said_minute = number.partition(":")
        assert int(said_hour) % 12 == hour % 12
        assert not said_minute or int(said_minute) == minute
    if re.search(r"\dam| am\b|morning", words):
        assert hour < 12
    if re.search(r"\dpm| pm\b|afternoon|evening|night", words):
        assert hour >= 12
    assert words != "noon" or clock == "12:00"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("jokes: [ha]\n", "a.yaml: unknown list 'jokes'; there are unread adjectives"),
        ("- a\n", "a.yaml: expected a mapping of lists"),
    ],
)
def test_a_file_of_another_form_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, problem: str
) -> None:
    (tmp_path / "people" / "pieces").mkdir(parents=True)
    (tmp_path / "people" / "pieces" / "a.yaml").write_text(content, encoding="utf-8")
    monkeypatch.setattr(module, "datasets_dir", lambda: tmp_path)
    with pytest.raises(PlannerError, match=problem):
        load_pieces.__wrapped__()
