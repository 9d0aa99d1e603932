"""Replaying plans: a plan is verified only if every step is applicable and the goal holds at the end."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.goals import parse_goal
from planner.verification.plan_verification import Report, verify
from tests.envs.homes_for_tests import after, is_true, place_of, state


def home() -> State:
    return state(["cabinet 1", "desk 1", "bed 1", "desk lamp 1"], {"mug 1": "cabinet 1", "book 1": "bed 1"})


def check(goal: str, *subtasks: str, now: State | None = None, initial_state: State | None = None) -> Report:
    now = now or home()
    return verify(now, parse_goal(goal), [parse_action(now.world, s) for s in subtasks], initial_state=initial_state)


MOVE = ("open cabinet 1", "pick up mug 1", "put mug 1 on desk 1")


def test_a_plan_that_reaches_its_goal_is_ok() -> None:
    report = check("mug on desk", *MOVE)
    assert (report.ok, report.step, report.reason, report.score.rate) == (True, None, "", 1.0)


def test_a_plan_that_ends_too_early_is_not_ok() -> None:
    report = check("mug on desk", *MOVE[:2])
    assert (report.ok, report.step, report.reason) == (False, None, "not reached: mug on desk")


def test_the_step_that_cannot_be_done_is_named_with_its_reason() -> None:
    report = check("mug on desk", *MOVE[1:])
    assert (report.ok, report.step) == (False, 1)
    assert report.reason == "plan step 1, pick up mug 1: cabinet 1 is closed"


def test_a_later_step_is_counted_from_one() -> None:
    report = check("mug on desk", *MOVE[:2], "open cabinet 1")
    assert report.step == 3


def test_a_plan_that_reaches_the_goal_and_then_breaks_is_not_ok() -> None:
    report = check("mug on desk", *MOVE, "pick up mug 1", "pick up book 1")
    assert not report.ok and report.step == 5


def test_a_broken_plan_is_not_ok_even_if_the_goal_holds_where_it_broke() -> None:
    report = check("mug on desk", *MOVE, "close desk 1")
    assert not report.ok and report.score.success


def test_no_step_is_applied_after_the_failed_one() -> None:
    report = check("mug on desk", *MOVE[:1], "put mug 1 on desk 1", "pick up mug 1")
    assert place_of(report.final, "mug 1") == "cabinet 1" and report.final.held == -1
    assert is_true(report.final, "cabinet 1", "open")


def test_the_empty_plan_reaches_a_goal_that_already_holds() -> None:
    assert check("book on bed").ok


def test_the_empty_plan_reaches_no_other_goal() -> None:
    assert not check("book on desk").ok


def test_a_partly_reached_goal_has_a_partial_score() -> None:
    report = check("mug on desk ; book on desk", *MOVE)
    assert (report.score.rate, report.score.met) == (0.5, (True, False))
    assert report.reason == "not reached: book on desk (1 of 2 conditions)"


def test_an_unreached_count_reports_the_actual_number() -> None:
    assert check("2 mug on desk", *MOVE).reason == "not reached: 2 mug on desk (there: 1)"


def test_phases_must_be_reached_in_order() -> None:
    on, off = "turn on desk lamp 1", "turn off desk lamp 1"
    goal = "desk lamp on then desk lamp off"
    assert check(goal, on, off).ok
    assert not check(goal, on).ok
    assert not check(goal).ok
    assert not check("desk lamp off then desk lamp on then desk lamp off", on).ok


def test_an_earlier_phase_need_not_hold_at_the_end() -> None:
    assert check("holding book then book on desk", "pick up book 1", "put book 1 on desk 1").ok


def test_every_covers_objects_that_matched_at_the_start_of_the_episode() -> None:
    initial_state = state(["sink 1", "desk 1"], {"cup 1: dirty": "sink 1", "cup 2: dirty": "desk 1"})
    washed = after(initial_state, "turn on sink 1")
    rest = ("turn off sink 1", "pick up cup 2", "put cup 2 in sink 1", "turn on sink 1")
    assert check("every dirty cup is clean", *rest, now=washed, initial_state=initial_state).ok
    assert not check("every dirty cup is clean", now=washed, initial_state=initial_state).ok


# The proof: what each step does for each condition and rule.


def lines(report: Report) -> list[str]:
    return [str(line) for line in (*report.proof.conditions, *report.proof.rules)]


def test_the_proof_names_the_step_that_meets_each_condition() -> None:
    report = check("mug on desk ; cabinet open ; book on desk ; book on bed", *MOVE)
    assert lines(report) == [
        "step 3: mug on desk", "step 1: cabinet open", "not reached: book on desk", "met at the start: book on bed",
    ]  # fmt: skip
    assert [c.first_held for c in report.proof.conditions] == [3, 1, None, 0]


def test_the_proof_names_the_step_that_undoes_a_condition() -> None:
    report = check("cabinet open ; book on bed", "open cabinet 1", "close cabinet 1", "pick up book 1")
    assert lines(report) == [
        "undone at step 2 (met at step 1): cabinet open", "undone at step 3 (met at the start): book on bed",
    ]  # fmt: skip


def test_a_condition_that_is_met_again_is_met_since_the_first_time() -> None:
    lamp = ("turn on desk lamp 1", "turn off desk lamp 1", "turn on desk lamp 1")
    (condition,) = check("desk lamp on", *lamp).proof.conditions
    assert (condition.met, condition.first_held, condition.undone) == (True, 1, None)
    (condition,) = check("desk lamp on", *lamp, "turn off desk lamp 1").proof.conditions
    assert (condition.met, condition.first_held, condition.undone) == (False, 1, 4)


def test_the_proof_counts_a_condition_from_when_its_phase_begins() -> None:
    proof = check("desk lamp on then desk lamp off", "turn on desk lamp 1", "turn off desk lamp 1").proof
    assert [(c.phase, c.first_held, c.met) for c in proof.conditions] == [(1, 1, True), (2, 2, True)]
    proof = check("desk lamp on then book on bed").proof
    assert [(c.phase, c.first_held, c.met) for c in proof.conditions] == [(1, None, False), (2, None, False)]


def test_a_phase_that_is_left_out_is_said_to_be() -> None:
    report = check("if cabinet open : mug on desk then desk lamp on", "turn on desk lamp 1")
    assert report.ok and lines(report) == ["left out: mug on desk", "step 1: desk lamp on"]


@pytest.mark.parametrize(
    ("rule", "words", "broken_at"),
    [
        ("never open cabinet", "step 1 breaks the rule: never open cabinet", 1),
        ("never holding mug", "step 2 breaks the rule: never holding mug", 2),
        ("never mug on desk", "step 3 breaks the rule: never mug on desk", 3),
        ("never book on bed", "broken at the start: never book on bed", 0),
        ("never desk lamp on", "kept: never desk lamp on", None),
    ],
)
def test_the_proof_names_the_step_that_breaks_a_rule(rule: str, words: str, broken_at: int | None) -> None:
    report = check(f"mug on desk while never slice ; {rule}", *MOVE)
    assert report.ok == (broken_at is None) and report.score.rate == 1.0
    assert lines(report) == ["step 3: mug on desk", "kept: never slice", words]
    assert report.proof.rules[1].broken_at == broken_at


def test_the_proof_ends_at_the_first_step_that_cannot_be_done() -> None:
    report = check("mug on desk ; desk lamp on", "turn on desk lamp 1", *MOVE[1:])
    assert lines(report) == ["not reached: mug on desk", "step 1: desk lamp on"]


def test_the_proof_is_plain_data_for_programs() -> None:
    assert check("mug on desk while never open cabinet", *MOVE).proof.as_dict() == {
        "conditions": [
            {"condition": "mug on desk", "phase": 1, "met": True, "first_held": 3, "undone": None, "left_out": False}
        ],
        "rules": [{"rule": "never open cabinet", "broken_at": 1}],
    }


def test_verification_does_not_change_the_given_state() -> None:
    now = home()
    before = now[1:]
    check("mug on desk", *MOVE, now=now)
    assert now[1:] == before


@pytest.mark.parametrize("action", [Action("fly", ("mug 1",)), Action("open", ("fridge 9",))])
def test_a_plan_with_an_unknown_skill_or_object_is_an_error(action: Action) -> None:
    with pytest.raises(ValueError, match="there is no"):
        verify(home(), parse_goal("mug on desk"), [action])
