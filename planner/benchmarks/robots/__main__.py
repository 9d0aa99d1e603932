"""Unseen robots: `python -m planner.benchmarks.robots --robots 3 --tasks 1000`.

Each robot gets random goals over every construct of the goal language (`planner/tasks/random_goals.py`), one in
`OWN_EVERY` about its own skill. Goals that no robot could reach are left out. The GPT plans; it reads no words.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser, finite_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.embodiment import Robot
    from envs.symbolic.goals import Goal
    from envs.symbolic.state import State
    from planner.api import Planner
    from planner.benchmarks.robots.judged_answers import Judged

PROG = "python -m planner.benchmarks.robots"
OWN_EVERY = 20  # one goal in so many is about the robot's own skill


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Plans and refusals for sampled robots.")
    parser.add_argument("--robots", type=int, default=3, help="number of robots (default: 3)")
    parser.add_argument("--tasks", type=int, default=1000, help="goals for each robot (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the robots and goals (default: 0)")
    parser.add_argument("--samples", type=int, default=4, help="more plans to sample (default: 4)")
    parser.add_argument("--search", type=finite_number, default=0.0, metavar="S",
                        help="also check refusals with Fast Downward, S seconds each (default: 0)")  # fmt: skip
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print a JSON line per task")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner
    from planner.benchmarks.robots.sampled_robots import sampled_robot

    if args.robots < 1 or args.tasks < 1 or args.search < 0:
        raise PlannerError("--robots and --tasks are at least 1, and --search at least 0")
    one_thread()
    planner = Planner.load(args.model)
    everything: list[Judged] = []
    for number in range(args.robots):
        robot, own = sampled_robot(args.seed + number)
        judged = []
        for construct, goal, state in robot_tasks(robot, own, args.tasks, args.seed + number):
            judged.append(judge(planner, construct, goal, state, samples=args.samples, search_s=args.search))
            if args.json:
                print(json.dumps({"robot": robot.name, **asdict(judged[-1])}), flush=True)
        print(f"{described(robot)}\n{summary(judged)}\n", file=sys.stderr if args.json else sys.stdout, flush=True)
        everything += judged
    print(f"all robots\n{summary(everything)}", file=sys.stderr if args.json else sys.stdout)
    return 0


def robot_tasks(robot: Robot, own: str, number: int, seed: int) -> Iterator[tuple[str, Goal, State]]:
    """Yield the goals of a robot, each with its construct and the home; no goal holds at the start."""
    from envs.symbolic.embodiment import equipped_state
    from envs.symbolic.obstacles import holds_at_start, obstacle
    from planner.benchmarks.robots.sampled_robots import own_goal
    from planner.tasks.random_goals import random_goals

    drawn = 0
    for construct, goal, start in random_goals(4 * number, seed):
        state = equipped_state(start, robot)
        is_own = drawn % OWN_EVERY == OWN_EVERY - 1
        task = (f"own skill {own}", own_goal(own, state), state) if is_own else (construct, goal, state)
        if holds_at_start(task[1], state) or (not is_own and obstacle(goal, start)):  # no robot could reach it
            continue
        yield task
        drawn += 1
        if drawn == number:
            return


def judge(
    planner: Planner, construct: str, goal: Goal, state: State, *, samples: int = 4, search_s: float = 0.0
) -> Judged:
    """Plan for one goal, and judge the answer."""
    from envs.symbolic.goals import format_goal
    from planner.benchmarks.robots.judged_answers import Judged, beyond_robot, is_possible, verdict_of
    from planner.plans.options import Options

    plan = planner.plan_for_goal(goal, state, Options(samples=samples))
    beyond = [*beyond_robot(state, plan.actions), *beyond_robot(state, plan.written)]
    possible = plan.is_proven or is_possible(state, goal, search_s=search_s if plan.status == "refused" else 0.0)
    return Judged(
        goal=format_goal(goal, state.world.domain), construct=construct, reason=plan.reason, beyond=tuple(beyond),
        verdict=verdict_of(plan, goal, state, beyond, possible=possible), possible=possible, seconds=plan.seconds,
    )  # fmt: skip


def described(robot: Robot) -> str:
    """Return what a robot can do, in one line."""
    hand = robot.hand
    limits = [] if hand is None else [f"{k} {v}" for k, v in vars(hand).items() if v is not None]
    return f"{robot.name}: {', '.join((*(robot.skills or ()), *robot.own_skills, *limits))}"


def summary(judged: Sequence[Judged]) -> str:
    """Return the table of one robot or of all."""
    count = Counter(j.verdict for j in judged)
    missed = sum(j.possible for j in judged if j.verdict == "not planned")
    n_beyond = sum(bool(j.beyond) for j in judged)
    needlessly = count["refused needlessly"]
    lines = [
        f"{len(judged)} goals; plans with a step that the robot cannot do: {n_beyond}",
        f"planned and proven: {count['planned']}; wrong: {count['wrong']}",
        f"refused: {count['refused'] + needlessly}, of these needlessly: {needlessly}",
        f"neither planned nor refused: {count['not planned']}, of these the teacher plans: {missed}",
        f"median time to an answer: {statistics.median(j.seconds for j in judged):.2f} s",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
