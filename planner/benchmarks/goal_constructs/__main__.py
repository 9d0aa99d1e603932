"""Plans for random goals over every construct: `python -m planner.benchmarks.goal_constructs`.

Goals (`planner/tasks/random_goals.py`) that hold at the start, or that something speaks against
(`planner/goals/feasibility.py`), are counted and left out. Each of the others is planned for by the teacher and by the
GPT, which are given the goal, not an instruction; every plan is replayed in the symbolic home. The last columns are the
tokens of the facts in a prompt (half and 95 % of the prompts have at most so many).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence

from planner.errors import PlannerError
from planner.evaluation.statistics import Rate
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser

PROG = "python -m planner.benchmarks.goal_constructs"
RATE = "teacher plans per second"
COLUMNS = ("goals", "hold", "infeasible", "teacher", "GPT")
FACTS = {"facts p50": 0.5, "facts p95": 0.95}  # columns, and their shares of the prompts


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Plans for random goals over every construct of the goal language.")
    parser.add_argument("--goals", type=int, default=1000, metavar="N", help="number of goals (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of goals and homes (default: 0)")
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--no-gpt", action="store_true", help="the teacher alone")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from envs.symbolic.progress import begin, score
    from gpt.weights.model_folder import read_folder
    from planner.api import Planner, model_folder
    from planner.benchmarks.goal_constructs.facts_size import facts_tokens, percentile
    from planner.corpus.teacher_chunks import taught_actions
    from planner.goals.feasibility import infeasibility
    from planner.plans.options import OWN_PLAN
    from planner.tasks.random_goals import CONSTRUCTS, random_goals
    from planner.verification.plan_verification import verify

    if args.goals < 1 or args.seed < 0:
        raise PlannerError("--goals is at least 1, --seed at least 0")
    one_thread()
    planner = None if args.no_gpt else Planner.load(args.model)
    counts = {construct: Counter(dict.fromkeys(COLUMNS, 0)) for construct in CONSTRUCTS}
    sizes: dict[str, list[int]] = {construct: [] for construct in CONSTRUCTS}
    tokenizer = read_folder(model_folder(args.model))[2]
    seconds: list[float] = []
    teacher_s = 0.0  # for the goals that it reaches
    for construct, goal, state in random_goals(args.goals, args.seed):
        count = counts[construct]
        count["goals"] += 1
        if score(begin(goal, state)).success:
            count["hold"] += 1
        elif infeasibility(goal, state):
            count["infeasible"] += 1
        else:
            started_at = time.perf_counter()
            try:
                actions = taught_actions(state, goal, common_sense=True)
            except LookupError:
                actions = None
            planned_s = time.perf_counter() - started_at
            if actions is not None and verify(state, goal, actions).ok:
                count["teacher"] += 1
                teacher_s += planned_s
            sizes[construct] += facts_tokens(goal, state, tokenizer)
            if planner is not None:
                started_at = time.perf_counter()
                count["GPT"] += planner.plan_for_goal(goal, state, OWN_PLAN).is_proven
                seconds.append(time.perf_counter() - started_at)

    def facts(values: Sequence[int]) -> dict[str, int]:
        return {column: percentile(values, share) for column, share in FACTS.items()}

    total = sum(counts.values(), Counter[str]())
    per_s = total["teacher"] / teacher_s if teacher_s else 0.0
    if args.json:
        rows: dict[str, object] = {name: dict(count) | facts(sizes[name]) for name, count in counts.items()}
        print(json.dumps({**rows, RATE: round(per_s, 1)}))
        return 0
    columns = (*COLUMNS, *FACTS)
    print("construct     " + "".join(f"{column:>12}" for column in columns))
    for construct, count in counts.items():
        row = dict(count) | facts(sizes[construct])
        print(f"{construct:<14}" + "".join(f"{row[column]:>12}" for column in columns))
    tried = total["goals"] - total["hold"] - total["infeasible"]
    every = {column: total[column] for column in COLUMNS} | facts(
        [size for values in sizes.values() for size in values]
    )
    print(f"{'all':<14}" + "".join(f"{every[column]:>12}" for column in columns))
    for name in ("teacher", "GPT")[: 1 if planner is None else 2]:
        print(f"{name}: {Rate(hits=total[name], total=tried)} of those that can be reached")
    print(f"{RATE}: {per_s:.0f}, on the goals that it plans for")
    if seconds:
        ranked = sorted(seconds)
        p50, p95 = (1000 * ranked[int(q * len(ranked))] for q in (0.5, 0.95))
        print(f"GPT: p50 {p50:.0f} ms, p95 {p95:.0f} ms a goal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
