"""Speedup of episodes by several processes: `python -m planner.benchmarks.rollout_speedup`.

The GPT proposes tasks once; then the same episodes are run by each number of processes alternately in several rounds,
so that other load on the machine affects all of them. Starting the processes and loading the weights is included. On a
machine with fewer cores than processes, the CPU time per episode and the utilization are more informative than the
wall time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from planner.io.command import run_command
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from planner.learning.episode_jobs import TryTask
    from planner.learning.proposing.proposals import Proposal

PROG = "python -m planner.benchmarks.rollout_speedup"
PER_HOME = 6


@dataclass(frozen=True, kw_only=True)
class TimedJob:
    """A job that returns its wall time and CPU time [s]."""

    job: TryTask

    def __call__(self, key: str) -> tuple[float, float]:
        """Run an episode."""
        started_at, cpu_started_at = time.perf_counter(), time.process_time()
        self.job(key)
        return time.perf_counter() - started_at, time.process_time() - cpu_started_at


@dataclass(frozen=True, kw_only=True)
class Speed:
    """The speed of a number of processes; medians of the rounds.

    Attributes:
        workers: Number of processes.
        seconds: Time for all episodes [s], of each round.
        cpu_s: CPU time per episode [s].
        busy: The fraction of time that the processes spent on episodes, in [0, 1].
        speedup: Relative to the first number of processes, in the same round.
        efficiency: The speedup divided by the ratio of the numbers of processes.
    """

    workers: int
    seconds: tuple[float, ...]
    cpu_s: float
    busy: float
    speedup: float
    efficiency: float


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Measure the speedup of episodes by several processes.")
    add = parser.add_argument
    add("--workers", type=int, nargs="+", default=[1, 2], metavar="N", help="numbers of processes (default: 1 2)")
    add("--episodes", type=int, default=60, metavar="N", help="tasks (default: 60)")
    add("--rounds", type=int, default=3, metavar="N", help="measurements of each (default: 3)")
    add("--model", type=Path, metavar="FOLDER", help="weights (default: the released ones)")
    add("--samples", type=int, default=2, metavar="N", help="further plans where the first fails (default: 2)")
    add("--seed", type=int, default=0, help="seed of the proposed tasks (default: 0)")
    add("--json", action="store_true", help="print the results as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    args = _parser().parse_args(argv)
    if min(*args.workers, args.episodes, args.rounds) < 1 or args.samples < 0:
        print(f"{PROG}: --workers, --episodes and --rounds are at least 1, --samples at least 0", file=sys.stderr)
        return 2
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import model_folder
    from planner.learning.episode_jobs import TryTask
    from planner.workers.worker import limit_threads

    limit_threads()
    model = model_folder(args.model)
    job = TryTask(model=model, tasks=_tasks(model, args.episodes, args.seed), samples=args.samples, attempts=2)
    speeds = measure_speeds(job, args.workers, args.rounds)
    if args.json:
        print(json.dumps({"episodes": len(job.tasks), "speeds": [asdict(speed) for speed in speeds]}))
        return 0
    for speed in speeds:
        seconds = ", ".join(f"{s:.1f}" for s in speed.seconds)
        print(
            f"{speed.workers} processes: {len(job.tasks)} episodes in {seconds} s, {speed.speedup:.2f} times as fast, "
            f"efficiency {speed.efficiency:.2f}; {speed.cpu_s:.4f} CPU-s an episode, busy {speed.busy:.1%}"
        )
    return 0


def measure_speeds(job: TryTask, workers: Sequence[int], rounds: int) -> list[Speed]:
    """Run a job's tasks with each number of processes alternately, `rounds` times."""
    rounds_played = [[_play_round(job, count) for count in workers] for _ in range(rounds)]
    speeds = []
    for number, count in enumerate(workers):
        speedup = median(measurement[0].seconds / measurement[number].seconds for measurement in rounds_played)
        speeds.append(Speed(
            workers=count, seconds=tuple(round(measurement[number].seconds, 2) for measurement in rounds_played),
            cpu_s=round(median(measurement[number].cpu_s for measurement in rounds_played), 4),
            busy=round(median(measurement[number].busy for measurement in rounds_played), 4),
            speedup=round(speedup, 3), efficiency=round(speedup * workers[0] / count, 3),
        ))  # fmt: skip
    return speeds


@dataclass(frozen=True, kw_only=True)
class _Round:
    seconds: float
    cpu_s: float
    busy: float


def _play_round(job: TryTask, count: int) -> _Round:
    from planner.workers.processes import ProcessPool
    from planner.workers.worker_pool import Lost

    started_at = time.perf_counter()
    with ProcessPool(count) as workers:
        outcomes = [times for _, times in workers.run(TimedJob(job=job), list(job.tasks))]
        seconds = time.perf_counter() - started_at
    times = [times for times in outcomes if not isinstance(times, Lost)]
    return _Round(
        seconds=seconds, cpu_s=sum(cpu for _, cpu in times) / len(times),
        busy=sum(wall for wall, _ in times) / (seconds * count),
    )  # fmt: skip


def _tasks(model: Path, count: int, seed: int) -> dict[str, Proposal]:
    from planner.api import Planner
    from planner.learning.proposing.proposals import Proposer
    from planner.tasks.home_splits import SPLITS

    proposer = Proposer(Planner.load(model), seed)
    rng, tasks = random.Random(f"homes/{seed}"), dict[str, "Proposal"]()
    while len(tasks) < count:
        proposed = proposer.propose(rng.randrange(*SPLITS["train"]), PER_HOME)
        tasks |= {p.id: p for p in proposed if not p.dropped}
    return dict(list(tasks.items())[:count])


if __name__ == "__main__":
    sys.exit(main())
