"""Says which phases of a goal a plan does nothing for, and why: "holds already: fan 2 is off".

Without a quantifier, a state of furniture means some of it: `fan off` holds while one of two fans is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.progress import advance, is_true
from envs.symbolic.scoring import holds
from planner.language.answering.yes_no_answers import YesNoWording
from planner.verification.plan_verification import replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.progress import Progress
    from planner.plans.planning_result import Plan


@dataclass(frozen=True, kw_only=True)
class IdlePhase:
    """A phase that a proven plan does nothing for.

    Attributes:
        number: Its number, from 1.
        reason: Why: its test is false when it begins, or it holds then.
    """

    number: int
    reason: str


def idle_phases(plan: Plan) -> tuple[IdlePhase, ...]:
    """Return the phases that a proven plan does nothing for, in order."""
    if plan.report is None or not plan.is_proven:
        return ()
    progress = plan.report.progress
    idle = list(_passed(progress, 0))
    for action, state in zip(plan.actions, replay(progress.state, plan.actions).states[1:], strict=False):
        before, progress = progress.phase, advance(progress, state, action)
        idle += _passed(progress, before + 1)
    return tuple(idle)


def _passed(progress: Progress, first: int) -> Iterator[IdlePhase]:
    """Yield the phases from `first` on that are left out or hold as soon as they begin, up to the current one."""
    goal, state, wording = progress.goal, progress.state, YesNoWording(progress.state)
    for number in range(first, progress.phase + 1):
        is_timed = any(goal.guard(i).when is not None for i in range(number + 1))
        if number in progress.left_out:
            tests = goal.guard(number).tests
            untrue = [test for test in tests if not is_true(test, state, progress.initial_state)]
            head = "expected to be left out then" if is_timed else "left out"
            words = [wording.truth_words(test.condition) for test in untrue]
        elif all(holds(state, c, progress.initial_state, progress.uses) for c in goal.phases[number]):
            head = "expected to hold then" if is_timed else "holds already"
            words = [wording.truth_words(condition) for condition in goal.phases[number]]
        else:
            continue
        yield IdlePhase(number=number + 1, reason=f"{head}: {' and '.join(dict.fromkeys(words))}")
