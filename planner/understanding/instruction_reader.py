"""Reads an instruction: the GPT writes a goal, a refusal or a question.

A greedy pass comes first. If it is not confident, the instruction is also read in pieces, and a beam search looks for
more likely goals. If its goal names objects that the home does not have, the most likely goal about existing objects
replaces it, if it is likely enough.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from envs.errors import GoalError
from envs.symbolic.actions import State
from envs.symbolic.goals import (
    Goal,
    format_condition,
    format_goal,
    format_query,
    format_rule,
    parse_goal,
    parse_query,
    parse_rule,
)
from gpt.inference.session import Session
from planner.decoding.constrained_decoding import write_until
from planner.goals.feasibility import missing, shortage
from planner.language.normalization import STEPS, normalize, unreadable
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction
from planner.prompts import text_format
from planner.prompts.cursor import Cursor
from planner.prompts.own_names import kinds_shown_apart, own_names, own_states
from planner.prompts.sessions import Prompts
from planner.understanding.answering import answered
from planner.understanding.claims import NOT_UNDERSTOOD
from planner.understanding.clause_splitting import best_split, split
from planner.understanding.goal_search import FURTHER_WORDS, HomeWords, ScoredGoal, most_likely_goals
from planner.understanding.own_kinds.skill_sentences import read_own_skills
from planner.understanding.own_kinds.stand_ins import Basis, StandIns, stand_ins, with_own_kinds
from planner.understanding.second_look import look_again
from planner.understanding.spoken_words import asked_about_unread, left_out, spoken_parts, with_something_said

MAX_GOAL_TOKENS = 120
SURE_LOGPROB = -0.05  # a goal that is more likely needs no reading in pieces
GROUNDED_LOGPROB = -3.0  # a goal about existing objects that replaces one about missing objects must exceed this
FALSE_CLAIM_LOGPROB = -6.0  # a goal about this home, instead of "there is no fan here" where there is one
HALF_LOGPROB = math.log(0.5)  # no other goal can be more likely than one above this


class InstructionReader:
    """Reads instructions in homes."""

    def __init__(self, prompts: Prompts, skills: Collection[str] = ()) -> None:
        """Read with a GPT that was trained on these skills."""
        self.prompts, self.skills = prompts, skills

    def understand(self, instruction: str, state: State, options: Options | None = None) -> ParsedInstruction:
        """Let the GPT write the goal of an instruction."""
        options = options or Options()
        text = normalize(instruction)
        if not text:
            return ParsedInstruction(instruction=text, refusal="The instruction is empty")
        if problem := unreadable(instruction):
            return ParsedInstruction(instruction=text, refusal=problem)
        parsed = self._of_home(text, state, options)
        return parsed if parsed.query is None or parsed.question else answered(parsed, state)

    def _of_home(self, text: str, state: State, options: Options) -> ParsedInstruction:
        if not self.prompts.copies_names and options.inventory:
            parsed_skills = read_own_skills(
                text, state, lambda part: self._with_stand_ins(part, state, options), self.skills
            )
            return with_own_kinds(parsed_skills or self._with_stand_ins(text, state, options), state)
        return self._with_stand_ins(text, state, options)

    def _with_stand_ins(self, text: str, state: State, options: Options) -> ParsedInstruction:
        """Read a text with known kinds for the home's own ones: what can do what is asked, or what is like them."""
        if self._stand_ins(text, state, options) is None:
            return self._truthful(text, state, options)
        first: ParsedInstruction | None = None
        tried: list[Mapping[str, str]] = []
        # A stove burner for a record player, which is like a side table; what does not fit "on and put it there".
        by: tuple[Basis, ...] = ("likeness and task", "ability", *(("likeness",) if len(split(text)) > 1 else ()))
        for basis in by:
            known = stand_ins(text, state, by=basis)
            if known is None or known.names in tried:
                continue
            tried.append(known.names)
            parsed = known.parsed(self._truthful(known.instruction, known.state, options), text)
            if parsed.goal is not None:
                return parsed
            first = first or parsed
        return first or self._truthful(text, state, options)

    def _truthful(self, text: str, state: State, options: Options) -> ParsedInstruction:
        """Read a text; a refusal or question claims nothing that the home contradicts."""
        parsed = self._understand(text, state, options)
        if not parsed.refusal and not parsed.question:
            return self.accounted(parsed, state, options)
        from planner.understanding.claims.checking import checked  # here: most instructions are goals

        return checked(
            parsed,
            state,
            likely=lambda: self._likely(text, state, options, FALSE_CLAIM_LOGPROB),
            look=lambda read: self.accounted(read, state, options),
        )

    def accounted(self, parsed: ParsedInstruction, state: State, options: Options) -> ParsedInstruction:
        """Let the GPT look at the instruction a second time, with what it read; ask about words that it left unread.

        Not if a description of the way follows: second looks are trained on what people say, without steps.
        """
        is_read = parsed.goal is not None or parsed.query is not None or bool(parsed.rules)
        if not (self.prompts.looks_twice and options.second_look and is_read) or STEPS in parsed.instruction.split(" "):
            return parsed
        domain, text = state.world.domain, parsed.instruction
        names = text_format.inventory(state) if options.inventory else ""
        look = look_again(
            self.prompts,
            names,
            self._heading(text, state, options),
            text,
            text_format.in_small_letters(parsed.goal_text, domain),
        )
        if look is None:
            return parsed
        if parsed.goal is not None:
            conditions = [format_condition(c, domain) for c in parsed.goal.conditions]
        else:
            conditions = [parsed.goal_text]
        uses = with_something_said(look.words, look.uses)
        parsed = replace(
            parsed, words=spoken_parts(look.words, uses, conditions, domain), right=look.right,
            all_read=look.all_read, left_out=len(left_out(look.words, uses, parsed.goal_text, state)),
        )  # fmt: skip
        return asked_about_unread(parsed, domain) if parsed.unread else parsed

    def _stand_ins(self, text: str, state: State, options: Options) -> StandIns | None:
        """Return known kinds for the home's own ones in a text, if the GPT does not copy names."""
        return None if self.prompts.copies_names or not options.inventory else stand_ins(text, state)

    def _understand(self, text: str, state: State, options: Options) -> ParsedInstruction:
        names = text_format.inventory(state) if options.inventory else ""
        self.prompts.begin()
        first_parsed = parsed = replace(self._read(text, names, state, options, 0), parts=(text,))
        for attempt in range(1, 1 + options.samples if parsed.unparsable else 1):
            # Draw another sample only if the text is not a goal at all.
            parsed = replace(self._read(text, names, state, options, attempt), parts=(text,))
            if parsed.goal is not None:
                break
        parsed = parsed if parsed.goal is not None else first_parsed
        if parsed.unparsable and self.prompts.looks_twice and options.grounded and options.inventory:
            parsed = replace(self._read(text, names, state, options, 0, bound=True), parts=(text,))
        is_told = parsed.query is not None or bool(parsed.rules)
        if options.clauses and parsed.logprob < SURE_LOGPROB and not is_told and parsed.goal_text:
            parsed = self._piecewise(parsed, names, state, options)
        if options.grounded and parsed.goal is not None and parsed.logprob < HALF_LOGPROB:
            parsed = self._ground_goal(parsed, text, state, options)
        n_ids, n_free = len(self._heading(text, state, options)), self._n_free(names)
        if parsed.reading != "pieces" and n_ids > n_free:
            longest = max(1, len(text) * n_free // n_ids)
            problem = f"The instruction is too long: in this home I read about {longest} characters"
            return ParsedInstruction(instruction=text, refusal=f"{problem}. Give its parts one by one")
        return parsed

    def _n_free(self, names: str) -> int:
        """Return the number of tokens of an instruction that fit between the inventory and the goal."""
        return max(2, self.prompts.room(names) - min(MAX_GOAL_TOKENS, self.prompts.model.config.block_size // 4))

    def _heading(self, text: str, state: State, options: Options) -> list[int]:
        """Return the tokens between the home and the goal: the text, and the home's own names that it may mean."""
        shows_own = self.prompts.copies_names and options.inventory
        return self.prompts.heading(text, own_names(text, state.world) if shows_own else "")

    def _prompt(self, text: str, names: str, state: State, options: Options) -> tuple[Session, list[int]]:
        """Return a session, and the tokens that it must read before the goal can be written."""
        ids, n_free = self._heading(text, state, options), self._n_free(names)
        if len(ids) > n_free:  # truncate a very long instruction
            ids = [*ids[: n_free - 1], ids[-1]]
        return self.prompts.read(names, ids)

    def _read(
        self,
        text: str,
        names: str,
        state: State,
        options: Options,
        attempt: int,
        floor: float = -math.inf,
        *,
        bound: bool = False,
    ) -> ParsedInstruction:
        """Let the GPT write a goal; if its log-probability is at most `floor`, the result may be unparsable.

        With `bound`, it can write only what this home has.
        """
        session, pending = self._prompt(text, names, state, options)
        cursor = self.prompts.cursor(session, pending, options, attempt)
        has_own = kinds_shown_apart(state.world) or own_states(state.world.domain)
        is_bound = bound or (bool(has_own) and options.grounded and options.inventory)
        parsed = self._goal(text, cursor, state, floor, self._names_only(state) if is_bound else None)
        parsed = replace(parsed, logprob=cursor.logprob, tokens=cursor.written)
        if (
            parsed.goal is None
            and parsed.goal_text
            and not parsed.unparsable
            and options.grounded
            and options.inventory
        ):
            return self._ground_goal(replace(parsed, logprob=max(GROUNDED_LOGPROB, floor)), text, state, options)
        return parsed

    def likely(self, part: str, state: State, options: Options, floor: float) -> Iterator[tuple[Goal, ScoredGoal]]:
        """Yield possible goals of an instruction or part of one, about objects that the home has, most likely first.

        Args:
            part: The normalized text.
            state: The home.
            options: Decoding options.
            floor: Wordings with a log-probability of at most this are not searched for. A goal may have several
                wordings.
        """
        if (known := self._stand_ins(part, state, options)) is not None:
            for goal, scored in self._likely(known.instruction, known.state, options, floor):
                yield known.goal(goal), scored
        else:
            yield from self._likely(part, state, options, floor)

    def _likely(self, part: str, state: State, options: Options, floor: float) -> Iterator[tuple[Goal, ScoredGoal]]:
        names = text_format.inventory(state) if options.inventory else ""
        words = (
            self._home_words(state)
            if self.prompts.looks_twice
            else HomeWords(state.world.categories, state.world.domain)
        )
        tokenizer = self.prompts.tokenizer

        def allow(ids: Sequence[int]) -> bool:
            return not options.inventory or words.allow(tokenizer.decode(ids))

        goals = most_likely_goals(
            *self._prompt(part, names, state, options),
            allow=allow,
            end=self.prompts.special_ids["[SEP]"],
            stops=self.prompts.stops,
            n_ids=tokenizer.n_used,
            floor=floor,
        )
        for scored in goals:
            try:
                goal = parse_goal(tokenizer.decode(scored.ids), scene=state.world.scene)
            except GoalError:
                continue
            if missing(goal, state) is None and shortage(goal, state) is None:
                yield goal, scored

    def _ground_goal(self, parsed: ParsedInstruction, text: str, state: State, options: Options) -> ParsedInstruction:
        """Return the most likely goal about objects that the home has, if it is more likely than the parsed one."""
        goal, scored = next(self._likely(text, state, options, parsed.logprob), (None, None))
        if goal is None or scored is None or scored.logprob <= parsed.logprob:
            return parsed
        return replace(
            parsed, goal=goal, goal_text=format_goal(goal, state.world.domain), refusal="", logprob=scored.logprob,
            tokens=parsed.tokens + len(scored.ids), reading="grounded", parts=(text,),
        )  # fmt: skip

    def _piecewise(self, whole: ParsedInstruction, names: str, state: State, options: Options) -> ParsedInstruction:
        """Read an instruction in pieces, if that gives a more likely goal than reading it as a whole."""
        tokens = whole.tokens

        def read(part: str, floor: float) -> tuple[ParsedInstruction, float] | None:
            nonlocal tokens
            parsed = self._read(part, names, state, options, 0, floor)
            tokens += parsed.tokens
            is_plain = parsed.goal is not None and len(parsed.goal.phases) == 1 and not parsed.goal.guards
            return (parsed, parsed.logprob) if is_plain else None

        min_logprob = whole.logprob if whole.goal is not None else -math.inf
        best = best_split(whole.instruction, read, min_logprob)
        if best is None:
            return replace(whole, tokens=tokens)
        goals = [part.goal for part in best[0] if part.goal]
        conditions = dict.fromkeys(c for goal in goals for c in goal.conditions)
        rules = dict.fromkeys(rule for goal in goals for rule in goal.rules)
        goal = Goal(phases=(tuple(conditions),), rules=tuple(rules))
        return replace(
            whole, goal=goal, goal_text=format_goal(goal, state.world.domain), refusal="", unparsable=False,
            logprob=best[1], tokens=tokens, reading="pieces", parts=tuple(part.instruction for part in best[0]),
        )  # fmt: skip

    def in_pieces(self, instruction: str, state: State, options: Options) -> ParsedInstruction | None:
        """Read an instruction in pieces, however sure the GPT is of the whole; None if that gives no goal."""
        names = text_format.inventory(state) if options.inventory else ""
        parsed = self._piecewise(ParsedInstruction(instruction=normalize(instruction)), names, state, options)
        return parsed if parsed.goal is not None else None

    def _home_words(self, state: State) -> HomeWords:
        """Return the words of goals about this home: its kinds, rooms, people, properties."""
        world, domain = state.world, state.world.domain
        places = [*(room for rooms in world.rooms for room in rooms), *world.people]
        owners = [word for properties in world.properties for word in properties]
        if self.prompts.looks_twice:
            places, owners = [place.lower() for place in places], [word.lower() for word in owners]
            owners += [f"{person.lower()}'s" for person in world.scene.people]
            owners += [*FURTHER_WORDS, *domain.skills]
        return HomeWords(world.categories, domain, (*places, *owners, *domain.property_group))

    def _names_only(self, state: State) -> Callable[[Sequence[int]], bool]:
        """Return whether a goal may begin with tokens: it names what this home has, or there is none."""
        special_ids, decode = self.prompts.special_ids, self.prompts.tokenizer.decode
        words = self._home_words(state)

        def allow(ids: Sequence[int]) -> bool:
            if ids[-1] not in self.prompts.stops:
                return words.allow(decode(ids))
            if len(ids) == 1:
                return ids[0] in (special_ids["[REFUSE]"], special_ids["[ASK]"])
            return ids[-1] == special_ids["[SEP]"] and words.completes(decode(ids[:-1]))

        return allow

    def _goal(
        self, text: str, cursor: Cursor, state: State, floor: float, allow: Callable[[Sequence[int]], bool] | None
    ) -> ParsedInstruction:
        ids, stop = write_until(cursor, self.prompts.stops, MAX_GOAL_TOKENS, floor, allow)
        if max(cursor.logprob, cursor.best_alternative) <= floor:
            return ParsedInstruction(instruction=text, unparsable=True)
        if not ids and stop in (self.prompts.special_ids["[REFUSE]"], self.prompts.special_ids["[ASK]"]):
            ids, _ = write_until(cursor, self.prompts.stops, MAX_GOAL_TOKENS)
            words = _without_repeats(self.prompts.tokenizer.decode(ids).strip())
            if stop == self.prompts.special_ids["[ASK]"]:
                return ParsedInstruction(instruction=text, question=words)
            return ParsedInstruction(instruction=text, refusal=words or NOT_UNDERSTOOD)
        words = self.prompts.tokenizer.decode(ids).strip()
        scene = state.world.scene
        try:
            if words.startswith("?"):
                query = parse_query(words, scene=scene)
                return ParsedInstruction(instruction=text, query=query, goal_text=format_query(query, scene.domain))
            if words.startswith("never "):
                rules = tuple(parse_rule(rule.strip(), scene=scene) for rule in words.split(";"))
                said = " ; ".join(format_rule(rule, scene.domain) for rule in rules)
                return ParsedInstruction(instruction=text, rules=rules, goal_text=said)
            goal = parse_goal(words, scene=scene)
        except GoalError:
            return ParsedInstruction(instruction=text, goal_text=words, refusal=NOT_UNDERSTOOD, unparsable=True)
        if (missing_category := missing(goal, state)) is not None:
            return ParsedInstruction(instruction=text, goal_text=words, refusal=f"there is no {missing_category} here")
        refusal, words = shortage(goal, state) or "", format_goal(goal, state.world.domain)
        return ParsedInstruction(instruction=text, goal=None if refusal else goal, goal_text=words, refusal=refusal)


def _without_repeats(words: str) -> str:
    """Return what the GPT says without words that it repeats at once, as it may for a text of no language."""
    return re.sub(r"\b(\w+)(?:\W+\1\b)+", r"\1", words)
