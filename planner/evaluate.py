"""`python -m planner.evaluate`: success on held-out tasks, or on anybody's task file, with 95 % intervals.

Success is measured against the task's own goal: by the GPT alone, with constrained decoding and chunks, and with
verification. Without --tasks, the built-in splits are drawn from seeds that no training document comes from.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import OutputError, reported

if TYPE_CHECKING:
    from planner.held_out import Trial
    from planner.measure import Prediction

PROG = "python -m planner.evaluate"
PER_SPLIT = 60  # tasks of each built-in split: about 3 minutes in all
SHOWN_ERRORS = 10


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Measure a planner on held-out tasks or on a task file.")
    add = parser.add_argument
    add("--tasks", type=Path, metavar="FILE", help="a task file (JSON lines, .gz too) instead of the built-in splits")
    add("--model", type=Path, metavar="FOLDER", help="a model folder (default: the released weights)")
    many = f"N tasks drawn evenly from the file, or of each built-in split (default: all, or {PER_SPLIT})"
    add("--limit", type=int, metavar="N", help=many)
    add("--seed", type=int, default=0, help="draws tasks, homes and samples (default: 0)")
    add("--samples", type=int, default=4, metavar="N", help="further plans where the first fails (default: 4)")
    add("--no-inventory", action="store_true", help="do not tell the GPT what the home has")
    add("--baseline", choices=("teacher",), help="plan the same tasks with the teacher's rules, reported apart")
    add("--physics", type=int, default=0, metavar="N", help="carry the first N plans that work out in physics")
    add("--out", type=Path, metavar="FILE", help="write one JSON line for each task")
    add("--json", action="store_true", help="print the results as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when something was measured, 1 when no task could be set, 2 on wrong input."""
    args = _parser().parse_args(argv)
    if args.samples < 0 or args.physics < 0 or (args.limit is not None and args.limit < 1):
        print(f"{PROG}: --samples and --physics are at least 0, --limit at least 1", file=sys.stderr)
        return 2
    return reported(lambda: _run(args), PROG)


@dataclass(frozen=True, kw_only=True)
class TaskProblem:
    """A task that could not be set: its home is invalid, or it is impossible."""

    id: str
    reason: str


