"""Sample small homes for trials: the required furniture, some other furniture and objects, a random robot pose.

They come from `sample_scene` with most furniture left out, so that a home is built and searched quickly. The sampler
chooses the number of each fixture (up to four cabinets), all poses and the clutter.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import hypot, pi
from zlib import crc32

import numpy as np

from envs.errors import EnvsError
from envs.scenes.home_file import load_home
from envs.scenes.occupancy_grid import floor_grid
from envs.scenes.scene_sampler import sample_scene
from envs.scenes.speaker import with_speaker
from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals.sampling import with_random_properties
from envs.symbolic.scene import FixtureSpec, Scene

# Disjoint from the planner's training, validation and test seeds, which are all below 12 million.
TRIAL_SEEDS = (1_000_000_000, 2_000_000_000)
PLAN_SEEDS = (2_000_000_000, 3_000_000_000)  # for the random plans that compare the two worlds
N_FIXTURES = (3, 6)  # minimum and maximum number of fixture categories
N_OBJECTS = (4, 12)
N_OWN = 6  # own kinds of objects, and of furniture, in a home for plans
ROBOT_CLEARANCE_M = 0.35  # free radius around the robot's start


def seed_of(key: str, seed: int, *, attempt: int = 0, span: tuple[int, int] = TRIAL_SEEDS) -> int:
    """Return the seed of a trial's home: a hash of its key, within `span`, independent of other trials."""
    rng = np.random.default_rng((seed, crc32(key.encode()), attempt))
    return int(rng.integers(*span))


def small_home(seed: int, fixtures: Iterable[str], facts: Sequence[str] = (), domain: Domain | None = None) -> Scene:
    """Return a home that has the given fixtures and in which the facts hold.

    Raises:
        EnvsError: No such home can be sampled from this seed.
    """
    domain = domain or load_domain()
    rng = np.random.default_rng((seed, 3))
    categories = dict.fromkeys(fixtures, 1)
    rooms = {"kitchen", *(room for name in categories for room in domain.fixtures[name].rooms)}
    others = [n for n, f in domain.fixtures.items() if n not in categories and rooms & set(f.rooms)]
    n_fixtures = int(rng.integers(N_FIXTURES[0], N_FIXTURES[1] + 1))
    for i in rng.permutation(len(others))[: max(0, n_fixtures - len(categories))].tolist():
        categories[others[i]] = 1
    scene = sample_scene(
        seed,
        rooms=1,
        n_objects=int(rng.integers(N_OBJECTS[0], N_OBJECTS[1] + 1)),
        need_fixtures=categories,
        absent=[name for name in domain.fixtures if name not in categories],
        facts=facts,
        domain=domain,
    )
    return replace(scene, robot=_random_start(scene, rng))


@lru_cache(maxsize=4)
def domain_of(home: str) -> Domain:
    """Return the domain of a home: a file, or the name of a bundled one.

    Raises:
        HomeError: The file cannot be read.
    """
    return load_home(home, geometry=False).domain


def own_objects(domain: Domain) -> list[str]:
    """Return the kinds of objects that a domain has and the built-in one has not, or otherwise."""
    known = load_domain().objects
    return [name for name, category in domain.objects.items() if known.get(name) != category]


def own_fixtures(domain: Domain) -> list[str]:
    """Return the kinds of furniture that a domain has and the built-in one has not, or otherwise."""
    known = load_domain().fixtures
    return [n for n, category in domain.fixtures.items() if known.get(n) != category and not category.is_room]


def home_for_plans(seed: int, domain: Domain | None = None) -> Scene:
    """Return a sampled home of one to three rooms, with properties, two people and a random robot pose.

    Args:
        seed: The seed.
        domain: A domain of whose own kinds some are in the home; by default the built-in one.

    Raises:
        EnvsError: No home can be sampled from this seed.
    """
    rng = np.random.default_rng((seed, 3))
    rooms, n_objects = int(rng.integers(1, 4)), int(rng.integers(12, 31))
    domain = domain or load_domain()
    own = [
        {names[i]: 1 for i in rng.permutation(len(names))[:N_OWN].tolist()} if names else {}
        for names in (own_objects(domain), own_fixtures(domain))
    ]
    scene = sample_scene(
        seed, rooms=rooms, n_objects=n_objects, need_objects=own[0], need_fixtures=own[1], domain=domain
    )
    scene = with_random_properties(with_speaker(scene), random.Random(seed))
    return replace(scene, robot=_random_start(scene, rng))


def surfaces(category: str, *, usual: bool, domain: Domain | None = None) -> list[str]:
    """Return the open fixture categories that an object fits on; with `usual`, the usual ones if there are any."""
    domain = domain or load_domain()
    open_surfaces = [n for n, f in domain.fixtures.items() if f.relation == "on" and not f.enclosed]
    fitting = [name for name in open_surfaces if domain.fits(category, name)]
    usual_surfaces = [name for name in domain.objects[category].at if name in fitting]
    if usual and usual_surfaces:
        return usual_surfaces
    return [name for name in fitting if not domain.fixtures[name].underfoot] if usual else fitting


def location_fact(category: str, place: str, domain: Domain | None = None) -> str:
    """Return a location fact for the sampler, such as `plate in cabinet`; a place may be nested (`bowl on desk`)."""
    domain = domain or load_domain()
    matches = [n for n in (*domain.fixtures, *domain.objects) if place == n or place.startswith(n + " ")]
    if not matches:
        raise EnvsError(f"there is no place {place!r}")
    return f"{category} {domain.relation(max(matches, key=len))} {place}"


def _random_start(scene: Scene, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return a random start pose in the sampler's free area, away from rugs and open doors."""
    grid = floor_grid(scene)
    cells = np.argwhere(grid.area == grid.area_at(*scene.robot[:2]))
    points = (cells + 0.5) * grid.cell_m + np.array(grid.origin)  # (M, 2)
    free = np.ones(len(points), dtype=bool)
    for fixture in scene.fixtures:
        clear_m = _clear_radius_m(fixture, scene.domain)
        free &= np.hypot(points[:, 0] - fixture.x, points[:, 1] - fixture.y) > clear_m
    if not free.any():
        return scene.robot
    points = points[free]
    x, y = points[int(rng.integers(len(points)))].tolist()
    return round(x, 3), round(y, 3), round(float(rng.uniform(-pi, pi)), 3)


def _clear_radius_m(fixture: FixtureSpec, domain: Domain) -> float:
    """Return the radius to keep clear around a fixture [m]: all of a rug, or the sweep of an open door."""
    depth, width, _ = fixture_of(fixture, domain).size
    if domain.fixtures[fixture.category].underfoot:
        return hypot(depth, width) / 2 + ROBOT_CLEARANCE_M
    return depth / 2 + width + ROBOT_CLEARANCE_M if "open" in fixture.states else 0.0
