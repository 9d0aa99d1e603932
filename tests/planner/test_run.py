"""`python -m planner.run`: a given plan is read, carried out and scored."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from planner.errors import PlannerError
from planner.run import main, read_plan
from tests.conftest import ROOT
from tests.planner.command_calls import Call, Outcome, called, refused

MUG_PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1"]
SHOWN = "put the mug on the table → " + " → ".join(MUG_PLAN)
GOAL = "mug on dining table"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], flat_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command in an empty folder, in the small flat and the symbolic world."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str, goal: str | None = GOAL, home: str = str(flat_file), backend: str = "symbolic") -> Outcome:
        rest = ["--home", home, "--backend", backend, *(("--goal", goal) if goal is not None else ())]
        return called("python -m planner.run", main, [*argv, *rest], capsys)

    return call


# Reading a plan


def read(source: str) -> tuple[list[str], str | None]:
    plan = read_plan(source)
    return [step.text for step in plan.steps], plan.goal


def test_a_shown_plan_is_split_at_its_arrows() -> None:
    assert read(SHOWN) == (["put the mug on the table", *MUG_PLAN], None)


def test_a_file_may_have_a_subtask_a_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("\n".join(MUG_PLAN) + "\n\n")
    assert read(str(path)) == (MUG_PLAN, None)


def test_json_brings_its_goal(tmp_path: Path) -> None:
    data = json.dumps({"plan": MUG_PLAN, "goal": GOAL, "status": "verified"})
    path = tmp_path / "plan.json"
    path.write_text(data)
    assert read(str(path)) == read(data) == (MUG_PLAN, GOAL)


def test_a_plan_too_long_for_the_name_of_a_file_is_a_plan() -> None:
    subtasks = ["open cabinet 1", "close cabinet 1"] * 200
    assert read(json.dumps({"plan": subtasks}))[0] == subtasks
    assert read("\n".join(subtasks))[0] == subtasks


def test_a_plan_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(SHOWN))
    assert read("-")[0][1:] == MUG_PLAN


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{", "not the JSON of planner.plan"),
        ('{"goal": "x"}', "not the JSON of planner.plan"),
        ('{"plan": "open"}', "a list of subtasks"),
        ('{"plan": [1]}', "a list of subtasks"),
        ('{"plan": null}', "a list of subtasks"),
        ('{"plan": [], "goal": ["x"]}', "goal must be a text"),
        ('{"plan": ' + "[" * 100_000, "not the JSON of planner.plan"),
    ],
)
def test_json_that_is_no_plan_is_an_error(source: str, problem: str) -> None:
    with pytest.raises(PlannerError, match=problem):
        read_plan(source)


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "plan.bin"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlannerError, match="cannot be read as a plan"):
        read_plan(str(path))


# Carrying it out


def test_a_good_plan_exits_0(run: Call) -> None:
    outcome = run(SHOWN)
    assert (outcome.code, outcome.err) == (0, "")
    assert "success: yes (symbolic)" in outcome.out and "steps: 3\n" in outcome.out


def test_a_plan_that_breaks_exits_1_and_says_where(run: Call) -> None:
    outcome = run(" → ".join(MUG_PLAN[1:]))
    assert (outcome.code, outcome.err) == (1, "")
    assert "cabinet 1 is closed" in outcome.out
    assert "success: no" in outcome.out and "not reached: mug on dining table" in outcome.out


def test_a_plan_that_does_not_reach_the_goal_exits_1(run: Call) -> None:
    outcome = run("open cabinet 1")
    assert outcome.code == 1 and "goal conditions: 0 of 1 (0%)" in outcome.out


def test_with_json_it_prints_one_object(run: Call) -> None:
    outcome = run(SHOWN, "--json")
    episode = json.loads(outcome.out)
    assert outcome.code == 0 and outcome.out.count("\n") == 1
    assert (episode["success"], episode["met"], episode["replans"]) == (True, [True], 0)
    assert [step["subtask"] for step in episode["steps"]] == MUG_PLAN


def test_the_json_of_the_plan_command_can_be_run(run: Call, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"plan": MUG_PLAN, "goal": GOAL, "seconds": 0.1}))
    assert run(str(path), goal=None).code == 0


def test_a_stated_goal_goes_before_that_of_the_json(run: Call) -> None:
    outcome = run(json.dumps({"plan": MUG_PLAN, "goal": GOAL}), goal="cabinet closed")
    assert outcome.code == 1 and "not reached: cabinet closed" in outcome.out


def test_a_broken_plan_is_planned_anew_if_that_is_asked_for(run: Call, model_folder: Path) -> None:
    broken = ["open cabinet 1", "open cabinet 1"]
    assert run(" → ".join(broken)).code == 1
    outcome = run(" → ".join(broken), "--replan", "--model", str(model_folder))
    assert "replanning" in outcome.out and "re-plans" in outcome.out


def test_the_symbolic_world_writes_no_file(run: Call, tmp_path: Path) -> None:
    run(SHOWN, "--out", str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_disturbances_are_told_and_counted(run: Call) -> None:
    argv = (SHOWN, "--disturb", "1", "--disturb-seed", "4")
    outcome = run(*argv)
    assert outcome.out.count("  disturbed: ") > 0
    told = json.loads(run(*argv, "--json").out)["disturbances"]
    assert [f"  disturbed: {d['what']}" for d in told] == [n for n in outcome.out.splitlines() if "disturbed:" in n]
    assert told[0]["before_step"] == 1 and f"{len(told)} disturbances" in outcome.out


def test_failures_are_counted_by_reason(run: Call) -> None:
    outcome = run(" → ".join(MUG_PLAN[1:]))
    assert "  failed: cabinet 1 is closed" in outcome.out
    episode = json.loads(run(" → ".join(MUG_PLAN[1:]), "--json").out)
    assert episode["failures"] == {"cabinet 1 is closed": 1}


def test_a_budget_of_no_new_plans_is_kept(run: Call, model_folder: Path) -> None:
    argv = ("open cabinet 1 → open cabinet 1", "--replan", "--model", str(model_folder), "--json")
    assert json.loads(run(*argv).out)["replans"] > 0
    assert json.loads(run(*argv, "--max-replans", "0").out)["replans"] == 0


needs_pybullet = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed")


@needs_pybullet
def test_physics_writes_a_video_a_picture_and_a_filmstrip(run: Call, tmp_path: Path) -> None:
    outcome = run("open cabinet 1", "--video", "films/a.mp4", "--view", "split", goal="cabinet open", backend="physics")
    assert outcome.code == 0
    written = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert written == ["films/a.mp4", "films/filmstrip.png", "films/home.png"]
    assert all(f": films/{name}" in outcome.out for name in ("a.mp4", "filmstrip.png", "home.png"))
    assert "collisions: " in outcome.out and "grasp assisted" in outcome.out


@needs_pybullet
def test_a_run_without_a_step_reports_no_video_and_none_of_an_earlier_run(run: Call, tmp_path: Path) -> None:
    flags = ("--video", "films/a.mp4")
    run("open cabinet 1", *flags, goal="cabinet open", backend="physics")
    outcome = run(*flags, goal="after 1 s : plate on countertop", backend="physics")
    assert outcome.code == 0 and "steps: 0\n" in outcome.out
    assert "video: " not in outcome.out and "filmstrip: " not in outcome.out and "picture: " in outcome.out
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["home.png"]


@needs_pybullet
def test_without_a_video_a_still_for_each_subtask_is_left(run: Call, tmp_path: Path) -> None:
    strip = str(tmp_path / "strip.png")
    outcome = run("open cabinet 1", "--no-video", "--filmstrip", strip, goal="cabinet open", backend="physics")
    assert outcome.code == 0
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["strip.png"]


# What it says when something is wrong


@pytest.mark.parametrize("plan", ["", "   ", "→ →", '{"plan": []}'])
def test_an_empty_plan_is_wrong_usage(run: Call, plan: str) -> None:
    refused(run(plan), "the plan has no subtask")


def test_a_plan_without_a_goal_is_wrong_usage(run: Call) -> None:
    refused(run(SHOWN, goal=None), "there is nothing to score", "--goal")


def test_a_goal_that_does_not_parse_is_wrong_usage(run: Call) -> None:
    refused(run(SHOWN, goal="mug on dinning table"), "dining table")


def test_a_subtask_that_is_none_is_named_with_its_number(run: Call) -> None:
    refused(run("open cabinet 1 → fly to the moon"), "plan step 2: 'fly to the moon' starts with no skill")


def test_a_thing_that_is_not_there_is_named(run: Call) -> None:
    refused(run("open cabinet 1 → pick up mug 7"), "plan step 2: there is no 'mug 7'", "mug 1")


def test_the_only_subtask_is_not_taken_for_the_instruction(run: Call) -> None:
    refused(run("set the table"), "plan step 1: 'set the table' starts with no skill")


@pytest.mark.parametrize("name", ["no_such_plan.txt", "plans/none", "./plan.json", "/tmp/none/plan.md"])
def test_a_plan_file_that_is_missing_is_named(run: Call, name: str) -> None:
    refused(run(name), f"there is no plan file {name!r}")


@pytest.mark.parametrize("separator", [" -> ", ";", "\r\n", ", "])
def test_a_typed_plan_is_executed_as_a_shown_one(run: Call, separator: str) -> None:
    outcome = run(separator.join(MUG_PLAN).upper())
    assert outcome.code == 0 and "steps: 3\n" in outcome.out


def test_an_instruction_before_the_steps_is_told(run: Call) -> None:
    assert run(SHOWN).out.startswith("instruction: put the mug on the table\n")
    outcome = run(SHOWN, "--json")
    assert outcome.err == "instruction: put the mug on the table\n" and outcome.out.count("\n") == 1


def test_an_unknown_home_offers_those_that_there_are(run: Call) -> None:
    refused(run(SHOWN, home="my_castle"), "'my_castle'", "studio")


def test_a_missing_model_is_wrong_usage(run: Call, tmp_path: Path) -> None:
    refused(run(SHOWN, "--replan", "--model", str(tmp_path / "none")), "no such model folder")


def test_an_output_folder_that_cannot_be_made_is_wrong_usage_and_leaves_nothing(run: Call, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    refused(run(SHOWN, "--out", str(file / "below"), backend="physics"), "cannot be written to")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--disturb", "1.5"), "a probability in [0, 1]"),
        (("--disturb", "nan"), "a probability in [0, 1]"),
        (("--max-replans", "-1"), "at least 0"),
        (("--video", "out.mp4"), "only the physical home can be displayed"),
        (("--rerun", "out.rrd"), "only the physical home can be displayed"),
        (("--gui",), "only the physical home can be displayed"),
    ],
)
def test_flags_that_the_symbolic_world_cannot_follow_are_wrong_usage(
    run: Call, tmp_path: Path, flags: tuple[str, ...], problem: str
) -> None:
    refused(run(SHOWN, *flags), problem)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--video", "out.mp4", "--no-video"), "contradict each other"),
        (("--video", "out.gif"), "must end in .mp4"),
    ],
)
def test_flags_that_contradict_each_other_are_wrong_usage(
    run: Call, tmp_path: Path, flags: tuple[str, ...], problem: str
) -> None:
    refused(run(SHOWN, *flags, backend="physics"), problem)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_display_is_named_before_anything_is_built(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    refused(run(SHOWN, "--gui", backend="physics"), "there is no display")


def test_a_missing_rerun_is_named_before_anything_is_built(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envs.recording.rerun_recording.importlib.util.find_spec", lambda name: None)
    refused(run(SHOWN, "--rerun", "out.rrd", backend="physics"), "pip install 'gpt-home-planner[rerun]'")


def test_help_exits_0_without_waiting_for_torch() -> None:
    script = (
        "import sys\nfrom planner.run import main\n"
        "try: main(['-h'])\nexcept SystemExit as stop: print(stop.code, file=sys.stderr)\n"
        "print(sorted({'torch', 'pybullet'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stderr) == (0, "0\n[]\n")
    assert done.stdout.startswith("usage: python -m planner.run")
    assert len(done.stdout.splitlines()) <= 45


# Rules


def test_a_broken_rule_is_why_a_plan_fails(run: Call) -> None:
    outcome = run("open cabinet 1 → pick up mug 1 → put mug 1 on dining table 1", "--rule", "never open cabinet")
    assert outcome.code == 1
    assert "goal conditions: 1 of 1 (100%)\nbroken: never open cabinet (step 1)\n" in outcome.out


def test_json_names_the_broken_rule_and_its_step(run: Call) -> None:
    answer = json.loads(run(SHOWN, "--rule", "never open cabinet", "--json").out)
    assert answer["broken"] == [{"rule": "never open cabinet", "step": 1}]
    assert answer["shortfall"] == "broken: never open cabinet (step 1)"


def test_a_rule_is_added_to_those_of_the_home(run: Call, flat_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "strict.yaml"
    path.write_text("rules: [never fridge open]\n" + flat_file.read_text())
    out = run("open fridge 1 → " + " → ".join(MUG_PLAN), "--rule", "never pick up mug", home=str(path)).out
    assert "broken: never fridge open (step 1)\nbroken: never pick up mug (step 3)\n" in out


def test_a_rule_that_does_not_parse_is_wrong_usage(run: Call) -> None:
    refused(run(SHOWN, "--rule", "no mug on table"), "no mug on table")
