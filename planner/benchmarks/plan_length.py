"""Plan lengths compared with a classical planner: `python -m planner.benchmarks.plan_length --tasks 20`.

Held-out instructions of the split `unseen homes`; ours is the GPT's verified plan for the goal that the GPT parsed.
Fast Downward (extra `fast-downward`) gets the same goal as PDDL and improves its plan until its time is up, so its plan
is short but not proven optimal. Its plan is replayed in the symbolic home before it counts: capacities are not exported
(`planner/plans/pddl/adl_domain.py`), and a replay that fails for this reason is reported. `go to` is not counted in
either plan.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import run_command
from planner.io.command_parser import CommandParser, finite_number

if TYPE_CHECKING:
    from envs.symbolic.actions import Action
    from planner.api import Planner
    from planner.tasks.held_out_trials import EvaluationTask

PROG = "python -m planner.benchmarks.plan_length"
SPLIT = "unseen homes"
# Greedy search finds a first plan; weighted A* shortens it until the time is up.
SEARCH = (
    "let(h,ff(),iterated([lazy_greedy([h],preferred=[h]),lazy_wastar([h],preferred=[h],w=3),"
    "lazy_wastar([h],preferred=[h],w=1)],repeat_last=false))"
)


@dataclass(frozen=True, kw_only=True)
class Length:
    """Both plan lengths for one task.

    Attributes:
        id: The task's id.
        goal: The goal that the GPT parsed.
        ours: Length of the GPT's plan; None without a plan.
        theirs: Length of Fast Downward's plan; None without a plan.
        broken: Why Fast Downward's plan is missing or its replay failed.
    """

    id: str
    goal: str
    ours: int | None
    theirs: int | None
    broken: str = ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Compare plan lengths with Fast Downward's.")
    parser.add_argument("--tasks", type=int, default=20, help="number of tasks (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the tasks (default: 0)")
    parser.add_argument(
        "--seconds", type=finite_number, default=30.0, help="time of Fast Downward per task (default: 30)"
    )
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print a JSON line per task")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner
    from planner.plans.pddl.fast_downward import is_installed
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials

    if args.tasks < 1 or args.seconds <= 0:
        raise PlannerError("--tasks is at least 1, and --seconds more than 0")
    if not is_installed():
        raise PlannerError("Fast Downward is not installed: pip install 'gpt-home-planner[fast-downward]'")
    planner = Planner.load(args.model)
    split = next(s for s in BUILT_IN if s.name == SPLIT)
    lengths = []
    for trial in draw_trials(split, args.tasks, seed=args.seed):
        lengths.append(_length(planner, trial, args.seconds))
        if args.json:
            print(json.dumps(asdict(lengths[-1])), flush=True)
        else:
            print(f"{lengths[-1].ours or '–':>3} {lengths[-1].theirs or '–':>3}  {lengths[-1].goal}"
                  f"{'  ' + lengths[-1].broken if lengths[-1].broken else ''}", flush=True)  # fmt: skip
    print(summary(lengths), file=sys.stderr if args.json else sys.stdout)
    return 0


def _length(planner: Planner, trial: EvaluationTask, seconds: float) -> Length:
    from planner.errors import ExportError
    from planner.plans.options import OWN_PLAN
    from planner.plans.pddl.adl_problem import to_pddl
    from planner.plans.pddl.fast_downward import solve
    from planner.verification.plan_verification import verify

    plan = planner.plan(trial.instruction, trial.start, OWN_PLAN)
    ours = _count(plan.actions) if plan.status == "verified" else None
    if plan.goal is None:
        return Length(id=trial.id, goal=plan.status, ours=None, theirs=None)
    try:
        actions = solve(to_pddl(plan.goal, trial.start), timeout_s=seconds, search=SEARCH)
    except ExportError as error:
        return Length(id=trial.id, goal=plan.goal_text, ours=ours, theirs=None, broken=str(error))
    if actions is None:
        return Length(id=trial.id, goal=plan.goal_text, ours=ours, theirs=None, broken="no plan in time")
    report = verify(trial.start, plan.goal, actions)
    theirs = _count(actions) if report.ok else None
    return Length(id=trial.id, goal=plan.goal_text, ours=ours, theirs=theirs, broken=report.reason)


def _count(actions: Sequence[Action]) -> int:
    return sum(action.skill != "go to" for action in actions)


def summary(lengths: Sequence[Length]) -> str:
    """Return the number of compared plans and the ratio of lengths, as text."""
    both = [(f.ours, f.theirs) for f in lengths if f.ours and f.theirs]
    counts = (
        f"{len(lengths)} tasks; plans of both: {len(both)}; replays of theirs that broke or were not found: "
        + str(sum(bool(f.broken) for f in lengths))
    )
    if not both:
        return counts
    ratio = sum(a for a, _ in both) / sum(b for _, b in both)
    median = statistics.median(a / b for a, b in both)
    n_no_longer = sum(a <= b for a, b in both)
    ratios = f"{ratio:.2f} of all subtasks, median {median:.2f}"
    return f"{counts}\nours / theirs: {ratios}; no longer than theirs: {n_no_longer}"


if __name__ == "__main__":
    sys.exit(main())
