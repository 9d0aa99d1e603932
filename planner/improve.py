"""`python -m planner.improve`: offline self-improvement: the GPT proposes tasks, plans, verifies and learns.

Writes runs/NAME/: config.json, cycle-1/, cycle-2/, …, model/ (the last accepted weights), results.json, plot.svg. New
weights are accepted or rejected on tasks in validation homes; the reported results are measured in test homes, before
and after. Neither the teacher nor search is used.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.io.command import one_thread, run_command, writable
from planner.io.command_parser import CommandParser, finite_number
from planner.io.paths import released_dir, runs_dir

if TYPE_CHECKING:
    from planner.io.json_lines import Record
    from planner.learning.cycle import CycleResult
    from planner.learning.sizes import Method, Sizes
    from planner.workers.worker_pool import Workers

PROG = "python -m planner.improve"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Let the planner's GPT improve itself, offline.")
    add = parser.add_argument
    add("--cycles", type=int, default=2, metavar="N", help="cycles of propose, plan, verify, learn (default: 2)")
    add("--home", metavar="HOME", help="instead train an adapter for one home (file, name or seed), next to its file")
    add("--days", type=int, metavar="N", help="with --home: days to simulate (default: 20; with --lessons: none)")
    add(
        "--lessons",
        type=Path,
        metavar="FILE",
        help="with --home: what was corrected there (default: runs/lessons.jsonl)",
    )
    add("--out", type=Path, metavar="FILE", help="with --home: adapter file (default: HOME.adapter.safetensors)")
    add("--model", type=Path, metavar="FOLDER", help="initial weights (default: the released weights)")
    add("--name", help="the run's folder is runs/NAME (default: improve; with --home: own-home)")
    add("--minutes", type=finite_number, metavar="M",
        help="approximate duration in minutes on two CPU cores (default: 20 per cycle)")  # fmt: skip
    add("--rule", choices=("rejection", "advantage", "preference"), default="rejection",
        help="learning rule, see planner/learning/training_mixture.py (default: rejection)")  # fmt: skip
    add("--instructions", type=Path, metavar="FILE",
        help="what people said, one instruction a line; learned where all readings of it agree")  # fmt: skip
    add("--physics", type=int, default=0, metavar="N", help="execute N plans of each cycle in the physical home")
    add("--workers", type=int, metavar="N", help="processes for the episodes; does not change the results (default: 1)")
    add("--ray", metavar="ADDRESS",
        help="Ray cluster for the episodes: auto, local, HOST:PORT; --workers limits it (extra: cluster)")  # fmt: skip
    add("--device", default="cpu", metavar="D", help="training device: cpu, cuda or auto (default: cpu)")
    add("--seed", type=int, default=0, help="seed of the run (default: 0)")
    add("--resume", action="store_true", help="continue an interrupted run")
    add("--json", action="store_true", help="print the results as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 when all cycles are done, regardless of their results; 2 on wrong input."""
    args = _parser().parse_args(argv)
    if args.cycles < 1 or args.physics < 0 or (args.minutes is not None and args.minutes <= 0):
        print(f"{PROG}: --cycles must be at least 1, --physics at least 0, --minutes above 0", file=sys.stderr)
        return 2
    if args.workers is not None and args.workers < 1:
        print(f"{PROG}: --workers must be at least 1", file=sys.stderr)
        return 2
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from gpt.training.distributed import resolve_device
    from planner.errors import PlannerError, ReleaseError
    from planner.io.paths import DOMAIN_FILE
    from planner.learning.sizes import MINUTES_PER_CYCLE, Method, Sizes
    from planner.rollouts import open_workers

    try:
        model = args.model or released_dir()
    except FileNotFoundError as error:
        raise ReleaseError(f"{error}; train one (python -m planner.train) and name it with --model") from None
    if (model / DOMAIN_FILE).is_file():
        raise PlannerError(f"{model} was trained on another domain than the home; it can be trained, but not improved")
    if args.home is not None and args.instructions is not None:
        raise PlannerError("--instructions is not for --home: in one home, corrections are learned (--lessons)")
    if args.home is not None:
        from planner.corrections.lessons import FILE_NAME
        from planner.household.adaptation import improve_home

        folder = runs_dir() / (args.name or "own-home")
        kept = runs_dir() / FILE_NAME
        lessons = args.lessons or (kept if kept.is_file() else None)
        return improve_home(
            args.home, model=model, days=args.days, seed=args.seed, folder=folder, out=args.out, lessons=lessons,
            as_json=args.json,
        )  # fmt: skip
    factor = 1.0 if args.minutes is None else args.minutes / (args.cycles * MINUTES_PER_CYCLE)
    sizes = replace(Sizes().scaled(factor), physics=args.physics)
    method = Method(rule=args.rule, device=args.device)
    said = _instructions(args.instructions) if args.instructions else []
    resolve_device(args.device)
    folder = _folder(args, model, sizes, method)
    one_thread()
    with open_workers(args.workers, ray=args.ray) as workers:
        results = improve(
            folder, model, sizes, cycles=args.cycles, seed=args.seed, method=method, said=said, workers=workers
        )  # fmt: skip
    print(json.dumps(results) if args.json else _format_results(folder, results))
    return 0


def _instructions(path: Path) -> list[str]:
    """Return the instructions of a file, each once."""
    from planner.errors import PlannerError

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise PlannerError(f"--instructions {path}: cannot be read: {reason}; it has one instruction a line") from None
    said = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not said:
        raise PlannerError(f"--instructions {path}: no instruction in it; it has one a line")
    return said


