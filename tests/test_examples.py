"""The examples run from a clone, as they are written, and print what they promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
TRIED = ("from_another_process", "plan_and_export", "watch_a_run")
MAX_LINES = 45


def run(name: str, *argv: str) -> str:
    """The standard output of an example."""
    done = subprocess.run(
        [sys.executable, f"examples/{name}.py", *argv],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # this clone, whatever is installed
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tried_here() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(TRIED)


@pytest.mark.parametrize("name", TRIED)
def test_an_example_is_short_and_says_how_it_is_run(name: str) -> None:
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert f"\n    python examples/{name}.py" in source
    assert len(source.splitlines()) <= MAX_LINES


def test_a_plan_is_printed_and_exported_as_a_behavior_tree() -> None:
    said, _, tree = run("plan_and_export", "put a fork on the desk").partition("<?xml")
    assert said.startswith("status: verified") and "goal:   fork on desk" in said
    steps = re.findall(r"^ +\d+\. (.+)$", said, re.MULTILINE)
    assert steps and re.fullmatch(r"put fork \d+ on desk \d+", steps[-1])
    named = [node.get("name", "") for node in ET.fromstring("<?xml" + tree).iter("Fallback")]
    assert [name.partition(". ")[2] for name in named if ". " in name] == steps


def test_an_instruction_that_is_refused_exports_nothing() -> None:
    said = run("plan_and_export", "tell me a joke")
    assert said.startswith("status: refused") and "<?xml" not in said


def test_another_process_gets_a_line_of_json_for_each_line() -> None:
    said = run("from_another_process").splitlines()
    answers = [line for line in said if not line.startswith(" ")]
    assert answers == [
        "bring the mug to the desk: verified",
        "fetch the teddy bear: refused",
        "put the clean plate on the counter: verified",
    ]
    assert said[said.index(answers[1]) - 1].strip() == "put mug 1 on desk 1"
    assert said[-1].strip() == "put plate 1 on countertop 1"


@pytest.mark.parametrize("world", [(), ("physics",)], ids=["rules", "physics"])
def test_a_run_tells_what_is_done_what_disturbs_and_what_is_planned_anew(world: tuple[str, ...]) -> None:
    said = run("watch_a_run", *world).splitlines()
    assert next(line for line in said if re.match(r"\[\d+/\d+\] ", line)).endswith(": done")
    assert any(line.startswith("disturbed: ") for line in said) and "planning anew:" in said
    assert re.fullmatch(r"success: True in \d+ s of simulated time", said[-1])
