"""Compares goals: equal `shape` is the same kind of goal about any objects; equal `meaning` is the same goal."""

from __future__ import annotations

from dataclasses import replace

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Holding, No, Place, Thing, format_condition


def shape(goal: Goal) -> str:
    """Return a key that is equal for goals that differ only in their objects, places, numbers, order and phases."""
    condition_shapes = []
    for c in goal.conditions:
        if isinstance(c, FixtureIs):
            condition_shapes.append(f"{c.quantifier} fixture {' '.join(c.states)}")
            continue
        place = getattr(c, "place", None)
        place_shape = "" if place is None else " at fixture" if place.fixture is not None else " in container"
        condition_shapes.append(
            " ".join((type(c).__name__, *c.thing.states, c.thing.liquid or "")).strip() + place_shape
        )
    return " ; ".join(sorted(condition_shapes))


def meaning(goal: Goal) -> tuple[tuple[str, ...], ...]:
    """Return a canonical form, equal for goals with the same meaning: each phase's set of conditions, states sorted."""
    return tuple(tuple(sorted({format_condition(_canonical(c)) for c in phase})) for phase in goal.phases)


def _canonical(condition: Condition) -> Condition:
    if isinstance(condition, Holding):
        return replace(condition, thing=_canonical_thing(condition.thing))
    if isinstance(condition, Every):
        become = tuple(sorted(condition.become))
        return replace(
            condition, thing=_canonical_thing(condition.thing), place=_canonical_place(condition.place), become=become
        )
    if isinstance(condition, Count | No):
        return replace(condition, thing=_canonical_thing(condition.thing), place=_canonical_place(condition.place))
    return condition


def _canonical_thing(thing: Thing) -> Thing:
    return replace(thing, states=tuple(sorted(thing.states)))


def _canonical_place(place: Place | None) -> Place | None:
    if place is None or place.thing is None:
        return place
    return replace(place, thing=_canonical_thing(place.thing), inside=_canonical_place(place.inside))
