"""One answer of the planner for a robot, judged: by a replay, and where it refuses by the teacher and a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from envs.symbolic.actions import successor, unmet_precondition
from planner.corpus.teacher_chunks import taught_actions
from planner.verification.plan_verification import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.goals import Goal
    from envs.symbolic.state import Action, State
    from planner.plans.planning_result import Plan

Verdict = Literal["planned", "refused", "not planned", "wrong", "refused needlessly"]
"""`wrong`: a proven plan that the robot cannot carry out or that misses its goal."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An answer and what is to be said of it.

    Attributes:
        goal: The goal.
        construct: What the goal is about.
        verdict: See `Verdict`.
        reason: What the planner said, if it did not plan.
        beyond: Steps, of whatever it wrote, that the robot cannot do, each with why.
        possible: Whether the teacher or the search found a plan for this robot; only asked where none was proven.
        seconds: Time to the answer [s].
    """

    goal: str
    construct: str
    verdict: Verdict
    reason: str
    beyond: tuple[str, ...]
    possible: bool
    seconds: float


def verdict_of(plan: Plan, goal: Goal, state: State, beyond: Sequence[str], *, possible: bool) -> Verdict:
    """Judge an answer."""
    if plan.is_proven:
        return "planned" if verify(state, goal, plan.actions).ok and not beyond else "wrong"
    if plan.status == "refused":
        return "refused needlessly" if possible else "refused"
    return "not planned"


def beyond_robot(state: State, actions: Sequence[Action]) -> Iterator[str]:
    """Yield the steps that are not among the robot's skills, or that its hand cannot do, with why."""
    domain = state.world.domain
    for action in actions:
        if action.skill not in domain.skills:
            yield f"{action.skill}: it lacks the skill"
            continue
        if (reason := unmet_precondition(state, action)) is not None:
            yield f"{' '.join((action.skill, *action.args))}: {reason}"
            continue
        state = successor(state, action)


def is_possible(state: State, goal: Goal, *, search_s: float = 0.0) -> bool:
    """Whether the teacher has a proven plan for the robot of a home or, with a time for it, Fast Downward."""
    for common_sense in (False, True):
        try:
            actions = taught_actions(state, goal, common_sense=common_sense)
        except LookupError:
            continue
        if verify(state, goal, actions).ok:
            return True
    if not search_s:
        return False
    from planner.errors import ExportError
    from planner.plans.pddl.adl_problem import to_pddl
    from planner.plans.pddl.fast_downward import solve

    try:
        found = solve(to_pddl(goal, state), timeout_s=search_s)
    except ExportError:  # the goal cannot be written in PDDL
        return False
    return found is not None and verify(state, goal, found).ok
