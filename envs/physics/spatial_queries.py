"""Geometry of the home, read from the engine: regions of fixtures and containers, what lies in them, and obstacles.

Frame: the home, unless a name says otherwise. A leaf is a moving part of a fixture: a door, flap or drawer.
Legend: B boxes, K objects.
"""

from __future__ import annotations

from math import atan2
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import hulls, inner_floor_height
from envs.assets.furniture.fixture_models import furniture_of
from envs.geometry.collision_boxes import Boxes, join
from envs.geometry.rotations import Array, quat, turn_z
from envs.geometry.support_region import SupportRegion
from envs.physics.engine import Engine
from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.embodiment.grip import is_hollow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from envs.assets.furniture.cabinetry import Furniture, Leaf
    from envs.geometry.bodies import Piece
    from envs.geometry.rotations import Footprint
    from envs.symbolic.domain import ObjectCategory
    from envs.symbolic.scene import FixtureSpec, Scene

COVERED_BODIES = ("cupboard", "flap", "shelf")  # bodies
WALLED_BODIES = ("bin", "basin", "drawers")
OPEN_FRACTION = 0.4  # a leaf counts as open from this fraction of its travel
SIDE_TOLERANCE_M = 0.03
BELOW_TOLERANCE_M = 0.05
UNDER_FLOOR_M = 0.005  # an object on a plate may be so much lower than its floor
LEVEL_COS = 0.98
UPRIGHT_COS = 0.8
CHASSIS_M = (0.03, 0.20)  # heights between which an object on the ground blocks the base
ON_GROUND_M = 0.03  # an object whose lowest point is below this lies on the ground
GROUND_HALF_M = 100.0  # half the width of the ground


