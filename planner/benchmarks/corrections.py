"""How well corrections are understood: `python -m planner.benchmarks.corrections FILE ...`.

A line of a file is one exchange in one home, as in a task file: `instruction` is said first, and its plan is executed
in the symbolic home; then `correction` is said. `goal` is what is meant in the end, `family` the kind of correction.
An exchange is

    right    what is understood is what is meant, or its plan reaches that; for the families `undo`, `again` and
             `other`, which have no goal: it was taken for that; for `new`: it was taken for an instruction of its own
    was so   the first answer was right already, and nothing was changed: there was nothing to correct
    asked    the robot asked
    refused  it refused, or found no plan
    wrong    it did something else

The model's calibration decides when it asks, as in `planner.plan --interactive`. Intervals are 95 %, Wilson's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.api import Planner
    from planner.io.json_lines import Record
    from planner.plans.planning_result import Plan
    from planner.tasks.task_files import TaskLine

PROG = "python -m planner.benchmarks.corrections"
Outcome = Literal["right", "was so", "asked", "refused", "wrong"]
OUTCOMES: tuple[Outcome, ...] = ("right", "was so", "asked", "refused", "wrong")
BY_WORDS = ("undo", "again", "other", "stop")  # families that have no goal of their own


def exchange(planner: Planner, line: TaskLine) -> Record:
    """Return what became of one exchange."""
    from envs.symbolic.actions import successor
    from envs.symbolic.goals import format_goal
    from envs.symbolic.scoring import holds
    from planner.corrections.conversation import Conversation
    from planner.plans.formulas.sameness import meaning_with_rules
    from planner.plans.options import Options
    from planner.tasks.task_homes import home_for
    from planner.verification.plan_verification import verify

    options, before = Options(), home_for(line, geometry=False)
    conversation = Conversation(planner, options)
    first = conversation.answer(line.instruction, before)
    now = before
    for action in first.actions if first.status == "verified" else ():
        now = successor(now, action)
    said, family = str(line.extra["correction"]), str(line.extra.get("family", "all"))
    plan = conversation.answer(said, now)
    outcome: Outcome = "wrong"
    if family in BY_WORDS or family == "new":
        is_right = plan.corrects == family if family in BY_WORDS else not plan.corrects
        outcome = "right" if is_right else "wrong"
    elif was_right(line, first, before) and not plan.actions:
        outcome = "was so"
    elif plan.status == "ask":
        outcome = "asked"
    elif not plan.is_proven or plan.goal is None:
        outcome = "refused"
    else:
        assert line.goal is not None
        report = verify(now, line.goal, plan.actions, initial_state=before)
        same = meaning_with_rules(plan.goal, before) == meaning_with_rules(line.goal, before)
        was_so = all(holds(before, condition, before) for condition in line.goal.conditions)
        outcome = "right" if same or (report.ok and not was_so) else "wrong"
    return {
        "id": line.id, "family": family, "outcome": outcome, "said": line.instruction, "correction": said,
        "understood_first": first.goal_text, "understood": plan.goal_text, "corrects": plan.corrects,
        "meant": "" if line.goal is None else format_goal(line.goal), "reason": plan.reason,
    }  # fmt: skip


def was_right(line: TaskLine, first: Plan, before: State) -> bool:
    """Whether the first instruction was understood as it is meant in the end."""
    from planner.plans.formulas.sameness import meaning_with_rules

    if first.goal is None or line.goal is None:
        return False
    return meaning_with_rules(first.goal, before) == meaning_with_rules(line.goal, before)


def summary(records: Iterable[Record]) -> dict[str, dict[str, object]]:
    """Return the rates of each outcome, by family and of all."""
    from planner.evaluation.statistics import Rate

    counts: dict[str, Counter[str]] = {"all": Counter()}
    for record in records:
        for name in ("all", str(record["family"])):
            counts.setdefault(name, Counter())[str(record["outcome"])] += 1
    return {
        name: {
            "exchanges": count.total(),
            **{outcome: Rate(hits=count[outcome], total=count.total()).as_dict() for outcome in OUTCOMES},
        }
        for name, count in counts.items()
    }


def _table(rows: Mapping[str, Mapping[str, object]]) -> str:
    from planner.evaluation.statistics import Rate
    from planner.evaluation.tables import grid

    def rate(value: object) -> str:
        assert isinstance(value, dict)
        return str(Rate(hits=value["hits"], total=value["total"]))

    lines = [[name, str(row["exchanges"]), *(rate(row[o]) for o in OUTCOMES)] for name, row in rows.items()]
    return grid(["corrections", "n", *OUTCOMES], lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Score how well corrections are understood.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files of exchanges (JSON lines)")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model folder (default: the released weights)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write one JSON line per exchange")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner
    from planner.io.json_lines import write_lines
    from planner.tasks.task_files import read_tasks

    lines = [line for file in args.files for line in read_tasks(file)]
    lacking = next((line.id for line in lines if not isinstance(line.extra.get("correction"), str)), None)
    if not lines or lacking is not None:
        raise PlannerError(f"{args.files[0]}: {lacking or 'no line'} has no `correction`; each line is an exchange")
    one_thread()
    planner = Planner.load(args.model)
    records = [exchange(planner, line) for line in lines]
    if args.out is not None:
        write_lines(args.out, records)
    rows = summary(records)
    print(json.dumps(rows) if args.json else _table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
