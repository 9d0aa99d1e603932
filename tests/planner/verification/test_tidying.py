"""What the planner changes in a proven plan: steps that serve nothing, a full hand at the end, open doors."""

from __future__ import annotations

import pytest

from envs.symbolic.actions import State, format_action, parse_action
from envs.symbolic.goals import parse_goal
from planner.verification.door_closing import ClosedPlan
from planner.verification.plan_verification import verify
from planner.verification.tidying import tidied
from tests.envs.homes_for_tests import state

FETCH = ("open fridge 1", "pick up milk 1")


def home() -> State:
    return state(
        ["fridge 1", "countertop 1", "desk 1", "garbage can 1", "person 1"],
        {"milk 1": "fridge 1", "cup 1": "desk 1", "mug 1": "desk 1"},
    )


def tidy(goal: str, *steps: str, close: bool = True, avoid: tuple[str, ...] = ()) -> ClosedPlan:
    now, parsed = home(), parse_goal(goal)
    actions = [parse_action(now.world, step) for step in steps]
    plan = tidied(
        actions, parsed, parsed, now, shorten=True, close=close, initial_state=now,
        avoid=[now.world.index[name] for name in avoid],
    )  # fmt: skip
    assert verify(now, parsed, plan.actions).ok
    return plan


def said(plan: ClosedPlan) -> list[str]:
    return [format_action(home().world, action) for action in plan.actions]


def test_what_is_in_the_hand_at_the_end_is_put_down_and_the_fridge_closed() -> None:
    plan = tidy("no milk in fridge", *FETCH)
    assert said(plan) == [*FETCH, "put milk 1 on countertop 1", "close fridge 1"]
    assert plan.added == (3, 4)


def test_it_is_put_down_where_the_goal_still_holds() -> None:
    plan = tidy("no milk in fridge ; no milk on countertop", *FETCH)
    assert said(plan)[2] == "put milk 1 on desk 1"


@pytest.mark.parametrize("goal", ["holding milk", "milk with person"])
def test_what_is_to_be_held_or_given_is_not_put_down(goal: str) -> None:
    steps = FETCH if goal == "holding milk" else (*FETCH, "give milk 1 to person 1")
    assert not any("countertop" in step for step in said(tidy(goal, *steps)))


def test_what_is_left_out_is_counted_and_what_is_added_is_numbered() -> None:
    plan = tidy("milk on desk", "pick up cup 1", "put cup 1 on countertop 1", *FETCH, "put milk 1 on desk 1")
    assert said(plan) == [*FETCH, "put milk 1 on desk 1", "close fridge 1"]
    assert (plan.left_out, plan.added) == (2, (4,))


def test_a_door_that_cannot_be_reached_is_not_closed() -> None:
    assert tidy("milk on desk", *FETCH, "put milk 1 on desk 1", avoid=("fridge 1",)).added == ()


def test_who_is_in_a_hurry_gets_no_added_step() -> None:
    assert tidy("no milk in fridge", *FETCH, close=False).added == ()
