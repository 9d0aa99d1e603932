"""What people say in a domain: phrases and the grammar of its nouns (sections `phrases` and `nouns` of its file)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Speech:
    """What people say, besides the words for kinds (`Domain.words`).

    Attributes:
        of_home: Whether people speak as in a home (`datasets/phrases`); otherwise only `phrases` and those that suit
            any domain are used.
        phrases: Families of phrases by name, as plain data (datasets/README.md).
        plurals: Plurals that no rule gives.
        uncountable: Nouns without a plural, such as `sandpaper`.
        plural_only: Nouns that are plurals, such as `pliers`.
    """

    of_home: bool = False
    phrases: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    plurals: Mapping[str, str] = field(default_factory=dict)
    uncountable: tuple[str, ...] = ()
    plural_only: tuple[str, ...] = ()
