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
from planner.goals.serving import meanings
from planner.verification.door_closing import close_doors

MAX_CHUNKS = 24
Chunk = tuple[State, tuple[Condition | Narrowed, ...], State, tuple[Action, ...]]
"""A state, the conditions to achieve from it (or what comes before them), the episode's initial state, and the actions
that achieve them."""


def plan_in_chunks(
    initial_state: State, goal: Goal, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False,
    closing: bool = True,
) -> Iterator[Chunk]:  # fmt: skip
    """Yield chunks until the goal holds.

    Entities in `avoid` are used only if the goal leaves no choice; `common_sense` is as in `teach`. With it and
    `closing`, what the whole plan opened is closed once, after its last use.

    Raises:
        LookupError: The teacher cannot reach the goal.
    """
    if not common_sense:
        yield from _chunks(initial_state, goal, avoid, common_sense=False)
        return
    *served, as_written = meanings(goal, initial_state)
    try:
        chunks = [chunk for meant in served for chunk in _chunks(initial_state, meant, avoid, common_sense=True)]
    except LookupError:
        chunks = []
    if not chunks:
        chunks = list(_chunks(initial_state, as_written, avoid, common_sense=True))
    yield from _closed(chunks, goal) if closing else chunks


def _chunks(initial_state: State, goal: Goal, avoid: frozenset[int], *, common_sense: bool) -> Iterator[Chunk]:
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
                    common_sense=common_sense, uses=progress.uses, is_part=True,
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


def _closed(chunks: list[Chunk], goal: Goal) -> Iterator[Chunk]:
    """Yield the chunks with the steps that close what they opened; between two chunks they belong to the first."""
    if not chunks:
        return
    initial_state = state = chunks[0][2]
    closed = close_doors([action for chunk in chunks for action in chunk[3]], goal, initial_state)
    steps = list(zip(closed.actions, range(1, len(closed.actions) + 1), strict=True))
    for _, conditions, _, actions in chunks:
        taken: list[Action] = []
        n_own = 0
        while steps and (n_own < len(actions) or steps[0][1] in closed.added):
            action, number = steps.pop(0)
            n_own += number not in closed.added
            taken.append(action)
        yield state, conditions, initial_state, tuple(taken)
        for action in taken:
            state = successor(state, action)
