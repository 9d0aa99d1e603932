"""Actors of a Ray cluster make what one process makes, and a dead one costs what it had."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envs.symbolic.actions import State
from planner.errors import WorkersError
from planner.rollouts import open_workers
from planner.rollouts.resumable_stage import stage
from planner.workers.worker_pool import Lost, Workers
from tests.planner.rollouts.rollout_jobs import Job, Plan, begun, run_with_a_kill, workers_of

IDS = [str(number) for number in range(10)]
GOALS = ["mug on dining table", "plate on dining table", "desk lamp on", "mug on countertop"]

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # it starts in seconds; its warnings are its own


def test_where_no_cluster_is_the_message_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    for address in ("auto", "127.0.0.1:1", "nowhere"):
        with pytest.raises(WorkersError, match=rf"no Ray cluster answers at {address} .* `ray start --head`"):
            open_workers(ray=address)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Workers]:
    """Two actors of a cluster of this machine, which stay from one job to the next."""
    ray: Any = pytest.importorskip("ray", reason="Ray is an extra: pip install '.[cluster]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")  # it would write a key to the home folder
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        try:
            with open_workers(ray="auto") as workers:
                yield workers
        finally:
            ray.shutdown()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def test_actors_write_the_same_bytes(cluster: Workers, notes: Path, tmp_path: Path) -> None:
    stage(tmp_path / "there.jsonl", IDS, Job(notes=notes, wait_s=0.05), "test", workers=cluster)
    assert len(workers_of(notes)) == 2 and os.getpid() not in workers_of(notes)
    stage(tmp_path / "here.jsonl", IDS, Job(notes=notes), "test")
    assert (tmp_path / "there.jsonl").read_bytes() == (tmp_path / "here.jsonl").read_bytes()
    assert begun(notes) == dict.fromkeys(IDS, 2)


def test_a_killed_actor_costs_its_own_item(cluster: Workers, notes: Path) -> None:
    made = dict(cluster.run(Job(notes=notes, deadly=(("3", 1), ("5", 9)), wait_s=0.01), IDS))
    assert made["5"] == Lost(reason="the worker died twice (its actor died)")
    assert [key for key in IDS if not isinstance(made[key], Lost)] == [key for key in IDS if key != "5"]
    assert begun(notes) == {key: 2 if key in ("3", "5") else 1 for key in IDS}


def test_an_actor_killed_from_outside_is_replaced(cluster: Workers, notes: Path) -> None:
    made = run_with_a_kill(cluster, Job(notes=notes, wait_s=0.1), IDS)
    assert sorted(made, key=int) == IDS
    assert sum(begun(notes).values()) <= len(IDS) + 1


def test_an_exception_names_its_item(cluster: Workers, notes: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^5: ValueError: no such square"):
        list(cluster.run(Job(notes=notes, wrong=("5",)), IDS))


def test_weights_are_sent_where_they_are_not(
    cluster: Workers, model_folder: Path, flat: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is gone as soon as the job has been sent: the actors have only what came with it."""
    here = stage(tmp_path / "here.jsonl", GOALS, Plan(model=model_folder, start=flat), "test")
    gone = tmp_path / "gone"
    shutil.copytree(model_folder, gone)
    pack = type(cluster)._pack  # type: ignore[attr-defined]

    def packed(self: Workers, job: object) -> object:
        sent = pack(self, job)
        shutil.rmtree(gone)
        return sent

    monkeypatch.setattr(type(cluster), "_pack", packed)
    assert stage(tmp_path / "there.jsonl", GOALS, Plan(model=gone, start=flat), "test", workers=cluster) == here
