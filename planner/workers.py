"""Measuring a planner with several processes: the same predictions as with one, in the same order.

Each process loads the weights once and computes on one thread. A prediction depends on its task and on the seed alone,
not on what was planned before it, so it makes no difference which process it falls to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

from gpt.runtime.threads import limit_blas_threads
from planner.decode import Planner
from planner.measure import measure, measure_goal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.answer import Options, Precision
    from planner.held_out import Trial
    from planner.measure import Prediction, Way


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
    ways: Mapping[Way, Options]
    goals_only: bool = False


def predictions(planner: Planner, work: Work, trials: Sequence[Trial], workers: int) -> Iterator[Prediction]:
    """Yield the prediction of each trial, in order.

    Args:
        planner: The model of `work`, which one process uses; several load their own.
        work: What is done with each.
        trials: The tasks.
        workers: Processes; 1 is this one.
    """
    if workers == 1:
        for trial in trials:
            yield _predict(planner, work, trial)
        return
    with ProcessPoolExecutor(min(workers, max(1, len(trials))), get_context("spawn"), _prepare) as pool:
        chunk = max(1, min(4, len(trials) // (4 * workers)))
        for trial, found in zip(trials, pool.map(_Predict(work), trials, chunksize=chunk), strict=True):
            yield replace(found, trial=trial)  # not a copy of it


@dataclass(frozen=True)
class _Predict:
    work: Work

    def __call__(self, trial: Trial) -> Prediction:
        return _predict(_planner(self.work.folder, self.work.weights), self.work, trial)


def _prepare() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # of onnxruntime, which reads it when it is loaded
    limit_blas_threads(1)


def _predict(planner: Planner, work: Work, trial: Trial) -> Prediction:
    if work.goals_only:
        return measure_goal(planner, trial, list(work.ways.values())[-1])
    return measure(planner, trial, work.ways)


@lru_cache(maxsize=1)
def _planner(folder: Path | None, weights: Precision) -> Planner:
    return Planner.load(folder, weights=weights)
