"""Aggregate predictions: rates by split and family, the confusion of answer types, and the worst families.

Rates are pooled over all given predictions, of one model or several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.evaluation.measurement import Prediction
from planner.evaluation.statistics import Rate, Spread, mean, quantile
from planner.tasks.task_files import ANSWERS

if TYPE_CHECKING:
    from planner.evaluation.measurement import PlanningMode

MAX_WORST_FAMILIES = 10  # families shown

Confusion = dict[str, dict[str, int]]  # correct type of answer -> given type -> count


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A row of the results: aggregated predictions.

    Attributes:
        exact: Goals that match exactly, among the trials that have a goal.
        same: Goals that are equivalent to the correct goal.
        success: By mode: the task's goal was reached, or the correct type of answer was given.
        rate: By mode: mean goal-condition rate; NaN where no plan was made.
        misread: Silent misreads in the last mode: the robot acted, answered or noted, and not what was said.
        asked: Needless questions: a question back where the right answer is none.
        refused: Needless refusals: a refusal where the right answer is neither that nor a question back.
        p50_s: Median time from instruction to answer in the last mode [s].
        p95_s: Its 95th percentile [s].
        steps: Mean length of the last mode's plans that reach the goal.
        longer: Total length of those plans, divided by that of the teacher's; NaN without the baseline.
    """

    name: str
    total: int
    exact: Rate
    same: Rate
    success: Mapping[PlanningMode, Rate]
    rate: Mapping[PlanningMode, float]
    misread: Rate
    asked: Rate
    refused: Rate
    p50_s: float
    p95_s: float
    steps: float
    longer: float

    def figures(self) -> dict[str, float]:
        """Return every metric of the row by name; NaN where it was not measured."""
        figures = {"goal_exact": self.exact.value, "goal_same": self.same.value}
        figures |= {f"success_{mode}": rate.value for mode, rate in self.success.items()}
        figures |= {f"conditions_{mode}": rate for mode, rate in self.rate.items()}
        figures |= {"misread": self.misread.value, "asked": self.asked.value, "refused": self.refused.value}
        return figures | {"p50_s": self.p50_s, "p95_s": self.p95_s, "steps": self.steps, "over_teacher": self.longer}


@dataclass(frozen=True, kw_only=True)
class WorstFamily:
    """A task family with failures, and its first failed prediction."""

    family: str
    success: Rate
    example: Prediction


@dataclass(frozen=True, kw_only=True)
class Scores:
    """All scores of a set of predictions.

    Attributes:
        whole: All predictions.
        splits: By split; for a task file, by the correct type of answer.
        nouns: By whether the kinds of the homes have known names.
        families: By task family, sorted by name.
        files: By task file, if there are several.
        confusion: Correct against given types of answer, in the last mode.
        worst: The families with the lowest success.
    """

    whole: Summary
    splits: tuple[Summary, ...]
    nouns: tuple[Summary, ...]
    families: tuple[Summary, ...]
    files: tuple[Summary, ...]
    confusion: Confusion
    worst: tuple[WorstFamily, ...]


def score(predictions: Sequence[Prediction], lengths: Mapping[str, int] | None = None) -> Scores:
    """Compute all scores; `lengths` holds the teacher's plan lengths by trial id."""
    families = _group_by(sorted(predictions, key=lambda p: p.trial.family), lambda p: p.trial.family)
    files = _group_by(predictions, lambda p: p.trial.file)
    return Scores(
        whole=summarize("all", predictions, lengths),
        splits=tuple(summarize(n, g, lengths) for n, g in _group_by(predictions, _row).items()),
        nouns=tuple(summarize(n, g, lengths) for n, g in _group_by(predictions, lambda p: p.trial.nouns).items()),
        families=tuple(summarize(name, group, lengths) for name, group in families.items()),
        files=tuple(summarize(n, g, lengths) for n, g in files.items()) if len(files) > 1 else (),
        confusion=confusion(predictions),
        worst=_worst_families(families),
    )


