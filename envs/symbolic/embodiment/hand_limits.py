"""Why a robot's hand cannot do an action that the home allows: a thing too wide or too heavy, a place out of reach."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain.categories import mass_of
from envs.symbolic.embodiment.grip import grip_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.domain import Hand, ObjectCategory, Skill
    from envs.symbolic.state import State, World

_BY_HAND = ("reachable", "accessible", "in the open", "holding")  # what a hand does where the thing is
TOUCHED = ("wipeable", "slices", "folds")  # abilities of what a hand works on
_TOLERANCE = 1e-9  # the last bits of a product decide nothing


def cannot(skill: str) -> str:
    """Say that the robot lacks a skill."""
    return f"this robot cannot {skill}"


class HandLimit:
    """Says why a hand cannot do a skill whose preconditions hold.

    Args:
        skill: The skill; one that names no hand, such as `go to`, has no limit.
        hand: The hand.
    """

    def __init__(self, skill: Skill, hand: Hand) -> None:
        self.hand = hand
        self.taken, self.reached = taken_arguments(skill), reached_arguments(skill)

    def __call__(self, state: State, entities: Sequence[int]) -> str | None:
        """Return the reason for the arguments of an action, or None."""
        world, hand = state.world, self.hand
        for i in self.taken:
            thing = entities[i]
            carried = (thing, *state.everything_in(thing)) if hand.payload_kg is not None else ()
            if reason := too_wide(world, thing, hand) or too_heavy(world, carried, hand):
                return f"{world.names[thing]} {reason}"
        for i in self.reached:
            root = state.root(entities[i])
            if root >= 0 and (reason := out_of_reach(world, root, hand)):
                return f"{world.names[root]} {reason}"
        return None


def too_wide(world: World, entity: int, hand: Hand) -> str:
    """Say that an object is too wide for a hand; empty if it is not."""
    category = world.object_category[entity]
    if hand.width_m is None or category is None:
        return ""
    width = _grip_width(category)
    if width <= hand.width_m + _TOLERANCE:
        return ""
    return f"is too wide for this robot's hand ({_m(width)}; it holds {_m(hand.width_m)})"


def too_heavy(world: World, carried: Sequence[int], hand: Hand) -> str:
    """Say that an object, with what is carried in it, is too heavy for a hand; empty if it is not."""
    if hand.payload_kg is None:
        return ""
    mass = sum(_mass(category) for i in carried if (category := world.object_category[i]) is not None)
    if mass <= hand.payload_kg + _TOLERANCE:
        return ""
    return f"is too heavy for this robot's hand ({mass:.3g} kg; it lifts {hand.payload_kg:g} kg)"


def out_of_reach(world: World, fixture: int, hand: Hand) -> str:
    """Say that furniture holds its things too high or too low for a robot; empty if not. A person reaches out."""
    category = world.fixture_category[fixture]
    if hand.reach_m is None or category is None or category.region is None or category.relation == "with":
        return ""
    (low, high), height = hand.reach_m, category.region.z
    if low - _TOLERANCE <= height <= high + _TOLERANCE:
        return ""
    where = "high" if height > high else "low"
    return f"is too {where} for this robot ({height:.2f} m; it reaches from {low:.2f} to {high:.2f} m)"


def all_out_of_reach(world: World) -> frozenset[int]:
    """Return the furniture whose things the robot of a home does not reach."""
    hand = world.domain.hand
    return frozenset(f for f in range(world.n_fixtures) if hand is not None and out_of_reach(world, f, hand))


def never_held(state: State) -> frozenset[int]:
    """Return the objects that the robot of a home cannot take from where they are: for their size, mass or place."""
    world, hand = state.world, state.world.domain.hand
    if hand is None:
        return frozenset()
    beyond = all_out_of_reach(world)
    return frozenset(
        i
        for i in range(world.n_fixtures, len(world.names))
        if too_wide(world, i, hand) or too_heavy(world, (i,), hand) or state.root(i) in beyond
    )


def taken_arguments(skill: Skill) -> tuple[int, ...]:
    """Return which arguments of a skill are in the hand after it."""
    taken = (e.atom.terms[0].parameter for e in skill.effects if e.atom.predicate == "holding" and e.atom.positive)
    return tuple(i for i in taken if i is not None)


def reached_arguments(skill: Skill) -> tuple[int, ...]:
    """Return which arguments of a skill the hand must reach where they are."""
    reached = set[int]()
    for precondition in skill.preconditions:
        atom = precondition.atom
        if atom.predicate in _BY_HAND or (atom.predicate == "able" and atom.word in TOUCHED):
            reached.update(term.parameter for term in atom.terms if term.parameter is not None)
    return tuple(sorted(reached))


def _m(length: float) -> str:
    return f"{length:.3f} m" if length < 0.1 and round(length, 2) != length else f"{length:.2f} m"


@lru_cache(maxsize=1024)
def _grip_width(category: ObjectCategory) -> float:
    return grip_width(category)


@lru_cache(maxsize=1024)
def _mass(category: ObjectCategory) -> float:
    return mass_of(category)
