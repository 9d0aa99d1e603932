"""What people call the kinds of a domain: the built-in words, and those for kinds of its own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain.reading import default_domain
from envs.words import SpokenWords, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from envs.symbolic.domain.domain import Domain


def base_of(domain: Domain) -> Domain:
    """Return the domain whose kinds are no addition of a home: the built-in one, or one that stands alone."""
    built_in = default_domain()
    return built_in if domain.objects.keys() >= built_in.objects.keys() else domain


@lru_cache(maxsize=32)
def own_kinds(domain: Domain) -> frozenset[str]:
    """Return the kinds that were added to the built-in domain, without rooms; none if it is not made from that."""
    base = base_of(domain)
    own = (domain.objects.keys() - base.objects.keys(), domain.fixtures.keys() - base.fixtures.keys())
    return frozenset(name for names in own for name in names if name not in domain.rooms)


def named_in(text: str, kinds: Iterable[str]) -> list[str]:
    """Return those of several kinds that a goal or another text in the domain's words names."""
    padded = f" {text} "
    return [kind for kind in kinds if f" {kind} " in padded]


def with_kinds_for_words(text: str, domain: Domain) -> str:
    """Return a text with own kinds in place of what else people call them, where a word means one kind alone."""
    if not domain.words:
        return text
    kinds, names = _kinds_for_words(domain)
    return names.sub(lambda match: kinds.get(match[0].lower(), match[0]), text)


@lru_cache(maxsize=32)
def _kinds_for_words(domain: Domain) -> tuple[dict[str, str], re.Pattern[str]]:
    """Return the kind that each own word means alone, and a pattern of these words and all names, which are kept."""
    called = spoken_words(domain).names_by_word
    known = {
        *domain.objects,
        *domain.fixtures,
        *domain.members,
        *domain.fixture_members,
        *domain.liquids,
        *domain.states,
    }
    kinds = {
        form.lower(): kind for kind, words in domain.words.items() for word in words
        for form in (word, plural(word))
        if form.lower() not in known and {*called.get(word.lower(), ())} <= {kind}
    }  # fmt: skip
    longest_first = sorted({*kinds, *map(str.lower, known)}, key=len, reverse=True)
    return kinds, re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)


@lru_cache(maxsize=32)
def spoken_words(domain: Domain) -> SpokenWords:
    """Return the words of a domain."""
    built_in = default_domain()

    def own(kinds: Mapping[str, object], known: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        return {name: domain.words.get(name, ()) for name in kinds if name not in known or name in domain.words}

    lacks = not (
        domain.objects.keys() >= built_in.objects.keys() and domain.fixtures.keys() >= built_in.fixtures.keys()
    )
    tables: dict[str, Collection[str]] = {
        "objects": domain.objects, "fixtures": domain.fixtures, "rooms": domain.rooms, "liquids": domain.liquids,
        "states": (*domain.states, *domain.negations), "properties": domain.property_group,
        "classes": (*domain.members, *domain.fixture_members),
    }  # fmt: skip
    return SpokenWords(
        own(domain.objects, built_in.objects), own(domain.fixtures, built_in.fixtures), tables if lacks else None
    )
