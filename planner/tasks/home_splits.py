"""The homes of each split: disjoint seed ranges, and a function that samples homes from them."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Literal

from envs.errors import EnvsError
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import State, World
from envs.symbolic.domain import Domain, load_domain
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


def sample_home(
    rng: random.Random, span: Span, *, goal: Goal | None = None, geometry: bool = False, absent: Collection[str] = (),
    domain: Domain | None = None,
) -> State:  # fmt: skip
    """Sample a home: most of usual size, some with one to eight rooms, some full, some equipped for guests.

    Random fixtures and objects are requested, so that all categories occur.

    Args:
        rng: Random generator.
        span: Seed range of the homes.
        goal: The home also has what this goal needs.
        geometry: Whether the home has a floor plan; only the physical world needs it.
        absent: Fixture categories that the home must not have.
        domain: What the home is made of; None: the default domain.
    """
    seed = rng.randrange(*span)
    domain = domain or load_domain()
    fixtures = dict.fromkeys(
        _some(sorted(n for n, f in domain.fixtures.items() if not f.is_room), rng.randrange(6), rng), 1
    )
    fixtures = {name: number for name, number in fixtures.items() if name not in absent}
    categories = _some(sorted(domain.objects), rng.randrange(12), rng)
    objects = {category: rng.choice((1, 1, 2, 3)) for category in categories}
    if rng.random() < 0.3:
        objects |= {category: rng.randrange(2, 7) for category in domain.sampling.guests}
    rooms = rng.choices((None, 1, 2, 3, 4, 5, 6, 7, 8), (8, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5))[0]
    n_objects = None if rng.random() < 0.8 else rng.randrange(20, 151)
    if goal is not None:
        needed = needs(goal, domain)
        fixtures, objects = fixtures | needed[0], objects | needed[1]
    try:
        scene = sample_scene(
            seed, rooms=rooms, n_objects=n_objects, need_fixtures=fixtures, need_objects=objects, geometry=geometry,
            absent=absent, domain=domain,
        )  # fmt: skip
    except EnvsError:  # the requested fixtures and objects do not fit into that many rooms
        scene = sample_scene(seed, geometry=geometry, absent=absent, domain=domain)
    return World(scene).initial()


def _some(names: list[str], number: int, rng: random.Random) -> list[str]:
    """Draw so many of the names, or all in a random order if there are fewer."""
    return rng.sample(names, k=min(number, len(names)))
