"""Scheduled plans in a dialogue hold up nothing: each is done when it is due, at the latest at the end."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from envs.symbolic.actions import State
from planner.cli.dialogue import converse
from planner.cli.execution_flags import ExecutionSettings
from planner.plans.options import Options
from planner.plans.plan_text import split_plan
from planner.plans.planning_result import Plan
from planner.plans.typed_steps import typed_plan
from tests.planner.timed_runs import TeacherPlanner, flat

STEPS = {
    "in ten minutes, turn off the lamp": ("after 10 min : desk lamp off", ["turn off desk lamp 1"]),
    "in eight seconds, close the window": ("after 8 s : window closed", ["close window 1"]),
    "light, please": ("ceiling light on", ["turn on ceiling light 1"]),
    "open the fridge": ("fridge open", ["open fridge 1"]),
}


class Listener(TeacherPlanner):
    """Understands four instructions."""

    prompts, kinds = SimpleNamespace(home=lambda _: None), frozenset[str]()

    def plan(self, instruction: str, now: State, options: object) -> Plan:
        goal, steps = STEPS[instruction]
        return typed_plan(split_plan(json.dumps(steps)), now, goal)


def answers(capsys: pytest.CaptureFixture[str], *lines: str, as_json: bool = False) -> tuple[bool, str]:
    settings = ExecutionSettings(backend="symbolic", quiet=as_json, start_time="06:50")
    done = converse(lines, Listener(), flat(), Options(), settings, as_json=as_json)  # type: ignore[arg-type]
    return done, capsys.readouterr().out


def test_later_instructions_do_not_wait_for_a_scheduled_plan(capsys: pytest.CaptureFixture[str]) -> None:
    done, out = answers(capsys, "in ten minutes, turn off the lamp", "light, please")
    assert done
    assert out.index("turn on ceiling light 1 ") < out.index("wait until 07:00") < out.index("turn off desk lamp 1 ")


def test_what_becomes_due_meanwhile_is_done_before_the_next_instruction(capsys: pytest.CaptureFixture[str]) -> None:
    lines = "in eight seconds, close the window", "open the fridge", "light, please"
    done, out = answers(capsys, *lines)
    assert done
    assert out.index("] open fridge 1") < out.index("] close window 1") < out.index("] turn on ceiling light 1")


def test_in_json_each_answer_is_a_line_and_the_outcomes_are_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    lines = "in ten minutes, turn off the lamp", "light, please"
    done, out = answers(capsys, *lines, as_json=True)
    first, second, last = map(json.loads, out.splitlines())
    assert done and (first["status"], first["agenda"], "episode" in first) == ("scheduled", 1, False)
    assert second["episode"]["success"]
    assert last == {"outcomes": [{"number": 1, "goal": "after 10 min : desk lamp off", "problem": ""}]}
