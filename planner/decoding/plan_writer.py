"""Writing subtasks, one after another: only those that can be done, or, where the GPT is alone, whatever it likes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envs.errors import ActionError
from envs.symbolic.actions import Action, State, format_action, parse_action, successor, unmet_precondition
from planner.decoding.candidate_actions import candidate_actions, state_key
from planner.decoding.constrained_decoding import choose_sequence, write_until
from planner.prompts import text_format

if TYPE_CHECKING:
    from planner.prompts.cursor import Cursor, Ids
    from planner.prompts.sessions import Prompts

STEPS_PER_THING = 9  # of a chunk or a span: more than the longest way to change and bring one thing
MIN_ROOM = 8  # tokens that are left in the context, for a subtask to be begun


@dataclass(kw_only=True)
class Draft:
    """A plan as it is written.

    Attributes:
        actions: Of it.
        kept: How many of them are those of a plan that was repaired.
        tokens: Written.
        logprob: Of the tokens.
        wrote: What was written freely, word for word.
        unread: The first subtask of it that could not be read, and why; it ends the plan.
        cut: Whether it was cut off, before it was ended.
    """

    actions: list[Action] = field(default_factory=list)
    kept: int = 0
    tokens: int = 0
    logprob: float = 0.0
    text: list[text_format.Segment] = field(default_factory=list)
    parse_error: str = ""
    cut: bool = False

    def count(self, cursor: Cursor) -> None:
        """Add what a cursor has written to the sums."""
        self.tokens += cursor.written
        self.logprob += cursor.logprob


def write(
    prompts: Prompts,
    cursor: Cursor,
    state: State,
    names: frozenset[str],
    draft: Draft,
    *,
    ends: Callable[[State], Sequence[int]],
    most: int,
    barred: frozenset[str] = frozenset(),
) -> State:
    """Let the GPT write applicable subtasks until it ends them; returns the state that they lead to.

    Args:
        prompts: Of the GPT.
        cursor: Behind the prompt.
        state: Where the first subtask begins.
        names: What the prompt's facts are about: subtasks about these alone, where there are any.
        draft: The subtasks are added to it.
        ends: The marks that may follow a subtask which leads to a state.
        most: Subtasks.
        barred: Names that no subtask may have.
    """
    seen = {state_key(state)}
    eos, hint = prompts.marks["[EOS]"], prompts.marks["[HINT]"]
    for _ in range(most):
        actions = []
        options_ids: list[Ids] = []
        afters: list[State] = []
        for action, after in candidate_actions(state, names - barred, seen):
            if not barred.isdisjoint(action.args):
                continue
            ids = prompts.encode(format_action(state.world, action))
            if (fact := text_format.hint_of(state, action)) is not None:
                ids = (*ids, hint, *prompts.encode(fact))
            actions.append(action)
            options_ids.append(ids)
            afters.append(after)
        if not actions or cursor.room < max(map(len, options_ids)) + 2:
            break

        def marks(i: int, afters: list[State] = afters) -> Sequence[int]:
            return ends(afters[i])

        chosen, mark = choose_sequence(cursor, options_ids, marks)
        draft.actions.append(actions[chosen])
        state = afters[chosen]
        seen.add(state_key(state))
        if mark == eos:
            break
    return state


def write_unconstrained(prompts: Prompts, cursor: Cursor, state: State, draft: Draft) -> State:
    """Let the GPT write any text; a subtask that cannot be read or done ends the plan; returns where it leads."""
    written: tuple[text_format.Mark, ...] = ("[SEP]", "[HINT]", "[EOS]")
    marks = {prompts.marks[mark]: mark for mark in written}
    stop: int | None = prompts.marks["[SEP]"]
    subtasks: list[str] = []
    while stop in marks and marks[stop] != "[EOS]" and cursor.room > 1:
        mark = marks[stop]
        ids, stop = write_until(cursor, prompts.stops, 64)
        words = prompts.tokenizer.decode(ids).strip()
        draft.text.append(text_format.Segment(mark, words, bool(draft.text), True))
        if mark == "[SEP]":
            subtasks.append(words)
    draft.cut = stop != prompts.marks["[EOS]"]
    if not draft.cut:
        draft.text.append(text_format.Segment("[EOS]", "", True))
    for subtask in subtasks:
        try:
            action = parse_action(state.world, subtask)
        except ActionError as error:
            draft.parse_error = str(error)
            break
        draft.actions.append(action)
        if unmet_precondition(state, action) is not None:
            break
        state = successor(state, action)
    return state
