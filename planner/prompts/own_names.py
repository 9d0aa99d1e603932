"""Which of a home's own names an instruction may mean; only these are shown to the GPT, behind the instruction.

A home's own kinds (`things:`, `furniture:`) have names that no model was trained on. All of them would make the prompt
long, and most are not meant; so each instruction is shown with the names, and the words for them, that resemble words
of it: `put the smoothie maker on the haik [HINT] blender = smoothie maker , on haik`. Typing errors, plurals, and words
written together ("dogbowl") are seen through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.kinds.spoken_words import base_of, own_kinds
from envs.words import plural

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from envs.symbolic.state import World

MAX_NAMES = 8  # names shown with one instruction
MIN_LETTERS = 5  # a shorter word must be written without a typing error
ALMOST = 0.95  # share of words that are said with a typing error
SEPARATOR = " , "
_Forms = tuple[str, str]  # singular and plural, without spaces
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """An own kind that an instruction may mean.

    Attributes:
        name: The kind.
        words: What the instruction calls it: its name, or one of its `words`.
        start: The first word of the instruction that resembles it.
        end: The word after the last one.
        share: The share of `words` that the instruction has; 1 where all are written without an error.
    """

    name: str
    words: str
    start: int
    end: int
    share: float

    @property
    def rank(self) -> tuple[float, int]:
        """What is said as a whole ranks highest, then what is longer."""
        return self.share, self.end - self.start


def kinds_shown_apart(world: World) -> tuple[str, ...]:
    """Return the kinds of a home that its inventory leaves out: those that only this home has, and rooms."""
    domain, own = world.domain, own_kinds(world.domain)
    if domain.rooms_are_entities and not base_of(domain).rooms_are_entities:
        own = own | frozenset(domain.rooms)
    return tuple(kind for kind in world.entities_by_category if kind in own) if own else ()


def own_states(domain: Domain) -> dict[str, tuple[str, ...]]:
    """Return the states that only this home has, with the names of its own skills that set them."""
    base = base_of(domain)
    verbs: dict[str, list[str]] = {state: [] for state in domain.states if state not in base.states}
    for skill in domain.skills.values() if verbs else ():
        for effect in skill.effects:
            if effect.atom.predicate == "state" and effect.atom.word in verbs:
                verbs[effect.atom.word].append(skill.text.partition("{")[0].strip())
    return {state: tuple(words) for state, words in verbs.items()}


def own_names(instruction: str, world: World) -> str:
    """Return the own names of a home that an instruction may mean, as the GPT reads them; empty if there are none.

    `blender = smoothie maker , on haik , zarked = flup`: what it is called behind `=`, furniture behind its relation, a
    state of its own before the skill that sets it.
    """
    kinds, states = kinds_shown_apart(world), own_states(world.domain)
    if not kinds and not states:
        return ""
    found = mentions(instruction, (*kinds, *states), {**world.domain.words, **states})
    return SEPARATOR.join(_shown(mention, world.domain) for mention in found)


def mentions(instruction: str, names: Sequence[str], words: Mapping[str, Sequence[str]]) -> list[Mention]:
    """Return the kinds that an instruction may mean, in the order of the instruction.

    What is part of a longer name that is said is not meant: of "dog bowl" and "bowl", "the dog bowl" names one.

    Args:
        instruction: The instruction.
        names: The kinds.
        words: What else people call them.
    """
    said = _Said(instruction)
    every = [m for name in names for form in (name, *words.get(name, ())) for m in _found(said, name, form)]
    whole = [m for m in every if m.share == 1]
    best: dict[str, Mention] = {}
    for mention in every:
        if any(_is_part(mention, of=longer) for longer in whole):
            continue
        if mention.name not in best or mention.rank > best[mention.name].rank:
            best[mention.name] = mention
    ranked = sorted(best.values(), key=lambda m: m.rank, reverse=True)
    return sorted(ranked[:MAX_NAMES], key=lambda m: (m.start, m.end, m.name))


def _shown(mention: Mention, domain: Domain) -> str:
    fixture = domain.fixtures.get(mention.name)
    relation = f"{fixture.relation} " if fixture is not None and fixture.relation is not None else ""
    other = f" = {mention.words}" if mention.words != mention.name else ""
    return f"{relation}{mention.name}{other}"


def _is_part(mention: Mention, *, of: Mention) -> bool:
    """Whether a mention lies in a longer one, or in one that is said as a whole where it is not."""
    inside = of.start <= mention.start and mention.end <= of.end and mention.name != of.name
    return inside and (of.end - of.start > mention.end - mention.start or mention.share < 1)


def _found(said: _Said, name: str, words: str) -> Iterator[Mention]:
    """Yield where words for a kind are said, as a whole or in part, the whole first."""
    parts, forms, forms_of_parts = _forms(words)
    for length in range(max(1, len(parts) - 1), len(parts) + 2):
        for start, together in enumerate(said.runs(length)):
            if together in forms:
                yield Mention(name=name, words=words, start=start, end=start + length, share=1.0)
            elif _may_resemble(together, forms) and any(resembles(together, form) for form in forms):
                yield Mention(name=name, words=words, start=start, end=start + length, share=ALMOST)
    if len(parts) > 1:
        hits = [
            (i, part) for i, word in enumerate(said.words) for part, its_forms in forms_of_parts
            if word in its_forms or (_may_resemble(word, its_forms) and any(resembles(word, f) for f in its_forms))
        ]  # fmt: skip
        share = len({part for _, part in hits}) / (len(parts) + 1)
        for i, _ in hits:
            yield Mention(name=name, words=words, start=i, end=i + 1, share=share)


class _Said:
    """The words of an instruction, and runs of them written together."""

    def __init__(self, instruction: str) -> None:
        self.words = _WORD.findall(instruction.lower())
        self._runs: dict[int, list[str]] = {1: self.words}

    def runs(self, length: int) -> list[str]:
        if length not in self._runs:
            starts = range(len(self.words) - length + 1)
            self._runs[length] = ["".join(self.words[start : start + length]) for start in starts]
        return self._runs[length]


@lru_cache(maxsize=4096)
def _forms(words: str) -> tuple[tuple[str, ...], _Forms, tuple[tuple[str, _Forms], ...]]:
    """Return the parts of words for a kind, their singular and plural written together, and those of each part."""
    parts = tuple(_WORD.findall(words.lower()))
    forms = ("".join(parts), "".join(_WORD.findall(plural(words).lower())))
    return parts, forms, tuple((part, (part, plural(part))) for part in parts if len(part) > 2)


def _may_resemble(word: str, forms: tuple[str, str]) -> bool:
    """Whether a word begins or ends as a form does and is about as long: a quick test before `resembles`."""
    one, other = forms
    return len(one) - 2 < len(word) < len(other) + 2 and (word[0] == one[0] or word[-1] in (one[-1], other[-1]))


def resembles(word: str, other: str) -> bool:
    """Whether two words are the same but for one letter left out, added, changed or exchanged with its neighbor."""
    if word == other:
        return True
    if min(len(word), len(other)) < MIN_LETTERS or abs(len(word) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    a, b = word[start:], other[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return a[1:] == b or a == b[1:]
