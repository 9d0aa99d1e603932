"""A scene: one home at the start of an episode. The symbolic and the physical world are both built from it.

Frames: the home's origin is a corner of its floor plan, z up. A fixture's pose is its footprint's center on the floor;
its front faces +x of its own frame, turned by `yaw` about z.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from envs.symbolic.domain import Domain, load_domain

Rect = tuple[float, float, float, float]  # x0, y0, x1, y1 [m]


@dataclass(frozen=True, kw_only=True)
class Room:
    """A rectangular room. `kind` is one of the words under `rooms` of a fixture in the domain; `name` is unique."""

    name: str
    kind: str
    rect: Rect


@dataclass(frozen=True, kw_only=True)
class Doorway:
    """A gap in the wall between two rooms, centered on (x, y), `width` meters wide along the wall.

    `along` is the axis that the wall runs along.
    """

    x: float
    y: float
    width: float
    along: str


@dataclass(frozen=True, kw_only=True)
class FixtureSpec:
    """A fixture of the scene: instance name such as `cabinet 2`, pose [m, rad], initial states and properties."""

    name: str
    category: str
    room: str
    x: float
    y: float
    yaw: float
    states: frozenset[str] = frozenset()
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ObjectSpec:
    """An object of the scene: instance name, the fixture or object it is in or on, states, liquid and properties."""

    name: str
    category: str
    place: str
    states: frozenset[str] = frozenset()
    liquid: str | None = None
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One home: rooms, doorways, fixtures, objects (containers before their contents), the robot's start pose.

    `people` are the names of those who live there: the first have the `person` fixtures, in their order, and can be
    handed objects; all can own some. `rules` hold for every plan in this home, in the goal language.
    `domain` has its kinds of things and furniture, and what the robot in it can do. If that is about rooms (`vacuum
    {room}`), every room is a fixture too, after all others: named as the room, of its kind, without a body.
    """

    name: str
    seed: int
    rooms: tuple[Room, ...]
    doorways: tuple[Doorway, ...]
    fixtures: tuple[FixtureSpec, ...]
    objects: tuple[ObjectSpec, ...]
    robot: tuple[float, float, float]  # x [m], y [m], yaw [rad]
    people: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    domain: Domain = field(default_factory=load_domain, repr=False)

    @property
    def furniture(self) -> tuple[FixtureSpec, ...]:
        """The fixtures that have a body: all but the rooms, in the same order."""
        if not self.domain.rooms_are_entities:
            return self.fixtures
        return tuple(f for f in self.fixtures if not self.domain.fixtures[f.category].is_room)

    def __post_init__(self) -> None:
        """Keep the rooms among the fixtures, after all others, if and only if a skill of the domain is about rooms."""
        fixtures = self.fixtures
        is_listed = bool(fixtures) and any(fixtures[-1].name == room.name for room in self.rooms)
        if is_listed or self.domain.rooms_are_entities:
            object.__setattr__(self, "fixtures", _with_rooms(self))


def _with_rooms(scene: Scene) -> tuple[FixtureSpec, ...]:
    rooms = {room.name: room for room in scene.rooms}
    listed = {f.name: f for f in scene.fixtures if f.name in rooms and f.room == f.name}
    furniture = tuple(f for f in scene.fixtures if f.name not in listed)
    if not scene.domain.rooms_are_entities:
        return furniture
    kinds = scene.domain.fixtures
    centers = {name: ((r.rect[0] + r.rect[2]) / 2, (r.rect[1] + r.rect[3]) / 2) for name, r in rooms.items()}
    return furniture + tuple(
        listed.get(name) or FixtureSpec(name=name, category=room.kind, room=name, x=x, y=y, yaw=0.0)
        for (name, room), (x, y) in zip(rooms.items(), centers.values(), strict=True)
        if room.kind in kinds and kinds[room.kind].is_room
    )
