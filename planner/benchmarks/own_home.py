"""The benefit of adapting to one home: `python -m planner.benchmarks.own_home --seeds 3 --days 20`.

A household with hidden habits (`planner/household/simulated_household.py`) is sampled for each home and seed. Days are
simulated and adapters trained (`planner.improve --home`); then tasks on mornings of new days are executed. Each starts
in the same state, with the same closed loop, with knowledge of the map and

- nothing else (`unadapted`);
- where each object was last seen (`last seen`, what `planner/world_model/memory.py` stores of a home);
- the counts (`counted`: `planner/household/counting_baseline.py`, and the list of explained words);
- the adapter (`adapted`): the GPT's adapted weights and its predicted locations.

A search is for a category of which every instance is inside closed furniture that morning; the goal is given, and the
openings before one is visible are counted. Understanding is measured on instructions with a nickname, in held-out
phrasings. `elsewhere` are held-out tasks in other, fully known homes: without the adapter the weights are bit-identical
to the original ones; with it, the result is for information. Intervals are 95 %, bootstrapped over households.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    from gpt.data.tokenized_documents import TokenizedDocuments
    from planner.api import Planner
    from planner.household.adaptation import BaseModel
    from planner.household.simulated_household import Household
    from planner.io.json_lines import Record
    from planner.world_model.belief import Belief

PROG = "python -m planner.benchmarks.own_home"
HOMES = ("family_house", "shared_flat", "office_kitchen")
ADAPTATIONS = ("unadapted", "last seen", "counted", "adapted")
OTHER_HOME_TASKS = 12  # held-out tasks in other homes, for each household
BOOTSTRAP_DRAWS = 2000
Measure = Literal["search", "understanding", "elsewhere"]


@dataclass(frozen=True, kw_only=True)
class HomeResult:
    """The result of one kind of adaptation on one task.

    Attributes:
        household: Home and seed.
        measure: What was measured.
        task: The task's unique name.
        way: The kind of adaptation.
        success: The goal was reached; for understanding: the parsed goal is the intended one.
        misread: For understanding and other homes: another goal than the intended one was acted on.
        opened: Furniture opened before the object was visible, or in total if it never was.
        steps: Subtasks tried.
        simulated_s: Their typical duration [s].
    """

    household: str
    measure: Measure
    task: str
    way: str
    success: bool
    misread: bool = False
    opened: int = 0
    steps: int = 0
    simulated_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """One kind of adaptation: a planner, the belief in the morning, and words to replace in instructions."""

    planner: Planner
    belief: Belief
    words: Mapping[str, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Measure the benefit of adapting to one home.")
    add = parser.add_argument
    add("--homes", nargs="+", default=HOMES, metavar="HOME", help=f"files, names or seeds (default: {' '.join(HOMES)})")
    add("--seeds", type=int, default=3, metavar="N", help="households of each home (default: 3)")
    add("--first-seed", type=int, default=0, metavar="N", help="first seed of the households (default: 0)")
    add("--days", type=int, default=20, help="simulated days before the tasks (default: 20)")
    add("--tasks", type=int, default=30, help="searches and instructions per household (default: 30)")
    add("--model", type=Path, help="model folder (default: the released weights)")
    add("--json", action="store_true", help="print a JSON line per task and kind of adaptation")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from planner.api import model_folder
    from planner.household.adaptation import BaseModel
    from planner.learning.replay_corpus import find_replay

    if min(args.seeds, args.days, args.tasks) < 1 or args.first_seed < 0:
        raise PlannerError("--seeds, --days and --tasks are at least 1, --first-seed at least 0")
    one_thread()
    model = model_folder(args.model)
    base = BaseModel(model)
    results: list[HomeResult] = []
    with tempfile.TemporaryDirectory() as scratch:
        replay = find_replay(model, Path(scratch) / "replay", 0)
        for home in args.homes:
            for seed in range(args.first_seed, args.first_seed + args.seeds):
                for outcome in evaluate_household(home, seed, args.days, args.tasks, base, replay, Path(scratch)):
                    results.append(outcome)
                    if args.json:
                        print(json.dumps(asdict(outcome)), flush=True)
                print(f"{home}, seed {seed}: done", file=sys.stderr, flush=True)
    print(summary(results), file=sys.stderr if args.json else sys.stdout)
    return 0


def evaluate_household(
    home: str, seed: int, days: int, tasks: int, base: BaseModel, replay: TokenizedDocuments, scratch: Path
) -> Iterator[HomeResult]:  # fmt: skip
    """Simulate days in one household, then yield the results of each kind of adaptation."""
    from planner.exploration.learned_prior import LearnedHabits
    from planner.household.adaptation import simulate_days
    from planner.household.counting_baseline import CountingPrior
    from planner.household.daily_records import count_observations
    from planner.household.simulated_household import sample_household
    from planner.world_model.belief import Belief
    from planner.world_model.open_home import open_home

    household = sample_household(open_home(home, geometry=False), seed)
    simulated = list(simulate_days(household, base, replay, scratch / "night", days=days, seed=seed))
    records = [day.record for day in simulated]
    observations = count_observations(records)
    base_planner, adapted_planner = base.planner(), base.planner(simulated[-1].adapter)
    map_belief = Belief.of_map(household.home.world.scene)
    adaptations = {
        "unadapted": Adapted(planner=base_planner, belief=map_belief, words={}),
        "last seen": Adapted(planner=base_planner, belief=last_seen(map_belief, records), words={}),
        "counted": Adapted(
            planner=base_planner, belief=replace(map_belief, habits=CountingPrior(observations)),
            words=observations.words,
        ),
        "adapted": Adapted(
            planner=adapted_planner, belief=replace(map_belief, habits=LearnedHabits(adapted_planner.prompts)), words={}
        ),
    }  # fmt: skip
    name = f"{home}/{seed}"
    yield from _searches(name, household, adaptations, tasks, seed)
    yield from _understanding(name, household, adaptations, tasks, seed)
    yield from _other_homes(name, {"unadapted": base_planner, "adapted": adapted_planner}, seed)


def last_seen(belief: Belief, days: Sequence[Record]) -> Belief:
    """Return a belief from the days' records: where each object was last seen in the morning, and the searched places.

    It is what the memory file would contain if it were written before anything was moved.
    """
    from planner.world_model.belief import Known

    remembered: dict[str, Known] = {}
    looked: set[str] = set()
    for day in days:
        object_places, searched = day["seen"], day["looked"]
        assert isinstance(object_places, dict) and isinstance(searched, list)
        looked |= set(searched)
        for name, place in object_places.items():
            remembered[name] = Known(category=name.rpartition(" ")[0], place=place, source="remembered")
    return replace(belief, things=remembered, first=remembered, remembered=frozenset(looked))


def _searches(
    name: str, household: Household, adaptations: Mapping[str, Adapted], tasks: int, seed: int
) -> Iterator[HomeResult]:
    from planner.benchmarks.searching import task_in
    from planner.household.daily_life import search
    from planner.household.simulated_household import StickyHome, morning_state

    for number in range(tasks):
        rng = random.Random(f"searched/{seed}/{number}")
        task = task_in(f"{name}/{number}", morning_state(household, rng), rng)
        if task is None:
            continue
        for adaptation, adapted in adaptations.items():
            home = StickyHome(task.start, household.stuck_chance, f"{seed}/{number}")
            episode, opened, _ = search(task.goal, home, adapted.belief, adapted.planner, task.category)
            yield HomeResult(
                household=name, measure="search", task=task.id, way=adaptation, success=episode.success, opened=opened,
                steps=len(episode.steps), simulated_s=episode.simulated_s,
            )  # fmt: skip


def _understanding(
    name: str, household: Household, adaptations: Mapping[str, Adapted], tasks: int, seed: int
) -> Iterator[HomeResult]:
    from planner.exploration.belief_planning import understand
    from planner.goals.comparison import meaning
    from planner.household.daily_life import OPTIONS
    from planner.household.requests import RequestSampler, to_plain_words
    from planner.household.simulated_household import morning_state

    domain, nicknames = household.home.world.domain, household.nicknames
    for number in range(tasks):
        rng = random.Random(f"asked/{seed}/{number}")
        state = morning_state(household, rng)
        category = rng.choice(sorted(nicknames))
        fixed = {"category": category} if category in domain.objects else {"place_category": category}
        request = RequestSampler(rng, "test").sample(state, nicknames, **fixed)
        if request is None or request.instruction == request.plain_instruction:
            continue
        for adaptation, adapted in [*adaptations.items(), ("plainly said", adaptations["unadapted"])]:
            if adaptation == "last seen":  # knowing where objects were does not affect how words are understood
                continue
            instruction = (
                request.plain_instruction
                if adaptation == "plainly said"
                else to_plain_words(request.instruction, adapted.words)
            )
            parsed = understand(adapted.planner, instruction, adapted.belief.observe(state), OPTIONS)
            correct = parsed.goal is not None and meaning(parsed.goal) == meaning(request.goal)
            yield HomeResult(
                household=name, measure="understanding", task=f"{name}/{number}", way=adaptation, success=correct,
                misread=parsed.goal is not None and not correct,
            )  # fmt: skip


def _other_homes(name: str, planners: Mapping[str, Planner], seed: int) -> Iterator[HomeResult]:
    from planner.evaluation.measurement import measure
    from planner.learning.judging import HELD_OUT_SPLITS
    from planner.plans.options import OWN_PLAN
    from planner.tasks.held_out_trials import draw_trials

    for trial in draw_trials(HELD_OUT_SPLITS[0], OTHER_HOME_TASKS, seed=1000 + seed):
        for adaptation, planner in planners.items():
            prediction = measure(planner, trial, {"verified": OWN_PLAN})
            yield HomeResult(
                household=name, measure="elsewhere", task=f"{name}/{trial.id}", way=adaptation,
                success=prediction.last.success, misread=prediction.last.is_misread,
            )  # fmt: skip


def summary(results: Sequence[HomeResult]) -> str:
    """Return tables with one row per kind of adaptation."""
    parts = [_search_table([o for o in results if o.measure == "search"])]
    for measure, title in (("understanding", "instructions with nicknames"), ("elsewhere", "other homes")):
        members = [o for o in results if o.measure == measure]
        adaptations = dict.fromkeys(o.way for o in members)
        rows = []
        for adaptation in adaptations:
            figures = (partial(_mean_of, adaptation=adaptation, key=key) for key in (_reached, _misread))
            rows.append(" | ".join((adaptation, *(_interval(members, f, percent=True) for f in figures))))
        tasks = len({o.task for o in members})
        parts.append("\n".join([f"{title}: {tasks} tasks", "way | success | silent misreads", *rows]))
    return "\n\n".join(parts)


def _search_table(results: Sequence[HomeResult]) -> str:
    households = len({o.household for o in results})
    lines = [
        f"searches: {len({o.task for o in results})} tasks, {households} households",
        "way | opened | less than unadapted | success | steps | simulated [s]",
    ]
    for adaptation in dict.fromkeys(o.way for o in results):
        opened = _interval(results, partial(_mean_of, adaptation=adaptation, key=_opened))
        reduction = _interval(results, partial(_reduction, adaptation=adaptation), percent=True)
        success = _interval(results, partial(_mean_of, adaptation=adaptation, key=_reached), percent=True)
        steps, seconds = (_mean_of(results, adaptation, key) for key in (lambda o: o.steps, lambda o: o.simulated_s))
        lines.append(f"{adaptation} | {opened} | {reduction} | {success} | {steps:.2f} | {seconds:.0f}")
    return "\n".join(lines)


def _reached(outcome: HomeResult) -> float:
    return float(outcome.success)


def _misread(outcome: HomeResult) -> float:
    return float(outcome.misread)


def _opened(outcome: HomeResult) -> float:
    return float(outcome.opened)


def _mean_of(results: Sequence[HomeResult], adaptation: str, key: Callable[[HomeResult], float]) -> float:
    from planner.evaluation.statistics import mean

    return mean([float(key(o)) for o in results if o.way == adaptation])


def _reduction(results: Sequence[HomeResult], adaptation: str) -> float:
    """Return the relative reduction of openings against the unadapted planner."""
    return 1.0 - _mean_of(results, adaptation, _opened) / max(1e-9, _mean_of(results, ADAPTATIONS[0], _opened))


def _interval(
    results: Sequence[HomeResult], figure: Callable[[Sequence[HomeResult]], float], *, percent: bool = False
) -> str:
    """Return the value of `figure` with its bootstrap interval; whole households are resampled."""
    from planner.evaluation.statistics import quantile

    by_household: dict[str, list[HomeResult]] = {}
    for outcome in results:
        by_household.setdefault(outcome.household, []).append(outcome)
    rng, groups = random.Random(0), list(by_household.values())
    draws = [figure([o for group in rng.choices(groups, k=len(groups)) for o in group]) for _ in range(BOOTSTRAP_DRAWS)]
    low, high = quantile(draws, 0.025), quantile(draws, 0.975)
    if percent:
        return f"{100 * figure(results):.1f} % [{100 * low:.0f}, {100 * high:.0f}]"
    return f"{figure(results):.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    sys.exit(main())
