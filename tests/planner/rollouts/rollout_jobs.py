"""Jobs for tests of the workers: each beginning of an item leaves a file, and some items are hard on their workers."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envs.symbolic.actions import State
from envs.symbolic.goals import parse_goal
from planner.errors import StageError
from planner.io.json_lines import Record
from planner.plans.options import Options
from planner.rollouts.model_jobs import ModelJob
from planner.workers.worker_pool import Lost, Workers


@dataclass(frozen=True, kw_only=True)
class Job:
    """Squares numbers.

    Attributes:
        notes: Where each beginning leaves a file.
        deadly: Items that kill their worker, and how often: then they are made.
        wrong: Items that raise an exception that nobody can mend, and those that raise one that a person can.
        wait_s: What each takes.
        hanging: Items that take for ever.
        meeting: Items go on only when so many workers have begun one: nobody makes them all while others start.
        fatal: Items that kill whoever started their worker, when they are begun for the first time.
    """

    notes: Path
    deadly: tuple[tuple[str, int], ...] = ()
    wrong: tuple[str, ...] = ()
    mendable: tuple[str, ...] = ()
    hanging: tuple[str, ...] = ()
    wait_s: float = 0.0
    meeting: int = 0
    fatal: tuple[str, ...] = ()

    def __call__(self, key: str) -> Record:
        (self.notes / f"{key}-{time.monotonic_ns()}-{os.getpid()}").touch()
        if key in self.fatal and begun(self.notes)[key] == 1:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600.0)  # it ends with whom it killed
        while self.meeting and len(workers_of(self.notes)) < self.meeting:
            time.sleep(0.002)
        if begun(self.notes)[key] <= dict(self.deadly).get(key, 0):
            os.kill(os.getpid(), signal.SIGKILL)
        if key in self.wrong:
            raise ValueError("no such square")
        if key in self.mendable:
            raise StageError("the square is to be sharpened")
        time.sleep(600.0 if key in self.hanging else self.wait_s)
        return {"id": key, "square": int(key) ** 2, "success": int(key) % 2 == 0}


class Losable(Job):
    """A job that says what the record of an item is that nothing came of."""

    def failed(self, key: str) -> Record:
        """Return that record."""
        return {"id": key, "success": False}


@dataclass(frozen=True, kw_only=True)
class Unsendable:
    """Returns what cannot be sent."""

    def __call__(self, key: str) -> object:
        return lambda: key


@dataclass(frozen=True, kw_only=True)
class Plan(ModelJob):
    """Plans for one goal after another."""

    start: State

    def __call__(self, key: str) -> Record:
        """Return the plan for a goal."""
        plan = self.planner().plan_for_goal(parse_goal(key), self.start, Options(samples=1))
        return {"id": key, "plan": list(plan.subtasks), "logprob": round(plan.logprob, 9) if plan.subtasks else None}


def begun(notes: Path) -> Counter[str]:
    """Return how often each item was begun."""
    return Counter(path.name.split("-")[0] for path in notes.iterdir())


def workers_of(notes: Path) -> set[int]:
    """Return the processes that have worked."""
    return {int(path.name.split("-")[2]) for path in notes.iterdir()}


def run_with_a_kill(workers: Workers, job: Job, items: Sequence[str]) -> list[str]:
    """Run a job, and kill one of its workers once three items are made; returns the items as they were made."""
    made: list[str] = []
    for key, record in workers.run(job, items):
        assert not isinstance(record, Lost)
        made.append(key)
        if len(made) == 3:
            os.kill(max(workers_of(job.notes)), signal.SIGKILL)
    return made
