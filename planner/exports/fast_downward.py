"""Solving a PDDL task with Fast Downward, where the extra `pddl` is installed. No GPT is involved, and no plan is ours.

Helmert, "The Fast Downward Planning System", JAIR 26, 2006; https://www.fast-downward.org. It runs as a program of its
own.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError

if TYPE_CHECKING:
    from envs.state import Action
    from planner.exports.pddl import PddlTask

FIRST = "lama-first"  # the first plan that LAMA finds
GRACE_S = 30.0  # more than it needs to notice that its time is up
UNSOLVED = (11, 12, 22, 23, 24)  # exit codes: proven unsolvable, incomplete search, out of memory, out of time, both


class FastDownwardError(PlannerError):
    """Fast Downward is not installed, or does not accept what it is given."""


def is_installed() -> bool:
    """Whether the extra `pddl` is there."""
    return _driver() is not None


def solve(task: PddlTask, *, timeout_s: float = 60.0, search: str = "") -> tuple[Action, ...] | None:
    """Return the best plan found in time, as our actions; None if none was.

    Args:
        task: The task.
        timeout_s: For all of it [s].
        search: A search configuration; without one, the first plan of LAMA is taken.

    Raises:
        FastDownwardError: It is not installed, or refuses the task.
    """
    driver = _driver()
    if driver is None:
        raise FastDownwardError("Fast Downward is not installed: pip install 'gpt-home-planner[pddl]'")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "domain.pddl").write_text(task.domain, encoding="utf-8")
        (folder / "problem.pddl").write_text(task.problem, encoding="utf-8")
        argv = [sys.executable, str(driver), "--overall-time-limit", f"{max(1, round(timeout_s))}s"]
        argv += [] if search else ["--alias", FIRST]
        argv += ["--plan-file", "plan", "domain.pddl", "problem.pddl", *(["--search", search] if search else [])]
        done = subprocess.run(
            argv, cwd=folder, capture_output=True, text=True, timeout=timeout_s + GRACE_S, check=False
        )
        plans = sorted(folder.glob("plan*"), key=lambda path: len(path.read_text(encoding="utf-8").splitlines()))
        if plans:
            return task.actions(plans[0].read_text(encoding="utf-8"))
    if done.returncode in UNSOLVED:
        return None
    raise FastDownwardError(f"Fast Downward stopped with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")


def _driver() -> Path | None:
    spec = importlib.util.find_spec("up_fast_downward")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "downward" / "fast-downward.py"
