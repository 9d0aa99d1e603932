"""Adds fixtures to the engine: their bodies, their doors and drawers as links, and how far each door can open."""

from __future__ import annotations

from math import cos, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.furniture.fixture_models import furniture
from envs.geometry.bodies import Link
from envs.geometry.collision_boxes import Boxes, join, overlap
from envs.geometry.rotations import turn_z
from envs.physics.engine import Engine
from envs.symbolic.domain import load_domain

if TYPE_CHECKING:
    from envs.assets.furniture.cabinetry import Furniture
    from envs.geometry.rotations import Footprint
    from envs.physics.spatial_queries import SpatialQueries
    from envs.symbolic.scene import FixtureSpec, Scene


NEAR_DOORS_M = 1.5
AJAR = (1.0, 0.9, 0.8, 0.7, 0.6)  # how far doors are tried to stand open
GRID = 0.97 * np.array([(x, y, z) for x in (-1, 1) for y in (-1, -0.5, 0, 0.5, 1) for z in (-1, 0, 1)])
BRAKE = {"hinge": 6.0, "flap": 12.0, "slide": 15.0}  # what keeps a leaf where it is left [N m, N]


def glow_name(fixture: str, k: int) -> str:
    """Name of the k-th part of a fixture that is lit while it is on."""
    return f"{fixture} glow {k}"


def build_fixture(engine: Engine, spec: FixtureSpec, ajar: float = 1.0) -> None:
    """Add one fixture, its leaves as the scene wants them; an open one `ajar` of its travel, 0 to 1."""
    made = furniture(load_domain().fixtures[spec.category])
    turn = (0.0, 0.0, sin(spec.yaw / 2), cos(spec.yaw / 2))
    engine.add(spec.name, made.pieces, (spec.x, spec.y, 0.0), turn, links=leaf_links(made))
    for k, leaf in enumerate(made.leaves):
        engine.set_joint(spec.name, k, ajar * leaf.opened if "open" in spec.states else 0.0)
        engine.limit(spec.name, k, 0.0, leaf.opened + 0.05)
        engine.brake(spec.name, k, BRAKE[leaf.kind])


def open_doors(places: SpatialQueries, scene: Scene) -> dict[str, float]:
    """Return the part of its travel, 0 to 1, that each open fixture's doors swing before they meet what is beside."""
    ajar: dict[str, float] = {}
    around = places.static
    for spec in scene.fixtures:
        if "open" in spec.states:
            ajar[spec.name] = _how_far_open(places, spec.name, around)
            first = places.furniture[spec.name].leaves[0]
            around = join([around, places.leaf_boxes(spec.name, ajar[spec.name] * first.opened)])
    return ajar


def _how_far_open(places: SpatialQueries, name: str, around: Boxes) -> float:
    made, spec = places.furniture[name], places.specs[name]
    if made.leaves[0].kind != "hinge":
        return 1.0
    front_m = places.domain.fixtures[spec.category].size[0] / 2
    around = around.near(np.array([spec.x, spec.y, 0.0]), NEAR_DOORS_M)
    for ajar in AJAR:
        leaves = places.leaf_boxes(name, ajar * made.leaves[0].opened)
        points = leaves.at[:, None] + np.einsum("bij,kj,bj->bki", leaves.turn, GRID, leaves.half)  # (B, K, 3)
        ahead = (points - places.point_of(name, (front_m, 0.0, 0.0))) @ turn_z(spec.yaw)[:, 0]
        outside = points[ahead > 0.03]  # its own body is behind that
        if overlap(around, outside[None], np.full(len(outside), 0.002))[0][0] == 0:
            return ajar
    return AJAR[-1]


def leaf_links(made: Furniture) -> list[Link]:
    """Return the moving parts of a fixture as links."""
    return [
        Link(
            joint="prismatic" if leaf.kind == "slide" else "revolute",
            pieces=leaf.pieces,
            at=leaf.at,
            axis=leaf.axis,
            mass=1.5,
        )
        for leaf in made.leaves
    ]


def footprints(scene: Scene) -> list[Footprint]:
    """x, y, yaw, half depth, half width of every fixture that stands in the way, for the floor."""
    domain = load_domain()
    made = []
    for f in scene.fixtures:
        size = domain.fixtures[f.category].size
        if domain.fixtures[f.category].underfoot:
            continue
        made.append((f.x, f.y, f.yaw, size[0] / 2, size[1] / 2))
    return made
