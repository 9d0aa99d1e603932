"""The page about the goal language, docs/goals.md: its goals are read, its message is given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from envs.errors import GoalError
from envs.symbolic.goals import format_goal, format_query, parse_goal, parse_query

TEXT = (Path(__file__).parents[3] / "docs" / "goals.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| [^|]+ \| (`.*`) \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("text", [goal for row in ROWS for goal in re.findall(r"`([^`]+)`", row)])
def test_each_goal_of_the_page_is_read_and_canonical(text: str) -> None:
    assert text == (format_query(parse_query(text)) if text.startswith("?") else format_goal(parse_goal(text)))


def test_the_page_shows_the_message_that_is_given() -> None:
    shown = re.search(r"was said: `('(all mugs[^']*)'.*?)`\.$", TEXT, re.MULTILINE)
    assert shown is not None
    with pytest.raises(GoalError) as caught:
        parse_goal(shown[2])
    assert str(caught.value) == shown[1]
