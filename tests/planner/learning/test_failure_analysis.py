"""Why attempts fail: each kind of mistake is told from the others."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.goals import parse_goal
from planner.decoding.plan_writer import Draft
from planner.io.json_lines import Record
from planner.learning.failure_analysis import EXAMPLES, Failure, count_failures, goal_failure, plan_failure
from planner.plans.planning_result import ParsedInstruction
from planner.verification.plan_verification import verify

GOAL = "mug on dining table"
TO_TABLE = ("open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1")


def failure_of(
    start: State, goal: str, *subtasks: str, parse_error: str = "", truncated: bool = False
) -> Failure | None:
    actions: list[Action] = [parse_action(start.world, subtask) for subtask in subtasks]
    draft = Draft(actions=actions, parse_error=parse_error, truncated=truncated)
    return plan_failure(draft, verify(start, parse_goal(goal), actions), parse_goal(goal), start)


def test_a_plan_that_reaches_the_goal_is_no_failure(flat: State) -> None:
    assert failure_of(flat, GOAL, *TO_TABLE) is None


@pytest.mark.parametrize(
    ("goal", "subtasks", "kind"),
    [
        (GOAL, TO_TABLE[1:], "missing precondition"),
        (GOAL, ("pick up plate 1", "put plate 1 on dining table 1"), "wrong instance"),
        (GOAL, (*TO_TABLE[:2], "put mug 1 on countertop 1"), "wrong place"),
        (GOAL, TO_TABLE[:1], "stopped early"),
        (f"{GOAL} ; fork on dining table", TO_TABLE, "stopped early"),
        ("desk lamp on", (), "stopped early"),
        ("cabinet closed ; desk lamp on", ("turn on desk lamp 1", "open cabinet 1"), "wrong place"),
    ],
)
def test_a_plan_that_was_read_fails_for_what_it_does(
    flat: State, goal: str, subtasks: tuple[str, ...], kind: str
) -> None:
    found = failure_of(flat, goal, *subtasks)
    assert found is not None and (found.kind, bool(found.detail)) == (kind, True)


def test_a_plan_that_names_what_is_not_there_or_is_cut_off(flat: State) -> None:
    named = failure_of(flat, GOAL, TO_TABLE[0], parse_error="there is no 'mug 7' in this home")
    assert named == Failure(kind="wrong instance", detail="there is no 'mug 7' in this home")
    cut = failure_of(flat, GOAL, TO_TABLE[0], truncated=True)
    assert cut is not None and cut.kind == "too long"


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (ParsedInstruction(instruction="x", goal=parse_goal(GOAL)), None),
        (ParsedInstruction(instruction="x", goal=parse_goal("mug on countertop")), "goal misunderstood"),
        (ParsedInstruction(instruction="x", goal_text="mug on and", unparsable=True), "goal misunderstood"),
        (
            ParsedInstruction(instruction="x", goal_text="toy on bed", refusal="there is no toy here"),
            "goal misunderstood",
        ),
        (ParsedInstruction(instruction="x", refusal="I can only do household tasks."), "refused wrongly"),
        (ParsedInstruction(instruction="x", question="Which mug?"), "refused wrongly"),
    ],
)
def test_what_was_understood_wrongly_is_told_from_what_was_refused(found: ParsedInstruction, kind: str | None) -> None:
    failure = goal_failure(found, parse_goal(GOAL))
    assert (failure and failure.kind) == kind


def test_failures_are_counted_the_most_frequent_first_with_a_few_examples() -> None:
    def episode(number: int, kind: str | None) -> Record:
        failure = {"kind": kind, "detail": f"detail {number}"} if kind else None
        return {"id": str(number), "instruction": f"task {number}", "failure": failure}

    episodes = [episode(0, "wrong place"), episode(1, None), *(episode(k, "too long") for k in range(2, 10))]
    carried: list[Record] = [
        {"id": "1", "success": False, "failed": "pick up mug 1: it slips"}, {"id": "3", "success": True, "failed": ""},
    ]  # fmt: skip
    found = count_failures(iter(episodes), carried)
    assert [(kind, of["count"]) for kind, of in found.items()] == [("too long", 8), ("wrong place", 1), ("physics", 1)]
    assert len(found["too long"]["examples"]) == EXAMPLES  # type: ignore[arg-type]
    assert found["physics"]["examples"] == [{"id": "1", "instruction": "task 1", "detail": "pick up mug 1: it slips"}]
