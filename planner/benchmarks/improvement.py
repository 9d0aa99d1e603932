"""Evaluate weights on tasks outside of the narrow corpus: `python -m planner.benchmarks.improvement MODEL...`.

Tasks in unseen homes (recipe `narrow` lists what its corpus excludes, defined in `planner/tasks/excluded_forms.py`):

    known           covered by the corpus: 1 to 4 conditions
    5-10            goals of 5 to 10 conditions, of forms that the corpus covers
    5-10 as taught  the same in wordings of the corpus, so that only the length is new
    then            two or three sequential tasks, in wordings that no training uses
    joined every    `every` or `no` together with other conditions
    and a row for each form of goal and each fixture category that is excluded completely

Each task is answered by the direct pass and by the full planner (verification, samples, goals in chunks). The length of
a plan is compared with the teacher's plan for the task's goal; the teacher is not used otherwise. Further models are
compared with the first, task by task (gain in points with its 95 % interval, exact McNemar test).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.evaluation.statistics import Rate, mean, rounded
from planner.io.command import one_thread, run_command, writable_file
from planner.io.command_parser import CommandParser
from planner.tasks.held_out_trials import EvaluationTask, Split, draw_trials
from planner.tasks.home_splits import SPLITS, Span

if TYPE_CHECKING:
    from planner.io.json_lines import Record

PROG = "python -m planner.benchmarks.improvement"
LONG_GOALS = (5, 10)
RECIPE = "narrow"
TRAINED_PHRASES = "5-10 as taught"


def splits() -> tuple[Split, ...]:
    """Return the evaluation splits; the first is covered by the narrow corpus."""
    from planner.corpus.recipe_file import read_recipe

    without = read_recipe(RECIPE).corpus.without

    def all_but(name: str) -> tuple[str, ...]:
        return tuple(other for other in without if other != name)

    parts_of = {"then": (2, 2, 3), "joined every": (2, 3, 4)}
    return (
        Split(name="known", parts=(1, 1, 1, 2, 2, 3, 4), conditions=(1, 4), without=without, phrases="test"),
        Split(name="5-10", parts=tuple(range(5, 11)), conditions=LONG_GOALS, without=without, phrases="test"),
        Split(name=TRAINED_PHRASES, parts=tuple(range(5, 11)), conditions=LONG_GOALS, without=without),
        *(
            Split(
                name=name, parts=parts_of.get(name, (1,)), conditions=(1, 4), forms=(name,), without=all_but(name),
                phrases="test", in_turn=name == "then",
            )
            for name in ("then", "joined every", *(w for w in without if w not in parts_of))
        ),
    )  # fmt: skip


NEW_FORMS = ("wardrobe", "ottoman", "changed in container", "changed with person", "filled at fixture", "every changed")
"""The rows of forms and categories that are excluded completely."""


def tasks(count: int, seed: int, span: Span = SPLITS["test"], rows: Collection[str] = ()) -> Iterator[EvaluationTask]:
    """Yield `count` tasks of each split, or of those named in `rows`."""
    for split in splits():
        if not rows or split.name in rows:
            yield from draw_trials(split, count, seed=seed, span=span)


def teacher_length(trial: EvaluationTask) -> int | None:
    """Return the number of subtasks of the teacher's plan; None if it has none."""
    from planner.corpus.teacher_chunks import taught_actions

    assert trial.goal is not None
    try:
        return len(taught_actions(trial.start, trial.goal))
    except LookupError:
        return None


def evaluate_model(model: Path | None, count: int, seed: int, samples: int, rows: Collection[str] = ()) -> list[Record]:
    """Return the outcome of each task."""
    from tqdm import tqdm

    from planner.api import Planner
    from planner.evaluation.measurement import measure, planning_modes

    planner = Planner.load(model)
    options = planning_modes(samples=samples)
    del options["constrained"]
    outcomes: list[Record] = []
    for trial in tqdm(list(tasks(count, seed, rows=rows)), desc=str(model or "released"), disable=None):
        prediction = measure(planner, trial, options)
        outcome: Record = {"id": trial.id, "split": trial.split, "same_goal": prediction.same, "length": None}
        outcome["misread"] = prediction.last.is_misread
        outcome |= {str(mode): attempt.success for mode, attempt in prediction.attempts.items()}
        length = teacher_length(trial)
        if length and prediction.attempts["alone"].success:
            outcome["length"] = len(prediction.attempts["alone"].subtasks) / length
        outcomes.append(outcome)
    return outcomes


