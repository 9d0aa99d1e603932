"""The agenda: what is kept, listed and cancelled, in memory and in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.errors import GoalError
from envs.symbolic.actions import State
from envs.symbolic.goals import parse_goal
from planner.plans.plan_text import split_plan
from planner.plans.planning_result import Plan
from planner.plans.typed_steps import typed_plan
from planner.scheduling import Agenda, AgendaError
from tests.envs.homes_for_tests import state
from tests.planner.timed_runs import flat


def plan(goal: str, *steps: str, home: State | None = None) -> Plan:
    return typed_plan(split_plan(json.dumps({"plan": list(steps or ["close window 1"])})), home or flat(), goal)


def texts(agenda: Agenda) -> list[str]:
    return [str(entry) for entry in agenda]


def test_entries_are_numbered_in_order_and_listed_on_one_line_each() -> None:
    agenda = Agenda(flat())
    agenda.add(plan("at 07:00 : window closed"))
    agenda.add(plan("every day at 6:30 : window closed"))
    assert texts(agenda) == ["1. at 07:00 : window closed", "2. every day at 06:30 : window closed"]
    assert len(agenda) == 2 and next(iter(agenda)).plan == ("close window 1",)


def test_a_number_is_never_given_again() -> None:
    agenda = Agenda(flat())
    for _ in range(3):
        agenda.add(plan("at 07:00 : window closed"))
    agenda.cancel(1)
    agenda.cancel(3)
    assert agenda.add(plan("at 08:00 : window closed")).number == 4


def test_an_entry_is_cancelled_by_its_number() -> None:
    agenda = Agenda(flat())
    agenda.add(plan("at 07:00 : window closed"))
    assert agenda.cancel(1).number == 1 and len(agenda) == 0
    with pytest.raises(AgendaError, match="no entry 1; the agenda is empty"):
        agenda.cancel(1)


def test_a_wrong_number_is_refused_with_those_that_there_are() -> None:
    agenda = Agenda(flat())
    agenda.add(plan("at 07:00 : window closed"))
    with pytest.raises(AgendaError, match="no entry 7; there are 1"):
        agenda.cancel(7)


@pytest.mark.parametrize(
    ("goal", "steps", "words"),
    [
        (
            "window closed",
            ["close window 1"],
            "waits for no time, such as .at 07:00 : .; execute it",
        ),
        (
            "at 07:00 : window closed",
            ["open fridge 1"],
            "the plan is unverified, not scheduled: not reached",
        ),
    ],
)
def test_only_scheduled_plans_are_kept(goal: str, steps: list[str], words: str) -> None:
    with pytest.raises(AgendaError, match=words):
        Agenda(flat()).add(plan(goal, *steps))


def test_a_goal_is_kept_without_a_proof_if_it_has_a_time() -> None:
    agenda = Agenda(flat())
    assert agenda.add_goal(parse_goal("at 07:00 : freezer open")).number == 1
    assert str(agenda.add_goal("every day at 7:00 : window open")) == "2. every day at 07:00 : window open"
    with pytest.raises(AgendaError, match="has no time"):
        agenda.add_goal("window closed")
    with pytest.raises(GoalError, match="windwo"):
        agenda.add_goal("at 07:00 : windwo closed")


def test_a_file_holds_one_entry_a_line_and_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "agenda.jsonl"
    agenda = Agenda(flat(), str(path))
    assert not path.exists()
    agenda.add(plan("at 07:00 : window closed while never fridge open"))
    agenda.add(plan("every day at 07:00 : if window open : window closed"))
    assert path.read_text(encoding="utf-8").count("\n") == 3
    assert list(Agenda(flat(), path)) == list(agenda)
    assert list(tmp_path.joinpath("new").iterdir()) == [path]  # nothing is left beside it


def test_two_programs_that_use_a_file_in_turn_lose_nothing(tmp_path: Path) -> None:
    one, other = (Agenda(flat(), tmp_path / "agenda.jsonl") for _ in range(2))
    one.add(plan("at 07:00 : window closed"))
    assert other.add(plan("at 08:00 : window closed")).number == 2
    one.cancel(1)
    other.reload()
    assert texts(other) == ["2. at 08:00 : window closed"]


def test_what_was_done_is_removed_unless_it_is_daily(tmp_path: Path) -> None:
    agenda = Agenda(flat(), tmp_path / "agenda.jsonl")
    agenda.add(plan("at 07:00 : window closed"))
    agenda.add(plan("every day at 07:00 : window closed"))
    agenda.note(1, problem="")
    agenda.note(2, problem="")
    assert texts(Agenda(flat(), agenda.path)) == ["2. every day at 07:00 : window closed, done 1 time"]


def test_what_could_not_be_done_stays_to_be_read(tmp_path: Path) -> None:
    agenda = Agenda(flat(), tmp_path / "agenda.jsonl")
    agenda.add(plan("at 07:00 : window closed"))
    agenda.add(plan("every day at 07:00 : window closed"))
    for number in (1, 2):
        agenda.note(number, problem="there is no window here")
    assert texts(Agenda(flat(), agenda.path)) == [
        "1. at 07:00 : window closed; could not be done: there is no window here",
        "2. every day at 07:00 : window closed; could not be done: there is no window here",
    ]
    assert [entry.is_waiting for entry in agenda] == [False, True]


def test_what_was_cancelled_meanwhile_is_not_noted() -> None:
    assert Agenda(flat()).note(3, problem="") is None


def test_an_agenda_never_gets_larger_than_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "agenda.jsonl"
    monkeypatch.setattr("planner.scheduling.agenda.MAX_BYTES", 400)
    agenda = Agenda(flat(), path)
    agenda.add_goal("at 07:00 : window closed")
    with pytest.raises(AgendaError, match="more than 400 bytes; cancel some"):
        for _ in range(9):
            agenda.add_goal("at 07:00 : window closed")
    assert list(Agenda(flat(), path)) == list(agenda)
    agenda.cancel(1)
    monkeypatch.setattr("planner.scheduling.agenda.MAX_ENTRIES", len(agenda))
    with pytest.raises(AgendaError, match="which is the maximum; cancel some"):
        agenda.add_goal("at 07:00 : window closed")


HEAD = {"agenda": 1, "home": "test home", "next": 9}
GOOD = {
    "number": 1, "goal": "at 07:00 : window closed", "instruction": "", "plan": [], "done": 0, "problem": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[]", "an object in braces"),
        ('"at 07:00 : window closed"', "an object in braces"),
        (json.dumps({**GOOD, "number": 9}), "entry 9 is not below the number that is given next, 9"),
        (json.dumps({**GOOD, "goal": "window closed"}), "has no time"),
        (json.dumps({**GOOD, "goal": "at 25:00 : window closed"}), "a time of day is between"),
        (json.dumps({**GOOD, "goal": "at 07:00 : windwo closed"}), "cannot be read: .windwo"),
        (json.dumps({**GOOD, "number": 0}), "at least 1"),
        (json.dumps({**GOOD, "number": True}), "'number' is True, not a whole number"),
        (json.dumps({**GOOD, "number": "2"}), "'number' is '2'"),
        (json.dumps({**GOOD, "done": -1}), "at least 0"),
        (json.dumps({**GOOD, "plan": [1]}), "a list of texts"),
        (json.dumps({key: value for key, value in GOOD.items() if key != "goal"}), "'goal' is missing"),
        (json.dumps({**GOOD, "gaol": ""}), "no key 'gaol'"),
        (json.dumps(GOOD), "two entries 1"),
        ('{"number": 1, "number": 2}', "given twice"),
    ],
)
def test_a_line_that_is_no_entry_is_named_with_what_would_do(line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "agenda.jsonl"
    path.write_text("\n".join([json.dumps(HEAD), json.dumps(GOOD), "", line, ""]), encoding="utf-8")
    with pytest.raises(AgendaError, match=words) as caught:
        Agenda(flat(), path)
    assert str(caught.value).startswith(f"{path}: line 4: ")
    assert str(caught.value).endswith("correct or delete this line")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "it is empty"),
        (json.dumps(GOOD), "has no key 'number'"),
        (json.dumps({**HEAD, "home": "studio"}), "it is for the home 'studio', and this one is 'test home'"),
        (json.dumps({**HEAD, "agenda": 2}), "version 1"),
        (json.dumps({**HEAD, "next": 0}), "version 1"),
        (json.dumps({**HEAD, "next": None}), "'next' is None, not a whole number"),
    ],
)
def test_a_first_line_that_is_none_of_an_agenda_of_this_home_is_refused(line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "agenda.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(AgendaError, match=words) as caught:
        Agenda(flat(), path)
    assert str(caught.value).startswith(f"{path}: line 1: ")
    assert str(caught.value).endswith("another file starts a new agenda")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00\x01\x02", b"caf\xe9\n"])
def test_a_file_that_is_no_text_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "agenda.jsonl"
    path.write_bytes(content)
    with pytest.raises(AgendaError, match="cannot be read as an agenda"):
        Agenda(flat(), path)


def test_a_folder_is_no_agenda(tmp_path: Path) -> None:
    with pytest.raises(AgendaError, match="cannot be read as an agenda"):
        Agenda(flat(), tmp_path)


def test_names_of_people_and_rooms_of_the_home_are_read_back(tmp_path: Path) -> None:
    home = state(["desk 1 @ guest bedroom", "countertop 1"], {"mug 1: Anna's": "countertop 1"}, people=("Anna",))
    agenda = Agenda(home, tmp_path / "agenda.jsonl")
    goal = "at 07:00 : Anna's mug in guest bedroom"
    agenda.add(plan(goal, "pick up mug 1", "put mug 1 on desk 1", home=home))
    assert texts(Agenda(home, agenda.path)) == [f"1. {goal}"]


def test_an_agenda_of_another_home_takes_no_plan() -> None:
    with pytest.raises(AgendaError, match="the agenda is for the home 'studio', and this is 'test home'"):
        Agenda("studio").add(plan("at 07:00 : window closed"))
