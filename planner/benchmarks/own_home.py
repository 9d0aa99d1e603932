"""What a home teaches: `python -m planner.benchmarks.own_home --seeds 3 --days 20`.

In each of some homes, for each of some seeds, a household is drawn (`planner/household/family.py`): habits that the
planner is not told. Days are lived and nights slept (`planner.improve --home`); then tasks of later days are done, which
no day had. Each is done from the same start, by the same closed loop, knowing the map alone and

- nothing else (`unadapted`);
- what was where when it was last seen (`last seen`: `planner/unseen/memory.py`, kept from day to day);
- what was counted (`counted`: `planner/household/counted.py`, and a list of the words that were explained);
- the adapter (`adapted`): the GPT's weights and its guesses of where things are.

A search is for a category of which every instance is inside closed furniture on that day; the goal is given, and what is
opened before it is in sight is counted. Understanding is of instructions that have a nickname, in held-out phrasings.
The difference from `unadapted` is paired by task; intervals are bootstrapped over tasks, and over households.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.errors import PlannerError, reported

if TYPE_CHECKING:
    from envs.state import State
    from planner.benchmarks.searching import Task
    from planner.decode import Planner
    from planner.household.family import Household
    from planner.stages import Record
    from planner.unseen.belief import Belief

PROG = "python -m planner.benchmarks.own_home"
HOMES = ("family_house", "shared_flat", "office_kitchen")
WAYS = ("unadapted", "last seen", "counted", "adapted")
OTHER_HOMES = 40  # held-out tasks in other homes, for each adapter
Measure = Literal["search", "understanding", "elsewhere"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one way of knowing a home came to in one task.

    Attributes:
        household: Home and seed.
        measure: What was measured.
        task: Tells tasks apart.
        way: Of knowing the home.
        success: The goal was reached, or understood.
        opened: Furniture opened before the thing was in sight; what all was opened if it never was.
        steps: Subtasks tried.
        simulated_s: Typical duration of them [s].
    """

    household: str
    measure: Measure
    task: str
    way: str
    success: bool
    opened: int = 0
    steps: int = 0
    simulated_s: float = 0.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog=PROG, description="Measure what a home teaches the planner.")
    add = parser.add_argument
    add("--homes", nargs="+", default=HOMES, metavar="HOME", help=f"files, names or seeds (default: {' '.join(HOMES)})")
    add("--seeds", type=int, default=3, metavar="N", help="households of each home (default: 3)")
    add("--days", type=int, default=20, help="that are lived before (default: 20)")
    add("--tasks", type=int, default=30, help="searches, and instructions, of each household (default: 30)")
    add("--model", type=Path, help="model folder (default: the released weights)")
    add("--json", action="store_true", help="print a JSON line a task and way")
    args = parser.parse_args(argv)
    return reported(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from gpt.runtime.threads import limit_blas_threads
    from planner.decode import model_folder
    from planner.household.command import Base
    from planner.replay import find_replay

    if min(args.seeds, args.days, args.tasks) < 1:
        raise PlannerError("--seeds, --days and --tasks are at least 1")
    limit_blas_threads(1)
    model = model_folder(args.model)
    base = Base(model)
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory() as scratch:
        replay = find_replay(model, Path(scratch) / "replay", 0)
        for home in args.homes:
            for seed in range(args.seeds):
                for outcome in _of_household(home, seed, args.days, args.tasks, base, replay, Path(scratch)):
                    found.append(outcome)
                    if args.json:
                        print(json.dumps(asdict(outcome)), flush=True)
                print(f"{home}, seed {seed}: done", file=sys.stderr, flush=True)
    print(summary(found), file=sys.stderr if args.json else sys.stdout)
    return 0


def _of_household(
    home: str, seed: int, days: int, tasks: int, base: Base, replay: TokenizedDocuments, scratch: Path
) -> Iterator[Outcome]:  # fmt: skip
    from planner.homes import open_home
    from planner.household.command import live
    from planner.household.counted import CountedHabits
    from planner.household.diary import read_diary
    from planner.unseen.habits import COMMON
    from planner.unseen.learnt import LearntHabits

    name, household = f"{home}/{seed}", settle_in(open_home(home, geometry=False), seed)
    *_, last = lived = list(live(household, base, replay, scratch / "night", days=days, seed=seed))
    records = [day.record for day in lived]
    diary = read_diary(records)
    plain, adapted = base.planner(), base.planner(last.adapter)
    scene = household.home.world.scene
    nothing = Belief.of_map(scene)
    known = {
        "unadapted": (plain, replace(nothing, habits=COMMON)),
        "last seen": (plain, last_seen(nothing, records)),
        "counted": (plain, replace(nothing, habits=CountedHabits(diary))),
        "adapted": (adapted, replace(nothing, habits=LearntHabits(adapted.prompts))),
    }
    yield from _searches(name, household, known, tasks, seed)
    yield from _understanding(name, household, known, diary.words, tasks, seed)
    yield from _elsewhere(name, plain, adapted)
