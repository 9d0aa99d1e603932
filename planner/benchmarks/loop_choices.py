"""What two choices of the loop come to: `python -m planner.benchmarks.loop_choices --model runs/narrow/model`.

For each seed, one set of proposals and attempts is made; each learning rule (`planner/learning/training_mixture.py`) then trains the same
weights on it, with the same computation. From what the first rule came to, a second cycle is made twice: its tasks lean
towards what failed (`planner/learning/curriculum.py`), or are chosen evenly. All weights do the tasks of
`planner.benchmarks.improvement`, drawn with the seed, whether the cycle accepted them or not.

    before             the weights that all begin with
    RULE               after one cycle
    leaning, uniform   after a second one, from the first rule's weights

Stages are kept in the folder (default runs/loop-choices), so that a run that was stopped goes on. A difference is
paired task by task over all seeds (exact McNemar test); seeds share weights to begin with.
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
from planner.io.paths import runs_dir

if TYPE_CHECKING:
    from planner.io.json_lines import Record
    from planner.learning.cycle import Sizes
    from planner.learning.training_mixture import LearningRule

PROG = "python -m planner.benchmarks.loop_choices"
TRIED = ("sampled", "proposals", "episodes", "hindsight", "hindsight_episodes")  # stages that no rule takes part in
CHOICES = {"leaning": True, "uniform": False}
ATTEMPTS = 4  # of the direct pass at each task: what the rules compare
MINUTES = 8.0  # of a cycle, on two cores


def sizes_of(minutes: float) -> Sizes:
    """Return the sizes of a cycle of about so many minutes: as `planner.improve`'s, with attempts."""
    from planner.learning.cycle import MINUTES_PER_CYCLE, Sizes

    return replace(Sizes().scaled(minutes / MINUTES_PER_CYCLE), attempts=ATTEMPTS, held_out=4)


def cycles(model: Path, folder: Path, sizes: Sizes, seed: int) -> dict[str, Path]:
    """Make the cycles of one seed; return the weights by name."""
    from planner.io.json_lines import read_lines
    from planner.learning.cycle import Method, draw_held_out_tasks, evaluate_weights, run_cycle
    from planner.learning.replay_corpus import find_replay
    from planner.learning.training_mixture import RULES
    from planner.rollouts.progress_log import Reporter
    from planner.tasks.home_splits import SPLITS

    reporter = Reporter(path=folder / "progress.jsonl")
    replay = find_replay(model, folder / "replay", seed)
    trials = draw_held_out_tasks(sizes.held_out, seed, SPLITS["valid"])
    before = evaluate_weights(model, trials, folder / "before.jsonl", sizes.samples, reporter=reporter)

    def cycle(
        name: str, number: int, start: Path, outcomes: list[Record], rule: LearningRule, lean: bool = True
    ) -> Path:
        where = folder / name / f"cycle-{number}"
        run_cycle(
            where, start, outcomes, replay, sizes, number=number, seed=seed,
            method=Method(rule=rule, prefer_failures=lean), reporter=reporter,
        )  # fmt: skip
        return where

    found = {"before": model}
    first = folder / RULES[0] / "cycle-1"
    for rule in RULES:
        _share(first, folder / rule / "cycle-1", TRIED)
        found[rule] = cycle(rule, 1, model, before, rule) / "model"
    for name, lean in CHOICES.items():
        _share(first, folder / name / "cycle-1", TRIED)
        outcomes = read_lines(first / "held_out.jsonl")
        found[name] = cycle(name, 2, found[RULES[0]], outcomes, RULES[0], lean) / "model"
    return found


def _share(first: Path, other: Path, stages: Sequence[str]) -> None:
    """Copy stages that are done to a cycle that begins with the same."""
    if first == other or not first.exists():
        return
    other.mkdir(parents=True, exist_ok=True)
    for name in stages:
        file = first / f"{name}.jsonl"
        if file.exists() and not (other / file.name).exists():
            shutil.copyfile(file, other / file.name)


