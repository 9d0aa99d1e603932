"""Questions about what is in a vessel: the milk in a glass is no carton of milk but the glass of milk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.goals import Count, No, Place, Query, Thing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envs.symbolic.domain import Domain
    from envs.symbolic.goals import Condition
    from envs.symbolic.state import State


def about_liquids(query: Query, state: State) -> Query:
    """Return a question in which a liquid in a vessel is asked for as the full vessel."""
    tests = tuple(replace(test, condition=_in_vessel(test.condition, state)) for test in query.tests)
    thing, place = filled(query.thing, query.place, state)
    return replace(query, tests=tests, thing=thing, place=place)


def _in_vessel(condition: Condition, state: State) -> Condition:
    if not isinstance(condition, Count | No):
        return condition
    thing, place = filled(condition.thing, condition.place, state)
    assert thing is not None
    return replace(condition, thing=thing, place=place)


def filled(thing: Thing | None, place: Place | None, state: State) -> tuple[Thing | None, Place | None]:
    """Return `glass of milk` and its place for `milk` in a `glass`, into which no carton goes; others as they are.

    In a vessel that a carton goes into, milk is meant as a drink if one of them is full of it.
    """
    domain = state.world.domain
    holder = place.thing if place is not None else None
    if thing is None or place is None or holder is None or place.beside or holder.liquid or thing.liquid:
        return thing, place
    kinds = [domain.objects[name] for name in _kinds(thing.word, domain)]
    liquid = thing.word if thing.word in domain.liquids else next((k.contains for k in kinds if k.contains), None)
    vessels = [domain.objects[name] for name in _kinds(holder.word, domain) if domain.objects[name].fills]
    fits = any(domain.fits(kind.name, vessel.name) for kind in kinds for vessel in vessels)
    full = any(state.liquid[i] == liquid for i in state.world.objects_of(holder.word))
    if liquid is None or not vessels or (fits and not full) or thing.properties or thing.origin is not None:
        return thing, place
    states = tuple(dict.fromkeys((*holder.states, *thing.states)))
    return replace(holder, liquid=liquid, states=states), place.inside


def liquids_in(state: State, holders: Iterable[int]) -> dict[int, str]:
    """Return the liquid in each open vessel that has some; a package is called after what is in it."""
    category = state.world.object_category
    return {
        h: state.liquid[h] for h in holders if state.liquid[h] and (c := category[h]) is not None and not c.contains
    }


def _kinds(word: str, domain: Domain) -> tuple[str, ...]:
    return domain.class_members(word) or ((word,) if word in domain.objects else ())
