"""The teacher's plan for a long goal in chunks: a few conditions at a time, chosen again after each chunk."""

from __future__ import annotations

from collections.abc import Iterator

from envs.symbolic.actions import Action, State, successor
from envs.symbolic.goals import Condition, Goal
from envs.symbolic.progress import advance, begin, is_true
from envs.symbolic.scoring import holds
from planner.corpus.teacher import teach
from planner.goals.narrowing import Narrowed
from planner.goals.preparation import next_parts

MAX_CHUNKS = 24
Chunk = tuple[State, tuple[Condition | Narrowed, ...], State, tuple[Action, ...]]
"""A state, the conditions to achieve from it (or what comes before them), the episode's initial state, and the actions
that achieve them."""


def plan_in_chunks(
    initial_state: State, goal: Goal, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> Iterator[Chunk]:
    """Yield chunks until the goal holds.

    Entities in `avoid` are used only if the goal leaves no choice; `common_sense` is as in `teach`.

    Raises:
        LookupError: The teacher cannot reach the goal.
    """
    progress = begin(goal, initial_state)
    state = initial_state
    for number, phase in enumerate(goal.phases):
        if not all(is_true(test, state, initial_state) for test in goal.guard(number).tests):
            continue
        for _ in range(MAX_CHUNKS):
            conditions = next_parts(
                state, phase, initial_state, uses=progress.uses, avoid=avoid, common_sense=common_sense
            )
            if not conditions:
                break
            for todo in dict.fromkeys((conditions, conditions[:1])):  # one by one, if not together
                taught = teach(
                    state, todo, initial_state, phase=phase, avoid=avoid, rules=goal.rules,
                    common_sense=common_sense, uses=progress.uses,
                )  # fmt: skip
                if taught.actions:
                    break
            if not taught.actions:
                raise LookupError(taught.reason or "nothing to do")
            yield state, todo, initial_state, taught.actions
            for action in taught.actions:
                state = successor(state, action)
                progress = advance(progress, state, action)
        if not all(holds(state, c, initial_state, progress.uses) for c in phase):
            raise LookupError("the conditions undo each other")