class SpatialQueries:
    """Geometry queries on one built scene."""

    def __init__(self, engine: Engine, scene: Scene, walls: list[Piece]) -> None:
        self.engine = engine
        self.domain = scene.domain
        self.specs: dict[str, FixtureSpec] = {fixture.name: fixture for fixture in scene.furniture}
        self.furniture: dict[str, Furniture] = {
            fixture.name: furniture_of(fixture, scene.domain) for fixture in scene.furniture
        }
        self.objects: dict[str, ObjectCategory] = {}
        self._read_at_tick = -1
        self._poses: dict[str, tuple[Array, Array]] = {}
        self._regions: dict[str, SupportRegion] = {}
        self._holders: dict[str, str | None] = {}
        self.rooms = {room.name: room.rect for room in scene.rooms}
        self.floors = [fixture.name for fixture in scene.furniture if self.domain.fixtures[fixture.category].underfoot]
        ground = Boxes(
            at=np.array([[0.0, 0.0, -0.1]]), turn=np.eye(3)[None], half=np.array([[GROUND_HALF_M, GROUND_HALF_M, 0.1]]),
            soft=np.zeros(1),
        )  # fmt: skip
        walls_and_ground = [_boxes(walls, np.zeros(3), 0.0), ground]
        self.static = join([*walls_and_ground, *(self._fixture_boxes(name) for name in self.specs)])

    quat = staticmethod(quat)
    yaw_turn = staticmethod(turn_z)

    def _fixture_boxes(self, name: str) -> Boxes:
        spec = self.specs[name]
        solid = [piece for piece in self.furniture[name].pieces if piece.solid]
        return _boxes(solid, np.array([spec.x, spec.y, 0.0]), spec.yaw)

    # -- fixtures ------------------------------------------------------------------------------------------------------

    def opening(self, name: str) -> float:
        """How far a fixture's first leaf is open, in [0, 1]."""
        leaf = self.furniture[name].leaves[0]
        return self.engine.joint(name, 0) / leaf.opened

    def is_open(self, name: str) -> bool:
        """Whether a fixture's first leaf is open."""
        return bool(self.furniture[name].leaves) and self.opening(name) > OPEN_FRACTION

    def point_of(self, name: str, local: Sequence[float]) -> Array:
        """Convert a point of a fixture's frame to the home's, (3,)."""
        spec = self.specs[name]
        point: Array = np.array([spec.x, spec.y, 0.0]) + turn_z(spec.yaw) @ np.asarray(local, dtype=float)
        return point

    def leaf_frame(self, name: str, k: int, position: float) -> tuple[Array, Array]:
        """Origin (3,) and rotation (3, 3) of a leaf at a joint position."""
        leaf = self.furniture[name].leaves[k]
        spec = self.specs[name]
        base = turn_z(spec.yaw)
        if leaf.kind == "slide":
            return self.point_of(name, (np.array(leaf.at) + np.array(leaf.axis) * position).tolist()), base
        turn = _rotation_about(leaf, position)
        return self.point_of(name, leaf.at), base @ turn

    def leaf_boxes(self, name: str, position: float | None = None) -> Boxes:
        """Boxes of a fixture's leaves at their current positions, or at a given joint position."""
        parts = []
        for k, leaf in enumerate(self.furniture[name].leaves):
            at, turn = self.leaf_frame(name, k, self.engine.joint(name, k) if position is None else position)
            parts.append(_boxes([p for p in leaf.pieces if p.solid], at, 0.0, turn))
        return join(parts)

    def leaf_footprints(self, moved: Mapping[str, float] | None = None) -> list[Footprint]:
        """Footprints of the leaves that stand out into the room; `moved` overrides some fixtures' joint positions."""
        rectangles: list[Footprint] = []
        for name, model in self.furniture.items():
            for k, leaf in enumerate(model.leaves):
                position = moved[name] if moved and name in moved else self.engine.joint(name, k)
                if position < 0.1 * leaf.opened:
                    continue
                at, turn = self.leaf_frame(name, k, position)
                panel = leaf.pieces[0]
                middle = at + turn @ np.array(panel.at)
                spec = self.specs[name]
                if leaf.kind == "hinge":
                    along_panel = turn[:, 1]
                    rectangles.append(
                        (
                            float(middle[0]),
                            float(middle[1]),
                            atan2(along_panel[1], along_panel[0]),
                            panel.size[1] / 2,
                            0.01,
                        )
                    )
                else:
                    reach = leaf.pieces[0].size[2] if leaf.kind == "flap" else position
                    front = self.domain.fixtures[spec.category].size[0] / 2
                    center = self.point_of(name, (front + reach / 2, 0.0, 0.0))
                    width = panel.size[1] / 2
                    rectangles.append((float(center[0]), float(center[1]), spec.yaw, reach / 2, width))
        return rectangles

    def object_footprints(self, ignore: Collection[str] = (), *, min_height_m: float = 0.0) -> list[Footprint]:
        """Footprints of the objects on the ground that block the base, if they are at least `min_height_m` high."""
        rectangles: list[Footprint] = []
        for name, category in self.objects.items():
            at, turn = self.pose(name)
            if name in ignore or at[2] > CHASSIS_M[1] + 0.3:
                continue
            height_m = float((np.abs(turn) @ np.array(category.size))[2])
            low, high = at[2] - height_m / 2, at[2] + height_m / 2
            if low > ON_GROUND_M or high < CHASSIS_M[0] or height_m < min_height_m:
                continue
            half = np.abs(turn_z(-(yaw := atan2(turn[1, 0], turn[0, 0]))) @ turn) @ np.array(category.size) / 2
            rectangles.append((float(at[0]), float(at[1]), yaw, float(half[0]), float(half[1])))
        return rectangles

    # -- regions -------------------------------------------------------------------------------------------------------

    def region(self, name: str) -> SupportRegion:
        """The region of a fixture or container that holds objects.

        Raises:
            KeyError: It holds nothing.
        """
        self._forget_if_stale()
        if name not in self._regions:
            self._regions[name] = self._make_region(name)
        return self._regions[name]

    def _make_region(self, name: str) -> SupportRegion:
        """Return the region at its current pose: of a fixture (a drawer's moves with it), or of a movable container."""
        if name in self.specs:
            spec = self.specs[name]
            category = fixture_of(spec, self.domain)
            region = category.region
            if region is None:
                raise KeyError(name)
            slides = category.joint == "slide"
            pulled_out_m = self.engine.joint(name, 0) if slides else 0.0
            return SupportRegion(
                name=name, at=self.point_of(name, (region.x + pulled_out_m, 0.0, region.z)), yaw=spec.yaw,
                size=region.size, relation=category.relation or "on", enclosed=category.enclosed and not slides,
                covered=category.body in COVERED_BODIES, carried=slides, walled=category.body in WALLED_BODIES,
            )  # fmt: skip
        container = self.objects[name]
        if container.holds is None:
            raise KeyError(name)
        at, turn = self.pose(name)
        inner_floor = at + turn @ np.array([0.0, 0.0, inner_floor_height(container)])
        return SupportRegion(
            name=name, at=inner_floor, yaw=atan2(turn[1, 0], turn[0, 0]), size=container.holds.size,
            relation=container.relation or "on", vessel=container.relation == "in", loose=container.relation == "on",
        )  # fmt: skip

    def pose(self, name: str) -> tuple[Array, Array]:
        """Position (3,) and rotation (3, 3) of an object."""
        self._forget_if_stale()
        if name not in self._poses:
            at, turn = self.engine.pose(name)
            self._poses[name] = np.array(at), self.engine.rotation(turn)
        return self._poses[name]

    def _forget_if_stale(self) -> None:
        """Forget what was read before the last tick."""
        if self._read_at_tick != self.engine.ticks:
            self.forget()

    def forget(self) -> None:
        """Forget all cached poses, regions and holders."""
        self._read_at_tick = self.engine.ticks
        self._poses.clear()
        self._regions.clear()
        self._holders.clear()

    def extents(self, name: str) -> Array:
        """Half extents of an object along the home's axes [m], (3,)."""
        _, turn = self.pose(name)
        half: Array = np.abs(turn) @ np.array(self.objects[name].size) / 2
        return half

    def occupied(self, region: SupportRegion, ignore: Collection[str]) -> tuple[Array, float]:
        """Rectangles x, y, half depth, half width that objects cover in a region, (K, 4), and the highest top [m]."""
        rectangles: list[tuple[float, float, float, float]] = []
        top_m = 0.0
        frame = turn_z(region.yaw)
        for name, category in self.objects.items():
            if name in ignore or name == region.name:
                continue
            at, turn = self.pose(name)
            local = region.local(at)
            half = np.abs(frame.T @ turn) @ np.array(category.size) / 2
            if (np.abs(local[:2]) - half[:2] < np.array(region.size[:2]) / 2).all() and -0.02 < local[2] < region.size[
                2
            ]:
                rectangles.append((float(local[0]), float(local[1]), float(half[0]), float(half[1])))
                top_m = max(top_m, float(local[2] + half[2]))
        return np.array(rectangles).reshape(-1, 4), top_m

    # -- holders of objects --------------------------------------------------------------------------------------------

    def holder(self, name: str) -> str | None:
        """The smallest region that contains an object's center; None on the ground of a room without a `floor`."""
        self._forget_if_stale()
        if name not in self._holders:
            self._holders[name] = self._holder(name)
        return self._holders[name]

    def _holder(self, name: str) -> str | None:
        at, _ = self.pose(name)
        smallest: tuple[float, str] | None = None
        for other, other_category in self.objects.items():
            if other == name or other_category.holds is None or other_category.name == self.objects[name].name:
                continue
            region = self.region(other)
            own_region = self.objects[name].holds
            if own_region is not None and own_region.size[0] * own_region.size[1] >= region.size[0] * region.size[1]:
                continue  # a bowl is not in the cup that stands in it
            if self._inside(region, at, 0.5 * region.edge(self.objects[name].size) + 0.015) and (
                not region.loose or self._lies_on(region, name)
            ):
                footprint = region.size[0] * region.size[1]
                if smallest is None or footprint < smallest[0]:
                    smallest = (footprint, other)
        if smallest is not None:
            return smallest[1]
        for other, spec in self.specs.items():
            if self.domain.fixtures[spec.category].region is None:
                continue
            if abs(at[0] - spec.x) + abs(at[1] - spec.y) > 2.5:
                continue
            if self._inside(self.region(other), at, SIDE_TOLERANCE_M) or self._on_top(other, at):
                return other
        return self._floor_below(at) if self.floors and at[2] - self.extents(name)[2] < ON_GROUND_M else None

    def _floor_below(self, at: Array) -> str | None:
        """The nearest floor of the room that a point is in: fallen objects lie on it even beside the rug."""
        floors_here = [
            name for name in self.floors if (rect := self.rooms[self.specs[name].room])[0] < at[0] < rect[2]
            and rect[1] < at[1] < rect[3]
        ]  # fmt: skip
        return min(
            floors_here,
            key=lambda name: abs(self.specs[name].x - at[0]) + abs(self.specs[name].y - at[1]),
            default=None,
        )

    def _inside(self, region: SupportRegion, at: Array, margin: float) -> bool:
        x, y, z = region.local(at)
        lowest = -0.01 if region.vessel or region.loose else -BELOW_TOLERANCE_M
        return bool(
            abs(x) < region.size[0] / 2 + margin
            and abs(y) < region.size[1] / 2 + margin
            and lowest < z < region.size[2] + 0.05
        )

    def _lies_on(self, region: SupportRegion, name: str) -> bool:
        """Whether an object is not lower than a plate's or tray's floor: what lies next to a plate is.

        A plate in the hand is tilted, and what lies on it with it: heights are measured along the plate's axis.
        """
        at, turn = self.pose(name)
        _, plate_turn = self.pose(region.name)
        up = plate_turn[:, 2] if plate_turn[2, 2] > UPRIGHT_COS else np.array([0.0, 0.0, 1.0])
        along = np.abs(turn.T @ up)
        is_level = bool(along.max() > LEVEL_COS)  # one that leans on the rim touches the ground, too
        size = np.array(self.objects[name].size)
        half_m = float(along @ size if is_level else size.min()) / 2
        return bool(up @ (at - region.at) - half_m > -UNDER_FLOOR_M)

    def _on_top(self, fixture: str, at: Array) -> bool:
        """Whether a point is above the border around the region of an open surface."""
        region, spec = self.region(fixture), self.specs[fixture]
        size = fixture_of(spec, self.domain).size
        if region.relation != "on" or region.covered or fixture in self.floors:
            return False
        x, y, _ = turn_z(-spec.yaw) @ (at - (spec.x, spec.y, 0.0))
        above = abs(x) < size[0] / 2 and abs(y) < size[1] / 2
        return bool(above and -BELOW_TOLERANCE_M < at[2] - region.at[2] < region.size[2])

    def holders(self, name: str) -> list[str]:
        """The places that hold an object, from its container to the fixture."""
        holders: list[str] = []
        place = self.holder(name)
        while place is not None:
            holders.append(place)
            place = None if place in self.specs else self.holder(place)
        return holders

    def root(self, name: str) -> str | None:
        """The fixture that holds an object, directly or through containers (a fixture: itself); None on bare ground."""
        place: str | None = name
        while place is not None and place not in self.specs:
            place = self.holder(place)
        return place

    def contents(self, name: str) -> list[str]:
        """All objects in a container, including those in nested containers."""
        contents = [name]
        for holder in contents:  # grows during iteration
            contents += [
                name_inside
                for name_inside in self.objects
                if self.holder(name_inside) == holder and name_inside not in contents
            ]
        return contents[1:]

    def static_and_leaf_boxes(self) -> Boxes:
        """Walls, fixtures and their leaves in their current positions, for the collision check of a driving robot."""
        return join([self.static, *(self.leaf_boxes(name) for name, model in self.furniture.items() if model.leaves)])

    def obstacles(self, center: Array, radius_m: float, ignore: Collection[str] = ()) -> Boxes:
        """Boxes within a horizontal distance of a point, without some objects and the leaves of some fixtures."""
        parts = [self.static]
        parts += [
            self.leaf_boxes(name) for name, model in self.furniture.items() if model.leaves and name not in ignore
        ]
        at, turn, half = [], [], []
        for name, category in self.objects.items():
            if name in ignore:
                continue
            position, rotation = self.pose(name)
            if abs(position[0] - center[0]) > radius_m + 0.3 or abs(position[1] - center[1]) > radius_m + 0.3:
                continue
            if is_hollow(category):  # the hand may go in
                for piece in hulls(category):
                    at.append(position + rotation @ np.array(piece.at))
                    turn.append(rotation)
                    half.append(np.array(piece.size) / 2)
                continue
            at.append(position)
            turn.append(rotation)
            half.append(np.array(category.size) / 2)
        if at:
            parts.append(Boxes(at=np.array(at), turn=np.array(turn), half=np.array(half), soft=np.ones(len(at))))
        return join(parts).near(center, radius_m)


def _rotation_about(leaf: Leaf, angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = leaf.axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation: Array = np.eye(3) + s * k + (1 - c) * k @ k
    return rotation


def _boxes(pieces: Sequence[Piece], at: Array, yaw: float, turn: Array | None = None) -> Boxes:
    base = turn_z(yaw) if turn is None else turn
    n = len(pieces)
    return Boxes(
        at=np.array([at + base @ np.array(p.at) for p in pieces]).reshape(n, 3),
        turn=np.repeat(base[None], n, axis=0),
        half=np.array([np.array(p.size) / 2 for p in pieces]).reshape(n, 3),
        soft=np.zeros(n),
    )
