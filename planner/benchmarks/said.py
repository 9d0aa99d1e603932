"""Whether readings that agree are right: `python -m planner.benchmarks.said FILE ...`.

`planner.improve --instructions` learns what people said where all readings of it agree, and nobody tells it what is
meant. Here the meaning is known (task files): how many instructions become tasks, and how many of those rightly?

    plans, agreed     of the instructions that are to be planned, those that become a task
    others, agreed    of questions, rules, and what is to be refused or asked about, those that wrongly become one
    tasks, right      of the tasks, those whose goal asks for what was meant in the home where it was said
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from planner.io.json_lines import Record
    from planner.tasks.task_files import TaskLine

PROG = "python -m planner.benchmarks.said"


def judge(line: TaskLine, record: Record) -> Record:
    """Return an instruction's record (`planner/learning/proposing/said.py`), and whether its goal is right."""
    from envs.errors import GoalError
    from envs.symbolic.goals import parse_goal
    from planner.plans.formulas.sameness import meaning_here
    from planner.tasks.task_homes import home_for

    right = False
    if line.answer == "plan" and line.goal is not None and not record["dropped"]:
        state = home_for(line, geometry=False)
        try:
            goal = parse_goal(str(record["goal"]), scene=state.world.scene)
            right = meaning_here(goal, state) == meaning_here(line.goal, state)
        except GoalError:
            right = False
    return {
        "id": line.id, "instruction": line.instruction, "plan": line.answer == "plan", "agreed": not record["dropped"],
        "right": right, "dropped": record["dropped"], "goal": record["goal"],
    }  # fmt: skip


def summary(records: Sequence[Record]) -> dict[str, object]:
    """Return the rates: of plans and of others that become tasks, and of right ones among the tasks."""
    from planner.evaluation.statistics import Rate

    plans, others = ([r for r in records if bool(r["plan"]) is is_plan] for is_plan in (True, False))
    tasks = [r for r in records if r["agreed"]]

    def rate(members: Sequence[Record], key: str) -> dict[str, object]:
        return Rate(hits=sum(bool(r[key]) for r in members), total=len(members)).as_dict()

    return {
        "plans_agreed": rate(plans, "agreed"), "others_agreed": rate(others, "agreed"),
        "tasks_right": rate(tasks, "right"),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Score what `planner.improve --instructions` takes for tasks.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="task files (JSON lines)")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model folder (default: the released weights)")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N instructions of each file")
    parser.add_argument("--seed", type=int, default=0, help="seed of the homes that are furnished (default: 0)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write one JSON line per instruction")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from planner.api import model_folder
    from planner.evaluation.statistics import Rate
    from planner.evaluation.tables import grid
    from planner.io.json_lines import write_lines
    from planner.learning.proposing.said import ReadSaid
    from planner.tasks.task_files import read_tasks

    if args.limit is not None and args.limit < 1:
        raise PlannerError("--limit is at least 1")
    one_thread()
    lines = [line for file in args.files for line in list(read_tasks(file))[: args.limit]]
    said = {line.id: line.instruction for line in lines}
    job = ReadSaid(model=model_folder(args.model), seed=args.seed, said=said)
    records = [judge(line, job(line.id)) for line in tqdm(lines, desc="instructions", disable=None)]
    if args.out is not None:
        write_lines(args.out, records)
    rates = summary(records)
    if args.json:
        print(json.dumps(rates))
    else:
        rows = [[name.replace("_", ", "), str(Rate(hits=r["hits"], total=r["total"]))] for name, r in rates.items()]  # type: ignore[index]
        print(grid(["instructions", "share"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
