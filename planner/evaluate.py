"""`python -m planner.evaluate`: success on held-out tasks or on any task file, with 95 % intervals.

Success is measured against the task's own goal: for the GPT alone, with constrained decoding and chunks, and with
verification. Silent misreads, needless questions and needless refusals are counted apart. Without --tasks, the built-in
splits are drawn from seeds that no training document uses.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.io.command import one_thread, run_command, writable_file
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from planner.api import Planner
    from planner.evaluation.measurement import Prediction
    from planner.evaluation.results import TaskProblem
    from planner.tasks.held_out_trials import EvaluationTask
    from planner.tasks.task_files import TaskLine

PROG = "python -m planner.evaluate"
PER_SPLIT = 60  # tasks per built-in split: about 3 minutes in total
MAX_SHOWN_ERRORS = 10
RELEASED = "released"  # the model's name if no folder is given


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Measure a planner on held-out tasks or on a task file.")
    add = parser.add_argument
    tasks_help = "task files (JSON lines, also .gz) instead of the built-in splits"
    add("--tasks", type=Path, metavar="FILE", nargs="+", action="extend", help=tasks_help)
    model_help = "model folder (default: the released weights); repeat it to report the spread over several models"
    add("--model", type=Path, metavar="FOLDER", action="append", help=model_help)
    limit_help = f"N tasks sampled from each file, or per built-in split (default: all, or {PER_SPLIT})"
    add("--domain", type=Path, metavar="FILE", help="domain of the tasks (default: that of the model)")
    add(
        "--robot", metavar="FILE", help="robot file, or panda (default), guide or fetcher; it refuses what it cannot do"
    )
    add("--limit", type=int, metavar="N", help=limit_help)
    add("--seed", type=int, default=0, help="seed of tasks, homes and samples (default: 0)")
    add("--samples", type=int, default=4, metavar="N", help="more plans to sample if the first fails (default: 4)")
    add("--goals-only", action="store_true", help="measure only predicted goals, without plans (many times faster)")
    renamed_help = "also the built-in splits with SHARE of the kinds of objects (default: all) called by unseen nouns"
    add("--renamed", type=float, nargs="?", const=1.0, default=0.0, metavar="SHARE", help=renamed_help)
    add("--no-inventory", action="store_true", help="omit the home's inventory from the prompt")
    sense_help = "choose objects as in the released weights' corpus: dirty ones in reach before clean ones"
    add("--no-common-sense", action="store_true", help=sense_help)
    add("--with-steps", action="store_true", help="include the file's step-by-step descriptions in the prompt")
    add(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="number of processes; does not change the results (default: 1)",
    )
    add(
        "--weights",
        choices=("fp32", "int8"),
        default="fp32",
        help="weight precision (int8 needs extra: fast; default: fp32)",
    )
    add("--baseline", choices=("teacher",), help="also plan the same tasks with the rule-based teacher")
    add("--physics", type=int, default=0, metavar="N", help="execute the first N successful plans in physics")
    add("--out", type=Path, metavar="FILE", help="write one JSON line per task")
    add("--json", action="store_true", help="print the results as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 if tasks were measured, 1 if no task could be created, 2 on wrong input."""
    args = _parser().parse_args(argv)
    if problem := _usage_error(args):
        print(f"{PROG}: {problem}", file=sys.stderr)
        return 2
    return run_command(lambda: _run(args), PROG)


def _usage_error(args: argparse.Namespace) -> str:
    """Return the problem with a combination of flags; empty if there is none."""
    folders = [folder.resolve() for folder in args.model or ()]
    if args.samples < 0 or args.physics < 0 or args.workers < 1 or (args.limit is not None and args.limit < 1):
        return "--samples and --physics must be at least 0, --workers and --limit at least 1"
    if args.goals_only and (args.physics or args.baseline):
        return "--goals-only makes no plans: omit --physics and --baseline"
    if args.with_steps and args.tasks is None:
        return "--with-steps needs --tasks: the built-in splits have no step-by-step descriptions"
    if not 0 <= args.renamed <= 1:
        return f"--renamed is a share of the kinds, in (0, 1]; seen {args.renamed:g}"
    if args.renamed and (args.tasks is not None or args.no_inventory):
        return "--renamed is for the built-in splits, with the inventory: omit --tasks and --no-inventory"
    if len(set(folders)) < len(folders):
        return "a --model is given twice: it would count as two seeds"
    files = [file.resolve() for file in args.tasks or ()]
    if len(set(files)) < len(files):
        return "a file of --tasks is given twice: its tasks would count twice"
    return ""


