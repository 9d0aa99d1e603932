"""Plan lengths beside Fast Downward's: what is counted, and what is said when it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.symbolic.actions import parse_action
from envs.symbolic.goals import parse_goal
from planner.benchmarks.plan_length import Length, by_construct, main, summary, without_tidying
from planner.plans.pddl import fast_downward
from tests.envs.homes_for_tests import state
from tests.planner.command_calls import called, refused

PROG = "python -m planner.benchmarks.plan_length"
MUG_PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on desk 1", "close cabinet 1"]


def length(ours: int | None, theirs: int | None, broken: str = "") -> Length:
    return Length(id="a", goal="holding mug", ours=ours, needed=ours, theirs=theirs, broken=broken)


def test_only_tasks_with_both_plans_are_compared() -> None:
    text = summary([length(4, 2), length(3, 3), length(None, 2), length(5, None, "no room in cup 1")])
    assert "4 tasks; plans of both: 2; replays of theirs that broke or were not found: 1" in text
    assert "1.40 of all subtasks, 1.40 without tidying up, median 1.50; no longer than theirs: 1" in text


def test_nothing_to_compare_has_no_ratio() -> None:
    assert "ours / theirs" not in summary([length(None, None)])


def test_without_the_extra_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_downward, "is_installed", lambda: False)
    refused(called(PROG, main, [], capsys), "pip install 'gpt-home-planner[fast-downward]'")


def test_the_table_is_by_construct() -> None:
    lengths = [
        Length(id="1", goal="a", ours=4, needed=3, theirs=2, construct="every", is_replayed=True),
        Length(id="2", goal="b", ours=2, needed=2, theirs=2, construct="every", is_replayed=True),
        Length(id="3", goal="c", ours=3, needed=3, theirs=None, construct="half", broken="no room", is_replayed=True),
        Length(id="4", goal="d", ours=None, needed=None, theirs=None, construct="half", broken="no plan in time"),
    ]
    rows = {row.split()[0]: row.split()[1:] for row in by_construct(lengths).splitlines()[1:]}
    assert rows["every"] == ["2", "100%", "100%", "2", "of", "2", "1.50", "1.25", "1.50"]
    assert rows["half"] == ["2", "50%", "0%", "0", "of", "1", "–", "–", "–"]
    assert rows["all"] == ["4", "75%", "50%", "2", "of", "3", "1.50", "1.25", "1.50"]


@pytest.mark.parametrize(
    ("goal", "plan", "kept"),
    [
        ("mug on desk", MUG_PLAN, 3),
        ("mug on desk ; cabinet closed", MUG_PLAN, 4),
        ("lamp on", ["turn on desk lamp 1"], 1),
        ("no mug in cabinet", MUG_PLAN, 2),
        ("lamp on then lamp off", ["turn on desk lamp 1", "turn off desk lamp 1"], 2),
    ],
)  # fmt: skip
def test_tidying_up_is_what_the_proof_does_not_need(goal: str, plan: list[str], kept: int) -> None:
    home = state(["desk 1", "cabinet 1", "desk lamp 1"], {"mug 1": "cabinet 1"})
    actions = [parse_action(home.world, step) for step in plan]
    assert without_tidying(parse_goal(goal), home, actions) == actions[:kept]


def test_a_cabinet_that_was_opened_to_put_something_away_is_tidying_up() -> None:
    home = state(["desk 1", "cabinet 1"], {"cup 1": "desk 1"})
    actions = [parse_action(home.world, step) for step in ("open cabinet 1", "pick up cup 1", "put cup 1 in cabinet 1")]
    assert without_tidying(parse_goal("no cup on desk"), home, actions) == actions[1:2]


@pytest.mark.parametrize("argv", [["--tasks", "0"], ["--seconds", "0"], ["--goals", "0"]])
def test_wrong_numbers_are_wrong_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    refused(called(PROG, main, argv, capsys), argv[0])


@pytest.mark.skipif(not fast_downward.is_installed(), reason="the extra `fast-downward` is not installed")
def test_one_task_is_measured(capsys: pytest.CaptureFixture[str], model_folder: Path) -> None:
    outcome = called(PROG, main, ["--tasks", "1", "--seconds", "600", "--model", str(model_folder)], capsys)
    assert outcome.code == 0 and "1 tasks" in outcome.out


@pytest.mark.skipif(not fast_downward.is_installed(), reason="the extra `fast-downward` is not installed")
def test_random_goals_are_measured_for_the_teacher(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = called(PROG, main, ["--goals", "4", "--seconds", "2", "--json"], capsys)
    assert outcome.code == 0 and "replays proven" in outcome.err
    assert all(json.loads(line)["construct"] for line in outcome.out.splitlines())
