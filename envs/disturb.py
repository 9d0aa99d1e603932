"""Disturbances: what a person, a pet or bad luck does to a home between two subtasks, the same in both worlds.

Before a subtask, with a probability, one disturbance that is possible in the state at hand is drawn: a thing is moved,
a door or drawer is opened or closed, what the robot holds drops to the ground, or a thing is put where the plan is
about to put something. In atoms it is `changed(state, disturbance)`. In physics, bodies are laid at free spots and
joints are set, after a check that nothing touches anything there and that no leaf swings through the robot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from envs.errors import HomeError
from envs.state import HELD, NOWHERE, ON, OPEN, Action, State, World, effect, unmet

if TYPE_CHECKING:
    from envs.acting import ChangeableHome, OutcomeLike
    from envs.sim import PhysicalHome

Kind = Literal["move", "occupy", "open", "close", "drop"]
KINDS: tuple[Kind, ...] = ("move", "occupy", "open", "close", "drop")
RELEVANT = 0.5  # how often what the robot is about to use is tried first
TRIES = 8  # things of a kind that are tried before another kind is


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """What happened.

    Attributes:
        name: The thing, or the fixture that is opened or closed.
        place: Where the thing is afterwards; empty: on the bare ground.
    """

    kind: Kind
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
        return effect(state, Action(what.kind, (what.name,)))._replace(at=state.at)
    if what.kind == "drop":
        lies = state.world.index[what.place] if what.place else NOWHERE
        return state._replace(place=(*state.place[:thing], lies, *state.place[thing + 1 :]), held=NOWHERE)
    put = effect(_lifted(state, thing), Action("put", (what.name, what.place)))
    return put._replace(held=state.held, at=state.at)


def possible(state: State, kind: Kind, ahead: Sequence[Action], rng: np.random.Generator) -> Iterator[Disturbance]:
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
            if world.index[places[k]] != state.place[i] and unmet(lifted, _put(state, i, places[k])) is None:
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


class DisturbedHome:
    """A home that does not stay as the robot left it; of either kind, with the same interface.

    Args:
        home: A `PhysicalHome`, or one whose atoms can be set.
        probability: Of a disturbance before a subtask, in [0, 1]; 0 changes nothing.
        seed: Of what is drawn, and of nothing else.

    Raises:
        HomeError: The probability is none.
    """

    def __init__(self, home: PhysicalHome | ChangeableHome, *, probability: float, seed: int = 0) -> None:
        if not 0.0 <= probability <= 1.0:
            raise HomeError(f"the probability of a disturbance is in [0, 1], found {probability}")
        self._home = home
        self._probability, self._seed = probability, seed
        self._subtasks = 0
        self._is_settled = False  # this subtask's chance has passed
        self.made: list[Disturbance] = []

    def state(self) -> State:
        """Return what is true now."""
        return self._home.state()

    def execute(self, action: Action, on_tick: Callable[[], None] | None = None) -> OutcomeLike:
        """Carry an action out; if `disturb` was not called since the last one, it is called first."""
        if not self._is_settled:
            self.disturb([action])
        self._is_settled = False
        if on_tick is None:
            return self._home.execute(action)
        return cast("PhysicalHome", self._home).execute(action, on_tick)

    def disturb(self, ahead: Sequence[Action] = ()) -> Disturbance | None:
        """Let something happen, perhaps, before the next subtask; returns what.

        Args:
            ahead: What the robot is about to do.
        """
        self._is_settled = True
        self._subtasks += 1
        rng = np.random.default_rng((self._seed, self._subtasks))  # no draw depends on how much earlier ones took
        if rng.random() >= self._probability:
            return None
        state = self._home.state()
        for k in rng.permutation(len(KINDS)).tolist():
            for tried, wanted in enumerate(possible(state, KINDS[k], ahead, rng)):
                if tried == TRIES:
                    break
                made = self._make(state, wanted, rng)
                if made is not None:
                    self.made.append(made)
                    return made
        return None

    def _make(self, state: State, wanted: Disturbance, rng: np.random.Generator) -> Disturbance | None:
        if hasattr(self._home, "change"):
            self._home.change(changed(state, wanted))
            return wanted
        from envs.meddling import Meddler

        return Meddler(self._home).make(wanted, rng)
