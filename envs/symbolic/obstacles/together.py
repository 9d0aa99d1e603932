"""Conditions of one phase that exclude each other, or that together ask for more than there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, format_condition
from envs.symbolic.obstacles.capacity import MAX_NAMES, room_of
from envs.symbolic.obstacles.demands import exceeds_limit
from envs.symbolic.obstacles.single import usable
from envs.symbolic.scoring import fixtures_at, fixtures_of, number_required, quantified_objects

if TYPE_CHECKING:
    from envs.symbolic.actions import State


def exclude_each_other(a: Condition, b: Condition, state: State) -> bool:
    """Whether no state satisfies two conditions of one phase."""
    if isinstance(a, FixtureIs) and isinstance(b, FixtureIs):
        return _exclude_fixture_states(a, b, state)
    if isinstance(a, Holding) and isinstance(b, Holding):  # the robot has one hand
        return not set(usable(state, a.thing)) & set(usable(state, b.thing))
    return exceeds_limit(a, b, state) or exceeds_limit(b, a, state)


def _exclude_fixture_states(a: FixtureIs, b: FixtureIs, state: State) -> bool:
    shared = set(fixtures_of(state, a)) & set(fixtures_of(state, b))
    if not shared:
        return False
    negations = state.world.domain.negations
    (word, is_true), (other_word, other_is_true) = (
        (negations.get(c.states[0], c.states[0]), (c.states[0] in negations) == (c.quantifier == "no")) for c in (a, b)
    )
    if {word, other_word} == {"open", "on"} and is_true and other_is_true and "some" in (a.quantifier, b.quantifier):
        pieces = set(fixtures_of(state, a)) | set(fixtures_of(state, b))
        return len(pieces) == 1 and _runs_closed_if_own(next(iter(pieces)), state)
    if word != other_word or is_true == other_is_true:
        return False
    sets = (set(fixtures_of(state, a)), set(fixtures_of(state, b)))
    some = [c.quantifier == "some" for c in (a, b)]
    if all(some):
        return len(sets[0] | sets[1]) == 1  # "window open ; window closed" takes two windows
    if not any(some):
        return True
    return sets[some.index(True)] <= sets[some.index(False)]


def _runs_closed_if_own(fixture: int, state: State) -> bool:
    """Whether a kind of furniture that a home describes itself runs only while it is closed."""
    process, category = state.world.process[fixture], state.world.fixture_category[fixture]
    is_own = category is not None and category.name not in load_domain().fixtures
    return is_own and process is not None and "closed" in process.when


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
