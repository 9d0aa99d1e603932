"""What the choices of the loop come to: shared stages, own training, and paired comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.benchmarks import improvement, loop_choices
from planner.benchmarks.loop_choices import SHARED_STAGES, compare_weights, cycles, sizes_of
from planner.io.json_lines import Record, write_lines
from planner.learning import cycle, judging
from planner.learning.acceptance import Decision
from planner.learning.sizes import Method, Sizes
from planner.learning.training_mixture import RULES


def test_a_cycle_of_given_minutes_has_attempts_to_compare() -> None:
    short, long = sizes_of(2.0), sizes_of(20.0)
    assert short.attempts == long.attempts > 1
    assert 0 < short.tasks < long.tasks and 0 < short.steps < long.steps


def test_every_choice_begins_with_the_same_weights_and_shares_what_it_does_not_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str, float, int, tuple[str, ...]]] = []

    def run_cycle(
        folder: Path, model: Path, outcomes: list[Record], replay: object, sizes: Sizes, **options: object
    ) -> cycle.CycleResult:
        folder.mkdir(parents=True, exist_ok=True)
        found = tuple(name for name in SHARED_STAGES if (folder / f"{name}.jsonl").exists())
        method = options["method"]
        assert isinstance(method, Method) and options["number"] == 1 and model == tmp_path / "model"
        made.append((folder.parent.name, method.rule, sizes.new_share, sizes.longest, found))
        for name in SHARED_STAGES:
            write_lines(folder / f"{name}.jsonl", [{"id": name}])
        decision = Decision(accepted=False, reason="")
        return cycle.CycleResult(decision=decision, model=model, outcomes=outcomes, metrics={})

    monkeypatch.setattr(cycle, "run_cycle", run_cycle)
    monkeypatch.setattr(judging, "evaluate_weights", lambda *args, **options: [])
    monkeypatch.setattr("planner.learning.replay_corpus.find_replay", lambda *args: None)
    found = cycles(tmp_path / "model", tmp_path, sizes_of(1.0), 0)
    share, longest = sizes_of(1.0).new_share, sizes_of(1.0).longest
    assert made == [
        ("rejection", "rejection", share, longest, ()),
        ("advantage", "advantage", share, longest, SHARED_STAGES),
        ("preference", "preference", share, longest, SHARED_STAGES),
        ("fewer new", "rejection", share / 2, longest, SHARED_STAGES),
        ("every length", "rejection", share, 10, ("sampled", "reworded")),
    ]
    assert list(found) == ["before", *RULES, "unmixed", *loop_choices.CHOICES]
    assert found["unmixed"] == tmp_path / "rejection" / "cycle-1" / "trained"


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
    names = ("before", *RULES, loop_choices.UNMIXED, *loop_choices.CHOICES)

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
