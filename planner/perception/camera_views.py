"""Pictures of a home, one of each piece of furniture, as from a robot's head before it, and what is seen in them.

Wide furniture gets several pictures side by side, so that what is small stays large enough to be told.
"""

from __future__ import annotations

import random
from collections.abc import Container, Iterator
from dataclasses import dataclass
from math import atan, ceil, cos, degrees, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.rendering.camera import Pose
from envs.rendering.renderer import DAYLIGHT, Light
from envs.symbolic.domain import FixtureCategory, load_domain
from envs.symbolic.state import BIT
from planner.perception.image_labels import (
    FURNITURE_STATES,
    SIZE,
    THING_STATES,
    VISIBLE,
    Item,
    Listing,
    in_order,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from envs.rendering.camera import Shot
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import State
    from envs.symbolic.scene import FixtureSpec

PART_M = 0.85  # of a wide piece of furniture, in one picture
FREE_M = 0.9  # before furniture, where a robot has room to stand


@dataclass(frozen=True, kw_only=True)
class Camera:
    """How far cameras stand from where they stand best.

    Attributes:
        distance_m: Least and greatest distance of the eye from the front.
        sideways_m: Greatest offset along the front.
        above_m: Least and greatest height of the eye over what it looks at.
        wider: Least and greatest angle of view, as a part of what just shows it all.
        aim_m: Greatest offset of what it looks at.
    """

    distance_m: tuple[float, float] = (0.35, 0.75)
    sideways_m: float = 0.25
    above_m: tuple[float, float] = (0.45, 0.85)
    wider: tuple[float, float] = (1.0, 1.25)
    aim_m: float = 0.06


STEADY = Camera(distance_m=(0.5, 0.5), sideways_m=0.0, above_m=(0.65, 0.65), wider=(1.0, 1.0), aim_m=0.0)
VARIED = Camera()
UNSEEN = Camera(distance_m=(0.3, 0.9), sideways_m=0.35, above_m=(0.4, 1.0), wider=(0.95, 1.35), aim_m=0.09)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture of a piece of furniture and what is in it.

    Attributes:
        fixture: The name of what it shows.
        rgb: (SIZE, SIZE, 3).
        entities: (SIZE, SIZE) what each pixel shows: an entity of the home, or -1.
        listing: What is seen in or on the furniture.
        things: The entities that it lists.
        items: What each of those is.
    """

    fixture: str
    rgb: NDArray[np.uint8]
    entities: NDArray[np.int32]
    listing: Listing
    things: tuple[int, ...]
    items: tuple[Item, ...]


def pictures(
    home: PhysicalHome, *, camera: Camera = STEADY, rng: random.Random | None = None, light: Light = DAYLIGHT,
    state: State | None = None, only: Container[str] | None = None,
) -> Iterator[Picture]:  # fmt: skip
    """Yield pictures of all furniture of a home, as it stands.

    Args:
        home: To be looked at.
        camera: Where cameras stand.
        rng: Draws where; None is needed for a steady camera only.
        light: Of all pictures.
        state: Of the home, if it is known.
        only: Names of the furniture to be pictured; None: all.
    """
    rng = rng or random.Random(0)
    state = state or home.state()
    eyes = home.camera  # its walls are drawn before the floors, which come with the first refresh
    home.scene_view.refresh(state)
    numbers = _entities(home)
    for spec in home.scene.fixtures:
        category = load_domain().fixtures[spec.category]
        if category.underfoot or (only is not None and spec.name not in only):
            continue
        for part in range(parts_of(category)):
            shot = eyes.shot(pose(spec, category, part, camera, rng), SIZE, SIZE, light)
            yield _picture(home, state, spec.name, shot, numbers)


def parts_of(category: FixtureCategory) -> int:
    """Return how many pictures a piece of furniture gets."""
    return max(1, ceil(category.size[1] / PART_M - 0.25))


def pose(spec: FixtureSpec, category: FixtureCategory, part: int, camera: Camera, rng: random.Random) -> Pose:
    """Return where a camera stands before a part of a piece of furniture."""
    depth, width, height = category.size
    count = parts_of(category)
    share = width / count
    across = (part + 0.5) * share - width / 2
    region = category.region
    drawn_out = 0.3 if category.joint == "slide" and "open" in spec.states else 0.0
    level = height / 2 if region is None else region.z
    if region is not None and not category.enclosed:
        level = region.z + 0.05
    elif region is not None:
        level = region.z + 0.25 * region.size[2]
    target = np.array([(0.0 if region is None else region.x) + drawn_out, across, level])
    target += [rng.uniform(-camera.aim_m, camera.aim_m) for _ in range(3)]
    away = rng.uniform(*camera.distance_m)
    above = rng.uniform(*camera.above_m) * (0.7 if category.enclosed and not drawn_out else 1.0)
    if region is None:
        above *= 0.5
    eye = np.array([depth / 2 + drawn_out + away, across + rng.uniform(-1, 1) * camera.sideways_m, level + above])
    eye[2] = max(eye[2], 0.7)
    distance = float(np.linalg.norm(eye - target))
    half = max(share / 2 + 0.06, 0.34 if region is not None else 0.5 * max(height, width) + 0.05)
    view = 2 * degrees(atan(half / distance)) * rng.uniform(*camera.wider)
    turned = np.array([[cos(spec.yaw), -sin(spec.yaw), 0.0], [sin(spec.yaw), cos(spec.yaw), 0.0], [0.0, 0.0, 1.0]])
    origin = np.array([spec.x, spec.y, 0.0])
    eye, target = turned @ eye + origin, turned @ target + origin
    return Pose(eye=tuple(eye.tolist()), target=tuple(target.tolist()), view_deg=min(100.0, max(25.0, view)))


def _entities(home: PhysicalHome) -> NDArray[np.int32]:
    """The entity of each of the engine's bodies; the last is for no body, -1."""
    bodies, index = home.engine.names, home.world.index
    numbers = np.full(max(bodies) + 2, -1, np.int32)
    for body, name in bodies.items():
        numbers[body] = index.get(name, -1)
    return numbers


def _picture(home: PhysicalHome, state: State, fixture: str, shot: Shot, numbers: NDArray[np.int32]) -> Picture:
    entities = numbers[shot.bodies]
    world = home.world
    own = world.index[fixture]
    seen, counts = np.unique(entities, return_counts=True)
    things = tuple(
        i for i, count in zip(seen.tolist(), counts.tolist(), strict=True)
        if i >= world.n_fixtures and count >= VISIBLE and state.root(i) == own
    )  # fmt: skip
    items = tuple(Item(world.categories[i], _states(state.flags[i], THING_STATES)) for i in things)
    kind = world.fixture_category[own]
    assert kind is not None
    states = tuple(s for s in _states(state.flags[own], FURNITURE_STATES) if kind.can_be(s))
    listing = Listing(world.categories[own], states, tuple(sorted(items)))
    return Picture(fixture=fixture, rgb=shot.rgb, entities=entities, listing=listing, things=things, items=items)


def _states(flags: int, words: tuple[str, ...]) -> tuple[str, ...]:
    return in_order((word for word in words if flags & BIT[word]), words)