def summarize(name: str, predictions: Sequence[Prediction], lengths: Mapping[str, int] | None = None) -> Summary:
    """Aggregate predictions; `lengths` holds the teacher's plan lengths by trial id."""
    with_goal = [p for p in predictions if p.trial.answer == "plan" and p.trial.goal is not None]
    clear = [p for p in predictions if p.trial.answer not in ("ask", "refuse")]
    modes: list[PlanningMode] = list(predictions[0].attempts) if predictions else []
    seconds = [p.last.seconds for p in predictions]
    reached = [p for p in predictions if p.last.success and p.last.tried]
    compared = [
        (len(p.last.subtasks), lengths[p.trial.id]) for p in reached if lengths and lengths.get(p.trial.id, 0) > 0
    ]
    return Summary(
        name=name,
        total=len(predictions),
        exact=Rate(hits=sum(p.exact for p in with_goal), total=len(with_goal)),
        same=Rate(hits=sum(p.same for p in with_goal), total=len(with_goal)),
        success={
            mode: Rate(hits=sum(p.attempts[mode].success for p in predictions), total=len(predictions))
            for mode in modes
        },
        rate={mode: mean([p.attempts[mode].rate for p in predictions]) for mode in modes},
        misread=Rate(hits=sum(p.last.is_misread for p in predictions), total=len(predictions)),
        asked=Rate(hits=sum(p.last.kind == "ask" for p in clear), total=len(clear)),
        refused=Rate(hits=sum(p.last.kind == "refuse" for p in clear), total=len(clear)),
        p50_s=quantile(seconds, 0.5),
        p95_s=quantile(seconds, 0.95),
        steps=mean([len(p.last.subtasks) for p in reached]),
        longer=sum(steps for steps, _ in compared) / sum(teacher_steps for _, teacher_steps in compared)
        if compared
        else float("nan"),
    )


def confusion(predictions: Sequence[Prediction]) -> Confusion:
    """Count the given types of answer (in the last mode) for each correct type."""
    counts = Counter((str(p.trial.answer), p.last.kind) for p in predictions)
    return {right: {given: counts[right, given] for given in ANSWERS} for right in ANSWERS}


def correct_answer_rates(table: Confusion) -> dict[str, Rate]:
    """Return, for each correct type of answer, how often it was given."""
    return {right: Rate(hits=row[right], total=sum(row.values())) for right, row in table.items()}


def kinds_in(table: Confusion) -> tuple[str, ...]:
    """Return the types of answer that were right or given at least once, in their order."""
    return tuple(k for k in table if any(table[k].values()) or any(row[k] for row in table.values()))


def spread(scores: Sequence[Scores]) -> dict[str, dict[str, dict[str, Spread]]]:
    """Return the spread of each metric over several models on the same tasks.

    Keys: section (`all`, `splits`, `families`, `files`, `answers`), row, metric.
    """

    def rows(groups: Sequence[Sequence[Summary]]) -> dict[str, dict[str, Spread]]:
        by_row: dict[str, dict[str, Spread]] = {}
        for row in zip(*groups, strict=True):
            figures = [summary.figures() for summary in row]
            by_row[row[0].name] = {key: Spread.of(f[key] for f in figures) for key in figures[0]}
        return by_row

    correct_rates: dict[str, Spread] = {
        kind: Spread.of(correct_answer_rates(s.confusion)[kind].value for s in scores) for kind in ANSWERS
    }
    return {
        "all": rows([[s.whole] for s in scores]),
        "splits": rows([s.splits for s in scores]),
        "families": rows([s.families for s in scores]),
        "files": rows([s.files for s in scores]),
        "answers": {"right_kind": correct_rates},
    }


def _row(prediction: Prediction) -> str:
    """Return the row of a prediction in the table of splits."""
    trial = prediction.trial
    return trial.split if trial.nouns == "known" else f"{trial.split}, renamed"


def _group_by(predictions: Sequence[Prediction], key: Callable[[Prediction], str]) -> dict[str, list[Prediction]]:
    groups: dict[str, list[Prediction]] = {}
    for prediction in predictions:
        groups.setdefault(key(prediction), []).append(prediction)
    return groups


def _worst_families(families: Mapping[str, Sequence[Prediction]]) -> tuple[WorstFamily, ...]:
    worst = []
    for name, members in families.items():
        failed = [p for p in members if not p.last.success]
        if failed:
            rate = Rate(hits=len(members) - len(failed), total=len(members))
            worst.append(WorstFamily(family=name, success=rate, example=failed[0]))
    return tuple(sorted(worst, key=lambda w: (w.success.value, -w.success.total, w.family))[:MAX_WORST_FAMILIES])
