"""Plan lengths beside Fast Downward's: what is counted, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.benchmarks.plan_length import Length, main, summary
from planner.plans.pddl import fast_downward
from tests.planner.command_calls import called, refused

PROG = "python -m planner.benchmarks.plan_length"


def length(ours: int | None, theirs: int | None, broken: str = "") -> Length:
    return Length(id="a", goal="holding mug", ours=ours, theirs=theirs, broken=broken)


def test_only_tasks_with_both_plans_are_compared() -> None:
    text = summary([length(4, 2), length(3, 3), length(None, 2), length(5, None, "no room in cup 1")])
    assert "4 tasks; plans of both: 2; replays of theirs that broke or were not found: 1" in text
    assert "1.40 of all subtasks, median 1.50; no longer than theirs: 1" in text


def test_nothing_to_compare_has_no_ratio() -> None:
    assert "ours / theirs" not in summary([length(None, None)])


def test_without_the_extra_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_downward, "is_installed", lambda: False)
    refused(called(PROG, main, [], capsys), "pip install 'gpt-home-planner[fast-downward]'")


@pytest.mark.parametrize("argv", [["--tasks", "0"], ["--seconds", "0"]])
def test_wrong_numbers_are_wrong_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    refused(called(PROG, main, argv, capsys), argv[0])


@pytest.mark.skipif(not fast_downward.is_installed(), reason="the extra `fast-downward` is not installed")
def test_one_task_is_measured(capsys: pytest.CaptureFixture[str], model_folder: Path) -> None:
    outcome = called(PROG, main, ["--tasks", "1", "--seconds", "600", "--model", str(model_folder)], capsys)
    assert outcome.code == 0 and "1 tasks" in outcome.out
