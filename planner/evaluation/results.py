"""The results of an evaluation of one model or of several training seeds, as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from planner.evaluation.measurement import Prediction
from planner.evaluation.statistics import Rate
from planner.evaluation.summary import Scores, score, spread, summarize
from planner.evaluation.tables import (
    confusion_table,
    right_kinds_table,
    scores_as_dict,
    spread_table,
    success_table,
    summary_as_dict,
    worst_table,
)
from planner.plans.options import Precision


@dataclass(frozen=True, kw_only=True)
class TaskProblem:
    """A task that could not be created: its home is invalid, or the task is impossible."""

    id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """What was evaluated, and how.

    Attributes:
        tasks: The task files; None: the built-in splits.
        models: The model folders, as given.
        weights: Precision of the weights.
        seed: Seed of tasks, homes and samples.
        samples: More plans sampled if the first fails.
        inventory: Whether the prompt listed the home's objects.
        steps: Whether the prompt included the step-by-step descriptions.
        goals_only: Whether only goals were predicted, without plans.
        common_sense: Whether objects were chosen as people do (planner/goals/choice.py).
        renamed: Share of the kinds of objects that had other names in the renamed homes; 0: no home was renamed.
    """

    tasks: tuple[str, ...] | None
    models: tuple[str, ...]
    weights: Precision
    seed: int
    samples: int
    inventory: bool
    steps: bool
    goals_only: bool
    common_sense: bool = True
    renamed: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Results:
    """All results of an evaluation.

    Attributes:
        setting: What was evaluated, and how.
        predictions: The predictions of each model, in the order of `setting.models`, on the same trials.
        problems: Tasks that could not be created.
        lengths: Lengths of the teacher's plans by trial id; None without the baseline.
        episodes: Episodes of plans executed in physics; None if not requested.
    """

    setting: EvaluationSettings
    predictions: Sequence[Sequence[Prediction]]
    problems: Sequence[TaskProblem] = ()
    lengths: Mapping[str, int] | None = None
    episodes: Sequence[Mapping[str, object]] | None = None
    pooled: Scores = field(init=False)
    by_model: Sequence[Scores] = field(init=False)

    def __post_init__(self) -> None:
        """Compute the scores."""
        all_predictions = [p for predictions in self.predictions for p in predictions]
        object.__setattr__(self, "pooled", score(all_predictions, self.lengths))
        object.__setattr__(self, "by_model", [score(p, self.lengths) for p in self.predictions])

    @property
    def teacher(self) -> Rate | None:
        """Rate of plannable tasks that the teacher solves; None without the baseline."""
        plannable = sum(p.trial.answer == "plan" for p in self.predictions[0])
        return Rate(hits=len(self.lengths), total=plannable) if self.lengths is not None else None

    @property
    def reference(self) -> Rate | None:
        """Rate of reference plans that reach the goal; None without reference plans."""
        outcomes = [p.reference for p in self.predictions[0] if p.reference is not None]
        return Rate(hits=sum(outcomes), total=len(outcomes)) if outcomes else None

    @property
    def physics(self) -> Rate | None:
        """Success rate of plans executed in physics; None if not requested."""
        if self.episodes is None:
            return None
        return Rate(hits=sum(bool(e["success"]) for e in self.episodes), total=len(self.episodes))

    @property
    def tasks_with_steps(self) -> Rate:
        """Rate of tasks whose prompt includes a step-by-step description."""
        trials = [p.trial for p in self.predictions[0]]
        return Rate(hits=sum(t.prompt != t.instruction for t in trials), total=len(trials))

    def lines(self) -> Iterator[dict[str, object]]:
        """Yield one record per prediction, and one per task that could not be created."""
        for model, predictions in zip(self.setting.models, self.predictions, strict=True):
            for prediction in predictions:
                yield {"model": model} | prediction.as_dict()
        for problem in self.problems:
            yield {"id": problem.id, "error": problem.reason}

    def as_dict(self) -> dict[str, object]:
        """Return plain data. With several models, rates are pooled, and `spread` holds their variation."""
        setting = self.setting
        record: dict[str, object] = {
            "tasks": None if setting.tasks is None else list(setting.tasks), "models": list(setting.models),
            "weights": setting.weights, "seed": setting.seed, "samples": setting.samples,
            "inventory": setting.inventory, "goals_only": setting.goals_only, "common_sense": setting.common_sense,
            "steps": self.tasks_with_steps.as_dict() if setting.steps else None,
        }  # fmt: skip
        record |= scores_as_dict(self.pooled)
        if setting.renamed:
            record |= {"renamed": setting.renamed, "nouns": [summary_as_dict(s) for s in self.pooled.nouns]}
        if len(self.predictions) > 1:
            each = zip(setting.models, self.by_model, strict=True)
            record["by_model"] = [{"model": model} | scores_as_dict(scores) for model, scores in each]
            record["spread"] = {
                section: {row: {key: s.as_dict() for key, s in figures.items()} for row, figures in rows.items()}
                for section, rows in spread(self.by_model).items()
            }
        rate, episodes = self.physics, self.episodes
        return record | {
            "teacher": self.teacher.as_dict() if self.teacher else None,
            "reference": self.reference.as_dict() if self.reference else None,
            "physics": {"success": rate.as_dict(), "episodes": list(episodes)} if rate and episodes else None,
            "errors": [{"id": p.id, "reason": p.reason} for p in self.problems],
        }

    def __str__(self) -> str:
        """Format the results as text."""
        return "\n".join(("\n\n".join(self._tables()), *self._notes()))

    def _tables(self) -> Iterator[str]:
        from_file, scores = self.setting.tasks is not None, self.pooled
        yield self._headline()
        if from_file:
            by_answer = scores.splits if len(scores.splits) > 1 else ()
            yield success_table([scores.whole, *by_answer], "answer")
        else:
            yield success_table(scores.splits, "split")
        if len(scores.nouns) > 1:
            yield success_table(scores.nouns, "nouns")
        if from_file and len(scores.families) > 1:
            yield success_table(scores.families, "family")
        if scores.files:
            yield success_table(scores.files, "file")
        yield confusion_table(scores)
        if len(self.predictions) > 1:
            yield from self._model_tables(from_file)
        if scores.worst:
            yield f"worst families, with an example\n{worst_table(scores.worst)}"

    def _headline(self) -> str:
        time_text = "time from instruction to answer"
        if self.setting.goals_only:
            headline = (
                f"Goals alone, no plans: 95 % Wilson intervals; {time_text}, reading the home's inventory included."
            )
        else:
            headline = f"Success against the task's own goal, with 95 % Wilson intervals; {time_text}."
        if self.setting.weights != "fp32":
            headline += f"\nThe weights were rounded to {self.setting.weights}."
        if not self.setting.inventory:
            headline += "\nThe prompt did not say what the home has."
        if not self.setting.common_sense:
            headline += "\nObjects were chosen as in the corpus, without common sense."
        if self.setting.renamed:
            share = "all" if self.setting.renamed == 1 else f"{100 * self.setting.renamed:.0f} % of the"
            headline += f"\nIn the renamed homes, {share} kinds of objects are called by nouns that no corpus has."
        if self.setting.steps:
            with_steps = self.tasks_with_steps
            without = with_steps.total - with_steps.hits
            headline += f"\nThe GPT was told step-by-step descriptions; {without} of {with_steps.total} tasks "
            headline += "have none and were told as they are."
        if len(self.predictions) > 1:
            headline += f"\n{len(self.predictions)} models, pooled: the intervals say nothing of how models differ."
        return headline

    def _model_tables(self, from_file: bool) -> Iterator[str]:
        names = self.setting.models
        rows = [summarize(n, p, self.lengths) for n, p in zip(names, self.predictions, strict=True)]
        yield success_table(rows, "model")
        spreads = spread(self.by_model)
        yield f"Over {len(names)} models: mean ± half of the 95 % t-interval (least-greatest)."
        yield spread_table(spreads["all"] if from_file else spreads["splits"], "answer" if from_file else "split")
        if from_file and len(spreads["families"]) > 1:
            yield spread_table(spreads["families"], "family")
        if spreads["files"]:
            yield spread_table(spreads["files"], "file")
        yield right_kinds_table(spreads["answers"])

    def _notes(self) -> Iterator[str]:
        baselines = (("teacher reaches", self.teacher), ("reference plans reach", self.reference))
        for name, rate in (*baselines, ("carried out in physics", self.physics)):
            if rate is not None and rate.total:
                yield f"{name}: {rate} of {rate.total}"
        for episode in self.episodes or ():
            if not episode["success"]:
                yield f"  {episode['id']}: {episode['failed'] or 'the goal does not hold'}"
        if self.problems:
            yield f"errors: {len(self.problems)} tasks could not be created (see stderr), not counted above"
