"""Compare choices of the improvement loop: `python -m planner.benchmarks.loop_choices --model runs/narrow/model`.

For each seed, one set of proposals and attempts is made. Each learning rule (`planner/learning/training_mixture.py`)
trains the same weights on it, with the same computation, and so does a cycle with fewer new documents. Another cycle
composes tasks of every length at once, not one condition more in each. All weights are evaluated on the tasks of
`planner.benchmarks.improvement`, drawn with the seed, whether or not the cycle accepted them; so are those of the
first rule before they are mixed with the initial ones.

    before             the initial weights
    RULE               after one cycle
    unmixed            the first rule's weights as trained
    fewer new          the first rule, with half as many new documents and more replayed ones
    every length       the first rule, with tasks of up to 10 conditions

Stages are stored in the folder (default runs/loop-choices), so that an interrupted run can be resumed. Differences are
paired task by task over all seeds (exact McNemar test); all seeds start from the same weights.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import one_thread, run_command, writable
from planner.io.command_parser import CommandParser, finite_number
from planner.io.paths import runs_dir

if TYPE_CHECKING:
    from planner.io.json_lines import Record
    from planner.learning.sizes import Sizes
    from planner.learning.training_mixture import LearningRule

PROG = "python -m planner.benchmarks.loop_choices"
SHARED_STAGES = (
    "sampled",
    "reworded",
    "proposals",
    "episodes",
    "hindsight",
    "hindsight_episodes",
)  # stages that do not depend on the rule
CHOICES: Mapping[str, tuple[Mapping[str, object], Sequence[str]]] = {
    "fewer new": ({"new_share": 0.3}, SHARED_STAGES),
    "every length": ({"longest": 10}, ("sampled", "reworded")),
}
"""Sizes that a choice changes, and the stages that do not depend on them."""
UNMIXED = "unmixed"
ATTEMPTS = 4  # of the direct pass at each task, which the rules compare
MINUTES = 8.0  # per cycle, on two cores


def sizes_of(minutes: float) -> Sizes:
    """Return the sizes of a cycle of about `minutes`: those of `planner.improve`, with attempts."""
    from planner.learning.sizes import MINUTES_PER_CYCLE, Sizes

    return replace(Sizes().scaled(minutes / MINUTES_PER_CYCLE), attempts=ATTEMPTS, held_out=4)


def cycles(model: Path, folder: Path, sizes: Sizes, seed: int) -> dict[str, Path]:
    """Run the cycles of one seed; return the model folders by name."""
    from planner.learning.cycle import run_cycle
    from planner.learning.judging import TRAINED, draw_held_out_tasks, evaluate_weights
    from planner.learning.replay_corpus import find_replay
    from planner.learning.sizes import Method
    from planner.learning.training_mixture import RULES
    from planner.rollouts.progress_log import Reporter
    from planner.tasks.home_splits import SPLITS

    reporter = Reporter(path=folder / "progress.jsonl")
    replay = find_replay(model, folder / "replay", seed)
    trials = draw_held_out_tasks(sizes.held_out, seed, SPLITS["valid"])
    before = evaluate_weights(model, trials, folder / "before.jsonl", sizes.samples, reporter=reporter)

    def cycle(name: str, rule: LearningRule, sizes: Sizes, shared: Sequence[str]) -> Path:
        cycle_folder = folder / name / "cycle-1"
        _copy_stages(folder / RULES[0] / "cycle-1", cycle_folder, shared)
        run_cycle(
            cycle_folder, model, before, replay, sizes, number=1, seed=seed, method=Method(rule=rule),
            reporter=reporter,
        )  # fmt: skip
        return cycle_folder / "model"

    weights = {"before": model}
    for rule in RULES:
        weights[rule] = cycle(rule, rule, sizes, SHARED_STAGES)
    weights[UNMIXED] = folder / RULES[0] / "cycle-1" / TRAINED
    for name, (changes, shared) in CHOICES.items():
        weights[name] = cycle(name, RULES[0], replace(sizes, **changes), shared)  # type: ignore[arg-type]
    return weights


def _copy_stages(source: Path, target: Path, stages: Sequence[str]) -> None:
    """Copy finished stages to a cycle that shares them."""
    if source == target or not source.exists():
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in stages:
        file = source / f"{name}.jsonl"
        if file.exists() and not (target / file.name).exists():
            shutil.copyfile(file, target / file.name)


def compare_weights(outcomes: Mapping[str, Sequence[Record]], first: str, second: str) -> dict[str, dict[str, object]]:
    """Compare two models task by task: on new forms, on `known`, and on all tasks."""
    from planner.benchmarks.improvement import NEW_FORMS
    from planner.evaluation.statistics import compare

    groups = {"new forms": NEW_FORMS, "known": ("known",), "all": None}
    comparisons: dict[str, dict[str, object]] = {}
    for group, rows in groups.items():
        for mode in ("alone", "verified"):
            hits = [[bool(o[mode]) for o in outcomes[name] if rows is None or o["split"] in rows]
                    for name in (first, second)]  # fmt: skip
            comparisons[f"{group}, {mode}"] = compare(*hits).as_dict()
    return comparisons


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Compare learning rules and other choices of a cycle.")
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="FOLDER", help="the initial weights")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="seeds of the cycles (default: 0 1 2)")
    add("--minutes", type=finite_number, default=MINUTES, help=f"per cycle, on two cores (default: {MINUTES:g})")
    add("--count", type=int, default=16, help="tasks of each row and seed (default: 16)")
    add("--samples", type=int, default=4, help="further plans of the full planner (default: 4)")
    add("--name", default="loop-choices", help="the run's folder is runs/NAME (default: loop-choices)")
    add("--json", action="store_true", help="print the results as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from gpt.files import write_text_atomically
    from planner.benchmarks.improvement import evaluate_model
    from planner.io.json_lines import read_lines, write_lines

    if args.count < 1 or args.samples < 0 or args.minutes <= 0 or min(args.seeds) < 0:
        raise PlannerError("--count is at least 1, --minutes above 0, --seeds and --samples at least 0")
    one_thread()
    folder = writable(runs_dir() / args.name)
    outcomes: dict[str, list[Record]] = {}
    for seed in args.seeds:
        seed_folder = folder / f"seed-{seed}"
        for name, model in cycles(args.model, seed_folder, sizes_of(args.minutes), seed).items():
            path = seed_folder / f"measured-{name}.jsonl"
            if not path.exists():
                write_lines(path, evaluate_model(model, args.count, seed, args.samples))
            outcomes.setdefault(name, []).extend(read_lines(path))
    results = _results(outcomes)
    write_text_atomically(folder / "results.json", json.dumps(results, indent=1) + "\n")
    print(json.dumps(results) if args.json else _tables(outcomes))
    return 0


def _results(outcomes: Mapping[str, Sequence[Record]]) -> dict[str, object]:
    from planner.benchmarks.improvement import summary

    rows = {name: summary(members) for name, members in outcomes.items()}
    return {
        "rows": rows,
        "compared": {f"{a} / {b}": compare_weights(outcomes, a, b) for a, b in _compared_pairs(outcomes)},
    }


def _compared_pairs(outcomes: Mapping[str, object]) -> list[tuple[str, str]]:
    from planner.learning.training_mixture import RULES

    first = RULES[0]
    pairs = [("before", rule) for rule in RULES] + [(first, rule) for rule in RULES[1:]]
    return [*pairs, *((first, other) for other in (UNMIXED, *CHOICES))]


def _tables(outcomes: Mapping[str, Sequence[Record]]) -> str:
    from planner.benchmarks.improvement import summary
    from planner.evaluation.statistics import Rate
    from planner.evaluation.tables import grid

    lines = []
    for name, members in outcomes.items():
        for row, rates_of_row in summary(members).items():
            rates = [rates_of_row[mode] for mode in ("alone", "verified")]
            cells = [str(Rate(hits=r["hits"], total=r["total"])) for r in rates if isinstance(r, dict)]
            lines.append([name, row, *cells])
    changes = []
    for first, second in _compared_pairs(outcomes):
        for group, paired in compare_weights(outcomes, first, second).items():
            wins_and_losses = f"+{paired['wins']} -{paired['losses']}"
            changes.append([f"{first} / {second}", group, wins_and_losses, f"{paired['p']:.1g}"])
    table = grid(["weights", "tasks", "direct pass", "full planner"], lines)
    return f"{table}\n\n{grid(['first / second', 'tasks', 'second wins, loses', 'p'], changes)}"


if __name__ == "__main__":
    sys.exit(main())
