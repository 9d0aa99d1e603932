"""Which objects plans use: what counts as a poor choice."""

from __future__ import annotations

import json

import pytest

from envs.symbolic.actions import State, parse_action
from planner.benchmarks.object_choice.__main__ import main
from planner.benchmarks.object_choice.used_objects import UsedObjects, total, used_objects
from tests.envs.homes_for_tests import state
from tests.planner.command_calls import called, refused

PROG = "python -m planner.benchmarks.object_choice"


def counts(now: State, *subtasks: str) -> UsedObjects:
    return used_objects(now, [parse_action(now.world, subtask) for subtask in subtasks])


def kitchen() -> State:
    fixtures = ["countertop 1", "cabinet 1", "sink 1", "garbage can 1", "dining table 1"]
    return state(fixtures, {
        "plate 1: dirty": "countertop 1", "plate 2": "cabinet 1", "fork 1": "garbage can 1", "fork 2": "cabinet 1",
    })  # fmt: skip


def test_a_dirty_object_counts_if_it_is_kept_and_a_clean_one_stays_unused() -> None:
    on_table = ("pick up plate 1", "put plate 1 on dining table 1")
    assert counts(kitchen(), *on_table).dirty == 1
    assert counts(kitchen(), "pick up plate 1", "put plate 1 in sink 1").dirty == 0
    both = (*on_table, "open cabinet 1", "pick up plate 2", "put plate 2 on dining table 1")
    assert counts(kitchen(), *both).dirty == 0


def test_an_object_from_a_bin_counts_if_there_is_another() -> None:
    assert counts(kitchen(), "pick up fork 1", "put fork 1 on dining table 1").from_bin == 1
    assert counts(kitchen(), "open cabinet 1", "pick up fork 2", "put fork 2 on dining table 1").from_bin == 0


def test_doors_left_open_and_the_skills_durations_are_counted() -> None:
    opened = counts(kitchen(), "open cabinet 1", "pick up fork 2", "put fork 2 on dining table 1")
    closed = counts(kitchen(), "open cabinet 1", "pick up fork 2", "put fork 2 on dining table 1", "close cabinet 1")
    assert (opened.doors, opened.left_open, closed.left_open) == (1, 1, 0)
    assert closed.skills_s - opened.skills_s == kitchen().world.domain.skills["close"].duration_s
    assert total([opened, closed]).doors == 2


def test_fewer_than_no_trials_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    refused(called(PROG, main, ["--trials", "-1"], capsys), "--trials")


def test_with_common_sense_no_plan_takes_a_dirty_object_or_one_from_a_bin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", "family_house", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["with common sense"]["plans"] == figures["without"]["plans"] >= 12
    assert figures["with common sense"]["dirty"] == figures["with common sense"]["from_bin"] == 0
    assert figures["without"]["dirty"] > 3
