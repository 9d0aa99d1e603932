"""`python -m planner.benchmarks.rollout_speedup`: how much faster several processes play the same episodes.

The GPT proposes tasks once; then the same episodes are played by each number of processes in turn, round after round,
so that whatever else the machine does falls on all of them. Starting the processes and loading the weights counts. On a
machine without a core for each process, what an episode costs and how busy the processes are say what the time cannot.
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

if TYPE_CHECKING:
    from planner.learning.episode_jobs import TryTask
    from planner.learning.proposals import Proposal

PROG = "python -m planner.benchmarks.rollout_speedup"
PER_HOME = 6


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A job that returns how long it took, and how much of that it computed [s]."""

    job: TryTask

    def __call__(self, key: str) -> tuple[float, float]:
        """Play an episode."""
        began, computed = time.perf_counter(), time.process_time()
        self.job(key)
        return time.perf_counter() - began, time.process_time() - computed


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How fast a number of processes was; medians of the rounds.

    Attributes:
        workers: Processes.
        seconds: For all episodes [s], of each round.
        cpu_s: For one episode [s].
        busy: The fraction of their time that the processes were at an episode, in [0, 1].
        speedup: Over the first number of processes, in the same round.
        efficiency: The speed-up by as many more processes as there are.
    """

    workers: int
    seconds: tuple[float, ...]
    cpu_s: float
    busy: float
    speedup: float
    efficiency: float


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROG, description="Measure how much faster several processes play episodes.")
    add = parser.add_argument
    add("--workers", type=int, nargs="+", default=[1, 2], metavar="N", help="numbers of processes (default: 1 2)")
    add("--episodes", type=int, default=60, metavar="N", help="tasks (default: 60)")
    add("--rounds", type=int, default=3, metavar="N", help="how often each is measured (default: 3)")
    add("--model", type=Path, metavar="FOLDER", help="weights (default: the released ones)")
    add("--samples", type=int, default=2, metavar="N", help="further plans where the first fails (default: 2)")
    add("--seed", type=int, default=0, help="of the proposed tasks (default: 0)")
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
    from planner.rollouts.worker import limit_threads

    limit_threads()
    model = model_folder(args.model)
    job = TryTask(model=model, tasks=_tasks(model, args.episodes, args.seed), samples=args.samples, attempts=2)
    found = measured(job, args.workers, args.rounds)
    if args.json:
        print(json.dumps({"episodes": len(job.tasks), "speeds": [asdict(speed) for speed in found]}))
        return 0
    for speed in found:
        seconds = ", ".join(f"{s:.1f}" for s in speed.seconds)
        print(
            f"{speed.workers} processes: {len(job.tasks)} episodes in {seconds} s, {speed.speedup:.2f} times as fast, "
            f"efficiency {speed.efficiency:.2f}; {speed.cpu_s:.4f} CPU-s an episode, busy {speed.busy:.1%}"
        )
    return 0


def measured(job: TryTask, workers: Sequence[int], rounds: int) -> list[Speed]:
    """Play a job's tasks by each number of processes in turn, `rounds` times."""
    played = [[_played(job, count) for count in workers] for _ in range(rounds)]
    speeds = []
    for number, count in enumerate(workers):
        faster = median(one[0].seconds / one[number].seconds for one in played)
        speeds.append(Speed(
            workers=count, seconds=tuple(round(one[number].seconds, 2) for one in played),
            cpu_s=round(median(one[number].cpu_s for one in played), 4),
            busy=round(median(one[number].busy for one in played), 4),
            speedup=round(faster, 3), efficiency=round(faster * workers[0] / count, 3),
        ))  # fmt: skip
    return speeds


@dataclass(frozen=True, kw_only=True)
class _Played:
    seconds: float
    cpu_s: float
    busy: float


def _played(job: TryTask, count: int) -> _Played:
    from planner.rollouts.processes import ProcessPool
    from planner.rollouts.worker_pool import Lost

    began = time.perf_counter()
    with ProcessPool(count) as workers:
        made = [took for _, took in workers.run(Timed(job=job), list(job.tasks))]
        seconds = time.perf_counter() - began
    took = [one for one in made if not isinstance(one, Lost)]
    return _Played(
        seconds=seconds, cpu_s=sum(cpu for _, cpu in took) / len(took),
        busy=sum(wall for wall, _ in took) / (seconds * count),
    )  # fmt: skip


def _tasks(model: Path, count: int, seed: int) -> dict[str, Proposal]:
    from planner.api import Planner
    from planner.learning.proposals import Proposer
    from planner.tasks.home_splits import SPLITS

    proposer = Proposer(Planner.load(model), seed)
    rng, found = random.Random(f"homes/{seed}"), dict[str, "Proposal"]()
    while len(found) < count:
        proposed = proposer.propose(rng.randrange(*SPLITS["train"]), PER_HOME)
        found |= {p.id: p for p in proposed if not p.dropped}
    return dict(list(found.items())[:count])


if __name__ == "__main__":
    sys.exit(main())
