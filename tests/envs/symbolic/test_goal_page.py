"""The page about the goal language, docs/goals.md: its goals are read, its message is given."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from envs.errors import GoalError
from envs.scenes.home_file import load_home
from envs.symbolic.goals import FixtureIs, format_goal, format_query, parse_goal, parse_query

TEXT = (Path(__file__).parents[3] / "docs" / "goals.md").read_text(encoding="utf-8")
COMMANDS = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| [^|]+ \| (`.*`) \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("text", [goal for row in ROWS for goal in re.findall(r"`([^`]+)`", row)])
def test_each_goal_of_the_page_is_read_and_canonical(text: str) -> None:
    assert text == (format_query(parse_query(text)) if text.startswith("?") else format_goal(parse_goal(text)))


def test_the_page_shows_the_message_that_is_given() -> None:
    shown = re.search(r"`('(all mugs[^']*)': [^`]*)`", TEXT)
    assert shown is not None
    with pytest.raises(GoalError) as caught:
        parse_goal(shown[2])
    assert str(caught.value) == shown[1]


def test_the_goals_to_be_run_ask_for_every_one_of_several_in_the_default_home() -> None:
    """`ceiling light off` does nothing while one of three is off."""
    scene = load_home("family_house", geometry=False)
    counts = Counter(spec.category for spec in scene.fixtures)
    timed = TEXT[TEXT.index("## Time") :]
    texts = [*re.findall(r"`([^`\n]+ : [^`\n]+)`", timed), *re.findall(r'goal\(?=? ?"([^"]+)"', timed)]
    texts += re.findall(r'--goal "([^"]+)"', timed + COMMANDS)
    goals = [parse_goal(text, scene=scene) for text in texts if not text.startswith(("?", "every day …"))]
    assert len(goals) > 8
    for goal in goals:
        for condition in goal.conditions:
            assert (
                not isinstance(condition, FixtureIs)
                or condition.quantifier != "some"
                or (counts[condition.fixture] == 1)
            ), format_goal(goal)
