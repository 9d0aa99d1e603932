"""`python -m planner.evaluate`: success on held-out tasks, or on anybody's task file, with 95 % intervals.

Success is measured against the task's own goal: by the GPT alone, with constrained decoding and chunks, and with
verification. Without --tasks, the built-in splits are drawn from seeds that no training document comes from.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.io.command import one_thread, run_command

if TYPE_CHECKING:
    from planner.api import Planner
    from planner.evaluation.measurement import Prediction
    from planner.evaluation.results import TaskProblem
    from planner.tasks.held_out_trials import EvaluationTask

PROG = "python -m planner.evaluate"
PER_SPLIT = 60  # tasks of each built-in split: about 3 minutes in all
SHOWN_ERRORS = 10
RELEASED = "released"  # the model's name where no folder is named


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Measure a planner on held-out tasks or on a task file.")
    add = parser.add_argument
    add("--tasks", type=Path, metavar="FILE", help="a task file (JSON lines, .gz too) instead of the built-in splits")
    folder = "a model folder (default: the released weights); several: give it again, the spread is reported"
    add("--model", type=Path, metavar="FOLDER", action="append", help=folder)
    many = f"N tasks drawn evenly from the file, or of each built-in split (default: all, or {PER_SPLIT})"
    add("--limit", type=int, metavar="N", help=many)
    add("--seed", type=int, default=0, help="draws tasks, homes and samples (default: 0)")
    add("--samples", type=int, default=4, metavar="N", help="further plans where the first fails (default: 4)")
    add("--goals-only", action="store_true", help="measure understanding alone, without plans: many times faster")
    add("--no-inventory", action="store_true", help="do not tell the GPT what the home has")
    add("--with-steps", action="store_true", help="tell the GPT the file's step-by-step descriptions too")
    add("--workers", type=int, default=1, metavar="N", help="processes; the results are the same (default: 1)")
    add("--weights", choices=("fp32", "int8"), default="fp32", help="round them to int8 (extra: fast; default: fp32)")
    add("--baseline", choices=("teacher",), help="plan the same tasks with the teacher's rules, reported apart")
    add("--physics", type=int, default=0, metavar="N", help="carry the first N plans that work out in physics")
    add("--out", type=Path, metavar="FILE", help="write one JSON line for each task")
    add("--json", action="store_true", help="print the results as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when something was measured, 1 when no task could be set, 2 on wrong input."""
    args = _parser().parse_args(argv)
    if problem := _misuse(args):
        print(f"{PROG}: {problem}", file=sys.stderr)
        return 2
    return run_command(lambda: _run(args), PROG)


def _misuse(args: argparse.Namespace) -> str:
    """What is wrong with the flags together; empty if nothing is."""
    folders = [folder.resolve() for folder in args.model or ()]
    if args.samples < 0 or args.physics < 0 or args.workers < 1 or (args.limit is not None and args.limit < 1):
        return "--samples and --physics are at least 0, --workers and --limit at least 1"
    if args.goals_only and (args.physics or args.baseline):
        return "--goals-only makes no plans: leave out --physics and --baseline"
    if args.with_steps and args.tasks is None:
        return "--with-steps needs --tasks: the built-in splits have no step-by-step descriptions"
    if len(set(folders)) < len(folders):
        return "a --model is named twice: it would count as two seeds"
    return ""


