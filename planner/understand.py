"""What an instruction means: the GPT writes a goal, a refusal or a question.

One greedy pass comes first. Where it is not sure, the instruction is also read piece by piece, and the likeliest goals
are searched for; where its goal names what the home has not, the likeliest that does not is taken instead, if it is
likely enough. No plan is made here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from envs.errors import GoalError
from envs.goals import Goal, format_goal, parse_goal
from envs.state import State
from gpt.sampling import Session
from planner import text
from planner.answer import Options, Understanding
from planner.clauses import likeliest
from planner.constrain import Cursor, write_until
from planner.feasible import missing, shortage
from planner.grounded import HomeWords, likeliest_goals
from planner.language import normalise
from planner.prompts import Prompts

MAX_GOAL_TOKENS = 120
SURE = -0.05  # log-probability of a goal from which on the instruction is not read piece by piece too
LIKELY = -3.0  # log-probability of a goal about what is there that is taken instead of one about what is not
HALF = math.log(0.5)  # what is likelier than this is the likeliest there is
NOT_UNDERSTOOD = "I did not understand that"


class Reader:
    """Reads instructions in homes."""

    def __init__(self, prompts: Prompts) -> None:
        """Read with a GPT."""
        self.prompts = prompts

    def understand(self, instruction: str, state: State, options: Options | None = None) -> Understanding:
        """Let the GPT write the goal of an instruction."""
        options = options or Options()
        said = normalise(instruction)
        if not said:
            return Understanding(instruction=said, refusal="The instruction is empty")
        names = text.inventory(state) if options.inventory else ""
        first = found = self._read(said, names, state, options, 0)
        for attempt in range(1, 1 + options.samples if found.broken else 1):
            # Another sample is drawn only where what was written is no goal at all.
            found = self._read(said, names, state, options, attempt)
            if found.goal is not None:
                break
        found = found if found.goal is not None else first
        if options.clauses and found.logprob < SURE and (found.goal is not None or found.goal_text):
            found = self._piecewise(found, names, state, options)
        if options.grounded and found.goal is not None and found.logprob < HALF:
            found = self._likelier(found, *self._prompt(said, names), state, options)
        return found

    def _prompt(self, said: str, names: str) -> tuple[Session, list[int]]:
        session, rest = self.prompts.heading(names, said)
        kept = min(MAX_GOAL_TOKENS, session.capacity // 4)  # for the goal
        free = max(2, session.capacity - session.length - kept)
        if len(rest) > free:  # a very long instruction: its beginning is read
            rest = [*rest[: free - 1], rest[-1]]
        return session, rest

    def _read(self, said: str, names: str, state: State, options: Options, attempt: int) -> Understanding:
        session, rest = self._prompt(said, names)
        cursor = self.prompts.cursor(session.fork(), list(rest), options, attempt)
        found = self._goal(said, cursor, state)
        found = replace(found, logprob=cursor.logprob, tokens=cursor.written)
        if found.goal is None and found.goal_text and not found.broken and options.grounded and options.inventory:
            return self._likelier(replace(found, logprob=LIKELY), session, rest, state, options)
        return found

    def _likelier(
        self, found: Understanding, session: Session, rest: list[int], state: State, options: Options
    ) -> Understanding:
        """Return the likeliest goal about what is there, if it is likelier than what was found."""
        words = HomeWords(state.world.categories, state.world.domain)
        tokenizer = self.prompts.tokenizer

        def allow(ids: Sequence[int]) -> bool:
            return not options.inventory or words.allow(tokenizer.decode(ids))

        goals = likeliest_goals(
            session,
            rest,
            allow=allow,
            end=self.prompts.marks["[SEP]"],
            stops=self.prompts.stops,
            n_ids=tokenizer.n_used,
            floor=found.logprob,
        )
        for written in goals:
            if written.logprob <= found.logprob:
                break
            try:
                goal = parse_goal(tokenizer.decode(written.ids))
            except GoalError:
                continue
            if missing(goal, state) is None and shortage(goal, state) is None:
                return replace(
                    found, goal=goal, goal_text=format_goal(goal), refusal="", logprob=written.logprob,
                    tokens=found.tokens + len(written.ids),
                )  # fmt: skip
        return found

    def _piecewise(self, whole: Understanding, names: str, state: State, options: Options) -> Understanding:
        """Read the pieces of an instruction apart, if that makes a likelier goal than the whole in one breath."""
        tokens = whole.tokens

        def read(part: str) -> tuple[Understanding, float] | None:
            nonlocal tokens
            found = self._read(part, names, state, options, 0)
            tokens += found.tokens
            return None if found.goal is None or len(found.goal.phases) > 1 else (found, found.logprob)

        best = likeliest(whole.instruction, read)
        bar = whole.logprob if whole.goal is not None else float("-inf")
        if best is None or best[1] <= bar:
            return replace(whole, tokens=tokens)
        conditions = dict.fromkeys(c for part in best[0] if part.goal for c in part.goal.conditions)
        goal = Goal(phases=(tuple(conditions),))
        return replace(
            whole, goal=goal, goal_text=format_goal(goal), refusal="", broken=False, logprob=best[1], tokens=tokens
        )

    def _goal(self, said: str, cursor: Cursor, state: State) -> Understanding:
        ids, stop = write_until(cursor, self.prompts.stops, MAX_GOAL_TOKENS)
        if not ids and stop in (self.prompts.marks["[REFUSE]"], self.prompts.marks["[ASK]"]):
            ids, _ = write_until(cursor, self.prompts.stops, MAX_GOAL_TOKENS)
            words = self.prompts.tokenizer.decode(ids).strip()
            if stop == self.prompts.marks["[ASK]"]:
                return Understanding(instruction=said, question=words)
            return Understanding(instruction=said, refusal=words or NOT_UNDERSTOOD)
        words = self.prompts.tokenizer.decode(ids).strip()
        try:
            goal = parse_goal(words)
        except GoalError:
            return Understanding(instruction=said, goal_text=words, refusal=NOT_UNDERSTOOD, broken=True)
        if (absent := missing(goal, state)) is not None:
            return Understanding(instruction=said, goal_text=words, refusal=f"there is no {absent} here")
        refusal = shortage(goal, state) or ""
        return Understanding(
            instruction=said, goal=None if refusal else goal, goal_text=format_goal(goal), refusal=refusal
        )
