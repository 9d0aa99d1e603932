"""Measure the skills of the physical home by skill and category: `python -m envs.trials WHAT`.

Each trial has its own small sampled home in which the robot does one task. It succeeds if the skill reports success
*and* the state read from physics confirms it. Preparing steps are not counted, and a trial in which one of them fails
is listed as not tried. The same seed gives the same trials for any number of processes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from envs.errors import EnvsError
from envs.evaluation.job_pool import Record, add_job_flags, run_job_command
from envs.evaluation.success_counts import Row, SuccessCount, causes_text
from envs.evaluation.trial_definitions import TRIAL_SUITES, define_trial, suite_categories
from envs.evaluation.trial_scenes import domain_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Grasp = Literal["assisted", "physical"]
WHOLE_TRIAL = "all"  # the label of a whole trial: every counted step must succeed
MAX_TRIALS = 100_000


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One job: the trial `number` of a category; `what` is the suite, `home` one whose own kinds are tried."""

    what: str
    category: str
    number: int
    seed: int
    grasp: Grasp
    home: str = ""

    @property
    def key(self) -> str:
        """For example `pick/apple/3`."""
        return f"{self.what}/{self.category}/{self.number}"


def run_trial(trial: Trial) -> Record:
    """Run one trial; errors are part of the record."""
    from envs.evaluation.state_comparison import attempt, concerns
    from envs.simulation.physical_home import PhysicalHome

    record: Record = {"key": trial.key, "category": trial.category, "steps": [], "error": ""}
    rows = cast("list[Row]", record["steps"])
    try:
        definition = define_trial(
            trial.what, trial.category, trial.number, trial.seed, domain_of(trial.home) if trial.home else None
        )
        record["home"] = definition.scene.seed
        home = PhysicalHome(definition.scene, grasp=trial.grasp)
    except EnvsError as error:
        return record | {"error": str(error)}
    try:
        for step in definition.steps:
            result = attempt(home, step.action)
            wrong = [d for d in result.differences if concerns(d, step.action)] if result.done else []
            row: Row = result.as_dict() | {"counted": step.counted, "hit": result.done and not wrong}
            if wrong:
                name, atom, expected, actual = wrong[0]
                row["cause"] = f"done, but in physics its {atom} is another"
                row["reason"] = f"done, but {name}: {atom} {actual}, not {expected}"
            rows.append(row)
            if not row["hit"]:
                break
    finally:
        home.close()
    return record


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Results of a set of trials.

    Attributes:
        labels: Counts by label (`pick up`, `put`, …), over all categories; `all` counts whole trials.
        table: Counts by category, then by label.
        prepared: Counts of the preparing steps.
        not_tried: Number of trials in which a preparing step failed.
        errors: Trials for which no home was found, or whose process died.
    """

    labels: dict[str, SuccessCount]
    table: dict[str, dict[str, SuccessCount]]
    prepared: SuccessCount
    not_tried: int
    errors: tuple[str, ...]


def summarize(records: Iterable[Record]) -> Summary:
    """Count the records of a set of trials."""
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
        trial_row: Row = {"subtask": last["subtask"], "reason": last["reason"], "cause": last["cause"]}
        for name in ("duration_s", "cpu_s", "collisions"):
            trial_row[name] = sum(cast(float, row[name]) for row in rows if row["counted"])
        for group in (labels, table.setdefault(category, {})):
            group.setdefault(WHOLE_TRIAL, SuccessCount()).add(trial_row, hit=bool(last["hit"]), key=key)
    return Summary(labels=labels, table=table, prepared=prepared, not_tried=not_tried, errors=tuple(errors))


def _as_dict(summary: Summary, run_info: Record) -> Record:
    return {
        **run_info,
        "labels": {label: count.as_dict() for label, count in summary.labels.items()},
        "categories": {
            name: {label: count.as_dict() for label, count in row.items()} for name, row in summary.table.items()
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
        top_causes = row[WHOLE_TRIAL].causes.most_common(2) if WHOLE_TRIAL in row else []
        lines.append(f"{name:24}" + "".join(cells) + "   " + ", ".join(f"{n} {cause}" for cause, n in top_causes))
    lines.append("")
    lines += [f"{label:16}{count.line()}" for label, count in summary.labels.items()]
    lines.append(f"{'preparing':16}{summary.prepared.line()}")
    lines.append(f"not tried, since a step before failed: {summary.not_tried}; errors: {len(summary.errors)}")
    causes = {label: count for label, count in summary.labels.items() if label != WHOLE_TRIAL}
    lines += ["why not:", causes_text(causes | {"preparing": summary.prepared})]
    return "\n".join([*lines, *(f"error: {text}" for text in summary.errors)])


def _worst_first(summary: Summary) -> Callable[[str], tuple[float, str]]:
    def rank(name: str) -> tuple[float, str]:
        count = summary.table[name].get(WHOLE_TRIAL, SuccessCount())
        return (count.hits / count.total if count.total else 1.0, name)

    return rank


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m envs.trials", description="Measure the skills of the robot.")
    parser.add_argument("what", choices=list(TRIAL_SUITES), help="the trial suite")
    parser.add_argument("--trials", type=int, default=50, help="trials per category (default 50)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the homes (default 0)")
    parser.add_argument("--grasp", choices=["assisted", "physical"], default="assisted", help="default assisted")
    parser.add_argument("--home", default="", help="try the kinds of this home file that are not built in")
    add_job_flags(parser, "trial", metavar="TEXT", only="only trials with this in their name (apple, or /apple/3)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run trials and print the results."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not 0 < args.trials <= MAX_TRIALS or args.workers < 1 or args.seed < 0:
        parser.error(f"--trials is 1 to {MAX_TRIALS}, --workers at least 1, --seed at least 0")
    try:
        categories = suite_categories(args.what, domain_of(args.home) if args.home else None)
    except EnvsError as error:
        print(f"python -m envs.trials: {error}", file=sys.stderr)
        return 2
    jobs = [
        Trial(what=args.what, category=category, number=number, seed=args.seed, grasp=args.grasp, home=args.home)
        for number in range(args.trials)  # outer loop, so that an interrupted run covers all categories
        for category in categories
    ]
    jobs = [job for job in jobs if args.only is None or args.only in f"{job.key}/"]
    if not jobs:
        parser.error(f"no trial has {args.only!r} in its name" if args.only else f"{args.home} has no kinds of its own")
    run_info: Record = {"what": args.what, "seed": args.seed, "grasp": args.grasp}
    if args.home:
        run_info["home"] = args.home
    records, status = run_job_command(
        args, run_trial, jobs, run_info, prog="python -m envs.trials", unit="trial", description=args.what
    )
    if status == 2:
        return status
    if len(jobs) == len(records) == 1:
        print(_steps_text(records[0]), file=sys.stderr)
    summary = summarize(records)
    print(json.dumps(_as_dict(summary, run_info)) if args.json else _as_text(summary))
    return status


def _steps_text(record: Record) -> str:
    rows = cast("list[Row]", record["steps"])
    return "\n".join(f"{row['subtask']:48} {row['status']:8} {row['reason']}" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
