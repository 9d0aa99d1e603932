"""Reading about kinds that a GPT was not taught to copy: each is read as a known kind that the home does not have.

"Put the haik on the desk" is read as "put the kettle on the desk" in the same home with kettles for haiks, and the goal
is written back: `haik on desk`. If the home has kettles, too, and the instruction is not about them, the two change
names. Which kinds stand for others: planner/prompts/known_kinds.py. A GPT that copies names (`renamed` in its kinds of
documents) needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from envs.errors import GoalError
from envs.symbolic.goals import Goal, format_goal, parse_query, parse_rule
from envs.symbolic.kinds.spoken_words import own_kinds
from envs.symbolic.renamed_kinds import with_names
from envs.words import plural
from planner.language.domain_phrases import words_of
from planner.language.phrase_patterns import load_words
from planner.language.realization import senses
from planner.plans.planning_result import SpokenPart
from planner.prompts.known_kinds import known_for
from planner.prompts.own_names import ALMOST, Mention, mentions, resembles
from planner.understanding.own_kinds.asked_of_kinds import (
    abilities_asked,
    is_to_be_changed,
    kinds_in,
    switching_asked,
    with_all_meant,
    with_kinds,
    with_switching,
)

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.plans.planning_result import ParsedInstruction

Basis = Literal["likeness and task", "likeness", "ability"]
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """A home and an instruction as a GPT reads them.

    Attributes:
        state: The home with known kinds for some of its own.
        instruction: The instruction, which names these.
        names: The own kind behind each known one.
        own_state: The home as it is.
        to_be_changed: The own kinds that the instruction wants something done to; a goal must name them.
        switched: `on` or `off` for each own kind that the instruction wants switched.
    """

    state: State
    instruction: str
    names: Mapping[str, str]
    own_state: State
    to_be_changed: tuple[str, ...] = ()
    switched: Mapping[str, str] = field(default_factory=dict)

    def goal(self, goal: Goal) -> Goal:
        """Return a goal about the home as it is."""
        return with_kinds(goal, self.names)

    def text(self, text: str) -> str:
        """Return a text about the home as it is."""
        for known, own in self.names.items():
            text = re.sub(rf"\b{re.escape(plural(known))}\b", plural(own), text)
            text = re.sub(rf"\b{re.escape(known)}\b", own, text)
        return text

    def left_out(self, goal: Goal) -> tuple[str, ...]:
        """Return the own kinds that the instruction wants changed and a goal about the home as it is does not name."""
        named = set(kinds_in(goal))
        return tuple(kind for kind in self.to_be_changed if kind not in named)

    def parsed(self, parsed: ParsedInstruction, instruction: str) -> ParsedInstruction:
        """Return what was read, about the home as it is."""
        goal = None if parsed.goal is None else self.goal(parsed.goal)
        if goal is not None:
            missed, goal = self.left_out(goal), with_switching(goal, self.switched)
            if missed or goal is None:
                problem = f"I did not understand what to do with the {(*missed, *self.switched)[0]}"
                return replace(parsed, instruction=instruction, goal=None, goal_text="", refusal=problem)
        scene = self.own_state.world.scene
        goal_text = self.text(parsed.goal_text) if goal is None else format_goal(goal, scene.domain)
        words = tuple(SpokenPart(text=self.text(p.text), became=self.text(p.became)) for p in parsed.words)
        query, rules = parsed.query, parsed.rules
        try:
            query = None if query is None else parse_query(goal_text, scene=scene)
            rules = tuple(parse_rule(rule.strip(), scene=scene) for rule in goal_text.split(";")) if rules else ()
        except GoalError as error:
            return replace(parsed, instruction=instruction, query=None, rules=(), refusal=str(error))
        return replace(
            parsed,
            instruction=instruction,
            goal=goal,
            goal_text=goal_text,
            query=query,
            rules=rules,
            words=words,
            refusal=self.text(parsed.refusal),
            question=self.text(parsed.question),
            options=tuple(map(self.goal, parsed.options)),
            parts=tuple(map(self.text, parsed.parts)),
        )


def stand_ins(instruction: str, state: State, *, by: Basis = "likeness and task") -> StandIns | None:
    """Return an instruction with stand-ins for the own kinds that it names; None if it names none.

    Args:
        instruction: The normalized instruction.
        state: The home.
        by: What makes a known kind the best stand-in: to be what the own kind is like, if possible one that can do what
            the instruction asks of the own kind; only the former; or to do what the own kind can do.
    """
    kinds = own_kinds_in(state)
    if not kinds:
        return None
    meant = list(_meant(instruction, state, mentions(instruction, kinds, _words_for(kinds, state))))
    said = _said_besides(instruction, meant)
    nouns = {**load_words().objects, **load_words().fixtures}
    known = known_for(
        (mention.name for mention in meant),
        state.world.domain,
        state.world.entities_by_category,
        may_stand=lambda kind: not any(f" {noun}" in said for noun in (kind.lower(), *nouns[kind])), swaps=True,
        by_ability=by == "ability", asked=() if by == "likeness" else abilities_asked(instruction.lower()),
    )  # fmt: skip
    meant = [mention for mention in meant if mention.name in known]
    swapped = {kind: own for own, kind in known.items() if kind in state.world.entities_by_category}
    if not meant:
        return None
    return StandIns(
        state=with_names(state, known | swapped),
        instruction=_replaced(instruction, meant, known),
        names={known_kind: own for own, known_kind in known.items()},
        own_state=state,
        to_be_changed=tuple(dict.fromkeys(m.name for m in meant if is_to_be_changed(_around(instruction, m)[0]))),
        switched={
            m.name: said for m in meant
            if (said := switching_asked(*_around(instruction, m))) and state.world.domain.can_be(m.name, "on")
        },
    )  # fmt: skip


def own_kinds_in(state: State) -> list[str]:
    """Return the kinds of a home that only it has."""
    own = own_kinds(state.world.domain)
    return [kind for kind in state.world.entities_by_category if kind in own]


def with_own_kinds(parsed: ParsedInstruction, state: State) -> ParsedInstruction:
    """Return what was read with a goal for the own kinds, too, that "every lamp" means."""
    if parsed.goal is None or not (own := own_kinds_in(state)):
        return parsed
    goal = with_all_meant(parsed.goal, parsed.instruction, state, own)
    return (
        parsed if goal == parsed.goal else replace(parsed, goal=goal, goal_text=format_goal(goal, state.world.domain))
    )


def _words_for(kinds: Sequence[str], state: State) -> dict[str, tuple[str, ...]]:
    """Return what people call own kinds: where the only bed is a sofa bed like a sofa, it is "the sofa", too."""
    domain, present = state.world.domain, state.world.entities_by_category
    nouns = {**load_words().objects, **load_words().fixtures}
    words = dict(domain.words)
    for kind in kinds:
        like = domain.kind_of[kind]
        alike = [other for other in kinds if domain.kind_of[other] == like]
        shares_word = like.endswith(kind.rpartition(" ")[2]) or not {*like.split()}.isdisjoint(kind.split())
        if like != kind and like not in present and len(alike) == 1 and shares_word:
            words[kind] = (*words.get(kind, ()), like, *nouns.get(like, ()))
    return words


def _around(instruction: str, mention: Mention) -> tuple[str, str]:
    """Return what an instruction says before and after a mention, in lower case."""
    spans = [match.span() for match in _WORD.finditer(instruction.lower())]
    return instruction[: spans[mention.start][0]].lower(), instruction[spans[mention.end - 1][1] :].lower()


def _said_besides(instruction: str, meant: Sequence[Mention]) -> str:
    """Return the words of an instruction without those that mean own kinds, with a space before each."""
    words = _WORD.findall(instruction.lower())
    inside = {i for mention in meant for i in range(mention.start, mention.end)}
    return "".join(f" {'/' if i in inside else word}" for i, word in enumerate(words))


def _meant(instruction: str, state: State, mentioned: list[Mention]) -> Iterator[Mention]:
    """Yield the mentions that can be replaced: whole ones, and the last word of a name where it means nothing else."""
    said = _WORD.findall(instruction.lower())
    words = words_of(state.world.domain)
    groups = (noun for table in (words.classes, words.liquids) for nouns in table.values() for noun in nouns)
    known = {*senses(frozenset(state.world.categories), state.world.domain), *groups, *words.classes}
    for mention in mentioned:
        others = [m for m in mentioned if m is not mention and m.start < mention.end and mention.start < m.end]
        is_whole = mention.share >= ALMOST and not any(m.share > mention.share for m in others)
        word = said[mention.start]
        is_last = resembles(word, last := _WORD.findall(mention.words.lower())[-1]) or word == plural(last)
        if is_whole or (is_last and not others and not any(word in (noun, plural(noun)) for noun in known)):
            yield mention


def _replaced(instruction: str, meant: list[Mention], known: Mapping[str, str]) -> str:
    """Return the instruction with known kinds in place of the own ones, in the same number."""
    spans = [match.span() for match in _WORD.finditer(instruction.lower())]
    for mention in sorted(meant, key=lambda m: -m.start):
        start, end = spans[mention.start][0], spans[mention.end - 1][1]
        said = "".join(_WORD.findall(instruction[start:end].lower()))
        is_plural = said.endswith("s") and not mention.words.endswith("s")
        noun = plural(known[mention.name]) if is_plural else known[mention.name]
        before = re.sub(r"\b(a|an) $", "an " if noun[0].lower() in "aeiou" else "a ", instruction[:start])
        instruction = f"{before}{noun}{instruction[end:]}"
    return instruction
