"""Calling a command in a test, and what wrong usage of any of them looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.planner.json_answers import checked


class Outcome:
    """Exit code, standard output and standard error of one call of a command."""

    def __init__(self, prog: str, code: int, out: str, err: str) -> None:
        self.prog, self.code, self.out, self.err = prog, code, out, err


Call = Callable[..., Outcome]


def called(
    prog: str, main: Callable[[Sequence[str]], int], argv: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> Outcome:
    """Call a command. What it prints with `--json` is checked against the schema."""
    code = main(argv)
    out, err = capsys.readouterr()
    if ("--json" in argv or "json" in argv) and "--out" not in argv:  # with `--out`, paths are printed
        checked(prog, out)
    return Outcome(prog, code, out, err)


def refused(outcome: Outcome, *words: str) -> None:
    """Wrong usage: one line on standard error that says these words, and nothing else."""
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1 and outcome.err.startswith(f"{outcome.prog}: ")
    assert "Traceback" not in outcome.err
    for word in words:
        assert word in outcome.err, outcome.err
