"""Realising tasks in words: a family's slots become noun phrases, then politeness, joining and noise are added.

The words avoid what would mislead: a synonym that is the plain name of another thing in the same home is not used.
"""

from __future__ import annotations

import re
import string
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain import Domain, load_domain
from planner.language.phrase_patterns import Family, Words, expand, load_words, parse_pattern

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Mapping

NUMBER_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_NEIGHBOURS = {
    a: b for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for a, b in zip(row, row[1:] + row[-2], strict=True)
}
_POLITE_BEFORE = [
    "please ",
    "can you ",
    "could you ",
    "could you please ",
    "can you please ",
    "would you ",
    "i need you to ",
    "i want you to ",
    "i'd like you to ",
    "hey robot, ",
    "robot, ",
    "go ",
    "hey, ",
    "ok, ",
    "would you mind to ",
    "kindly ",
    "your task is to ",
    "you should ",
    "you need to ",
    "let's ",
    "now ",
    "will you ",
]
_POLITE_AFTER = [" please", ", please", " for me", " thanks", ", thank you", " for me please", " now", ", will you"]
_JOINTS = [
    " and ",
    " and then ",
    ", then ",
    ". then ",
    ". ",
    ", and ",
    " then ",
    ". after that, ",
    ". also, ",
    ", and also ",
    ". next, ",
    "; ",
]
_VERBS = frozenset(
    [
        "put",
        "place",
        "set",
        "leave",
        "move",
        "take",
        "bring",
        "carry",
        "get",
        "grab",
        "fetch",
        "find",
        "pick",
        "wash",
        "clean",
        "rinse",
        "heat",
        "warm",
        "cool",
        "chill",
        "slice",
        "cut",
        "chop",
        "cook",
        "open",
        "close",
        "shut",
        "turn",
        "switch",
        "wipe",
        "fold",
        "fill",
        "pour",
        "give",
        "hand",
        "water",
        "throw",
        "toss",
        "tidy",
        "clear",
        "pack",
        "store",
        "serve",
        "make",
        "look",
        "examine",
        "inspect",
        "hold",
        "prepare",
        "return",
        "drop",
        "transfer",
        "lay",
        "empty",
        "dry",
        "hide",
        "keep",
        "deliver",
        "pass",
        "light",
    ]
)


@cache
def _class_names() -> frozenset[str]:
    return frozenset(name for names in load_words().classes.values() for name in names)