def _run(args: argparse.Namespace) -> int:
    from envs.symbolic.domain import load_domain
    from gpt.files import write_text_atomically
    from planner.api import Planner
    from planner.evaluation.results import EvaluationSettings, Results
    from planner.io.terminal import printable
    from planner.tasks.held_out_trials import for_robot

    if args.out is not None and not args.out.resolve().parent.is_dir():
        raise OutputError(f"{args.out}: its folder does not exist")
    if args.out is not None:
        writable_file(args.out)
    folders: list[Path | None] = args.model or [None]
    names = tuple(str(folder) if folder else RELEASED for folder in folders)
    one_thread()
    planners = [Planner.load(folder, weights=args.weights) for folder in folders]
    domain = load_domain(args.domain) if args.domain else planners[0].domain
    trials, problems = _load_trials(args, domain)
    if args.robot is not None:
        trials = [for_robot(trial, args.robot) for trial in trials]
    predictions = [
        _predict_all(planner, folder, trials, args) for planner, folder in zip(planners, folders, strict=True)
    ]
    results = Results(
        setting=EvaluationSettings(
            tasks=tuple(map(str, args.tasks)) if args.tasks else None, models=names, weights=args.weights,
            seed=args.seed, samples=args.samples, inventory=not args.no_inventory, steps=args.with_steps,
            goals_only=args.goals_only, common_sense=not args.no_common_sense, renamed=args.renamed,
        ),
        predictions=predictions,
        problems=problems,
        lengths=_teacher_lengths(trials) if args.baseline else None,
        episodes=[e for each in predictions for e in _execute_in_physics(each, args.physics)] if args.physics else None,
    )  # fmt: skip
    if args.out is not None:
        lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in results.lines())
        write_text_atomically(args.out, "".join(lines))
    for problem in problems[:MAX_SHOWN_ERRORS]:
        print(printable(f"{PROG}: task {problem.id} could not be created: {problem.reason}"), file=sys.stderr)
    print(json.dumps(results.as_dict()) if args.json else printable(str(results)))
    return 0 if trials else 1


def _predict_all(
    planner: Planner, folder: Path | None, trials: Sequence[EvaluationTask], args: argparse.Namespace
) -> list[Prediction]:
    from tqdm import tqdm

    from planner.evaluation.measurement import planning_modes
    from planner.evaluation.parallel import EvaluationJob, predictions

    options = planning_modes(
        samples=args.samples, seed=args.seed, inventory=not args.no_inventory, common_sense=not args.no_common_sense
    )
    job = EvaluationJob(folder=folder, weights=args.weights, modes=options, goals_only=args.goals_only)
    results = predictions(planner, job, trials, args.workers)
    name = RELEASED if folder is None else folder.name
    return list(tqdm(results, desc=f"evaluate {name}", total=len(trials), unit="task", disable=None))


def _load_trials(args: argparse.Namespace, domain: Domain) -> tuple[list[EvaluationTask], list[TaskProblem]]:
    from envs.errors import EnvsError
    from planner.evaluation.results import TaskProblem
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials, trial_from_line

    geometry = args.physics > 0
    if args.tasks is None:
        count, inventory = args.limit or PER_SPLIT, not args.no_inventory
        shares = (0.0, args.renamed) if args.renamed else (0.0,)
        return [
            trial
            for split in BUILT_IN
            for share in shares
            for trial in draw_trials(
                split, count, seed=args.seed, inventory=inventory, geometry=geometry, domain=domain, renamed=share
            )
        ], []
    trials: list[EvaluationTask] = []
    problems: list[TaskProblem] = []
    for file, line in _lines_of(args, domain):
        try:
            trial = trial_from_line(line, seed=args.seed, geometry=geometry, steps=args.with_steps, domain=domain)
            trials.append(replace(trial, file=str(file)))
        except EnvsError as error:
            problems.append(TaskProblem(id=line.id, reason=" ".join(str(error).split())))
    return trials, problems


def _lines_of(args: argparse.Namespace, domain: Domain) -> list[tuple[Path, TaskLine]]:
    """Return the lines of all task files, each with its file.

    Raises:
        TaskError: A file is invalid, or two files have a task of the same id.
    """
    from planner.tasks.held_out_trials import sample_lines
    from planner.tasks.task_files import TaskError, read_tasks

    by_file = {file: read_tasks(file, domain) for file in args.tasks}
    file_of_id: dict[str, Path] = {}
    for file, lines in by_file.items():
        for line in lines:
            if (other := file_of_id.setdefault(line.id, file)) != file:
                raise TaskError(f"{file}: id {line.id!r} is in {other}, too; evaluate these files one by one")
    return [(file, line) for file, lines in by_file.items() for line in sample_lines(lines, args.limit, args.seed)]


def _teacher_lengths(trials: Sequence[EvaluationTask]) -> dict[str, int]:
    """Return the length of the teacher's plan for each task that it solves: a baseline, not part of the planner."""
    from planner.corpus.teacher_chunks import proven_plan

    lengths: dict[str, int] = {}
    for trial in trials:
        if trial.goal is None or trial.answer != "plan":
            continue
        if (actions := proven_plan(trial.start, trial.goal)) is not None:
            lengths[trial.id] = len(actions)
    return lengths


def _execute_in_physics(predictions: Sequence[Prediction], count: int) -> list[dict[str, object]]:
    """Execute the first plans that reach their task's goal in the physical home, so that only physics can fail."""
    from tqdm import tqdm

    from envs.symbolic.actions import parse_action
    from planner.cli.execution_flags import ExecutionSettings
    from planner.cli.execution_runner import execute_and_report

    selected = [p for p in predictions if p.last.status == "verified" and p.last.success][:count]
    episodes: list[dict[str, object]] = []
    for prediction in tqdm(selected, desc="physics", unit="plan", disable=None):
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
