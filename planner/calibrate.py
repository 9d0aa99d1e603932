"""`python -m planner.calibrate`: calibrate a model's confidence on separate tasks and store it next to its weights.

Writes `calibration.json` into the model folder: the weights of the evidence for goals and plans, and the
conformal scores for `--error-rate` of `planner.plan`. `--report` measures the calibration on held-out tasks instead.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import CalibrationError
from planner.io.command import one_thread, run_command, writable
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from planner.api import Planner
    from planner.evaluation.calibration_runs import Observation
    from planner.evaluation.reliability import CalibrationMetrics
    from planner.tasks.held_out_trials import EvaluationTask
    from planner.understanding.calibration import Calibration

PROG = "python -m planner.calibrate"
PER_SPLIT = 90  # tasks per split: about a minute in total
PER_TEST = 60  # held-out tasks per split, for --report
MIN_TASKS = 40  # tasks needed for a calibration


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Calibrate a model's confidence in goals and plans.")
    add = parser.add_argument
    add(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="model folder; the file is written there (default: the released weights)",
    )
    tasks_help = "task files (JSON lines, also .gz) instead of the built-in split"
    add("--tasks", type=Path, metavar="FILE", nargs="+", action="extend", help=tasks_help)
    limit_help = f"N tasks sampled from each file, or per built-in split (default: all, or {PER_SPLIT})"
    add("--limit", type=int, metavar="N", help=limit_help)
    add("--seed", type=int, default=0, help="seed of tasks and homes (default: 0)")
    report_help = "only measure calibration error and coverage on held-out tasks or the task files"
    add("--report", action="store_true", help=f"{report_help} (default: {PER_TEST} tasks per split)")
    add("--json", action="store_true", help="print the metrics as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 on success, 2 on wrong input."""
    args = _parser().parse_args(argv)
    if args.limit is not None and args.limit < 1:
        print(f"{PROG}: --limit must be at least 1", file=sys.stderr)
        return 2
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner, model_folder

    one_thread()
    folder = model_folder(args.model)
    planner = Planner.load(folder, calibrated=False)
    return _report(args, planner, folder) if args.report else _calibrate(args, planner, folder)


def _calibrate(args: argparse.Namespace, planner: Planner, folder: Path) -> int:
    from planner.evaluation.calibration_runs import calibrate, calibration_trials
    from planner.understanding.calibration_file import write_calibration

    writable(folder)
    domain = planner.domain
    count = args.limit or PER_SPLIT
    trials = _read_trials(args, domain) if args.tasks else list(calibration_trials(count, args.seed, domain))
    calibration = calibrate(_require_enough(_observe_trials(planner, trials, args.seed)))
    path = write_calibration(calibration, folder, tasks=_names(args.tasks) if args.tasks else None, seed=args.seed)
    record = _as_dict(calibration)
    if args.json:
        print(json.dumps({"file": str(path)} | record))
        return 0
    for name, value in record.items():
        print(f"{name.replace('_', ' ')}: {value if not isinstance(value, dict) else _format_thresholds(value)}")
    print(f"written: {path}")
    return 0


def _as_dict(calibration: Calibration) -> dict[str, object]:
    """Summarize a calibration as plain data."""
    from planner.evaluation.reliability import ERROR_RATES
    from planner.understanding.calibration import FEATURES, lowest_error_rate

    thresholds: dict[str, float | None] = {}
    for rate in ERROR_RATES:
        try:
            thresholds[f"{rate:g}"] = round(calibration.threshold(rate), 4)
        except CalibrationError:
            thresholds[f"{rate:g}"] = None
    return {
        "weights_for_a_goal": dict(zip(FEATURES, (round(w, 4) for w in calibration.goal.weights), strict=True)),
        "weights_for_a_plan": dict(zip(FEATURES, (round(w, 4) for w in calibration.plan.weights), strict=True)),
        "threshold_at_error_rate": thresholds,
        "lowest_error_rate": round(lowest_error_rate(calibration.scores), 4),
        "scores": len(calibration.scores),
    }


def _format_thresholds(values: dict[str, float | None]) -> str:
    return ", ".join(f"{key} {'cannot be kept' if value is None else value}" for key, value in values.items())


