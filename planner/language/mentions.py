"""Where a text names kinds of objects and furniture, in any of the words for them, singular or plural.

And which nouns of an instruction are no word for anything.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from planner.language.phrase_patterns import load_words
from planner.language.realization import Realizer

MAX_FORM_WORDS = 4
_ARTICLE = re.compile(r"\b(?:the|my|a|an|our|your|his|her|this|that|some)\s+")
_NO_NOUNS = frozenset(
    ["one", "thing", "things", "stuff", "other", "others", "rest", "same", "way", "of", "and", "to", "on", "in", "with",
     "from", "there", "here", "please", "into", "at", "by", "off", "onto", "up", "over", "for"]
)  # fmt: skip
_EDGES = re.compile(r"^\W+|\W+$")


def bare(word: str) -> str:
    """Return a word without punctuation around it."""
    return _EDGES.sub("", word)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A kind that a sentence names: words `start` up to `stop`, in the singular or the plural."""

    kind: str
    start: int
    stop: int
    is_plural: bool


@cache
def forms() -> dict[tuple[str, ...], tuple[tuple[str, bool], ...]]:
    """Return, for each form of a word for a kind, split at spaces, the kinds that it may name, and if in the plural."""
    words, realizer = load_words(), Realizer(random.Random(0), None)
    found: dict[tuple[str, ...], list[tuple[str, bool]]] = {}
    for table in (words.objects, words.fixtures):
        for kind, names in table.items():
            for name in names:
                for form, is_plural in ((name, False), (realizer.plural(name), True)):
                    found.setdefault(tuple(form.lower().split(" ")), []).append((kind, is_plural))
    return {form: tuple(dict.fromkeys(kinds)) for form, kinds in found.items()}


def mentions(words: Sequence[str], kinds: frozenset[str]) -> Iterator[Mention]:
    """Yield where a text names one of these kinds, the longer name first where two overlap."""
    plain = [bare(word) for word in words]
    start = 0
    while start < len(plain):
        for length in range(min(MAX_FORM_WORDS, len(plain) - start), 0, -1):
            candidates = forms().get(tuple(plain[start : start + length]), ())
            named = [(kind, is_plural) for kind, is_plural in candidates if kind in kinds]
            if named:
                yield Mention(kind=named[0][0], start=start, stop=start + length, is_plural=named[0][1])
                start += length - 1
                break
            if candidates and length > 1:  # a longer name that means something else
                start += length - 1
                break
        start += 1


def unknown_words(instruction: str) -> list[str]:
    """Return the nouns of an instruction, behind an article, that are no word for anything."""
    text = instruction.lower()
    found = []
    for match in _ARTICLE.finditer(text):
        words: list[str] = []
        for word in text[match.end() :].split(" "):
            if bare(word) in _NO_NOUNS or not bare(word) or len(words) == 2:
                break
            words.append(bare(word))
            if word[-1] in ".,;:!?":
                break
        if words and not is_known(words):
            found.append(" ".join(words))
    return found


def is_known(words: Sequence[str]) -> bool:
    """Whether some of these words, in a row, are a word for a kind."""
    spans = ((start, stop) for start in range(len(words)) for stop in range(start + 1, len(words) + 1))
    return any(tuple(words[start:stop]) in forms() for start, stop in spans)
