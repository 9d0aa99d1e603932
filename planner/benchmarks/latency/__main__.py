"""Planning latency and throughput: `python -m planner.benchmarks.latency`.

- From the instruction to the verified plan, for held-out tasks whose homes are filled up to 60 and to 2,000 objects
  with the objects of other homes; the inventory is already in the cache (warm). Repeats are interleaved, and a task's
  time is their median. Tasks about all objects of a category are skipped: in the large home they concern hundreds. The
  ratio is of CPU times, over tasks where both homes' plans are verified and have the same goal.
- The remaining time when the GPT's answers are replayed from a recording, and the share of the constraints in it:
  applicable actions, and tokens that lead to one.
- The whole command and its `-h` from a cold process; plans per second of several processes, with uncached homes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from envs.symbolic.actions import State
    from planner.api import Planner
    from planner.plans.planning_result import Plan
    from planner.tasks.held_out_trials import EvaluationTask

PROG = "python -m planner.benchmarks.latency"
COLD_RUNS = 5
INSTRUCTION = "set the table"


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A task's plan in a home, its wall time and its CPU time [s]: medians of all repeats."""

    plan: Plan
    seconds: float
    cpu_s: float


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Measure how fast plans are made.")
    add = parser.add_argument
    add("--tasks", type=int, default=8, metavar="N", help="tasks of each built-in split (default: 8)")
    add("--seed", type=int, default=0, help="seed of tasks and homes (default: 0)")
    add("--repeats", type=int, default=3, metavar="N", help="repeats of each plan (default: 3)")
    add("--objects", type=int, nargs=2, default=(60, 2000), metavar="N", help="sizes of both homes (default: 60 2000)")
    add("--workers", type=int, default=2, metavar="N", help="processes of the throughput measurement (default: 2)")
    add("--model", metavar="FOLDER", help="model folder (default: the released weights)")
    add("--json", action="store_true", help="print one JSON object")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    if min(args.tasks, args.repeats, args.workers, *args.objects) < 1:
        raise PlannerError("--tasks, --repeats, --workers and --objects are at least 1")
    from planner.api import Planner, model_folder
    from planner.tasks.held_out_trials import BUILT_IN, draw_trials

    one_thread()
    folder = model_folder(args.model)
    planner = Planner.load(folder)
    trials = [t for split in BUILT_IN for t in draw_trials(split, args.tasks, seed=args.seed)]
    figures = {
        "seed": args.seed, "tasks": len(trials), "repeats": args.repeats,
        **warm_times(planner, trials, args.objects, args.seed, args.repeats),
        **time_shares(planner, trials),
        **_cold(folder),
        **throughput(planner, folder, trials, args.workers),
    }  # fmt: skip
    print(json.dumps(figures) if args.json else "\n".join(f"{key:24} {value:g}" for key, value in figures.items()))
    return 0


def warm_times(
    planner: Planner, trials: Sequence[EvaluationTask], objects: Sequence[int], seed: int, repeats: int
) -> dict[str, float]:
    """Return planning times in a small and a large home [ms], and the ratio of both."""
    import numpy as np

    from envs.symbolic.goals import Every, No
    from planner.benchmarks.latency.large_home import enlarged, neighbors

    figures: dict[str, float] = {}
    assert len(objects) == 2
    extra_homes = [neighbors(count, seed) for count in objects]
    pairs = []
    for trial in trials:
        if trial.goal is not None and any(isinstance(c, Every | No) for c in trial.goal.conditions):
            continue
        initial_states = [
            enlarged(trial.start, homes, count) for homes, count in zip(extra_homes, objects, strict=True)
        ]
        pairs.append(_timed(planner, trial.prompt, initial_states, repeats))
    for count, times in zip(objects, zip(*pairs, strict=True), strict=True):
        wall, cpu = [1e3 * timed.seconds for timed in times], [1e3 * timed.cpu_s for timed in times]
        for name, ms in (("ms", wall), ("cpu_ms", cpu)):
            for q in (50, 95):
                figures[f"p{q}_{name}_of_{count}"] = round(float(np.percentile(ms, q)), 1)
        figures[f"verified_of_{count}"] = sum(timed.plan.status == "verified" for timed in times)
    ratios = [
        large.cpu_s / small.cpu_s
        for small, large in pairs
        if small.plan.status == large.plan.status == "verified" and small.plan.goal == large.plan.goal
    ]
    figures["alike"] = len(ratios)
    if ratios:
        figures["ratio"] = round(statistics.median(ratios), 2)
    return figures


