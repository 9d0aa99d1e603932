"""What many predictions come to: rates by split and family, which kind of answer was given, the worst families.

Rates are pooled over all predictions they are given, of one model or of several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.evaluation.measurement import ANSWERS, Prediction
from planner.evaluation.statistics import Rate, Spread, mean, quantile

if TYPE_CHECKING:
    from planner.evaluation.measurement import PlanningMode

MAX_WORST_FAMILIES = 10  # families shown

Confusion = dict[str, dict[str, int]]  # right kind of answer -> kind given -> how often


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A row of the results: several predictions together.

    Attributes:
        exact: Goals written word for word, of the trials that have a goal.
        same: Goals that mean the same: all of the goal is right.
        success: By way: the task's goal was reached, or the right kind of answer was given.
        rate: By way: mean goal-condition rate; NaN where no plan was made.
        p50_s: Median time from instruction to answer of the last way [s].
        p95_s: Its 95th percentile [s].
        steps: Mean length of the last way's plans that reach the goal.
        longer: Those plans' length over the teacher's; NaN without the baseline.
    """

    name: str
    total: int
    exact: Rate
    same: Rate
    success: Mapping[PlanningMode, Rate]
    rate: Mapping[PlanningMode, float]
    p50_s: float
    p95_s: float
    steps: float
    longer: float

    def figures(self) -> dict[str, float]:
        """Every number of the row by its name; NaN where it was not measured."""
        figures = {"goal_exact": self.exact.value, "goal_same": self.same.value}
        figures |= {f"success_{mode}": rate.value for mode, rate in self.success.items()}
        figures |= {f"conditions_{mode}": rate for mode, rate in self.rate.items()}
        return figures | {"p50_s": self.p50_s, "p95_s": self.p95_s, "steps": self.steps, "over_teacher": self.longer}


@dataclass(frozen=True, kw_only=True)
class WorstFamily:
    """A family in which something failed, and the first prediction that did."""

    family: str
    success: Rate
    example: Prediction


@dataclass(frozen=True, kw_only=True)
class Scores:
    """All that is read out of predictions.

    Attributes:
        whole: All of them.
        splits: By split; of a task file, by the right kind of answer.
        families: By kind of task, in the order of names.
        confusion: The right kind of answer against the one given, by the last way.
        false_refusals: The part of plannable tasks that was refused.
        false_questions: The part of plannable tasks that was asked about.
        worst: The families that succeed least.
    """

    whole: Summary
    splits: tuple[Summary, ...]
    families: tuple[Summary, ...]
    confusion: Confusion
    false_refusals: Rate
    false_questions: Rate
    worst: tuple[WorstFamily, ...]


def score(predictions: Sequence[Prediction], lengths: Mapping[str, int] | None = None) -> Scores:
    """Read everything out of predictions; `lengths` are those of the teacher's plans, by the trial's id."""
    families = _group_by(sorted(predictions, key=lambda p: p.trial.family), lambda p: p.trial.family)
    table = confusion(predictions)
    return Scores(
        whole=summarize("all", predictions, lengths),
        splits=tuple(summarize(n, g, lengths) for n, g in _group_by(predictions, lambda p: p.trial.split).items()),
        families=tuple(summarize(name, group, lengths) for name, group in families.items()),
        confusion=table,
        false_refusals=false_answers(table, "refuse"),
        false_questions=false_answers(table, "ask"),
        worst=_worst_families(families),
    )


def summarize(name: str, predictions: Sequence[Prediction], lengths: Mapping[str, int] | None = None) -> Summary:
    """Put predictions together; `lengths` are those of the teacher's plans, by the trial's id."""
    with_goal = [p for p in predictions if p.trial.answer == "plan" and p.trial.goal is not None]
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
        p50_s=quantile(seconds, 0.5),
        p95_s=quantile(seconds, 0.95),
        steps=mean([len(p.last.subtasks) for p in reached]),
        longer=sum(steps for steps, _ in compared) / sum(teacher_steps for _, teacher_steps in compared)
        if compared
        else float("nan"),
    )


def confusion(predictions: Sequence[Prediction]) -> Confusion:
    """Count, for each right kind of answer, the kinds that were given (by the last way)."""
    counts = Counter((str(p.trial.answer), p.last.kind) for p in predictions)
    return {right: {given: counts[right, given] for given in ANSWERS} for right in ANSWERS}


def correct_answer_rates(table: Confusion) -> dict[str, Rate]:
    """Return, for each right kind of answer, how often that kind was given."""
    return {right: Rate(hits=row[right], total=sum(row.values())) for right, row in table.items()}


def false_answers(table: Confusion, kind: str) -> Rate:
    """Return the part of plannable tasks that were answered by a `kind` (refuse or ask) instead."""
    return Rate(hits=table["plan"][kind], total=sum(table["plan"].values()))


def spread(scores: Sequence[Scores]) -> dict[str, dict[str, dict[str, Spread]]]:
    """Return how far each figure differs between the scores of several models on the same tasks.

    By section (`all`, `splits`, `families`, `answers`), then by row, then by figure.
    """

    def rows(groups: Sequence[Sequence[Summary]]) -> dict[str, dict[str, Spread]]:
        by_row: dict[str, dict[str, Spread]] = {}
        for row in zip(*groups, strict=True):
            figures = [summary.figures() for summary in row]
            by_row[row[0].name] = {key: Spread.of(f[key] for f in figures) for key in figures[0]}
        return by_row

    false_rates = {
        "false_refusals": Spread.of(s.false_refusals.value for s in scores),
        "false_questions": Spread.of(s.false_questions.value for s in scores),
    }
    correct_rates = {kind: Spread.of(correct_answer_rates(s.confusion)[kind].value for s in scores) for kind in ANSWERS}
    return {
        "all": rows([[s.whole] for s in scores]),
        "splits": rows([s.splits for s in scores]),
        "families": rows([s.families for s in scores]),
        "answers": {"false": false_rates, "right_kind": correct_rates},
    }


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