def summary(outcomes: Sequence[Record]) -> dict[str, dict[str, object]]:
    """Return rates by row; `new forms` covers all rows of `NEW_FORMS`."""
    rows: dict[str, list[Record]] = {}
    for outcome in outcomes:
        rows.setdefault(str(outcome["split"]), []).append(outcome)
    rows["new forms"] = [o for name in NEW_FORMS for o in rows.get(name, ())]
    return {name: _row(members) for name, members in rows.items() if members}


def _row(outcomes: Sequence[Record]) -> dict[str, object]:
    def rate(mode: str) -> dict[str, object]:
        return Rate(hits=sum(bool(o[mode]) for o in outcomes), total=len(outcomes)).as_dict()

    lengths = [float(str(o["length"])) for o in outcomes if o["length"] is not None]
    row = {mode: rate(mode) for mode in ("alone", "verified", "same_goal", "misread")}
    return row | {"length": rounded(mean(lengths)) if lengths else None, "lengths": len(lengths)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Score weights on tasks outside of the narrow corpus.")
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL", help="model folders")
    parser.add_argument("--count", type=int, default=60, help="tasks of each row (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the tasks (default: 0)")
    parser.add_argument("--samples", type=int, default=4, help="further plans of the full planner (default: 4)")
    parser.add_argument("--rows", nargs="+", default=[], metavar="ROW", help="only these rows (default: all)")
    parser.add_argument("--out", type=Path, help="write all outcomes to this JSON file")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from envs.errors import nearest
    from gpt.files import write_text_atomically

    if args.count < 1 or args.seed < 0 or args.samples < 0:
        raise PlannerError("--count is at least 1, --seed and --samples at least 0")
    names = [split.name for split in splits()]
    if unknown := next((row for row in args.rows if row not in names), None):
        raise PlannerError(f"--rows: no row {unknown!r}{nearest(unknown, names)}; one of {', '.join(names)}")
    if args.out:
        writable_file(args.out)
    one_thread()
    outcomes_by_model = {
        str(model): evaluate_model(model, args.count, args.seed, args.samples, args.rows) for model in args.models
    }
    if args.out:
        write_text_atomically(args.out, json.dumps(outcomes_by_model, indent=1) + "\n")
    for model, outcomes in outcomes_by_model.items():
        print(f"{model}\n{_table(summary(outcomes))}\n")
    first, *others = outcomes_by_model
    for other in others:
        print(f"{other} against {first}\n{_compared(outcomes_by_model[first], outcomes_by_model[other])}\n")
    return 0


def _compared(first: Sequence[Record], second: Sequence[Record]) -> str:
    from planner.evaluation.statistics import compare
    from planner.evaluation.tables import grid

    lines = []
    for name in dict.fromkeys((*(str(o["split"]) for o in first), "new forms")):
        members = NEW_FORMS if name == "new forms" else (name,)
        line = [name]
        for mode in ("alone", "verified", "misread"):
            hits = [[bool(o[mode]) for o in side if o["split"] in members] for side in (first, second)]
            paired = compare(*hits)
            low, high = paired.interval
            moved = f"{100 * paired.gain:+.1f} [{100 * low:.0f}, {100 * high:.0f}]"
            line += [moved, f"+{paired.wins} -{paired.losses}", f"{paired.p:.2g}"]
        if paired.total:
            lines.append(line)
    header = ["tasks"]
    for title in ("direct pass", "full planner", "silent misreads"):
        header += [title, "gained, lost", "p"]
    return grid(header, lines)


def _table(rows: Mapping[str, Mapping[str, object]]) -> str:
    from planner.evaluation.tables import grid

    header = ["tasks", "direct pass", "full planner", "right goal", "silent misreads", "length / teacher"]
    lines = []
    for name, row in rows.items():
        rates = [_percent(row[mode]) for mode in ("alone", "verified", "same_goal", "misread")]
        lines.append([name, *rates, "-" if row["length"] is None else f"{row['length']:.3f}"])
    return grid(header, lines)


def _percent(rate: object) -> str:
    assert isinstance(rate, dict)
    return str(Rate(hits=rate["hits"], total=rate["total"]))


if __name__ == "__main__":
    sys.exit(main())
