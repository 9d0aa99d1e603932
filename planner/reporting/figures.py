"""The figures of a run: success over time and by group, failures, and learning. Each is drawn from its table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from planner.evaluation.statistics import Rate, compare, rounded
from planner.io.json_lines import Record
from planner.learning.acceptance import MODE_LABELS, rates
from planner.reporting.charts import CHANGE_COLORS, CYCLE_COLORS, Bar, Dot, bars, curves, dots
from planner.reporting.run_folder import Cycle, Run
from planner.reporting.table import Cell, Figure, Table

INTERVALS = "95 % Wilson intervals."
RECORDED_NOTE = "What went wrong first, as the run recorded it; a task may still have been reached with verification."
UNRECORDED_NOTE = "This run recorded no kinds of failure; told apart is whether there was a plan at all."
RATE_COLUMNS = ("hits", "tasks", "rate", "low", "high")
MAX_GROUPS = 16  # bars of families; the rarest are left out
MAX_CYCLES = 5  # drawn as separate series in a chart: the latest
MAX_POINTS = 400  # of a curve
LEARNING_COUNTS = (
    ("proposed", "proposed"), ("episodes", "tried"), ("reached", "reached with verification"),
    ("reached_directly", "reached directly"), ("lessons", "lessons"), ("from_hindsight", "lessons from hindsight"),
    ("documents", "documents"),
)  # fmt: skip


def cell(value: object) -> Cell:
    """Return any value of a file as a cell; nested values as JSON."""
    return value if value is None or isinstance(value, str | int | float | bool) else json.dumps(value)


def number(record: Record, key: str) -> int:
    """Return an integer of a record; 0 if it is missing."""
    value = record.get(key)
    return value if isinstance(value, int) else 0


def rate_of(outcomes: Sequence[Record], key: str) -> Rate:
    """Return how often a key of outcomes is true."""
    return Rate(hits=sum(bool(o.get(key)) for o in outcomes), total=len(outcomes))


def _cells(rate: Rate) -> tuple[Cell, ...]:
    low, high = rate.interval
    return (rate.hits, rate.total, rounded(rate.value), rounded(low), rounded(high))


# Success


def success_by_cycle(run: Run) -> Iterator[Figure]:
    """Yield the success of the initial weights and of each cycle's, over all validation tasks and for each split."""
    evaluated = [c for c in run.finished_cycles if c.outcomes]
    if not run.validation:
        return
    splits = list(dict.fromkeys(str(o["split"]) for o in run.validation))
    for split in [None, *splits] if len(splits) > 1 else splits:
        marks, rows = list[Dot](), list[tuple[Cell, ...]]()
        for mode, name in MODE_LABELS:
            for cycle in (None, *evaluated):
                outcomes = run.validation if cycle is None else cycle.outcomes
                members = [o for o in outcomes if split is None or o["split"] == split]
                rate = rate_of(members, mode)
                if not rate.total:
                    continue
                refused = cycle is not None and not cycle.accepted
                place = "before" if cycle is None else str(cycle.number)
                marks.append(Dot(place=place, series=name, rate=rate, hollow=refused))
                weights = "first" if cycle is None else "refused" if refused else "accepted"
                rows.append((place, name, weights, *_cells(rate)))
        title = "All tasks" if split is None else split
        table = Table(
            name=f"success-by-cycle-{_slug(title)}", columns=("cycle", "way", "weights", *RATE_COLUMNS), rows=rows
        )  # fmt: skip
        svg = dots(f"{title}: success on validation homes by cycle", marks, axis="cycle")
        yield Figure(title=title, svg=svg, table=table)


def success_in_test_homes(run: Run) -> Iterator[Figure]:
    """Yield success in test homes before and (once measured) after, then the paired test of both."""
    if not run.before:
        return
    series = {"before": run.before} | ({"after": run.after} if run.after else {})
    marks, rows = list[Bar](), list[tuple[Cell, ...]]()
    tables = {name: rates(outcomes) for name, outcomes in series.items()}
    for group in tables["before"]:
        for name, by_group in tables.items():
            rate = by_group.get(group, Rate(hits=0, total=0))
            marks.append(Bar(group=group, series=name, value=rate))
            mode, _, split = group.partition(", ")
            rows.append((split, mode, name, *_cells(rate)))
    table = Table(name="test-homes", columns=("split", "way", "weights", *RATE_COLUMNS), rows=rows)
    svg = bars("Success in test homes, before and after", marks, colors=CHANGE_COLORS)
    yield Figure(title="Success in test homes", svg=svg, table=table, note=INTERVALS)
    if run.after and [o["id"] for o in run.before] == [o["id"] for o in run.after]:
        yield _paired_figure(run.before, run.after)


