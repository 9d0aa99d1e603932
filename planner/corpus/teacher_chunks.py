"""The teacher's plan for a long goal in chunks: a few conditions at a time, chosen again after each chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, permutations

from envs.symbolic.actions import Action, State, successor
from envs.symbolic.embodiment.unusable import spared_for
from envs.symbolic.goals import Condition, Goal
from envs.symbolic.progress import Progress, advance, begin, is_true
from envs.symbolic.scoring import holds
from planner.corpus.teacher import makes_room, teach
from planner.goals.grounding import rank
from planner.goals.narrowing import Narrowed
from planner.goals.preparation import next_parts
from planner.goals.serving import meanings
from planner.verification.door_closing import close_doors
from planner.verification.plan_verification import verify

MAX_CHUNKS = 24
MAX_ORDERS = 6  # in which the conditions of a phase are tried one by one
Chunk = tuple[State, tuple[Condition | Narrowed, ...], State, tuple[Action, ...]]
"""A state, the conditions to achieve from it (or what comes before them), the episode's initial state, and the actions
that achieve them."""


def plan_in_chunks(
    initial_state: State, goal: Goal, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False,
    closing: bool = True,
) -> Iterator[Chunk]:  # fmt: skip
    """Yield chunks until the goal holds.

    What does not work is tried again with what rules forbid something on, such as a knife that must not be given, and
    then with the conditions one by one in other orders.

    Args:
        initial_state: The first state of the episode.
        goal: The goal.
        avoid: Entities that are used only if the goal leaves no choice.
        common_sense: As in `teach`.
        closing: With `common_sense`, whether what the whole plan opened is closed once, after its last use.

    Raises:
        LookupError: The teacher cannot reach the goal.
    """
    if not common_sense:
        yield from _chunks(initial_state, goal, avoid, common_sense=False)
        return
    *served, as_written = meanings(goal, initial_state, avoid)
    try:
        chunks = [chunk for meant in served for chunk in _chunks(initial_state, meant, avoid, common_sense=True)]
    except LookupError:
        chunks = []
    chunks = chunks or _chunks(initial_state, as_written, avoid, common_sense=True)
    yield from _closed(chunks, goal) if closing else chunks


def taught_actions(
    initial_state: State, goal: Goal, avoid: frozenset[int] = frozenset(), *, common_sense: bool = False
) -> list[Action]:  # fmt: skip
    """Return the teacher's whole plan; arguments and errors are those of `plan_in_chunks`."""
    chunks = plan_in_chunks(initial_state, goal, avoid, common_sense=common_sense)
    return [action for _, _, _, actions in chunks for action in actions]


def proven_plan(initial_state: State, goal: Goal) -> list[Action] | None:
    """Return the teacher's plan, without common sense; None if it has none that is proven."""
    try:
        actions = taught_actions(initial_state, goal)
    except LookupError:
        return None
    return actions if verify(initial_state, goal, actions).ok else None


def _chunks(initial_state: State, goal: Goal, avoid: frozenset[int], *, common_sense: bool) -> list[Chunk]:
    error: LookupError | None = None
    careful = avoid | spared_for(goal, initial_state)
    for order in range(1 + MAX_ORDERS):
        if order and not _has_order(goal, order):
            break
        for avoided in dict.fromkeys((careful, avoid)):
            try:
                return _Chunks(initial_state, goal, avoided, order, common_sense=common_sense).all()
            except LookupError as failure:
                error = error or failure
    assert error is not None
    raise error


def _has_order(goal: Goal, order: int) -> bool:
    return any(len(_ordered(phase, order)) > 0 for phase in goal.phases)


def _ordered(phase: Sequence[Condition], order: int) -> tuple[Condition, ...]:
    """Return the conditions of a phase in another order, the usual one last; nothing if there are not so many."""
    usual = sorted(dict.fromkeys(phase), key=rank)
    return next(islice(permutations(reversed(usual)), order - 1, None), ()) if len(usual) > 1 else ()


class _Chunks:
    def __init__(
        self, initial_state: State, goal: Goal, avoid: frozenset[int], order: int, *, common_sense: bool
    ) -> None:  # fmt: skip
        self.initial_state, self.goal, self.avoid = initial_state, goal, avoid
        self.order, self.common_sense = order, common_sense
        self.opened: tuple[int, ...] = ()  # what the last chunk left open, since it only made room for the next

    def all(self) -> list[Chunk]:
        chunks: list[Chunk] = []
        progress = begin(self.goal, self.initial_state)
        for number, phase in enumerate(self.goal.phases):
            start = progress.initial_state  # a phase with a time makes its choices when it begins
            if not all(is_true(test, progress.state, start) for test in self.goal.guard(number).tests):
                continue
            for _ in range(MAX_CHUNKS):
                chunk = self.next(progress, phase)
                if chunk is None:
                    break
                chunks.append(chunk)
                for action in chunk[3]:
                    progress = advance(progress, successor(progress.state, action), action)
            if not all(holds(progress.state, c, start, progress.uses) for c in phase):
                raise LookupError("the conditions undo each other")
        return chunks

    def next(self, progress: Progress, phase: Sequence[Condition]) -> Chunk | None:
        """Return the next chunk of a phase, or None if its conditions hold."""
        state, start, reason = progress.state, progress.initial_state, ""
        ordered: Sequence[Condition] = _ordered(phase, self.order) if self.order else ()
        unmet = [c for c in ordered if not holds(state, c, start, progress.uses)]
        tries: list[Sequence[Condition]] = [(c,) for c in unmet]
        for tried in tries or [phase]:
            parts = next_parts(
                state, phase, start, todo=tried, uses=progress.uses, avoid=self.avoid, common_sense=self.common_sense
            )
            parts = parts or tuple(c for c in tried if not holds(state, c, start, progress.uses))
            if not parts:
                return None
            for todo in dict.fromkeys((parts, parts[:1])):  # one by one, if not together
                taught = teach(
                    state, todo, start, phase=phase, avoid=self.avoid, rules=self.goal.rules,
                    common_sense=self.common_sense, uses=progress.uses, is_part=True, opened=self.opened,
                )  # fmt: skip
                if taught.actions:
                    now = (state.world.index[a.args[0]] for a in taught.actions if a.skill == "open")
                    self.opened = (*self.opened, *now) if makes_room(todo) else ()
                    return state, todo, start, taught.actions
                reason = reason or taught.reason
        raise LookupError(reason or "nothing to do")


def _closed(chunks: list[Chunk], goal: Goal) -> Iterator[Chunk]:
    """Yield the chunks with the steps that close what they opened; between two chunks they belong to the first."""
    if not chunks:
        return
    initial_state = state = chunks[0][2]
    closed = close_doors([action for chunk in chunks for action in chunk[3]], goal, initial_state)
    steps = list(zip(closed.actions, range(1, len(closed.actions) + 1), strict=True))
    for _, conditions, _, actions in chunks:
        taken: list[Action] = []
        for own in (*actions, None):  # some of them were left out
            while steps and steps[0][1] in closed.added:
                taken.append(steps.pop(0)[0])
            if steps and steps[0][0] == own:
                taken.append(steps.pop(0)[0])
        yield state, conditions, initial_state, tuple(taken)
        for action in taken:
            state = successor(state, action)
