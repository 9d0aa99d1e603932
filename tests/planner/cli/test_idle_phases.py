"""Why a plan does nothing for a phase of its goal."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.symbolic.actions import State
from planner.cli.idle_phases import idle_phases
from planner.cli.plan_display import print_plan
from planner.plans.plan_text import split_plan
from planner.plans.typed_steps import typed_plan
from planner.world_model.open_home import open_home
from tests.planner.goals.small_homes import TWO_OF_A_KIND


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> State:
    path: Path = tmp_path_factory.mktemp("homes") / "two_of_a_kind.yaml"
    path.write_text(TWO_OF_A_KIND)
    return open_home(path, geometry=False)


def reasons(home: State, goal: str, *steps: str) -> list[tuple[int, str]]:
    """Return the phases that a plan does nothing for; its steps begin with one that changes nothing that is asked."""
    text = "\n".join(["1. go to bed 1", *(f"{number}. {step}" for number, step in enumerate(steps, start=2))])
    return [(idle.number, idle.reason) for idle in idle_phases(typed_plan(split_plan(text), home, goal))]


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        ("if window open : window closed", "left out: no window is open"),
        ("if not window closed : fan on", "left out: both windows are closed"),
        ("if fan off and every fan on : fan on", "left out: both fans are off"),
        ("if desk lamp on : fan on", "left out: the desk lamp is off"),
        ("if not desk lamp off : fan on", "left out: the desk lamp is off"),
        ("if 3 mug on dining table : fan on", "left out: there are 2 mugs on the dining table"),
        ("if no mug on dining table : fan on", "left out: there are 2 mugs on the dining table"),
        ("every fan off", "holds already: both fans are off"),
        ("no fan on", "holds already: no fan is on"),
        ("wallet on desk ; desk lamp off", "holds already: there is one wallet on the desk and the desk lamp is off"),
        ("after 10 min : wallet on desk", "expected to hold then: there is one wallet on the desk"),
        ("at 07:00 : if window open : fan on", "expected to be left out then: no window is open"),
    ],
)
def test_a_plan_that_does_nothing_says_why(home: State, goal: str, reason: str) -> None:
    assert reasons(home, goal) == [(1, reason)]


def test_the_furniture_that_meets_a_state_is_named(home: State) -> None:
    goal = "fan on then after 10 min : fan off"
    assert reasons(home, goal, "turn on fan 1") == [(2, "expected to hold then: fan 2 in the kitchen is off")]


def test_a_phase_in_the_middle_is_judged_when_it_begins(home: State) -> None:
    goal = "fan on then if every fan on : window open then every fan off then no window open"
    assert reasons(home, goal, "turn on fan 1", "turn off fan 1") == [
        (2, "left out: fan 2 in the kitchen is off"),
        (4, "holds already: no window is open"),
    ]


def test_a_plan_with_steps_for_each_phase_has_no_idle_one(home: State) -> None:
    assert reasons(home, "fan on then every fan off", "turn on fan 1", "turn off fan 1") == []


def test_a_plan_that_is_not_proven_has_no_idle_phase(home: State) -> None:
    assert reasons(home, "fan off then fan on") == []


def test_what_is_printed_is_read_back(home: State, capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(typed_plan(split_plan("1. turn on fan 1"), home, "fan on then fan off"))
    text = capsys.readouterr().out
    assert "nothing to do for phase 2: holds already: fan 2 in the kitchen is off\n" in text
    assert [step.text for step in split_plan(text).steps] == ["turn on fan 1"]
