"""How well the physical home does, skill by skill and category by category: `python -m envs.trials WHAT`.

Each trial is a small sampled home of its own in which the robot does one thing; it succeeds if the skill says so *and*
the state that is then read from physics has it. Steps that only prepare are not counted, and a trial in which one of
them fails is listed as not tried. The same seed gives the same trials, whatever the number of processes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from envs.errors import EnvsError
from envs.evaluation.job_pool import Record, add_job_flags, run_job_command
from envs.evaluation.tallies import Row, SuccessCount, causes_text
from envs.evaluation.trial_definitions import KINDS, categories_of, course_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Grasp = Literal["assisted", "physical"]
WHOLE = "all"  # the label of a trial of which every counted step succeeded
MAX_TRIALS = 100_000


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One job: the trial `number` of a category."""

    what: str
    category: str
    number: int
    seed: int
    grasp: Grasp

    @property
    def key(self) -> str:
        """For example `pick/apple/3`."""
        return f"{self.what}/{self.category}/{self.number}"


def run_trial(trial: Trial) -> Record:
    """Carry out one trial; what goes wrong on the way is a record too."""
    from envs.evaluation.state_comparison import attempt, concerns
    from envs.simulation.physical_home import PhysicalHome

    record: Record = {"key": trial.key, "category": trial.category, "steps": [], "error": ""}
    rows = cast("list[Row]", record["steps"])
    try:
        course = course_of(trial.what, trial.category, trial.number, trial.seed)
        record["home"] = course.scene.seed
        home = PhysicalHome(course.scene, grasp=trial.grasp)
    except EnvsError as error:
        return record | {"error": str(error)}
    try:
        for step in course.steps:
            made = attempt(home, step.action)
            wrong = [d for d in made.differences if concerns(d, step.action)] if made.done else []
            row: Row = made.as_dict() | {"counted": step.counted, "hit": made.done and not wrong}
            if wrong:
                row["cause"] = f"done, but in physics its {wrong[0].atom} is another"
                row["reason"] = f"done, but {wrong[0].name}: {wrong[0].atom} {wrong[0].found}, not {wrong[0].expected}"
            rows.append(row)
            if not row["hit"]:
                break
    finally:
        home.close()
    return record


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What some trials came to.

    Attributes:
        labels: By label (`pick up`, `put`, …), over all categories; `all`: every counted step of a trial succeeded.
        table: By category, then by label.
        prepared: The steps that were not counted.
        not_tried: Trials in which a step that only prepares failed.
        errors: Trials for which there is no home, or whose process died.
    """

    labels: dict[str, SuccessCount]
    table: dict[str, dict[str, SuccessCount]]
    prepared: SuccessCount
    not_tried: int
    errors: tuple[str, ...]


def summarize(records: Iterable[Record]) -> Summary:
    """Count the records of trials."""
    labels: dict[str, SuccessCount] = {}
    table: dict[str, dict[str, SuccessCount]] = {}
    prepared, not_tried, errors = SuccessCount(), 0, list[str]()
    for record in sorted(records, key=lambda r: str(r["key"])):
        key, category = str(record["key"]), str(record.get("category", ""))
        if record["error"]:
            errors.append(f"{key}: {record['error']}")
            continue
        rows = cast("list[Row]", record["steps"])
        for row in rows:
            hit, label = bool(row["hit"]), str(row["counted"])
            if not label:
                prepared.add(row, hit=hit, key=key)
            for group in (labels, table.setdefault(category, {})) if label else ():
                group.setdefault(label, SuccessCount()).add(row, hit=hit, key=key)
        last = rows[-1]
        if not last["hit"] and not last["counted"]:
            not_tried += 1
            continue
        whole: Row = {"subtask": last["subtask"], "reason": last["reason"], "cause": last["cause"]}
        for name in ("duration_s", "cpu_s", "collisions"):
            whole[name] = sum(cast(float, row[name]) for row in rows if row["counted"])
        for group in (labels, table.setdefault(category, {})):
            group.setdefault(WHOLE, SuccessCount()).add(whole, hit=bool(last["hit"]), key=key)
    return Summary(labels=labels, table=table, prepared=prepared, not_tried=not_tried, errors=tuple(errors))


def _as_dict(summary: Summary, about: Record) -> Record:
    return {
        **about,
        "labels": {label: tally.as_dict() for label, tally in summary.labels.items()},
        "categories": {
            name: {label: tally.as_dict() for label, tally in row.items()} for name, row in summary.table.items()
        },
        "prepared": summary.prepared.as_dict(),
        "not_tried": summary.not_tried,
        "errors": list(summary.errors),
    }


def _as_text(summary: Summary) -> str:
    labels = list(summary.labels)
    lines = [f"{'':24}" + "".join(f"{label:>24}" for label in labels)]
    for name in sorted(summary.table, key=_worst_first(summary)):
        row = summary.table[name]
        cells = [f"{row[label].rate!s:>24}" if label in row else f"{'-':>24}" for label in labels]
        worst = row[WHOLE].causes.most_common(2) if WHOLE in row else []
        lines.append(f"{name:24}" + "".join(cells) + "   " + ", ".join(f"{n} {cause}" for cause, n in worst))
    lines.append("")
    lines += [f"{label:16}{tally.line()}" for label, tally in summary.labels.items()]
    lines.append(f"{'preparing':16}{summary.prepared.line()}")
    lines.append(f"not tried, since a step before failed: {summary.not_tried}; errors: {len(summary.errors)}")
    causes = {label: tally for label, tally in summary.labels.items() if label != WHOLE}
    lines += ["why not:", causes_text(causes | {"preparing": summary.prepared})]
    return "\n".join([*lines, *(f"error: {text}" for text in summary.errors)])


def _worst_first(summary: Summary) -> Callable[[str], tuple[float, str]]:
    def rank(name: str) -> tuple[float, str]:
        whole = summary.table[name].get(WHOLE, SuccessCount())
        return (whole.hits / whole.total if whole.total else 1.0, name)

    return rank


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m envs.trials", description="Measure the skills of the robot.")
    parser.add_argument("what", choices=list(KINDS), help="what is tried")
    parser.add_argument("--trials", type=int, default=50, help="of each category (default 50)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other homes (default 0)")
    parser.add_argument("--grasp", choices=["assisted", "physical"], default="assisted", help="default assisted")
    add_job_flags(parser, "trial", metavar="TEXT", only="only trials with this in their name (apple, or /apple/3)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run trials and print what they came to."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not 0 < args.trials <= MAX_TRIALS or args.workers < 1 or args.seed < 0:
        parser.error(f"--trials is 1 to {MAX_TRIALS}, --workers at least 1, --seed at least 0")
    jobs = [
        Trial(what=args.what, category=category, number=number, seed=args.seed, grasp=args.grasp)
        for number in range(args.trials)  # round by round, so that a run that is cut short has all categories
        for category in categories_of(args.what)
    ]
    jobs = [job for job in jobs if args.only is None or args.only in f"{job.key}/"]
    if not jobs:
        parser.error(f"no trial has {args.only!r} in its name")
    about: Record = {"what": args.what, "seed": args.seed, "grasp": args.grasp}
    records, status = run_job_command(
        args, run_trial, jobs, about, prog="python -m envs.trials", unit="trial", description=args.what
    )
    if status == 2:
        return status
    if len(jobs) == len(records) == 1:
        print(_steps_text(records[0]), file=sys.stderr)
    summary = summarize(records)
    print(json.dumps(_as_dict(summary, about)) if args.json else _as_text(summary))
    return status


def _steps_text(record: Record) -> str:
    rows = cast("list[Row]", record["steps"])
    return "\n".join(f"{row['subtask']:48} {row['status']:8} {row['reason']}" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
