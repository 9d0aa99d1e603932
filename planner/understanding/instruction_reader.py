"""What an instruction means: the GPT writes a goal, a refusal or a question.

One greedy pass comes first. Where it is not sure, the instruction is also read piece by piece, and the likeliest goals
are searched for; where its goal names what the home has not, the likeliest that does not is taken instead, if it is
likely enough. No plan is made here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from envs.errors import GoalError
from envs.symbolic.actions import State
from envs.symbolic.goals import Goal, format_goal, parse_goal
from gpt.inference.session import Session
from planner.decoding.constrained_decoding import write_until
from planner.goals.feasibility import missing, shortage
from planner.language.normalization import normalize
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction
from planner.prompts import text_format
from planner.prompts.cursor import Cursor
from planner.prompts.sessions import Prompts
from planner.understanding.clause_splitting import best_split
from planner.understanding.goal_search import HomeWords, Written, likeliest_goals

MAX_GOAL_TOKENS = 120
SURE = -0.05  # log-probability of a goal from which on the instruction is not read piece by piece too
LIKELY = -3.0  # log-probability of a goal about what is there that is taken instead of one about what is not
HALF = math.log(0.5)  # what is likelier than this is the likeliest there is
NOT_UNDERSTOOD = "I did not understand that"


class InstructionReader:
    """Reads instructions in homes."""

    def __init__(self, prompts: Prompts) -> None:
        """Read with a GPT."""
        self.prompts = prompts

    def understand(self, instruction: str, state: State, options: Options | None = None) -> ParsedInstruction:
        """Let the GPT write the goal of an instruction."""
        options = options or Options()
        said = normalize(instruction)
        if not said:
            return ParsedInstruction(instruction=said, refusal="The instruction is empty")
        names = text_format.inventory(state) if options.inventory else ""
        self.prompts.begin()
        first = found = replace(self._read(said, names, state, options, 0), parts=(said,))
        for attempt in range(1, 1 + options.samples if found.broken else 1):
            # Another sample is drawn only where what was written is no goal at all.
            found = replace(self._read(said, names, state, options, attempt), parts=(said,))
            if found.goal is not None:
                break
        found = found if found.goal is not None else first
        if options.clauses and found.logprob < SURE and (found.goal is not None or found.goal_text):
            found = self._piecewise(found, names, state, options)
        if options.grounded and found.goal is not None and found.logprob < HALF:
            found = self._likelier(found, said, state, options)
        return found

    def _prompt(self, said: str, names: str) -> tuple[Session, list[int]]:
        """A session, and the tokens that it is to read before the goal can be written."""
        ids, free = self.prompts.heading(said), self.prompts.room(names)
        free = max(2, free - min(MAX_GOAL_TOKENS, self.prompts.model.config.block_size // 4))  # the goal's
        if len(ids) > free:  # a very long instruction: its beginning is read
            ids = [*ids[: free - 1], ids[-1]]
        return self.prompts.read(names, ids)

    def _read(
        self, said: str, names: str, state: State, options: Options, attempt: int, floor: float = -math.inf
    ) -> ParsedInstruction:
        """Let the GPT write a goal; one that is no likelier than `floor` is not wanted, and may come out as broken."""
        session, pending = self._prompt(said, names)
        cursor = self.prompts.cursor(session, pending, options, attempt)
        found = self._goal(said, cursor, state, floor)
        found = replace(found, logprob=cursor.logprob, tokens=cursor.written)
        if found.goal is None and found.goal_text and not found.broken and options.grounded and options.inventory:
            return self._likelier(replace(found, logprob=max(LIKELY, floor)), said, state, options)
        return found

    def likely(self, part: str, state: State, options: Options, floor: float) -> Iterator[tuple[Goal, Written]]:
        """Yield the goals about what is there that an instruction, or a part of one, may mean; the likeliest first.

        Args:
            part: What is said, normalized.
            state: The home.
            options: How to decode.
            floor: Log-probability up to which a writing of a goal is not looked for. One goal may be written in
                several ways.
        """
        names = text_format.inventory(state) if options.inventory else ""
        words = HomeWords(state.world.categories, state.world.domain)
        tokenizer = self.prompts.tokenizer

        def allow(ids: Sequence[int]) -> bool:
            return not options.inventory or words.allow(tokenizer.decode(ids))

        goals = likeliest_goals(
            *self._prompt(part, names),
            allow=allow,
            end=self.prompts.marks["[SEP]"],
            stops=self.prompts.stops,
            n_ids=tokenizer.n_used,
            floor=floor,
        )
        for written in goals:
            try:
                goal = parse_goal(tokenizer.decode(written.ids))
            except GoalError:
                continue
            if missing(goal, state) is None and shortage(goal, state) is None:
                yield goal, written

    def _likelier(self, found: ParsedInstruction, said: str, state: State, options: Options) -> ParsedInstruction:
        """Return the likeliest goal about what is there, if it is likelier than what was found."""
        goal, written = next(self.likely(said, state, options, found.logprob), (None, None))
        if goal is None or written is None or written.logprob <= found.logprob:
            return found
        return replace(
            found, goal=goal, goal_text=format_goal(goal), refusal="", logprob=written.logprob,
            tokens=found.tokens + len(written.ids), reading="grounded", parts=(said,),
        )  # fmt: skip

    def _piecewise(self, whole: ParsedInstruction, names: str, state: State, options: Options) -> ParsedInstruction:
        """Read the pieces of an instruction apart, if that makes a likelier goal than the whole in one breath."""
        tokens = whole.tokens

        def read(part: str, floor: float) -> tuple[ParsedInstruction, float] | None:
            nonlocal tokens
            found = self._read(part, names, state, options, 0, floor)
            tokens += found.tokens
            return None if found.goal is None or len(found.goal.phases) > 1 else (found, found.logprob)

        bar = whole.logprob if whole.goal is not None else -math.inf
        best = best_split(whole.instruction, read, bar)
        if best is None:
            return replace(whole, tokens=tokens)
        conditions = dict.fromkeys(c for part in best[0] if part.goal for c in part.goal.conditions)
        goal = Goal(phases=(tuple(conditions),))
        return replace(
            whole, goal=goal, goal_text=format_goal(goal), refusal="", broken=False, logprob=best[1], tokens=tokens,
            reading="pieces", parts=tuple(part.instruction for part in best[0]),
        )  # fmt: skip

    def _goal(self, said: str, cursor: Cursor, state: State, floor: float) -> ParsedInstruction:
        ids, stop = write_until(cursor, self.prompts.stops, MAX_GOAL_TOKENS, floor)
        if max(cursor.logprob, cursor.passed_over) <= floor:
            return ParsedInstruction(instruction=said, broken=True)
        if not ids and stop in (self.prompts.marks["[REFUSE]"], self.prompts.marks["[ASK]"]):
            ids, _ = write_until(cursor, self.prompts.stops, MAX_GOAL_TOKENS)
            words = self.prompts.tokenizer.decode(ids).strip()
            if stop == self.prompts.marks["[ASK]"]:
                return ParsedInstruction(instruction=said, question=words)
            return ParsedInstruction(instruction=said, refusal=words or NOT_UNDERSTOOD)
        words = self.prompts.tokenizer.decode(ids).strip()
        try:
            goal = parse_goal(words)
        except GoalError:
            return ParsedInstruction(instruction=said, goal_text=words, refusal=NOT_UNDERSTOOD, broken=True)
        if (absent := missing(goal, state)) is not None:
            return ParsedInstruction(instruction=said, goal_text=words, refusal=f"there is no {absent} here")
        refusal = shortage(goal, state) or ""
        return ParsedInstruction(
            instruction=said, goal=None if refusal else goal, goal_text=format_goal(goal), refusal=refusal
        )
