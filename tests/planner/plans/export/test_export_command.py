"""`python -m planner.plan --format NAME`, and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.symbolic.actions import State
from planner.api import Planner
from planner.plan import main
from planner.plans.export import FORMATS, PLAN_FORMATS, ExportError, Format, export
from planner.plans.export.py_tree import is_installed
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


def test_format_json_is_json_and_format_text_is_the_default(plan: Call) -> None:
    timed = {"seconds"}
    first, second = (json.loads(plan(MUG, *flags).out) for flags in (["--json"], ["--format", "json"]))
    assert {k: v for k, v in first.items() if k not in timed} == {k: v for k, v in second.items() if k not in timed}
    assert plan(MUG, "--format", "text").out.splitlines()[:2] == plan(MUG).out.splitlines()[:2]


def test_a_refusal_has_nothing_to_export(plan: Call) -> None:
    outcome = plan("tell me a joke", "--format", "bt")
    assert (outcome.code, outcome.out) == (1, "")
    assert "refused: I can only do household tasks." in outcome.err


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
        assert export(form, found.goal, found.actions, found.start, title=found.instruction) == found.export(form)
    joke = planner.plan("tell me a joke", flat)
    if form in BEGINS:
        with pytest.raises(ExportError, match="refused"):
            joke.export(form)
    else:
        assert "refused" in joke.export(form)
