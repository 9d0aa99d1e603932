"""Labeled pictures of a home's furniture, rendered from a robot's head in front of it.

Wide furniture gets several pictures side by side, so that small objects stay large enough to be recognized.
"""

from __future__ import annotations

import random
from collections.abc import Container, Iterator
from dataclasses import dataclass
from math import atan, ceil, cos, degrees, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.rendering.camera import CameraPose
from envs.rendering.renderer import DAYLIGHT, Light
from envs.symbolic.domain import FixtureCategory
from envs.symbolic.state import BIT
from planner.perception.image_labels import (
    FURNITURE_STATES,
    SIZE,
    THING_STATES,
    VISIBLE,
    Item,
    Listing,
    in_order,
    label,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from envs.rendering.camera import Shot
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import State
    from envs.symbolic.scene import FixtureSpec

PICTURE_WIDTH_M = 0.85  # width of wide furniture covered by one picture
FREE_SPACE_M = 0.9  # free space in front of furniture for the robot


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Random variation of the camera pose.

    Attributes:
        distance_m: Minimum and maximum distance of the eye from the front.
        sideways_m: Maximum offset along the front.
        above_m: Minimum and maximum height of the eye above the target.
        wider: Minimum and maximum field of view, relative to the one that just shows everything.
        aim_m: Maximum offset of the target.
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
    """A picture of a piece of furniture, with labels.

    Attributes:
        fixture: Name of the furniture that it shows.
        rgb: (SIZE, SIZE, 3).
        entities: (SIZE, SIZE) index of the home's entity at each pixel, or -1.
        listing: The furniture and the visible objects in or on it.
        things: The listed entities.
        items: Category and states of each listed entity.
    """

    fixture: str
    rgb: NDArray[np.uint8]
    entities: NDArray[np.int32]
    listing: Listing
    things: tuple[int, ...]
    items: tuple[Item, ...]


def pictures(
    home: PhysicalHome, *, camera: Camera = STEADY, rng: random.Random | None = None, light: Light = DAYLIGHT,
    state: State | None = None, fixtures: Container[str] | None = None,
) -> Iterator[Picture]:  # fmt: skip
    """Yield pictures of all furniture of a home in its current state, without that which has no label.

    Args:
        home: The home.
        camera: Variation of the camera pose.
        rng: Random generator; may be None for a steady camera.
        light: Light of all pictures.
        state: State of the home; None: as the home reports it.
        fixtures: Names of the furniture to picture; None: all.
    """
    rng = rng or random.Random(0)
    state = state or home.state()
    robot_camera = home.camera  # creates the walls before the floors, which the first refresh creates
    home.scene_view.refresh(state)
    entity_of_body = _entity_of_body(home)
    for spec in home.scene.fixtures:
        category = home.scene.domain.fixtures[spec.category]
        if (
            category.underfoot
            or label(spec.category, home.scene.domain) is None
            or (fixtures is not None and spec.name not in fixtures)
        ):
            continue
        for part in range(picture_count(category)):
            shot = robot_camera.shot(pose(spec, category, part, camera, rng), SIZE, SIZE, light)
            yield _picture(home, state, spec.name, shot, entity_of_body)


def picture_count(category: FixtureCategory) -> int:
    """Return the number of pictures of a piece of furniture."""
    return max(1, ceil(category.size[1] / PICTURE_WIDTH_M - 0.25))


def pose(spec: FixtureSpec, category: FixtureCategory, part: int, camera: Camera, rng: random.Random) -> CameraPose:
    """Return the camera pose in front of a part of a piece of furniture."""
    depth, width, height = category.size
    count = picture_count(category)
    part_width = width / count
    part_center = (part + 0.5) * part_width - width / 2
    region = category.region
    drawer_m = 0.3 if category.joint == "slide" and "open" in spec.states else 0.0
    target_height = height / 2 if region is None else region.z
    if region is not None and not category.enclosed:
        target_height = region.z + 0.05
    elif region is not None:
        target_height = region.z + 0.25 * region.size[2]
    target = np.array([(0.0 if region is None else region.x) + drawer_m, part_center, target_height])
    target += [rng.uniform(-camera.aim_m, camera.aim_m) for _ in range(3)]
    distance_to_front = rng.uniform(*camera.distance_m)
    height_above = rng.uniform(*camera.above_m) * (0.7 if category.enclosed and not drawer_m else 1.0)
    if region is None:
        height_above *= 0.5
    eye = np.array(
        [
            depth / 2 + drawer_m + distance_to_front,
            part_center + rng.uniform(-1, 1) * camera.sideways_m,
            target_height + height_above,
        ]
    )
    eye[2] = max(eye[2], 0.7)
    distance = float(np.linalg.norm(eye - target))
    half_width = max(part_width / 2 + 0.06, 0.34 if region is not None else 0.5 * max(height, width) + 0.05)
    view = 2 * degrees(atan(half_width / distance)) * rng.uniform(*camera.wider)
    rotation = np.array([[cos(spec.yaw), -sin(spec.yaw), 0.0], [sin(spec.yaw), cos(spec.yaw), 0.0], [0.0, 0.0, 1.0]])
    origin = np.array([spec.x, spec.y, 0.0])
    eye, target = rotation @ eye + origin, rotation @ target + origin
    return CameraPose(eye=tuple(eye.tolist()), target=tuple(target.tolist()), view_deg=min(100.0, max(25.0, view)))


def _entity_of_body(home: PhysicalHome) -> NDArray[np.int32]:
    """Return the entity of each physics body; the last element is for no body: -1."""
    bodies, index = home.engine.names, home.world.index
    entity_of_body = np.full(max(bodies) + 2, -1, np.int32)
    for body, name in bodies.items():
        entity_of_body[body] = index.get(name, -1)
    return entity_of_body


def _picture(home: PhysicalHome, state: State, fixture: str, shot: Shot, entity_of_body: NDArray[np.int32]) -> Picture:
    entities = entity_of_body[shot.bodies]
    world = home.world
    fixture_index = world.index[fixture]
    seen, counts = np.unique(entities, return_counts=True)
    visible_objects = tuple(
        i for i, count in zip(seen.tolist(), counts.tolist(), strict=True)
        if i >= world.n_fixtures and count >= VISIBLE and state.root(i) == fixture_index
        and label(world.categories[i], world.domain) is not None
    )  # fmt: skip
    labels = [label(world.categories[i], world.domain) or "" for i in visible_objects]
    items = tuple(
        Item(name, _states(state.flags[i], THING_STATES)) for name, i in zip(labels, visible_objects, strict=True)
    )
    category = world.fixture_category[fixture_index]
    assert category is not None
    states = tuple(s for s in _states(state.flags[fixture_index], FURNITURE_STATES) if category.can_be(s))
    furniture = label(world.categories[fixture_index], world.domain) or ""
    listing = Listing(furniture, states, tuple(sorted(items)))
    return Picture(
        fixture=fixture, rgb=shot.rgb, entities=entities, listing=listing, things=visible_objects, items=items
    )


def _states(flags: int, words: tuple[str, ...]) -> tuple[str, ...]:
    return in_order((word for word in words if flags & BIT[word]), words)
