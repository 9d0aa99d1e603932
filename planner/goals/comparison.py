"""Compares goals: equal `shape` is the same kind of goal about any objects; equal `meaning` is the same goal."""

from __future__ import annotations

from dataclasses import replace

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Holding,
    No,
    Place,
    Test,
    Thing,
    format_condition,
    format_rule,
    format_test,
    format_when,
)


def shape(goal: Goal) -> str:
    """Return a key that is equal for goals that differ only in their objects, places, numbers, order and phases."""
    shapes = sorted(_condition_shape(c) for c in goal.conditions)
    shapes += [f"if {_condition_shape(t.condition)}" for guard in goal.guards for t in guard.tests]
    shapes += ["when" for guard in goal.guards if guard.when]
    shapes += [f"never {_condition_shape(r.condition) if r.condition else 'skill'}" for r in goal.rules]
    return " ; ".join(shapes)


def _condition_shape(condition: Condition) -> str:
    if isinstance(condition, FixtureIs):
        extras = [f"with {len(condition.properties)} properties"] if condition.properties else []
        extras += ["in room"] if condition.room else []
        extras += ["person"] if condition.person else []
        extras += ["except"] if condition.excluded else []
        return " ".join((condition.quantifier, "fixture", *condition.states, *extras))
    extras = []
    if isinstance(condition, Count) and condition.amount != "at least":
        extras.append(condition.amount)
    if isinstance(condition, Every) and condition.selection != "every":
        extras.append(condition.selection)
    extras += ["by"] if getattr(condition, "means", None) else []
    place = getattr(condition, "place", None)
    if place is not None:
        where = "person" if place.person else "room" if place.thing is None and place.fixture is None else ""
        where = where or ("fixture" if place.fixture is not None else "container")
        extras.append(f"{'beside' if place.beside else 'at every' if place.every else 'at'} {where}")
    return " ".join([type(condition).__name__, *_thing_shape(condition.thing), *extras])


def _thing_shape(thing: Thing) -> list[str]:
    parts = [*thing.states, *([thing.liquid] if thing.liquid else [])]
    parts += ["property"] * len(thing.properties)
    return [*parts, "from"] if thing.origin else parts


def meaning(goal: Goal) -> tuple[tuple[str, ...], ...]:
    """Return a canonical form, equal for goals with the same meaning.

    It has each phase's set of conditions behind its guard, and then the set of rules.
    """
    phases = []
    for number, phase in enumerate(goal.phases):
        guard = goal.guard(number)
        head = [f"{format_when(guard.when)} :"] if guard.when else []
        head += sorted({f"if {format_test(_canonical_test(t))}" for t in guard.tests})
        phases.append((*head, *sorted({format_condition(_canonical(c)) for c in phase})))
    rules = sorted({format_rule(replace(r, condition=_canonical(r.condition) if r.condition else None))
                    for r in goal.rules})  # fmt: skip
    return (*phases, tuple(rules)) if rules else tuple(phases)


def _canonical_test(test: Test) -> Test:
    """Say `not mug in sink` as `no mug in sink`, and whatever else has an opposite without `not`."""
    condition = test.condition
    opposite = _opposite(condition) if test.negated else None
    return Test(condition=_canonical(opposite or condition), negated=test.negated and opposite is None)


def _opposite(condition: Condition) -> Condition | None:
    if isinstance(condition, No) and not (condition.place and condition.place.every):
        return Count(thing=condition.thing, place=condition.place)
    if isinstance(condition, FixtureIs) and condition.quantifier != "every":
        return replace(condition, quantifier="no" if condition.quantifier == "some" else "some")
    if isinstance(condition, Count) and not (condition.place and condition.place.every):
        if condition.amount == "at most":
            return replace(condition, amount="at least", number=condition.number + 1)
        if condition.amount == "at least":
            return _at_most(condition, condition.number - 1)
    return None


def _at_most(condition: Count, number: int) -> Condition:
    if number == 0:
        return No(thing=condition.thing, place=condition.place)
    return replace(condition, amount="at most", number=number)


def _canonical(condition: Condition) -> Condition:
    if isinstance(condition, FixtureIs):
        return _canonical_fixture(replace(condition, states=tuple(sorted(condition.states))))
    thing = _canonical_thing(condition.thing)
    if isinstance(condition, Holding):
        return Holding(thing=thing)
    place = _canonical_place(condition.place)
    if isinstance(condition, Every):
        return replace(
            condition, thing=thing, place=place, become=tuple(sorted(condition.become)),
            excluded=_canonical_thing(condition.excluded) if condition.excluded else None,
        )  # fmt: skip
    return replace(condition, thing=thing, place=place)


def _canonical_fixture(condition: FixtureIs) -> FixtureIs:
    """Say `no lamp on` as `every lamp off`; with an exception, they differ: `no` allows what it excepts, both ways."""
    if condition.quantifier != "no" or len(condition.states) > 1 or condition.excluded is not None:
        return condition
    negations = load_domain().negations
    opposite = {b: a for a, b in negations.items()} | negations
    if condition.states[0] not in opposite:
        return condition
    return replace(condition, quantifier="every", states=(opposite[condition.states[0]],))


def _canonical_thing(thing: Thing) -> Thing:
    return replace(thing, states=tuple(sorted(thing.states)), origin=_canonical_place(thing.origin))


def _canonical_place(place: Place | None) -> Place | None:
    if place is None or place.thing is None:
        return place
    return replace(place, thing=_canonical_thing(place.thing), inside=_canonical_place(place.inside))
