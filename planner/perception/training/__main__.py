"""`python -m planner.perception.training hearing|sight`: trains a sense for a model and writes its file.

Writes runs/NAME/: KIND.safetensors (for `--audio`, `--image`: put it beside the model, or name it) and metrics.jsonl.
Time is the measure: the learning rate follows it, and the file is written every 90 s.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from planner.errors import PlannerError
from planner.io.command import run_command, writable
from planner.io.paths import released_dir, runs_dir

PROG = "python -m planner.perception.training"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Train sight or hearing for the planner's GPT.")
    add = parser.add_argument
    add("kind", choices=("hearing", "sight"), help="the sense; hearing needs espeak-ng, sight pictures (--pictures)")
    add("--model", type=Path, metavar="FOLDER", help="the GPT that is to use it (default: the released one)")
    add("--name", help="the run's folder is runs/NAME (default: hearing or sight)")
    add("--minutes", type=float, help="how long (default: 60)")
    add("--device", default="auto", metavar="D", help="cpu, cuda or auto (default)")
    add("--workers", type=int, default=1, metavar="N", help="hearing: processes that speak (default: 1)")
    add(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="sight: what planner.perception.training.render draws, also while it draws",
    )
    add("--no-auxiliary", action="store_true", help="sight: learn from what is to be written alone, not from masks")
    add("--start", type=Path, metavar="FILE", help="go on from this file: its encoder is kept")
    add("--seed", type=int, default=0, help="of everything that is drawn (default: 0)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    minutes = 60.0 if args.minutes is None else args.minutes
    if minutes <= 0 or args.workers < 1 or args.seed < 0:
        raise PlannerError("--minutes is above 0, --workers at least 1, --seed at least 0")
    model = args.model or released_dir()
    out = writable(runs_dir() / (args.name or args.kind))
    if args.kind == "hearing":
        from planner.perception.training.train_hearing import HearingSettings, train_hearing

        settings = HearingSettings(
            minutes=minutes, seed=args.seed, device=args.device, workers=args.workers
        ).on_device()
        path = train_hearing(settings, model, out, args.start)
    else:
        from planner.perception.training.train_sight import SightSettings, train_sight

        if args.pictures is None:
            raise PlannerError(
                "sight learns from pictures: name their folder with --pictures, and draw them with "
                "python -m planner.perception.training.render --out DIR (and --split valid --out DIR/valid)"
            )
        chosen = SightSettings(
            minutes=minutes, seed=args.seed, device=args.device, auxiliary=not args.no_auxiliary
        ).on_device()
        path = train_sight(chosen, model, args.pictures, out, args.start)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
