"""`plan --observe` and `run --observe`, and the same from Python: looking, doing, remembering, reporting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.scenes.home_file import load_home
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import World
from planner.api import Planner
from planner.errors import PlannerError
from planner.execution.events import Ended
from planner.plan import main as plan_main
from planner.run import main as run_main
from planner.world_model.memory import keep, know
from planner.world_model.open_home import open_home
from tests.planner.command_calls import Call, Outcome, called, refused
from tests.planner.world_model.two_rooms import TWO_ROOMS, TaughtPlanner

IN_THE_KITCHEN = 1  # the seed of a floor plan in which the robot starts there
MEANT = {"fetch the mug": "holding mug", "fetch the teddy bear": "holding teddy bear", "fetch a plate": "holding plate"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a home; the robot starts in its kitchen, and the teacher plans."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Planner, "load", classmethod(lambda cls, folder=None, adapter=None: TaughtPlanner(MEANT)))
    path = tmp_path / "two_rooms.yaml"
    path.write_text(f"seed: {IN_THE_KITCHEN}\n{TWO_ROOMS}", encoding="utf-8")
    return path


@pytest.fixture
def plan(capsys: pytest.CaptureFixture[str], home: Path) -> Call:
    def call(*argv: str) -> Outcome:
        return called("python -m planner.plan", plan_main, [*argv, "--home", str(home)], capsys)

    return call


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], home: Path) -> Call:
    def call(*argv: str) -> Outcome:
        more = ["--home", str(home), "--backend", "symbolic"]
        return called("python -m planner.run", run_main, [*argv, *more], capsys)

    return call


DONE = ("--observe", "--execute", "--backend", "symbolic")


def test_it_looks_finds_and_does(plan: Call) -> None:
    done = plan("fetch the mug", *DONE)
    assert done.code == 0 and "success: yes" in done.out
    for words in ("needs to look for mug: probably in", "look for mug: cabinet", "found: mug 1", "looks: "):
        assert words in done.out


def test_what_is_nowhere_is_reported_and_not_claimed(plan: Call) -> None:
    done = plan("fetch the teddy bear", *DONE)
    assert done.code == 1 and "success: no" in done.out
    assert "looked in all" in done.out and "there is no teddy bear" in done.out


def test_without_execution_what_must_be_found_first_is_no_success(plan: Call) -> None:
    assert plan("fetch the mug", "--observe").code == 1
    assert plan("fetch a plate", "--observe").code == 0


def test_the_next_run_goes_where_the_thing_was_seen(plan: Call, tmp_path: Path) -> None:
    memory = str(tmp_path / "memory.json")
    plan("fetch the teddy bear", *DONE, "--memory", memory)
    again = json.loads(plan("fetch the mug", *DONE, "--memory", memory, "--json").out)
    assert (again["status"], again["look_for"]) == ("verified", [])
    assert again["episode"]["success"] and again["episode"]["search"]["looks"] == []


def test_without_a_memory_each_run_begins_anew(plan: Call) -> None:
    plan("fetch the teddy bear", *DONE)
    assert json.loads(plan("fetch the mug", "--observe", "--json").out)["status"] == "unverified"


def test_what_is_told_is_believed_and_checked(plan: Call) -> None:
    right = json.loads(plan("fetch the mug", *DONE, "--tell", "mug 1 in cabinet 2", "--json").out)
    wrong = json.loads(plan("fetch the mug", *DONE, "--tell", "mug 1 in cabinet 1", "--json").out)
    assert right["episode"]["search"]["missed"] == []
    assert [m["thing"] for m in wrong["episode"]["search"]["missed"]] == ["mug 1"]
    assert right["episode"]["success"] and wrong["episode"]["success"]


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1, "map": {}}'])
def test_a_damaged_memory_is_wrong_usage(plan: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "memory.json").write_text(text)
    refused(plan("fetch the mug", "--observe", "--memory", str(tmp_path / "memory.json")), "memory.json")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--memory", "m.json"), "--memory needs --observe"),
        (("--tell", "mug 1 in cabinet 1"), "--tell needs --observe"),
        (("--observe", "--ask"), "--ask and --error-rate cannot be combined"),
        (("--observe", "--error-rate", "0.1"), "--ask and --error-rate cannot be combined"),
        (("--observe", "--format", "bt"), "--format bt cannot be combined with --observe"),
        (("--observe", "--tell", "mug 1 in cellar 1"), "no place 'cellar 1'"),
    ],
)
def test_flags_that_do_not_go_together_are_wrong_usage(plan: Call, flags: tuple[str, ...], said: str) -> None:
    refused(plan("fetch the mug", *flags), said)


def test_a_dialogue_is_not_partially_observed(plan: Call) -> None:
    refused(plan("--interactive", "--observe"), "--interactive cannot be combined with --observe")


def test_a_given_plan_is_carried_out_and_what_it_lacks_is_looked_for(run: Call) -> None:
    done = run("open cabinet 1 → pick up mug 1", "--goal", "holding mug", "--observe", "--json")
    episode = json.loads(done.out)
    assert (done.code, episode["steps"][0]["subtask"]) == (0, "open cabinet 1")
    assert any("mug 1" in look["found"] for look in episode["search"]["looks"])


def test_what_plan_prints_run_reads(plan: Call, run: Call) -> None:
    printed = plan("fetch the mug", "--observe", "--json").out
    assert "look for mug" in json.loads(printed)["plan"]
    assert run(printed, "--observe", "--json").code == 0


def test_a_given_plan_may_name_what_the_home_does_not_have(run: Call) -> None:
    done = run("open cabinet 1 → pick up teddy bear 1", "--goal", "holding teddy bear", "--observe")
    assert done.code == 1 and "there is no teddy bear" in done.out


def test_run_remembers_too(run: Call, plan: Call, tmp_path: Path) -> None:
    memory = str(tmp_path / "memory.json")
    run("open cabinet 2 → close cabinet 2", "--goal", "cabinet closed", "--observe", "--memory", memory)
    assert json.loads(plan("fetch the mug", "--observe", "--memory", memory, "--json").out)["status"] == "verified"


# From Python


def test_the_same_from_python(home: Path, tmp_path: Path) -> None:
    planner, acting = TaughtPlanner(MEANT), SymbolicHome(open_home(home))
    belief = know(acting)
    plan = planner.plan("fetch the mug", belief)
    *_, last = planner.run(plan, acting, belief=belief)
    assert isinstance(last, Ended) and last.episode.success and last.episode.search is not None
    keep(tmp_path / "memory.json", last.episode.search.belief)
    assert know(home, memory=tmp_path / "memory.json").things["plate 1"].place == "countertop 1"


def test_a_plan_for_one_home_is_not_carried_out_in_another(home: Path) -> None:
    planner = TaughtPlanner(MEANT)
    belief = know(home)
    with pytest.raises(PlannerError, match="the plan is for two rooms"):
        planner.run(planner.plan("fetch the mug", belief), SymbolicHome(open_home("studio")), belief=belief)


def test_where_all_is_known_nothing_is_searched(home: Path) -> None:
    planner, start = TaughtPlanner(MEANT), open_home(home)
    *_, last = planner.run(
        planner.plan_for_goal(planner.understand("fetch the mug", start).goal, start), SymbolicHome(start)
    )  # type: ignore[arg-type]
    assert isinstance(last, Ended) and last.episode.search is None


def test_the_physical_home_is_searched_like_the_symbolic_one(home: Path, plan: Call) -> None:
    flags = ("--observe", "--execute", "--no-video", "--json", "--out", str(home.parent))
    physical = json.loads(plan("fetch the mug", *flags).out)["episode"]
    symbolic = json.loads(plan("fetch the mug", *DONE, "--json").out)["episode"]
    assert physical["success"] and symbolic["success"]
    assert [s["subtask"] for s in physical["steps"]] == [s["subtask"] for s in symbolic["steps"]]
    assert physical["search"]["looks"] == symbolic["search"]["looks"]


def test_the_start_is_where_the_file_says(home: Path) -> None:
    assert know(World(load_home(home)).initial()).room == "kitchen"
