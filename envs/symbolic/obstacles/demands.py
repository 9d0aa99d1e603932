"""What the conditions of a phase ask for in numbers: so many of these objects there, and at most so many of those.

An object is at one place. So conditions about places that have nothing in common need different objects, and where
they ask for more than there are, no state satisfies them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing, format_condition
from envs.symbolic.obstacles.rules import within
from envs.symbolic.obstacles.single import usable
from envs.symbolic.scoring import fixtures_at, has_result, matching_objects, number_required, quantified_objects
from envs.symbolic.state import HELD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envs.symbolic.actions import State

CARRIED = HELD - 1  # where an object is that lies in something in the hand
MAX_TOGETHER = 4  # demands that are compared at once


@dataclass(frozen=True, kw_only=True)
class Demand:
    """At least so many of these objects must be at one of these places.

    Attributes:
        condition: The condition that asks for it.
        thing: The description of the objects.
        objects: Those that could serve.
        number: How many must.
        roots: The fixtures where they may be, `HELD` and `CARRIED`.
        where: A word for the place.
    """

    condition: Condition
    thing: Thing
    objects: frozenset[int]
    number: int
    roots: frozenset[int]
    where: str


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most so many of these objects may be like this, at a place if there is one."""

    objects: frozenset[int]
    number: int
    thing: Thing
    place: Place | None


def too_few_for_all(phase: Sequence[Condition], state: State) -> str:
    """Say of what a phase asks for more than there is: at different places, and in the hand."""
    demands = [demand for condition in dict.fromkeys(phase) for demand in _demands(condition, state)]
    for size in range(2, 1 + min(len(demands), MAX_TOGETHER)):
        for some in combinations(demands, size):
            if any(not a.roots.isdisjoint(b.roots) for a, b in combinations(some, 2)):
                continue  # one object may serve both
            available = len(frozenset[int]().union(*(demand.objects for demand in some)))
            total = sum(demand.number for demand in some)
            if total > available:
                enough = f"there {'is' if available == 1 else 'are'} only {available} here"
                words = {demand.thing.word for demand in some}
                if any(isinstance(demand.condition, Every) for demand in some):
                    text = " ; ".join(dict.fromkeys(format_condition(demand.condition) for demand in some))
                    return f"{text}: they exclude each other"
                if len(words) == 1:
                    where = ", ".join(demand.where for demand in some)
                    return f"{words.pop()} is asked for {total} times ({where}): {enough}"
                text = " ; ".join(dict.fromkeys(format_condition(demand.condition) for demand in some))
                return f"{text}: they need {total} different objects, and {enough}"
    return ""


def exceeds_limit(this: Condition, other: Condition, state: State) -> bool:
    """Whether a condition allows fewer objects at a place, or like this, than another one asks for."""
    for limit in _limits(this, state):
        if isinstance(other, FixtureIs | No | Holding) or (isinstance(other, Count) and other.amount == "at most"):
            return False
        if limit.place is not None and not within(other.place, limit.place, state):
            continue
        if isinstance(other, Count):
            is_alike = set(limit.thing.states) <= set(other.thing.states)
            is_alike = is_alike and limit.thing.liquid in (None, other.thing.liquid)
        else:
            is_alike = set(limit.thing.states) <= set(other.become) and limit.thing.liquid is None
        objects, number = _asked_for(other, state)
        if (
            is_alike
            and not (other.place and other.place.every)
            and number - len(objects - limit.objects) > limit.number
        ):
            return True
    return False


def _asked_for(condition: Count | Every, state: State) -> tuple[frozenset[int], int]:
    """Return the objects that could serve a condition, and how many must."""
    if isinstance(condition, Every):
        return frozenset(quantified_objects(state, condition)), number_required(state, condition)[0]
    before = matching_objects(state, condition.thing, condition.place, state) if condition.amount == "more" else ()
    return frozenset(usable(state, condition.thing)), condition.number + len(before)


def _demands(condition: Condition, state: State) -> Iterator[Demand]:
    if isinstance(condition, Holding):
        yield Demand(
            condition=condition, thing=condition.thing, objects=frozenset(usable(state, condition.thing)), number=1,
            roots=frozenset({HELD}), where="the hand",
        )  # fmt: skip
    if not isinstance(condition, Count | Every) or condition.place is None or condition.place.every:
        return
    if isinstance(condition, Count) and condition.amount == "at most":
        return
    objects, number = _asked_for(condition, state)
    place: Place | None = condition.place
    yield Demand(
        condition=condition, thing=condition.thing, objects=objects, number=number, roots=_roots(place, state),
        where=_name(condition.place),
    )  # fmt: skip
    while number > 0 and place is not None and place.thing is not None:  # something to be in, on or beside
        roots = _roots(place.inside, state) if place.inside is not None else _anywhere(state, held=not place.beside)
        yield Demand(
            condition=condition, thing=place.thing, objects=frozenset(usable(state, place.thing)), number=1,
            roots=roots, where=_name(condition.place),
        )  # fmt: skip
        place = place.inside


def _anywhere(state: State, *, held: bool) -> frozenset[int]:
    return frozenset(range(state.world.n_fixtures)).union({HELD, CARRIED} if held else {CARRIED})


def _roots(place: Place | None, state: State) -> frozenset[int]:
    """Return where an object may be that is at a place."""
    while place is not None and place.thing is not None and not place.beside and place.inside is not None:
        place = place.inside
    if place is None or place.thing is not None:
        return _anywhere(state, held=False)
    return frozenset(fixtures_at(state, place))


def _name(place: Place) -> str:
    while place.thing is not None and place.inside is not None:
        place = place.inside
    return place.fixture or place.room or place.person or (f"{place.thing.word}" if place.thing is not None else "")


def _limits(condition: Condition, state: State) -> Iterator[Limit]:
    if isinstance(condition, No) or (isinstance(condition, Count) and condition.amount in ("exactly", "at most")):
        if condition.place is None or not condition.place.every:
            number = condition.number if isinstance(condition, Count) else 0
            objects = frozenset(usable(state, condition.thing))
            yield Limit(objects=objects, number=number, thing=condition.thing, place=condition.place)
    elif isinstance(condition, Every) and not (condition.place and condition.place.every):
        objects = frozenset(quantified_objects(state, condition))
        result = Thing(word=condition.thing.word, states=condition.become)
        high, before = number_required(state, condition)[1], _number_so_far(objects, condition, state)
        if condition.selection != "every":
            most = high + before if condition.selection == "of" else max(high, before)
            yield Limit(objects=objects, number=most, thing=result, place=condition.place)
        if condition.excluded is not None:
            others = frozenset(matching_objects(state, condition.thing, None, state)) - objects
            number = _number_so_far(others, condition, state)
            yield Limit(objects=others, number=number, thing=result, place=condition.place)


def _number_so_far(objects: Iterable[int], condition: Every, state: State) -> int:
    return sum(has_result(state, i, condition, state) for i in objects)
