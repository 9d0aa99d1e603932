"""Goals with times are carried out when their times come, and planned anew then; all clocks here are counted."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, parse_action
from envs.symbolic.goals import parse_goal, parse_time
from envs.symbolic.home_protocol import Outcome
from planner.execution.clock import MAX_SLEEP_S, RealClock, SimulatedClock
from planner.execution.events import Begun, Ended, Episode, Event, Replanned, Waiting
from planner.execution.executor import run
from tests.planner.timed_runs import CountedMachine, TeacherPlanner, flat

START = parse_time("06:50")


class ChangingHome(SymbolicHome):
    """A home in which somebody does something while the robot waits."""

    def __init__(self, now: State, *meanwhile: str, start_time: str = "06:50") -> None:
        super().__init__(now, start_time=start_time)
        self.meanwhile = list(meanwhile)

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        for text in self.meanwhile:
            super().execute(parse_action(self._state.world, text))
        self.meanwhile = []


class Robot:
    """A robot of one's own: it has no clock."""

    def __init__(self) -> None:
        self.home = SymbolicHome(flat())

    def state(self) -> State:
        return self.home.state()

    def execute(self, action: Action) -> Outcome:
        return self.home.execute(action)


def carry_out(
    goal: str, home: Any = None, plan: Sequence[str] = (), planner: TeacherPlanner | None = None, **more: Any
) -> tuple[list[Event], Episode]:
    home = home or SymbolicHome(flat(), start_time="06:50")
    parsed = parse_goal(goal)
    world = home.state().world
    actions = [parse_action(world, text) for text in plan]
    events = list(run(actions, parsed, home, planner=planner, **more))  # type: ignore[arg-type]
    assert isinstance(events[-1], Ended)
    return events, events[-1].episode


def story(events: Sequence[Event]) -> list[str]:
    """Return what happened: subtasks, and `until` when the robot waited."""
    return [
        event.subtask if isinstance(event, Begun) else f"until {event.until}: {event.goal}"
        for event in events
        if isinstance(event, Begun | Waiting)
    ]


def test_the_robot_says_that_it_waits_until_when_and_for_what() -> None:
    events, episode = carry_out("after 10 min : window closed", plan=["close window 1"])
    assert events[0] == Waiting(until="07:00", until_s=START + 600, seconds=600, goal="window closed")
    assert story(events) == ["until 07:00: window closed", "close window 1"]
    assert (episode.success, episode.waited_s, episode.simulated_s) == (True, 600, 10)


@pytest.mark.parametrize(
    ("goal", "plan", "happened"),
    [
        (
            "window closed then after 10 min : desk lamp off",
            ["close window 1", "turn off desk lamp 1"],
            ["close window 1", "until 07:00:10: desk lamp off", "turn off desk lamp 1"],
        ),
        (
            "window closed then at 06:50 : desk lamp off",  # it has come when the window is closed
            ["close window 1", "turn off desk lamp 1"],
            ["close window 1", "turn off desk lamp 1"],
        ),
        (
            "at 07:00 : window closed then at 07:00 : desk lamp off",
            ["close window 1", "turn off desk lamp 1"],
            ["until 07:00: window closed", "close window 1", "turn off desk lamp 1"],
        ),
        (
            "at 06:45 : window closed",
            ["close window 1"],
            ["until 06:45 on day 2: window closed", "close window 1"],
        ),
        (
            "every day at 07:00 : if window open : window closed",
            ["close window 1"],
            ["until 07:00: if window open : window closed", "close window 1"],
        ),
    ],
)
def test_phases_are_done_at_their_times(goal: str, plan: list[str], happened: list[str]) -> None:
    for planner in (None, TeacherPlanner()):
        events, episode = carry_out(goal, plan=plan, planner=planner)
        assert episode.success and story(events) == happened


def test_when_the_time_comes_the_phase_is_planned_anew_from_the_state_of_that_moment() -> None:
    planner = TeacherPlanner()
    home = ChangingHome(flat(), "pick up mug 1", "put mug 1 on desk 1")
    plan = ["pick up mug 1", "put mug 1 on shelf 1"]
    events, episode = carry_out("after 10 min : every mug from desk on shelf", home, plan, planner)
    assert episode.success and episode.replans == 0
    (asked,) = planner.asked
    assert asked.begun and asked.phase == 0 and asked.initial_state == asked.state  # it chooses now
    assert [e.subtask for e in events if isinstance(e, Begun)].count("put mug 1 on shelf 1") == 1
    assert sum(isinstance(event, Replanned) for event in events) == 1
    assert {step.subtask for step in episode.steps} >= {"put mug 1 on shelf 1", "put mug 2 on shelf 1"}


def test_what_others_have_done_meanwhile_needs_no_step() -> None:
    planner = TeacherPlanner()
    home = ChangingHome(flat(), "close window 1")
    _, episode = carry_out("after 1 h : window closed", home, ["close window 1"], planner)
    assert (episode.success, episode.steps, planner.asked) == (True, (), [])


def test_a_test_is_made_when_the_time_has_come() -> None:
    home = ChangingHome(flat(), "close window 1", "turn off desk lamp 1")
    goal = "at 07:00 : if window open : ceiling light on then if not desk lamp on : desk lamp on"
    events, episode = carry_out(goal, home, planner=TeacherPlanner())
    assert episode.success
    assert story(events)[1:] == ["turn on desk lamp 1"]


