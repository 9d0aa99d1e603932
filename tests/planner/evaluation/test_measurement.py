"""One trial, answered and scored: every way of planning, and understanding alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from envs.symbolic.actions import State
from envs.symbolic.goals import parse_goal
from planner.api import Planner
from planner.evaluation.measurement import measure, measure_goal, planning_modes, score_attempt, verify_text
from planner.goals.comparison import meaning
from planner.plans.options import Options
from planner.plans.planning_result import Plan
from planner.tasks.held_out_trials import EvaluationTask
from tests.planner.spoken import BOTH, FRUIT, NO_FRIDGE, QUIETLY, TIRED, WHERE, WHERE_HEAVY


def trial(flat: State, instruction: str, goal: str | None, **settings: object) -> EvaluationTask:
    known: dict[str, object] = {"id": instruction, "split": "all", "family": "test", "start": flat}
    return EvaluationTask(instruction=instruction, goal=parse_goal(goal) if goal else None, **known | settings)  # type: ignore[arg-type]


class Counting(Planner):
    """Counts how often a plan is asked for, and keeps what it was told."""

    asked = 0
    told = ""

    def plan(self, instruction: str, state: State, options: Options | None = None) -> Plan:
        self.asked += 1
        self.told = instruction
        return super().plan(instruction, state, options)


def test_order_of_conditions_and_states_does_not_change_a_goal() -> None:
    one = parse_goal("cold clean apple in fridge ; mug on desk")
    assert meaning(one) == meaning(parse_goal("mug on desk ; clean cold apple in fridge"))
    assert meaning(one) != meaning(parse_goal("mug on desk ; cold apple in fridge"))
    assert meaning(parse_goal("mug on desk then cup on desk")) != meaning(parse_goal("cup on desk then mug on desk"))


def test_success_is_that_of_the_tasks_goal_not_of_the_gpts(memorized: Planner, flat: State) -> None:
    asked = "put the mug on the table"
    right = measure(memorized, trial(flat, asked, "mug on dining table"), planning_modes())
    wrong = measure(memorized, trial(flat, asked, "mug on countertop"), planning_modes())
    assert all(attempt.success for attempt in right.attempts.values())
    assert right.exact and right.same
    assert wrong.attempts["verified"].status == "verified"
    assert not any(attempt.success for attempt in wrong.attempts.values())
    assert not wrong.same


def test_a_plan_that_needed_no_sample_is_not_decoded_again(memorized: Planner, flat: State) -> None:
    counting = Counting(memorized.model, memorized.tokenizer)
    found = measure(counting, trial(flat, "put the mug on the table", "mug on dining table"), planning_modes(samples=3))
    assert counting.asked == 2  # alone, and constrained
    assert found.attempts["verified"] == found.attempts["constrained"]


def test_steps_are_told_to_the_planner_after_the_instruction(memorized: Planner, flat: State) -> None:
    counting = Counting(memorized.model, memorized.tokenizer)
    measure(
        counting,
        trial(flat, "put the mug away", "mug in cabinet", steps=("Go.", "Put it in.")),
        planning_modes(samples=0),
    )
    assert counting.told == "put the mug away steps: Go. Put it in"


def test_no_way_shows_the_inventory_if_it_is_withheld() -> None:
    assert not any(how.inventory for how in planning_modes(inventory=False).values())
    assert all(how.inventory for how in planning_modes().values())


def test_the_gpt_alone_gets_no_aid() -> None:
    alone = planning_modes()["alone"]
    assert not (alone.constrained or alone.chunks or alone.clauses or alone.grounded or alone.samples)


def test_a_refusal_is_right_only_where_it_is_asked_for(memorized: Planner, flat: State) -> None:
    joke = "tell me a joke"
    plan = memorized.plan(joke, flat)
    assert score_attempt(plan, trial(flat, joke, None, answer="refuse")).success
    assert not score_attempt(plan, trial(flat, joke, "mug on dining table")).success
    assert not score_attempt(plan, trial(flat, joke, None, answer="ask")).success


@pytest.mark.parametrize(
    ("told", "goal", "answer", "status", "success"),
    [
        ("put the mug on the table", "mug on dining table", "plan", "understood", True),
        ("put the mug on the table", "mug on countertop", "plan", "understood", False),
        ("put the mug on the table", None, "refuse", "understood", False),
        ("fetch the teddy bear", "holding teddy bear", "plan", "refused", False),
        ("tell me a joke", None, "refuse", "refused", True),
        ("move it", None, "ask", "ask", True),
        ("move it", "mug on dining table", "plan", "ask", False),
    ],
)
def test_understanding_alone_is_right_if_the_goal_or_the_kind_of_answer_is(
    memorized: Planner, flat: State, told: str, goal: str | None, answer: str, status: str, success: bool
) -> None:
    found = measure_goal(memorized, trial(flat, told, goal, answer=answer), planning_modes()["verified"])
    assert (found.last.status, found.last.success) == (status, success)
    assert found.last.tried == 0 and not found.last.subtasks


@pytest.mark.usefixtures("readings")
@pytest.mark.parametrize(
    ("told", "answer", "meant", "kind", "success", "misread"),
    [
        (WHERE, "query", "? where mug", "query", True, False),
        (WHERE, "query", "? what in cabinet", "query", False, True),  # it answers another question
        (WHERE, "plan", "", "query", False, True),
        (WHERE_HEAVY, "ask", "? where mug", "ask", True, False),
        (WHERE_HEAVY, "query", "? where mug", "ask", False, False),  # a needless question
        (NO_FRIDGE, "rule", "never open fridge", "rule", True, False),
        (NO_FRIDGE, "rule", "never open freezer", "rule", False, True),
        (BOTH, "rule", "never fork on dining table ; never open fridge", "rule", True, False),
        (QUIETLY, "ask", "", "ask", True, False),
        (TIRED, "ask", "", "plan", False, True),  # a word that matters was taken for context
        ("tell me a joke", "query", "? where mug", "refuse", False, False),
    ],
)
def test_questions_rules_and_unread_words_are_scored(
    memorized: Planner, flat: State, told: str, answer: str, meant: str, kind: str, success: bool, misread: bool
) -> None:
    asked = trial(flat, told, "mug on dining table" if answer in ("plan", "ask") else None, answer=answer, meant=meant)
    for found in (
        measure_goal(memorized, asked, planning_modes()["verified"]),
        measure(memorized, asked, {"verified": planning_modes()["verified"]}),
    ):
        assert (found.last.kind, found.last.success, found.last.is_misread) == (kind, success, misread)
        if answer in ("query", "rule"):
            assert found.same == success
        line = json.loads(json.dumps(found.as_dict(), allow_nan=False))
        assert line["misread"] == misread and (answer != "rule" or line["goal"] == meant)


@pytest.mark.usefixtures("readings")
def test_another_question_with_the_same_answer_is_as_good(memorized: Planner, flat: State) -> None:
    found = measure_goal(memorized, trial(flat, FRUIT, None, answer="query", meant="? where food"), Options())
    assert found.last.success and found.same and not found.exact


def test_understanding_alone_agrees_with_planning(memorized: Planner, flat: State) -> None:
    for told in ("put the mug on the table", "warm the apple", "tell me a joke", "move it"):
        asked = trial(flat, told, "mug on dining table")
        alone, planned = (
            measure_goal(memorized, asked, planning_modes()["verified"]),
            measure(memorized, asked, planning_modes()),
        )
        assert (alone.goal_text, alone.same) == (planned.goal_text, planned.same)
        assert alone.last.kind == planned.last.kind


def test_a_prediction_is_plain_data_without_nan(memorized: Planner, flat: State) -> None:
    asked = trial(flat, "put the mug on the table", "mug on dining table")
    for found in (measure(memorized, asked, planning_modes()), measure_goal(memorized, asked, Options())):
        line = json.loads(json.dumps(found.as_dict(), allow_nan=False))
        assert line["predicted_goal"] == line["goal"] == "mug on dining table"


def test_a_reference_plan_is_scored_beside_ours(memorized: Planner, flat: State) -> None:
    steps = ("open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1")
    asked = trial(flat, "put the mug on the table", "mug on dining table", reference=steps)
    assert measure(memorized, asked, planning_modes()).reference is True
    assert measure(memorized, replace(asked, reference=steps[1:]), planning_modes()).reference is False
    assert verify_text(flat, parse_goal("mug on dining table"), ["fly to the moon"]) is None
