"""What the robot sees from its position: the same function of the true state in both worlds.

In its room the robot sees every fixture with its states, and all objects in the open: on surfaces, in open furniture,
with people, in its hand. It sees neither into closed furniture nor into another room. Movable containers have no lid in
this domain, so their contents are seen with them. Objects on ground that is no `floor` fixture belong to no room and
are always seen. In a home without rooms, all objects in the open are seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.state import HELD, NOWHERE, OPEN

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene
    from envs.symbolic.state import State


@dataclass(frozen=True, kw_only=True)
class Visibility:
    """The visible part of a home, as entities of the state's world.

    Attributes:
        fixtures: Fixtures whose states are visible.
        places: Fixtures whose contents are all visible.
        objects: Visible objects, in the order of the world.
    """

    fixtures: frozenset[int]
    places: frozenset[int]
    objects: tuple[int, ...]


def start_room(scene: Scene) -> str | None:
    """The room that the robot starts in; the first room if there is no floor plan, None if there are no rooms."""
    x, y, _ = scene.robot
    for room in scene.rooms:
        x0, y0, x1, y1 = room.rect
        if x0 <= x <= x1 and y0 <= y <= y1 and x0 < x1:
            return room.name
    return scene.rooms[0].name if scene.rooms else None


def room_of(state: State) -> str | None:
    """The room of the fixture that the robot stands at, or its start room if it has not moved yet."""
    scene = state.world.scene
    return scene.fixtures[state.at].room if state.at >= 0 and scene.rooms else start_room(scene)


def in_sight(state: State) -> Visibility:
    """Return what the robot sees in a state."""
    world, room = state.world, room_of(state)
    fixtures = frozenset(i for i, spec in enumerate(world.scene.fixtures) if room in (None, spec.room))
    places = frozenset(i for i in fixtures if not world.enclosed[i] or state.flags[i] & OPEN)
    roots = {HELD, NOWHERE, *places}
    objects = tuple(i for i in range(world.n_fixtures, len(world.names)) if state.root(i) in roots)
    return Visibility(fixtures=fixtures, places=places, objects=objects)
