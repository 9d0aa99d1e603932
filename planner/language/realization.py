"""Words tasks as instructions: fills a family's slots with noun phrases, adds politeness, joins tasks, adds noise.

Misleading words are avoided: a synonym that is the plain name of another object in the same home is not used.
"""

from __future__ import annotations

import re
import string
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain import Domain, load_domain
from envs.words import pluralized
from planner.language.domain_phrases import words_of
from planner.language.phrase_patterns import Family, Words, expand, parse_pattern

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
_NEIGHBORS = {
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
_JOINERS = [
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
VERBS = frozenset(
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
def _class_names(domain: Domain) -> frozenset[str]:
    return frozenset(name for names in words_of(domain).classes.values() for name in names)


@lru_cache(maxsize=4)  # many instructions are written for one home
def senses(present: frozenset[str], domain: Domain) -> dict[str, tuple[str, ...]]:
    """Return, for each word, the categories of a home that it may mean, the most likely first."""
    words = words_of(domain)
    categories_by_word: dict[str, list[str]] = {}
    for table in (words.objects, words.fixtures):
        for category, names in table.items():
            if category in present:
                for name in names:
                    categories_by_word.setdefault(name, []).append(category)
    for word, categories in words.ambiguous.items():
        categories_by_word[word] = [c for c in categories if c in present]
    return {word: tuple(dict.fromkeys(categories)) for word, categories in categories_by_word.items()}


class Realizer:
    """Puts tasks in one home into words.

    Args:
        rng: The source of randomness.
        present: Categories (objects and fixtures) that the home has; None if they are unknown to the reader.
        plainness: Probability that an object is called by its plain name.
        domain: The home's domain; None: the default domain.
    """

    def __init__(
        self,
        rng: random.Random,
        present: Collection[str] | None,
        *,
        plainness: float = 0.45,
        domain: Domain | None = None,
    ) -> None:
        """Bind a realizer to a home."""
        self.rng = rng
        self.domain: Domain = domain or load_domain()
        self.words: Words = words_of(self.domain)
        names = present if present is not None else {*self.domain.objects, *self.domain.fixtures}
        self.plain_names = frozenset(name.lower() for name in names)
        self.senses = senses(frozenset(names), self.domain) if present is not None else None
        self.plain_share = plainness

    def realize(
        self,
        family: Family,
        pattern: str,
        binding: Mapping[str, str],
        count: int,
        nouns_given: Mapping[str, str] | None = None,
    ) -> str:
        """Return one wording of a pattern.

        Args:
            family: The pattern's family.
            pattern: The pattern to expand.
            binding: Each slot's category, class or number.
            count: The count of `x`.
            nouns_given: Nouns to use for slots instead of sampled ones.
        """
        nouns: dict[str, str] = dict(nouns_given or {})

        def fill(slot_text: str) -> str:
            return self._fill_slot(slot_text, binding, count, nouns, family)

        return re.sub(r" +", " ", expand(parse_pattern(pattern), self.rng, fill)).strip(" ,")

    def nouns(self, word: str) -> tuple[str, ...]:
        """Return what people call a category or class, the plain name first."""
        words = self.words
        return words.objects.get(word) or words.fixtures.get(word) or words.classes.get(word) or (word,)

    def noun(self, word: str) -> str:
        """Return a noun for a category or class that is clear in this home."""
        return self._noun("", word, {}, "")

    def _noun(self, slot: str, word: str, nouns: dict[str, str], slot_type: str) -> str:
        if slot in nouns:
            return nouns[slot]
        if slot_type.startswith("liquid"):
            synonyms = self.words.liquids.get(word, (word,))
        elif slot_type.startswith(("class", "fixtures")):
            synonyms = self.words.classes.get(word, (word,))
        else:
            synonyms = self.nouns(word)
        options = [w for w in synonyms if w == word or self._is_clear(w, word)]
        if not options or (word in options and self.rng.random() < self.plain_share):
            noun = word
        else:
            noun = options[min(int(self.rng.expovariate(0.45)), len(options) - 1)]
        nouns[slot] = noun
        return noun

    def _is_clear(self, noun: str, word: str) -> bool:
        """Whether a noun can only mean that category in this home."""
        if noun.lower() in self.plain_names or (
            word in self.domain.objects and self.plural(noun) in _class_names(self.domain)
        ):
            return False  # "all dishes" are not all plates
        categories = self.senses.get(noun, ()) if self.senses is not None else ()
        return len(categories) < 2 or (noun not in self.words.ambiguous and categories[0] == word)

    def plural(self, noun: str) -> str:
        """Return the plural of a noun phrase."""
        return pluralized(noun, self.words.plurals, self.words.mass | self.words.plural_only)

    def _fill_slot(
        self, slot_text: str, binding: Mapping[str, str], count: int, nouns: dict[str, str], family: Family
    ) -> str:
        form, _, slot = slot_text.rpartition(" ")
        if slot == "n" and not form:
            return self._number(int(binding.get("n", count)))
        word = binding[slot]
        slot_type = family.slots.get(slot, "")
        if slot_type.startswith(("class", "fixtures")):
            noun = self._noun(slot, word, nouns, slot_type)
            return noun if not form else f"{form} {noun}" if form != "a" else f"some {noun}"
        count_here = count if slot == "x" else int(binding.get("n", count)) if form == "n" else 1
        if form == "it":
            return "them" if count_here > 1 or nouns.get(slot) in self.words.plural_only else "it"
        if form == "is":
            return "are" if count_here > 1 or nouns.get(slot) in self.words.plural_only else "is"
        noun = self._noun(slot, word, nouns, slot_type)
        if form in ("to", "at"):
            return self._place(form, word, noun, binding)
        if form == "n":
            return f"{self._number(count_here)} {self.plural(noun) if count_here > 1 else noun}"
        if form == "the":
            return self.definite(noun, count_here)
        if form == "a":
            return self._indefinite(noun, count_here)
        return self.plural(noun) if count_here > 1 else noun

    def _number(self, n: int) -> str:
        return str(n) if self.rng.random() < 0.3 or n >= len(NUMBER_WORDS) else NUMBER_WORDS[n]

    def definite(self, noun: str, number: int) -> str:
        """Return a definite noun phrase for so many things: `the cup`, `my cup`, `two cups`."""
        roll = self.rng.random()
        if number > 1:
            determiner = "both " if number == 2 and roll < 0.1 else "the two " if number == 2 and roll < 0.2 else ""
            return (determiner or f"{self._number(number)} ") + self.plural(noun)
        if roll < 0.78:
            return f"the {noun}"
        if roll < 0.86:
            return self._indefinite(noun, 1)
        return noun if roll < 0.91 else f"my {noun}" if roll < 0.95 else f"that {noun}"

    def _indefinite(self, noun: str, number: int) -> str:
        if number > 1:
            return f"{self._number(number)} {self.plural(noun)}"
        if noun in self.words.mass or noun in self.words.plural_only:
            return f"some {noun}" if self.rng.random() < 0.7 else noun
        vowel = noun[0] in "aeiou" and not noun.startswith(("use", "uti", "ute"))  # a user, a utility cart
        return f"{'an' if vowel else 'a'} {noun}"

    def _place(self, role: str, word: str, noun: str, binding: Mapping[str, str]) -> str:
        relation = self.domain.relation(word)
        if relation == "with":
            return f"to {self.definite(noun, 1)}"
        prepositions = {"in": ("in", "in", "in", "inside", "into"), "on": ("on", "on", "on", "on top of", "onto")}[
            relation or "on"
        ]
        preposition = self.rng.choice(prepositions[: 4 if role == "at" else 5])
        if role == "at" and preposition in ("into", "onto"):
            preposition = relation or "on"
        return f"{preposition} {self.definite(noun, 1)}"

    def polite(self, text: str) -> str:
        """Add politeness to an instruction, sometimes."""
        roll = self.rng.random()
        imperative = text.split(" ", 1)[0] in VERBS
        if imperative and roll < 0.22:
            text = self.rng.choice(_POLITE_BEFORE) + text
        if imperative and self.rng.random() < 0.1:
            text += self.rng.choice(_POLITE_AFTER)
        return text

    def join(self, texts: list[str]) -> str:
        """Join several tasks into one instruction."""
        joined = texts[0]
        for i, text in enumerate(texts[1:], start=2):
            joiner = ", " if i < len(texts) and self.rng.random() < 0.5 else self.rng.choice(_JOINERS)
            joined += joiner + text
        return joined

    def noise(self, text: str) -> str:
        """Add typos, or drop articles or punctuation, as hurried people and speech recognizers do."""
        roll = self.rng.random()
        if roll < 0.06:
            text = re.sub(r"\b(the|a|an) ", "", text)
        elif roll < 0.10:
            text = re.sub(r"[,.;?!']", "", text)
        if self.rng.random() < 0.08:
            text = self._typo(text)
        return text

    def _typo(self, text: str) -> str:
        positions = [i for i, c in enumerate(text) if c in string.ascii_lowercase]
        if len(positions) < 8:
            return text
        i = self.rng.choice(positions)
        typo = self.rng.randrange(4)
        if typo == 0:
            return text[:i] + text[i + 1 :]
        if typo == 1:
            return text[:i] + text[i] + text[i:]
        if typo == 2 and i + 1 < len(text):
            return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        return text[:i] + _NEIGHBORS.get(text[i], text[i]) + text[i + 1 :]
