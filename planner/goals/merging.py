"""Merges conditions about one object: `glass of water ; glass on desk` becomes one condition about one glass.

The merged goal is stricter: two glasses could meet the two conditions. But people who ask for both mean one glass.
"""

from __future__ import annotations

from dataclasses import replace

from envs.symbolic.goals import Condition, Count, Goal, Place, Thing


def merge_conditions(goal: Goal) -> Goal:
    """Merge a goal's conditions about one object of a category, unless they contradict each other."""
    return replace(goal, phases=tuple(_merge_phase(phase) for phase in goal.phases))


def _merge_phase(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    merged = list(conditions)
    while True:
        pair = next(
            (
                (i, j, combined)
                for i, a in enumerate(merged)
                for j, b in enumerate(merged)
                if i != j and (combined := _merge_pair(a, b))
            ),
            None,
        )
        if pair is None:
            return tuple(merged)
        i, j, combined = pair
        merged[i] = combined
        del merged[j]


def _merge_pair(a: Condition, b: Condition) -> Condition | None:
    """Merge two conditions if the second is about the first's object or about its container; otherwise None."""
    if not (isinstance(a, Count) and isinstance(b, Count) and _is_one(a) and _is_one(b)):
        return None
    if a.thing.word == b.thing.word:
        thing = _merge_things(a.thing, b.thing)
        place = a.place or b.place
        if thing is None or (a.place and b.place and a.place != b.place):
            return None
        return Count(thing=thing, place=place)
    container = a.place
    if container is None or container.thing is None or container.inside is not None or b.place is None:
        return None
    if container.beside or container.thing != Thing(word=b.thing.word) or b.thing != container.thing:
        return None
    return replace(a, place=Place(thing=container.thing, inside=b.place))


def _is_one(condition: Count) -> bool:
    """Whether a condition is about one object, without more that would have to be merged."""
    every = condition.place is not None and condition.place.every
    return condition.number == 1 and condition.amount == "at least" and condition.means is None and not every


def _merge_things(a: Thing, b: Thing) -> Thing | None:
    if a.liquid and b.liquid and a.liquid != b.liquid:
        return None
    states = tuple(dict.fromkeys((*a.states, *b.states)))
    if {"hot", "cold"} <= set(states):
        return None
    if a.properties != b.properties or a.origin != b.origin:
        return None  # a red mug and a mug may be two
    return Thing(word=a.word, states=states, liquid=a.liquid or b.liquid, properties=a.properties, origin=a.origin)
