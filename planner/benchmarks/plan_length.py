"""Plan lengths compared with a classical planner: `python -m planner.benchmarks.plan_length --tasks 20`.

Held-out instructions of the split `unseen homes`; ours is the GPT's verified plan for the goal that the GPT parsed.
With `--goals N`: random goals over every construct of the goal language (`planner/tasks/random_goals.py`); ours is the
teacher's plan, and the table is by construct. Goals that hold at the start, and those that something speaks against,
are left out.

Fast Downward (extra `fast-downward`) gets the same goal as PDDL and improves its plan until its time is up, so its plan
is short but not proven optimal. Its plan is replayed in the symbolic home before it counts: capacities are not exported
(`planner/plans/pddl/adl_domain.py`), and a replay that fails for this reason is reported. `go to` is not counted in
either plan.

Our plans tidy up, which no goal asks for: they close doors, turn off what they turned on and put down what they hold,
in a cabinet that they open for it. So there is a second length without such steps: those that the proof does not need.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser, finite_number

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from planner.api import Planner
    from planner.tasks.held_out_trials import EvaluationTask

TIDYING = ("close", "turn off", "put", "open", "go to")
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
        goal: The goal.
        ours: Length of the GPT's or the teacher's plan; None without a plan.
        needed: The same without tidying up.
        theirs: Length of Fast Downward's plan; None without a plan.
        broken: Why Fast Downward's plan is missing or its replay failed.
        construct: What a random goal is about; empty for held-out instructions.
        is_replayed: Whether Fast Downward had a plan, which was then replayed.
    """

    id: str
    goal: str
    ours: int | None
    needed: int | None
    theirs: int | None
    broken: str = ""
    construct: str = ""
    is_replayed: bool = False


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Compare plan lengths with Fast Downward's.")
    parser.add_argument("--tasks", type=int, default=20, help="number of tasks (default: 20)")
    parser.add_argument("--goals", type=int, metavar="N", help="N random goals over every construct, for the teacher")
    parser.add_argument("--seed", type=int, default=0, help="seed of the tasks or goals (default: 0)")
    parser.add_argument(
        "--seconds", type=finite_number, default=30.0, help="time of Fast Downward per task (default: 30)"
    )
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print a JSON line per task")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.plans.pddl.fast_downward import is_installed

    if args.tasks < 1 or args.seconds <= 0 or (args.goals is not None and args.goals < 1):
        raise PlannerError("--tasks and --goals are at least 1, and --seconds more than 0")
    if not is_installed():
        raise PlannerError("Fast Downward is not installed: pip install 'gpt-home-planner[fast-downward]'")
    one_thread()
    lengths = []
    for length in _lengths_of_tasks(args) if args.goals is None else _lengths_of_goals(args):
        lengths.append(length)
        if args.json:
            print(json.dumps(asdict(length)), flush=True)
        else:
            ours, theirs = ("–" if n is None else n for n in (length.ours, length.theirs))
            print("  ".join(filter(None, (f"{ours:>3} {theirs:>3}", length.goal, length.broken))), flush=True)
    text = summary(lengths) if args.goals is None else f"{by_construct(lengths)}\n{summary(lengths)}"
    print(text, file=sys.stderr if args.json else sys.stdout)
    return 0


def _lengths_of_tasks(args: argparse.Namespace) -> Iterator[Length]:
    from planner.api import Planner
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials

    planner = Planner.load(args.model)
    split = next(s for s in BUILT_IN if s.name == SPLIT)
    for trial in draw_trials(split, args.tasks, seed=args.seed):
        yield _length_of_task(planner, trial, args.seconds)


def _lengths_of_goals(args: argparse.Namespace) -> Iterator[Length]:
    from envs.symbolic.obstacles import obstacle
    from envs.symbolic.progress import begin, score
    from planner.corpus.teacher_chunks import proven_plan
    from planner.tasks.random_goals import random_goals

    for number, (construct, goal, state) in enumerate(random_goals(args.goals, args.seed), start=1):
        if not score(begin(goal, state)).success and not obstacle(goal, state):
            ours = proven_plan(state, goal)
            yield replace(_beside_fast_downward(str(number), goal, state, ours, args.seconds), construct=construct)


