"""Replaying a plan in the symbolic world: where it fails, and whether it reaches its goal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How far a plan can be carried out.

    Attributes:
        states: The states that it leads through, the first included, up to the first step that is not applicable.
        reason: The unmet precondition of that step; None if every step was applicable.
    """

    states: tuple[State, ...]
    reason: str | None


def replay(state: State, actions: Iterable[Action]) -> Replay:
    """Replay `actions` from `state`, up to the first that is not applicable."""
    states = [state]
    for action in actions:
        reason = unmet_precondition(states[-1], action)
        if reason is not None:
            return Replay(states=tuple(states), reason=reason)
        states.append(successor(states[-1], action))
    return Replay(states=tuple(states), reason=None)


def attempt(state: State, actions: Iterable[Action]) -> Iterator[State]:
    """Yield the state after each action; one that is not applicable changes nothing."""
    for action in actions:
        if unmet_precondition(state, action) is None:
            state = successor(state, action)
        yield state


def phase_after(goal: Goal, phase: int, states: Iterable[State], start: State) -> int:
    """Return the phase that an episode is in after more states, in an episode that began in `start`."""
    for state in states:
        phase = advance(goal, phase, state, start)
    return phase


def verify(state: State, goal: Goal, actions: Sequence[Action], *, began: State | None = None) -> Report:
    """Replay `actions` from `state` and score the end against `goal`, in an episode that began in `began`."""
    start = began or state
    replayed = replay(state, actions)
    final = replayed.states[-1]
    result = score(goal, phase_after(goal, 0, replayed.states, start), final, start)
    if replayed.reason is None:
        return Report(score=result, step=None, reason=_lacking(goal, result, final), final=final)
    number = len(replayed.states)
    where = f"plan step {number}, {format_action(state.world, actions[number - 1])}: {replayed.reason}"
    return Report(score=result, step=number, reason=where, final=final)


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
