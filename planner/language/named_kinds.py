"""Kinds of objects and furniture in a goal: a longer name is no shorter one, and what is in a mug is no object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from envs.symbolic.domain import Domain, load_domain

NO_NOUN = r"(?:on|in|with|beside|by|from|of|except|is|then|while)\b"  # before it, "orange" is a fruit, not a color


def kinds_in(goal: str, domain: Domain | None = None) -> tuple[str, ...]:
    """Return the kinds that a goal names, as often as it names them: `paper towel roll` alone, without `towel`.

    `domain` is that of the home; None: the default one.
    """
    return tuple(match["kind"] for match in _names(domain or load_domain()).finditer(goal) if match["kind"])


def liquids_in(goal: str) -> tuple[str, ...]:
    """Return the liquids that a goal names: `milk` in `glass of milk`."""
    return tuple(match["liquid"] for match in _names(load_domain()).finditer(goal) if match["liquid"])


def with_kinds(goal: str, new: Mapping[str, str]) -> str:
    """Return a goal with other kinds, all exchanged at once; liquids and colors stay."""
    return _names(load_domain()).sub(lambda match: new.get(match["kind"], match[0]), goal)


@lru_cache(maxsize=8)  # domains
def _names(domain: Domain) -> re.Pattern[str]:
    def any_of(names: Iterable[str]) -> str:
        longest_first = sorted(names, key=len, reverse=True)
        return "|".join(re.escape(n) + (as_noun if n in domain.property_group else "") for n in longest_first)

    as_noun = rf"(?! (?!{NO_NOUN})[a-z])"
    kinds = any_of((*domain.objects, *domain.fixtures))
    return re.compile(
        rf"(?<=[a-z] of )(?<!half of )(?P<liquid>{any_of(domain.liquids)})\b|(?<![\w'-])(?P<kind>{kinds})(?![\w'-])"
    )