def _paired_figure(before: Sequence[Record], after: Sequence[Record]) -> Figure:
    rows: list[tuple[Cell, ...]] = []
    for split in (None, *dict.fromkeys(str(o["split"]) for o in before)):
        for mode, name in MODE_LABELS:
            before_hits, after_hits = (
                [bool(o[mode]) for o in outcomes if split in (None, o["split"])] for outcomes in (before, after)
            )
            paired = compare(before_hits, after_hits)
            counts = (paired.total, sum(before_hits), sum(after_hits), paired.wins, paired.losses)
            rows.append((split or "all tasks", name, *counts, paired.p))
    columns = ("split", "way", "tasks", "reached before", "reached after", "gained", "lost", "p")
    note = "The same tasks before and after; p: exact McNemar test, two-sided."
    return Figure(
        title="Task by task", table=Table(name="test-homes-paired", columns=columns, rows=rows), note=note, span="half"
    )  # fmt: skip


def results_by_split(run: Run) -> Iterator[Figure]:
    """Yield the splits of results.json, if it has any."""
    splits = run.results.get("splits") if run.results else None
    records: list[Record] = []
    if isinstance(splits, dict):
        records = [{"split": k} | (v if isinstance(v, dict) else {"value": v}) for k, v in splits.items()]
    elif isinstance(splits, list):
        records = [v if isinstance(v, dict) else {"split": v} for v in splits]
    if records:
        columns = tuple(dict.fromkeys(key for record in records for key in record))
        rows = [tuple(cell(record.get(key)) for key in columns) for record in records]
        yield Figure(title="Splits", table=Table(name="splits", columns=columns, rows=rows), span="page")


def success_by_kind(run: Run) -> Iterator[Figure]:
    """Yield success on held-out tasks by family, and on proposed tasks by family, origin and number of conditions."""
    last = next((c.outcomes for c in reversed(run.finished_cycles) if c.accepted and c.outcomes), run.validation)
    yield from _breakdown("Held-out tasks by family", "held-out-by-family", last, "family", MODE_LABELS)
    origin = {(c.number, p["id"]): p.get("origin") for c in run.finished_cycles for p in c.proposals}
    episodes = [e | {"origin": origin.get((c.number, e["id"]))} for c in run.finished_cycles for e in c.episodes]
    modes = (("direct", MODE_LABELS[0][1]), ("kept", MODE_LABELS[1][1]))
    for key, title in (("family", "family"), ("origin", "origin"), ("conditions", "conditions of the goal")):
        yield from _breakdown(f"Proposed tasks by {title}", f"proposed-by-{key}", episodes, key, modes)


def _breakdown(
    title: str, name: str, outcomes: Sequence[Record], key: str, modes: Sequence[tuple[str, str]]
) -> Iterator[Figure]:
    groups: dict[object, list[Record]] = {}
    for outcome in outcomes:
        if isinstance(outcome.get(key), str | int):
            groups.setdefault(outcome[key], []).append(outcome)
    if not groups:
        return
    common = sorted(groups, key=lambda g: -len(groups[g]))[:MAX_GROUPS]
    common.sort(key=lambda g: (not isinstance(g, int), g if isinstance(g, int) else -len(groups[g])))
    marks, rows = list[Bar](), list[tuple[Cell, ...]]()
    for group in common:
        for mode, mode_label in modes:
            rate = rate_of(groups[group], mode)
            label = f"{group} condition{'s' * (group != 1)}" if isinstance(group, int) else str(group)
            marks.append(Bar(group=label, series=mode_label, value=rate))
            rows.append((cell(group), mode_label, *_cells(rate)))
    omitted_note = f" The {MAX_GROUPS} most common of {len(groups)}." if len(groups) > MAX_GROUPS else ""
    table = Table(name=name, columns=(key, "way", *RATE_COLUMNS), rows=rows)
    yield Figure(title=title, svg=bars(title, marks), table=table, note=INTERVALS + omitted_note)


# Failures


def failures(run: Run) -> Iterator[Figure]:
    """Yield the failures by type, with examples, and why proposals were not used."""
    by_cycle = {c.number: _failures_of(c) for c in run.finished_cycles[-MAX_CYCLES:]}
    recorded = any(isinstance((c.metrics or {}).get("failures"), dict) for c in run.finished_cycles)
    note = (RECORDED_NOTE if recorded else UNRECORDED_NOTE) + _truncation_note(run)
    yield from _count_bars(
        "Failures by kind",
        "failures",
        "kind",
        {n: failures_of_cycle[0] for n, failures_of_cycle in by_cycle.items()},
        note,
    )
    dropped = {
        c.number: Counter(str(p["dropped"]) for p in c.proposals if p.get("dropped"))
        for c in run.finished_cycles[-MAX_CYCLES:]
    }
    yield from _count_bars("Why proposals were not used", "dropped", "reason", dropped, _truncation_note(run))
    rows = [(n, *example) for n, (_, examples) in reversed(by_cycle.items()) for example in examples]
    if rows:
        table = Table(name="failure-examples", columns=("cycle", "kind", "id", "instruction", "detail"), rows=rows)
        yield Figure(title="Examples of failures", table=table, span="page")


