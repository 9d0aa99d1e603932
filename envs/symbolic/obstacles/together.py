"""Conditions of one phase that exclude each other, or that together ask for more than there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing, format_condition
from envs.symbolic.obstacles.capacity import MAX_NAMES, room_of
from envs.symbolic.obstacles.rules import is_narrower, within
from envs.symbolic.obstacles.single import usable
from envs.symbolic.scoring import (
    fixtures_at,
    fixtures_of,
    has_result,
    matching_objects,
    number_required,
    quantified_objects,
)

if TYPE_CHECKING:
    from envs.symbolic.actions import State


def exclude_each_other(a: Condition, b: Condition, state: State) -> bool:
    """Whether no state satisfies two conditions of one phase."""
    if isinstance(a, FixtureIs) and isinstance(b, FixtureIs):
        return _exclude_fixture_states(a, b, state)
    if isinstance(a, Holding) and isinstance(b, Holding):  # the robot has one hand
        return not set(usable(state, a.thing)) & set(usable(state, b.thing))
    return any(_keeps_out(this, other, state) for this, other in ((a, b), (b, a)))


def _keeps_out(this: Condition, other: Condition, state: State) -> bool:
    """Whether a condition leaves no room for another one: fewer at a place, or all of them elsewhere."""
    most = _most(this)
    if most is not None and isinstance(other, Count | Every):
        thing, place = this.thing, this.place  # type: ignore[union-attr]
        if place is not None and not within(other.place, place, state):
            return False
        if isinstance(other, Count):
            return (
                _least(other) > most
                and not (other.place and other.place.every)
                and is_narrower(other.thing, thing, state)
            )
        chosen = quantified_objects(state, other)
        described = set(matching_objects(state, Thing(word=thing.word, properties=thing.properties), None, state))
        like = set(thing.states) <= set(other.become) and thing.liquid is None and thing.origin is None
        return like and set(chosen) <= described and number_required(state, other)[0] > most
    if isinstance(this, Every) and this.place is not None:
        if isinstance(other, Holding) and _all_chosen(this, other.thing, state):
            return True
        if isinstance(other, Count | Every) and elsewhere(this.place, other.place, state):
            if isinstance(other, Count) and other.amount != "at most" and _all_chosen(this, other.thing, state):
                return True
            if isinstance(other, Every) and this.selection == other.selection == "every":
                return not {*quantified_objects(state, this)}.isdisjoint(quantified_objects(state, other))
    if isinstance(this, Every) and isinstance(other, Every) and this.selection == "every":
        return _too_many_chosen(this, other, state)
    return False


def _too_many_chosen(every: Every, choice: Every, state: State) -> bool:
    """Whether `every` gives the result of a choice to more objects than the choice allows."""
    if not within(every.place, choice.place, state) or not set(choice.become) <= set(every.become):
        return False
    objects = quantified_objects(state, choice)
    before = sum(has_result(state, i, choice, state) for i in objects)
    forced = set(objects).intersection(quantified_objects(state, every))
    return len(forced) > max(number_required(state, choice)[1], before)


def _most(condition: Condition) -> int | None:
    """Return the largest number of objects that a condition allows, or None if it sets no limit."""
    if isinstance(condition, No):
        return 0
    if isinstance(condition, Count) and condition.amount in ("exactly", "at most"):
        return None if condition.place is not None and condition.place.every else condition.number
    return None


def _least(condition: Count) -> int:
    return 0 if condition.amount == "at most" else condition.number


def _all_chosen(every: Every, thing: Thing, state: State) -> bool:
    """Whether an `every` condition is about all objects that could match a description."""
    objects = usable(state, thing)
    return every.selection == "every" and bool(objects) and set(objects) <= set(quantified_objects(state, every))


def elsewhere(a: Place, b: Place | None, state: State) -> bool:
    """Whether nothing can be at both places: they have no furniture in common."""
    roots = [_roots(place, state) for place in (a, b)]
    return None not in roots and set(roots[0] or ()).isdisjoint(roots[1] or ())


def _roots(place: Place | None, state: State) -> list[int] | None:
    """Return the fixtures where an object may be that is at a place, or None if they could be any."""
    while place is not None and place.thing is not None and not place.beside:
        place = place.inside
    return None if place is None or place.thing is not None else fixtures_at(state, place)


def _exclude_fixture_states(a: FixtureIs, b: FixtureIs, state: State) -> bool:
    shared = set(fixtures_of(state, a)) & set(fixtures_of(state, b))
    if not shared:
        return False
    negations = state.world.domain.negations
    (word, is_true), (other_word, other_is_true) = (
        (negations.get(c.states[0], c.states[0]), (c.states[0] in negations) == (c.quantifier == "no")) for c in (a, b)
    )
    if word != other_word or is_true == other_is_true:
        return False
    sets = (set(fixtures_of(state, a)), set(fixtures_of(state, b)))
    some = [c.quantifier == "some" for c in (a, b)]
    if all(some):
        return len(sets[0] | sets[1]) == 1  # "window open ; window closed" takes two windows
    if not any(some):
        return True
    return sets[some.index(True)] <= sets[some.index(False)]


def too_few_for_all(phase: tuple[Condition, ...], state: State) -> str:
    """Say of which object a phase asks for more than exist: at different places, and in the hand."""
    wanted: dict[str, list[tuple[str, set[int], int]]] = {}  # for each word: where, the fixtures there, how many
    for condition in phase:
        if isinstance(condition, Holding):
            wanted.setdefault(condition.thing.word, []).append(("the hand", set(), 1))
        elif isinstance(condition, Count) and condition.amount in ("at least", "exactly"):
            place, roots = condition.place, _roots(condition.place, state)
            if place is None or place.every or not roots:
                continue
            entries = wanted.setdefault(condition.thing.word, [])
            same = next((e for e in entries if e[1] == set(roots)), None)
            if same is not None:
                entries.remove(same)
            elif any(not e[1].isdisjoint(roots) for e in entries):
                continue  # one object may serve both
            number = max(condition.number, same[2] if same is not None else 0)
            entries.append((same[0] if same is not None else _name(place), set(roots), number))
    for word, entries in wanted.items():
        available, total = len(state.world.objects_of(word)), sum(number for *_, number in entries)
        if total > available:
            enough = f"there {'is' if available == 1 else 'are'} only {available} here"
            return f"{word} is asked for {total} times ({', '.join(name for name, *_ in entries)}): {enough}"
    return ""


def _name(place: Place) -> str:
    while place.thing is not None and place.inside is not None:
        place = place.inside
    return place.fixture or place.room or place.person or ""


def too_much_for_a_place(phase: tuple[Condition, ...], state: State) -> str:
    """Say that what several conditions bring to the same furniture or container does not fit there all together."""
    by_holders: dict[tuple[int, ...], list[tuple[Condition, list[int], list[int]]]] = {}
    for condition in phase:
        if not isinstance(condition, Count | Every) or condition.place is None or condition.place.beside:
            continue
        place = condition.place
        if isinstance(condition, Count):
            if condition.amount in ("at most", "more") or place.every:
                continue
            objects, number = usable(state, condition.thing), condition.number
        else:
            objects, number = quantified_objects(state, condition), number_required(state, condition)[0]
        holders = tuple(fixtures_at(state, place) if place.thing is None else usable(state, place.thing))
        if any(state.world.relation[holder] == "with" for holder in holders):
            continue
        smallest = sorted(objects, key=lambda i: (state.world.units[i], i))[: max(0, number)]
        by_holders.setdefault(holders, []).append((condition, objects, smallest))
    for holders, entries in by_holders.items():
        everything = [i for _, objects, _ in entries for i in objects]
        if len(entries) < 2 or len(set(everything)) < len(everything):  # the same object may serve several
            continue
        needed = sum(state.world.units[i] for _, _, smallest in entries for i in smallest)
        if holders and needed > room_of(state, everything, holders, 1):
            text = " ; ".join(format_condition(condition) for condition, _, _ in entries)
            names = " and ".join(state.world.names[holder] for holder in holders[:MAX_NAMES])
            return f"{text}: they do not all fit {state.world.relation[holders[0]]} {names}"
    return ""
