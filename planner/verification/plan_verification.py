"""Replays a plan in the symbolic home: where it fails, whether it reaches its goal, and what each step does for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from envs.symbolic.actions import Action, State, format_action, successor, unmet_precondition
from envs.symbolic.goals import Condition, Count, Goal, Rule, format_condition, format_rule
from envs.symbolic.progress import Progress, Score, advance, begin, score
from envs.symbolic.scoring import holds, matching_objects


@dataclass(frozen=True, kw_only=True)
class ConditionProof:
    """How a condition of a goal fares along a plan; steps are counted from 1, and 0 is the start.

    Attributes:
        condition: The condition.
        phase: Its phase, from 1. A condition counts from when its phase begins, and stays met when that has ended.
        met: Whether it is met at the end.
        first_held: The step at which it was first met; None: never.
        undone: The step that undid it for good, if it was met and is not at the end; otherwise None.
        left_out: Whether its phase is left out, because a test of it was false.
    """

    condition: Condition
    phase: int
    met: bool
    first_held: int | None
    undone: int | None
    left_out: bool

    def __str__(self) -> str:
        """Return it in words: "step 4: mug on desk", "undone at step 6 (met at step 4): mug on desk"."""
        at = f"step {self.first_held}" if self.first_held else "met at the start"
        if self.left_out:
            head = "left out"
        elif self.met:
            head = at
        elif self.undone is not None:
            head = f"undone at step {self.undone} ({at if self.first_held == 0 else f'met at {at}'})"
        else:
            head = "not reached"
        return f"{head}: {format_condition(self.condition)}"


@dataclass(frozen=True, kw_only=True)
class RuleProof:
    """Whether a plan keeps a rule.

    Attributes:
        rule: The rule.
        broken_at: The step that breaks it first, from 1; 0: the start does; None: it is kept.
    """

    rule: Rule
    broken_at: int | None

    def __str__(self) -> str:
        """Return it in words: "step 3 breaks the rule: never open oven"."""
        words = format_rule(self.rule)
        if self.broken_at is None:
            return f"kept: {words}"
        return f"step {self.broken_at} breaks the rule: {words}" if self.broken_at else f"broken at the start: {words}"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What each step of a plan does for each condition and rule of its goal."""

    conditions: tuple[ConditionProof, ...]
    rules: tuple[RuleProof, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {
            "conditions": [
                {
                    "condition": format_condition(c.condition), "phase": c.phase, "met": c.met,
                    "first_held": c.first_held, "undone": c.undone, "left_out": c.left_out,
                }
                for c in self.conditions
            ],
            "rules": [{"rule": format_rule(r.rule), "broken_at": r.broken_at} for r in self.rules],
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of a replay.

    Attributes:
        score: The score of the last state that was reached.
        step: The step (from 1) that was not applicable, or None.
        reason: Its unmet precondition, or the unmet conditions of the goal; empty on success.
        final: The last state that was reached.
        progress: The progress at the start.
        actions: The plan.
    """

    score: Score
    step: int | None
    reason: str
    final: State
    progress: Progress = field(repr=False, compare=False)
    actions: tuple[Action, ...] = field(repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether every step was applicable and the goal was reached."""
        return self.step is None and self.score.success

    @cached_property
    def proof(self) -> Proof:
        """What each step does for each condition and rule; made when it is first asked for."""
        return prove(self.progress, self.actions)


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
    start = begin(goal, state, initial_state=initial_state)
    progress = progress_after(start, actions, replayed.states[1:])
    goal_score, step = score(progress), None
    reason = _describe_unmet(progress, goal_score)
    if replayed.reason is not None:
        step = len(replayed.states)
        reason = f"plan step {step}, {format_action(state.world, actions[step - 1])}: {replayed.reason}"
    return Report(
        score=goal_score, step=step, reason=reason, final=replayed.states[-1], progress=start, actions=tuple(actions)
    )


def prove(start: Progress, actions: Sequence[Action]) -> Proof:
    """Follow each condition and rule of a goal along a plan, up to its first step that is not applicable."""
    goal, progress = start.goal, start
    met = [score(progress).met]
    for action, state in zip(actions, replay(start.state, actions).states[1:], strict=False):
        progress = advance(progress, state, action)
        met.append(score(progress).met)
    phases = [i for i, conditions in enumerate(goal.phases) for _ in conditions]
    conditions = []
    for i, (condition, phase) in enumerate(zip(goal.conditions, phases, strict=True)):
        along = [each[i] for each in met]
        first = along.index(True) if True in along else None
        undone = None if along[-1] or first is None else len(along) - along[::-1].index(True)
        conditions.append(
            ConditionProof(
                condition=condition, phase=phase + 1, met=along[-1], first_held=first, undone=undone,
                left_out=phase in progress.left_out,
            )
        )  # fmt: skip
    broken = dict(progress.broken)
    rules = tuple(RuleProof(rule=rule, broken_at=broken.get(i)) for i, rule in enumerate(goal.rules))
    return Proof(conditions=tuple(conditions), rules=rules)


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
        means = getattr(condition, "means", None)
        if means is not None and holds(state, condition, progress.initial_state):
            description += f" (it is so, but no {means} was used for it)"
        descriptions.append(description)
    total = f" ({len(unmet)} of {len(goal_score.met)} conditions)" if len(goal_score.met) > 1 else ""
    return " ; ".join([*broken, f"not reached: {' ; '.join(descriptions)}{total}"])
