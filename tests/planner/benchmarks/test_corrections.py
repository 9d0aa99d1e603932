"""Exchanges are scored by what they lead to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.api import Planner
from planner.benchmarks.corrections import exchange, main, summary
from planner.tasks.task_files import read_tasks

SAID = "put the mug on the table"
EXCHANGES: tuple[tuple[str, str | None, str], ...] = (
    ("undo", None, "undo"),
    ("again", None, "undo"),
    ("put the mug on the counter and then on the table", None, "new"),
    ("no, that is wrong", "mug on countertop", "place"),
)


@pytest.fixture
def file(tmp_path: Path, flat_file: Path) -> Path:
    path = tmp_path / "exchanges.jsonl"
    lines = [
        {"id": str(n), "home": str(flat_file), "instruction": SAID, "correction": correction, "family": family,
         "goal": goal, "answer": "plan" if goal else "refuse"}
        for n, (correction, goal, family) in enumerate(EXCHANGES)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_each_exchange_has_an_outcome(file: Path, memorized: Planner) -> None:
    records = [exchange(memorized, line) for line in read_tasks(file)]
    assert [r["outcome"] for r in records] == ["right", "wrong", "right", "asked"]
    rows = summary(records)
    assert rows["all"]["exchanges"] == 4 and rows["undo"]["right"] == {
        "hits": 1, "total": 2, "rate": 0.5, "ci95": rows["undo"]["right"]["ci95"],  # type: ignore[index]
    }  # fmt: skip


def test_the_command_prints_a_table_and_data(
    file: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    assert main([str(file), "--model", str(model_folder), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["exchanges"] == 4
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4
    assert main([str(file), "--model", str(model_folder)]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == [
        "corrections", "n", "right", "was", "so", "asked", "refused", "wrong",
    ]  # fmt: skip


def test_a_file_without_corrections_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text(
        '{"id": "a", "instruction": "set the table", "goal": "2 plate on dining table"}\n', encoding="utf-8"
    )
    assert main([str(path)]) == 2
    assert "has no `correction`" in capsys.readouterr().err
