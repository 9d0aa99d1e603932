"""Adds fixtures to the engine: their bodies, their doors and drawers as links, and how far each door can open."""

from __future__ import annotations

from math import cos, sin
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.furniture.fixture_models import furniture_of
from envs.geometry.bodies import Link
from envs.geometry.collision_boxes import Boxes, join, overlap
from envs.geometry.rotations import turn_z
from envs.physics.engine import Engine
from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.domain import Domain

if TYPE_CHECKING:
    from envs.assets.furniture.cabinetry import Furniture
    from envs.geometry.rotations import Footprint
    from envs.physics.spatial_queries import SpatialQueries
    from envs.symbolic.scene import FixtureSpec, Scene

OBSTACLE_RADIUS_M = 1.5
OPEN_FRACTIONS = (1.0, 0.9, 0.8, 0.7, 0.6)  # of a door's travel, tried in this order; the last is used anyway
PANEL_POINTS = 0.97 * np.array([(x, y, z) for x in (-1, 1) for y in (-1, -0.5, 0, 0.5, 1) for z in (-1, 0, 1)])
JOINT_FRICTION = {"hinge": 6.0, "flap": 12.0, "slide": 15.0}  # friction that keeps a leaf where it is left [N m, N]


def glow_name(fixture: str, k: int) -> str:
    """Name of the k-th part of a fixture that lights up while it is on."""
    return f"{fixture} glow {k}"


def build_fixture(engine: Engine, spec: FixtureSpec, domain: Domain, open_fraction: float = 1.0) -> None:
    """Add one fixture with its leaves as the scene says; open ones at `open_fraction` of their travel, in [0, 1]."""
    model = furniture_of(spec, domain)
    turn = (0.0, 0.0, sin(spec.yaw / 2), cos(spec.yaw / 2))
    engine.add(spec.name, model.pieces, (spec.x, spec.y, 0.0), turn, links=leaf_links(model))
    for k, leaf in enumerate(model.leaves):
        engine.set_joint(spec.name, k, open_fraction * leaf.opened if "open" in spec.states else 0.0)
        engine.limit(spec.name, k, 0.0, leaf.opened + 0.05)
        engine.brake(spec.name, k, JOINT_FRICTION[leaf.kind])


def open_doors(queries: SpatialQueries, scene: Scene) -> dict[str, float]:
    """Return how far each open fixture can open without touching anything, one of OPEN_FRACTIONS."""
    open_fractions: dict[str, float] = {}
    obstacles = queries.static
    for spec in scene.furniture:
        if "open" in spec.states:
            open_fractions[spec.name] = _how_far_open(queries, spec.name, obstacles)
            first_leaf = queries.furniture[spec.name].leaves[0]
            obstacles = join([obstacles, queries.leaf_boxes(spec.name, open_fractions[spec.name] * first_leaf.opened)])
    return open_fractions


def _how_far_open(queries: SpatialQueries, name: str, obstacles: Boxes) -> float:
    model, spec = queries.furniture[name], queries.specs[name]
    if model.leaves[0].kind != "hinge":
        return 1.0
    front_m = queries.domain.fixtures[spec.category].size[0] / 2
    obstacles = obstacles.near(np.array([spec.x, spec.y, 0.0]), OBSTACLE_RADIUS_M)
    for open_fraction in OPEN_FRACTIONS:
        leaves = queries.leaf_boxes(name, open_fraction * model.leaves[0].opened)
        points = leaves.at[:, None] + np.einsum("bij,kj,bj->bki", leaves.turn, PANEL_POINTS, leaves.half)  # (B, K, 3)
        ahead_m = (points - queries.point_of(name, (front_m, 0.0, 0.0))) @ turn_z(spec.yaw)[:, 0]
        outside = points[ahead_m > 0.03]  # the fixture's own body is behind these points
        if overlap(obstacles, outside[None], np.full(len(outside), 0.002))[0][0] == 0:
            return open_fraction
    return OPEN_FRACTIONS[-1]


def leaf_links(model: Furniture) -> list[Link]:
    """Return the moving parts of a fixture as links."""
    return [
        Link(
            joint="prismatic" if leaf.kind == "slide" else "revolute",
            pieces=leaf.pieces,
            at=leaf.at,
            axis=leaf.axis,
            mass=1.5,
        )
        for leaf in model.leaves
    ]


def footprints(scene: Scene) -> list[Footprint]:
    """x, y, yaw, half depth, half width of every fixture that blocks the floor."""
    domain = scene.domain
    rectangles = []
    for fixture in scene.furniture:
        size = fixture_of(fixture, domain).size
        if domain.fixtures[fixture.category].underfoot:
            continue
        rectangles.append((fixture.x, fixture.y, fixture.yaw, size[0] / 2, size[1] / 2))
    return rectangles
