"""Disturbances of a home between two subtasks: one symbolic change, and the state after it.

A person, a pet or bad luck moves an object, opens or closes a door or drawer, makes the robot drop the held object, or
puts an object where the plan is about to put another one. Sampling a disturbance needs no physics;
`envs/simulation/disturbed_home.py` carries it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from envs.symbolic.actions import HELD, NOWHERE, ON, OPEN, Action, State, World, successor, unmet_precondition

DisturbanceType = Literal["move", "occupy", "open", "close", "drop"]
DISTURBANCE_TYPES: tuple[DisturbanceType, ...] = ("move", "occupy", "open", "close", "drop")
RELEVANT_FIRST_CHANCE = 0.5  # chance that the entities the robot needs next are tried first


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """One change that the robot did not make.

    Attributes:
        name: The moved or dropped object, or the fixture that is opened or closed.
        place: Where the object is afterwards; empty means on ground that belongs to no fixture.
    """

    kind: DisturbanceType
    name: str
    place: str = ""

    def __str__(self) -> str:
        """Describe the disturbance for people."""
        if self.kind == "drop":
            return f"{self.name} dropped to {self.place or 'the ground'}"
        if self.kind == "move":
            return f"{self.name} moved to {self.place}"
        if self.kind == "occupy":
            return f"{self.name} put in the way at {self.place}"
        return f"{self.name} {'opened' if self.kind == 'open' else 'closed'}"


def disturbed_state(state: State, disturbance: Disturbance) -> State:
    """Return the state after a disturbance; the robot does not move."""
    obj = state.world.index[disturbance.name]
    if disturbance.kind in ("open", "close"):
        return successor(state, Action(disturbance.kind, (disturbance.name,)))._replace(at=state.at)
    if disturbance.kind == "drop":
        place = state.world.index[disturbance.place] if disturbance.place else NOWHERE
        return state._replace(place=(*state.place[:obj], place, *state.place[obj + 1 :]), held=NOWHERE)
    successor_state = successor(_lifted(state, obj), Action("put", (disturbance.name, disturbance.place)))
    return successor_state._replace(held=state.held, at=state.at)


def possible_disturbances(
    state: State, disturbance_type: DisturbanceType, next_actions: Sequence[Action], rng: np.random.Generator
) -> Iterator[Disturbance]:
    """Yield the possible disturbances of a type in a random order.

    Args:
        state: The state of the home.
        disturbance_type: The type to sample.
        next_actions: What the robot is about to do; `occupy` blocks its target places.
        rng: Source of the random order.
    """
    world = state.world
    needed = {name for action in next_actions for name in action.args}
    if disturbance_type == "drop":
        if state.held >= 0:
            yield Disturbance(kind="drop", name=world.names[state.held], place=_floor_at(state))
        return
    if disturbance_type in ("open", "close"):
        for i in _shuffled(range(world.n_fixtures), world, needed, rng):
            category = world.fixture_category[i]
            is_open = bool(state.flags[i] & OPEN)
            if (
                category is not None
                and category.joint is not None
                and is_open == (disturbance_type == "close")
                and not state.flags[i] & ON
            ):
                yield Disturbance(kind=disturbance_type, name=world.names[i])
        return
    candidates = (
        [a.args[1] for a in next_actions if a.skill == "put"]
        if disturbance_type == "occupy"
        else world.names[: world.n_fixtures]
    )
    places = list(dict.fromkeys(candidates))
    for i in _shuffled(range(world.n_fixtures, len(world.names)), world, needed, rng):
        root = state.root(i)
        if root == HELD or state.closed_around(i) is not None or (root >= 0 and world.relation[root] == "with"):
            continue
        if disturbance_type == "occupy" and world.names[i] in needed:
            continue
        lifted = _lifted(state, i)
        for k in rng.permutation(len(places)).tolist():
            if (
                world.index[places[k]] != state.place[i]
                and unmet_precondition(lifted, _put(state, i, places[k])) is None
            ):
                yield Disturbance(kind=disturbance_type, name=world.names[i], place=places[k])
                break


def _shuffled(entities: range, world: World, needed: Collection[str], rng: np.random.Generator) -> list[int]:
    """Return entities in a random order, sometimes with those that the robot needs first."""
    order: list[int] = rng.permutation(entities).tolist()
    if rng.random() < RELEVANT_FIRST_CHANCE:
        order.sort(key=lambda i: world.names[i] not in needed)
    return order


def _put(state: State, obj: int, place: str) -> Action:
    return Action("put", (state.world.names[obj], place))


def _lifted(state: State, obj: int) -> State:
    """Return the state with an object in the robot's hand, to test where the object can be put."""
    return state._replace(place=(*state.place[:obj], HELD, *state.place[obj + 1 :]), held=obj)


def _floor_at(state: State) -> str:
    """Return the `floor` fixture of the room that the robot stands in; empty if that room has none."""
    world = state.world
    rooms = [f.room for f in world.scene.fixtures]
    room = rooms[state.at] if state.at >= 0 else None
    floors = [world.names[i] for i in range(world.n_fixtures) if world.underfoot[i] and rooms[i] == room]
    return floors[0] if floors else ""
