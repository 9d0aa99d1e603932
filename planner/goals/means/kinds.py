"""Furniture and objects by what they are like: a home's own basin is a sink, to all who choose where to wash.

A goal names categories: `plate in sink` is reached in a sink, not in a basin. Choices are about kinds: where dishes
are washed, what is a bin. `World.kinds` has the known kind of each entity, which is its category if the home's file
does not say otherwise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Domain
    from envs.symbolic.state import World


def usual_rank(world: World, fixture: int, usual: Sequence[str]) -> int | None:
    """Return the position of a fixture's category, or of what it is like, among usual places; None if it is none."""
    for name in (world.categories[fixture], world.kinds[fixture]):
        if name in usual:
            return usual.index(name)
    return None


def fixtures_called(world: World, name: str) -> list[int]:
    """Return the fixtures of a category and those of kinds that are like it, in the order of the home."""
    alike = world.alike(name)
    return [f for f in alike if f < world.n_fixtures]


@lru_cache(maxsize=64)
def burner_categories(domain: Domain) -> frozenset[str]:
    """Return the categories of furniture on which food is cooked in a vessel only."""
    return frozenset(
        name
        for name, fixture in domain.fixtures.items()
        if domain.kind_of[name] == "stove burner"
        or ((process := domain.process_at.get(name)) is not None and process.cook and "cookware" in fixture.accepts)
    )


@lru_cache(maxsize=64)
def cooking_categories(domain: Domain) -> tuple[str, ...]:
    """Return the categories of pans and pots, and of whatever else things are cooked in."""
    return tuple(n for n, c in domain.objects.items() if c.holds is not None and "cookware" in c.classes)


def is_burner(world: World, fixture: int) -> bool:
    """Whether food is cooked on a fixture in a vessel only."""
    return world.categories[fixture] in burner_categories(world.domain)


def burners(world: World) -> list[int]:
    """Return the burners of a home."""
    return [f for name in burner_categories(world.domain) for f in world.entities_by_category.get(name, ())]


def stands_on_burner(world: World, place: int) -> bool:
    """Whether a place, which may be none, is a burner."""
    return place >= 0 and is_burner(world, place)


def cooking_vessels(world: World) -> list[int]:
    """Return the pans and pots, and whatever else cooks on a burner, in no order that means anything."""
    return [i for name in cooking_categories(world.domain) for i in world.entities_by_category.get(name, ())]
