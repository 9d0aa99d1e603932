"""Solves PDDL of either dialect with Fast Downward, if the extra `fast-downward` is installed; no GPT is involved.

Helmert, "The Fast Downward Planning System", JAIR 26, 2006; https://www.fast-downward.org. It runs as a separate
process.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError

if TYPE_CHECKING:
    from envs.symbolic.actions import Action
    from planner.plans.pddl.adl_problem import PddlTask
    from planner.plans.pddl.strips_problem import PddlFiles

FIRST_PLAN_ALIAS = "lama-first"  # the first plan that LAMA finds
GRACE_S = 30.0  # time that it gets to stop after its time limit
TIMEOUT_CODE = 23
# Exit codes: unsolvable or incomplete search; out of memory or time in translation or search.
UNSOLVED_CODES = (10, 11, 12, 20, 21, 22, TIMEOUT_CODE, 24)


class FastDownwardError(PlannerError):
    """Fast Downward is not installed, or rejects the task."""


def is_installed() -> bool:
    """Whether the extra `fast-downward` is installed."""
    return _driver() is not None


def solve(task: PddlTask | PddlFiles, *, timeout_s: float = 60.0, search: str = "") -> tuple[Action, ...] | None:
    """Return the best plan found in time, as our actions; None if there is none.

    Args:
        task: The task.
        timeout_s: Time limit of the whole run [s].
        search: A search configuration; by default, the first plan of LAMA is taken.

    Raises:
        FastDownwardError: It is not installed, or rejects the task.
    """
    driver = _driver()
    if driver is None:
        raise FastDownwardError("Fast Downward is not installed: pip install 'gpt-home-planner[fast-downward]'")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "domain.pddl").write_text(task.domain, encoding="utf-8")
        (folder / "problem.pddl").write_text(task.problem, encoding="utf-8")
        argv = [sys.executable, str(driver), "--overall-time-limit", f"{max(1, round(timeout_s))}s"]
        argv += [] if search else ["--alias", FIRST_PLAN_ALIAS]
        argv += ["--plan-file", "plan", "domain.pddl", "problem.pddl", *(["--search", search] if search else [])]
        code, output = _run(argv, folder, timeout_s + GRACE_S)
        plans = sorted(folder.glob("plan*"), key=lambda path: len(path.read_text(encoding="utf-8").splitlines()))
        if plans:
            return task.actions(plans[0].read_text(encoding="utf-8"))
    if code in UNSOLVED_CODES:
        return None
    raise FastDownwardError(f"Fast Downward stopped with {code}: {output[-2000:]}")


def _run(argv: list[str], folder: Path, timeout_s: float) -> tuple[int, str]:
    """Run a program and its child processes in a folder; return its exit code and output."""
    with subprocess.Popen(
        argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as program:
        try:
            output, _ = program.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:  # otherwise the search, a child process, would continue
            os.killpg(program.pid, signal.SIGKILL)
            return TIMEOUT_CODE, program.communicate()[0]
        return program.returncode, output


def _driver() -> Path | None:
    spec = importlib.util.find_spec("up_fast_downward")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "downward" / "fast-downward.py"
