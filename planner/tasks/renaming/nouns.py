"""Names for kinds of things that no model has seen: rare nouns, compounds, and words made of syllables.

Each word belongs to one split by its hash, and a name takes all of its unknown words from one split: no word of a test
noun stands in a training noun. Words of the domain ("bowl" in "haik bowl") stand in names of every split.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from envs.symbolic.domain import load_domain
from envs.words import names_by_word, plurals, words_of
from planner.io.paths import datasets_dir

if TYPE_CHECKING:
    import random

NounSplit = Literal["train", "tune", "test"]
_SHARES: tuple[tuple[NounSplit, int], ...] = (("train", 70), ("tune", 80), ("test", 100))  # upper ends, in percent
_ODD_ARTICLE = re.compile(r"eu|ew|uni|us[aeu]|uti|u[bk]i|ur[aeio]|on[ce]e|hono|hour|heir|herb")
_ODD_PLURAL = re.compile(r".*(?:s|z|f|fe|man|men|child|foot|tooth|goose|mouse|louse|fish|ing|ware|wear)")
_ONSETS: list[str] = re.findall(
    r"\w+", "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p pl pr qu r s sk sl sm sn sp st t tr v w z"
)
_VOWELS: list[str] = re.findall(r"\w+", "a e i o u a e i o u ai ea ee oa oo ou")
_CODAS: list[str] = ["", "", "", *re.findall(r"\w+", "b ck d g l ll m mp n nd nk nt p r rb rk rn rt t x")]
_KINDS = ("rare noun", "compound", "two rare nouns", "rare noun and known noun", "made up")
_WEIGHTS = (0.40, 0.18, 0.14, 0.10, 0.18)
MAX_LETTERS = 24  # of a name
MAX_DRAWS = 1000  # draws of a name until one is free


def split_of(word: str) -> NounSplit:
    """Return the split that a word belongs to, by its hash."""
    percent = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big") % 100
    return next(split for split, end in _SHARES if percent < end)


def is_regular(word: str) -> bool:
    """Whether the article and the plural of a word follow the rules (`a`/`an` by the first letter, `s` or `es`)."""
    return not (_ODD_ARTICLE.match(word) or _ODD_PLURAL.fullmatch(word))


class Nouns:
    """The names of one split."""

    def __init__(self, split: NounSplit) -> None:
        """Select them from the list."""
        self.split = split
        words, compounds = _listed()
        self.words = tuple(word for word in words if split_of(word) == split)
        known = known_words()
        self.compounds = tuple(
            name for name in compounds if all(split_of(word) == split for word in name.split() if word not in known)
        )
        self.known = tuple(
            name
            for name in load_domain().objects
            if " " not in name and name not in _meaning_more() and is_regular(name)
        )

    def draw(self, rng: random.Random, taken: Collection[str] = ()) -> str:
        """Return a name that is none of `taken` and nothing that the domain or the word lists know."""
        for _ in range(MAX_DRAWS):
            name = self._name(rng)
            if name not in taken and len(name) <= MAX_LETTERS and name not in _known_names():
                return name
        raise ValueError(f"no free name in {MAX_DRAWS} draws, with {len(taken)} taken")

    def _name(self, rng: random.Random) -> str:
        kind = rng.choices(_KINDS, _WEIGHTS)[0]
        if kind == "compound":
            return rng.choice(self.compounds)
        if kind == "made up":
            return self.made_up(rng)
        word = rng.choice(self.words)
        if kind == "two rare nouns":
            return f"{word} {rng.choice(self.words)}"
        return f"{word} {rng.choice(self.known)}" if kind == "rare noun and known noun" else word

    def made_up(self, rng: random.Random) -> str:
        """Return a word made of syllables that is in no list."""
        while True:
            number = rng.choice((2, 2, 3))
            word: str = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(number)) + rng.choice(_CODAS)
            if split_of(word) == self.split and is_regular(word) and word not in _all_words():
                return word


@lru_cache(maxsize=3)
def nouns_of(split: NounSplit) -> Nouns:
    """Return the names of a split (cached)."""
    return Nouns(split)


@cache
def _listed() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words and the compounds of the list."""
    text = (datasets_dir() / "nouns" / "nouns.txt").read_text(encoding="utf-8")
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(n for n in names if " " not in n), tuple(n for n in names if " " in n)


@cache
def _known_names() -> frozenset[str]:
    """Return what the domain and the word lists call anything, in small letters; plurals, too."""
    domain = load_domain()
    names = [*domain.objects, *domain.fixtures, *domain.members, *domain.fixture_members, *domain.states]
    names += [*domain.negations, *domain.liquids, *domain.rooms, *domain.property_group, *names_by_word()]
    names += [*words_of("rooms"), *words_of("properties")]
    return frozenset(form.lower() for name in names for form in (name, *plurals(name)))


@cache
def known_words() -> frozenset[str]:
    """Return the single words of those names."""
    return frozenset(word for name in _known_names() for word in re.findall(r"[a-z]+", name))


@cache
def _all_words() -> frozenset[str]:
    words, compounds = _listed()
    return frozenset([*words, *(word for name in compounds for word in name.split()), *known_words()])


@cache
def _meaning_more() -> frozenset[str]:
    """Words that mean something else, too: `glass` is a material, `milk` a liquid, `book` a class."""
    domain = load_domain()
    return frozenset([*domain.property_group, *domain.liquids, *domain.members, *domain.states])
