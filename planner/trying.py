"""Trying a task: what the GPT makes of it in one direct pass, what the slow planner does, and what went wrong first.

The record of a try depends on the task and the weights alone. No teacher and no search takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from envs.goals import Goal, parse_goal
from envs.state import Action, State, World, format_action, parse_action
from planner.answer import Options
from planner.failures import misplanned, misread
from planner.lessons import Attempt
from planner.propose import Proposal
from planner.verify import verify

if TYPE_CHECKING:
    from planner.decode import Planner
    from planner.stages import Record

DIRECT = Options(samples=0, constrained=False, chunks=False, clauses=False, grounded=False)


def try_task(planner: Planner, task: Proposal, *, samples: int, attempts: int) -> Record:
    """Return the record of a task's episode.

    Args:
        planner: Whose GPT tries.
        task: What is to be done.
        samples: Further plans of the slow planner, where the first fails.
        attempts: Plans that the direct pass draws for the task's goal, besides the likeliest one.
    """
    goal = parse_goal(task.goal)
    start = task.start()
    found = planner.understand(task.instruction, start, DIRECT)
    failure, direct = misread(found, goal), False
    if found.goal is not None:
        draft = planner.draft(found.goal, start, DIRECT)
        report = verify(start, goal, draft.actions)
        direct = report.ok
        failure = None if direct else failure or misplanned(draft, report, goal, start)
    slow = planner.reach(goal, start, Options(samples=samples))
    report = verify(start, goal, slow.actions)
    tried, plan = _attempts(planner, goal, start, attempts), slow.actions
    for drawn, actions in tried:  # the shortest plan that works is learnt from
        if drawn.success and (not report.ok or drawn.steps < len(plan)):
            report, plan = verify(start, goal, actions), tuple(actions)
    return {
        "id": task.id, "instruction": task.instruction, "goal": task.goal, "origin": task.origin,
        "conditions": len(goal.conditions), "direct": direct, "kept": report.ok,
        "rate": round(report.score.rate, 4), "plan": [format_action(start.world, a) for a in plan],
        "tried": slow.tried + len(tried), "failure": failure.as_dict() if failure else None,
        "attempts": [drawn.as_dict() for drawn, _ in tried],
    }  # fmt: skip


def _attempts(planner: Planner, goal: Goal, start: State, count: int) -> list[tuple[Attempt, Sequence[Action]]]:
    if len(goal.phases) > 1:  # a plan for each phase: no one document
        return []
    found = []
    for number in range(1, count + 1):
        draft = planner.draft(goal, start, DIRECT, number)
        ok = verify(start, goal, draft.actions).ok and not draft.unread and not draft.cut
        drawn = Attempt(document=tuple(draft.wrote), success=ok, steps=len(draft.actions))
        if draft.wrote and not draft.cut:  # the end of one that was cut off says nothing
            found.append((drawn, draft.actions))
    return found


def plan_of(record: Record, world: World) -> list[Action]:
    """Read the plan of an episode's record."""
    steps = record["plan"]
    assert isinstance(steps, list)
    return [parse_action(world, str(step)) for step in steps]