def _failures_of(cycle: Cycle) -> tuple[Counter[str], list[tuple[Cell, ...]]]:
    """Return a cycle's failures counted by type, and examples (type, id, instruction, detail)."""
    recorded = (cycle.metrics or {}).get("failures")
    counts: Counter[str] = Counter()
    examples: list[tuple[Cell, ...]] = []
    if isinstance(recorded, dict):
        for failure_type, entry in recorded.items():
            fields = entry if isinstance(entry, dict) else {}
            counts[failure_type] = number(fields, "count")
            for example in fields.get("examples") or ():
                if isinstance(example, dict):
                    examples.append(
                        (failure_type, *(cell(example.get(key)) for key in ("id", "instruction", "detail")))
                    )
        return counts, examples
    for episode in cycle.episodes:
        if not episode["kept"]:
            failure_type = "the plan missed the goal" if episode["plan"] else "no plan"
            if not counts[failure_type]:
                examples.append(
                    (failure_type, cell(episode["id"]), cell(episode["instruction"]), cell(episode["goal"]))
                )
            counts[failure_type] += 1
    return counts, examples


def _count_bars(title: str, name: str, key: str, by_cycle: dict[int, Counter[str]], note: str) -> Iterator[Figure]:
    """Yield bars of counts, the most common first, one bar for each cycle."""
    total: Counter[str] = sum(by_cycle.values(), Counter())
    if not total:
        return
    cells = [(category, n, by_cycle[n][category]) for category, _ in total.most_common() for n in by_cycle]
    marks = [Bar(group=category, series=f"cycle {n}", value=count) for category, n, count in cells]
    table = Table(name=name, columns=(key, "cycle", "count"), rows=cells)
    yield Figure(title=title, svg=bars(title, marks, colors=CYCLE_COLORS), table=table, note=note)


# Learning


def learning(run: Run) -> Iterator[Figure]:
    """Yield each cycle's counts of proposals, episodes and documents, the losses, and a table of all cycles."""
    cycles = run.finished_cycles[-MAX_CYCLES:]
    if cycles:
        cells = [(label, c.number, number(c.metrics or {}, key)) for key, label in LEARNING_COUNTS for c in cycles]
        marks = [Bar(group=label, series=f"cycle {n}", value=count) for label, n, count in cells]
        table = Table(name="learnt", columns=("what", "cycle", "count"), rows=cells)
        title = "From proposals to documents"
        yield Figure(title=title, svg=bars(title, marks, colors=CYCLE_COLORS), table=table, note=_truncation_note(run))
    yield from _losses([c for c in run.cycles if c.training][-MAX_CYCLES:], _truncation_note(run))
    if run.finished_cycles:
        yield _cycles(run.finished_cycles)


def _losses(cycles: Sequence[Cycle], truncation_note: str) -> Iterator[Figure]:
    series: dict[str, list[tuple[float, float]]] = {}
    rows: list[tuple[Cell, ...]] = []
    for cycle in cycles:
        stride = -(-len(cycle.training) // MAX_POINTS)
        for record in cycle.training[::stride]:
            step, loss = record["step"], record["loss"]
            if isinstance(step, int) and isinstance(loss, float):
                series.setdefault(f"cycle {cycle.number}", []).append((step, loss))
                rows.append((cycle.number, step, loss))
    if rows:
        table = Table(name="training-loss", columns=("cycle", "step", "loss"), rows=rows)
        svg = curves("Training loss by optimizer step", series, axis="optimizer step")
        note = f"Cross-entropy of the tokens that are learnt.{truncation_note}"
        yield Figure(title="Training loss", svg=svg, table=table, note=note)


def _cycles(cycles: Sequence[Cycle]) -> Figure:
    """Return the table of all cycles, one row each."""
    records = [_figures_of(cycle) for cycle in cycles]
    columns = [key for key in records[0] if any(record[key] is not None for record in records)]
    rows = [tuple(record[key] for key in columns) for record in records]
    return Figure(title="Cycles", table=Table(name="cycles", columns=tuple(columns), rows=rows), span="page")


def _figures_of(cycle: Cycle) -> dict[str, Cell]:
    metrics = cycle.metrics or {}
    physics = metrics.get("physics")
    executed = physics if isinstance(physics, dict) else {}
    values = {"cycle": cycle.number, "rule": cycle.config.get("rule")}
    values |= {label: metrics.get(key) for key, label in LEARNING_COUNTS}
    values |= {"carried out in physics": executed.get("carried_out"), "reached in physics": executed.get("reached")}
    values |= {key: metrics.get(key) for key in ("loss", "accepted", "reason", "seconds")}
    return {key: cell(value) for key, value in values.items()}


def _truncation_note(run: Run) -> str:
    """Return a note if not all cycles are drawn, otherwise ""."""
    return (
        f" The latest {MAX_CYCLES} of {len(run.finished_cycles)} cycles."
        if len(run.finished_cycles) > MAX_CYCLES
        else ""
    )


def _slug(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
