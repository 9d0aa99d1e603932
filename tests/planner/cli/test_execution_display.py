"""What is printed while a plan is executed."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from envs.symbolic.goals import When
from planner.cli.execution_display import ExecutionDisplay
from planner.execution.events import Begun, Event, Replanned
from planner.plans.waits import Wait


def interrupted() -> Iterator[Event]:
    yield Begun(number=1, of=2, subtask="open window 1")
    raise KeyboardInterrupt


def test_a_step_that_was_interrupted_says_so_and_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        ExecutionDisplay(quiet=False).show(interrupted())
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("  [ 1/ 2] open window 1 ") and line.endswith(" interrupted")


@pytest.mark.parametrize(
    ("after_failure", "before_step", "line"),
    [
        (False, None, "  planned: open window 1 → close window 1"),
        (True, None, "  replanning: open window 1 → close window 1"),
        (False, 2, "  planned: open window 1; later: close window 1"),
        (False, 1, "  planned: nothing now; later: open window 1 → close window 1"),
        (False, 3, "  planned: open window 1 → close window 1"),
    ],
)
def test_a_new_plan_is_shown_with_what_waits_behind_the_rest(
    after_failure: bool, before_step: int | None, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = () if before_step is None else (Wait(before_step=before_step, when=When(after_s=60)),)
    plan = SimpleNamespace(subtasks=("open window 1", "close window 1"), waits=waits)
    event = Replanned(plan=plan, after_failure=after_failure)  # type: ignore[arg-type]
    ExecutionDisplay(quiet=False).show([event])
    assert capsys.readouterr().out == f"{line}\n"