@lru_cache(maxsize=4)  # many instructions are put into words for one home
def senses(present: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return, by word, the categories of a home that people call so, the likeliest first."""
    words = load_words()
    found: dict[str, list[str]] = {}
    for table in (words.objects, words.fixtures):
        for category, names in table.items():
            if category in present:
                for name in names:
                    found.setdefault(name, []).append(category)
    for word, meant in words.ambiguous.items():
        found[word] = [c for c in meant if c in present]
    return {word: tuple(dict.fromkeys(categories)) for word, categories in found.items()}


class Realizer:
    """Puts tasks of one home into words.

    Args:
        rng: Draws everything.
        present: Categories (objects and fixtures) that the home has; None means: unknown to the reader.
        plainness: Chance that a thing is called by its plain name.
    """

    def __init__(self, rng: random.Random, present: Collection[str] | None, *, plainness: float = 0.45) -> None:
        """Bind a realizer to a home."""
        self.rng = rng
        self.domain: Domain = load_domain()
        self.words: Words = load_words()
        names = present if present is not None else {*self.domain.objects, *self.domain.fixtures}
        self.taken = frozenset(name.lower() for name in names)
        self.meant = senses(frozenset(names)) if present is not None else None
        self.plainness = plainness

    def realize(
        self,
        family: Family,
        pattern: str,
        binding: Mapping[str, str],
        count: int,
        said: Mapping[str, str] | None = None,
    ) -> str:
        """Return one wording of a pattern.

        Args:
            family: Whose pattern it is.
            pattern: To be expanded.
            binding: Each slot's category, class or number.
            count: How many of `x`.
            said: Nouns to use for slots, in place of drawn ones.
        """
        nouns: dict[str, str] = dict(said or {})

        def fill(hole: str) -> str:
            return self._hole(hole, binding, count, nouns, family)

        return re.sub(r" +", " ", expand(parse_pattern(pattern), self.rng, fill)).strip(" ,")

    def _noun(self, slot: str, word: str, nouns: dict[str, str], kind: str) -> str:
        if slot in nouns:
            return nouns[slot]
        if kind.startswith("liquid"):
            table = self.words.liquids.get(word, (word,))
        elif kind.startswith(("class", "fixtures")):
            table = self.words.classes.get(word, (word,))
        else:
            words = self.words
            table = words.objects.get(word) or words.fixtures.get(word) or words.classes.get(word) or (word,)
        options = [w for w in table if w == word or self._is_clear(w, word)]
        if not options or (word in options and self.rng.random() < self.plainness):
            noun = word
        else:
            noun = options[min(int(self.rng.expovariate(0.45)), len(options) - 1)]
        nouns[slot] = noun
        return noun

    def _is_clear(self, said: str, word: str) -> bool:
        """Whether what is said can only be that category in this home."""
        if said.lower() in self.taken or (word in self.domain.objects and self.plural(said) in _class_names()):
            return False  # "all dishes" are not all plates
        meant = self.meant.get(said, ()) if self.meant is not None else ()
        return len(meant) < 2 or (said not in self.words.ambiguous and meant[0] == word)

    def plural(self, noun: str) -> str:
        """Return the plural of a noun phrase."""
        if noun in self.words.plurals:
            return self.words.plurals[noun]
        if noun in self.words.mass or noun in self.words.plural_only:
            return noun
        first, of, rest = noun.partition(" of ")
        if of:
            return f"{self.plural(first)} of {rest}"
        head, _, last = noun.rpartition(" ")
        if last.endswith("shelf"):
            return noun[:-1] + "ves"
        if last in self.words.plurals:
            return f"{head} {self.words.plurals[last]}".strip()
        if last.endswith(("s", "x", "ch", "sh")):
            return noun + "es"
        if last.endswith("y") and last[-2:-1] not in "aeiou":
            return noun[:-1] + "ies"
        return noun + "s"

    def _hole(self, hole: str, binding: Mapping[str, str], count: int, nouns: dict[str, str], family: Family) -> str:
        first, _, slot = hole.rpartition(" ")
        if slot == "n" and not first:
            return self._number(int(binding.get("n", count)))
        word = binding[slot]
        kind = family.slots.get(slot, "")
        if kind.startswith(("class", "fixtures")):
            noun = self._noun(slot, word, nouns, kind)
            return noun if not first else f"{first} {noun}" if first != "a" else f"some {noun}"
        many = count if slot == "x" else int(binding.get("n", count)) if first == "n" else 1
        if first == "it":
            return "them" if many > 1 or nouns.get(slot) in self.words.plural_only else "it"
        if first == "is":
            return "are" if many > 1 or nouns.get(slot) in self.words.plural_only else "is"
        noun = self._noun(slot, word, nouns, kind)
        if first in ("to", "at"):
            return self._place(first, word, noun, binding)
        if first == "n":
            return f"{self._number(many)} {self.plural(noun) if many > 1 else noun}"
        if first == "the":
            return self._definite(noun, many)
        if first == "a":
            return self._indefinite(noun, many)
        return self.plural(noun) if many > 1 else noun

    def _number(self, n: int) -> str:
        return str(n) if self.rng.random() < 0.3 or n >= len(NUMBER_WORDS) else NUMBER_WORDS[n]

    def _definite(self, noun: str, many: int) -> str:
        roll = self.rng.random()
        if many > 1:
            head = "both " if many == 2 and roll < 0.1 else "the two " if many == 2 and roll < 0.2 else ""
            return (head or f"{self._number(many)} ") + self.plural(noun)
        if roll < 0.78:
            return f"the {noun}"
        if roll < 0.86:
            return self._indefinite(noun, 1)
        return noun if roll < 0.91 else f"my {noun}" if roll < 0.95 else f"that {noun}"

    def _indefinite(self, noun: str, many: int) -> str:
        if many > 1:
            return f"{self._number(many)} {self.plural(noun)}"
        if noun in self.words.mass or noun in self.words.plural_only:
            return f"some {noun}" if self.rng.random() < 0.7 else noun
        vowel = noun[0] in "aeiou" and not noun.startswith(("use", "uti", "ute"))  # a user, a utility cart
        return f"{'an' if vowel else 'a'} {noun}"

    def _place(self, way: str, word: str, noun: str, binding: Mapping[str, str]) -> str:
        relation = self.domain.relation(word)
        if relation == "with":
            return f"to {self._definite(noun, 1)}"
        words = {"in": ("in", "in", "in", "inside", "into"), "on": ("on", "on", "on", "on top of", "onto")}[
            relation or "on"
        ]
        preposition = self.rng.choice(words[: 4 if way == "at" else 5])
        if way == "at" and preposition in ("into", "onto"):
            preposition = relation or "on"
        return f"{preposition} {self._definite(noun, 1)}"

    def polite(self, text: str) -> str:
        """Wrap an instruction the way people do, sometimes."""
        roll = self.rng.random()
        imperative = text.split(" ", 1)[0] in _VERBS
        if imperative and roll < 0.22:
            text = self.rng.choice(_POLITE_BEFORE) + text
        if imperative and self.rng.random() < 0.1:
            text += self.rng.choice(_POLITE_AFTER)
        return text

    def join(self, texts: list[str]) -> str:
        """Join several tasks into one instruction."""
        said = texts[0]
        for i, text in enumerate(texts[1:], start=2):
            joint = ", " if i < len(texts) and self.rng.random() < 0.5 else self.rng.choice(_JOINTS)
            said += joint + text
        return said

    def noise(self, text: str) -> str:
        """Add typos, drop articles or punctuation, as hurried people and speech recognisers do."""
        roll = self.rng.random()
        if roll < 0.06:
            text = re.sub(r"\b(the|a|an) ", "", text)
        elif roll < 0.10:
            text = re.sub(r"[,.;?!']", "", text)
        if self.rng.random() < 0.08:
            text = self._typo(text)
        return text

    def _typo(self, text: str) -> str:
        at = [i for i, c in enumerate(text) if c in string.ascii_lowercase]
        if len(at) < 8:
            return text
        i = self.rng.choice(at)
        kind = self.rng.randrange(4)
        if kind == 0:
            return text[:i] + text[i + 1 :]
        if kind == 1:
            return text[:i] + text[i] + text[i:]
        if kind == 2 and i + 1 < len(text):
            return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        return text[:i] + _NEIGHBOURS.get(text[i], text[i]) + text[i + 1 :]
