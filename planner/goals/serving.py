"""What is served is clean and unused: a dirty plate on the table does not set it.

The goal `2 plate on dining table` holds in the state where two dirty plates stand there, and `mug of coffee` where
somebody's coffee got cold on a desk. People mean two plates to eat from, and a coffee to drink. Where people eat and
drink, and in the hands of a person, what is dirty or in use at the start does not count if others can take its place:
planning is then for the goal that `as_served` returns, which implies the goal itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import DIRTY
from envs.symbolic.goals import Count
from envs.symbolic.scoring import can_match, matches, matching_objects
from planner.goals import choice, grounding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.goals import Condition, Goal
    from envs.symbolic.state import State

TABLES = ("dining table", "coffee table")  # where people eat and drink
TABLEWARE = frozenset({"dishes", "cutlery", "food", "drink"})  # classes of what they eat and drink, and from


def as_served(goal: Goal, state: State) -> Goal:
    """Return a goal for which what is dirty or in use in `state`, the start, does not count where people are served."""
    phases = tuple(conditions_as_served(phase, phase, state) for phase in goal.phases)
    return goal if phases == goal.phases else replace(goal, phases=phases)


def meanings(goal: Goal, state: State) -> tuple[Goal, ...]:
    """Return the goals to plan for, in this order: as people mean it, and as it is written."""
    return tuple(dict.fromkeys((as_served(goal, state), goal)))


def conditions_as_served(
    conditions: Sequence[Condition], phase: Sequence[Condition], state: State
) -> tuple[Condition, ...]:
    """Return conditions of a phase as in `as_served`."""
    return tuple(_as_served(c, phase, state) if isinstance(c, Count) else c for c in conditions)


def _as_served(condition: Count, phase: Sequence[Condition], state: State) -> Count:
    """Ask for clean objects, and for as many more as are in use there."""
    thing, number = condition.thing, condition.number
    if condition.amount != "at least" or condition.means or {"dirty", "clean"} & set(thing.states):
        return condition
    is_drink = thing.liquid is not None and condition.place is None
    there = matching_objects(state, thing, condition.place, state)
    there = [i for i in there if (_is_dish(state, i) if is_drink else _is_served(state, i))]
    is_served = is_drink or _is_serving(state, condition)
    dirty = [i for i in there if state.flags[i] & DIRTY]
    is_holder = any(_holds_things(other, state, there) for other in phase)
    in_use = [i for i in there if i not in dirty and _is_in_use(state, i, thing.liquid)] if not is_holder else []
    needed = number - (len(there) - len(dirty) - len(in_use))
    if not (dirty or in_use or is_served) or needed <= 0:
        return condition
    taken = {*there, *choice.claimed(state, condition, phase, state)}
    alike = [i for i in state.world.objects_of(thing.word) if can_match(state, i, thing, state)]
    supply = [i for i in alike if i not in taken and _is_ready(state, i, thing.liquid)]
    must_wash = needed > len(supply)
    if thing.liquid is None:
        others = [i for i in alike if state.flags[i] & DIRTY and i not in taken] if is_served else []
        washable = [*dirty, *others]
        supply += [i for i in washable if grounding.appliance_for(state, "clean", i, common_sense=True) is not None]
    if needed > len(supply):
        return condition
    if dirty or must_wash:
        thing = replace(thing, states=(*thing.states, "clean"))
    return replace(condition, thing=thing, number=number + len(in_use))


def _is_served(state: State, entity: int) -> bool:
    """Whether an object is where people are served: in their hands; or tableware and food on a table."""
    root = state.root(entity)
    if root < 0:
        return False
    category = state.world.object_category[entity]
    is_tableware = category is not None and not TABLEWARE.isdisjoint(category.classes)
    return state.world.relation[root] == "with" or (state.world.categories[root] in TABLES and is_tableware)


def _is_serving(state: State, condition: Count) -> bool:
    """Whether a condition brings dishes or cutlery to where people are served."""
    place = condition.place
    if place is None or place.thing is not None:
        return False
    targets = choice.destinations(state, place)
    is_table = all(state.world.relation[f] == "with" or state.world.categories[f] in TABLES for f in targets)
    alike = state.world.objects_of(condition.thing.word)
    return bool(targets) and is_table and bool(alike) and all(_is_dish_or_cutlery(state, i) for i in alike)


def _is_dish_or_cutlery(state: State, entity: int) -> bool:
    category = state.world.object_category[entity]
    return category is not None and not {"dishes", "cutlery"}.isdisjoint(category.classes)


def _is_dish(state: State, entity: int) -> bool:
    category = state.world.object_category[entity]
    return category is not None and "dishes" in category.classes


def _is_in_use(state: State, entity: int, liquid: str | None) -> bool:
    """Whether something else than the wanted liquid is in or on an object, or the liquid is of unknown age."""
    _, _, full, _, in_use = choice.flaws(state, entity, dirty_wanted=None, liquid=liquid)
    return full or in_use or choice.is_stale(state, entity, liquid)


def _is_ready(state: State, entity: int, liquid: str | None) -> bool:
    """Whether nothing speaks against an object, and a liquid that it lacks can be had."""
    if any(choice.flaws(state, entity, liquid=liquid)):
        return False
    return liquid in (None, state.liquid[entity]) or grounding.liquid_source(state, liquid, entity) is not None


def _holds_things(condition: Condition, state: State, objects: Sequence[int]) -> bool:
    """Whether a condition wants something in or on one of these objects."""
    place = getattr(condition, "place", None)
    holder = place.thing if place is not None else None
    return holder is not None and any(matches(state, i, holder) for i in objects)
