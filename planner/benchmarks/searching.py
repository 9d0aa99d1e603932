"""How much furniture is opened before a hidden object is found: `python -m planner.benchmarks.searching --tasks 200`.

Held-out homes (seeds that no statistics and no training document used); in each, a category of which every instance is
inside closed furniture, and the goal to bring one to an open surface. The goal is given, so only the search and the
plan are measured. Each task is executed once with each search order, with the same closed loop, initial state and
rules of visibility and possible places: ours (`likeliest`: highest probability per time first), nearest first, by name,
and random (seeded by the task). With full knowledge, the plan is made for the true state; the furniture that it opens
before it picks up the object is the minimum. Success is the home's score, in the symbolic world.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from planner.api import Planner
    from planner.exploration.search_order import SearchAction, SearchPolicy

PROG = "python -m planner.benchmarks.searching"
ORDERS = ("likeliest", "nearest", "by name", "random")
FULL_KNOWLEDGE = "full knowledge"
MAX_HOMES_PER_TASK = 200


@dataclass(frozen=True, kw_only=True)
class SearchTask:
    """A home, a hidden category in it, and the goal."""

    id: str
    start: State
    category: str
    goal: Goal


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of one search order on one task.

    Attributes:
        opened: Furniture opened before the object was found; with full knowledge, before it was picked up.
        looks: Search actions: opened furniture and visited rooms.
        simulated_s: Typical duration of all subtasks [s].
    """

    task: str
    order: str
    goal: str
    opened: int
    looks: int
    success: bool
    simulated_s: float


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Count openings before a hidden object is found.")
    parser.add_argument("--tasks", type=int, default=200, help="number of tasks (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="seed of homes, tasks and the random order (default: 0)")
    parser.add_argument(
        "--bundled", action="store_true", help="use all hidden objects of the hand-written homes instead"
    )
    parser.add_argument("--model", help="model folder (default: the released weights)")
    parser.add_argument("--json", action="store_true", help="print a JSON line per task and order")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import Planner

    if args.tasks < 1:
        raise PlannerError(f"--tasks is at least 1; got {args.tasks}")
    one_thread()
    planner = Planner.load(args.model)
    results: list[Result] = []
    for task in bundled_tasks(args.seed) if args.bundled else sampled_tasks(args.tasks, args.seed):
        for result in run_searches(planner, task):
            results.append(result)
            if args.json:
                print(json.dumps(asdict(result)), flush=True)
    print(summary(results, args.seed), file=sys.stderr if args.json else sys.stdout)
    return 0


def sampled_tasks(count: int, seed: int) -> Iterator[SearchTask]:
    """Yield tasks in homes of the test seeds; a larger `count` extends the same sequence."""
    from planner.tasks.home_splits import SPLITS, sample_home

    rng = random.Random(f"searching/{seed}")
    for number in range(count):
        for _ in range(MAX_HOMES_PER_TASK):
            task = task_in(f"{seed}/{number}", sample_home(rng, SPLITS["test"], geometry=True), rng)
            if task is not None:
                yield task
                break


def bundled_tasks(seed: int) -> Iterator[SearchTask]:
    """Yield one task for each category that is hidden in each of the hand-written homes."""
    from planner.io.paths import datasets_dir
    from planner.world_model.open_home import open_home

    rng = random.Random(f"searching/{seed}")
    for path in sorted((datasets_dir() / "homes").glob("*.yaml")):
        initial_state = open_home(path)
        for category in hidden_categories(initial_state):
            task = task_in(f"{path.stem}/{category}", initial_state, rng, category)
            if task is not None:
                yield task


def hidden_categories(state: State) -> list[str]:
    """Return the categories with all instances inside closed furniture."""
    world = state.world
    all_hidden: dict[str, bool] = {}
    for i in range(world.n_fixtures, len(world.names)):
        category = world.categories[i]
        all_hidden[category] = all_hidden.get(category, True) and state.closed_around(i) is not None
    return sorted(category for category, is_hidden in all_hidden.items() if is_hidden)


def task_in(name: str, initial_state: State, rng: random.Random, category: str | None = None) -> SearchTask | None:
    """Draw a task in a home, to bring a hidden object to an open surface; None if there is none."""
    from envs.symbolic.goals import parse_goal
    from planner.goals.feasibility import is_feasible

    world = initial_state.world
    candidates = hidden_categories(initial_state) if category is None else [category]
    if not candidates:
        return None
    hidden_category = rng.choice(candidates)
    place_categories = sorted(
        {
            world.categories[f]
            for f in range(world.n_fixtures)
            if world.relation[f] == "on" and not world.enclosed[f] and not world.underfoot[f] and not world.process[f]
            and world.domain.fits(hidden_category, world.categories[f])
        }
    )  # fmt: skip
    goals = [parse_goal(f"{hidden_category} on {place}") for place in place_categories]
    goals = [goal for goal in goals if is_feasible(goal, initial_state)]
    return SearchTask(id=name, start=initial_state, category=hidden_category, goal=rng.choice(goals)) if goals else None


def run_searches(planner: Planner, task: SearchTask) -> Iterator[Result]:
    """Execute a task with each search order, and with full knowledge."""
    from envs.simulation.symbolic_home import SymbolicHome
    from envs.symbolic.goals import format_goal
    from planner.execution.events import Ended
    from planner.exploration.search_executor import execute_with_search
    from planner.exploration.search_order import most_likely, nearest
    from planner.plans.options import OWN_PLAN
    from planner.world_model.belief import Belief

    goal = format_goal(task.goal)
    orders: dict[str, SearchPolicy] = {
        "likeliest": most_likely,
        "nearest": nearest,
        "by name": _by_name,
        "random": random.Random(f"order/{task.id}").choice,
    }
    for name in ORDERS:
        belief = Belief.of_map(task.start.world.scene)
        *_, ended = execute_with_search(
            (), task.goal, SymbolicHome(task.start), belief, planner, options=OWN_PLAN, choose=orders[name]
        )
        assert isinstance(ended, Ended) and ended.episode.search is not None
        search = ended.episode.search
        yield Result(
            task=task.id, order=name, goal=goal, opened=search.opened, looks=len(search.looks),
            success=ended.episode.success, simulated_s=ended.episode.simulated_s,
        )  # fmt: skip
    plan = planner.plan_for_goal(task.goal, task.start, OWN_PLAN)
    skills = task.start.world.domain.skills
    yield Result(
        task=task.id, order=FULL_KNOWLEDGE, goal=goal, opened=_opened_first(plan.actions, task.category), looks=0,
        success=plan.status == "verified", simulated_s=sum(skills[a.skill].duration_s for a in plan.actions),
    )  # fmt: skip


def _by_name(actions: Sequence[SearchAction]) -> SearchAction:
    return min(actions, key=lambda action: action.fixture)


def _opened_first(actions: Sequence[Action], category: str) -> int:
    """Return how often a plan opens something before it picks up an object of a category."""
    opened = 0
    for action in actions:
        opened += action.skill == "open"
        if action.skill == "pick up" and action.args[0].rpartition(" ")[0] == category:
            break
    return opened


def summary(results: Sequence[Result], seed: int) -> str:
    """Return a table with a row per order: means with 95 % bootstrap intervals, and the difference to our order."""
    from planner.evaluation.statistics import Rate, bootstrap, mean

    rng = random.Random(seed)
    by_order = {order: [s for s in results if s.order == order] for order in (*ORDERS, FULL_KNOWLEDGE)}
    ours = by_order[ORDERS[0]]
    lines = [f"{len(ours)} tasks", "order | opened | rooms | opened less by ours | simulated [s] | success"]
    for order, members in by_order.items():
        opened = [float(s.opened) for s in members]
        saved = [float(other.opened - own.opened) for own, other in zip(ours, members, strict=True)]
        low, high = bootstrap(opened, rng)
        saved_low, saved_high = bootstrap(saved, rng)
        rooms = mean([float(max(0, s.looks - s.opened)) for s in members])
        rate = Rate(hits=sum(s.success for s in members), total=len(members))
        lines.append(
            f"{order} | {mean(opened):.2f} [{low:.2f}, {high:.2f}] | {rooms:.2f}"
            f" | {mean(saved):+.2f} [{saved_low:+.2f}, {saved_high:+.2f}]"
            f" | {mean([s.simulated_s for s in members]):.0f} | {rate}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
