"""Everyday instructions planned in homes: `python -m planner.benchmarks.object_choice`.

Each instruction is planned in the bundled homes, or with `--trials` each held-out instruction of `unseen homes` in its
own home: as the corpus of the released weights chooses objects, with common sense (`Options.common_sense`), and with
what the planner adds to the GPT's plan and leaves out (`Options.close_doors`, `Options.shorten`). Only plans that are
verified each way are compared.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.paths import datasets_dir

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.benchmarks.object_choice.used_objects import UsedObjects

PROG = "python -m planner.benchmarks.object_choice"
SPLIT = "unseen homes"
INSTRUCTIONS = (
    "set the table", "set the table for three", "bring me a glass of water", "make me a cup of coffee",
    "i want to eat an apple", "put two plates and a bowl on the coffee table", "put a mug on the desk",
    "bring me a fork and a knife", "put an apple in a bowl on the dining table", "bring me a cup of milk",
    "put three glasses on the countertop", "put a plate in the sink", "bring me a clean shirt", "put a spoon in a mug",
    "bring me a banana", "put a bowl in the dishwasher",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog=PROG, description="Which objects plans use, with and without common sense.")
    parser.add_argument("--home", action="append", help="home (repeat; default: all bundled homes)")
    parser.add_argument("--trials", type=int, default=0, metavar="N", help="N held-out instructions instead")
    parser.add_argument("--seed", type=int, default=0, help="seed of the held-out instructions (default: 0)")
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner
    from planner.benchmarks.object_choice.used_objects import total, used_objects
    from planner.plans.options import OWN_PLAN, Options

    if args.trials < 0:
        raise PlannerError("--trials is at least 0")
    one_thread()
    planner = Planner.load(args.model)
    ways = {
        "without": replace(OWN_PLAN, common_sense=False),
        "with common sense": OWN_PLAN,
        "doors closed": Options(),
    }
    counts: dict[str, list[UsedObjects]] = {name: [] for name in ways}
    for instruction, state in _tasks(args):
        plans = {name: planner.plan(instruction, state, options) for name, options in ways.items()}
        goals = {plan.goal for plan in plans.values()}
        if len(goals) == 1 and all(plan.status == "verified" for plan in plans.values()):
            for name, plan in plans.items():
                counts[name].append(used_objects(state, plan.actions))
    figures = {name: total(each) for name, each in counts.items()}
    if args.json:
        print(json.dumps({name: asdict(counts) for name, counts in figures.items()}))
    else:
        for name, figure in figures.items():
            print(f"{name:<18} " + ", ".join(f"{key} {value:g}" for key, value in asdict(figure).items()))
    return 0


def _tasks(args: argparse.Namespace) -> Iterator[tuple[str, State]]:
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials
    from planner.world_model.open_home import open_home

    if args.trials:
        split = next(s for s in BUILT_IN if s.name == SPLIT)
        yield from ((trial.prompt, trial.start) for trial in draw_trials(split, args.trials, seed=args.seed))
        return
    for home in args.home or sorted(path.stem for path in (datasets_dir() / "homes").glob("*.yaml")):
        state = open_home(home, geometry=False)
        yield from ((instruction, state) for instruction in INSTRUCTIONS)


if __name__ == "__main__":
    sys.exit(main())
