"""Scheduled plans: where they wait, what they say, and how they are written and read."""

from __future__ import annotations

import json

import pytest

from envs.symbolic.actions import State, parse_action
from envs.symbolic.goals import When, parse_goal
from planner.plans.plan_text import split_plan
from planner.plans.planning_result import Plan
from planner.plans.typed_steps import typed_plan
from planner.plans.waits import waits_of, words_of_waits
from tests.planner.timed_runs import flat


@pytest.fixture(scope="module")
def home() -> State:
    return flat()


def scheduled(goal: str, home: State, *steps: str) -> Plan:
    return typed_plan(split_plan(json.dumps({"plan": list(steps)})), home, goal)


SHUT, OPEN, DARK = "close window 1", "open window 1", "turn off desk lamp 1"


@pytest.mark.parametrize(
    ("goal", "steps", "before", "words"),
    [
        ("after 10 min : window closed", [SHUT], [1], "in 10 minutes"),
        ("at 07:00 : window closed", [SHUT], [1], "at 07:00"),
        ("at 00:00 : window closed", [SHUT], [1], "at 00:00"),
        ("every day at 07:00 : window closed", [SHUT], [1], "every day at 07:00"),
        ("window closed then after 1 h : desk lamp off", [SHUT, DARK], [2], "1 step now, the rest 1 hour later"),
        ("window closed then at 9:15 : desk lamp off", [SHUT, DARK], [2], "1 step now, the rest at 09:15"),
        ("at 07:00 : window closed then after 1 h : window open", [SHUT, OPEN], [1, 2],
         "at 07:00 (1 step), then 1 hour later (1 step)"),
        ("at 09:00 : window closed then at 08:00 : window open", [SHUT, OPEN], [1, 2],
         "at 09:00 (1 step), then at 08:00 the next day (1 step)"),
        ("at 23:00 : window closed then after 2 h : window open then at 00:30 : window closed", [SHUT, OPEN, SHUT],
         [1, 2, 3], "at 23:00 (1 step), then 2 hours later (1 step), then at 00:30 the next day (1 step)"),
        ("at 07:00 : window closed then at 08:00 : window open", [SHUT, OPEN], [1, 2],
         "at 07:00 (1 step), then at 08:00 (1 step)"),
        ("window closed then at 07:00 : window closed then after 24 h : window open", [SHUT, OPEN], [2, 2],
         "1 step now, then at 07:00 (no step), then 1 day later (1 step)"),
        ("at 07:00 : window closed then at 07:00 : desk lamp off", [SHUT, DARK], [1], "at 07:00"),
        ("at 07:00 : window closed then desk lamp off", [SHUT, DARK], [1], "at 07:00"),
        ("after 5 min : window open", [], [1], "in 5 minutes"),  # it is expected to hold then
        ("window closed then after 5 min : window closed", [SHUT], [2], "1 step now, the rest 5 minutes later"),
        ("after 0 s : window closed", [SHUT], [], ""),  # it waits for nothing
        ("window closed", [SHUT], [], ""),
        ("if window open : window closed", [SHUT], [], ""),
    ],
)  # fmt: skip
def test_a_plan_waits_before_its_first_step_of_a_phase_with_a_time(
    goal: str, steps: list[str], before: list[int], words: str, home: State
) -> None:
    actions = [parse_action(home.world, step) for step in steps]
    waits = waits_of(parse_goal(goal), home, actions)
    assert [wait.before_step for wait in waits] == before
    assert words_of_waits(waits, len(steps)) == words


def test_doors_are_closed_and_hands_emptied_before_the_wait(home: State) -> None:
    steps = [
        "open fridge 1", "pick up milk 1", "put milk 1 on countertop 1", "close fridge 1", SHUT, DARK,
    ]  # fmt: skip
    goal = parse_goal("milk on countertop then after 1 min : window closed then after 1 min : desk lamp off")
    actions = [parse_action(home.world, step) for step in steps]
    assert [wait.before_step for wait in waits_of(goal, home, actions)] == [5, 6]


def test_what_is_held_on_purpose_is_held_while_waiting(home: State) -> None:
    steps = ["pick up book 1", "put book 1 on shelf 1"]
    goal = parse_goal("holding book then after 1 min : book on shelf")
    actions = [parse_action(home.world, step) for step in steps]
    assert [wait.before_step for wait in waits_of(goal, home, actions)] == [2]


def test_a_proven_plan_that_waits_is_scheduled_and_says_when(home: State) -> None:
    plan = scheduled("window closed then after 10 min : desk lamp off", home, SHUT, DARK)
    assert (plan.status, plan.reason, plan.when) == (
        "scheduled", "1 step now, the rest 10 minutes later", When(after_s=600),
    )  # fmt: skip
    assert plan.is_proven and plan.is_executable
    data = json.loads(json.dumps(plan.as_dict()))
    assert (data["status"], data["when"]) == ("scheduled", {"after_s": 600})
    assert data["waits"] == [{"before_step": 2, "when": {"after_s": 600}}]


@pytest.mark.parametrize(
    ("when", "data"),
    [
        ("after 10 min", {"after_s": 600}),
        ("at 07:00", {"at": "07:00"}),
        ("every day at 07:00", {"every": "day 07:00"}),
    ],
)
def test_the_json_says_when(when: str, data: dict[str, object], home: State) -> None:
    assert scheduled(f"{when} : window closed", home, SHUT).as_dict()["when"] == data


def test_a_plan_that_waits_for_nothing_is_verified_and_has_no_when(home: State) -> None:
    plan = scheduled("window closed", home, SHUT)
    assert (plan.status, plan.when, plan.waits) == ("verified", None, ())
    assert not {"when", "waits"} & plan.as_dict().keys()


def test_a_plan_with_a_time_that_misses_its_goal_is_unverified(home: State) -> None:
    plan = scheduled("after 10 min : window closed", home, DARK)
    assert (plan.status, plan.when) == ("unverified", None)
    assert "window closed" in plan.reason


def test_a_scheduled_plan_is_exported_as_text_and_json(home: State) -> None:
    plan = scheduled("after 10 min : window closed", home, SHUT)
    assert SHUT in plan.export("text")
    assert json.loads(plan.export("json"))["status"] == "scheduled"


def test_the_lines_that_are_printed_for_a_scheduled_plan_are_read_back() -> None:
    text = f"goal: after 10 min : window closed\nplan: later → {SHUT}\nscheduled: in 10 minutes (0.02 s, 93 % sure)\n"
    plan = split_plan(text)
    assert plan.goal == "after 10 min : window closed" and [step.text for step in plan.steps] == ["later", SHUT]
    text = "goal: after 1 s : window open\nnothing to do: it is expected to hold then\nscheduled: in 1 second (0.00 s)"
    assert split_plan(text).steps == ()
