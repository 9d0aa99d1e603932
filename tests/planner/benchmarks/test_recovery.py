"""The benchmark of recovery: what goes wrong is what was drawn, the same for every way, and the figures are counts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from envs.symbolic.actions import NOWHERE, State, parse_action
from envs.symbolic.goals import parse_goal
from gpt.model.transformer import GPT
from gpt.tokenization.tokenizer import Tokenizer
from planner.api import Planner
from planner.benchmarks import recovery
from planner.benchmarks.recovery import (
    MODES,
    Fault,
    FaultyHome,
    RecoveryResult,
    RecoveryTask,
    Repair,
    draw_tasks,
    run_task,
)
from tests.envs.homes_for_tests import state

MOVE = ("pick up mug 1", "put mug 1 on desk 1")
SLIP = Fault(skill="put", name="mug 1", reason="mug 1 slipped", times=1)
LOST = Fault(skill="pick up", name="mug 1", reason="cannot reach mug 1", times=math.inf)


def small() -> State:
    return state(["desk 1", "sofa 1"], {"mug 1": "sofa 1", "mug 2": "sofa 1"})


def task(*troubles: Fault, disturbed: frozenset[int] = frozenset()) -> RecoveryTask:
    return RecoveryTask(
        id="t", goal=parse_goal("mug on desk"), start=small(), troubles=troubles, disturbed=disturbed, seed=1,
        actions=tuple(parse_action(small().world, subtask) for subtask in MOVE),
    )  # fmt: skip


@pytest.fixture
def able(random_gpt: GPT, tokenizer: Tokenizer) -> Planner:
    return Planner(random_gpt, tokenizer, kinds=("feedback", "infill"))


def test_a_trouble_strikes_as_often_as_it_says() -> None:
    home = FaultyHome(task(SLIP))
    pick, put = task().actions
    assert home.execute(pick).status == "done"
    failed = home.execute(put)
    assert (failed.status, failed.reason, home.state().held) == ("failed", "mug 1 slipped", NOWHERE)
    assert [home.execute(action).status for action in (pick, put)] == ["done", "done"]


def test_what_is_lost_for_good_never_works_and_others_do() -> None:
    home = FaultyHome(task(LOST))
    pick, _ = task().actions
    assert [home.execute(pick).reason for _ in range(5)] == ["cannot reach mug 1"] * 5
    assert home.execute(parse_action(small().world, "pick up mug 2")).status == "done"


def test_an_unmet_precondition_is_no_trouble() -> None:
    home = FaultyHome(task(SLIP))
    _, put = task().actions
    assert home.execute(put).reason == "not holding mug 1 (holding nothing)"
    assert home.execute(parse_action(small().world, "pick up mug 1")).status == "done"
    assert home.execute(put).reason == "mug 1 slipped"


def test_somebody_changes_the_home_before_the_subtasks_that_were_drawn() -> None:
    home = FaultyHome(task(disturbed=frozenset({1})))
    assert home.disturb(task().actions) is None
    what = home.disturb(task().actions)
    assert what is not None and home.state() != small()


@pytest.mark.parametrize("way", MODES)
def test_every_way_reaches_the_goal_with_what_is_left(able: Planner, way: recovery.RecoveryMode) -> None:
    outcome = run_task(able, task(SLIP), MODES[way])
    assert outcome.success and outcome.failed >= 1 and outcome.repairs
    assert (outcome.repairs[0].filled, outcome.repairs[0].rest) == (way == "infill", 1)


def test_what_is_kept_is_counted_of_the_rest_alone(able: Planner) -> None:
    lost = run_task(able, task(LOST), MODES["infill"])
    assert lost.success and lost.repairs[0].rest == 2 and lost.repairs[0].kept <= 1


def test_the_same_seed_draws_the_same_tasks_and_each_has_another_way(able: Planner) -> None:
    first, second = (list(draw_tasks(able, 4, 3)) for _ in range(2))
    assert [(t.id, t.actions, t.troubles, t.disturbed) for t in first] == [
        (t.id, t.actions, t.troubles, t.disturbed) for t in second
    ]
    assert all(t.troubles or t.disturbed for t in first)
    assert all(len(t.actions) >= recovery.MIN_PLAN_LENGTH for t in first)


def test_figures_are_means_of_repairs_and_rates_of_episodes() -> None:
    repairs = (
        Repair(tokens=10, cpu_s=0.01, rest=4, kept=3, filled=True),
        Repair(tokens=30, cpu_s=0.03, rest=2, kept=0, filled=False),
    )
    found = recovery.summary(
        [
            RecoveryResult(success=True, steps=5, failed=1, repairs=repairs),
            RecoveryResult(success=False, steps=7, failed=2, repairs=()),
        ]
    ).as_dict()
    assert found["success"] == {"hits": 1, "total": 2, "rate": 0.5, "ci95": [0.0945, 0.9055]}
    assert (found["tokens"], found["kept"], found["repairs"]) == ({"mean": 20, "median": 20}, 0.5, 1)


def test_weights_that_were_not_trained_for_it_are_refused(
    model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recovery.main(["--model", str(model_folder), "--tasks", "1"]) == 2
    assert "the model was not trained on feedback and infill" in capsys.readouterr().err