def test_a_door_that_the_plan_opened_is_closed_before_the_wait() -> None:
    goal = "milk on countertop then after 10 min : desk lamp off"
    plan = ["open fridge 1", "pick up milk 1", "put milk 1 on countertop 1", "close fridge 1", "turn off desk lamp 1"]
    for planner in (None, TeacherPlanner()):
        events, episode = carry_out(goal, plan=plan, planner=planner)
        assert episode.success
        assert story(events)[3:] == ["close fridge 1", "until 07:00:28: desk lamp off", "turn off desk lamp 1"]


def test_what_is_waited_for_is_not_done_before_its_time() -> None:
    goal = "milk on countertop then after 10 min : fridge closed"
    plan = ["open fridge 1", "pick up milk 1", "put milk 1 on countertop 1", "close fridge 1"]
    events, episode = carry_out(goal, plan=plan)
    assert episode.success and story(events)[3:] == ["until 07:00:28: fridge closed", "close fridge 1"]


def test_what_can_no_longer_be_done_is_said_in_words() -> None:
    class Refusing(TeacherPlanner):
        def plan_for_goal(self, *args: Any, **more: Any) -> Any:
            plan = super().plan_for_goal(*args, **more)
            plan.actions, plan.is_proven, plan.reason = (), False, "there is no cabinet here"
            return plan

    _, episode = carry_out("after 10 min : window closed", planner=Refusing())
    assert (episode.success, episode.shortfall) == (False, "there is no cabinet here")


def test_a_rule_that_others_break_while_the_robot_waits_is_broken() -> None:
    home = ChangingHome(flat(), "turn on ceiling light 1")
    goal = "after 10 min : window closed while never ceiling light on"
    _, episode = carry_out(goal, home, ["close window 1"])
    assert episode.met == (True,) and not episode.success


def test_a_failure_after_the_wait_is_planned_again_with_the_choices_of_that_moment() -> None:
    class Slippery(ChangingHome):
        slips = 1

        def execute(self, action: Action) -> Outcome:
            if action.skill == "pick up" and self.slips and not self.meanwhile:
                self.slips -= 1
                return Outcome(status="failed", reason="it slipped")
            return super().execute(action)

    planner = TeacherPlanner()
    home = Slippery(flat(), "turn on ceiling light 1")
    _, episode = carry_out("after 10 min : every book from desk on shelf", home, planner=planner)
    assert episode.success and episode.replans == 1
    assert planner.asked[1].begun and planner.asked[1].initial_state == planner.asked[0].state


def test_a_robot_without_a_clock_is_counted_for() -> None:
    robot = Robot()
    clock = SimulatedClock(robot, start_time="06:50")
    goal = "window closed then at 07:00 : desk lamp off"
    events, episode = carry_out(goal, robot, ["close window 1", "turn off desk lamp 1"], clock=clock)
    waiting = next(event for event in events if isinstance(event, Waiting))
    assert episode.success and waiting.seconds == 590
    assert clock.time_s == parse_time("07:00") + 7


def test_the_real_clock_sleeps_until_the_time_has_come() -> None:
    machine = CountedMachine(datetime(2026, 3, 1, 6, 58, 30))
    home = SymbolicHome(flat())
    clock = RealClock(home, now=machine.now, sleep=machine.sleep)
    events, episode = carry_out("at 07:00 : window closed", home, ["close window 1"], clock=clock)
    assert episode.success and story(events)[0] == "until 07:00: window closed"
    assert machine.sleeps == [MAX_SLEEP_S, 30.0] and home.time_s == parse_time("08:00") + 90 + 10


def test_the_real_clock_counts_days_from_the_first_midnight() -> None:
    machine = CountedMachine(datetime(2026, 3, 1, 23, 59))
    clock = RealClock(SymbolicHome(flat()), now=machine.now, sleep=machine.sleep)
    clock.wait_until(parse_time("23:59") + 120)
    assert clock.time_s == 86_400 + 60
    clock.wait_until(0.0)  # has passed
    assert clock.time_s == 86_400 + 60


def test_a_real_sleep_that_ends_early_goes_on() -> None:
    machine = CountedMachine(datetime(2026, 3, 1, 7, 0))
    sleep = machine.sleep
    clock = RealClock(SymbolicHome(flat()), now=machine.now, sleep=lambda seconds: sleep(seconds / 2))
    clock.wait_until(parse_time("07:00") + 10)
    assert clock.time_s >= parse_time("07:00") + 10


def test_goals_without_times_are_carried_out_as_before() -> None:
    events, episode = carry_out("window closed", plan=["close window 1"])
    assert (episode.success, episode.waited_s, episode.shortfall) == (True, 0.0, "")
    assert story(events) == ["close window 1"]


@pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")
def test_in_physics_the_robot_waits_and_goes_on() -> None:
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(flat().world.scene, start_time="06:50")
    goal = "ceiling light on then at 07:00 : desk lamp off then after 8 h : ceiling light off"
    plan = ["turn on ceiling light 1", "turn off desk lamp 1", "turn off ceiling light 1"]
    events, episode = carry_out(goal, home, plan)
    waits = [event for event in events if isinstance(event, Waiting)]
    assert episode.success and [step.status for step in episode.steps] == ["done"] * 3
    assert waits[0].until == "07:00" and waits[1].seconds == pytest.approx(8 * 3600)
    assert home.time_s == pytest.approx(START + episode.simulated_s + episode.waited_s)
    home.close()
