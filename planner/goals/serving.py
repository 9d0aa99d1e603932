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
from envs.symbolic.embodiment.unusable import spared_for
from envs.symbolic.goals import Count, Every, Place
from envs.symbolic.scoring import can_match, holds, is_at, matches, matching_objects, quantified_objects
from planner.goals import choice, grounding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envs.symbolic.goals import Condition, Goal, Thing
    from envs.symbolic.state import State

TABLES = ("dining table", "coffee table")  # where people eat and drink
TABLEWARE = frozenset({"dishes", "cutlery", "food", "drink"})  # classes of what they eat and drink, and from


def as_served(goal: Goal, state: State, avoid: frozenset[int] = frozenset()) -> Goal:
    """Return a goal for which what is dirty or in use in `state`, the start, does not count where people are served.

    What rules forbid or what is in `avoid` is not counted on.
    """
    avoid |= spared_for(goal, state)
    phases = tuple(conditions_as_served(phase, phase, state, avoid) for phase in goal.phases)
    return goal if phases == goal.phases else replace(goal, phases=phases)


def meanings(goal: Goal, state: State, avoid: frozenset[int] = frozenset()) -> tuple[Goal, ...]:
    """Return the goals to plan for, in this order: as people mean it, and as it is written."""
    return tuple(dict.fromkeys((as_served(goal, state, avoid), goal)))


def attempts(goal: Goal, state: State, avoid: frozenset[int] = frozenset()) -> tuple[Goal, ...]:
    """Return the goals for which a GPT plans, in this order: each of `meanings`, at once and in stages."""
    meant = meanings(goal, state, avoid)
    return tuple(dict.fromkeys(each for g in meant for each in (g, in_stages(g, state))))


def conditions_as_served(
    conditions: Sequence[Condition], phase: Sequence[Condition], state: State, avoid: frozenset[int] = frozenset()
) -> tuple[Condition, ...]:
    """Return conditions of a phase as in `as_served`."""
    served = [_as_served(c, phase, state, avoid) if isinstance(c, Count) else c for c in conditions]
    at_hand = (_at_hand(c, state, avoid) if isinstance(c, Count | Every) else c for c in served)
    also = (_also_at_hand(c, state, avoid) for c in served if isinstance(c, Count))
    return (*at_hand, *(condition for condition in also if condition is not None))


def in_stages(goal: Goal, state: State) -> Goal:
    """Return a goal that is reached in stages.

    It first has vessels filled that are filled by pouring, and dishes brought that others go in.
    """
    if goal.guards:
        return goal
    phases: list[tuple[Condition, ...]] = []
    for phase in goal.phases:
        first = (_first_stage(c, state) for c in phase if isinstance(c, Count | Every))
        stage = tuple(condition for condition in first if condition is not None)
        phases += [stage, phase] if stage else [phase]
    return replace(goal, phases=tuple(phases))


def _first_stage(condition: Count | Every, state: State) -> Count | None:
    place = condition.place
    if place is None or place.every or condition.means or getattr(condition, "amount", "at least") != "at least":
        return None
    if isinstance(condition, Count) and condition.thing.liquid and _is_poured(state, condition.thing):
        return replace(condition, place=None)
    if place.thing is None or place.inside is None or place.beside or place.inside.thing is not None:
        return None
    there = matching_objects(state, place.thing, place.inside, state)
    return Count(number=len(there) + 1, thing=place.thing, place=place.inside)


def _as_served(condition: Count, phase: Sequence[Condition], state: State, avoid: frozenset[int]) -> Count:
    """Ask for clean objects, and for as many more as are in use there."""
    thing, number = condition.thing, condition.number
    if condition.amount != "at least" or condition.means or {"dirty", "clean"} & set(thing.states):
        return condition
    place = condition.place
    is_drink = thing.liquid is not None and _is_anywhere(place)
    there = matching_objects(state, thing, condition.place, state)
    there = [i for i in there if (_is_among(state, i, ("dishes",)) if is_drink else _is_served(state, i))]
    is_served = is_drink or _is_serving(state, condition)
    dirty = [i for i in there if state.flags[i] & DIRTY]
    is_holder = any(_holds_things(other, state, there) for other in phase)
    in_use = [i for i in there if i not in dirty and _is_in_use(state, i, thing.liquid)] if not is_holder else []
    needed = number - (len(there) - len(dirty) - len(in_use))
    if not (dirty or in_use or is_served) or needed <= 0:
        return condition
    taken = {*there, *choice.claimed(state, condition, phase, state)}
    alike = [i for i in state.world.objects_of(thing.word) if can_match(state, i, thing, state)]
    alike = [i for i in alike if i in there or not grounding.is_avoided(state, i, avoid)]
    supply = [i for i in alike if i not in taken and _is_ready(state, i, thing.liquid)]
    must_wash = needed > len(supply)
    if thing.liquid in (None, "water"):  # a sink that washes fills with water
        others = [i for i in alike if state.flags[i] & DIRTY and i not in taken] if is_served else []
        washable = [*dirty, *others]
        washers = {i: grounding.appliance_for(state, "clean", i, avoid, common_sense=True) for i in washable}
        supply += [i for i, washer in washers.items() if washer is not None and washer not in avoid]
    if needed > len(supply):
        return condition
    in_reach = [i for i in alike if place is not None and is_at(state, i, place, state)] if thing.liquid else []
    is_tempting = any(state.flags[i] & DIRTY for i in in_reach)  # a dirty glass that stands there already
    if dirty or must_wash or is_tempting:
        thing = replace(thing, states=(*thing.states, "clean"))
    return replace(condition, thing=thing, number=number + len(in_use))


