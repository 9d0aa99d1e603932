"""Format scores as text tables and as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal
from planner.evaluation.statistics import Rate, Spread, rounded
from planner.evaluation.summary import Confusion, Scores, Summary, WorstFamily, correct_answer_rates, kinds_in

if TYPE_CHECKING:
    from planner.evaluation.measurement import PlanningMode

MAX_TEXT = 110  # characters per line of an example
MISTAKES = {  # fields of `Summary` that cost more than a missed task, or annoy
    "misread": "silent misreads (acted, answered or noted, and not what was said)",
    "asked": "needless questions (where neither a question nor a refusal is right)",
    "refused": "needless refusals",
}

_MODE_TITLES: dict[PlanningMode, str] = {
    "alone": "GPT alone", "constrained": "constrained", "verified": "verified", "understood": "right answer",
}  # fmt: skip
_METRIC_TITLES = {
    "goal_same": "same goal",
    "misread": "misread",
    "asked": "asked",
    "refused": "refused",
    "p50_s": "p50",
    "p95_s": "p95",
} | {f"success_{w}": t for w, t in _MODE_TITLES.items()}
_ANSWER_TITLES = {"plan": "plans", "refuse": "refusals", "ask": "questions", "query": "answers", "rule": "rules"}


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format rows as a grid, the first column left-aligned and the others right-aligned."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    text_lines = []
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        text_lines.append("  ".join(cells).rstrip())
    return "\n".join(text_lines)


def _grid_without_empty_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a grid without the columns in which nothing was measured."""
    kept = [i for i in range(len(header)) if i == 0 or any(row[i] != "-" for row in rows)]
    return grid([header[i] for i in kept], [[row[i] for i in kept] for row in rows])


def success_table(summaries: Sequence[Summary], title: str) -> str:
    """Format one row per split: tasks, correct goals, success by mode, misreads, conditions, time and length.

    The misreads are silent ones, and needless questions and refusals.
    """
    modes: list[PlanningMode] = list(summaries[0].success) if summaries else []
    mode_titles = [_MODE_TITLES[mode] for mode in modes]
    header = [
        title, "n", "goal exact", "same goal", *mode_titles, "misread", "asked", "refused", "conditions", "p50", "p95",
        "steps", "/teacher",
    ]  # fmt: skip
    rows = []
    for summary in summaries:
        last = summary.rate[modes[-1]] if modes else math.nan
        rows.append([
            summary.name, str(summary.total), str(summary.exact), str(summary.same),
            *(str(summary.success[mode]) for mode in modes), str(summary.misread), str(summary.asked),
            str(summary.refused), _percent(last),
            _time(summary.p50_s), _time(summary.p95_s), _number(summary.steps, 1), _number(summary.longer, 2),
        ])  # fmt: skip
    return _grid_without_empty_columns(header, rows)


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %" if math.isfinite(value) else "-"


def _time(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "-"
    return f"{1000 * seconds:.0f} ms" if seconds < 10 else f"{seconds:.0f} s"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def confusion_table(scores: Scores) -> str:
    """Format the confusion of answer types, without those that do not occur, and what acts or asks wrongly."""
    table, right, kinds = scores.confusion, correct_answer_rates(scores.confusion), kinds_in(scores.confusion)
    rows = [[k, *(str(table[k][given]) for given in kinds), str(right[k])] for k in kinds if right[k].total]
    lines = [grid(["right answer", *(f"said {given}" for given in kinds), "right kind"], rows)] if rows else []
    lines += [f"{title}: {getattr(scores.whole, name)}" for name, title in MISTAKES.items()]
    return "\n".join(lines)


def worst_table(worst: Sequence[WorstFamily]) -> str:
    """Format the families with the lowest success, each with one failed example."""
    lines = []
    for worst_family in worst:
        example = worst_as_dict(worst_family)
        lines.append(
            f"{100 * worst_family.success.value:3.0f} % of {worst_family.success.total:<4} {worst_family.family}"
        )
        lines.append(_truncate(f"      asked:      {example['asked']}"))
        lines.append(_truncate(f"      right:      {example['right']}"))
        understood = example["understood"] or "no goal"
        lines.append(_truncate(f"      understood: {understood} ({example['status']}) {example['reason']}".rstrip()))
    return "\n".join(lines)


def _truncate(line: str) -> str:
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 2] + " …"


