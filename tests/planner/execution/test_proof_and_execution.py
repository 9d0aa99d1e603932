"""Proof and execution agree on goals with times: what is proven is reached, with the same steps and waits."""

from __future__ import annotations

import random

import pytest

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.goals import Goal, Guard, When, parse_goal
from planner.corpus.teacher_chunks import proven_plan
from planner.execution.events import Begun, Ended, Waiting
from planner.execution.executor import run
from planner.plans.waits import waits_of
from tests.planner.timed_runs import TeacherPlanner, flat

PARTS = (
    "window closed", "ceiling light on", "desk lamp off", "mug on shelf", "2 mug on desk", "every book on shelf",
    "1 more mug on desk", "milk on countertop", "fridge closed", "holding book", "book from desk on countertop",
    "if window open : ceiling light on", "if not desk lamp on : desk lamp on", "no book on desk",
)  # fmt: skip
WHENS = (
    None, None, When(after_s=0.0), When(after_s=30.0), When(after_s=36_000.0), When(at="08:00"), When(at="08:01"),
    When(at="07:00", daily=True), When(at="00:00"),
)  # fmt: skip


def timed_goal(rng: random.Random) -> Goal:
    parts = [parse_goal(part) for part in rng.sample(PARTS, rng.choice((1, 2, 3, 4)))]
    guards = tuple(Guard(when=rng.choice(WHENS), tests=part.guard(0).tests) for part in parts)
    return Goal(phases=tuple(part.phases[0] for part in parts), guards=guards)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_proven_is_reached_in_execution_with_the_same_steps_and_waits(seed: int) -> None:
    rng = random.Random(seed)
    proven = 0
    for _ in range(40):
        goal, start = timed_goal(rng), flat()
        actions = proven_plan(start, goal)
        if actions is None:
            continue
        proven += 1
        home = SymbolicHome(start)
        events = list(run(actions, goal, home))
        assert isinstance(events[-1], Ended) and events[-1].episode.success, str(goal)
        assert sum(isinstance(event, Begun) for event in events) == len(actions), str(goal)
        waits = [event for event in events if isinstance(event, Waiting)]
        assert len(waits) <= len(waits_of(goal, start, actions)), str(goal)  # some times come while something is done
        *_, last = run(actions, goal, SymbolicHome(start), planner=TeacherPlanner())  # type: ignore[arg-type]
        assert isinstance(last, Ended)
        assert last.episode.success or last.episode.shortfall, str(goal)  # the teacher chooses what `from` is anew
    assert proven >= 20
