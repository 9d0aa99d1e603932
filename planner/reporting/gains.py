"""What a run gained and what it forgot: every cycle against the initial weights, task by task, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.evaluation.statistics import Rate, compare, rounded
from planner.io.json_lines import Record
from planner.learning.acceptance import KNOWN, MODE_LABELS
from planner.reporting.run_folder import Cycle, Run
from planner.reporting.table import Cell, Figure, Table

PAIRED_NOTE = (
    "Each cycle's weights against the initial ones on the same validation tasks; the gain in points with its 95 % "
    "interval (Agresti and Min), p by the exact McNemar test."
)
MAX_FORGOTTEN = 60  # rows of the table
MAX_EXAMPLES = 40  # lessons that the table shows


def gains(run: Run) -> Iterator[Figure]:
    """Yield what each cycle gained, in each kind of task."""
    rows = [row for cycle in _comparable(run) for row in _gains_of(run.validation, cycle)]
    if rows:
        columns = ("cycle", "weights", "kind", "way", "tasks", "gained", "lost", "gain", "low", "high", "p")
        table = Table(name="gain-by-kind", columns=columns, rows=rows)
        yield Figure(title="Gain by kind of task", table=table, note=PAIRED_NOTE, span="page")


def _comparable(run: Run) -> list[Cycle]:
    """Return the cycles that were judged on the tasks of the initial weights."""
    ids = [o["id"] for o in run.validation]
    return [c for c in run.finished_cycles if c.outcomes and [o["id"] for o in c.outcomes] == ids]


def _gains_of(before: Sequence[Record], cycle: Cycle) -> Iterator[tuple[Cell, ...]]:
    for split in dict.fromkeys(str(o["split"]) for o in before):
        for mode, way in MODE_LABELS:
            hits = [[bool(o[mode]) for o in side if o["split"] == split] for side in (before, cycle.outcomes)]
            paired = compare(*hits)
            points = [100 * value for value in (paired.gain, *paired.interval)]
            weights = "accepted" if cycle.accepted else "refused"
            yield (
                cycle.number, weights, split, way, paired.total, paired.wins, paired.losses,
                *(round(value, 1) for value in points), rounded(paired.p),
            )  # fmt: skip


def forgotten(run: Run) -> Iterator[Figure]:
    """Yield the tasks that the initial weights reached with verification and a cycle's weights do not."""
    reached = {o["id"]: str(o["split"]) for o in run.validation if o["verified"]}
    lost = [
        (cycle.number, split, str(o["id"]))
        for cycle in reversed(_comparable(run))
        for o in cycle.outcomes
        if not o["verified"] and (split := reached.get(o["id"]))
    ]
    if not reached or not run.finished_cycles:
        return
    rows: list[tuple[Cell, ...]] = [*sorted(lost, key=lambda row: (-row[0], row[1] != KNOWN, row[2]))[:MAX_FORGOTTEN]]
    rates = [
        f"cycle {cycle.number}: {Rate(hits=sum(n == cycle.number for n, *_ in lost), total=len(reached))}"
        for cycle in _comparable(run)
    ]
    note = f"Of {len(reached)} tasks that the initial weights reach with verification. " + "; ".join(rates)
    table = Table(name="forgotten", columns=("cycle", "kind", "task"), rows=rows or [("-", "nothing", "-")])
    yield Figure(title="What was forgotten", table=table, note=note, span="page")


def lessons(run: Run) -> Iterator[Figure]:
    """Yield what was learned from: tasks by origin and length, what people said, and corrections beside the run."""
    origin = {(c.number, p["id"]): str(p.get("origin")) for c in run.finished_cycles for p in c.proposals}
    counts: dict[tuple[int, str, int], list[Record]] = {}
    for cycle in run.finished_cycles:
        for episode in cycle.episodes:
            if isinstance(conditions := episode.get("conditions"), int):
                key = (cycle.number, origin.get((cycle.number, episode["id"]), "?"), conditions)
                counts.setdefault(key, []).append(episode)
    rows: list[tuple[Cell, ...]] = [
        (*key, len(members), sum(bool(e["kept"]) for e in members), sum(bool(e["direct"]) for e in members))
        for key, members in sorted(counts.items())
    ]
    if rows:
        columns = ("cycle", "origin", "conditions", "tried", "reached: a lesson", "reached directly")
        table = Table(name="lessons", columns=columns, rows=rows)
        yield Figure(title="Lessons by origin and length", table=table, span="page")
    said = [
        (cycle.number, str(p["instruction"]), str(p["goal"]), str(p.get("dropped") or "learned from"))
        for cycle in reversed(run.finished_cycles)
        for p in cycle.said
    ][:MAX_EXAMPLES]
    if said:
        table = Table(name="said", columns=("cycle", "instruction", "read as", "what became of it"), rows=said)
        yield Figure(title="What people said", table=table, note="Learned where all readings agree.", span="page")
    if run.corrections:
        meant: list[tuple[Cell, ...]] = [
            (str(r["home"]), str(r["said"]), _joined(r["corrections"]), _joined(r["understood"]), str(r["goal"]))
            for r in run.corrections[-MAX_EXAMPLES:]
        ]
        heads = ("home", "said", "corrections", "understood", "meant")
        note = "runs/lessons.jsonl; learned by `python -m planner.improve --home HOME`, for that home alone."
        table = Table(name="corrections", columns=heads, rows=meant)
        yield Figure(title="Corrections", table=table, note=note, span="page")


def _joined(values: object) -> str:
    return " / ".join(map(str, values)) if isinstance(values, list) else str(values)
