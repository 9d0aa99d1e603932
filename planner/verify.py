"""Replaying a plan in the symbolic world: where it fails, and whether it reaches its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.goals import Goal
from envs.scoring import Score, advance, score
from envs.state import Action, State, effect, format_action, unmet


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a replay found.

    Attributes:
        score: Of the last state that was reached.
        step: The step (from 1) that was not applicable, or None.
        reason: Its unmet precondition, or what the goal lacks; empty on success.
        final: The last state that was reached.
    """

    score: Score
    step: int | None
    reason: str
    final: State

    @property
    def ok(self) -> bool:
        """Whether every step was applicable and the goal was reached."""
        return self.step is None and self.score.success


def verify(state: State, goal: Goal, actions: Sequence[Action], *, began: State | None = None) -> Report:
    """Replay `actions` from `state` and score the end against `goal`, in an episode that began in `began`."""
    start = began or state
    phase = advance(goal, 0, state, start)
    for number, action in enumerate(actions, start=1):
        reason = unmet(state, action)
        if reason is not None:
            where = f"plan step {number}, {format_action(state.world, action)}: {reason}"
            return Report(score=score(goal, phase, state, start), step=number, reason=where, final=state)
        state = effect(state, action)
        phase = advance(goal, phase, state, start)
    result = score(goal, phase, state, start)
    lacking = sum(not m for m in result.met)
    reason = "" if result.success else f"{lacking} of {len(result.met)} conditions do not hold at the end"
    return Report(score=result, step=None, reason=reason, final=state)
