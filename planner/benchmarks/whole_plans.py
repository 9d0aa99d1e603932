"""Whole plans in physics: `python -m planner.benchmarks.whole_plans --plans 200`.

Each seed draws a furnished home that no training document used, and a goal of several conditions for which the GPT
writes a verified plan of 10 to 20 subtasks. The robot executes it, and the GPT replans when a subtask fails or the home
was disturbed (`--disturb`). The goal is given: planning and physics are measured, not language.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from planner.errors import PlannerError
from planner.io.command import run_command
from planner.io.command_parser import CommandParser, finite_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.evaluation.job_pool import Record
    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from planner.api import Planner

PROG = "python -m planner.benchmarks.whole_plans"
LENGTH = (10, 20)  # subtasks
MAX_DRAWS = 60  # goals per seed
MAX_REPLANS = 6
MAX_REPLANS_DISTURBED = 12
Grasp = Literal["assisted", "physical"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One seed's plan."""

    seed: int
    grasp: Grasp
    disturb: float
    model: str | None

    @property
    def key(self) -> str:
        """For example `plan/7`."""
        return f"plan/{self.seed}"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Score whole plans of 10 to 20 subtasks in physics.")
    parser.add_argument("--plans", type=int, default=200, help="seeds (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default 0)")
    parser.add_argument("--grasp", choices=("assisted", "physical"), default="assisted", help="default assisted")
    parser.add_argument(
        "--disturb",
        type=finite_number,
        default=0.0,
        metavar="P",
        help="chance of a disturbance per subtask (default 0)",
    )
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--minutes", type=finite_number, help="start no new plan after this time")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write each episode as a JSON line")
    parser.add_argument("--resume", action="store_true", help="resume from the records in FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from envs.evaluation.job_pool import Records, run_jobs

    if args.plans < 1 or args.workers < 1 or not 0 <= args.disturb <= 1:
        raise PlannerError("--plans and --workers are at least 1, --disturb is in [0, 1]")
    jobs = [
        Job(seed=seed, grasp=args.grasp, disturb=args.disturb, model=args.model)
        for seed in range(args.seed, args.seed + args.plans)
    ]
    settings: Record = {"what": "whole plans", "grasp": args.grasp, "disturb": args.disturb, "model": args.model}
    with Records(args.out, settings, resume=args.resume) as log:
        records = [log.done[job.key] for job in jobs if job.key in log.done]
        remaining = [job for job in jobs if job.key not in log.done]
        running = run_jobs(run_plan, remaining, workers=args.workers, minutes=args.minutes)
        for record in tqdm(running, total=len(remaining), desc="plans", unit="plan", disable=None):
            records.append(record)
            log.add(record)
    figures = summary(records)
    print(json.dumps(settings | figures) if args.json else _summary_text(figures))
    return 0


@lru_cache(maxsize=1)
def _planner(model: str | None) -> Planner:
    from planner.api import Planner

    return Planner.load(model)


def draw_plan(planner: Planner, seed: int) -> tuple[State, Goal, tuple[Action, ...]]:
    """Return a home, a goal and the GPT's verified plan of `LENGTH` subtasks for it.

    Raises:
        PlannerError: None was found for this seed.
    """
    from planner.plans.options import OWN_PLAN
    from planner.tasks.held_out_trials import Split, draw_trials

    split = Split(name="whole plans", parts=(3, 4, 5, 6), conditions=(3, 8), noise=False)
    for trial in draw_trials(split, MAX_DRAWS, seed=seed, geometry=True):
        if trial.goal is None:
            continue
        plan = planner.plan_for_goal(trial.goal, trial.start, OWN_PLAN)
        if plan.status == "verified" and LENGTH[0] <= len(plan.actions) <= LENGTH[1]:
            return trial.start, trial.goal, tuple(plan.actions)
    raise PlannerError(f"seed {seed}: no plan of {LENGTH[0]} to {LENGTH[1]} subtasks in {MAX_DRAWS} draws")


def run_plan(job: Job) -> Record:
    """Execute one seed's plan; errors are returned as records, too."""
    from envs.errors import EnvsError
    from envs.simulation.disturbed_home import DisturbedHome
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.goals import format_goal
    from planner.execution.executor import execute

    planner = _planner(job.model)
    record: Record = {"key": job.key, "error": ""}
    try:
        initial_state, goal, actions = draw_plan(planner, job.seed)
        home = PhysicalHome(initial_state.world.scene, grasp=job.grasp)
    except (PlannerError, EnvsError) as error:
        return record | {"error": str(error)}
    disturbed = DisturbedHome(home, probability=job.disturb, seed=job.seed)
    cpu_started_at = time.process_time()
    try:
        episode = execute(
            actions, goal, disturbed, planner=planner, disturb=disturbed.disturb,
            max_replans=MAX_REPLANS_DISTURBED if job.disturb else MAX_REPLANS,
        )  # fmt: skip
    finally:
        home.close()
    return record | {
        "goal": format_goal(goal), "planned": len(actions), "success": episode.success, "rate": episode.rate,
        "steps": len(episode.steps), "replans": episode.replans, "failures": episode.failures,
        "disturbances": [d.what for d in episode.disturbances], "collisions": episode.collisions,
        "energy_j": episode.energy_j, "simulated_s": episode.simulated_s, "cpu_s": time.process_time() - cpu_started_at,
        "last": [f"{s.subtask}: {s.reason}" for s in episode.steps if s.status != "done"][-3:],
    }  # fmt: skip


def summary(records: Sequence[Record]) -> Record:
    """Return the statistics of episodes."""
    from envs.evaluation.rates import Rate

    executed = [r for r in records if not r["error"]]
    success = Rate(hits=sum(bool(r["success"]) for r in executed), total=len(executed))
    at_once = Rate(hits=sum(bool(r["success"]) and not r["replans"] for r in executed), total=len(executed))
    failures: Counter[str] = Counter()
    for record in executed:
        for reason, count in cast("dict[str, int]", record["failures"]).items():
            failures[_without_numbers(reason)] += count
    return {
        "plans": len(executed), "not_drawn": len(records) - len(executed), "success": success.as_dict(),
        "success_text": str(success), "at_once": at_once.as_dict(), "planned_mean": _mean(executed, "planned"),
        "steps_mean": _mean(executed, "steps"), "replans_mean": _mean(executed, "replans"),
        "disturbances": sum(len(cast("list[str]", r["disturbances"])) for r in executed),
        "x_real_time": round(_total(executed, "simulated_s") / max(1e-9, _total(executed, "cpu_s")), 1),
        "failures": dict(failures.most_common(12)),
    }  # fmt: skip


def _total(records: Sequence[Record], key: str) -> float:
    return sum(float(str(r[key])) for r in records)


def _mean(records: Sequence[Record], key: str) -> float:
    return round(_total(records, key) / max(1, len(records)), 2)


def _without_numbers(reason: str) -> str:
    return " ".join(word for word in reason.split() if not word.isdigit())


def _summary_text(figures: Record) -> str:
    def lines() -> Iterator[str]:
        drawn = f"{figures['plans']} plans ({figures['not_drawn']} not drawn)"
        yield f"success          {figures['success_text']} of {drawn}"
        yield f"subtasks         {figures['planned_mean']} planned, {figures['steps_mean']} carried out"
        yield f"re-plans         {figures['replans_mean']} a plan"
        yield f"disturbances     {figures['disturbances']}"
        yield f"real time        {figures['x_real_time']} x"
        for reason, count in cast("dict[str, int]", figures["failures"]).items():
            yield f"  {count:4} {reason}"

    return "\n".join(lines())


if __name__ == "__main__":
    sys.exit(main())
