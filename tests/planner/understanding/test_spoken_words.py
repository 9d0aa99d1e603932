"""What each part of a sentence became, and what is asked about words that no goal can say."""

from __future__ import annotations

import pytest

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import parse_goal, parse_query, parse_rule
from planner.plans.planning_result import ParsedInstruction, SpokenPart
from planner.understanding.spoken_words import asked_about_unread, left_out, spoken_parts, with_something_said
from tests.envs.homes_for_tests import state

NAMES = {"r": "read", "c": "context", "u": "unread"}


def parts(text: str, uses: str, *conditions: str) -> list[tuple[str, str]]:
    found = spoken_parts(text.split(" "), [NAMES[use] for use in uses], conditions, load_domain())  # type: ignore[misc]
    return [(part.text, part.became) for part in found]


@pytest.mark.parametrize(
    ("text", "uses", "conditions", "expected"),
    [
        ("wash it please", "rrc", ["clean mug"], [("wash it", "clean mug"), ("please", "context")]),
        ("wash it quickly", "rru", ["clean mug"], [("wash it", "clean mug"), ("quickly", "unread")]),
        (
            "mug in the sink and fork in the drawer", "rrrrrrrrr", ["mug in sink", "fork in drawer"],
            [("mug in the sink", "mug in sink"), ("and fork in the drawer", "fork in drawer")],
        ),
        (
            "fork in the drawer, mug in the sink", "rrrrrrrr", ["mug in sink", "fork in drawer"],
            [("fork in the drawer,", "fork in drawer"), ("mug in the sink", "mug in sink")],
        ),
        ("hello there", "cc", ["a", "b"], [("hello there", "context")]),
        ("hello there", "rr", [], [("hello there", "read")]),
    ],
)  # fmt: skip
def test_the_parts_of_a_sentence(text: str, uses: str, conditions: list[str], expected: list[tuple[str, str]]) -> None:
    assert parts(text, uses, *conditions) == expected


def test_the_parts_are_all_words_in_order() -> None:
    text = "please, the mug and fork to the sink, then quietly open the old window"
    uses = "crrrrrrrrurrur"
    found = parts(text, uses, "mug in sink", "fork in sink", "window open")
    assert " ".join(part for part, _ in found) == text
    assert {became for _, became in found} == {"context", "unread", "mug in sink", "fork in sink", "window open"}


def asked(**options: object) -> ParsedInstruction:
    words = (SpokenPart(text="wash it", became="read"), SpokenPart(text="quietly,", became="unread"))
    return asked_about_unread(ParsedInstruction(instruction="", words=words, **options), load_domain())  # type: ignore[arg-type]


def test_a_goal_without_unread_words_is_offered() -> None:
    goal = parse_goal("clean mug")
    parsed = asked(goal=goal)
    assert parsed.goal is None and parsed.options == (goal,)
    assert parsed.question.startswith('I cannot take "quietly" into account. Shall I ')
    assert parsed.question.endswith(" all the same?") and "mug" in parsed.question


def test_a_question_and_a_rule_are_not_answered_as_if_no_word_were_missing() -> None:
    question = asked(query=parse_query("? where mug"))
    assert question.query is None and '"quietly"' in question.question
    rule = asked(rules=(parse_rule("never oven on"),))
    assert rule.rules == () and '"quietly"' in rule.question


@pytest.mark.parametrize(
    ("text", "goal", "expected"),
    [
        ("the mug and the fork to the sink", "mug in sink", ["fork"]),
        ("the mug and the fork to the sink", "mug in sink ; fork in sink", []),
        ("two forks, the mug to the sink", "mug in sink", ["forks,"]),
        ("the mug beside the fork", "mug in sink", []),  # says where the mug goes
        ("the mug that lies on the fork", "mug in sink", []),  # says where the mug is
        ("the mug and fork-like things", "mug in sink", []),
        ("all cutlery and the fork to the sink", "every cutlery in sink", []),  # a class of which it is one
        ("take the pillow and the mug to the sink", "mug in sink", []),  # nothing here is called so
    ],
)
def test_things_of_the_home_that_a_goal_forgets(text: str, goal: str, expected: list[str]) -> None:
    home = state(["sink 1", "drawer 1"], {"mug 1": "sink 1", "fork 1": "drawer 1"})
    words = text.split(" ")
    assert [words[i] for i in left_out(words, ["read"] * len(words), goal, home)] == expected


def test_what_is_context_is_not_forgotten() -> None:
    home = state(["sink 1"], {"mug 1": "sink 1", "fork 1": "sink 1"})
    words = ["wash", "the", "mug", "the", "fork", "is", "clean"]
    uses = ["read"] * 3 + ["context"] * 4
    assert left_out(words, uses, "clean mug", home) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "uses", "expected"),
    [
        ("turn on the tv that is on the table", "rrrruurrr", "rrrrccrrr"),
        ("take the mug with the crack, please", "rrruuuc", "rrruuuc"),
        ("press it to open the lid that we like", "rruruuuuu", "rrcruuuuu"),
        ("put it on the left", "rruuu", "rruuu"),
        ("the one, not the other", "uuuuu", "uuuuu"),
    ],
)
def test_unread_words_that_say_nothing_by_themselves_are_not_asked_about(text: str, uses: str, expected: str) -> None:
    found = with_something_said(text.split(" "), [NAMES[use] for use in uses])  # type: ignore[misc]
    assert found == tuple(NAMES[use] for use in expected)
