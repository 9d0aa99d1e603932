"""Where a plan is broken, and how much of it can stay: the span that is to be written anew, found by replay.

The rest of a plan is replayed from what is seen. Where it breaks, at a step that cannot be done or that uses what is
given up, a hole begins, or a little earlier, where the hand was last free. It ends before the longest rest that can
still be done once the steps of the hole, or others in their place, have had their effects.
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
    """A span of a plan that is to be written anew.

    Attributes:
        before: Steps that stay and come first.
        state: What they lead to.
        hidden: Steps that are dropped.
        after: Steps that stay and come last.
        todo: Conditions that are not reached with nothing in the hole; if there is none, nothing is to be written.
    """

    before: tuple[Action, ...]
    state: State
    hidden: tuple[Action, ...]
    after: tuple[Action, ...]
    todo: tuple[Condition, ...]

    def is_repaired_by(self, span_result: State, goal: Goal, initial_state: State) -> bool:
        """Whether the steps that stay reach the goal from `after`, what was written into the hole led to."""
        return verify(span_result, goal, self.after, initial_state=initial_state).ok


def broken_spans(
    rest: Sequence[Action],
    expected: State,
    observed: State,
    goal: Goal,
    initial_state: State,
    forbidden: Collection[str] = (),
) -> Iterator[BrokenSpan]:
    """Yield spans to write anew, the smallest first, then larger ones that end with the hand free.

    The first may need nothing: the plan goes on as it is, or without some of its steps. None is yielded if nothing of
    the plan can stay, or if the goal has several phases.

    Args:
        rest: The steps that were still to come, a failed one included.
        expected: The state that they were meant for.
        seen: The state that is.
        goal: What is to be reached.
        start: The episode's first state.
        given_up: Names of what is not to be used.
    """
    planned = replay(expected, rest).states
    if len(goal.phases) > 1 or len(planned) <= len(rest):  # what was not a plan before cannot be mended
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
            return  # nothing stays
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
    """What is seen, but as it was planned for everything that the hidden steps are about, and in the hand."""
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
    return State(world, place, flags, liquid, planned.held, observed.at)  # type: ignore[arg-type]


def _unmet_conditions(
    state: State, actions: Sequence[Action], conditions: Sequence[Condition], initial_state: State
) -> tuple[Condition, ...]:
    """The conditions that do not hold after those of the actions that can be done, in the order they are reached in."""
    *_, state = (state, *attempt(state, actions))
    unmet = [c for c in conditions if not holds(state, c, initial_state)]
    return tuple(sorted(unmet, key=rank))
