"""The next chunk of a goal, and what must be out of the way before it.

A chunk is a few conditions (`planner/goals/chunking.py`). Where their objects find no room, it is cut down:

- to as many objects as fit at once: a load of the sink, of the microwave, of a pan;
- to its preparation: `no kettle on stove burner`, `no plate in sink` for those that are clean, a full glass poured into
  an empty vessel.

Both are plain conditions in a home of which only what is meant is seen, like those of `planner/goals/narrowing.py`. So
teacher, facts and the GPT, which know plain conditions, need no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import OPEN
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.obstacles import condition_obstacle, makes, usable
from envs.symbolic.scoring import fixtures_at, fixtures_of, matching_objects, quantified_objects
from planner.goals import choice, grounding
from planner.goals.chunking import MAX_CONDITIONS, next_conditions, remaining_subjects
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION
from planner.goals.narrowing import Narrowed, narrow, parts_of, removal
from planner.goals.other_conditions import narrow_beside_others
from planner.goals.rehearsal import (
    Blocked,
    FullVessel,
    Hindrance,
    NeedsContainer,
    NoRoom,
    Rehearsal,
    TooMany,
)

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.scoring import Uses

MAX_SHARES = 3  # `every` places that one chunk serves: with more, a small GPT loses count


def next_parts(
    state: State,
    phase: Sequence[Condition],
    initial_state: State,
    *,
    todo: Sequence[Condition] | None = None,
    max_conditions: int = MAX_CONDITIONS,
    uses: Uses | None = None,
    avoid: frozenset[int] = frozenset(),
    common_sense: bool = False,
    max_objects: int = MAX_OBJECTS_PER_CONDITION,
) -> tuple[Condition | Narrowed, ...]:
    """Return what is planned for next: the next few unmet conditions, or what comes before them; empty if all hold.

    With `todo`, only these conditions of the phase are planned for. With fewer `max_objects`, a condition about more is
    planned for in several chunks: furniture is cleaned or watered one by one, and a drink is there before it is hot.
    The other arguments are those of `next_conditions` and `retrieve_facts`.
    """
    unmet = next_conditions(state, phase if todo is None else todo, initial_state, max_conditions, uses)
    parts = _next_parts(unmet, state, phase, initial_state, avoid, common_sense=common_sense)
    if max_objects == MAX_OBJECTS_PER_CONDITION or not parts:
        return parts
    preparation = _Preparation(state, initial_state, phase, avoid, common_sense=common_sense)
    first, *others = parts_of(parts[0], state, initial_state) or [None]
    if first is None:
        return parts
    if (stage := preparation.first_stage(first)) is not None:
        return (stage,)
    if isinstance(first.condition, Count) and _is_laborious(first.condition):
        max_objects = 1  # a small GPT loses count of what it has poured, or cooked and put in a dish
    if len(preparation.objects_of(first)) > max_objects:
        return (preparation.fewer(first, max_objects),)
    return (first,) if others or len(parts) > 1 else parts


def _is_laborious(condition: Count) -> bool:
    """Whether each object of a condition takes many steps: it is filled, or changed and put in or on another one."""
    thing, place = condition.thing, condition.place
    return bool(thing.liquid) or (bool(thing.states) and place is not None and place.thing is not None)


def _next_parts(
    unmet: Sequence[Condition], state: State, phase: Sequence[Condition], initial_state: State,
    avoid: frozenset[int], *, common_sense: bool,
) -> tuple[Condition | Narrowed, ...]:  # fmt: skip
    rehearsal = Rehearsal(state, initial_state, phase, avoid, common_sense=common_sense)
    preparation = _Preparation(state, initial_state, phase, avoid, common_sense=common_sense)
    ready: list[Condition] = []
    last: tuple[Narrowed, ...] = ()  # what leaves nothing but the hand
    for condition in unmet:
        parts = narrow(condition, state, initial_state)
        explicit = narrow_beside_others(condition, parts, state, phase, initial_state)
        parts = explicit or parts
        if not isinstance(condition, Holding) and any(isinstance(part.condition, Holding) for part in parts):
            last = last or parts
            continue
        shorter = _shorter(condition, parts) or explicit
        for i, part in enumerate(parts if shorter is None else shorter):
            hindrance = rehearsal.hindrance(part.condition, part.hidden, part.aim)
            if hindrance is None and (ready or i or not rehearsal.is_stuck):
                continue
            if ready:
                return tuple(ready)
            if i:
                return parts[:i]
            if lying_there := preparation.lying_there(part):
                return lying_there
            if hindrance is None:
                continue
            if (smaller := _of_smaller_objects(part, state)) is not None:
                again = Rehearsal(state, initial_state, phase, avoid, common_sense=common_sense)
                if again.hindrance(smaller.condition, smaller.hidden, smaller.aim) is None:
                    return (smaller,)
            first = preparation.before(part, hindrance)
            if first or not condition_obstacle(condition, initial_state, tricks=False):
                return first or (condition,)
            objects = preparation.objects_of(part)
            return preparation.without(part, objects[0]) if isinstance(condition, Every) and objects else ()
        if shorter is not None:
            return tuple(ready) or shorter
        if len(unmet) == 1 and len(parts) == 1 and (load := preparation.completed(parts[0])):
            return load
        ready.append(condition)
    return tuple(ready) or last


def _shorter(condition: Condition, parts: tuple[Narrowed, ...]) -> tuple[Narrowed, ...] | None:
    """Return the first few parts of a condition about `every` place, if it has more; otherwise None.

    What is picked up to be put down again is picked up in a chunk of its own: at the start of it, it is there already.
    """
    if isinstance(parts[0].condition if parts else None, Holding) and not isinstance(condition, Holding):
        return parts[:1]
    place = getattr(condition, "place", None)
    is_long = place is not None and place.every and len(parts) > MAX_SHARES
    return parts[:MAX_SHARES] if is_long else None


def _of_smaller_objects(part: Narrowed, state: State) -> Narrowed | None:
    """Return a part that brings the smallest objects to a place, if there are larger ones too."""
    condition = part.condition
    if not isinstance(condition, Count) or condition.place is None or condition.place.thing is not None:
        return None
    view, units = part.view(state), state.world.units
    objects = usable(view, condition.thing)
    smallest = sorted(objects, key=lambda i: (units[i], i))[: condition.number]
    if len(smallest) < condition.number or max(units[i] for i in objects) == units[smallest[-1]]:
        return None
    return replace(part, hidden=part.hidden.union(objects).difference(smallest))


class _Preparation:
    def __init__(
        self, state: State, initial_state: State, phase: Sequence[Condition], avoid: frozenset[int], *,
        common_sense: bool,
    ) -> None:  # fmt: skip
        self.state, self.world, self.initial_state = state, state.world, initial_state
        self.phase, self.avoid, self.common_sense = phase, avoid, common_sense
        self.needed = choice.needed_where_they_are(state, phase, initial_state)

    def before(self, part: Narrowed, hindrance: Hindrance) -> tuple[Narrowed, ...]:
        """Return what is done first for a part; nothing if nothing helps."""
        if isinstance(hindrance, TooMany):
            return (self.fewer(part, hindrance.number),)
        if isinstance(hindrance, NoRoom):
            return self.without(part, hindrance.item)
        if isinstance(hindrance, FullVessel):
            return self.pour_out(hindrance.vessel)
        if isinstance(hindrance, NeedsContainer):
            return self.stacked(hindrance.item, hindrance.fixtures)
        made = self.make_room(hindrance)
        if (made and all(isinstance(p.condition, No) for p in made)) or hindrance.holder >= self.world.n_fixtures:
            return made
        alike = grounding.fixtures_of(part.view(self.state), self.world.categories[hindrance.holder])
        for other in alike:
            if other != hindrance.holder and hindrance.objects and self.world.fits(hindrance.objects[0], other):
                elsewhere = self.make_room(replace(hindrance, holder=other))
                if elsewhere and all(isinstance(p.condition, No) for p in elsewhere):
                    return elsewhere
        stacked = self.stacked(hindrance.objects[0], alike) if hindrance.objects else ()
        return stacked or tuple(p for p in made if not isinstance(p.condition, Holding))

    def lying_there(self, part: Narrowed) -> tuple[Narrowed, ...]:
        """Return a part that uses first what lies in an appliance for it already, or what comes before that.

        Nothing if no other objects than usual lie there. What does not fit with them is left to another load.
        """
        if isinstance(part.condition, FixtureIs):
            return self.watered_from_sink(part, part.condition)
        if not isinstance(part.condition, Count | Holding):
            return ()
        condition = part.condition
        satisfied, usual, missing = self.usual_objects(part, condition)
        chosen = sorted(usual, key=lambda i: not self.lies_there(i, condition.thing))[:missing]
        if missing < 1 or len(chosen) < missing or not self.lies_there(chosen[0], condition.thing):
            return ()
        for number in range(missing, 0, -1):
            hidden = part.hidden.union(usual).difference(chosen[:number])
            load = replace(part, hidden=hidden)
            if number < missing and isinstance(condition, Count):
                load = replace(load, condition=replace(condition, number=number), hidden=hidden.union(satisfied))
            again = Rehearsal(self.state, self.initial_state, self.phase, self.avoid, common_sense=self.common_sense)
            hindrance = again.hindrance(load.condition, load.hidden, load.aim)
            if hindrance is None and not again.is_stuck:
                return (load,)
            if number == missing and isinstance(hindrance, Blocked) and (first := self.before(load, hindrance)):
                return first
        return ()

    def completed(self, part: Narrowed) -> tuple[Narrowed, ...]:
        """Return a part that adds to what lies in an appliance that the goal names; nothing if that is usual."""
        condition = part.condition
        if not isinstance(condition, Count) or condition.number < 2 or getattr(part.aim, "means", None) is None:
            return ()  # without a named appliance, the GPT expects the usual choice
        _, usual, missing = self.usual_objects(part, condition)
        load = self.lying_there(part)
        return load if any(c.condition == condition and c.hidden.intersection(usual[:missing]) for c in load) else ()

    def usual_objects(self, part: Narrowed, condition: Count | Holding) -> tuple[list[int], list[int], int]:
        """Return what is as wanted, what else could be, the usual choice first, and how many of it are needed."""
        view = part.view(self.state)
        place, number = (condition.place, condition.number) if isinstance(condition, Count) else (None, 1)
        satisfied = matching_objects(view, condition.thing, place)
        missing = number - len(satisfied)
        usual = grounding.candidates(
            view, condition.thing, place, avoid=self.avoid, common_sense=self.common_sense, number=missing
        )
        return satisfied, [i for i in usual if i not in satisfied and i not in self.needed], missing

    def lies_there(self, item: int, thing: Thing) -> bool:
        """Whether an object lies in an appliance that gives it a state or liquid that it lacks."""
        root, state = self.state.root(item), self.state
        if root < 0 or any(root in avoided for avoided in (self.avoid, self.world.hidden)):
            return False
        if thing.liquid and self.is_at_tap(item, thing.liquid):
            return True
        return any(not state.has(item, word) and makes(state, root, word, item) for word in thing.states)

    def is_at_tap(self, vessel: int, liquid: str) -> bool:
        """Whether a vessel is empty and stands where a liquid flows into it."""
        fixture, category = self.state.place[vessel], self.world.object_category[vessel]
        process = self.world.process[fixture] if 0 <= fixture < self.world.n_fixtures else None
        is_empty = category is not None and category.fills and not self.state.liquid[vessel]
        return is_empty and process is not None and process.fill == liquid

    def watered_from_sink(self, part: Narrowed, condition: FixtureIs) -> tuple[Narrowed, ...]:
        """Return the watering of plants with a vessel that stands in a sink already; nothing if there is none."""
        if condition.states[0] != "watered":
            return ()
        vessels = [
            i
            for i in range(self.world.n_fixtures, len(self.world.names))
            if self.is_at_tap(i, "water")
            and i not in self.needed
            and not grounding.is_avoided(self.state, i, self.avoid)
        ]
        if not vessels:
            return ()
        best = min(vessels, key=lambda i: (*choice.flaws(self.state, i, dirty_wanted=None), i))
        others = {i for i, c in enumerate(self.world.object_category) if c is not None and (c.fills or c.contains)}
        return (replace(part, hidden=part.hidden.union(others - {best})),)

    def without(self, part: Narrowed, item: int) -> tuple[Narrowed, ...]:
        """Return a part that leaves out an object, or what comes before that; nothing if no other object is left."""
        rest = replace(part, hidden=part.hidden | {item})
        if not (objects := self.objects_of(rest)):
            return ()
        again = Rehearsal(self.state, self.initial_state, self.phase, self.avoid, common_sense=self.common_sense)
        hindrance = again.hindrance(rest.condition, rest.hidden, rest.aim)
        return (rest,) if hindrance is None else self.before(rest, hindrance) or self.without(rest, objects[0])

    def fewer(self, part: Narrowed, number: int) -> Narrowed:
        """Return a part for only so many more objects."""
        condition = part.condition
        if isinstance(condition, Count):
            satisfied = matching_objects(part.view(self.state), condition.thing, condition.place)
            fewer = replace(condition, number=number)
            return replace(part, condition=fewer, hidden=part.hidden.union(satisfied))
        return replace(part, hidden=part.hidden.union(self.objects_of(part)[number:]))

    def first_stage(self, part: Narrowed) -> Narrowed | None:
        """Return the first of several stages: one piece of furniture, or a drink whose temperature comes later."""
        condition, view = part.condition, part.view(self.state)
        if isinstance(condition, FixtureIs):
            unmet = [f for f in fixtures_of(view, condition) if not self.state.has(f, condition.states[0])]
            is_long = condition.quantifier == "every" and len(unmet) > 1 and condition.states[0] in ("watered", "clean")
            return replace(part, hidden=part.hidden.union(unmet[1:])) if is_long else None
        if not isinstance(condition, Count) or not condition.thing.liquid:
            return None
        filled = replace(condition.thing, states=tuple(s for s in condition.thing.states if s not in ("hot", "cold")))
        if filled == condition.thing or len(matching_objects(view, filled)) >= condition.number:
            return None
        return replace(part, condition=Count(number=condition.number, thing=filled))

    def objects_of(self, part: Narrowed) -> Sequence[int]:
        """Return the objects that a part still changes or moves; of a `Count`, so many of those that could be."""
        condition = part.condition
        view, initial_view = part.view(self.state), part.view(self.initial_state)
        if isinstance(condition, Count):
            objects = usable(view, condition.thing)
            satisfied = matching_objects(view, condition.thing, condition.place)
            return [i for i in objects if i not in satisfied][: condition.number - len(satisfied)]
        if isinstance(condition, Every):
            return remaining_subjects(view, condition, initial_view)
        return matching_objects(view, condition.thing, condition.place) if isinstance(condition, No) else ()

    def make_room(self, blocked: Blocked) -> tuple[Narrowed, ...]:
        """Return the removal of what takes the room at a place, the fewest things of which this is true."""
        holder, world = blocked.holder, self.world
        movable = [i for i in self.state.children(holder) if i not in self.needed and i not in blocked.objects]
        movable = [i for i in movable if i not in self.avoid] or movable
        metal = blocked.metal or (self.common_sense and world.kinds[holder] == "microwave")
        leaving = [i for i in movable if metal and choice.has_metal(self.state, i)]
        if blocked.metal:
            movable = leaving
        missing = sum(world.units[i] for i in blocked.objects if self.state.place[i] != holder)
        missing -= grounding.free_units(self.state, holder) + sum(world.units[i] for i in leaving)
        others = sorted((i for i in movable if i not in leaving), key=lambda i: (world.units[i], i))
        while others and missing > 0 and len(leaving) < MAX_OBJECTS_PER_CONDITION:
            item = next((i for i in others if world.units[i] >= missing), others[-1])
            others.remove(item)
            leaving.append(item)
            missing -= world.units[item]
        category = world.categories[holder]
        place = Place(fixture=category) if holder < world.n_fixtures else Place(thing=Thing(word=category))
        parts = removal(self.state, self.initial_state, Thing(word="anything"), place, leaving)
        return tuple(self.kept_clear(part) for part in parts)

    def stacked(self, item: int, fixtures: Sequence[int]) -> tuple[Narrowed, ...]:
        """Return the bringing of an object to a fixture in a container, best in one that stands there.

        If it goes in none and the fixture has no room for it, something smaller there goes in one, which makes room.
        """
        if part := self.in_container(item, fixtures):
            return part
        world = self.world
        here = [i for f in fixtures if world.fits(item, f) for i in self.state.children(f)]
        for smaller in sorted(here, key=lambda i: (-world.units[i], i)):
            if part := self.in_container(smaller, [self.state.root(smaller)], placed=True):
                return part
        return ()

    def in_container(self, item: int, fixtures: Sequence[int], *, placed: bool = False) -> tuple[Narrowed, ...]:
        """Return the bringing of an object to a fixture in a container, which is there already if `placed`."""
        state, world = self.state, self.world
        rated = []
        for i, category in enumerate(world.object_category):
            if category is None or category.holds is None or i == item or not grounding.can_hold(state, i, item):
                continue
            root = state.root(i)
            targets = [root] if placed or root in fixtures else [f for f in fixtures if grounding.can_hold(state, f, i)]
            for f in targets:
                has_metal = choice.has_metal(state, i) or choice.has_metal(state, item)
                is_unsafe = self.common_sense and world.kinds[f] == "microwave" and has_metal
                if f in fixtures and not is_unsafe:
                    against = choice.flaws(state, i)
                    rated.append((i in self.avoid or f in self.avoid, i in self.needed, root != f, *against, f, i))
        if not rated:
            return ()
        *_, fixture, container = min(rated)
        place = Place(thing=Thing(word=world.categories[container]), inside=Place(fixture=world.categories[fixture]))
        alike = {e for kept in (item, container, fixture) for e in world.entities_by_category[world.categories[kept]]}
        condition = Count(thing=Thing(word=world.categories[item]), place=place)
        return (Narrowed(condition=condition, hidden=frozenset(alike - {item, container, fixture})),)

    def kept_clear(self, part: Narrowed) -> Narrowed:
        """Return a removal that puts nothing where it must not be nor, if it can, where others need room."""
        if not isinstance(part.condition, No):
            return part
        view = part.view(self.state)
        leaving = matching_objects(view, part.condition.thing, part.condition.place)
        forbidden, crowded = set[int](), set[int]()
        for condition in self.phase:
            place = getattr(condition, "place", None)
            if place is None or place.thing is not None or not isinstance(condition, Count | Every | No):
                continue
            if isinstance(condition, Every):
                wanted = quantified_objects(self.initial_state, condition)
            else:
                wanted = matching_objects(self.state, condition.thing, None, self.initial_state)
            is_limited = isinstance(condition, No) or getattr(condition, "amount", "at least") != "at least"
            is_limited = is_limited or getattr(condition, "selection", "every") != "every"
            if is_limited and not set(leaving).isdisjoint(wanted):
                forbidden.update(fixtures_at(self.state, place))
            elif not set(leaving) <= set(wanted):
                crowded.update(fixtures_at(self.state, place))
        roots = {self.state.root(i) for i in leaving}
        for places in (forbidden | crowded, forbidden):
            clear = replace(part, hidden=part.hidden | (places - roots))
            if (targets := self.targets_of(clear, leaving)) is not None:
                return self.beside_appliance(clear, leaving, targets, roots)
        return part

    def beside_appliance(
        self, part: Narrowed, leaving: Sequence[int], targets: set[int], roots: set[int]
    ) -> Narrowed:  # fmt: skip
        """Return a removal from appliances that opens no furniture, if there is room on a countertop or table."""
        world, flags = self.world, self.state.flags
        closed = {f for f in range(world.n_fixtures) if world.enclosed[f] and not flags[f] & OPEN}
        holders = [self.state.place[i] for i in leaving]
        is_from_appliance = all(0 <= f < world.n_fixtures and world.process[f] is not None for f in holders)
        if closed.isdisjoint(targets) or not is_from_appliance:
            return part
        opened = replace(part, hidden=part.hidden | (closed - roots))
        instead = self.targets_of(opened, leaving)
        surfaces = ("countertop", "dining table")
        return opened if instead and all(world.kinds[f] in surfaces for f in instead - targets) else part

    def targets_of(self, part: Narrowed, leaving: Sequence[int]) -> set[int] | None:
        """Return where a removal puts things; None if one of them finds no place."""
        state, targets = part.view(self.state), set[int]()
        for i in leaving:
            target = grounding.alternative_place(
                state, i, part.condition.place, self.avoid, common_sense=self.common_sense  # type: ignore[arg-type,union-attr]
            )  # fmt: skip
            if target is None:
                return None
            targets.add(target)
            state = state._replace(place=(*state.place[:i], target, *state.place[i + 1 :]))
        return targets

    def pour_out(self, vessel: int) -> tuple[Narrowed, ...]:
        """Return the filling of another, empty vessel from one that must be empty; nothing if there is none."""
        state, world = self.state, self.world
        liquid = state.liquid[vessel]
        wanted = {condition.thing.word for condition in self.phase if not isinstance(condition, FixtureIs)}
        receivers = [
            i
            for i, category in enumerate(world.object_category)
            if category is not None and category.fills and not state.liquid[i]
            and not grounding.is_avoided(state, i, self.avoid)
        ]  # fmt: skip
        if not receivers:
            return ()
        ranked = choice.ranked(state, receivers, Thing(word="anything", liquid=liquid), None)
        receiver = min(ranked, key=lambda i: (world.categories[i] in wanted, ranked.index(i)))
        category = world.categories[receiver]
        flowing = {f for f in range(world.n_fixtures) if (p := world.process[f]) is not None and p.fill == liquid}
        sources = {i for i in range(world.n_fixtures, len(world.names)) if state.liquid[i] == liquid and i != vessel}
        alike = set(world.entities_by_category[category]) - {receiver, vessel}
        condition = Count(thing=Thing(word=category, liquid=liquid))
        return (Narrowed(condition=condition, hidden=frozenset(flowing | sources | alike)),)
