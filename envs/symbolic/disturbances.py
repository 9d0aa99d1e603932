"""What may happen to a home between two subtasks, in atoms: one change, and what is true after it.

A person, a pet or bad luck moves a thing, opens or closes a door or drawer, drops what the robot holds, or puts a thing
where the plan is about to put something. Nothing physical is needed to draw one; `envs/simulation/disturbed_home.py` makes it happen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from envs.symbolic.actions import HELD, NOWHERE, ON, OPEN, Action, State, World, successor, unmet_precondition

DisturbanceType = Literal["move", "occupy", "open", "close", "drop"]
KINDS: tuple[DisturbanceType, ...] = ("move", "occupy", "open", "close", "drop")
RELEVANT = 0.5  # how often what the robot is about to use is tried first


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """What happened.

    Attributes:
        name: The thing, or the fixture that is opened or closed.
        place: Where the thing is afterwards; empty: on the bare ground.
    """

    kind: DisturbanceType
    name: str
    place: str = ""

    def __str__(self) -> str:
        """In words, for a person."""
        if self.kind == "drop":
            return f"{self.name} dropped to {self.place or 'the ground'}"
        if self.kind == "move":
            return f"{self.name} moved to {self.place}"
        if self.kind == "occupy":
            return f"{self.name} put in the way at {self.place}"
        return f"{self.name} {'opened' if self.kind == 'open' else 'closed'}"


def changed(state: State, what: Disturbance) -> State:
    """Return the state after a disturbance; the robot stands where it stood."""
    thing = state.world.index[what.name]
    if what.kind in ("open", "close"):
        return successor(state, Action(what.kind, (what.name,)))._replace(at=state.at)
    if what.kind == "drop":
        lies = state.world.index[what.place] if what.place else NOWHERE
        return state._replace(place=(*state.place[:thing], lies, *state.place[thing + 1 :]), held=NOWHERE)
    put = successor(_lifted(state, thing), Action("put", (what.name, what.place)))
    return put._replace(held=state.held, at=state.at)


def possible(
    state: State, kind: DisturbanceType, ahead: Sequence[Action], rng: np.random.Generator
) -> Iterator[Disturbance]:
    """Yield disturbances of a kind that the state allows, in a random order.

    Args:
        state: Of the home.
        kind: Of disturbance.
        ahead: What the robot is about to do; `occupy` gets in its way.
        rng: Draws the order.
    """
    world = state.world
    needed = {name for action in ahead for name in action.args}
    if kind == "drop":
        if state.held >= 0:
            yield Disturbance(kind="drop", name=world.names[state.held], place=_floor_at(state))
        return
    if kind in ("open", "close"):
        for i in _shuffled(range(world.n_fixtures), world, needed, rng):
            made = world.fixture[i]
            is_open = bool(state.flags[i] & OPEN)
            if made is not None and made.joint is not None and is_open == (kind == "close") and not state.flags[i] & ON:
                yield Disturbance(kind=kind, name=world.names[i])
        return
    wanted = [a.args[1] for a in ahead if a.skill == "put"] if kind == "occupy" else world.names[: world.n_fixtures]
    places = list(dict.fromkeys(wanted))
    for i in _shuffled(range(world.n_fixtures, len(world.names)), world, needed, rng):
        root = state.root(i)
        if root == HELD or state.closed_around(i) is not None or (root >= 0 and world.relation[root] == "with"):
            continue
        if kind == "occupy" and world.names[i] in needed:
            continue
        lifted = _lifted(state, i)
        for k in rng.permutation(len(places)).tolist():
            if (
                world.index[places[k]] != state.place[i]
                and unmet_precondition(lifted, _put(state, i, places[k])) is None
            ):
                yield Disturbance(kind=kind, name=world.names[i], place=places[k])
                break


def _shuffled(entities: range, world: World, needed: Collection[str], rng: np.random.Generator) -> list[int]:
    """Entities in a random order; sometimes those that the robot needs first."""
    order: list[int] = rng.permutation(entities).tolist()
    if rng.random() < RELEVANT:
        order.sort(key=lambda i: world.names[i] not in needed)
    return order


def _put(state: State, thing: int, place: str) -> Action:
    return Action("put", (state.world.names[thing], place))


def _lifted(state: State, thing: int) -> State:
    """The state in which somebody has just taken a thing into the hand: what can be put where follows from it."""
    return state._replace(place=(*state.place[:thing], HELD, *state.place[thing + 1 :]), held=thing)


def _floor_at(state: State) -> str:
    """The floor of the room that the robot stands in; empty if the home does not name it."""
    world = state.world
    rooms = [f.room for f in world.scene.fixtures]
    here = rooms[state.at] if state.at >= 0 else None
    floors = [world.names[i] for i in range(world.n_fixtures) if world.underfoot[i] and rooms[i] == here]
    return floors[0] if floors else ""
