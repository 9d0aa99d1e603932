"""Measuring a planner with several processes: the same predictions as with one, in the same order.

Each process loads the weights once and computes on one thread. A prediction depends on its task and on the seed alone,
not on what was planned before it, so it makes no difference which process it falls to.
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
class Work:
    """What is done with each task.

    Attributes:
        folder: The model's; None: the released weights.
        weights: Their precision.
        ways: How plans are made, the costlier last.
        goals_only: Whether goals alone are written, in the last way.
    """

    folder: Path | None
    weights: Precision = "fp32"
    ways: Mapping[PlanningMode, Options]
    goals_only: bool = False


def predictions(planner: Planner, work: Work, trials: Sequence[EvaluationTask], workers: int) -> Iterator[Prediction]:
    """Yield the prediction of each trial, in order.

    Args:
        planner: The model of `work`, which one process uses; several load their own.
        work: What is done with each.
        trials: The tasks.
        workers: Processes; 1 is this one.

    Raises:
        WorkersError: A trial has killed two processes.
    """
    if workers == 1:
        for trial in trials:
            yield _predict(planner, work, trial)
        return
    items = [_Numbered(number=number, trial=trial) for number, trial in enumerate(trials)]
    finished: dict[int, Prediction] = {}
    number = 0
    with open_workers(workers) as pool, closing(pool.run(_Predict(work), items)) as run:
        for item, prediction in run:
            if isinstance(prediction, Lost):
                raise WorkersError(f"task {item.id}: {prediction.reason}")
            finished[item.number] = replace(prediction, trial=item.trial)  # not a copy of it
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
    work: Work

    def __call__(self, item: _Numbered) -> Prediction:
        return _predict(planner_of(self.work.folder, self.work.weights), self.work, item.trial)


def _predict(planner: Planner, work: Work, trial: EvaluationTask) -> Prediction:
    if work.goals_only:
        return measure_goal(planner, trial, list(work.ways.values())[-1])
    return measure(planner, trial, work.ways)
