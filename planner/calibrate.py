"""`python -m planner.calibrate`: how sure a model may be, measured on tasks of their own and kept beside its weights.

Writes `calibration.json` into the model folder: temperatures for the probabilities of goals and plans, and the scores
that `--error-rate` of `planner.plan` is kept with. `--report` measures the calibration on held-out tasks instead.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import CalibrationError, OutputError
from planner.io.command import one_thread, run_command

if TYPE_CHECKING:
    from planner.api import Planner
    from planner.evaluation.calibration_runs import Observation
    from planner.evaluation.reliability import Figures
    from planner.tasks.held_out_trials import EvaluationTask
    from planner.understanding.calibration import Calibration

PROG = "python -m planner.calibrate"
PER_SPLIT = 90  # tasks of each kind: about a minute in all
PER_TEST = 60  # the same of held-out tasks, for --report
FEWEST = 40  # tasks that a calibration is made of


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Measure how sure a model may be of goals and plans.")
    add = parser.add_argument
    add("--model", type=Path, metavar="FOLDER", help="a model folder, written to (default: the released weights)")
    add("--tasks", type=Path, metavar="FILE", help="a task file (JSON lines, .gz too) instead of the built-in split")
    many = f"N tasks drawn evenly from the file, or of each built-in kind (default: all, or {PER_SPLIT})"
    add("--limit", type=int, metavar="N", help=many)
    add("--seed", type=int, default=0, help="draws tasks and homes (default: 0)")
    held_out = "write nothing: measure calibration error and coverage on held-out tasks, or on the task file"
    add("--report", action="store_true", help=f"{held_out} (default: {PER_TEST} tasks of each kind)")
    add("--json", action="store_true", help="print the figures as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when it is done, 2 on wrong input."""
    args = _parser().parse_args(argv)
    if args.limit is not None and args.limit < 1:
        print(f"{PROG}: --limit is at least 1", file=sys.stderr)
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

    trials = _from_file(args) if args.tasks else list(calibration_trials(args.limit or PER_SPLIT, args.seed))
    calibration = calibrate(_enough(_observed(planner, trials, args.seed)))
    try:
        path = write_calibration(calibration, folder, tasks=args.tasks.name if args.tasks else None, seed=args.seed)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to ({error.strerror or error})") from None
    found = _as_dict(calibration)
    if args.json:
        print(json.dumps({"file": str(path)} | found))
        return 0
    for name, value in found.items():
        print(f"{name.replace('_', ' ')}: {value if not isinstance(value, dict) else _listed(value)}")
    print(f"written: {path}")
    return 0


def _as_dict(calibration: Calibration) -> dict[str, object]:
    """What a person may want to know of a calibration."""
    from planner.evaluation.reliability import ERROR_RATES
    from planner.understanding.calibration import lowest_error_rate

    thresholds: dict[str, float | None] = {}
    for rate in ERROR_RATES:
        try:
            thresholds[f"{rate:g}"] = round(calibration.threshold(rate), 4)
        except CalibrationError:
            thresholds[f"{rate:g}"] = None
    return {
        "temperature_of_a_goal": {reading: round(t, 4) for reading, t in calibration.goal.items()},
        "temperature_of_a_plan": {reading: round(t, 4) for reading, t in calibration.plan.items()},
        "threshold_at_error_rate": thresholds,
        "lowest_error_rate": round(lowest_error_rate(calibration.scores), 4),
        "scores": len(calibration.scores),
    }


def _listed(values: dict[str, float | None]) -> str:
    return ", ".join(f"{key} {'cannot be kept' if value is None else value}" for key, value in values.items())


def _report(args: argparse.Namespace, planner: Planner, folder: Path) -> int:
    from planner.understanding.calibration_file import read_calibration

    calibration = read_calibration(folder)
    found = _of_file(args, planner, calibration) if args.tasks else _built_in(args, planner, calibration)
    print(json.dumps([f.as_dict() for f in found]) if args.json else "\n\n".join(map(str, found)))
    return 0


def _built_in(args: argparse.Namespace, planner: Planner, calibration: Calibration | None) -> list[Figures]:
    """Tasks like those of the calibration split in homes of the test split, then those that are unlike."""
    from planner.evaluation.calibration_runs import CALIBRATION
    from planner.evaluation.reliability import figures
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials

    if calibration is None:
        raise CalibrationError(f"there is no calibration to report on: {PROG} without --report measures one")
    trials = [t for s in BUILT_IN for t in draw_trials(s, args.limit or PER_TEST, seed=args.seed)]
    seen = _observed(planner, trials, args.seed)
    alike = {split.name for split in CALIBRATION}
    found = [figures("held-out tasks like the calibration tasks", [o for o in seen if o.split in alike], calibration)]
    for split in BUILT_IN:
        if split.name not in alike and split.answer == "plan":
            found.append(figures(split.name, [o for o in seen if o.split == split.name], calibration))
    return [*found, figures("all held-out tasks, to be planned, refused and asked about", seen, calibration)]


def _of_file(args: argparse.Namespace, planner: Planner, calibration: Calibration | None) -> list[Figures]:
    """The model's own calibration on a task file, and one that a half of the file makes on the other half."""
    from planner.evaluation.calibration_runs import calibrate
    from planner.evaluation.reliability import figures

    seen = _observed(planner, _from_file(args), args.seed)
    name = args.tasks.name
    found = [] if calibration is None else [figures(f"{name}, the model's calibration", seen, calibration)]
    random.Random(f"halves/{args.seed}").shuffle(seen)
    half = len(seen) // 2
    own = calibrate(_enough(seen[:half]))
    return [*found, figures(f"{name}, calibrated on one half, measured on the other", seen[half:], own)]


def _from_file(args: argparse.Namespace) -> list[EvaluationTask]:
    from envs.errors import EnvsError
    from planner.tasks.held_out_trials import sample_lines, trial_of
    from planner.tasks.task_files import read_tasks

    trials = []
    for line in sample_lines(read_tasks(args.tasks), args.limit, args.seed):
        try:
            trials.append(trial_of(line, seed=args.seed))
        except EnvsError as error:
            print(f"{PROG}: task {line.id} could not be set: {' '.join(str(error).split())}", file=sys.stderr)
    random.Random(f"order/{args.seed}").shuffle(trials)  # a file's order may be one of difficulty
    return trials


def _observed(planner: Planner, trials: Sequence[EvaluationTask], seed: int) -> list[Observation]:
    from tqdm import tqdm

    from planner.evaluation.calibration_runs import observe
    from planner.plans.options import Options

    options = Options(seed=seed)
    return [observe(planner, trial, options) for trial in tqdm(trials, desc="observe", unit="task", disable=None)]


def _enough(seen: list[Observation]) -> list[Observation]:
    """Return observations that a calibration can be made of.

    Raises:
        CalibrationError: They are too few.
    """
    answerable = sum(o.answerable for o in seen)
    if answerable < FEWEST:
        raise CalibrationError(f"{answerable} tasks with a goal are too few to calibrate on; {FEWEST} are needed")
    return seen


if __name__ == "__main__":
    sys.exit(main())
