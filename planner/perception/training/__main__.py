"""`python -m planner.perception.training hearing|sight`: train hearing or sight for a model and write its file.

`familiarity` changes nothing of a sight file but which pictures count as unlike those of homes.

Writes runs/NAME/: KIND.safetensors (for `--audio` and `--image`: put it next to the model) and metrics.jsonl. Training
takes a fixed time: the learning rate schedule follows the clock, and the file is written every 90 s.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command, writable
from planner.io.command_parser import CommandParser, finite_number
from planner.io.paths import released_dir, runs_dir

PROG = "python -m planner.perception.training"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Train sight or hearing for the planner's GPT.")
    add = parser.add_argument
    add("kind", choices=("hearing", "sight", "familiarity"),
        help="what to train; hearing needs espeak-ng, the others need --pictures")  # fmt: skip
    add("--model", type=Path, metavar="FOLDER", help="model folder of the GPT (default: the released weights)")
    add("--name", help="the run's folder is runs/NAME (default: the kind)")
    add("--minutes", type=finite_number, help="training time in minutes (default: 60)")
    add("--device", default="auto", metavar="D", help="cpu, cuda or auto (default)")
    add(
        "--workers", type=int, default=1, metavar="N", help="hearing: number of speech synthesis processes (default: 1)"
    )
    add(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="sight: output folder of planner.perception.training.render, which may still be running",
    )
    add("--no-auxiliary", action="store_true", help="sight: train only on the text loss, without masks")
    add("--start", type=Path, metavar="FILE",
        help="start from this file and freeze its encoder (familiarity: default, the model's sight)")  # fmt: skip
    add("--seed", type=int, default=0, help="random seed (default: 0)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    minutes = 60.0 if args.minutes is None else args.minutes
    if minutes <= 0 or args.workers < 1 or args.seed < 0:
        raise PlannerError("--minutes must be above 0, --workers at least 1, --seed at least 0")
    model = args.model or released_dir()
    out = writable(runs_dir() / (args.name or args.kind))
    if args.kind == "hearing":
        from planner.perception.training.train_hearing import HearingSettings, train_hearing

        hearing_settings = HearingSettings(
            minutes=minutes, seed=args.seed, device=args.device, workers=args.workers
        ).on_device()
        path = train_hearing(hearing_settings, model, out, args.start)
    else:
        from gpt.weights.encoder_file import sense_path
        from planner.perception.training.train_sight import SightSettings, learn_familiarity, train_sight

        if args.pictures is None:
            raise PlannerError(
                "sight is trained on pictures: pass their folder as --pictures, and render them with "
                "python -m planner.perception.training.render --out DIR (and --split valid --out DIR/valid)"
            )
        if args.kind == "familiarity":
            one_thread()
            print(learn_familiarity(args.start or sense_path(model, "sight"), args.pictures, sense_path(out, "sight")))
            return 0
        sight_settings = SightSettings(
            minutes=minutes, seed=args.seed, device=args.device, auxiliary=not args.no_auxiliary
        ).on_device()
        path = train_sight(sight_settings, model, args.pictures, out, args.start)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
