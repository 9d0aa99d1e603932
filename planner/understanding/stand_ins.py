"""Reading about kinds that a GPT was not taught to copy: each is read as a known kind that the home does not have.

"Put the haik on the desk" is read as "put the kettle on the desk" in the same home with kettles for haiks, and the goal
is written back: `haik on desk`. If the home has kettles, too, and the instruction is not about them, the two change
names. Which kinds stand for others: planner/prompts/known_kinds.py. A GPT that copies names (`renamed` in its kinds of
documents) needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from envs.symbolic.goals import Goal, format_goal
from envs.symbolic.kinds.spoken_words import own_kinds
from envs.symbolic.renamed_kinds import with_names
from envs.words import plural
from planner.language.domain_phrases import words_of
from planner.language.phrase_patterns import load_words
from planner.language.realization import senses
from planner.prompts.known_kinds import known_for
from planner.prompts.own_names import ALMOST, Mention, mentions, resembles

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.plans.planning_result import ParsedInstruction

_WORD = re.compile(r"[^\W_]+")
_KIND_FIELDS = ("word", "fixture", "means")  # of the parts of a goal: they hold the names of kinds
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """A home and an instruction as a GPT reads them.

    Attributes:
        state: The home with known kinds for some of its own.
        instruction: The instruction, which names these.
        names: The own kind behind each known one.
        own_state: The home as it is.
    """

    state: State
    instruction: str
    names: Mapping[str, str]
    own_state: State

    def goal(self, goal: Goal) -> Goal:
        """Return a goal about the home as it is."""
        return _with_kinds(goal, self.names)

    def text(self, text: str) -> str:
        """Return a text about the home as it is."""
        for known, own in self.names.items():
            text = re.sub(rf"\b{re.escape(plural(known))}\b", plural(own), text)
            text = re.sub(rf"\b{re.escape(known)}\b", own, text)
        return text

    def parsed(self, parsed: ParsedInstruction, instruction: str) -> ParsedInstruction:
        """Return what was read, about the home as it is."""
        goal = None if parsed.goal is None else self.goal(parsed.goal)
        return replace(
            parsed,
            instruction=instruction,
            goal=goal,
            goal_text=self.text(parsed.goal_text) if goal is None else format_goal(goal, self.own_state.world.domain),
            refusal=self.text(parsed.refusal),
            question=self.text(parsed.question),
            options=tuple(map(self.goal, parsed.options)),
            parts=tuple(map(self.text, parsed.parts)),
        )


def stand_ins(instruction: str, state: State, *, by_ability: bool = False) -> StandIns | None:
    """Return an instruction with stand-ins for the own kinds that it names; None if it names none.

    Args:
        instruction: The normalized instruction.
        state: The home.
        by_ability: As in `known_for`.
    """
    own = own_kinds(state.world.domain)
    kinds = [kind for kind in state.world.entities_by_category if kind in own]
    if not kinds:
        return None
    meant = list(_meant(instruction, state, mentions(instruction, kinds, state.world.domain.words)))
    said = f" {' '.join(_WORD.findall(instruction.lower()))}"
    nouns = {**load_words().objects, **load_words().fixtures}
    known = known_for(
        (mention.name for mention in meant),
        state.world.domain,
        state.world.entities_by_category,
        may_stand=lambda kind: not any(f" {noun}" in said for noun in (kind.lower(), *nouns[kind])), swaps=True,
        by_ability=by_ability,
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
    )


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


def _with_kinds(value: Value, names: Mapping[str, str]) -> Value:
    """Return a part of a goal with other names for kinds."""
    if isinstance(value, tuple):
        return type(value)(_with_kinds(part, names) for part in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, str):
            changed[field.name] = names.get(part, part) if field.name in _KIND_FIELDS else part
        else:
            changed[field.name] = _with_kinds(part, names)
    return replace(value, **changed)
