"""The homes of each split: disjoint ranges of seeds, and one way to sample from them."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Literal

from envs.errors import EnvsError
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import State, World
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal
from planner.tasks.task_homes import needs

Span = tuple[int, int]
SplitName = Literal["train", "valid", "test", "calibration"]
SPLITS: dict[SplitName, Span] = {
    "train": (0, 10_000_000),
    "valid": (10_000_000, 11_000_000),
    "test": (11_000_000, 12_000_000),
    "calibration": (12_000_000, 13_000_000),
}

# A home that can seat guests has many of these.
GUEST_OBJECTS = ("plate", "fork", "knife", "glass", "spoon", "bowl", "mug")


def sample_home(
    rng: random.Random, span: Span, *, goal: Goal | None = None, geometry: bool = False, absent: Collection[str] = ()
) -> State:
    """Sample a home: most of a usual size, some with one room, some with eight, some full, some for guests.

    Some fixtures and objects are asked for, so that all kinds occur.

    Args:
        rng: Draws everything.
        span: The seeds of homes.
        goal: What it needs is to be there too.
        geometry: Whether it has a floor plan, which only the physical world needs.
        absent: Fixture categories of which there is none.
    """
    seed = rng.randrange(*span)
    domain = load_domain()
    fixtures = dict.fromkeys(rng.sample(sorted(domain.fixtures), k=rng.randrange(6)), 1)
    fixtures = {name: number for name, number in fixtures.items() if name not in absent}
    categories = rng.sample(sorted(domain.objects), k=rng.randrange(12))
    objects = {category: rng.choice((1, 1, 2, 3)) for category in categories}
    if rng.random() < 0.3:
        objects |= {category: rng.randrange(2, 7) for category in GUEST_OBJECTS}
    rooms = rng.choices((None, 1, 2, 3, 4, 5, 6, 7, 8), (8, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5))[0]
    n_objects = None if rng.random() < 0.8 else rng.randrange(20, 151)
    if goal is not None:
        needed = needs(goal, domain)
        fixtures, objects = fixtures | needed[0], objects | needed[1]
    try:
        scene = sample_scene(
            seed, rooms=rooms, n_objects=n_objects, need_fixtures=fixtures, need_objects=objects, geometry=geometry,
            absent=absent,
        )  # fmt: skip
    except EnvsError:  # what is asked for does not fit into that many rooms
        scene = sample_scene(seed, geometry=geometry, absent=absent)
    return World(scene).initial()
