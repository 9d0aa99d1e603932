"""How fast plans are made: `python -m planner.benchmarks.latency`.

From the instruction to the verified plan, in homes of held-out tasks and in the same homes with 2,000 objects; the home
has been read before (it is warm). And a whole command from a cold process, plans per second of several processes, and
the share of the time in which it is worked out what may be written. Repeats are interleaved; a plan's time is its
median.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

from planner.errors import PlannerError, reported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envs.state import State
    from planner.decode import Planner
    from planner.held_out import Trial

PROG = "python -m planner.benchmarks.latency"
OBJECTS = 2000
INSTRUCTION = "set the table"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Measure how fast plans are made.")
    add = parser.add_argument
    add("--tasks", type=int, default=8, metavar="N", help="of each built-in split (default: 8)")
    add("--seed", type=int, default=0, help="draws tasks and homes (default: 0)")
    add("--repeats", type=int, default=3, metavar="N", help="of each plan (default: 3)")
    add("--objects", type=int, default=OBJECTS, metavar="N", help=f"of the large home (default: {OBJECTS})")
    add("--workers", type=int, default=2, metavar="N", help="processes of the throughput (default: 2)")
    add("--model", help="model folder (default: the released weights)")
    add("--json", action="store_true", help="print one JSON object")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    args = _parser().parse_args(argv)
    return reported(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    if min(args.tasks, args.repeats, args.workers, args.objects) < 1:
        raise PlannerError("--tasks, --repeats, --workers and --objects are at least 1")
    from gpt.runtime.threads import limit_blas_threads
    from planner.benchmarks.large_home import enlarged, neighbours
    from planner.decode import Planner
    from planner.held_out import BUILT_IN, draw_trials

    limit_blas_threads(1)
    planner = Planner.load(args.model)
    trials = [t for split in BUILT_IN for t in draw_trials(split, args.tasks, seed=args.seed)]
    beside = neighbours(args.objects, args.seed)
    large = [enlarged(t.start, beside, args.objects) for t in trials]
    found: dict[str, object] = {
        "seed": args.seed, "tasks": len(trials), "repeats": args.repeats,
        **_warm(planner, trials, large, args.repeats),
        "constraints_share": round(_constraints_share(planner, trials), 4),
        "cold_s": _cold(args.model),
        "workers": args.workers,
        "plans_per_s": round(_throughput(trials, args.model, args.workers), 1),
    }  # fmt: skip
    print(json.dumps(found) if args.json else "\n".join(f"{key:20} {value}" for key, value in found.items()))
    return 0


def _warm(planner: Planner, trials: Sequence[Trial], large: Sequence[State], repeats: int) -> dict[str, object]:
    """Times of plans in both homes, and their ratio for tasks of which both plans are verified."""
    import numpy as np

    times: dict[str, list[list[float]]] = {"home": [], "large": []}
    both: list[bool] = []
    for trial, bigger in zip(trials, large, strict=True):
        own: dict[str, list[float]] = {"home": [], "large": []}
        status: list[str] = []
        for _ in range(repeats):
            for name, state in (("home", trial.start), ("large", bigger)):
                _read(planner, state)
                began = time.perf_counter()
                plan = planner.plan(trial.told, state)
                own[name].append(time.perf_counter() - began)
                status.append(plan.status)
        both.append(set(status) == {"verified"})
        for name, seconds in own.items():
            times[name].append(seconds)
    found: dict[str, object] = {}
    medians = {name: np.median(np.array(seconds), axis=1) * 1e3 for name, seconds in times.items()}
    sizes = {"home": [t.start for t in trials], "large": list(large)}
    for name, ms in medians.items():
        objects = float(np.mean([len(s.world.names) - s.world.n_fixtures for s in sizes[name]]))
        found[f"{name}_objects"] = round(objects)
        found[f"{name}_p50_ms"], found[f"{name}_p95_ms"] = (round(float(np.percentile(ms, q)), 1) for q in (50, 95))
    kept = np.array(both)
    if kept.any():
        found["large_over_home"] = round(float(np.median(medians["large"][kept] / medians["home"][kept])), 2)
        found["both_verified"] = int(kept.sum())
    return found


def _read(planner: Planner, state: State) -> None:
    from planner import text

    planner.prompts.home(text.inventory(state))


def _constraints_share(planner: Planner, trials: Sequence[Trial]) -> float:
    """The share of a plan's time in which offers are worked out and tokens narrowed down, the GPT's passes left out."""
    from planner import writing

    spent = {"offers": 0.0, "narrowing": 0.0, "passes": 0.0}

    def timed(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **more: object) -> object:
            began = time.perf_counter()
            try:
                return function(*args, **more)
            finally:
                spent[name] += time.perf_counter() - began

        return call

    from planner.constrain import Cursor

    originals = writing.offers, writing.choose_sequence, Cursor.choose  # type: ignore[attr-defined]
    is_narrowing = False
    whole = originals[1]

    def narrowing(*args: object, **more: object) -> object:
        nonlocal is_narrowing
        is_narrowing = True
        try:
            return whole(*args, **more)  # type: ignore[arg-type]
        finally:
            is_narrowing = False

    choose = timed("passes", originals[2])
    began = time.perf_counter()
    try:
        writing.offers = timed("offers", originals[0])  # type: ignore[assignment,attr-defined]
        writing.choose_sequence = timed("narrowing", narrowing)  # type: ignore[assignment,attr-defined]
        # Which of the two is asked while it runs, as narrowing begins and ends.
        Cursor.choose = lambda self, allowed: (choose if is_narrowing else originals[2])(self, allowed)  # type: ignore # noqa: PLW0108
        for trial in trials:
            _read(planner, trial.start)
            planner.plan(trial.told, trial.start)
    finally:
        writing.offers, writing.choose_sequence, Cursor.choose = originals  # type: ignore[attr-defined,method-assign]
    total = time.perf_counter() - began
    return (spent["offers"] + spent["narrowing"] - spent["passes"]) / total


def _cold(model: str | None) -> dict[str, float]:
    """Seconds of the whole command from a cold process, and of the processor; the median of five."""
    import resource
    import statistics

    command = [sys.executable, "-m", "planner.plan", INSTRUCTION, *(["--model", model] if model else [])]
    wall, cpu = [], []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(command, check=False, capture_output=True)
        wall.append(time.perf_counter() - began)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"wall": round(statistics.median(wall), 2), "cpu": round(statistics.median(cpu), 2)}


@lru_cache(maxsize=1)
def _planner(model: str | None) -> Planner:
    from gpt.runtime.threads import limit_blas_threads
    from planner.decode import Planner

    limit_blas_threads(1)
    return Planner.load(model)


def _plan(model: str | None, instruction: str, state: State) -> str:
    return _planner(model).plan(instruction, state).status


def _throughput(trials: Sequence[Trial], model: str | None, workers: int) -> float:
    """Plans per second of several processes that share the tasks, each home read anew."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(_plan, [model] * 4 * workers, [t.told for t in trials[:1]] * 4 * workers,
                      [t.start for t in trials[:1]] * 4 * workers))  # fmt: skip
        began = time.perf_counter()
        done = list(pool.map(_plan, [model] * len(trials), [t.told for t in trials], [t.start for t in trials]))
        return len(done) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
