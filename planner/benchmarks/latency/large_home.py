"""A home as large as one likes: a home, and the fixtures and objects of many sampled ones beside it.

Only the symbolic world can be built of it: it has no floor plan.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import State
    from envs.symbolic.scene import Scene

_SEEDS = 2_000_000_000  # of the homes beside it, which no split draws


def neighbors(objects: int, seed: int = 0) -> list[Scene]:
    """Sampled homes that together have at least so many objects."""
    found: list[Scene] = []
    while sum(len(scene.objects) for scene in found) < objects:
        found.append(sample_scene(_SEEDS + 1000 * seed + len(found), geometry=False))
    return found


def enlarged(state: State, beside: Sequence[Scene], objects: int) -> State:
    """Return the start of a home with exactly `objects` objects: its own, and then those of the homes beside it.

    Things keep their names; those of the others are numbered on. Fixtures come with their homes.
    """
    scene = state.world.scene
    count: Counter[str] = Counter(state.world.categories)
    fixtures, things = list(scene.fixtures), list(scene.objects)
    for other in beside:
        names: dict[str, str] = {}

        def renamed(name: str, category: str, names: dict[str, str] = names) -> str:
            count[category] += 1
            names[name] = f"{category} {count[category]}"
            return names[name]

        fixtures += [replace(f, name=renamed(f.name, f.category)) for f in other.fixtures]
        for thing in other.objects[: max(0, objects - len(things))]:  # containers come before what they hold
            things.append(replace(thing, name=renamed(thing.name, thing.category), place=names[thing.place]))
    return World(replace(scene, fixtures=tuple(fixtures), objects=tuple(things))).initial()