def _run(args: argparse.Namespace) -> int:
    from gpt.files import write_text_atomically
    from planner.api import Planner
    from planner.evaluation.results import Results, Setting
    from planner.io.terminal import printable

    if args.out is not None and not args.out.resolve().parent.is_dir():
        raise OutputError(f"{args.out}: its folder does not exist")
    folders: list[Path | None] = args.model or [None]
    names = tuple(str(folder) if folder else RELEASED for folder in folders)
    one_thread()
    planners = [Planner.load(folder, weights=args.weights) for folder in folders]
    trials, problems = _trials(args)
    predictions = [_measured(p, f, trials, args) for p, f in zip(planners, folders, strict=True)]
    results = Results(
        setting=Setting(
            tasks=str(args.tasks) if args.tasks else None, models=names, weights=args.weights, seed=args.seed,
            samples=args.samples, inventory=not args.no_inventory, steps=args.with_steps, goals_only=args.goals_only,
        ),
        predictions=predictions,
        problems=problems,
        lengths=_teacher(trials) if args.baseline else None,
        episodes=[e for found in predictions for e in _physics(found, args.physics)] if args.physics else None,
    )  # fmt: skip
    if args.out is not None:
        lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in results.lines())
        write_text_atomically(args.out, "".join(lines))
    for problem in problems[:SHOWN_ERRORS]:
        print(printable(f"{PROG}: task {problem.id} could not be set: {problem.reason}"), file=sys.stderr)
    print(json.dumps(results.as_dict()) if args.json else printable(str(results)))
    return 0 if trials else 1


def _measured(
    planner: Planner, folder: Path | None, trials: Sequence[EvaluationTask], args: argparse.Namespace
) -> list[Prediction]:
    from tqdm import tqdm

    from planner.evaluation.measurement import planning_modes
    from planner.evaluation.parallel import Work, predictions

    options = planning_modes(samples=args.samples, seed=args.seed, inventory=not args.no_inventory)
    work = Work(folder=folder, weights=args.weights, ways=options, goals_only=args.goals_only)
    found = predictions(planner, work, trials, args.workers)
    name = RELEASED if folder is None else folder.name
    return list(tqdm(found, desc=f"evaluate {name}", total=len(trials), unit="task", disable=None))


def _trials(args: argparse.Namespace) -> tuple[list[EvaluationTask], list[TaskProblem]]:
    from envs.errors import EnvsError
    from planner.evaluation.results import TaskProblem
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials, sample_lines, trial_of
    from planner.tasks.task_files import read_tasks

    geometry = args.physics > 0
    if args.tasks is None:
        count, inventory = args.limit or PER_SPLIT, not args.no_inventory
        return [
            t for s in BUILT_IN for t in draw_trials(s, count, seed=args.seed, inventory=inventory, geometry=geometry)
        ], []
    trials: list[EvaluationTask] = []
    problems: list[TaskProblem] = []
    for line in sample_lines(read_tasks(args.tasks), args.limit, args.seed):
        try:
            trials.append(trial_of(line, seed=args.seed, geometry=geometry, steps=args.with_steps))
        except EnvsError as error:
            problems.append(TaskProblem(id=line.id, reason=" ".join(str(error).split())))
    return trials, problems


def _teacher(trials: Sequence[EvaluationTask]) -> dict[str, int]:
    """The length of the teacher's plan for each task that it reaches: a baseline, never part of the planner."""
    from planner.corpus.teacher_chunks import plan_in_chunks
    from planner.verification.plan_verification import verify

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
    from tqdm import tqdm

    from envs.symbolic.actions import parse_action
    from planner.cli.execution_flags import ExecutionSettings
    from planner.cli.execution_runner import execute_and_report

    chosen = [p for p in predictions if p.last.status == "verified" and p.last.success][:count]
    episodes: list[dict[str, object]] = []
    for prediction in tqdm(chosen, desc="physics", unit="plan", disable=None):
        trial = prediction.trial
        assert trial.goal is not None
        actions = [parse_action(trial.start.world, subtask) for subtask in prediction.last.subtasks]
        episode = execute_and_report(actions, trial.goal, trial.start, ExecutionSettings(backend="physics", quiet=True))
        failed = next((s for s in episode.steps if s.status != "done"), None)
        episodes.append({
            "id": trial.id, "success": episode.success, "rate": episode.rate,
            "steps": len(episode.steps), "failed": f"{failed.subtask}: {failed.reason}" if failed else "",
            "simulated_s": round(episode.simulated_s, 1), "real_s": round(episode.real_s, 1),
        })  # fmt: skip
    return episodes


if __name__ == "__main__":
    sys.exit(main())
