"""A small home, a planner that asks the teacher, and a counted clock, for tests of goals with times."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import Goal
from planner.corpus.teacher_chunks import taught_actions
from tests.envs.homes_for_tests import state


def flat() -> State:
    return state(
        ["countertop 1", "desk 1", "shelf 1", "fridge 1", "window 1: open", "ceiling light 1", "desk lamp 1: on"],
        {
            "mug 1": "countertop 1",
            "mug 2": "desk 1",
            "book 1": "desk 1",
            "book 2": "countertop 1",
            "milk 1": "fridge 1",
        },
    )  # fmt: skip


class TeacherPlanner:
    """Plans with the rule-based teacher, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[SimpleNamespace] = []

    def plan_for_goal(
        self, goal: Goal, now: State, options: object = None, *, phase: int = 0, begun: bool = False, **more: object
    ) -> SimpleNamespace:
        self.asked.append(SimpleNamespace(goal=goal, state=now, phase=phase, begun=begun, **more))
        reason, actions = "", tuple[Action, ...]()
        try:
            rest = goal.after(phase, begun=begun)
            actions = tuple(taught_actions(now, rest))
        except LookupError as error:
            reason = str(error) or "nothing reaches it"
        subtasks = tuple(format_action(now.world, action) for action in actions)
        return SimpleNamespace(actions=actions, subtasks=subtasks, is_proven=not reason, reason=reason, waits=())


class CountedMachine:
    """A machine whose time of day passes only while a program sleeps."""

    def __init__(self, start: datetime) -> None:
        self.time, self.sleeps = start, list[float]()

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += timedelta(seconds=seconds)
