"""Kinds of objects and furniture in a goal: a longer name is no shorter one, and what is in a mug is no object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from envs.symbolic.domain import load_domain


def kinds_in(goal: str) -> tuple[str, ...]:
    """Return the kinds that a goal names, as often as it names them: `paper towel roll` alone, without `towel`."""
    return tuple(match[1] for match in _names().finditer(goal) if match[1])


def liquids_in(goal: str) -> tuple[str, ...]:
    """Return the liquids that a goal names: `milk` in `glass of milk`."""
    return tuple(match[0] for match in _names().finditer(goal) if not match[1])


def with_kinds(goal: str, new: Mapping[str, str]) -> str:
    """Return a goal with other kinds, all exchanged at once; liquids stay."""
    return _names().sub(lambda match: new.get(match[1], match[0]) if match[1] else match[0], goal)


@cache
def _names() -> re.Pattern[str]:
    domain = load_domain()
    kinds = "|".join(re.escape(kind) for kind in sorted((*domain.objects, *domain.fixtures), key=len, reverse=True))
    liquids = "|".join(sorted(map(re.escape, domain.liquids), key=len, reverse=True))
    return re.compile(rf"(?<=[a-z] of )(?<!half of )(?:{liquids})\b|(?<![\w'-])({kinds})(?![\w'-])")
