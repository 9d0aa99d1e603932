"""Categories of objects and furniture, and the processes of furniture. Lengths are in meters.

The header of `envs/domain.yaml` explains the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Relation = Literal["on", "in", "with"]
Vec3 = tuple[float, float, float]

CELL_M2 = 0.01  # area of one cell, the unit of capacity: 10 x 10 cm
BUILT_IN_STATES = ("open", "on", "dirty", "hot", "cold", "sliced", "cooked", "folded", "watered")
MAX_INNER_FLOOR = 0.8  # of a mesh's height: what is fuller holds nothing inside
DENSITY = 500.0  # kg/m3 of the bounding box: half of water
MASS_KG = (0.05, 1.5)  # minimum and maximum of a mass by volume; one hand can lift the maximum
PACKING = 0.7  # fraction of a region that objects may cover: a gripper needs space between them


@dataclass(frozen=True, kw_only=True)
class Region:
    """Where a fixture holds objects, in the fixture's frame (origin on the floor, +x to the front).

    Attributes:
        z: Height of the region's floor [m].
        size: Clear depth, width and height [m].
        x: Offset of its center toward the front [m].
    """

    z: float
    size: Vec3
    x: float = 0.0


@dataclass(frozen=True, kw_only=True)
class MeshFile:
    """The file that a kind takes its shape from, scaled to the kind's `size`; `mesh_of` makes it.

    Attributes:
        path: The absolute path of the file.
        digest: The SHA-256 of its content: what is read later is what was checked.
        up: The axis of the file that points up, `y` or `z`.
        inner_floor: Height of its surface at its middle, seen from above, as a fraction of its height.
    """

    path: str
    digest: str
    up: str
    inner_floor: float


@dataclass(frozen=True, kw_only=True)
class ObjectCategory:
    """A category of movable objects."""

    name: str
    shape: str
    size: Vec3
    color: Vec3
    classes: tuple[str, ...]
    at: tuple[str, ...]
    holds: Region | None = None
    relation: Relation | None = None  # how it holds objects
    fills: bool = False
    contains: str | None = None  # an inexhaustible supply of this liquid
    slices: bool = False
    cooks: bool = False
    folds: bool = False
    cuts: bool = False
    wipes: bool = False
    metal: bool = False
    alpha: float = 1.0
    like: str | None = None  # the built-in kind that it was made from
    mass_kg: float | None = None  # None: by its volume (`mass_of`)
    mesh: MeshFile | None = None  # its shape, instead of that which `shape` names

    @property
    def units(self) -> int:
        """Number of cells that one object covers."""
        return max(1, round(self.size[0] * self.size[1] / CELL_M2))

    @property
    def possible_states(self) -> frozenset[str]:
        """The built-in states that one object can have."""
        optional = (("sliced", self.slices), ("cooked", self.cooks), ("folded", self.folds))
        return frozenset(("dirty", "hot", "cold", *(word for word, possible in optional if possible)))


@dataclass(frozen=True, kw_only=True)
class FixtureCategory:
    """A category of furniture or appliances that do not move."""

    name: str
    body: str
    size: Vec3
    rooms: tuple[str, ...]
    region: Region | None = None
    relation: Relation | None = None
    joint: Literal["hinge", "flap", "slide"] | None = None
    switch: bool = False
    wipeable: bool = False
    waterable: bool = False
    close_after: bool = False
    accepts: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    like: str | None = None  # the built-in kind that it was made from

    @property
    def enclosed(self) -> bool:
        """Whether its contents are out of reach while it is closed."""
        return self.joint is not None and self.region is not None

    @property
    def underfoot(self) -> bool:
        """Whether it is part of the floor: the robot drives over it, and nothing is stored there."""
        return self.body == "floor"

    @property
    def is_room(self) -> bool:
        """Whether it is a kind of room: it has no body and holds nothing, but a skill can be about it."""
        return self.body == "room"

    def can_be(self, word: str) -> bool:
        """Whether it can have a built-in state or its negation (such as `off`)."""
        if word in ("open", "closed"):
            return self.joint is not None
        if word in ("on", "off"):
            return self.switch
        return self.wipeable if word in ("dirty", "clean") else self.waterable and word == "watered"


@dataclass(frozen=True, kw_only=True)
class Process:
    """A rule of the world: while `when` holds at a fixture of a category in `at`, its contents change."""

    name: str
    at: tuple[str, ...]
    when: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    fill: str | None = None
    cook: bool = False


def lacks_inside(category: ObjectCategory) -> bool:
    """Whether things are to be in an object whose mesh file shows a solid body."""
    is_full = category.mesh is not None and category.mesh.inner_floor > MAX_INNER_FLOOR
    return is_full and category.relation == "in"


def mass_of(category: ObjectCategory) -> float:
    """Return the mass of an object [kg]: as its kind says, otherwise one that suits its size, within `MASS_KG`."""
    if category.mass_kg is not None:
        return category.mass_kg
    x, y, z = category.size
    return min(MASS_KG[1], max(MASS_KG[0], DENSITY * x * y * z))


def fits_in(category: ObjectCategory, place: ObjectCategory | FixtureCategory) -> bool:
    """Whether one object fits in or on a place, by size and category."""
    if isinstance(place, ObjectCategory):
        if place.holds is None or category.name == place.name:
            return False
        holder_length, holder_width = sorted(place.holds.size[:2], reverse=True)
        if place.relation == "in":  # an open vessel: long objects stand on end in it
            thinnest, middle, _ = sorted(category.size)
            return thinnest <= holder_width and middle <= holder_length
        short, long = sorted(category.size[:2])  # a plate: objects may stick out
        return short <= 1.2 * holder_width and long <= 1.6 * holder_length
    if place.region is None:
        return False
    if place.accepts and {category.name, category.like, *category.classes}.isdisjoint(place.accepts):
        return False
    short, long = sorted(category.size[:2])
    holder_width, holder_length = sorted(place.region.size[:2])
    return short <= holder_width and long <= holder_length and category.size[2] <= place.region.size[2] - 0.02


def capacity_of(place: ObjectCategory | FixtureCategory) -> int:
    """Return the number of cells that a place offers."""
    if isinstance(place, ObjectCategory):
        return 0 if place.holds is None else max(2, round(place.holds.size[0] * place.holds.size[1] / CELL_M2))
    region = place.region
    return 0 if region is None else max(1, int(PACKING * region.size[0] * region.size[1] / CELL_M2))
