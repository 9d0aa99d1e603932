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


def test_verification_does_not_change_the_given_state() -> None:
    now = home()
    before = now[1:]
    check("mug on desk", *MOVE, now=now)
    assert now[1:] == before


@pytest.mark.parametrize("action", [Action("fly", ("mug 1",)), Action("open", ("fridge 9",))])
def test_a_plan_with_an_unknown_skill_or_object_is_an_error(action: Action) -> None:
    with pytest.raises(ValueError, match="there is no"):
        verify(home(), parse_goal("mug on desk"), [action])
