"""The words of a domain that the notation of skills may use, and what its phrases mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from envs.symbolic.skills.values import Ability

Sort = Literal["object", "fixture", "place", "person", "room"]  # `place`: an object or a fixture
SORTS: tuple[Sort, ...] = ("object", "fixture", "place", "person", "room")

ABILITIES: dict[str, Ability] = {  # how the notation says it -> key of the domain file
    "can be sliced": "slices",
    "can be cooked": "cooks",
    "can be folded": "folds",
    "can be filled": "fills",
    "can cut": "cuts",
    "can wipe": "wipes",
    "is metal": "metal",
    "can be opened": "joint",
    "can be switched": "switch",
    "can be wiped": "wipeable",
    "can be watered": "waterable",
}
FIXTURE_ABILITIES = frozenset({"joint", "switch", "wipeable", "waterable"})


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words of a domain (`Domain.vocabulary`).

    Attributes:
        objects: Categories and classes of objects.
        fixtures: Categories and classes of fixtures.
        rooms: Kinds of rooms.
        states: States, without their negations.
        negations: The state that each negation denies.
        liquids: Liquids.
        unknown_kinds: Whether a kind that the domain lacks is accepted: a robot is described for many homes.
    """

    objects: frozenset[str]
    fixtures: frozenset[str]
    rooms: frozenset[str] = frozenset()
    states: tuple[str, ...] = ()
    negations: Mapping[str, str] = field(default_factory=dict)
    liquids: tuple[str, ...] = ()
    unknown_kinds: bool = False

    def sort_of(self, kind: str) -> Sort | None:
        """Return what the things of a kind are; None for an unknown kind."""
        for sort in SORTS:
            if kind == sort:
                return sort
        if kind in self.objects:
            return "object"
        if kind in self.fixtures:
            return "fixture"
        if kind in self.rooms:
            return "room"
        return "place" if self.unknown_kinds else None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every word that may stand in braces."""
        return (*SORTS, *sorted(self.objects | self.fixtures | self.rooms))