def spread_table(rows: Mapping[str, Mapping[str, Spread]], title: str) -> str:
    """Format one row per split: mean over models, half of the 95 % t-interval, minimum and maximum."""
    names = [key for key in next(iter(rows.values()), {}) if key in _METRIC_TITLES]
    cells = [[name, *(_spread_text(figures[key], key) for key in names)] for name, figures in rows.items()]
    return _grid_without_empty_columns([title, *(_METRIC_TITLES[key] for key in names)], cells)


def right_kinds_table(answers: Mapping[str, Mapping[str, Spread]]) -> str:
    """Format how often each type of answer was right, over several models."""
    right = {f"right kind, {_ANSWER_TITLES[kind]}": s for kind, s in answers["right_kind"].items()}
    return grid(["answers", ""], [[name, _spread_text(s, name)] for name, s in right.items() if s.values])


def _spread_text(spread: Spread, figure: str) -> str:
    if not spread.values:
        return "-"
    scale, digits, unit = (1000, 0, "ms") if figure.endswith("_s") else (100, 1, "%")
    low, high = (f"{scale * v:.{digits}f}" for v in spread.range)
    half_width = f" ± {scale * spread.half_width:.{digits}f}" if math.isfinite(spread.half_width) else ""
    return f"{scale * spread.mean:.{digits}f}{half_width} {unit} ({low}-{high})"


def summary_as_dict(summary: Summary) -> dict[str, object]:
    """Return plain data; times in seconds."""
    return {
        "name": summary.name,
        "tasks": summary.total,
        "goal_exact": summary.exact.as_dict(),
        "goal_same": summary.same.as_dict(),
        "success": {mode: rate.as_dict() for mode, rate in summary.success.items()},
        "conditions": {mode: rounded(rate) for mode, rate in summary.rate.items()},
        "misread": summary.misread.as_dict(),
        "asked": summary.asked.as_dict(),
        "refused": summary.refused.as_dict(),
        "p50_s": rounded(summary.p50_s),
        "p95_s": rounded(summary.p95_s),
        "steps": rounded(summary.steps),
        "over_teacher": rounded(summary.longer),
    }


def worst_as_dict(worst: WorstFamily) -> dict[str, object]:
    """Return plain data: a family, and the instruction, correct answer and predicted goal of one example."""
    prediction, trial = worst.example, worst.example.trial
    goal = format_goal(trial.goal, trial.start.world.domain) if trial.goal and trial.answer == "plan" else trial.meant
    return {
        "family": worst.family, "success": worst.success.as_dict(), "id": trial.id, "asked": trial.instruction,
        "right": goal or trial.answer,
        "understood": prediction.goal_text or None, "status": prediction.last.status, "reason": prediction.last.reason,
    }  # fmt: skip


def scores_as_dict(scores: Scores) -> dict[str, object]:
    """Plain data for programs."""
    kinds: dict[str, Rate] = correct_answer_rates(scores.confusion)
    confusion: Confusion = scores.confusion
    return {
        "all": summary_as_dict(scores.whole),
        "splits": [summary_as_dict(s) for s in scores.splits],
        "families": [summary_as_dict(s) for s in scores.families],
        **({"files": [summary_as_dict(s) for s in scores.files]} if scores.files else {}),
        "confusion": confusion,
        "right_kind": {kind: rate.as_dict() for kind, rate in kinds.items()},
        "worst": [worst_as_dict(w) for w in scores.worst],
    }