def _length_of_task(planner: Planner, trial: EvaluationTask, seconds: float) -> Length:
    from planner.plans.options import OWN_PLAN

    plan = planner.plan(trial.instruction, trial.start, OWN_PLAN)
    if plan.goal is None:
        return Length(id=trial.id, goal=plan.status, ours=None, needed=None, theirs=None)
    ours = plan.actions if plan.status == "verified" else None
    return _beside_fast_downward(trial.id, plan.goal, trial.start, ours, seconds)


def _beside_fast_downward(
    task_id: str, goal: Goal, start: State, ours: Sequence[Action] | None, seconds: float
) -> Length:
    from planner.errors import ExportError
    from planner.plans.pddl.adl_problem import to_pddl
    from planner.plans.pddl.fast_downward import solve
    from planner.verification.plan_verification import verify

    counts = (None, None) if ours is None else (_count(ours), _count(without_tidying(goal, start, ours)))
    length = Length(id=task_id, goal=str(goal), ours=counts[0], needed=counts[1], theirs=None)
    try:
        actions = solve(to_pddl(goal, start), timeout_s=seconds, search=SEARCH)
    except ExportError as error:
        return replace(length, broken=str(error))
    if actions is None:
        return replace(length, broken="no plan in time")
    report = verify(start, goal, actions)
    return replace(length, theirs=_count(actions) if report.ok else None, broken=report.reason, is_replayed=True)


def without_tidying(goal: Goal, start: State, actions: Sequence[Action]) -> list[Action]:
    """Return a proven plan without the steps of tidying up that the proof does not need."""
    from planner.verification.plan_verification import verify

    kept = list(actions)
    for i in reversed(range(len(actions))):
        rest = [*kept[:i], *kept[i + 1 :]]
        if kept[i].skill in TIDYING and verify(start, goal, rest).ok:
            kept = rest
    return kept


def _count(actions: Sequence[Action]) -> int:
    return sum(action.skill != "go to" for action in actions)


def summary(lengths: Sequence[Length]) -> str:
    """Return the number of compared plans and the ratio of lengths, as text."""
    both = [f for f in lengths if f.ours and f.theirs]
    counts = (
        f"{len(lengths)} tasks; plans of both: {len(both)}; replays of theirs that broke or were not found: "
        + str(sum(bool(f.broken) for f in lengths))
    )
    if not both:
        return counts
    ratio, needed, median = ratios(both)
    n_no_longer = sum(f.ours <= f.theirs for f in both if f.ours and f.theirs)
    return (
        f"{counts}\nours / theirs: {ratio:.2f} of all subtasks, {needed:.2f} without tidying up, median {median:.2f}; "
        f"no longer than theirs: {n_no_longer}"
    )


def ratios(lengths: Sequence[Length]) -> tuple[float, float, float]:
    """Return ours over theirs where both have a plan: of all subtasks, without tidying up, and the median."""
    both = [(f.ours, f.needed or 0, f.theirs) for f in lengths if f.ours and f.theirs]
    total = sum(theirs for *_, theirs in both)
    median = statistics.median(ours / theirs for ours, _, theirs in both)
    return sum(ours for ours, *_ in both) / total, sum(needed for _, needed, _ in both) / total, median


def by_construct(lengths: Sequence[Length]) -> str:
    """Return a table: goals of each construct, share that each side solves, proven replays, ratios of lengths."""
    lines = ["construct      goals   ours  theirs  replays proven    ratio  untidied  median"]
    groups = {
        construct: [f for f in lengths if f.construct == construct] for construct in {f.construct for f in lengths}
    }
    for construct, group in [*sorted(groups.items()), ("all", list(lengths))]:
        replays = [f for f in group if f.is_replayed]
        ours, theirs = (
            100 * sum(n is not None for n in side) / len(group) if group else 0.0
            for side in ([f.ours for f in group], [f.theirs for f in group])
        )
        proven = f"{sum(f.theirs is not None for f in replays)} of {len(replays)}"
        has_both = any(f.ours and f.theirs for f in group)
        ratio, needed, median = (f"{r:.2f}" for r in ratios(group)) if has_both else ("–", "–", "–")
        lines.append(
            f"{construct:<14}{len(group):>6}{ours:>6.0f}%{theirs:>7.0f}%{proven:>16}{ratio:>9}{needed:>10}{median:>8}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