def compared(outcomes: Mapping[str, Sequence[Record]], first: str, second: str) -> dict[str, dict[str, object]]:
    """Compare two weights task by task: what is held out altogether, `known`, and all."""
    from planner.benchmarks.improvement import NEW_FORMS
    from planner.evaluation.statistics import compare

    groups = {"new forms": NEW_FORMS, "known": ("known",), "all": None}
    found: dict[str, dict[str, object]] = {}
    for group, rows in groups.items():
        for way in ("alone", "verified"):
            hits = [[bool(o[way]) for o in outcomes[name] if rows is None or o["split"] in rows]
                    for name in (first, second)]  # fmt: skip
            found[f"{group}, {way}"] = compare(*hits).as_dict()
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Compare learning rules, and leaning with even choice.")
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="FOLDER", help="weights to start from")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="of the cycles (default: 0 1 2)")
    add("--minutes", type=float, default=MINUTES, help=f"of a cycle, on two cores (default: {MINUTES:g})")
    add("--count", type=int, default=16, help="tasks of each row and seed (default: 16)")
    add("--samples", type=int, default=4, help="further plans of the full planner (default: 4)")
    add("--name", default="loop-choices", help="the run's folder is runs/NAME (default: loop-choices)")
    add("--json", action="store_true", help="print the results as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from gpt.files import write_text_atomically
    from planner.benchmarks.improvement import measured
    from planner.io.json_lines import read_lines, write_lines

    if args.count < 1 or args.samples < 0 or args.minutes <= 0 or min(args.seeds) < 0:
        raise PlannerError("--count is at least 1, --minutes above 0, --seeds and --samples at least 0")
    one_thread()
    folder = writable(runs_dir() / args.name)
    outcomes: dict[str, list[Record]] = {}
    for seed in args.seeds:
        own = folder / f"seed-{seed}"
        for name, model in cycles(args.model, own, sizes_of(args.minutes), seed).items():
            path = own / f"measured-{name}.jsonl"
            if not path.exists():
                write_lines(path, measured(model, args.count, seed, args.samples))
            outcomes.setdefault(name, []).extend(read_lines(path))
    results = _results(outcomes)
    write_text_atomically(folder / "results.json", json.dumps(results, indent=1) + "\n")
    print(json.dumps(results) if args.json else _shown(outcomes))
    return 0


def _results(outcomes: Mapping[str, Sequence[Record]]) -> dict[str, object]:
    from planner.benchmarks.improvement import summary

    rows = {name: summary(of) for name, of in outcomes.items()}
    return {"rows": rows, "compared": {f"{a} / {b}": compared(outcomes, a, b) for a, b in _pairs(outcomes)}}


def _pairs(outcomes: Mapping[str, object]) -> list[tuple[str, str]]:
    from planner.learning.training_mixture import RULES

    first = RULES[0]
    pairs = [("before", rule) for rule in RULES] + [(first, rule) for rule in RULES[1:]]
    return [*pairs, (first, "leaning"), (first, "uniform"), ("uniform", "leaning")]


def _shown(outcomes: Mapping[str, Sequence[Record]]) -> str:
    from planner.benchmarks.improvement import summary
    from planner.evaluation.statistics import Rate
    from planner.evaluation.tables import grid

    lines = []
    for name, of in outcomes.items():
        for row, found in summary(of).items():
            rates = [found[way] for way in ("alone", "verified")]
            shown = [str(Rate(hits=r["hits"], total=r["total"])) for r in rates if isinstance(r, dict)]
            lines.append([name, row, *shown])
    changes = []
    for first, second in _pairs(outcomes):
        for what, paired in compared(outcomes, first, second).items():
            moved = f"+{paired['wins']} -{paired['losses']}"
            changes.append([f"{first} / {second}", what, moved, f"{paired['p']:.1g}"])
    table = grid(["weights", "tasks", "direct pass", "full planner"], lines)
    return f"{table}\n\n{grid(['first / second', 'tasks', 'second wins, loses', 'p'], changes)}"


if __name__ == "__main__":
    sys.exit(main())