def _folder(args: argparse.Namespace, model: Path, sizes: Sizes, method: Method) -> Path:
    from dataclasses import asdict

    from gpt.files import write_text_atomically
    from planner.io.json_lines import read_record

    folder = writable(runs_dir() / (args.name or "improve"))
    config = {"model": str(model.resolve()), "seed": args.seed, "sizes": asdict(sizes)} | method.as_dict()
    config["instructions"] = str(args.instructions.resolve()) if args.instructions else None
    path = folder / "config.json"
    if path.exists():
        saved_config = read_record(path)
        if not args.resume:
            raise OutputError(f"{folder}: already holds a run; add --resume to continue it, or choose another --name")
        if saved_config != config:
            raise OutputError(
                f"{folder}: holds a run with {_changed_settings(saved_config, config)}; resume with the same settings"
            )
    write_text_atomically(path, json.dumps(config, indent=2) + "\n")
    return folder


def _changed_settings(saved: dict[str, object], current: dict[str, object]) -> str:
    return ", ".join(
        f"{key} = {saved.get(key)}, not {current[key]}" for key in current if saved.get(key) != current[key]
    )


def improve(
    folder: Path,
    model: Path,
    sizes: Sizes,
    *,
    cycles: int,
    seed: int,
    method: Method | None = None,
    said: Sequence[str] = (),
    workers: Workers | None = None,
) -> Record:
    """Run all cycles, or the remaining ones, and return the results: before, after, and of each cycle.

    `said` are instructions of people, without their meaning; each cycle reads them again with its weights.
    """
    from functools import partial

    from gpt.files import write_text_atomically
    from planner.learning.acceptance import plot
    from planner.learning.cycle import run_cycle
    from planner.learning.judging import draw_held_out_tasks, evaluate_weights
    from planner.learning.replay_corpus import find_replay
    from planner.rollouts.progress_log import Reporter
    from planner.tasks.home_splits import SPLITS

    started_at = time.perf_counter()
    reporter = Reporter(path=folder / "progress.jsonl")
    judge_model = partial(evaluate_weights, samples=sizes.samples, workers=workers, reporter=reporter)
    replay = find_replay(model, folder / "replay", seed)
    test = draw_held_out_tasks(sizes.held_out, seed, SPLITS["test"], known=sizes.known)
    before = judge_model(model, test, folder / "test-before.jsonl")
    valid = draw_held_out_tasks(sizes.held_out, seed, SPLITS["valid"], known=sizes.known)
    outcomes = judge_model(model, valid, folder / "validation-before.jsonl")
    current_model = model
    verdicts: list[CycleResult] = []
    for number in range(1, cycles + 1):
        verdict = run_cycle(
            folder / f"cycle-{number}", current_model, outcomes, replay, sizes, number=number, seed=seed,
            method=method, said=said, workers=workers, reporter=reporter,
        )  # fmt: skip
        current_model, outcomes = verdict.model, verdict.outcomes
        verdicts.append(verdict)
        verdict_text = "accepted" if verdict.decision.accepted else "kept the old weights"
        print(f"cycle {number}: {verdict_text}: {verdict.decision.reason}", file=sys.stderr)
    after = before
    if current_model != model:
        after = judge_model(current_model, test, folder / f"test-after-{current_model.parent.name}.jsonl")
        shutil.copytree(current_model, folder / "model", dirs_exist_ok=True)
    results: Record = {
        "model": str(model), "seed": seed, "cycles": [v.metrics for v in verdicts], "before": before, "after": after,
        "accepted": str(current_model) if current_model != model else None,
        "seconds": round(time.perf_counter() - started_at, 1),
    }  # fmt: skip
    write_text_atomically(folder / "plot.svg", plot("self-improvement, test homes", {"before": before, "after": after}))
    write_text_atomically(folder / "results.json", json.dumps(results, indent=2) + "\n")
    return results


def _format_results(folder: Path, results: Record) -> str:
    from planner.evaluation.tables import grid
    from planner.learning.acceptance import before_and_after

    before, after, cycles = results["before"], results["after"], results["cycles"]
    assert isinstance(before, list) and isinstance(after, list) and isinstance(cycles, list)
    note = "Test homes; 95 % Wilson intervals; p: exact McNemar test on the same tasks."
    header = ["cycle", "proposed", "tasks", "reached", "directly", "documents", "loss", "weights"]
    rows = []
    for cycle in cycles:
        loss = cycle.get("loss")
        rows.append([
            *(str(cycle[key]) for key in ("cycle", "proposed", "episodes", "reached", "reached_directly", "documents")),
            "-" if loss is None else f"{loss:.3f}", "accepted" if cycle["accepted"] else "refused",
        ])  # fmt: skip
    reasons = [f"cycle {cycle['cycle']}: {cycle['reason']}" for cycle in cycles]
    where = f"weights: {folder / 'model'}" if results["accepted"] else "weights: the old ones are kept"
    sections = [
        grid(header, rows), "\n".join(reasons),
        f"{before_and_after(before, after)}\n{note}",
        f"{where}\nfigures: {folder / 'plot.svg'}\ntime: {results['seconds']} s",
    ]  # fmt: skip
    return "\n\n".join(sections)


if __name__ == "__main__":
    sys.exit(main())
