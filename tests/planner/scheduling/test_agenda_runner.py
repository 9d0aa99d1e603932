"""What is due on an agenda is done, the earliest first, planned anew, and what cannot be done is reported."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.goals import parse_goal, parse_time
from planner.errors import PlannerError
from planner.execution.clock import RealClock
from planner.execution.events import Begun, Waiting
from planner.scheduling import Agenda, EntryEnded, EntryTurn, run_agenda
from planner.scheduling.agenda_runner import AgendaEvent, AgendaExecution
from tests.planner.timed_runs import CountedMachine, TeacherPlanner, flat


def agenda_of(*goals: str, path: Path | None = None) -> Agenda:
    agenda = Agenda(flat(), path)
    for goal in goals:
        agenda.add_goal(parse_goal(goal))
    return agenda


def home_at(start: str) -> SymbolicHome:
    return SymbolicHome(flat(), start_time=start)


def story(events: list[AgendaEvent]) -> list[str]:
    lines = []
    for event in events:
        if isinstance(event, Begun):
            lines.append(event.subtask)
        elif isinstance(event, EntryEnded):
            problem = f": {event.problem}" if event.problem else ""
            lines.append(f"ended {event.entry.number}{' again' if event.again else ''}{problem}")
    return lines


def run_all(agenda: Agenda, home: SymbolicHome, **more: Any) -> list[AgendaEvent]:
    return list(run_agenda(agenda, home, TeacherPlanner(), **more))  # type: ignore[arg-type]


def test_what_is_due_earlier_is_done_first() -> None:
    agenda = agenda_of("at 07:30 : desk lamp off", "after 5 min : window closed", "at 07:00 : ceiling light on")
    home = home_at("06:50")
    assert story(run_all(agenda, home)) == [
        "close window 1", "ended 2", "turn on ceiling light 1", "ended 3", "turn off desk lamp 1", "ended 1",
    ]  # fmt: skip
    assert home.time_s == parse_time("07:30") + 7 and len(agenda) == 0


def test_two_at_the_same_time_keep_their_order() -> None:
    agenda = agenda_of(
        "at 07:00 : desk lamp off", "after 10 min : window closed", "every day at 07:00 : ceiling light on"
    )
    assert story(run_all(agenda, home_at("06:50")))[::2] == [
        "turn off desk lamp 1", "close window 1", "turn on ceiling light 1",
    ]  # fmt: skip


def test_a_phase_without_a_time_waits_for_no_other_entry() -> None:
    agenda = agenda_of("at 07:00 : desk lamp off", "window closed then at 07:30 : ceiling light on")
    assert story(run_all(agenda, home_at("06:50"))) == [
        "close window 1", "turn off desk lamp 1", "ended 1", "turn on ceiling light 1", "ended 2",
    ]  # fmt: skip


def test_while_one_entry_waits_between_its_phases_others_are_done() -> None:
    agenda = agenda_of("at 07:00 : desk lamp off then after 30 min : desk lamp on", "at 07:10 : window closed")
    assert story(run_all(agenda, home_at("06:50"))) == [
        "turn off desk lamp 1", "close window 1", "ended 2", "turn on desk lamp 1", "ended 1",
    ]  # fmt: skip


def test_a_daily_entry_is_done_as_many_days_as_asked_for_across_midnight() -> None:
    agenda = agenda_of("every day at 00:05 : if window open : window closed", "after 24 h : window open")
    home = home_at("23:55")
    events = run_all(agenda, home, days=3)
    waits = [event.until for event in events if isinstance(event, Waiting)]
    assert waits == ["00:05 on day 2", "23:55 on day 2", "00:05 on day 3", "00:05 on day 4"]
    assert story(events) == [
        "close window 1", "ended 1 again", "open window 1", "ended 2", "close window 1", "ended 1 again", "ended 1",
    ]  # fmt: skip
    assert str(next(iter(agenda))).endswith("done 3 times")


def test_two_daily_phases_repeat_together_in_order() -> None:
    agenda = agenda_of("every day at 07:00 : desk lamp on then every day at 19:00 : desk lamp off")
    events = run_all(agenda, home_at("12:00"), days=2)
    waits = [event.until for event in events if isinstance(event, Waiting)]
    assert waits == ["07:00 on day 2", "19:00 on day 2", "07:00 on day 3", "19:00 on day 3"]


def test_what_is_before_the_daily_phase_is_done_once() -> None:
    agenda = agenda_of("window closed then every day at 07:00 : if window open : window closed")
    assert story(run_all(agenda, home_at("06:50"), days=2)) == ["close window 1", "ended 1 again", "ended 1"]


def test_a_daily_entry_that_has_nothing_to_do_is_not_done_twice_in_a_minute() -> None:
    agenda = agenda_of("every day at 07:00 : desk lamp on")
    events = run_all(agenda, home_at("07:00"), days=2)
    assert [event.until for event in events if isinstance(event, Waiting)] == ["07:00 on day 2"]


def test_what_is_due_is_planned_for_the_state_of_that_moment() -> None:
    agenda = agenda_of("at 07:00 : mug from countertop on desk", "at 08:00 : every mug from desk on shelf")
    events = run_all(agenda, home_at("06:50"))
    assert [line for line in story(events) if "shelf" in line] == ["put mug 1 on shelf 1", "put mug 2 on shelf 1"]


def test_what_can_no_longer_be_done_is_reported_and_kept_and_the_rest_is_done(tmp_path: Path) -> None:
    agenda = agenda_of("at 07:00 : freezer open", "at 07:05 : window closed", path=tmp_path / "agenda.jsonl")
    ended = [event for event in run_all(agenda, home_at("06:50")) if isinstance(event, EntryEnded)]
    assert ended[0].problem and not ended[1].problem
    (left,) = Agenda(flat(), agenda.path)
    assert left.number == 1 and left.problem == ended[0].problem
    assert story(run_all(Agenda(flat(), agenda.path), home_at("06:50"))) == []  # it is not tried again


def test_a_daily_entry_that_fails_once_is_tried_again_the_next_day() -> None:
    agenda = agenda_of("every day at 07:00 : freezer open")
    ended = [event for event in run_all(agenda, home_at("06:50"), days=2) if isinstance(event, EntryEnded)]
    assert [bool(event.problem) for event in ended] == [True, True]
    assert [event.again for event in ended] == [True, False]


def test_an_entry_that_is_cancelled_while_others_are_done_is_not_done() -> None:
    agenda = agenda_of("at 07:00 : window closed", "at 08:00 : desk lamp off")
    events = run_agenda(agenda, home_at("06:50"), TeacherPlanner())  # type: ignore[arg-type]
    seen = [next(events)]
    while not isinstance(seen[-1], EntryEnded):
        seen.append(next(events))
    agenda.cancel(2)
    assert list(events) == []


def test_an_entry_that_is_cancelled_when_its_wait_is_told_is_not_done() -> None:
    agenda = agenda_of("at 07:00 : window closed", "at 08:00 : desk lamp off")
    home, events = home_at("06:50"), list[AgendaEvent]()
    for event in run_agenda(agenda, home, TeacherPlanner()):  # type: ignore[arg-type]
        events.append(event)
        if isinstance(event, Waiting) and event.until == "07:00":
            agenda.cancel(1)
            agenda.add_goal(parse_goal("after 2 min : ceiling light on"))
    assert story(events) == ["turn on ceiling light 1", "ended 3", "turn off desk lamp 1", "ended 2"]


def test_each_event_is_about_the_entry_that_was_named_last(tmp_path: Path) -> None:
    path = tmp_path / "agenda.jsonl"
    agenda, machine = agenda_of("at 07:00 : window closed", path=path), CountedMachine(datetime(2026, 3, 1, 6, 59, 0))

    def sleep(seconds: float) -> None:
        machine.sleep(seconds)
        if machine.time == datetime(2026, 3, 1, 6, 59, 10):  # while the first one waits, and that is told
            Agenda(flat(), path).add_goal(parse_goal("after 5 s : desk lamp off then at 07:30 : desk lamp on"))

    clock = RealClock(SymbolicHome(flat()), now=machine.now, sleep=sleep)
    lines, current = [], 0
    for event in run_all(agenda, SymbolicHome(flat()), clock=clock, poll_s=1.0):
        if isinstance(event, EntryTurn):
            current = event.entry.number
        elif isinstance(event, Waiting | Begun):
            lines.append((current, event.until if isinstance(event, Waiting) else event.subtask))
    assert lines == [
        (1, "07:00"), (2, "06:59:15"), (2, "turn off desk lamp 1"), (1, "close window 1"), (2, "07:30"),
        (2, "turn on desk lamp 1"),
    ]  # fmt: skip


def test_an_agenda_is_done_in_an_environment() -> None:
    env: Any = gymnasium.make("HomeSymbolic-v0", home=flat(), goal="fridge open", start_time="06:50")
    env.reset(seed=0)
    agenda = agenda_of("at 07:00 : window closed")
    assert story(run_all(agenda, env)) == ["close window 1", "ended 1"]
    assert env.unwrapped.time_s > parse_time("07:00")


@pytest.mark.parametrize(
    ("home", "days", "words"),
    [
        (SymbolicHome("studio"), 1, "the agenda is for the home 'test home', and this is 'studio'"),
        (SymbolicHome(flat()), 0, "at least 1 day, not 0"),
        ("studio", 1, "not in 'studio'"),
    ],
)
def test_an_agenda_is_not_done_where_or_as_often_as_makes_no_sense(home: Any, days: int, words: str) -> None:
    with pytest.raises(PlannerError, match=words):
        run_agenda(agenda_of("at 07:00 : window closed"), home, TeacherPlanner(), days=days)  # type: ignore[arg-type]


def test_in_real_time_the_file_is_read_again_while_nothing_is_due(tmp_path: Path) -> None:
    path = tmp_path / "agenda.jsonl"
    agenda = agenda_of("at 07:00 : window closed", "at 08:00 : desk lamp off", path=path)
    machine = CountedMachine(datetime(2026, 3, 1, 6, 59, 0))
    home = SymbolicHome(flat())

    def sleep(seconds: float) -> None:
        machine.sleep(seconds)
        other = Agenda(flat(), path)
        if machine.time == datetime(2026, 3, 1, 7, 0, 10):  # somebody else cancels one and adds another
            other.cancel(2)
            other.add_goal(parse_goal("after 20 s : ceiling light on"))

    clock = RealClock(home, now=machine.now, sleep=sleep)
    events = run_all(agenda, home, clock=clock, poll_s=1.0)
    assert story(events) == ["close window 1", "ended 1", "turn on ceiling light 1", "ended 3"]
    assert machine.time == datetime(2026, 3, 1, 7, 0, 30) and max(machine.sleeps) == 1.0


def test_only_what_is_due_now_is_done_if_nothing_is_waited_for() -> None:
    agenda, home = agenda_of("at 07:00 : window closed", "at 08:00 : desk lamp off"), home_at("06:50")
    execution = AgendaExecution(agenda, home, TeacherPlanner())  # type: ignore[arg-type]
    execution.notice()
    assert list(execution.run(wait=False)) == []
    home.wait(900)
    assert story(list(execution.run(wait=False))) == ["close window 1", "ended 1"]
    assert story(list(execution.run())) == ["turn off desk lamp 1", "ended 2"]
