"""Rates of instructions that become tasks, and of right ones among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.benchmarks import said
from planner.benchmarks.said import judge, main, summary
from planner.learning.proposing.proposals import Proposal
from planner.learning.proposing.said import ReadSaid
from planner.tasks.task_files import read_tasks

LINES = [
    {"id": "t/0", "home": "studio", "instruction": "the mug on the desk", "goal": "mug on desk", "answer": "plan"},
    {"id": "t/1", "home": "studio", "instruction": "turn the radio off", "goal": "radio off", "answer": "plan"},
    {"id": "t/2", "home": "studio", "instruction": "sing", "goal": None, "answer": "refuse"},
]
READ = {"t/0": ("mug on desk", ""), "t/1": ("", "not understood"), "t/2": ("radio on", "")}


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    return path


def record(key: str) -> dict[str, object]:
    goal, dropped = READ[key]
    return Proposal(id=key, home=1, instruction="", goal=goal, dropped=dropped, origin="said").as_dict()


def test_a_task_is_right_if_its_goal_asks_for_what_was_meant(tasks: Path) -> None:
    first, second, third = (judge(line, record(line.id)) for line in read_tasks(tasks))
    assert [(r["plan"], r["agreed"], r["right"]) for r in (first, second, third)] == [
        (True, True, True), (True, False, False), (False, True, False)
    ]  # fmt: skip
    rates = summary([first, second, third])
    assert {name: (r["hits"], r["total"]) for name, r in rates.items()} == {  # type: ignore[index]
        "plans_agreed": (1, 2), "others_agreed": (1, 1), "tasks_right": (1, 2)
    }  # fmt: skip


def test_the_command_prints_the_rates(
    tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ReadSaid, "__call__", lambda self, key: record(key))
    out = tmp_path / "out.jsonl"
    assert main([str(tasks), "--json", "--out", str(out)]) == 0
    assert json.loads(capsys.readouterr().out)["tasks_right"]["hits"] == 1
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3
    assert main([str(tasks)]) == 0
    assert "tasks, right" in capsys.readouterr().out
    assert said.main([str(tasks), "--limit", "0"]) == 2
