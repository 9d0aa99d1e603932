"""What weights can do that the narrow corpus does not cover: the rows are of what it leaves out, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from planner.benchmarks import improvement
from planner.benchmarks.improvement import LONG_GOALS, NEW_FORMS, splits, summary, tasks, teacher_length
from planner.corpus.recipe_file import read_recipe
from planner.io.json_lines import Record
from planner.tasks import excluded_forms
from planner.tasks.held_out_trials import EvaluationTask

WITHOUT = set(read_recipe("narrow").corpus.without)


@pytest.fixture(scope="module")
def drawn() -> list[EvaluationTask]:
    return list(tasks(1, 5))


def test_all_that_the_corpus_leaves_out_has_a_row() -> None:
    assert {name for split in splits() for name in split.forms} == WITHOUT
    assert set(NEW_FORMS) == WITHOUT - {"then", "joined every"}


def test_rows_are_of_their_own_form_alone(drawn: list[EvaluationTask]) -> None:
    for trial in drawn:
        assert trial.goal is not None
        found = excluded_forms.forms(trial.goal) & WITHOUT
        assert found == ({trial.split} if trial.split in WITHOUT else set()), trial.split
        if trial.split.startswith("5-10"):
            assert LONG_GOALS[0] <= len(trial.goal.conditions) <= LONG_GOALS[1]
        else:
            assert len(trial.goal.conditions) <= 4


def test_the_teachers_plans_are_what_lengths_are_compared_with(drawn: list[EvaluationTask]) -> None:
    lengths = [teacher_length(trial) for trial in drawn]
    assert sum(length is not None and length > 0 for length in lengths) >= len(lengths) - 1


def test_a_row_is_of_all_its_tasks_and_new_forms_are_of_several_rows() -> None:
    def outcome(split: str, alone: bool, length: float | None) -> Record:
        outcome: Record = {"id": "", "split": split, "alone": alone, "verified": True, "same_goal": alone}
        return outcome | {"length": length, "misread": not alone}

    rows = summary([outcome("wardrobe", True, 1.2), outcome("wardrobe", False, None), outcome("ottoman", True, 1.0)])
    assert rows["wardrobe"]["alone"] == {"hits": 1, "total": 2, "rate": 0.5, "ci95": [0.0945, 0.9055]}
    assert (rows["wardrobe"]["length"], rows["new forms"]["length"]) == (1.2, 1.1)
    assert rows["new forms"]["alone"]["total"] == 3  # type: ignore[index]
    assert rows["new forms"]["misread"]["hits"] == 1  # type: ignore[index]


def test_the_command_writes_every_outcome(
    drawn: list[EvaluationTask], model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(improvement, "tasks", lambda count, seed, rows: drawn[:2])
    out = tmp_path / "outcomes.json"
    assert improvement.main([str(model_folder), "--count", "1", "--samples", "0", "--out", str(out)]) == 0
    (outcomes,) = json.loads(out.read_text()).values()
    assert [o["split"] for o in outcomes] == ["known", "5-10"]
    shown = capsys.readouterr().out
    assert "direct pass" in shown and "silent misreads" in shown
    assert improvement.main([str(model_folder), "--count", "0"]) == 2
    assert improvement.main([str(model_folder), "--rows", "knwn"]) == 2
    assert "known" in capsys.readouterr().err


def test_further_models_are_compared_with_the_first_task_by_task(
    drawn: list[EvaluationTask], model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(improvement, "tasks", lambda count, seed, rows: drawn[:2])
    copy = shutil.copytree(model_folder, tmp_path / "copy")
    assert improvement.main([str(model_folder), str(copy), "--count", "1", "--samples", "0"]) == 0
    compared = capsys.readouterr().out.partition(" against ")[2]
    assert compared.count("+0 -0") == 3 * 2 and "+0.0 [" in compared
