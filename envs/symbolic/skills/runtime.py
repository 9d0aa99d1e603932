"""What the compiled skills call: questions about a state that are too long for an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.state import HELD, NOWHERE, OPEN

if TYPE_CHECKING:
    from envs.symbolic.state import State, World


def in_hand(state: State) -> str:
    """What the robot holds, in words."""
    return state.world.names[state.held] if state.held >= 0 else "nothing"


def out_of_reach(state: State, entity: int) -> str | None:
    """Why the hand cannot touch an entity: it is in the hand, or something closed is around it."""
    world, places = state.world, state.place
    root, n_fixtures = entity, world.n_fixtures
    while root >= n_fixtures:
        root = places[root]
    if root == HELD:
        return f"{world.names[entity]} is in the hand"
    if root >= 0 and root != entity and world.enclosed[root] and not state.flags[root] & OPEN:
        return f"{world.names[root]} is closed"
    return None


def out_of_access(state: State, entity: int) -> str | None:
    """Why the hand cannot get into or onto an entity: it is closed, or out of reach."""
    if state.world.enclosed[entity] and not state.flags[entity] & OPEN:
        return f"{state.world.names[entity]} is closed"
    return out_of_reach(state, entity)


def in_the_open(state: State, entity: int) -> bool:
    """Whether an entity is on nothing that has doors, and with no person."""
    root = state.root(entity)
    return root < 0 or not (state.world.enclosed[root] or state.world.relation[root] == "with")


def has_room(state: State, obj: int, place: int) -> bool:
    """Whether a place has room for one more object; the first one always has."""
    world, others = state.world, state.children(place)
    return not others or world.units[obj] + sum([world.units[i] for i in others]) <= world.capacity[place]


def runs_closed(world: World, fixture: int) -> bool:
    """Whether a fixture has a process that runs only while it is closed."""
    process = world.process[fixture]
    return process is not None and "closed" in process.when


def is_at(state: State, entity: int, place: int) -> bool:
    """Whether an entity is in or on another, also through containers; or in a room."""
    world = state.world
    if place in world.of_kind("room"):
        return found_around(state, entity, "room") == place
    while entity >= world.n_fixtures:
        entity = state.place[entity]
        if entity == place:
            return True
    return False


def is_robot_at(state: State, place: int) -> bool:
    """Whether the robot stands at a fixture or an object, or in a room."""
    if state.at < 0:
        return False
    return state.root(place) == state.at or is_at(state, state.at, place)


def found_around(state: State, entity: int, kind: str) -> int:
    """Return the first entity of a kind that an entity is in or on, or NOWHERE; for kinds of rooms, its room."""
    world, members = state.world, state.world.of_kind(kind)
    while entity >= world.n_fixtures:
        entity = state.place[entity]
        if entity in members:
            return entity
    room = world.room_entity(entity) if entity >= 0 else NOWHERE
    return room if room in members else NOWHERE


def found_at(state: State, kind: str) -> int:
    """Return the entity of a kind that the robot stands at, or NOWHERE; for kinds of rooms, the room that it is in."""
    if state.at in state.world.of_kind(kind):
        return state.at
    room = state.world.room_entity(state.at) if state.at >= 0 else NOWHERE
    return room if room in state.world.of_kind(kind) else NOWHERE
