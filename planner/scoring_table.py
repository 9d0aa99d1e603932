"""The results of an evaluation as text for a person and as plain data for programs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from envs.goals import format_goal
from planner.measure import Prediction, Summary
from planner.statistics import Rate, rounded

if TYPE_CHECKING:
    from planner.measure import Way

ANSWERS = ("plan", "refuse", "ask")
WORST = 10  # families shown
MAX_TEXT = 110  # characters of an example's line


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Align columns, the first to the left and the others to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    shown = []
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown)


def success_table(summaries: Sequence[Summary], title: str) -> str:
    """One row a split: tasks, goals understood, success of each way, goal conditions, time and length."""
    names: list[Way] = list(summaries[0].success) if summaries else []
    shown = [_WAY[n] for n in names]
    header = [title, "n", "goal exact", "same goal", *shown, "conditions", "p50", "p95", "steps", "/teacher"]
    rows = []
    for s in summaries:
        last = s.rate[names[-1]] if names else math.nan
        rows.append([
            s.name, str(s.total), str(s.exact), str(s.same), *(str(s.success[n]) for n in names), _percent(last),
            _time(s.p50_s), _time(s.p95_s), _number(s.steps, 1), _number(s.longer, 2),
        ])  # fmt: skip
    if not any(math.isfinite(s.longer) for s in summaries):  # without the baseline
        header, rows = header[:-1], [row[:-1] for row in rows]
    return grid(header, rows)


_WAY: dict[Way, str] = {"alone": "GPT alone", "constrained": "constrained", "verified": "verified"}


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %" if math.isfinite(value) else "-"


def _time(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "-"
    return f"{1000 * seconds:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def confusion(predictions: Sequence[Prediction]) -> dict[str, dict[str, int]]:
    """Count, for each right kind of answer, the kinds that were given (by the last way)."""
    seen = Counter((str(p.trial.answer), list(p.attempts.values())[-1].kind) for p in predictions)
    return {right: {given: seen[right, given] for given in ANSWERS} for right in ANSWERS}


def confusion_table(predictions: Sequence[Prediction]) -> str:
    """Show `confusion`, with the rate of false refusals."""
    table = confusion(predictions)
    rows = [[right, *map(str, table[right].values())] for right in ANSWERS if any(table[right].values())]
    shown = grid(["right answer", *(f"said {given}" for given in ANSWERS)], rows)
    return f"{shown}\nfalse refusals: {false_refusals(predictions)}"


def false_refusals(predictions: Sequence[Prediction]) -> Rate:
    """The part of plannable tasks that the last way refused or asked about."""
    plannable = confusion(predictions)["plan"]
    return Rate(hits=plannable["refuse"] + plannable["ask"], total=sum(plannable.values()))


def by_family(predictions: Sequence[Prediction]) -> dict[str, list[Prediction]]:
    """Group predictions by family, in the order of names."""
    found: dict[str, list[Prediction]] = {}
    for prediction in sorted(predictions, key=lambda p: p.trial.family):
        found.setdefault(prediction.trial.family, []).append(prediction)
    return found


def worst_families(predictions: Sequence[Prediction]) -> str:
    """Show the families with the lowest success, each with one example of what went wrong."""
    ranked = []
    for name, members in by_family(predictions).items():
        failed = [p for p in members if not list(p.attempts.values())[-1].success]
        if failed:
            ranked.append((1 - len(failed) / len(members), -len(members), name, failed[0]))
    lines = []
    for rate, size, name, example in sorted(ranked, key=lambda r: r[:3])[:WORST]:
        attempt = list(example.attempts.values())[-1]
        wanted = format_goal(example.trial.goal) if example.trial.goal else example.trial.answer
        lines.append(f"{100 * rate:3.0f} % of {-size:<3} {name}")
        lines.append(_cut(f"      told:   {example.trial.instruction}"))
        lines.append(_cut(f"      wanted: {wanted}"))
        wrote = f"{example.goal_text or attempt.status} ({attempt.status}) {attempt.reason}".rstrip()
        lines.append(_cut(f"      wrote:  {wrote}"))
    return "\n".join(lines)


def _cut(line: str) -> str:
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 2] + " …"


def summary_as_dict(summary: Summary) -> dict[str, object]:
    """Plain data for programs; times in seconds."""
    return {
        "name": summary.name,
        "tasks": summary.total,
        "goal_exact": summary.exact.as_dict(),
        "goal_same": summary.same.as_dict(),
        "success": {way: rate.as_dict() for way, rate in summary.success.items()},
        "conditions": {way: rounded(rate) for way, rate in summary.rate.items()},
        "p50_s": rounded(summary.p50_s),
        "p95_s": rounded(summary.p95_s),
        "steps": rounded(summary.steps),
        "over_teacher": rounded(summary.longer),
    }
