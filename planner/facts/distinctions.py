"""What tells the things in a prompt apart: properties that its goal names, of things that differ in them.

For `red mug on desk ; blue mug on bed` the facts say `mug 3 red` and `mug 5 blue`. For `red mug on desk` alone they
show red mugs only, and none is called so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Place, Thing
from planner.goals.narrowing import Narrowed

if TYPE_CHECKING:
    from envs.symbolic.state import State


def distinctions(
    state: State, entities: Sequence[int], conditions: Iterable[Condition | Narrowed]
) -> Mapping[int, tuple[str, ...]]:
    """Return, for each entity that has some, the properties that conditions name and others of its category lack."""
    named = {word for c in conditions if not isinstance(c, Narrowed) for word in _named(c)}
    if not named:
        return {}
    world, order = state.world, ("owner", *state.world.domain.properties)
    telling: dict[int, tuple[str, ...]] = {}
    for e in entities:
        alike = [other for other in entities if world.categories[other] == world.categories[e]]
        words = [w for w in world.properties[e] & named if any(w not in world.properties[other] for other in alike)]
        if words:
            group_of = world.domain.property_group
            telling[e] = tuple(sorted(words, key=lambda word: order.index(group_of.get(word, "owner"))))
    return telling


def _named(condition: Condition) -> Iterator[str]:
    """Yield the properties that a condition names, of things and of furniture."""
    waiting: list[object] = [condition]
    while waiting:
        part = waiting.pop()
        yield from getattr(part, "properties", ())
        values = [getattr(part, name, None) for name in ("thing", "excluded", "place", "inside", "origin")]
        waiting += [value for value in values if isinstance(value, Thing | Place)]
