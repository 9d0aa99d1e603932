"""Closing what a plan opened: where the steps are inserted, and what stays open."""

from __future__ import annotations

import pytest

from envs.scenes.home_file import parse_home
from envs.symbolic.actions import State, World, format_action, parse_action
from envs.symbolic.goals import parse_goal
from planner.verification.door_closing import ClosedPlan, close_doors, is_needless, without_needless
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import after, state

PLATES = ("open cabinet 1", "pick up plate 1", "put plate 1 on dining table 1")
FORKS = ("open drawer 1", "pick up fork 1", "put fork 1 on dining table 1")


def kitchen() -> State:
    return state(
        ["cabinet 1", "drawer 1", "dining table 1", "fridge 1", "countertop 1", "desk lamp 1"],
        {"plate 1": "cabinet 1", "plate 2": "cabinet 1", "fork 1": "drawer 1", "milk 1": "fridge 1",
         "apple 1": "fridge 1", "potato 1: hot": "countertop 1"},
    )  # fmt: skip


def closed(now: State, goal: str, *steps: str, start: State | None = None, phase: int = 0) -> ClosedPlan:
    """The plan with its doors closed; it reaches what it reached before."""
    actions = [parse_action(now.world, step) for step in steps]
    parsed = parse_goal(goal)
    result = close_doors(actions, parsed, now, initial_state=start, phase=phase)
    proofs = [verify(now, parsed.after(phase), plan, initial_state=start) for plan in (actions, result.actions)]
    assert proofs[0].score.met == proofs[1].score.met and proofs[0].ok == proofs[1].ok
    return result


def said(plan: ClosedPlan) -> list[str]:
    return [format_action(kitchen().world, action) for action in plan.actions]


def test_the_added_steps_are_numbered_from_one() -> None:
    plan = closed(kitchen(), "plate on dining table", *PLATES)
    assert said(plan) == [*PLATES, "close cabinet 1"]
    assert (plan.added, plan.left_out) == ((4,), 0)


def test_what_was_open_at_the_start_stays_open() -> None:
    opened = after(kitchen(), "open cabinet 1")
    plan = closed(opened, "plate on dining table", *PLATES[1:])
    assert (said(plan), plan.added, plan.left_out) == (list(PLATES[1:]), (), 0)


def test_a_door_is_closed_where_the_robot_stands_with_a_free_hand() -> None:
    steps = ("open fridge 1", "open cabinet 1", "pick up plate 1", "put plate 1 in fridge 1", *FORKS)
    plan = closed(kitchen(), "plate in fridge ; fork on dining table", *steps)
    assert said(plan).index("close fridge 1") == 4  # before it goes to the drawer


def floor_plan(table_x: float) -> State:
    text = f"""
rooms:
  kitchen:
    rect: [0, 0, 30, 6]
    fixtures: [{{cabinet: {{pose: [1, 0.3, 90]}}}}, {{drawer: {{pose: [2.5, 0.35, 90]}}}}, {{dining table: {{pose: [{table_x}, 3, 90]}}}}]
  bedroom: {{rect: [30, 0, 60, 6], fixtures: [{{shelf: {{pose: [58, 5.7, 270]}}}}]}}
objects: {{cabinet: [plate], drawer: [fork], dining table: [vase]}}
"""  # noqa: E501
    return World(parse_home(text, geometry=False)).initial()


def test_a_door_is_closed_on_the_way_to_the_next_place_and_not_by_a_way_of_its_own() -> None:
    steps = (*PLATES, *FORKS, "pick up vase 1", "put vase 1 on shelf 1")
    plan = closed(floor_plan(20), "plate on dining table ; fork on dining table ; vase on shelf", *steps)
    names = [format_action(floor_plan(20).world, action) for action in plan.actions]
    assert names.index("close cabinet 1") == 3  # beside the drawer, to which it goes anyway
    assert names.index("close drawer 1") < names.index("pick up vase 1")  # the shelf is farther still


def test_what_an_earlier_part_of_the_episode_opened_is_closed() -> None:
    now = after(kitchen(), "open cabinet 1")
    plan = closed(now, "plate on dining table", *PLATES[1:], start=kitchen())
    assert said(plan)[-1] == "close cabinet 1"


