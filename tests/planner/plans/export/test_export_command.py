"""`python -m planner.plan --format NAME`, and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.symbolic.actions import State
from envs.symbolic.goals import parse_goal
from planner.api import Planner
from planner.plan import main
from planner.plans.export import FORMATS, PLAN_FORMATS, ExportError, Format, PlanFormat, export_files, joined
from planner.plans.export.py_tree import is_installed
from tests.envs.homes_for_tests import state
from tests.planner.command_calls import Call, Outcome, called, refused
from tests.planner.plans.export.btcpp import check
from tests.planner.plans.pddl.pddl_evaluator import parse

MUG = "put the mug on the table"
BEGINS = {"bt": "<?xml", "pddl": "(define (domain", "py_trees": "{-} put the mug", "mermaid": "flowchart TD"}


@pytest.fixture
def plan(capsys: pytest.CaptureFixture[str], flat_file: Path, model_folder: Path) -> Call:
    def call(*argv: str) -> Outcome:
        rest = ["--home", str(flat_file), "--model", str(model_folder)]
        return called("python -m planner.plan", main, [*argv, *rest], capsys)

    return call


@pytest.mark.parametrize("form", BEGINS)
def test_a_plan_is_printed_in_a_format_and_nothing_else_is(plan: Call, form: str) -> None:
    if form == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    outcome = plan(MUG, "--format", form)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(BEGINS[form])


def test_the_tree_is_valid_and_the_pddl_is_a_domain_and_a_problem(plan: Call) -> None:
    check(plan(MUG, "--format", "bt").out)
    domain, _, problem = plan(MUG, "--format", "pddl").out.partition("; instruction:")
    assert parse(domain)[1] == ["domain", "home"] and parse("; " + problem)[1] == ["problem", "small_flat"]
    assert problem.partition("; plan:\n")[2].startswith("; (open cabinet_1)\n; (pick-up mug_1 cabinet_1)\n")


def test_format_json_is_json_and_format_text_is_the_default(plan: Call) -> None:
    timed = {"seconds"}
    first, second = (json.loads(plan(MUG, *flags).out) for flags in (["--json"], ["--format", "json"]))
    assert {k: v for k, v in first.items() if k not in timed} == {k: v for k, v in second.items() if k not in timed}
    assert plan(MUG, "--format", "text").out.splitlines()[:2] == plan(MUG).out.splitlines()[:2]


def test_a_refusal_has_nothing_to_export(plan: Call) -> None:
    outcome = plan("tell me a joke", "--format", "bt")
    assert (outcome.code, outcome.out) == (1, "")
    assert "refused: I can only do household tasks." in outcome.err


FILES = {"text": ["plan.txt"], "json": ["plan.json"], "bt": ["plan.xml"], "mermaid": ["plan.mmd"],
         "py_trees": ["plan.txt"], "pddl": ["domain.pddl", "plan", "problem.pddl"]}  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_is_written_into_a_folder_and_its_files_are_named(plan: Call, tmp_path: Path, form: Format) -> None:
    if form == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    outcome = plan(MUG, "--format", form, "--out", str(tmp_path / "new" / "folder"))
    assert (outcome.code, outcome.err) == (0, "")
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == FILES[form]
    assert sorted(Path(line).name for line in outcome.out.splitlines()) == FILES[form]


def test_a_second_export_replaces_the_first_and_leaves_other_files(plan: Call, tmp_path: Path) -> None:
    (tmp_path / "plan").write_text("old", encoding="utf-8")
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    assert plan(MUG, "--format", "pddl", "--out", str(tmp_path)).code == 0
    assert "(put-in" in (text := (tmp_path / "plan").read_text(encoding="utf-8")) or "(put " in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["domain.pddl", "mine", "plan", "problem.pddl"]


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_left(plan: Call, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    refused(plan(MUG, "--format", "bt", "--out", str(file)), "cannot be written to", "choose another with --out")
    (tmp_path / "plan").mkdir()
    refused(plan(MUG, "--format", "pddl", "--out", str(tmp_path)), "is a folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "plan"]


UNREACHED = "warm the apple"


@pytest.mark.parametrize("form", PLAN_FORMATS)
def test_a_plan_that_misses_its_goal_is_exported_only_on_request(plan: Call, tmp_path: Path, form: str) -> None:
    if form == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    outcome = plan(UNREACHED, "--format", form, "--out", str(tmp_path))
    assert (outcome.code, outcome.out, list(tmp_path.iterdir())) == (1, "", [])
    assert "unverified: hot apple: apple 1 cannot become hot" in outcome.err and "--unverified" in outcome.err
    asked = plan(UNREACHED, "--format", form, "--unverified")
    assert asked.code == 1 and "unverified: hot apple: apple 1 cannot become hot" in asked.err
    if form == "pddl":  # what can never hold here has no problem
        return
    assert "cannot become hot" in asked.out


def test_json_says_of_a_plan_that_it_misses_its_goal(plan: Call, tmp_path: Path) -> None:
    for flags in (["--json"], ["--format", "json"], ["--format", "json", "--unverified"]):
        outcome = plan(UNREACHED, *flags)
        assert outcome.code == 1 and json.loads(outcome.out)["status"] == "unverified"
    assert plan(UNREACHED, "--format", "json", "--out", str(tmp_path)).code == 1
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["status"] == "unverified"


def test_several_instructions_are_not_one_plan(plan: Call) -> None:
    refused(plan(f"{MUG}\n{MUG}", "--format", "bt"), "several instructions cannot be combined with --format bt")


def test_unverified_needs_a_format(plan: Call) -> None:
    refused(plan(MUG, "--unverified"), "--unverified needs --format")


def test_the_library_exports_a_plan_that_misses_its_goal_only_on_request(flat: State, model_folder: Path) -> None:
    plan = Planner.load(model_folder).plan(UNREACHED, flat)
    with pytest.raises(
        ExportError, match=r"does not reach its goal: unverified, hot apple: apple 1 cannot become hot.*unverified=True"
    ):
        plan.export("bt")
    assert plan.export("text").startswith("unverified: hot apple: apple 1 cannot become hot")
    check(plan.export("bt", unverified=True))
    assert plan.export("text", unverified=True) == str(plan)


@pytest.mark.parametrize("flag", ["--json", "--execute"])
def test_a_format_for_another_program_goes_with_no_other_output(plan: Call, flag: str) -> None:
    refused(plan(MUG, "--format", "bt", flag), "--format bt cannot be combined with", flag)


def test_an_unknown_format_is_wrong_usage(plan: Call) -> None:
    with pytest.raises(SystemExit) as caught:
        plan(MUG, "--format", "yaml")
    assert caught.value.code == 2


@pytest.mark.parametrize("form", FORMATS)
def test_a_library_writes_the_same(flat: State, model_folder: Path, form: Format) -> None:
    if form == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    planner = Planner.load(model_folder)
    found = planner.plan(MUG, flat)
    assert "mug" in found.export(form)
    assert found.goal is not None
    if form in PLAN_FORMATS:
        files = export_files(form, found.goal, found.actions, found.start, title=found.instruction)
        assert files == found.export_files(form) and joined(files) == found.export(form)
    joke = planner.plan("tell me a joke", flat)
    if form in BEGINS:
        with pytest.raises(ExportError, match="refused"):
            joke.export(form)
    else:
        assert "refused" in joke.export(form)


@pytest.mark.parametrize(
    ("goal", "format_name", "unsaid"),
    [
        ("after 5 min : mug on desk", "pddl", "PDDL: after 5 min"),
        ("mug on desk then at 07:00 : cabinet closed", "pddl", "PDDL: at 07:00"),
        ("every day at 07:00 : mug on desk then cabinet closed", "bt", "a behavior tree: a phase after 'every day at"),
        ("every day at 07:00 : mug on desk then cabinet closed", "py_trees", "py_trees: a phase after 'every day at"),
    ],
)
def test_what_a_format_cannot_say_is_refused_with_what_it_is(goal: str, format_name: PlanFormat, unsaid: str) -> None:
    if format_name == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    home = state(["desk 1", "cabinet 1: open", "fridge 1"], {"mug 1: red": "cabinet 1", "mug 2": "cabinet 1"})
    with pytest.raises(ExportError, match=f"^cannot be said in {unsaid}"):
        export_files(format_name, parse_goal(goal), [], home, title="x")


@pytest.mark.parametrize("form", PLAN_FORMATS)
def test_an_answer_to_a_question_is_no_plan_to_export(plan: Call, tmp_path: Path, form: str) -> None:
    refused(plan("--goal", "? where mug", "--format", form), "a question cannot be combined with --format")
    refused(plan("--goal", "? where mug", "--format", form, "--out", str(tmp_path)), "a question cannot be combined")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("goal", "form", "problem"),
    [
        ("after 10 min : mug on dining table", "pddl", "cannot be said in PDDL: after 10 min"),
        ("mug on dining table then at 07:00 : lamp on", "pddl", "cannot be said in PDDL: at 07:00"),
        ("every day at 07:00 : lamp on then lamp off", "bt", "cannot be said in a behavior tree: a phase after"),
        ("every day at 07:00 : lamp on then lamp off", "py_trees", "cannot be said in py_trees: a phase after"),
    ],
)
def test_what_a_format_cannot_say_is_named(plan: Call, tmp_path: Path, goal: str, form: str, problem: str) -> None:
    if form == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    refused(plan("--goal", goal, "--format", form, "--out", str(tmp_path)), problem)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["bt", "py_trees", "mermaid", "json"])
def test_times_tests_and_rules_are_said(plan: Call, form: str) -> None:
    if form == "py_trees" and not is_installed():
        pytest.skip("the extra `exports` is not installed")
    goal = "after 10 min : mug on dining table then if lamp off : lamp on while never open fridge"
    outcome = plan("--goal", goal, "--format", form)
    assert outcome.code == 0 and not outcome.err
    assert "desk lamp 1" in outcome.out and "lamp off" in outcome.out
    said = {"bt": "never open fridge", "py_trees": "rules kept?", "mermaid": "never open fridge", "json": "broken_at"}
    assert said[form] in outcome.out and ("600" in outcome.out or "after 10 min" in outcome.out)
