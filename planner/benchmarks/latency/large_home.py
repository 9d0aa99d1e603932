"""A home of any size: a home extended by the fixtures and objects of many sampled ones.

It has no floor plan, so it exists in the symbolic world only.
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

_SEEDS = 2_000_000_000  # of the extra homes; no split uses them


def neighbors(objects: int, seed: int = 0) -> list[Scene]:
    """Return sampled homes with at least `objects` objects in total."""
    scenes: list[Scene] = []
    while sum(len(scene.objects) for scene in scenes) < objects:
        scenes.append(sample_scene(_SEEDS + 1000 * seed + len(scenes), geometry=False))
    return scenes


def enlarged(state: State, extra_homes: Sequence[Scene], objects: int) -> State:
    """Return a home extended to exactly `objects` objects by those of the extra homes, in its initial state.

    Its own objects keep their names; the numbering continues with the extra ones. All extra fixtures are added.
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
        for obj in extra.objects[: max(0, objects - len(objects_so_far))]:  # containers precede their contents
            objects_so_far.append(replace(obj, name=new_name(obj.name, obj.category), place=names[obj.place]))
    return World(replace(scene, fixtures=tuple(fixtures), objects=tuple(objects_so_far))).initial()