def _at_hand(condition: Count | Every, state: State, avoid: frozenset[int]) -> Count | Every:
    """Ask for the dish in or on which something shall be, or the full vessel, to be out of its cupboard.

    An egg in a bowl is of no use behind the door of a cabinet.
    """
    place, means = condition.place, condition.means
    if isinstance(condition, Count) and (condition.amount != "at least" or (means and not condition.thing.states)):
        return condition
    if (isinstance(condition, Every) and means) or holds(state, condition, state):
        return condition
    if place is None:
        if not isinstance(condition, Count) or not condition.thing.liquid or not _is_poured(state, condition.thing):
            return condition
        vessels = grounding.candidates(
            state, condition.thing, None, avoid=avoid, common_sense=True, number=condition.number
        )  # fmt: skip
        holder = next(iter(vessels), None)
    elif place.thing is None or place.beside or place.every or not _is_anywhere(place.inside):
        return condition
    else:
        holder = _container(condition, place, state, avoid)
    room = place.inside.room if place is not None and place.inside is not None else None
    if holder is None or (surface := _surface_near(state, holder, room, avoid)) is None:
        return condition
    there = Place(fixture=state.world.categories[surface], room=room)
    return replace(condition, place=there if place is None else replace(place, inside=there))


def _also_at_hand(condition: Count, state: State, avoid: frozenset[int]) -> Count | None:
    """Return the condition that things of which exactly so many, or so many more, are wanted are at hand; or None.

    It does not take the place of the other one, which counts the things in every such dish, also behind doors.
    """
    if condition.amount not in ("exactly", "more") or condition.place is None:
        return None
    n_there = len(matching_objects(state, condition.thing, condition.place, state))
    number = condition.number + (n_there if condition.amount == "more" else 0)
    wanted = replace(condition, amount="at least", number=number)
    at_hand = _at_hand(wanted, state, avoid) if number > n_there else wanted
    if at_hand == wanted or not isinstance(at_hand, Count) or at_hand.place is None:
        return None
    n_at_hand = len(matching_objects(state, at_hand.thing, at_hand.place, state))
    return replace(at_hand, number=number - n_there + n_at_hand)


def _container(condition: Count | Every, place: Place, state: State, avoid: frozenset[int]) -> int | None:
    """Return the dish that would be taken for a condition."""
    world, holder = state.world, place.thing
    assert holder is not None
    able = [i for i in world.objects_of(holder.word) if can_match(state, i, holder, state)]
    view = state._replace(world=world.without(frozenset(world.objects_of(holder.word)).difference(able)))
    if isinstance(condition, Every):
        objects = quantified_objects(state, condition)
    else:
        objects = [i for i in world.objects_of(condition.thing.word) if can_match(state, i, condition.thing, state)]
    objects = [i for i in objects if i not in able and not is_at(state, i, place, state)]
    return grounding.choose_container(view, place, objects[:1], avoid=avoid, common_sense=True) if objects else None


def _is_anywhere(place: Place | None) -> bool:
    """Whether a place leaves the furniture open: it is none, or a room."""
    return place is None or (place.room is not None and place.fixture is None)


def _surface_near(state: State, holder: int, asked: str | None, avoid: frozenset[int]) -> int | None:
    """Return an open surface for a dish that is in a cupboard, in the room that is asked for or, better, the same one.

    None if the dish is at hand, or there is no such surface.
    """
    world, root = state.world, state.root(holder)
    category = world.object_category[holder]
    if root < 0 or category is None or choice.HOLDS_FOOD.isdisjoint(category.classes):
        return None
    if state.closed_around(holder) is None or world.kinds[root] in choice.COLD:
        return None
    if asked is not None and not world.in_room(root, asked):
        return None
    room = world.scene.fixtures[root].room
    rated = [
        (world.scene.fixtures[f].room != room, choice.oddity(state, f, holder, at_hand=True), f)
        for f in range(world.n_fixtures)
        if world.relation[f] == "on" and f not in avoid and f not in world.hidden and not world.enclosed[f]
        and world.process[f] is None and grounding.can_hold(state, f, holder)
        and (asked is None or world.in_room(f, asked))
    ]  # fmt: skip
    return min(rated)[-1] if rated else None


def _is_poured(state: State, thing: Thing) -> bool:
    """Whether a liquid comes out of another vessel or a package, not out of a tap or a machine."""
    world, liquid = state.world, thing.liquid
    return liquid in state.liquid and not any(p is not None and p.fill == liquid for p in world.process)


def _is_served(state: State, entity: int) -> bool:
    """Whether an object is where people are served: in their hands; or tableware and food on a table."""
    root = state.root(entity)
    if root < 0:
        return False
    is_on_table = state.world.kinds[root] in TABLES and _is_among(state, entity, TABLEWARE)
    return state.world.relation[root] == "with" or is_on_table


def _is_serving(state: State, condition: Count) -> bool:
    """Whether a condition brings dishes or cutlery to where people are served."""
    place = condition.place
    if place is None or place.thing is not None:
        return False
    targets = choice.destinations(state, place)
    is_table = all(state.world.relation[f] == "with" or state.world.kinds[f] in TABLES for f in targets)
    alike = state.world.objects_of(condition.thing.word)
    return bool(targets) and is_table and bool(alike) and all(_is_among(state, i, ("dishes", "cutlery")) for i in alike)


def _is_among(state: State, entity: int, classes: Iterable[str]) -> bool:
    """Whether an object belongs to one of some classes."""
    category = state.world.object_category[entity]
    return category is not None and not set(classes).isdisjoint(category.classes)


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
