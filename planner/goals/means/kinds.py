"""Furniture and objects by what they are like: a home's own basin is a sink, to all who choose where to wash.

A goal names categories: `plate in sink` is reached in a sink, not in a basin. Choices are about kinds: where dishes
are washed, what is a bin. `World.kinds` has the known kind of each entity, which is its category if the home's file
does not say otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.state import World


def usual_rank(world: World, fixture: int, usual: Sequence[str]) -> int | None:
    """Return the position of a fixture's category, or of what it is like, among usual places; None if it is none."""
    for name in (world.categories[fixture], world.kinds[fixture]):
        if name in usual:
            return usual.index(name)
    return None


def fixtures_called(world: World, name: str) -> list[int]:
    """Return the fixtures of a category and those of kinds that are like it, in the order of the home."""
    return [f for f in world.alike(name) if f < world.n_fixtures]


def is_burner(world: World, fixture: int) -> bool:
    """Whether food is cooked on a fixture in a vessel only."""
    category, rule = world.fixture_category[fixture], world.rule[fixture]
    if world.kinds[fixture] == "stove burner":
        return True
    return category is not None and rule is not None and rule.cook and "cookware" in category.accepts


def stands_on_burner(world: World, place: int) -> bool:
    """Whether a place, which may be none, is a burner."""
    return 0 <= place < world.n_fixtures and is_burner(world, place)


def cooking_vessels(world: World) -> list[int]:
    """Return the pans and pots, and whatever else cooks on a burner, in no order that means anything."""
    return [
        i
        for i in range(world.n_fixtures, len(world.names))
        if i not in world.hidden
        and (category := world.object_category[i]) is not None
        and category.holds is not None
        and "cookware" in category.classes
    ]
