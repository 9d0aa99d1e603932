"""Replaying a plan in the symbolic world: where it fails, and whether it reaches its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.symbolic.actions import Action, State, format_action, successor, unmet_precondition
from envs.symbolic.goals import Count, Goal, format_condition
from envs.symbolic.scoring import Score, advance, matching_objects, score


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
        reason = unmet_precondition(state, action)
        if reason is not None:
            where = f"plan step {number}, {format_action(state.world, action)}: {reason}"
            return Report(score=score(goal, phase, state, start), step=number, reason=where, final=state)
        state = successor(state, action)
        phase = advance(goal, phase, state, start)
    result = score(goal, phase, state, start)
    return Report(score=result, step=None, reason=_lacking(goal, result, state), final=state)


def _lacking(goal: Goal, result: Score, state: State) -> str:
    """Say which conditions are not reached, those of a number with how many there are; empty if all are."""
    missed = [c for c, met in zip(goal.conditions, result.met, strict=True) if not met]
    if not missed:
        return ""
    said = []
    for condition in missed:
        words = format_condition(condition)
        if isinstance(condition, Count) and condition.number > 1:
            words += f" (there: {len(matching_objects(state, condition.thing, condition.place))})"
        said.append(words)
    total = f" ({len(missed)} of {len(result.met)} conditions)" if len(result.met) > 1 else ""
    return f"not reached: {' ; '.join(said)}{total}"
