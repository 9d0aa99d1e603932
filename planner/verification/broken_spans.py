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

    def is_repaired_by(self, after: State, goal: Goal, start: State) -> bool:
        """Whether the steps that stay reach the goal from `after`, what was written into the hole led to."""
        return verify(after, goal, self.after, began=start).ok


def broken_spans(
    rest: Sequence[Action], expected: State, seen: State, goal: Goal, start: State, given_up: Collection[str] = ()
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
    barred = [i for i, action in enumerate(rest) if not set(given_up).isdisjoint(action.args)]
    going = replay(seen, rest[: barred[0]] if barred else rest).states
    if not barred and verify(seen, goal, rest, began=start).ok:
        yield BrokenSpan(before=tuple(rest), state=going[-1], hidden=(), after=(), todo=())
        return
    begin = max((i for i, state in enumerate(going) if state.held < 0), default=0)
    end = max(begin, barred[-1] + 1 if barred else 0)
    found = False
    for j in range(end, len(rest) + 1):
        if j == len(rest) and begin == 0:
            return  # nothing stays
        if found and planned[j].held >= 0:
            continue
        hoped = _hoped(going[begin], planned[j], rest[begin:j])
        if len(replay(hoped, rest[j:]).states) <= len(rest) - j:
            continue
        todo = _lacking(going[begin], rest[j:], goal.phases[0], start)
        hole = BrokenSpan(
            before=tuple(rest[:begin]),
            state=going[begin],
            hidden=tuple(rest[begin:j]),
            after=tuple(rest[j:]),
            todo=todo,
        )
        if (
            next_conditions(going[begin], todo, start) == todo
            if todo
            else hole.is_repaired_by(going[begin], goal, start)
        ):
            found = True
            yield hole


def _hoped(seen: State, planned: State, hidden: Sequence[Action]) -> State:
    """What is seen, but as it was planned for everything that the hidden steps are about, and in the hand."""
    world = seen.world
    ours = {world.index[name] for action in hidden for name in action.args} | {seen.held, planned.held}
    place, flags, liquid = (
        tuple(b if i in ours else a for i, (a, b) in enumerate(zip(was, will, strict=True)))
        for was, will in ((seen.place, planned.place), (seen.flags, planned.flags), (seen.liquid, planned.liquid))
    )
    return State(world, place, flags, liquid, planned.held, seen.at)  # type: ignore[arg-type]


def _lacking(
    state: State, actions: Sequence[Action], conditions: Sequence[Condition], start: State
) -> tuple[Condition, ...]:
    """The conditions that do not hold after those of the actions that can be done, in the order they are reached in."""
    *_, state = (state, *attempt(state, actions))
    lacking = [c for c in conditions if not holds(state, c, start)]
    return tuple(sorted(lacking, key=rank))
