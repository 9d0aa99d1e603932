"""What the robot sees from where it is: the same function of the true state in both worlds.

In the room that it is in it sees every fixture with its states, and all that lies openly: on surfaces, in open
furniture, with people, in its hand. It does not see into closed furniture, nor into another room. A movable container
has no lid in this domain, so what is in one is seen with it. What lies on ground that the home has no name for has no
room either, and is seen. In a home without rooms, all that lies openly is seen.
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
    """What is seen, as entities of the state's world.

    Attributes:
        fixtures: Whose states are seen.
        places: The fixtures whose contents are seen, all of them.
        things: Movable things that are seen, in the order of the world.
    """

    fixtures: frozenset[int]
    places: frozenset[int]
    things: tuple[int, ...]


def start_room(scene: Scene) -> str | None:
    """The room that the robot starts in: the first, where there is no floor plan; None where there are no rooms."""
    x, y, _ = scene.robot
    for room in scene.rooms:
        x0, y0, x1, y1 = room.rect
        if x0 <= x <= x1 and y0 <= y <= y1 and x0 < x1:
            return room.name
    return scene.rooms[0].name if scene.rooms else None


def room_of(state: State) -> str | None:
    """The room that the robot is in: that of the fixture that it stands at, before it has moved the start's."""
    scene = state.world.scene
    return scene.fixtures[state.at].room if state.at >= 0 and scene.rooms else start_room(scene)


def in_sight(state: State) -> Visibility:
    """Return what the robot sees in a state."""
    world, room = state.world, room_of(state)
    fixtures = frozenset(i for i, spec in enumerate(world.scene.fixtures) if room in (None, spec.room))
    places = frozenset(i for i in fixtures if not world.enclosed[i] or state.flags[i] & OPEN)
    roots = {HELD, NOWHERE, *places}
    things = tuple(i for i in range(world.n_fixtures, len(world.names)) if state.root(i) in roots)
    return Visibility(fixtures=fixtures, places=places, things=things)
