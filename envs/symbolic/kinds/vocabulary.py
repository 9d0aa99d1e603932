"""What people call the kinds of a domain: the built-in words, and those for kinds of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain.reading import default_domain
from envs.words import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from envs.symbolic.domain.domain import Domain


def base_of(domain: Domain) -> Domain:
    """Return the domain whose kinds no home has added: the built-in one, or another that is not made from it."""
    built_in = default_domain()
    return built_in if domain.objects.keys() >= built_in.objects.keys() else domain


@lru_cache(maxsize=32)
def vocabulary(domain: Domain) -> Vocabulary:
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
    return Vocabulary(
        own(domain.objects, built_in.objects), own(domain.fixtures, built_in.fixtures), tables if lacks else None
    )
