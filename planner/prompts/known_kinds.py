"""Known kinds that stand for a home's own ones in what a GPT reads and writes that was not taught to copy names.

A stand-in is what the own kind is like, if the home has none of it, otherwise a known kind that can do the same:
`pick up haik 1` is `pick up kettle 1` to the GPT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain import load_domain
from envs.symbolic.kinds.spoken_words import own_kinds

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain, FixtureCategory, ObjectCategory
    from envs.symbolic.state import World

# What a kind can do, and how much it counts that its stand-in can, too.
_OBJECT_TRAITS = dict.fromkeys(("relation", "fills", "contains", "slices", "cooks", "folds", "cuts", "wipes"), 2)
_FIXTURE_TRAITS = {"relation": 2, "joint": 4, "switch": 4, "wipeable": 2, "waterable": 2}


@dataclass(frozen=True, kw_only=True)
class Speech:
    """How a GPT hears of a home: known names for its own ones.

    Attributes:
        known: The known kind for each own kind.
    """

    known: Mapping[str, str]

    def say(self, text: str) -> str:
        """Return a text of goals, facts or subtasks as the GPT reads it."""
        return self._own.sub(lambda match: self.known[match[0]], text) if self.known else text

    def meant(self, text: str) -> str:
        """Return what the GPT means by a text that it wrote."""
        return self._known.sub(lambda match: self._own_of[match[0]], text) if self.known else text

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return _any_of(self.known)

    @cached_property
    def _known(self) -> re.Pattern[str]:
        return _any_of(self.known.values())

    @cached_property
    def _own_of(self) -> dict[str, str]:
        return {known: own for own, known in self.known.items()}


PLAIN = Speech(known={})


def speech_in(world: World) -> Speech:
    """Return how a GPT that does not copy names hears of a home."""
    return _speech(world.domain, tuple(world.entities_by_category)) if own_kinds(world.domain) else PLAIN


@lru_cache(maxsize=32)  # one home is spoken of many times
def _speech(domain: Domain, present: tuple[str, ...]) -> Speech:
    own = own_kinds(domain)
    return Speech(known=known_for([kind for kind in present if kind in own], domain, present))


def known_for(
    kinds: Iterable[str],
    domain: Domain,
    present: Collection[str],
    may_stand: Callable[[str], bool] = lambda _: True,
    *,
    swaps: bool = False,
    by_ability: bool = False,
    asked: Collection[str] = (),
) -> dict[str, str]:
    """Return a known kind for each own kind, each for one only; none for the last if the home has nearly all kinds.

    Args:
        kinds: The own kinds.
        domain: The home's domain.
        present: The kinds that it has.
        may_stand: Whether a known kind may stand for another.
        swaps: Whether what a kind is like may stand for it even if the home has that, too.
        by_ability: Whether what a kind can do counts more than what it is like: a record player that is like a side
            table, but has a switch.
        asked: Abilities (attributes of categories) that are asked for: where an own kind has one, its stand-in should.
    """
    built_in = load_domain()
    meaning_more = {*domain.classes, *domain.liquids, *domain.property_group, *domain.states}
    chosen: dict[str, str] = {}
    for own in dict.fromkeys(kinds):
        is_object = own in domain.objects
        table: Mapping[str, ObjectCategory | FixtureCategory] = built_in.objects if is_object else built_in.fixtures
        category = domain.objects[own] if is_object else domain.fixtures[own]
        taken = set(chosen.values())
        free = [
            kind for kind in table
            if (kind not in present or (swaps and kind == category.like))
            and kind not in taken and kind not in meaning_more and may_stand(kind)
        ]  # fmt: skip
        if free:
            chosen[own] = max(
                free, key=lambda kind: _resemblance(category, table[kind], by_ability=by_ability, asked=asked)
            )
    return chosen


def _resemblance(
    category: ObjectCategory | FixtureCategory, known: ObjectCategory | FixtureCategory, *, by_ability: bool,
    asked: Collection[str],
) -> float:  # fmt: skip
    traits = _OBJECT_TRAITS if hasattr(category, "fills") else _FIXTURE_TRAITS
    same = sum(weight for trait, weight in traits.items() if getattr(category, trait) == getattr(known, trait))
    classes = set(category.classes)
    shared = len(classes & set(known.classes)) / max(1, len(classes | set(known.classes)))
    able = sum(1 for trait in asked if getattr(category, trait, None) and getattr(known, trait, None))
    return float(1000 * able + (1 if by_ability else 100) * (category.like == known.name) + same + shared)


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")
