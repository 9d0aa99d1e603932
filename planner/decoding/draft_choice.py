"""Replays drafts of a plan, cuts them where they stop making progress, and chooses the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.verification.plan_progress import Nearness, progress_along
from planner.verification.plan_verification import Report, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from planner.decoding.goal_planner import GoalPlanner
    from planner.decoding.plan_writer import Draft
    from planner.facts.failure_notes import FailedPlan
    from planner.plans.options import Options


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A draft after its replay.

    Attributes:
        draft: What the GPT wrote.
        actions: The plan: all of it if it reaches the goal, otherwise the part that makes progress.
        report: The replay of `actions`.
        progress: How far they get.
    """

    draft: Draft
    actions: tuple[Action, ...]
    report: Report
    progress: Nearness

    @property
    def merit(self) -> tuple[bool, Nearness, int, float]:
        """The sort key, greatest first: success, progress, few subtasks, log-probability."""
        return self.report.ok, self.progress, -len(self.actions), self.draft.logprob


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The best of the drafts that were written, and its goal; `tried` and `tokens` count all of them."""

    best: Candidate
    goal: Goal
    tried: int
    tokens: int


def choose(
    planner: GoalPlanner, goals: Sequence[Goal], written: Goal, state: State, initial_state: State, options: Options,
    avoid: frozenset[int], failed_plan: FailedPlan | None,
) -> Choice:  # fmt: skip
    """Write drafts for the first goal until one reaches it; if none does, for the next one.

    If none of them is reached, the drafts for the goal as it is `written`, one of them, show how far they get.
    """
    shown: Candidate | None = None
    tried = tokens = 0
    for goal in goals:
        best: Candidate | None = None
        for draft in planner.drafts(goal, state, initial_state, options, avoid, failed_plan):
            tried += 1
            tokens += draft.tokens
            candidate = judge(draft, goal, state, initial_state, constrained=options.constrained)
            if best is None or not best.draft.actions or candidate.merit > best.merit:
                best = candidate
            if candidate.report.ok or not options.constrained:
                break
        if best is not None and best.report.ok:
            return Choice(best=best, goal=goal, tried=tried, tokens=tokens)
        shown = best if goal == written else shown
    assert shown is not None
    return Choice(best=shown, goal=written, tried=tried, tokens=tokens)


def judge(draft: Draft, goal: Goal, state: State, initial_state: State, *, constrained: bool) -> Candidate:
    """Replay a draft.

    Args:
        draft: The draft.
        goal: Its goal.
        state: The state where it begins.
        initial_state: The episode's initial state.
        constrained: Whether only applicable subtasks could be written. Otherwise the draft is judged as it was written,
            because that is what unconstrained decoding is measured for.
    """
    report = verify(state, goal, draft.actions, initial_state=initial_state)
    actions, progress = progress_along(goal, draft.actions, state, initial_state)
    if report.ok or not constrained:
        actions = tuple(draft.actions)
    elif len(actions) < len(draft.actions):
        report = verify(state, goal, actions, initial_state=initial_state)
    return Candidate(draft=draft, actions=actions, report=report, progress=progress)
