"""How much is opened before a thing is found: the tasks, and what is counted."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from envs.symbolic.progress import begin, score
from planner.api import Planner
from planner.benchmarks.searching import (
    FULL_KNOWLEDGE,
    ORDERS,
    Result,
    SearchTask,
    hidden_categories,
    main,
    run_searches,
    sampled_tasks,
    summary,
)
from planner.tasks.home_splits import SPLITS
from tests.envs.homes_for_tests import state
from tests.planner.command_calls import called, refused
from tests.planner.world_model.two_rooms import TaughtPlanner

PROG = "python -m planner.benchmarks.searching"


@pytest.fixture(scope="module")
def tasks() -> list[SearchTask]:
    return list(islice(sampled_tasks(8, 3), 8))


def result(order: str, opened: int, task: str = "a") -> Result:
    return Result(task=task, order=order, goal="", opened=opened, looks=opened, success=True, simulated_s=1.0)


def test_the_homes_are_of_the_test_seeds(tasks: list[SearchTask]) -> None:
    low, high = SPLITS["test"]
    assert len(tasks) == 8 and all(low <= task.start.world.scene.seed < high for task in tasks)


def test_what_is_to_be_found_is_behind_closed_doors_alone(tasks: list[SearchTask]) -> None:
    for task in tasks:
        of = task.start.world.entities_by_category[task.category]
        assert of and all(task.start.closed_around(i) is not None for i in of)
        assert not score(begin(task.goal, task.start)).success


def test_a_category_of_which_one_lies_openly_is_not_hidden() -> None:
    now = state(["cabinet 1", "desk 1"], {"mug 1": "cabinet 1", "mug 2": "desk 1", "cup 1": "cabinet 1"})
    assert hidden_categories(now) == ["cup"]


def test_more_tasks_begin_with_the_same(tasks: list[SearchTask]) -> None:
    assert [(t.id, t.category, t.goal) for t in sampled_tasks(3, 3)] == [(t.id, t.category, t.goal) for t in tasks[:3]]


def test_each_order_does_each_task_and_none_beats_full_knowledge(tasks: list[SearchTask]) -> None:
    for task in tasks:
        results = list(run_searches(TaughtPlanner(), task))
        assert [r.order for r in results] == [*ORDERS, FULL_KNOWLEDGE]
        assert all(r.success for r in results)
        assert all(r.opened >= results[-1].opened == 1 for r in results)


def test_the_table_compares_task_by_task() -> None:
    found = [
        result(order, 1 if order == ORDERS[0] else 3, task) for task in "abc" for order in (*ORDERS, FULL_KNOWLEDGE)
    ]
    _, _, ours, nearest, *_ = summary(found, 0).splitlines()
    assert ours.startswith("likeliest | 1.00 [1.00, 1.00]")
    assert "+2.00 [+2.00, +2.00]" in nearest


def test_a_line_a_result_for_programs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Planner, "load", classmethod(lambda cls, folder=None: TaughtPlanner()))
    done = called(PROG, main, ["--tasks", "1", "--json"], capsys)
    assert done.code == 0 and [json.loads(line)["order"] for line in done.out.splitlines()] == [*ORDERS, FULL_KNOWLEDGE]


def test_no_tasks_are_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    refused(called(PROG, main, ["--tasks", "0"], capsys), "--tasks is at least 1")
