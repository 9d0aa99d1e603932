"""Finds the span of a failed plan that must be rewritten; the steps before and after it can stay.

The remaining steps of the plan are replayed from the observed state. The span begins where the replay fails, at a step
that is not applicable or that uses a forbidden name, or earlier, where the hand was last free. It ends as early as
possible, such that all steps after it are applicable once its planned effects are achieved, by its own steps or others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from envs.symbolic.actions import Action, State
from envs.symbolic.goals import Condition, Goal
from envs.symbolic.scoring import holds
from planner.goals.chunking import next_conditions
from planner.goals.grounding import rank
from planner.verification.plan_verification import attempt, replay, verify


@dataclass(frozen=True, kw_only=True)
class BrokenSpan:
    """A span of a plan that must be rewritten.

    Attributes:
        before: Steps before the span, which stay.
        state: The state at the start of the span.
        hidden: Steps of the span, which are dropped.
        after: Steps after the span, which stay.
        todo: Conditions that are not met if the span is left empty; if there are none, no new steps are needed.
    """

    before: tuple[Action, ...]
    state: State
    hidden: tuple[Action, ...]
    after: tuple[Action, ...]
    todo: tuple[Condition, ...]

    def is_repaired_by(self, span_result: State, goal: Goal, initial_state: State) -> bool:
        """Whether the steps after the span reach the goal from the state that the new span leads to."""
        return verify(span_result, goal, self.after, initial_state=initial_state).ok


def broken_spans(
    rest: Sequence[Action],
    expected: State,
    observed: State,
    goal: Goal,
    initial_state: State,
    forbidden: Collection[str] = (),
) -> Iterator[BrokenSpan]:
    """Yield spans to rewrite, the smallest first, then larger ones that end with the hand free.

    The first may need no new steps: the plan continues unchanged, or without some of its steps. None is yielded if no
    step of the plan can stay, or if the goal has several phases.

    Args:
        rest: The remaining steps, including a failed one.
        expected: The state that they were planned for.
        observed: The actual state.
        goal: The goal.
        initial_state: The episode's initial state.
        forbidden: Names that must not be used.
    """
    planned = replay(expected, rest).states
    if len(goal.phases) > 1 or len(planned) <= len(rest):  # not applicable even as planned: cannot be repaired
        return
    forbidden_steps = [i for i, action in enumerate(rest) if not set(forbidden).isdisjoint(action.args)]
    reachable = replay(observed, rest[: forbidden_steps[0]] if forbidden_steps else rest).states
    if not forbidden_steps and verify(observed, goal, rest, initial_state=initial_state).ok:
        yield BrokenSpan(before=tuple(rest), state=reachable[-1], hidden=(), after=(), todo=())
        return
    start = max((i for i, state in enumerate(reachable) if state.held < 0), default=0)
    min_end = max(start, forbidden_steps[-1] + 1 if forbidden_steps else 0)
    is_yielded = False
    for j in range(min_end, len(rest) + 1):
        if j == len(rest) and start == 0:
            return  # no step would stay
        if is_yielded and planned[j].held >= 0:
            continue
        hypothetical = _hypothetical_state(reachable[start], planned[j], rest[start:j])
        if len(replay(hypothetical, rest[j:]).states) <= len(rest) - j:
            continue
        todo = _unmet_conditions(reachable[start], rest[j:], goal.phases[0], initial_state)
        span = BrokenSpan(
            before=tuple(rest[:start]),
            state=reachable[start],
            hidden=tuple(rest[start:j]),
            after=tuple(rest[j:]),
            todo=todo,
        )
        if (
            next_conditions(reachable[start], todo, initial_state) == todo
            if todo
            else span.is_repaired_by(reachable[start], goal, initial_state)
        ):
            is_yielded = True
            yield span


def _hypothetical_state(observed: State, planned: State, hidden: Sequence[Action]) -> State:
    """Return the observed state, but with the planned values for the hand and for all objects of the hidden steps."""
    world = observed.world
    involved = {world.index[name] for action in hidden for name in action.args} | {observed.held, planned.held}
    place, flags, liquid = (
        tuple(
            planned_value if i in involved else observed_value
            for i, (observed_value, planned_value) in enumerate(zip(observed_values, planned_values, strict=True))
        )
        for observed_values, planned_values in (
            (observed.place, planned.place),
            (observed.flags, planned.flags),
            (observed.liquid, planned.liquid),
        )
    )
    apart = frozenset(pair for pair in observed.apart if involved.isdisjoint(pair))
    return State(world, place, flags, liquid, planned.held, observed.at, apart)  # type: ignore[arg-type]


def _unmet_conditions(
    state: State, actions: Sequence[Action], conditions: Sequence[Condition], initial_state: State
) -> tuple[Condition, ...]:
    """Return the conditions that do not hold after the applicable actions, in the order in which they are reached."""
    *_, state = (state, *attempt(state, actions))
    unmet = [c for c in conditions if not holds(state, c, initial_state)]
    return tuple(sorted(unmet, key=rank))