def _run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from gpt.files import write_text_atomically
    from planner.decode import Planner
    from planner.measure import measure, ways

    if args.out is not None and not args.out.resolve().parent.is_dir():
        raise OutputError(f"{args.out}: its folder does not exist")
    trials, problems = _trials(args)
    planner = Planner.load(args.model)
    options = ways(samples=args.samples, seed=args.seed, inventory=not args.no_inventory)
    predictions = [measure(planner, t, options) for t in tqdm(trials, desc="evaluate", unit="task", disable=None)]
    lengths = _teacher(trials) if args.baseline else None
    physics = _physics(predictions, args.physics)
    if args.out is not None:
        lines = [p.as_dict() for p in predictions] + [{"id": p.id, "error": p.reason} for p in problems]
        write_text_atomically(args.out, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    for problem in problems[:SHOWN_ERRORS]:
        print(f"{PROG}: task {problem.id} could not be set: {problem.reason}", file=sys.stderr)
    _print(args, predictions, problems, lengths, physics)
    return 0 if predictions else 1


def _trials(args: argparse.Namespace) -> tuple[list[Trial], list[TaskProblem]]:
    from envs.errors import EnvsError
    from planner.held_out import BUILT_IN, draw_trials, sample_lines, trial_of
    from planner.tasks import read_tasks

    if args.tasks is None:
        count, inventory = args.limit or PER_SPLIT, not args.no_inventory
        geometry = args.physics > 0
        return [
            t for s in BUILT_IN for t in draw_trials(s, count, seed=args.seed, inventory=inventory, geometry=geometry)
        ], []
    trials: list[Trial] = []
    problems: list[TaskProblem] = []
    for line in sample_lines(read_tasks(args.tasks), args.limit, args.seed):
        try:
            trials.append(trial_of(line, seed=args.seed, geometry=args.physics > 0))
        except EnvsError as error:
            problems.append(TaskProblem(id=line.id, reason=" ".join(str(error).split())))
    return trials, problems


def _teacher(trials: Sequence[Trial]) -> dict[str, int]:
    """The length of the teacher's plan for each task that it reaches: a baseline, never part of the planner."""
    from planner.corpus import plan_in_chunks
    from planner.verify import verify

    lengths: dict[str, int] = {}
    for trial in trials:
        if trial.goal is None or trial.answer != "plan":
            continue
        try:
            actions = [a for piece in plan_in_chunks(trial.start, trial.goal) for a in piece[3]]
        except LookupError:
            continue
        if verify(trial.start, trial.goal, actions).ok:
            lengths[trial.id] = len(actions)
    return lengths


def _physics(predictions: Sequence[Prediction], count: int) -> list[dict[str, object]]:
    """Carry the first plans that reach their task's goal out in the physical home, so that only physics can fail."""
    if not count:
        return []
    from tqdm import tqdm

    from envs.state import parse_action
    from planner.perform import Stage, perform

    worked = [(p, list(p.attempts.values())[-1]) for p in predictions]
    chosen = [(p, a) for p, a in worked if a.status == "verified" and a.success][:count]
    episodes: list[dict[str, object]] = []
    for prediction, attempt in tqdm(chosen, desc="physics", unit="plan", disable=None):
        trial = prediction.trial
        assert trial.goal is not None
        actions = [parse_action(trial.start.world, subtask) for subtask in attempt.subtasks]
        episode = perform(actions, trial.goal, trial.start, Stage(backend="physics", quiet=True))
        failed = next((s for s in episode.steps if s.status != "done"), None)
        episodes.append({
            "id": trial.id, "success": episode.success, "rate": episode.rate,
            "steps": len(episode.steps), "failed": f"{failed.subtask}: {failed.reason}" if failed else "",
            "simulated_s": round(episode.simulated_s, 1), "real_s": round(episode.real_s, 1),
        })  # fmt: skip
    return episodes


def _print(
    args: argparse.Namespace, predictions: Sequence[Prediction], problems: Sequence[TaskProblem],
    lengths: dict[str, int] | None, physics: Sequence[dict[str, object]],
) -> None:  # fmt: skip
    from planner.measure import summarise
    from planner.scoring_table import (
        by_family,
        confusion,
        confusion_table,
        false_refusals,
        success_table,
        summary_as_dict,
        worst_families,
    )
    from planner.statistics import Rate

    groups: dict[str, list[Prediction]] = {}
    for prediction in predictions:
        groups.setdefault(prediction.trial.split, []).append(prediction)
    splits = [summarise(name, members, lengths) for name, members in groups.items()]
    families = [summarise(name, members, lengths) for name, members in by_family(predictions).items()]
    plannable = [p for p in predictions if p.trial.answer == "plan"]
    teacher = Rate(hits=len(lengths), total=len(plannable)) if lengths is not None else None
    references = [p.reference for p in predictions if p.reference is not None]
    reference = Rate(hits=sum(references), total=len(references))
    carried = Rate(hits=sum(bool(e["success"]) for e in physics), total=len(physics))
    if args.json:
        print(json.dumps({
            "tasks": str(args.tasks) if args.tasks else None, "model": str(args.model) if args.model else None,
            "seed": args.seed, "samples": args.samples, "inventory": not args.no_inventory,
            "splits": [summary_as_dict(s) for s in splits], "families": [summary_as_dict(s) for s in families],
            "confusion": confusion(predictions), "false_refusals": false_refusals(predictions).as_dict(),
            "teacher": teacher.as_dict() if teacher else None, "reference": reference.as_dict() if references else None,
            "physics": {"success": carried.as_dict(), "episodes": list(physics)} if args.physics else None,
            "errors": [{"id": p.id, "reason": p.reason} for p in problems],
        }))  # fmt: skip
        return
    print("Success against the task's own goal, with 95 % Wilson intervals; time from instruction to answer.\n")
    print(success_table(splits, "split" if args.tasks is None else "answer"))
    print("\n" + confusion_table(predictions))
    if args.tasks is not None and len(families) > 1:
        print("\n" + success_table(families, "family"))
    if worst := worst_families(predictions):
        print(f"\nworst families, with an example\n{worst}")
    others = (("teacher reaches", teacher), ("reference plans reach", reference), ("carried out in physics", carried))
    for name, rate in others:
        if rate is not None and rate.total:
            print(f"{name}: {rate} of {rate.total}")
    for episode in physics:
        if not episode["success"]:
            print(f"  {episode['id']}: {episode['failed'] or 'the goal does not hold'}")
    if problems:
        print(f"errors: {len(problems)} tasks could not be set (see stderr), not counted above")


if __name__ == "__main__":
    sys.exit(main())
