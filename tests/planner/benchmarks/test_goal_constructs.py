from __future__ import annotations

import json

import pytest

from planner.benchmarks.goal_constructs.__main__ import COLUMNS, FACTS, RATE, main
from planner.tasks.random_goals import CONSTRUCTS


def test_the_command_counts_by_construct(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--goals", "25", "--no-gpt", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts.pop(RATE) > 0
    assert list(counts) == list(CONSTRUCTS)
    assert sum(count["goals"] for count in counts.values()) == 25
    for count in counts.values():
        assert list(count) == [*COLUMNS, *FACTS]
        assert count["facts p50"] <= count["facts p95"] <= 200
        assert count["hold"] + count["infeasible"] + count["teacher"] <= count["goals"]
        assert count["GPT"] == 0


def test_no_goals_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--goals", "0"]) == 2
    assert "--goals is at least 1" in capsys.readouterr().err
