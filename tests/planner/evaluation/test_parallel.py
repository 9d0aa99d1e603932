"""Several processes predict what one does."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

from envs.symbolic.actions import State
from planner.api import Planner
from planner.evaluation.measurement import Prediction, planning_modes
from planner.evaluation.parallel import EvaluationJob, predictions
from planner.tasks.held_out_trials import EvaluationTask
from tests.planner.conftest import KNOWN


def trials(flat: State) -> list[EvaluationTask]:
    return [
        EvaluationTask(
            id=str(number), split="known", family="all", instruction=said, start=flat, goal=None, answer="refuse"
        )
        for number, said in enumerate(KNOWN)
    ]


def untimed(found: Prediction) -> dict[str, object]:
    """A prediction without what differs from run to run."""
    return replace(
        found, attempts={way: replace(attempt, seconds=0.0) for way, attempt in found.attempts.items()}
    ).as_dict()


def test_predictions_do_not_depend_on_the_number_of_processes(
    memorized: Planner, model_folder: Path, flat: State
) -> None:
    work = EvaluationJob(folder=model_folder, modes=planning_modes(samples=1))
    one, two = (list(predictions(memorized, work, trials(flat), count)) for count in (1, 2))
    assert [untimed(p) for p in one] == [untimed(p) for p in two]
    assert [p.trial.id for p in two] == [str(n) for n in range(len(KNOWN))]


def test_goals_alone_can_be_predicted_by_several_too(memorized: Planner, model_folder: Path, flat: State) -> None:
    work = EvaluationJob(folder=model_folder, modes=planning_modes(samples=0), goals_only=True)
    one, two = (list(predictions(memorized, work, trials(flat)[:2], count)) for count in (1, 2))
    assert [untimed(p) for p in one] == [untimed(p) for p in two]


def test_a_prediction_of_another_process_is_of_the_trial_itself(
    memorized: Planner, model_folder: Path, flat: State
) -> None:
    given = trials(flat)[:2]
    work = EvaluationJob(folder=model_folder, modes=planning_modes(samples=0), goals_only=True)
    assert all(p.trial is trial for p, trial in zip(predictions(memorized, work, given, 2), given, strict=True))


def test_a_home_that_is_sent_to_another_process_is_its_scene_alone(flat: State) -> None:
    sent = pickle.dumps(flat)
    assert len(sent) < 20_000
    come = pickle.loads(sent)
    assert come[1:] == flat[1:] and come.world.names == flat.world.names and come.world.domain is flat.world.domain