def test_what_others_opened_meanwhile_stays_open() -> None:
    now = after(kitchen(), "open cabinet 1", "open fridge 1")
    actions = [parse_action(now.world, step) for step in PLATES[1:]]
    cabinet = frozenset({now.world.index["cabinet 1"]})
    plan = close_doors(actions, parse_goal("plate on dining table"), now, initial_state=kitchen(), opened=cabinet)
    assert [step for step in said(plan) if step.startswith("close")] == ["close cabinet 1"]


@pytest.mark.parametrize("goal", ["fridge open ; plate on dining table", "every fridge open ; plate on dining table",
                                  "no fridge closed ; plate on dining table",
                                  "fridge open then plate on dining table"])  # fmt: skip
def test_what_was_asked_to_be_open_stays_open(goal: str) -> None:
    plan = closed(kitchen(), goal, "open fridge 1", *PLATES)
    assert [step for step in said(plan) if step.startswith("close")] == ["close cabinet 1"]


def test_what_a_phase_that_is_over_asked_to_be_open_stays_open() -> None:
    now = after(kitchen(), "open fridge 1", "open cabinet 1")
    plan = closed(now, "fridge open then plate on dining table", *PLATES[1:], start=kitchen(), phase=1)
    assert said(plan)[-1:] == ["close cabinet 1"] and "close fridge 1" not in said(plan)


def test_of_two_cabinets_one_stays_open_if_any_one_was_asked_for() -> None:
    now = state(["cabinet 1", "cabinet 2", "desk 1"], {"mug 1": "cabinet 1", "mug 2": "cabinet 2"})
    steps = ["open cabinet 1", "pick up mug 1", "put mug 1 on desk 1"]
    steps += ["open cabinet 2", "pick up mug 2", "put mug 2 on desk 1"]
    plan = closed(now, "2 mug on desk ; cabinet open", *steps)
    assert sum(action.skill == "close" for action in plan.actions) == 1


@pytest.mark.parametrize("rule", ["never close cabinet", "never close"])
def test_a_step_that_would_break_a_rule_is_not_added(rule: str) -> None:
    assert closed(kitchen(), f"plate on dining table while {rule}", *PLATES).added == ()


def test_a_step_that_would_undo_the_goal_is_not_added() -> None:
    steps = ("open fridge 1", "pick up potato 1", "put potato 1 in fridge 1")
    assert closed(kitchen(), "hot potato in fridge", *steps).added == ()
    assert said(closed(kitchen(), "potato in fridge", *steps))[-1] == "close fridge 1"


def test_a_phase_that_the_plan_relies_on_is_not_left_out_by_closing() -> None:
    steps = (*PLATES, *FORKS, "turn on desk lamp 1")
    plan = closed(kitchen(), "plate on dining table ; fork on dining table then if cabinet open : desk lamp on", *steps)
    assert said(plan).index("close cabinet 1") > said(plan).index("put fork 1 on dining table 1")


def test_nothing_is_closed_while_the_hand_is_full() -> None:
    assert closed(kitchen(), "holding milk", "open fridge 1", "pick up milk 1").added == ()
    plan = closed(kitchen(), "plate on dining table ; holding milk", *PLATES, "open fridge 1", "pick up milk 1")
    assert said(plan)[-1] == "pick up milk 1" and "close cabinet 1" in said(plan)
    assert "close fridge 1" not in said(plan)


def test_a_door_that_is_used_again_stays_open_in_between() -> None:
    fetch = ("open fridge 1", "pick up milk 1", "put milk 1 on dining table 1", "close fridge 1")
    again = ("open fridge 1", "pick up apple 1", "put apple 1 on dining table 1", "close fridge 1")
    plan = closed(kitchen(), "milk on dining table then apple on dining table", *fetch, *again)
    assert said(plan) == [*fetch[:3], *again[1:]]
    assert (plan.added, plan.left_out) == ((), 2)


def test_a_fridge_that_must_cool_is_closed_and_opened_again() -> None:
    chill = ("open fridge 1", "open cabinet 1", "pick up plate 1", "put plate 1 in fridge 1", "close fridge 1")
    fetch = ("open fridge 1", "pick up plate 1", "put plate 1 on dining table 1", "close fridge 1")
    plan = closed(kitchen(), "cold plate on dining table", *chill, *fetch)
    assert [step for step in said(plan) if "fridge 1" in step and "plate" not in step] == [
        "open fridge 1", "close fridge 1", "open fridge 1", "close fridge 1"
    ]  # fmt: skip
    assert "close cabinet 1" in said(plan)


