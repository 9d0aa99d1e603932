"""Long goals piece by piece: the teacher's plan for a few conditions at a time, the state read again between them."""

from __future__ import annotations

from collections.abc import Iterator

from envs.symbolic.actions import Action, State, successor
from envs.symbolic.goals import Condition, Goal
from envs.symbolic.scoring import holds
from planner.corpus.teacher import teach
from planner.goals.chunking import next_conditions

MAX_CHUNKS = 12
Piece = tuple[State, tuple[Condition, ...], State, tuple[Action, ...]]
"""A state, the conditions to be met from there, the start of the episode, and the actions that meet them."""


def plan_in_chunks(start: State, goal: Goal, avoid: frozenset[int] = frozenset()) -> Iterator[Piece]:
    """Yield (state, chunk, start of the phase, the teacher's actions) until the goal holds.

    What is to be avoided is used where there is nothing else.

    Raises:
        LookupError: The teacher cannot reach the goal.
    """
    state = start
    for phase in goal.phases:
        for _ in range(MAX_CHUNKS):
            todo = next_conditions(state, phase, start)
            if not todo:
                break
            taught = teach(state, todo, start, phase=phase, avoid=avoid)
            if not taught.actions:
                raise LookupError(taught.reason or "nothing to do")
            yield state, todo, start, taught.actions
            for action in taught.actions:
                state = successor(state, action)
        if not all(holds(state, c, start) for c in phase):
            raise LookupError("the conditions undo each other")
