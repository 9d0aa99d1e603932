"""The examples run unchanged from a clone and print what they promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
TESTED = ("from_another_process", "plan_and_export", "watch_a_run")
MAX_LINES = 45


def run(name: str, *argv: str) -> str:
    """Run an example; return its standard output."""
    process = subprocess.run(
        [sys.executable, f"examples/{name}.py", *argv],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # use this clone, even if the package is installed
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_every_example_has_a_test_here() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(TESTED)


@pytest.mark.parametrize("name", TESTED)
def test_an_example_is_short_and_says_how_it_is_run(name: str) -> None:
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert f"\n    python examples/{name}.py" in source
    assert len(source.splitlines()) <= MAX_LINES


def test_a_plan_is_printed_and_exported_as_a_behavior_tree() -> None:
    output, _, tree = run("plan_and_export", "put a fork on the desk").partition("<?xml")
    assert output.startswith("status: verified") and "goal:   fork on desk" in output
    steps = re.findall(r"^ +\d+\. (.+)$", output, re.MULTILINE)
    assert re.fullmatch(r"put fork \d+ on desk \d+", steps[-2]) and steps[-1] == "close drawer 1"
    named = [node.get("name", "") for node in ET.fromstring("<?xml" + tree).iter("Fallback")]
    assert [name.partition(". ")[2] for name in named if ". " in name] == steps


def test_a_refused_instruction_exports_nothing() -> None:
    output = run("plan_and_export", "tell me a joke")
    assert output.startswith("status: refused") and "<?xml" not in output


def test_another_process_gets_one_json_line_for_each_input_line() -> None:
    output = run("from_another_process").splitlines()
    answers = [line for line in output if not line.startswith(" ")]
    assert answers == [
        "bring the mug to the desk: verified",
        "fetch the teddy bear: refused",
        "put the clean plate on the counter: verified",
    ]
    plans = [[line.strip() for line in lines] for lines in (output[1 : output.index(answers[1])], output[-8:])]
    assert plans[0][-2:] == ["put mug 1 on desk 1", "close cabinet 1"]
    assert "put plate 1 on countertop 1" in plans[1] and "close cabinet 1" in plans[1]


@pytest.mark.parametrize("world", [(), ("physics",)], ids=["rules", "physics"])
def test_a_run_reports_actions_disturbances_and_replanning(world: tuple[str, ...]) -> None:
    output = run("watch_a_run", *world).splitlines()
    assert next(line for line in output if re.match(r"\[\d+/\d+\] ", line)).endswith(": done")
    assert any(line.startswith("disturbed: ") for line in output) and "replanning:" in output
    assert re.fullmatch(r"success: True in \d+ s of simulated time", output[-1])
