"""Compares goals: `shape` ignores which objects a goal names, `meaning` ignores only how it is written."""

from __future__ import annotations

from dataclasses import replace

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Holding, No, Place, Thing, format_condition


def shape(goal: Goal) -> str:
    """Return what goals have in common that differ only in which things they name."""
    kinds = []
    for c in goal.conditions:
        if isinstance(c, FixtureIs):
            kinds.append(f"{c.quantifier} fixture {c.state}")
            continue
        place = getattr(c, "place", None)
        where = "" if place is None else " at fixture" if place.fixture is not None else " in container"
        kinds.append(" ".join((type(c).__name__, *c.thing.states, c.thing.liquid or "")).strip() + where)
    return " ; ".join(sorted(kinds))


def meaning(goal: Goal) -> tuple[tuple[str, ...], ...]:
    """Return what two goals share that mean the same: the set of conditions of each phase, states in order."""
    return tuple(tuple(sorted({format_condition(_plain(c)) for c in phase})) for phase in goal.phases)


def _plain(condition: Condition) -> Condition:
    if isinstance(condition, Holding):
        return replace(condition, thing=_thing(condition.thing))
    if isinstance(condition, Every):
        become = tuple(sorted(condition.become))
        return replace(condition, thing=_thing(condition.thing), place=_place(condition.place), become=become)
    if isinstance(condition, Count | No):
        return replace(condition, thing=_thing(condition.thing), place=_place(condition.place))
    return condition


def _thing(thing: Thing) -> Thing:
    return replace(thing, states=tuple(sorted(thing.states)))


def _place(place: Place | None) -> Place | None:
    if place is None or place.thing is None:
        return place
    return replace(place, thing=_thing(place.thing), inside=_place(place.inside))
