"""The state of a simulated world as a value: how its bodies were built, what was set since, where they are now.

PyBullet tells where bodies are and how fast they move. What was set (friction, motors, collision filters, constraints)
cannot be read back, so the engine keeps a `WorldRecord` of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.geometry.bodies import Link, Piece, Quat
    from envs.symbolic.domain import Vec3

Motor = tuple[float | None, float]  # the position that it holds, None for a brake; and its force [N, N m]


class Blueprint(NamedTuple):
    """How a body was built."""

    pieces: tuple[Piece, ...]
    mass: float
    links: tuple[Link, ...]


class Drive(NamedTuple):
    """The last command to the motors of joints that are driven together."""

    links: Sequence[int]
    positions: Sequence[float]
    speeds: Sequence[float]
    forces: Sequence[float]
    gains: Sequence[float]


class Weld(NamedTuple):
    """A constraint between two bodies; without an orientation it holds points together only."""

    parent: str
    link: int
    child: str
    child_link: int
    at: tuple[float, ...]
    child_at: tuple[float, ...]
    child_turn: tuple[float, ...] | None
    force: float


class Gear(NamedTuple):
    """A constraint that lets two joints of a body move together."""

    name: str
    link: int
    other_link: int
    force: float


class Motion(NamedTuple):
    """Pose and velocity of a body's base, and position and speed of each of its joints."""

    pose: tuple[Vec3, Quat]
    velocity: tuple[Vec3, Vec3]
    joints: tuple[tuple[float, float], ...]

    @property
    def moves(self) -> bool:
        """Whether anything moves at all; the velocities of a sleeping body are exactly 0."""
        linear, angular = self.velocity
        return any(linear) or any(angular) or any(speed for _, speed in self.joints)


class Parked(NamedTuple):
    """Pose of an object that is not simulated now, and the lowest and highest corner of its bounding box [m]."""

    pose: tuple[Vec3, Quat]
    bounds: tuple[Vec3, Vec3]


@dataclass
class WorldRecord:
    """What was built and set in a world. Links are numbers; -1 is the base of a body."""

    blueprints: dict[str, Blueprint] = field(default_factory=dict)
    frictions: dict[tuple[str, int], float] = field(default_factory=dict)
    limits: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    motors: dict[tuple[str, int], Motor] = field(default_factory=dict)
    drives: dict[str, Drive] = field(default_factory=dict)
    ignored: dict[tuple[str, int, str, int], None] = field(default_factory=dict)  # pairs that do not collide, in order
    awake: set[str] = field(default_factory=set)  # bodies that never sleep
    slept_at: dict[str, tuple[Vec3, Quat]] = field(default_factory=dict)  # where bodies were put to sleep
    welds: dict[int, Weld] = field(default_factory=dict)
    gears: list[Gear] = field(default_factory=list)
    is_precise: bool = False

    def copy(self) -> WorldRecord:
        """Return a record that further calls on the world do not change."""
        return WorldRecord(
            blueprints=dict(self.blueprints), frictions=dict(self.frictions), limits=dict(self.limits),
            motors=dict(self.motors), drives=dict(self.drives), ignored=dict(self.ignored), awake=set(self.awake),
            slept_at=dict(self.slept_at), welds=dict(self.welds), gears=list(self.gears), is_precise=self.is_precise,
        )  # fmt: skip

    def is_asleep(self, name: str, motion: Motion) -> bool:
        """Whether a body that can move will not move until something touches it."""
        _, mass, links = self.blueprints[name]
        if name in self.awake or not (mass or links):
            return False
        return not motion.moves or self.slept_at.get(name) == motion.pose

    def forget(self, name: str) -> None:
        """Forget the filters of a body that is removed, and whether it sleeps: PyBullet forgets them too."""
        self.awake.discard(name)
        self.slept_at.pop(name, None)
        for pair in [pair for pair in self.ignored if name in (pair[0], pair[2])]:
            del self.ignored[pair]


@dataclass(frozen=True, kw_only=True)
class WorldSnapshot:
    """A world at one tick.

    Attributes:
        record: What was built and set.
        motions: Where the simulated bodies are, in the order in which they came into the simulation.
        parked: Where the others are.
        asleep: Bodies that do not move until something touches them.
        numbers: The permanent number of each body.
    """

    record: WorldRecord
    motions: dict[str, Motion]
    parked: dict[str, Parked]
    asleep: frozenset[str]
    numbers: dict[str, int]
    ticks: int


def without_visuals(snapshot: WorldSnapshot) -> WorldSnapshot:
    """Return a snapshot without the pieces that are only drawn, which a window alone needs."""
    record = snapshot.record.copy()
    for name, (pieces, mass, links) in record.blueprints.items():
        bare = tuple(replace(link, pieces=_solid(link.pieces)) for link in links)
        record.blueprints[name] = Blueprint(_solid(pieces), mass, bare)
    return replace(snapshot, record=record)


def _solid(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    return tuple(piece for piece in pieces if piece.solid)
