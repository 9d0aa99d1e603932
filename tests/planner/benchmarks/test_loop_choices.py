"""What the choices of the loop come to: shared stages, own training, and paired comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.benchmarks import improvement, loop_choices
from planner.benchmarks.loop_choices import SHARED_STAGES, compare_weights, cycles, sizes_of
from planner.io.json_lines import Record, read_lines, write_lines
from planner.learning import cycle
from planner.learning.acceptance import Decision
from planner.learning.training_mixture import RULES


def test_a_cycle_of_given_minutes_has_attempts_to_compare() -> None:
    short, long = sizes_of(2.0), sizes_of(20.0)
    assert short.attempts == long.attempts > 1
    assert 0 < short.tasks < long.tasks and 0 < short.steps < long.steps


def test_rules_train_on_the_same_tries_and_the_second_cycle_begins_with_the_first_rules_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, int, str, str, bool, tuple[str, ...]]] = []

    def run_cycle(
        folder: Path, model: Path, outcomes: list[Record], *args: object, **options: object
    ) -> cycle.CycleResult:
        folder.mkdir(parents=True, exist_ok=True)
        found = tuple(name for name in SHARED_STAGES if (folder / f"{name}.jsonl").exists())
        method, number = options["method"], options["number"]
        assert isinstance(method, cycle.Method) and isinstance(number, int)
        start = "/".join(model.relative_to(tmp_path).parts)
        made.append((folder.parent.name, number, start, method.rule, method.prefer_failures, found))
        for name in (*SHARED_STAGES, "held_out"):
            write_lines(folder / f"{name}.jsonl", [{"id": name}])
        decision = Decision(accepted=False, reason="")
        return cycle.CycleResult(decision=decision, model=model, outcomes=outcomes, metrics={})

    monkeypatch.setattr(cycle, "run_cycle", run_cycle)
    monkeypatch.setattr(cycle, "evaluate_weights", lambda *args, **options: [])
    monkeypatch.setattr("planner.learning.replay_corpus.find_replay", lambda *args: None)
    found = cycles(tmp_path / "model", tmp_path, sizes_of(1.0), 0)
    first = f"{RULES[0]}/cycle-1/model"
    assert made == [
        ("rejection", 1, "model", "rejection", True, ()),
        ("advantage", 1, "model", "advantage", True, SHARED_STAGES),
        ("preference", 1, "model", "preference", True, SHARED_STAGES),
        ("leaning", 2, first, "rejection", True, ()),
        ("uniform", 2, first, "rejection", False, ()),
    ]
    for name in loop_choices.CHOICES:  # what the second cycle leans by
        assert read_lines(tmp_path / name / "cycle-1" / "episodes.jsonl")
    assert list(found) == ["before", *RULES, "leaning", "uniform"]


def test_comparison_is_paired_and_by_group() -> None:
    def outcome(split: str, alone: bool) -> Record:
        return {"id": "", "split": split, "alone": alone, "verified": True}

    first = [outcome("wardrobe", False), outcome("known", True), outcome("then", False)]
    second = [outcome("wardrobe", True), outcome("known", False), outcome("then", False)]
    found = compare_weights({"a": first, "b": second}, "a", "b")
    assert (found["new forms, alone"]["wins"], found["new forms, alone"]["losses"]) == (1, 0)
    assert (found["known, alone"]["wins"], found["known, alone"]["losses"]) == (0, 1)
    assert found["all, alone"]["total"] == 3 and found["all, verified"]["gain"] == 0


def test_the_command_measures_all_weights_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured: list[str] = []
    names = ("before", *RULES, *loop_choices.CHOICES)

    def outcomes(model: Path, count: int, seed: int, samples: int) -> list[Record]:
        measured.append(f"{model} {seed}")
        return [{"id": "1", "split": "known", "alone": True, "verified": True, "same_goal": True, "misread": False,
                 "length": 1.0}]  # fmt: skip

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loop_choices, "cycles", lambda *args: {name: Path(name) for name in names})
    monkeypatch.setattr(improvement, "evaluate_model", outcomes)
    command = ["--model", "m", "--seeds", "0", "1"]
    assert loop_choices.main(command) == 0
    assert len(measured) == 2 * len(names)
    assert loop_choices.main(command) == 0  # what is measured is not measured again
    assert len(measured) == 2 * len(names)
    assert "rejection / preference" in capsys.readouterr().out


def test_odd_arguments_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert loop_choices.main(["--model", "m", "--count", "0"]) == 2
    assert "--count is at least 1" in capsys.readouterr().err
