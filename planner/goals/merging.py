"""What goals say of one thing in several conditions, said in one: `glass of water ; glass on desk` of one glass.

The gathered goal asks for more: the two conditions may be met by two glasses. People who ask for both mean one.
"""

from __future__ import annotations

from dataclasses import replace

from envs.symbolic.goals import Condition, Count, Goal, Place, Thing


def merge_conditions(goal: Goal) -> Goal:
    """Return a goal with its conditions about one thing of a kind made one, where they do not contradict each other."""
    return Goal(phases=tuple(_gathered(phase) for phase in goal.phases))


def _gathered(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    found = list(conditions)
    while True:
        pair = next(
            ((i, j, one) for i, a in enumerate(found) for j, b in enumerate(found) if i != j and (one := _one(a, b))),
            None,
        )
        if pair is None:
            return tuple(found)
        i, j, one = pair
        found[i] = one
        del found[j]


def _one(a: Condition, b: Condition) -> Condition | None:
    """Return one condition for two, if the second is about the first's thing or about what that is to be in."""
    if not (isinstance(a, Count) and isinstance(b, Count) and a.number == b.number == 1):
        return None
    if a.thing.word == b.thing.word:
        thing = _thing(a.thing, b.thing)
        place = a.place or b.place
        if thing is None or (a.place and b.place and a.place != b.place):
            return None
        return Count(thing=thing, place=place)
    into = a.place
    if into is None or into.thing is None or into.inside is not None or b.place is None:
        return None
    if into.thing.word != b.thing.word or into.thing.states or b.thing.states or b.thing.liquid:
        return None
    return replace(a, place=Place(thing=into.thing, inside=b.place))


def _thing(a: Thing, b: Thing) -> Thing | None:
    if a.liquid and b.liquid and a.liquid != b.liquid:
        return None
    states = tuple(dict.fromkeys((*a.states, *b.states)))
    if {"hot", "cold"} <= set(states):
        return None
    return Thing(word=a.word, states=states, liquid=a.liquid or b.liquid)
