"""Measure a planner with several processes: the same predictions as with one process, in the same order.

Each process loads the weights once and computes on one thread. A prediction depends only on its task and the seed, so
it does not matter which process computes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.errors import WorkersError
from planner.evaluation.measurement import measure, measure_goal
from planner.rollouts import open_workers
from planner.rollouts.model_jobs import planner_of
from planner.rollouts.worker_pool import Lost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.api import Planner
    from planner.evaluation.measurement import PlanningMode, Prediction
    from planner.plans.options import Options, Precision
    from planner.tasks.held_out_trials import EvaluationTask


@dataclass(frozen=True, kw_only=True)
class EvaluationJob:
    """What to compute for each task.

    Attributes:
        folder: Model folder; None: the released weights.
        weights: Precision of the weights.
        modes: Options by planning mode, the most expensive last.
        goals_only: Whether to predict only goals, with the options of the last mode.
    """

    folder: Path | None
    weights: Precision = "fp32"
    modes: Mapping[PlanningMode, Options]
    goals_only: bool = False


def predictions(
    planner: Planner, job: EvaluationJob, trials: Sequence[EvaluationTask], workers: int
) -> Iterator[Prediction]:
    """Yield the prediction of each trial, in order.

    Args:
        planner: The model of `job`, used with one process; several processes load their own.
        job: What to compute for each trial.
        trials: The tasks.
        workers: Number of processes; 1: this process.

    Raises:
        WorkersError: A trial killed two processes.
    """
    if workers == 1:
        for trial in trials:
            yield _predict(planner, job, trial)
        return
    items = [_Numbered(number=number, trial=trial) for number, trial in enumerate(trials)]
    finished: dict[int, Prediction] = {}
    number = 0
    with open_workers(workers) as pool, closing(pool.run(_Predict(job), items)) as run:
        for item, prediction in run:
            if isinstance(prediction, Lost):
                raise WorkersError(f"task {item.id}: {prediction.reason}")
            finished[item.number] = replace(
                prediction, trial=item.trial
            )  # the caller's own object, not an unpickled copy
            while number in finished:
                yield finished.pop(number)
                number += 1


@dataclass(frozen=True, kw_only=True)
class _Numbered:
    number: int
    trial: EvaluationTask

    @property
    def id(self) -> str:
        return self.trial.id


@dataclass(frozen=True)
class _Predict:
    job: EvaluationJob

    def __call__(self, item: _Numbered) -> Prediction:
        return _predict(planner_of(self.job.folder, self.job.weights), self.job, item.trial)


def _predict(planner: Planner, job: EvaluationJob, trial: EvaluationTask) -> Prediction:
    if job.goals_only:
        return measure_goal(planner, trial, list(job.modes.values())[-1])
    return measure(planner, trial, job.modes)
