"""Writes subtasks one after another: only applicable ones, or (unconstrained decoding) any text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envs.errors import ActionError
from envs.symbolic.actions import Action, State, format_action, parse_action, successor, unmet_precondition
from planner.decoding.candidate_actions import candidate_actions, leads_back, state_key
from planner.decoding.constrained_decoding import choose_sequence, write_until
from planner.goals.choice import is_dangerous
from planner.prompts import text_format

if TYPE_CHECKING:
    from planner.prompts.cursor import Cursor, Ids
    from planner.prompts.sessions import Prompts

MAX_STEPS_PER_CHANGE = 9  # more subtasks than it takes to change and bring one object
_SWITCHING = ("turn on", "turn off")
MIN_ROOM = 8  # free tokens in the context that are required to begin a subtask


@dataclass(kw_only=True)
class Draft:
    """A plan while it is written.

    Attributes:
        actions: The actions of the plan.
        added: Positions in `actions` of those that the planner added, since they were no choice.
        kept: The number of actions taken over from a plan that was repaired.
        tokens: The number of tokens written.
        logprob: The log-probability of the tokens.
        text: The segments as the GPT wrote them; only filled by unconstrained decoding.
        parse_error: The first subtask that could not be parsed, and why; it ends the plan.
        truncated: Whether the text ended before the GPT ended it.
    """

    actions: list[Action] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    kept: int = 0
    tokens: int = 0
    logprob: float = 0.0
    text: list[text_format.Segment] = field(default_factory=list)
    parse_error: str = ""
    truncated: bool = False

    @property
    def written(self) -> tuple[Action, ...]:
        """What the GPT wrote of it."""
        return tuple(action for n, action in enumerate(self.actions) if n not in self.added)

    def count(self, cursor: Cursor) -> None:
        """Add a cursor's tokens and log-probability to the sums."""
        self.tokens += cursor.written
        self.logprob += cursor.logprob


def write(
    prompts: Prompts,
    cursor: Cursor,
    state: State,
    names: frozenset[str],
    draft: Draft,
    *,
    allowed_ends: Callable[[State], Sequence[int]],
    max_steps: int,
    forbidden: frozenset[str] = frozenset(),
    common_sense: bool = False,
    keeps_running: frozenset[str] = frozenset(),
    is_allowed: Callable[[State, Action, State], bool] | None = None,
) -> State:
    """Let the GPT write applicable subtasks until it ends them; return the resulting state.

    Args:
        prompts: The GPT's prompts.
        cursor: A cursor at the end of the prompt.
        state: The state before the first subtask.
        names: The names in the prompt's facts; if there are applicable subtasks on these, only they can be written.
        draft: The subtasks are appended to it.
        allowed_ends: Returns the special tokens that may follow a subtask, given the state that it leads to.
        max_steps: Maximum number of subtasks.
        forbidden: Names that no subtask may use.
        common_sense: Whether no subtask may run a microwave with metal in it, pick up what it can only put back, or
            switch what the facts do not name.
        keeps_running: Names of fixtures that no subtask may turn off.
        is_allowed: Whether the rules allow an action, given the states before and after it.
    """
    visited, say = {state_key(state)}, prompts.speech(state.world).say
    eos, hint = prompts.special_ids["[EOS]"], prompts.special_ids["[HINT]"]
    for _ in range(max_steps):
        actions = []
        option_ids: list[Ids] = []
        next_states: list[State] = []
        spoken_of = names if common_sense else state.world.index
        for action, next_state in candidate_actions(state, names - forbidden, visited):
            if not forbidden.isdisjoint(action.args):
                continue
            if action.skill in _SWITCHING and (action.args[0] in keeps_running or action.args[0] not in spoken_of):
                continue
            if is_allowed is not None and not is_allowed(state, action, next_state):
                continue
            if common_sense and (
                is_dangerous(state, action)
                or (leads_back(state, action, names - forbidden, visited) and eos not in allowed_ends(next_state))
            ):
                continue
            ids = prompts.encode(say(format_action(state.world, action)))
            if (fact := text_format.hint_of(state, action)) is not None:
                ids = (*ids, hint, *prompts.encode(say(fact)))
            actions.append(action)
            option_ids.append(ids)
            next_states.append(next_state)
        if not actions or cursor.room < max(map(len, option_ids)) + 2:
            break

        def end_tokens(i: int, next_states: list[State] = next_states) -> Sequence[int]:
            return allowed_ends(next_states[i])

        chosen, end_token = choose_sequence(cursor, option_ids, end_tokens)
        draft.actions.append(actions[chosen])
        state = next_states[chosen]
        visited.add(state_key(state))
        if end_token == eos:
            break
    return state


def write_unconstrained(prompts: Prompts, cursor: Cursor, state: State, draft: Draft) -> State:
    """Let the GPT write any text; return the resulting state. A subtask that is unparsable or inapplicable ends it."""
    written: tuple[text_format.SpecialToken, ...] = ("[SEP]", "[HINT]", "[EOS]")
    token_names = {prompts.special_ids[name]: name for name in written}
    stop: int | None = prompts.special_ids["[SEP]"]
    subtasks: list[str] = []
    meant = prompts.speech(state.world).meant
    while stop in token_names and token_names[stop] != "[EOS]" and cursor.room > 1:
        name = token_names[stop]
        ids, stop = write_until(cursor, prompts.stops, 64)
        words = prompts.tokenizer.decode(ids).strip()
        draft.text.append(text_format.Segment(name, words, bool(draft.text), True))
        if name == "[SEP]":
            subtasks.append(meant(words))
    draft.truncated = stop != prompts.special_ids["[EOS]"]
    if not draft.truncated:
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