def _timed(planner: Planner, instruction: str, initial_states: Sequence[State], repeats: int) -> list[Timed]:
    by_state: list[list[Timed]] = [[] for _ in initial_states]
    for _ in range(repeats):
        for initial_state, times in zip(initial_states, by_state, strict=True):
            _read_inventory(planner, initial_state)
            started_at, cpu_started_at = time.perf_counter(), time.process_time()
            plan = planner.plan(instruction, initial_state)
            times.append(
                Timed(plan=plan, seconds=time.perf_counter() - started_at, cpu_s=time.process_time() - cpu_started_at)
            )  # fmt: skip
    return [
        Timed(
            plan=times[0].plan,
            seconds=statistics.median(t.seconds for t in times),
            cpu_s=statistics.median(t.cpu_s for t in times),
        )
        for times in by_state
    ]


def _read_inventory(planner: Planner, initial_state: State) -> None:
    from planner.prompts import text_format

    planner.prompts.home(text_format.inventory(initial_state))


def time_shares(planner: Planner, trials: Sequence[EvaluationTask]) -> dict[str, float]:
    """Return the shares of planning time outside of the GPT, and in the constraints."""
    from planner.api import Planner
    from planner.benchmarks.latency.playback import RecordedModel
    from planner.decoding import candidate_actions, constrained_decoding
    from planner.prompts.cursor import Cursor

    recorded = RecordedModel(planner.model)

    def plan_all_s() -> float:
        """Return the time of all plans [s], with a fresh planner."""
        replanner = Planner(recorded, planner.tokenizer)
        total_s = 0.0
        for trial in trials:
            _read_inventory(replanner, trial.start)
            started_at = time.perf_counter()
            replanner.plan(trial.prompt, trial.start)
            total_s += time.perf_counter() - started_at
        return total_s

    def replay_s() -> float:
        recorded.rewind()
        return plan_all_s()

    full_s = plan_all_s()
    replayed_s = statistics.median(replay_s() for _ in range(3))
    profile = cProfile.Profile()
    profile.runcall(replay_s)
    entries = {entry.code: entry for entry in profile.getstats()}
    constrained = entries[constrained_decoding.choose_sequence.__code__]
    choosing_s = sum(call.totaltime for call in constrained.calls or () if call.code is Cursor.choose.__code__)
    constraints = entries[candidate_actions.candidate_actions.__code__].totaltime + constrained.totaltime - choosing_s
    return {
        "share_beside_gpt": round(replayed_s / full_s, 4),
        "share_of_constraints": round(replayed_s / full_s * constraints / entries[Planner.plan.__code__].totaltime, 4),
    }


def _cold(folder: Path) -> dict[str, float]:
    """Return the median wall and CPU times of the command from a cold process [s]."""
    command = [sys.executable, "-m", "planner.plan"]
    wall, cpu = zip(
        *(_run_command([*command, INSTRUCTION, "--model", str(folder)]) for _ in range(COLD_RUNS)), strict=True
    )
    help_s = [_run_command([*command, "-h"])[0] for _ in range(COLD_RUNS)]
    medians = {"cold_s": wall, "cold_cpu_s": cpu, "help_s": help_s}
    return {name: round(statistics.median(seconds), 3) for name, seconds in medians.items()}


def _run_command(command: Sequence[str]) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started_at = time.perf_counter()
    subprocess.run(command, check=False, capture_output=True)
    wall = time.perf_counter() - started_at
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def throughput(planner: Planner, folder: Path, trials: Sequence[EvaluationTask], workers: int) -> dict[str, float]:
    """Return plans per second of one process and of several, after a warm-up."""
    from planner.evaluation.measurement import planning_modes
    from planner.evaluation.parallel import EvaluationJob, predictions

    work = EvaluationJob(folder=folder, modes={"verified": planning_modes()["verified"]})
    figures: dict[str, float] = {}
    for count in sorted({1, workers}):
        results = predictions(planner, work, [*trials[: 4 * count], *trials], count)
        for _ in range(4 * count):  # warm up, until each has loaded the weights
            next(results)
        started_at = time.perf_counter()
        n_plans = sum(1 for _ in results)
        figures[f"plans_per_s_of_{count}"] = round(n_plans / (time.perf_counter() - started_at), 1)
    return figures


if __name__ == "__main__":
    sys.exit(main())
