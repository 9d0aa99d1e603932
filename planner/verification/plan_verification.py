"""Replays a plan in the symbolic home: where it fails, and whether it reaches its goal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from envs.symbolic.actions import Action, State, format_action, successor, unmet_precondition
from envs.symbolic.goals import Count, Goal, format_condition, format_rule
from envs.symbolic.progress import Progress, Score, advance, begin, score
from envs.symbolic.scoring import matching_objects


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of a replay.

    Attributes:
        score: The score of the last state that was reached.
        step: The step (from 1) that was not applicable, or None.
        reason: Its unmet precondition, or the unmet conditions of the goal; empty on success.
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
    """The states of a plan up to the first step that is not applicable.

    Attributes:
        states: The states, including the first.
        reason: The unmet precondition of that step; None if every step was applicable.
    """

    states: tuple[State, ...]
    reason: str | None


def replay(state: State, actions: Iterable[Action]) -> Replay:
    """Replay `actions` from `state` up to the first that is not applicable."""
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


def progress_after(progress: Progress, actions: Iterable[Action], states: Iterable[State]) -> Progress:
    """Return the progress of an episode after further actions and the states that they lead to."""
    for action, state in zip(actions, states, strict=False):
        progress = advance(progress, state, action)
    return progress


def outcome(actions: Sequence[Action], goal: Goal, state: State, initial_state: State) -> object:
    """Return what a plan reaches: conditions, broken rules, phases. None if a step is not applicable."""
    replayed = replay(state, actions)
    if replayed.reason is not None:
        return None
    progress = progress_after(begin(goal, state, initial_state=initial_state), actions, replayed.states[1:])
    reached = score(progress)
    return reached.met, {number for number, _ in reached.broken}, progress.phase, progress.left_out


def verify(state: State, goal: Goal, actions: Sequence[Action], *, initial_state: State | None = None) -> Report:
    """Replay `actions` from `state` and score the final state; `initial_state` is the episode's (default: `state`)."""
    replayed = replay(state, actions)
    progress = progress_after(begin(goal, state, initial_state=initial_state), actions, replayed.states[1:])
    goal_score, final = score(progress), replayed.states[-1]
    if replayed.reason is None:
        return Report(score=goal_score, step=None, reason=_describe_unmet(progress, goal_score), final=final)
    step = len(replayed.states)
    reason = f"plan step {step}, {format_action(state.world, actions[step - 1])}: {replayed.reason}"
    return Report(score=goal_score, step=step, reason=reason, final=final)


def _describe_unmet(progress: Progress, goal_score: Score) -> str:
    """Describe broken rules and unmet conditions, with the current count where a number is required; empty if none."""
    goal, state = progress.goal, progress.state
    broken = [
        f"step {step} breaks the rule: {format_rule(goal.rules[i])}"
        if step
        else f"broken at the start: {format_rule(goal.rules[i])}"
        for i, step in goal_score.broken
    ]
    unmet = [c for c, met in zip(goal.conditions, goal_score.met, strict=True) if not met]
    if not unmet:
        return " ; ".join(broken)
    descriptions = []
    for condition in unmet:
        description = format_condition(condition)
        if isinstance(condition, Count) and condition.number > 1:
            there = matching_objects(state, condition.thing, condition.place, progress.initial_state)
            description += f" (there: {len(there)})"
        descriptions.append(description)
    total = f" ({len(unmet)} of {len(goal_score.met)} conditions)" if len(goal_score.met) > 1 else ""
    return " ; ".join([*broken, f"not reached: {' ; '.join(descriptions)}{total}"])
