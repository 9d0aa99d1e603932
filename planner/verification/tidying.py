"""What the planner changes in a proven plan of the GPT: what serves nothing is left out, what was opened is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from planner.verification.door_closing import ClosedPlan, close_doors
from planner.verification.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal


def tidied(
    actions: Sequence[Action], meant: Goal, goal: Goal, state: State, *, shorten: bool, close: bool,
    initial_state: State, phase: int = 0, begun: bool = False, opened: Collection[int] | None = None,
) -> ClosedPlan:  # fmt: skip
    """Return a plan without the steps that serve nothing (if `shorten`), that closes what it opened (if `close`).

    Args:
        actions: The plan.
        meant: The goal for which it was written: the rest of `goal` from `phase` on, as people mean it.
        goal: The whole goal; it and the arguments that follow are those of `close_doors`.
        state: The state where the plan begins.
        shorten: Whether to leave steps out.
        close: Whether to close doors.
        initial_state: The episode's initial state.
        phase: The phase of the goal that the episode has reached.
        begun: Whether this phase has begun.
        opened: Fixtures that the robot opened earlier in the episode.
    """
    shorter = shortened(actions, meant, state, initial_state=initial_state) if shorten else tuple(actions)
    closed = ClosedPlan(actions=shorter)
    if close:
        closed = close_doors(
            shorter, goal, state, initial_state=initial_state, phase=phase, begun=begun, opened=opened
        )  # fmt: skip
    return replace(closed, left_out=closed.left_out + len(actions) - len(shorter))