def test_a_plan_with_a_step_that_cannot_be_done_stays_as_it_is() -> None:
    assert said(closed(kitchen(), "fork on dining table", "open cabinet 1", *FORKS[1:])) == [
        "open cabinet 1",
        *FORKS[1:],
    ]


def test_closing_what_is_closed_is_needless() -> None:
    now = kitchen()
    close, open_ = (parse_action(now.world, f"{skill} cabinet 1") for skill in ("close", "open"))
    assert is_needless(close, now) and not is_needless(close, after(now, "open cabinet 1"))
    assert without_needless([close, open_, close, close], now) == [open_, close]


def test_a_door_does_not_stand_open_during_much_other_work_to_save_a_little_way() -> None:
    work = [step for _ in range(4) for step in ("pick up vase 1", "put vase 1 on dining table 1")]
    plan = closed(floor_plan(4), "plate on dining table", *PLATES, *work)
    assert [format_action(floor_plan(4).world, action) for action in plan.actions][3] == "close cabinet 1"


def test_a_door_that_is_used_again_much_later_is_closed_in_between() -> None:
    fetch = ("open fridge 1", "pick up milk 1", "put milk 1 on dining table 1", "close fridge 1")
    again = ("open fridge 1", "pick up apple 1", "put apple 1 on dining table 1", "close fridge 1")
    work = ("turn on desk lamp 1", "turn off desk lamp 1") * 60
    plan = closed(kitchen(), "milk on dining table then apple on dining table", *fetch, *work, *again)
    assert plan.left_out == 0


def test_a_door_that_the_plan_closes_late_is_closed_earlier() -> None:
    late = (*PLATES, *FORKS, "turn on desk lamp 1", "close cabinet 1", "close drawer 1")
    plan = closed(kitchen(), "plate on dining table ; fork on dining table ; desk lamp on", *late)
    assert said(plan) == [*PLATES, "close cabinet 1", *FORKS, "close drawer 1", "turn on desk lamp 1"]
    assert (plan.added, plan.left_out) == ((4, 8), 2)


def test_a_door_is_closed_before_the_robot_waits_for_a_time() -> None:
    fetch = ("open fridge 1", "pick up milk 1", "put milk 1 on dining table 1", "close fridge 1")
    again = ("open fridge 1", "pick up apple 1", "put apple 1 on dining table 1")
    plan = closed(kitchen(), "milk on dining table then after 10 min : apple on dining table", *fetch, *again)
    assert said(plan) == [*fetch, *again, "close fridge 1"]


def airy() -> State:
    objects = {"pan 1": "stove burner 1", "egg 1": "countertop 1", "apple 1": "countertop 1"}
    return state(["window 1: open", "desk lamp 1: on", "stove burner 1", "countertop 1"], objects)


@pytest.mark.parametrize(
    "goal",
    [
        "desk lamp off then window closed", "desk lamp off then after 1 h : window closed",
        "at 23:50 : desk lamp off then at 00:10 : every window closed",
        "desk lamp off then after 1 h : if window open : no window open",
    ],
)  # fmt: skip
def test_what_the_goal_wants_closed_is_not_closed_before_its_phase(goal: str) -> None:
    steps = ("turn off desk lamp 1", "close window 1")
    plan = closed(airy(), goal, *steps)
    assert (tuple(format_action(airy().world, a) for a in plan.actions), plan.added) == (steps, ())


def test_an_appliance_that_was_left_on_is_switched_off_when_its_work_is_done() -> None:
    cook = ("turn on stove burner 1", "pick up egg 1", "put egg 1 on pan 1")
    steps = (*cook, "pick up apple 1", "put apple 1 on countertop 1")
    plan = closed(airy(), "hot egg", *steps)
    assert [format_action(airy().world, a) for a in plan.actions] == [*cook, "turn off stove burner 1", *steps[3:]]
    assert (plan.added, plan.left_out) == ((4,), 0)


def test_an_appliance_is_not_switched_on_for_nothing() -> None:
    steps = ("turn on stove burner 1", "pick up apple 1", "put apple 1 on countertop 1")
    plan = closed(airy(), "apple on countertop", *steps)
    assert [format_action(airy().world, a) for a in plan.actions] == list(steps[1:])
    assert (plan.added, plan.left_out) == ((), 1)


def test_an_appliance_that_is_wanted_on_stays_on() -> None:
    plan = closed(airy(), "stove burner on", "turn on stove burner 1")
    assert [format_action(airy().world, a) for a in plan.actions] == ["turn on stove burner 1"]