def _report(args: argparse.Namespace, planner: Planner, folder: Path) -> int:
    from planner.understanding.calibration_file import read_calibration

    calibration = read_calibration(folder)
    reports = (
        _report_on_file(args, planner, calibration) if args.tasks else _report_on_splits(args, planner, calibration)
    )
    print(json.dumps([f.as_dict() for f in reports]) if args.json else "\n\n".join(map(str, reports)))
    return 0


def _report_on_splits(
    args: argparse.Namespace, planner: Planner, calibration: Calibration | None
) -> list[CalibrationMetrics]:
    """Measure a calibration in test homes: first on tasks like those it was fitted on, then on the other splits."""
    from planner.evaluation.calibration_runs import CALIBRATION
    from planner.evaluation.reliability import calibration_metrics
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials

    if calibration is None:
        raise CalibrationError(f"there is no calibration to report on: {PROG} without --report measures one")
    count = args.limit or PER_TEST
    trials = [t for split in BUILT_IN for t in draw_trials(split, count, seed=args.seed, domain=planner.domain)]
    observations = _observe_trials(planner, trials, args.seed)
    calibration_splits = {split.name for split in CALIBRATION}
    reports = [
        calibration_metrics(
            "held-out tasks like the calibration tasks",
            [o for o in observations if o.split in calibration_splits],
            calibration,
        )
    ]
    for split in BUILT_IN:
        if split.name not in calibration_splits and split.answer == "plan":
            reports.append(
                calibration_metrics(split.name, [o for o in observations if o.split == split.name], calibration)
            )
    return [
        *reports,
        calibration_metrics("all held-out tasks, to be planned, refused and asked about", observations, calibration),
    ]


def _report_on_file(
    args: argparse.Namespace, planner: Planner, calibration: Calibration | None
) -> list[CalibrationMetrics]:
    """Measure on task files: the model's calibration, and one fitted on half of the tasks, on the other half."""
    from planner.evaluation.calibration_runs import calibrate
    from planner.evaluation.reliability import calibration_metrics

    observations = _observe_trials(planner, _read_trials(args, planner.domain), args.seed)
    name = _names(args.tasks)
    reports = (
        []
        if calibration is None
        else [calibration_metrics(f"{name}, the model's calibration", observations, calibration)]
    )
    random.Random(f"halves/{args.seed}").shuffle(observations)
    half = len(observations) // 2
    half_calibration = calibrate(_require_enough(observations[:half]))
    return [
        *reports,
        calibration_metrics(
            f"{name}, calibrated on one half, measured on the other", observations[half:], half_calibration
        ),
    ]


def _names(files: Sequence[Path]) -> str:
    return ", ".join(file.name for file in files)


def _read_trials(args: argparse.Namespace, domain: Domain) -> list[EvaluationTask]:
    from envs.errors import EnvsError
    from planner.tasks.held_out_trials import sample_lines, trial_from_line
    from planner.tasks.task_files import read_tasks

    trials = []
    lines = [line for file in args.tasks for line in sample_lines(read_tasks(file, domain), args.limit, args.seed)]
    for line in lines:
        try:
            trials.append(trial_from_line(line, seed=args.seed, domain=domain))
        except EnvsError as error:
            print(f"{PROG}: task {line.id} could not be created: {' '.join(str(error).split())}", file=sys.stderr)
    random.Random(f"order/{args.seed}").shuffle(trials)  # a file may be ordered by difficulty
    return trials


def _observe_trials(planner: Planner, trials: Sequence[EvaluationTask], seed: int) -> list[Observation]:
    from tqdm import tqdm

    from planner.evaluation.calibration_runs import observe
    from planner.plans.options import OWN_PLAN

    options = replace(OWN_PLAN, seed=seed)
    return [observe(planner, trial, options) for trial in tqdm(trials, desc="observe", unit="task", disable=None)]


def _require_enough(observations: list[Observation]) -> list[Observation]:
    """Return the observations if there are enough for a calibration.

    Raises:
        CalibrationError: There are too few.
    """
    answerable = sum(o.answerable for o in observations)
    if answerable < MIN_TASKS:
        raise CalibrationError(f"{answerable} tasks with a goal are too few to calibrate on; {MIN_TASKS} are needed")
    return observations


if __name__ == "__main__":
    sys.exit(main())
