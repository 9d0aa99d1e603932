"""Goals with times on the command line: `planner.plan --agenda`, and `planner.run` with times and agendas."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import planner.plan
import planner.run
from planner.execution import clock
from tests.planner.command_calls import Call, Outcome, called, refused
from tests.planner.timed_runs import CountedMachine

GOAL = "after 10 min : mug on dining table"  # the memorized GPT knows it by heart


@pytest.fixture
def plan(
    capsys: pytest.CaptureFixture[str], flat_file: Path, model_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Call:  # fmt: skip
    monkeypatch.chdir(tmp_path)

    def call(*argv: str) -> Outcome:
        rest = ["--home", str(flat_file), "--model", str(model_folder)]
        return called("python -m planner.plan", planner.plan.main, [*argv, *rest], capsys)

    return call


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], flat_file: Path, model_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Call:  # fmt: skip
    monkeypatch.chdir(tmp_path)

    def call(*argv: str) -> Outcome:
        executes = ["--model", str(model_folder), "--backend", "symbolic"]
        rest = ["--home", str(flat_file), *(executes if not {"--list", "--cancel"} & set(argv) else [])]
        return called("python -m planner.run", planner.run.main, [*argv, *rest], capsys)

    return call


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> CountedMachine:
    """The machine of --clock real."""
    counted = CountedMachine(datetime(2026, 3, 1, 6, 59, 50))
    original = clock.RealClock.__init__
    monkeypatch.setattr(
        clock.RealClock, "__init__",
        lambda self, home: original(self, home, now=counted.now, sleep=counted.sleep),
    )  # fmt: skip
    return counted


def without_seconds(text: str) -> list[str]:
    return [line.partition(" (")[0] for line in text.splitlines()]


def test_a_scheduled_plan_says_when(plan: Call) -> None:
    outcome = plan("--goal", GOAL)
    assert outcome.code == 0
    assert without_seconds(outcome.out) == [
        f"goal: {GOAL}",
        "plan: open cabinet 1 → pick up mug 1 → put mug 1 on dining table 1 → close cabinet 1",
        "scheduled: in 10 minutes",
    ]


def test_the_json_of_a_scheduled_plan_says_when(plan: Call) -> None:
    data = json.loads(plan("--goal", GOAL, "--json").out)
    assert (data["status"], data["when"], data["waits"]) == (
        "scheduled", {"after_s": 600}, [{"before_step": 1, "when": {"after_s": 600}}],
    )  # fmt: skip


def test_what_is_expected_to_hold_then_needs_no_step(plan: Call) -> None:
    assert "nothing to do: expected to hold then: there " in plan("--goal", "at 07:00 : plate on countertop").out


def test_execution_waits_and_plans_anew(plan: Call) -> None:
    outcome = plan("--goal", GOAL, "--execute", "--backend", "symbolic", "--start-time", "06:50")
    assert outcome.code == 0
    assert "  wait until 07:00: mug on dining table\n" in outcome.out
    assert "success: yes" in outcome.out and "waited: 600 s" in outcome.out


def test_run_needs_no_plan_for_a_goal_with_times(run: Call) -> None:
    outcome = run("--goal", GOAL, "--start-time", "23:55")
    assert outcome.code == 0
    assert "wait until 00:05 on day 2: mug on dining table" in outcome.out


def test_run_takes_the_output_of_plan(plan: Call, run: Call, tmp_path: Path) -> None:
    for flag, name in (("--json", "plan.json"), ("--seed=0", "plan.txt")):
        (tmp_path / name).write_text(plan("--goal", GOAL, flag).out, encoding="utf-8")
        data = json.loads(run(name, "--json").out)
        assert data["success"] and data["waited_s"] == 600 and len(data["steps"]) == 4


def test_run_without_a_plan_and_without_times_says_what_plans(run: Call) -> None:
    refused(run("--goal", "mug on dining table"), "there is no plan", "planner.plan --goal")


def test_a_goal_with_a_time_that_nothing_reaches_says_why_and_fails(run: Call) -> None:
    outcome = run("--goal", "at 07:00 : freezer open")
    assert (outcome.code, outcome.out) == (1, "")
    assert "there is no freezer here" in outcome.err


def test_a_plan_that_is_not_proven_is_said_not_to_be_kept(plan: Call, tmp_path: Path) -> None:
    outcome = plan("--goal", "at 07:00 : freezer open", "--agenda", "agenda.jsonl")
    assert outcome.code == 1 and "nothing was added to agenda.jsonl: the plan is unverified" in outcome.err
    assert not (tmp_path / "agenda.jsonl").exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--start-time", "25:00"], ["25:00", "06:50"]),
        (["--start-time", "noon"], ["noon", "HH:MM"]),
        (["--start-time", "07:00", "--clock", "real"], ["--start-time", "--clock real"]),
        (["--days", "0"], ["--days", "at least 1"]),
        (["--days", "2"], ["--days", "every day"]),
        (["--list"], ["--list needs --agenda"]),
        (["--cancel", "1"], ["--cancel needs --agenda"]),
        (["--agenda", "a.jsonl"], ["--agenda", "--goal"]),
    ],
)
def test_flags_of_time_that_do_not_fit_are_refused(flags: list[str], words: list[str], run: Call) -> None:
    refused(run("--goal", GOAL, *flags), *words)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["open window 1"], ["--agenda", "a plan"]),
        (["--observe"], ["--agenda", "--observe"]),
        (["--replan"], ["--agenda", "--replan"]),
        (["--tell", "mug 1 in cabinet 1"], ["--agenda", "--tell"]),
        (["--list", "--cancel", "1"], ["either --list or --cancel"]),
        (["--list", "--days", "2"], ["--days has no effect with --list"]),
        (["--list", "--clock", "real"], ["--clock has no effect with --list"]),
        (["--cancel", "1", "--leave-open"], ["--leave-open has no effect with --cancel"]),
        (["--cancel", "1", "--start-time", "07:00"], ["--start-time has no effect with --cancel"]),
    ],
)
def test_a_flag_without_effect_on_an_agenda_is_refused(
    flags: list[str], words: list[str], plan: Call, run: Call
) -> None:
    plan("--goal", GOAL, "--agenda", "agenda.jsonl")
    refused(run("--agenda", "agenda.jsonl", *flags), *words)


def test_a_daily_goal_is_done_once_in_a_home_known_in_part(run: Call) -> None:
    refused(run("--goal", "every day at 07:00 : mug on dining table", "--observe", "--days", "2"), "--days 1")


def test_doors_are_left_open_on_request(plan: Call, run: Call) -> None:
    plan("--goal", GOAL, "--agenda", "agenda.jsonl")
    assert "close cabinet 1" in run("--goal", GOAL).out
    assert "close cabinet 1" not in run("--agenda", "agenda.jsonl", "--leave-open").out


def test_plan_has_no_clock_without_an_execution(plan: Call) -> None:
    refused(plan("--goal", GOAL, "--clock", "real"), "--clock needs --execute")
    refused(plan("--goal", GOAL, "--start-time", "07:00"), "--start-time needs --execute")


def test_the_real_clock_waits_for_the_machine(run: Call, machine: CountedMachine) -> None:
    outcome = run("--goal", "at 07:00 : mug on dining table", "--clock", "real")
    assert outcome.code == 0 and "wait until 07:00: mug on dining table" in outcome.out
    assert machine.sleeps == [10.0]


def test_a_daily_goal_is_done_as_many_days_as_asked_for(run: Call) -> None:
    outcome = run("--goal", "every day at 07:00 : mug on dining table", "--days", "2")
    assert outcome.code == 0
    assert [line for line in outcome.out.splitlines() if "until" in line] == [
        "  wait until 07:00 on day 2: mug on dining table", "  wait until 07:00 on day 3: mug on dining table",
    ]  # fmt: skip
    assert outcome.out.endswith("done: 2 of 2\n")


# Agendas


def test_an_agenda_is_filled_listed_cancelled_and_done(plan: Call, run: Call) -> None:
    for number, goal in enumerate(
        (GOAL, "every day at 07:00 : mug on dining table", "after 5 min : plate on countertop"), 1
    ):
        outcome = plan("--goal", goal, "--agenda", "agenda.jsonl")
        assert outcome.code == 0 and outcome.out.endswith(f"agenda: number {number} in agenda.jsonl\n")
    listed = run("--agenda", "agenda.jsonl", "--list")
    assert (listed.code, listed.out) == (
        0,
        f"1. {GOAL}\n2. every day at 07:00 : mug on dining table\n3. after 5 min : plate on countertop\n",
    )
    assert run("--agenda", "agenda.jsonl", "--cancel", "3").out == "cancelled: 3. after 5 min : plate on countertop\n"
    outcome = run("--agenda", "agenda.jsonl", "--start-time", "06:55", "--days", "2")
    assert outcome.code == 0 and outcome.out.endswith("done: 3 of 3\n")
    assert [line.split(": ")[0] for line in outcome.out.splitlines() if "until" in line] == [
        "  wait until 07:00", "  wait until 07:05", "  wait until 07:00 on day 2",
    ]  # fmt: skip
    listed = run("--agenda", "agenda.jsonl", "--list", "--json")
    assert [(e["number"], e["done"]) for e in json.loads(listed.out)["agenda"]] == [(2, 2)]


def test_the_json_of_a_kept_plan_has_its_number(plan: Call) -> None:
    data = json.loads(plan("--goal", GOAL, "--agenda", "agenda.jsonl", "--json").out)
    assert (data["status"], data["agenda"]) == ("scheduled", 1)


def test_a_plan_without_a_time_is_not_kept(plan: Call, tmp_path: Path) -> None:
    outcome = plan("--goal", "mug on dining table", "--agenda", "agenda.jsonl")
    assert outcome.code == 2 and "waits for no time" in outcome.err
    assert not (tmp_path / "agenda.jsonl").exists()


def test_a_plan_that_misses_its_goal_is_not_kept(plan: Call, tmp_path: Path) -> None:
    assert plan("--goal", "after 1 min : freezer open", "--agenda", "agenda.jsonl").code == 1
    assert not (tmp_path / "agenda.jsonl").exists()


def test_what_could_not_be_done_is_said_and_the_exit_code_tells(run: Call, tmp_path: Path) -> None:
    lines = [
        {"agenda": 1, "home": "small flat", "next": 2},
        {"number": 1, "goal": "at 07:00 : freezer open", "instruction": "", "plan": [], "done": 0, "problem": ""},
    ]
    (tmp_path / "agenda.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    outcome = run("--agenda", "agenda.jsonl")
    assert outcome.code == 1
    assert "  could not be done: freezer open: there is no freezer here\n" in outcome.out
    assert "could not be done" in run("--agenda", "agenda.jsonl", "--list").out
    again = run("--agenda", "agenda.jsonl")
    assert (again.code, again.out) == (0, "nothing on the agenda waits; --list shows it\n")


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_what_was_done_until_ctrl_c_is_said_and_the_rest_stays(
    flags: list[str], plan: Call, run: Call, machine: CountedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for goal in ("every day at 07:00 : mug on dining table", "at 07:30 : plate on countertop"):
        plan("--goal", goal, "--agenda", "agenda.jsonl")

    def sleep(seconds: float) -> None:
        machine.time += timedelta(seconds=seconds)
        if machine.time > datetime(2026, 3, 1, 7, 1):
            raise KeyboardInterrupt

    monkeypatch.setattr(machine, "sleep", sleep)
    outcome = run("--agenda", "agenda.jsonl", "--clock", "real", *flags)
    assert (outcome.code, outcome.err) == (130, "python -m planner.run: interrupted\n")
    if flags:
        data = json.loads(outcome.out)
        assert [o["number"] for o in data["outcomes"]] == [1] and [e["number"] for e in data["agenda"]] == [1, 2]
    else:
        assert outcome.out.endswith("wait until 07:30: plate on countertop\ndone: 1 of 1\n")
    listed = run("--agenda", "agenda.jsonl", "--list").out
    assert listed.splitlines() == [
        "1. every day at 07:00 : mug on dining table, done 1 time", "2. at 07:30 : plate on countertop"
    ]  # fmt: skip


def test_an_agenda_may_become_empty_while_it_waits(
    plan: Call, run: Call, machine: CountedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan("--goal", GOAL, "--agenda", "agenda.jsonl")

    def sleep(seconds: float) -> None:
        machine.time += timedelta(seconds=seconds)
        text = Path("agenda.jsonl").read_text(encoding="utf-8")
        Path("agenda.jsonl").write_text(text.splitlines()[0] + "\n", encoding="utf-8")

    monkeypatch.setattr(machine, "sleep", sleep)
    outcome = run("--agenda", "agenda.jsonl", "--clock", "real")
    assert outcome.code == 0 and outcome.out.endswith("\nnothing was done\n")


def test_what_held_already_is_done_without_a_step(plan: Call, run: Call) -> None:
    plan("--goal", "after 5 min : plate on countertop", "--agenda", "agenda.jsonl")
    assert "  done, without a step\ndone: 1 of 1\n" in run("--agenda", "agenda.jsonl").out


def test_an_empty_agenda_says_so(plan: Call, run: Call) -> None:
    plan("--goal", GOAL, "--agenda", "agenda.jsonl")
    run("--agenda", "agenda.jsonl", "--cancel", "1")
    assert run("--agenda", "agenda.jsonl", "--list").out == "the agenda is empty\n"


def test_a_missing_agenda_is_an_error_that_says_how_to_make_one(run: Call) -> None:
    refused(run("--agenda", "agenda.jsonl"), "there is no agenda agenda.jsonl", "planner.plan --goal")


def test_an_agenda_is_for_one_home(plan: Call, run: Call, tmp_path: Path) -> None:
    (tmp_path / "agenda.jsonl").write_text('{"agenda": 1, "home": "studio", "next": 1}\n', encoding="utf-8")
    refused(run("--agenda", "agenda.jsonl", "--list"), "line 1", "studio", "small flat")
    outcome = plan("--goal", GOAL, "--agenda", "agenda.jsonl")
    assert outcome.code == 2 and "line 1" in outcome.err


def test_a_question_is_answered_now(plan: Call) -> None:
    refused(plan("--goal", "? where mug", "--agenda", "agenda.jsonl"), "a question is answered now")


def test_what_pictures_show_has_no_agenda(plan: Call) -> None:
    refused(plan("--agenda", "agenda.jsonl", "--image", "kitchen.png", "put the mug away"), "--agenda", "--image")


@pytest.mark.parametrize("flags", [["--execute"], ["--observe"], ["--format", "bt"]])
def test_an_agenda_keeps_plans_for_later_only(flags: list[str], plan: Call) -> None:
    refused(plan("--goal", GOAL, "--agenda", "agenda.jsonl", *flags), "--agenda")
