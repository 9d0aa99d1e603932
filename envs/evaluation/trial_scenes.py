"""Small sampled homes for trials: what is asked for, other furniture around it, other things about, the robot anywhere.

They are `sample_scene`'s, with most furniture left out so that a home is built and searched quickly. The sampler gives
its usual number of what stands there (up to four cabinets) and decides where it all stands and what is in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import hypot, pi
from zlib import crc32

import numpy as np

from envs.errors import EnvsError
from envs.scenes.occupancy_grid import floor_grid
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.domain import load_domain
from envs.symbolic.scene import FixtureSpec, Scene

# Trials draw their homes above the seeds from which the planner trains, validates and tests (all below 12 million).
TRIAL_SEEDS = (1_000_000_000, 2_000_000_000)
PLAN_SEEDS = (2_000_000_000, 3_000_000_000)  # of the random plans that compare the two worlds
FIXTURES = (3, 6)  # kinds of furniture
OBJECTS = (4, 12)
ROBOT_M = 0.35  # the radius that the robot keeps free around its start


def seed_of(key: str, seed: int, *, attempt: int = 0, span: tuple[int, int] = TRIAL_SEEDS) -> int:
    """The seed of one trial's home: the same for a key whatever else is tried, spread over a range."""
    rng = np.random.default_rng((seed, crc32(key.encode()), attempt))
    return int(rng.integers(*span))


def small_home(seed: int, fixtures: Iterable[str], facts: Sequence[str] = ()) -> Scene:
    """Return a home that has these fixtures, and in which these facts hold.

    Raises:
        EnvsError: Nothing of the kind can be made from this seed.
    """
    domain = load_domain()
    rng = np.random.default_rng((seed, 3))
    kept = dict.fromkeys(fixtures, 1)
    rooms = {"kitchen", *(room for name in kept for room in domain.fixtures[name].rooms)}
    others = [n for n, f in domain.fixtures.items() if n not in kept and rooms & set(f.rooms)]
    wanted = int(rng.integers(FIXTURES[0], FIXTURES[1] + 1))
    for i in rng.permutation(len(others))[: max(0, wanted - len(kept))].tolist():
        kept[others[i]] = 1
    scene = sample_scene(
        seed,
        rooms=1,
        n_objects=int(rng.integers(OBJECTS[0], OBJECTS[1] + 1)),
        need_fixtures=kept,
        absent=[name for name in domain.fixtures if name not in kept],
        facts=facts,
    )
    return replace(scene, robot=_anywhere(scene, rng))


def home_for_plans(seed: int) -> Scene:
    """Return a home of one to three rooms as it is sampled, the robot anywhere.

    Raises:
        EnvsError: None can be made from this seed.
    """
    rng = np.random.default_rng((seed, 3))
    scene = sample_scene(seed, rooms=int(rng.integers(1, 4)), n_objects=int(rng.integers(12, 31)))
    return replace(scene, robot=_anywhere(scene, rng))


def surfaces(category: str, *, usual: bool) -> list[str]:
    """The fixture categories without a door that a thing can be on; only where it is usually kept, if any is."""
    domain = load_domain()
    opened = [n for n, f in domain.fixtures.items() if f.relation == "on" and not f.enclosed]
    takes = [name for name in opened if domain.fits(category, name)]
    kept = [name for name in domain.objects[category].at if name in takes]
    if usual and kept:
        return kept
    return [name for name in takes if not domain.fixtures[name].underfoot] if usual else takes


def fact(thing: str, place: str) -> str:
    """Write where something is, for the sampler: `plate in cabinet`; a place may go on (`bowl on desk`)."""
    domain = load_domain()
    words = [n for n in (*domain.fixtures, *domain.objects) if place == n or place.startswith(n + " ")]
    if not words:
        raise EnvsError(f"there is no place {place!r}")
    return f"{thing} {domain.relation(max(words, key=len))} {place}"


def _anywhere(scene: Scene, rng: np.random.Generator) -> tuple[float, float, float]:
    """A start in the part of the floor that the sampler chose: beside what lies about, out of the way of open doors."""
    grid = floor_grid(scene)
    cells = np.argwhere(grid.area == grid.area_at(*scene.robot[:2]))
    points = (cells + 0.5) * grid.cell_m + np.array(grid.origin)  # (M, 2)
    free = np.ones(len(points), dtype=bool)
    for fixture in scene.fixtures:
        kept_m = _kept_clear_m(fixture)
        free &= np.hypot(points[:, 0] - fixture.x, points[:, 1] - fixture.y) > kept_m
    if not free.any():
        return scene.robot
    points = points[free]
    x, y = points[int(rng.integers(len(points)))].tolist()
    return round(x, 3), round(y, 3), round(float(rng.uniform(-pi, pi)), 3)


def _kept_clear_m(fixture: FixtureSpec) -> float:
    """From a fixture's middle: all of a rug, or what an open leaf may sweep."""
    depth, width, _ = load_domain().fixtures[fixture.category].size
    if load_domain().fixtures[fixture.category].underfoot:
        return hypot(depth, width) / 2 + ROBOT_M
    return depth / 2 + width + ROBOT_M if "open" in fixture.states else 0.0
