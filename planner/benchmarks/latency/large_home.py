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
    scenes: list[Scene] = []
    while sum(len(scene.objects) for scene in scenes) < objects:
        scenes.append(sample_scene(_SEEDS + 1000 * seed + len(scenes), geometry=False))
    return scenes


def enlarged(state: State, extra_homes: Sequence[Scene], objects: int) -> State:
    """Return the start of a home with exactly `objects` objects: its own, and then those of the homes beside it.

    Things keep their names; those of the others are numbered on. Fixtures come with their homes.
    """
    scene = state.world.scene
    counts: Counter[str] = Counter(state.world.categories)
    fixtures, objects_so_far = list(scene.fixtures), list(scene.objects)
    for extra in extra_homes:
        names: dict[str, str] = {}

        def new_name(name: str, category: str, names: dict[str, str] = names) -> str:
            counts[category] += 1
            names[name] = f"{category} {counts[category]}"
            return names[name]

        fixtures += [replace(f, name=new_name(f.name, f.category)) for f in extra.fixtures]
        for obj in extra.objects[: max(0, objects - len(objects_so_far))]:  # containers come before what they hold
            objects_so_far.append(replace(obj, name=new_name(obj.name, obj.category), place=names[obj.place]))
    return World(replace(scene, fixtures=tuple(fixtures), objects=tuple(objects_so_far))).initial()
