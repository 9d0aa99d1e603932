"""A command in a strange terminal: closed or full outputs, and arguments in another encoding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from planner.io.command import run_command, typed_argument
from tests.conftest import ROOT

PRINTS = (
    "import sys\nfrom planner.errors import PlannerError\nfrom planner.io.command import run_command\n"
    "def command():\n    print('result')\n    if sys.argv[1:]: raise PlannerError('wrong')\n    return 0\n"
    "sys.exit(run_command(command, 'prog'))\n"
)


def shell(redirection: str, *argv: str) -> subprocess.CompletedProcess[str]:
    line = f'"$0" -c "$1" {" ".join(argv)} {redirection}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, PRINTS], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )


def test_a_closed_output_keeps_the_exit_code() -> None:
    assert (done := shell(">&-")).returncode == 0 and not done.stderr
    assert (done := shell(">&-", "fail")).returncode == 2 and done.stderr == "prog: wrong\n"


def test_with_errors_closed_the_results_stay_alone() -> None:
    assert (done := shell("2>&-", "fail")).returncode == 2 and done.stdout == "result\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_line() -> None:
    done = shell(">/dev/full")
    assert (done.returncode, done.stderr) == (2, "prog: standard output: no space left on device\n")


@pytest.mark.parametrize(
    ("argument", "typed"),
    [("öffne “x”", "öffne “x”"), ("caf\udcc3\udca9", "café"), ("\udcff", "\ufffd"), ("\ud800x", "?x")],
)
def test_an_argument_is_utf_8_in_any_terminal(argument: str, typed: str) -> None:
    assert typed_argument(argument) == typed


def test_a_name_that_is_too_long_is_one_line_wherever_it_is_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    def look() -> int:
        return int(Path("x" * 5000).exists())

    assert run_command(look, "prog") == 2
    printed = capsys.readouterr().err
    assert printed.startswith("prog: xxx") and printed.endswith("x: File name too long\n") and len(printed) < 400
