"""Narrows a condition to plain ones: about categories and fixture categories, in a home where the rest is hidden.

`red mug in bedroom` becomes `mug on desk` in a home of which only the red mugs and the desks of the bedroom are seen.
Facts, teacher and the GPT, which know plain conditions, work on what this returns; the proof is of the condition
itself. A plain condition stays as it is. What is chosen here depends on the state alone, as in `grounding.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.embodiment.unusable import out_of_access, unusable
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.obstacles import capacity_obstacle, skill_obstacle
from envs.symbolic.scoring import (
    can_match,
    fixtures_at,
    fixtures_of,
    has_result,
    holds,
    is_at,
    is_place,
    matching_objects,
    number_required,
    quantified_objects,
    targets,
)
from envs.symbolic.state import HELD, NOWHERE
from planner.goals import choice, grounding
from planner.goals.means.appliances import all_appliances, is_appliance_for
from planner.goals.means.kinds import usual_rank
from planner.goals.means.states import opposite_of

if TYPE_CHECKING:
    from envs.symbolic.scoring import Uses
    from envs.symbolic.state import State, World


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """A plain condition, the entities that must not be used for it, and the condition of the goal that it is for."""

    condition: Condition
    hidden: frozenset[int] = frozenset()
    aim: Condition | None = field(default=None, compare=False)

    def view(self, state: State) -> State:
        """Return a state in whose world the other entities are hidden."""
        return state._replace(world=state.world.without(self.hidden)) if self.hidden else state

    def holds(self, state: State, initial_state: State) -> bool:
        """Whether the condition holds of what is not hidden."""
        return holds(self.view(state), self.condition, self.view(initial_state))


def narrow(
    condition: Condition, state: State, initial_state: State, beside: Sequence[Condition] = ()
) -> tuple[Narrowed, ...]:  # fmt: skip
    """Return plain conditions that together bring about an unmet condition; none if nothing can.

    Args:
        condition: The condition.
        state: The current state.
        initial_state: The first state of the episode.
        beside: Other conditions of the phase, which shall not be undone if there is a choice.
    """
    narrower = _Narrower(state, initial_state, beside)
    is_shared = isinstance(condition, Every) and narrower.shares_appliance(condition)
    if is_plain(condition, state.world) and not is_shared and not narrower.leaves_nowhere_else(condition):
        return (Narrowed(condition=condition, aim=condition),)
    return tuple(replace(part, aim=condition) for part in narrower.narrow(condition))


def parts_of(part: Condition | Narrowed, state: State, initial_state: State) -> tuple[Narrowed, ...]:
    """Return the plain conditions of a condition, or the one that it is already."""
    return (part,) if isinstance(part, Narrowed) else narrow(part, state, initial_state)


def aim_of(part: Condition | Narrowed) -> Condition | None:
    """Return the condition of the goal that a part is for; None if it makes way for another."""
    return part.aim if isinstance(part, Narrowed) else part


def part_holds(
    part: Condition | Narrowed, state: State, initial_state: State, uses: Uses | None = None
) -> bool:  # fmt: skip
    """Whether a condition holds, or a plain one of what is not hidden."""
    if isinstance(part, Narrowed):
        return part.holds(state, initial_state)
    return holds(state, part, initial_state, uses)


def in_order(parts: Iterable[Condition | Narrowed]) -> list[Condition | Narrowed]:
    """Return conditions in the order of work."""
    return sorted(parts, key=lambda part: grounding.rank(part.condition if isinstance(part, Narrowed) else part))


def removal(
    state: State, initial_state: State, thing: Thing, place: Place, objects: Sequence[int]
) -> tuple[Narrowed, ...]:
    """Return plain conditions that bring objects away from a place."""
    return tuple(_Narrower(state, initial_state).removal(thing, place, objects))


def is_plain(condition: Condition, world: World) -> bool:
    """Whether a condition is of the form that version 1 of the goal language had."""
    if isinstance(condition, FixtureIs):
        is_narrower = condition.properties or condition.room or condition.person or condition.excluded
        return len(condition.states) == 1 and not is_narrower
    if not _is_plain_thing(condition.thing):
        return False
    if isinstance(condition, Holding):
        return True
    if not _is_plain_place(condition.place, world):
        return False
    if isinstance(condition, Count):
        return condition.amount == "at least" and condition.means is None
    if isinstance(condition, Every):
        excluded = condition.excluded
        is_word = excluded is None or excluded == Thing(word=excluded.word)
        return condition.selection == "every" and condition.means is None and is_word
    return True


def _is_plain_thing(thing: Thing) -> bool:
    return not thing.properties and thing.origin is None


def _is_plain_place(place: Place | None, world: World) -> bool:
    if place is None:
        return True
    if place.every or place.beside or place.room or place.person or place.properties:
        return False
    if place.thing is None:
        return place.fixture in world.domain.fixtures
    return _is_plain_thing(place.thing) and _is_plain_place(place.inside, world)


class _Narrower:
    def __init__(self, state: State, initial_state: State, beside: Sequence[Condition] = ()) -> None:
        self.state, self.world, self.initial_state = state, state.world, initial_state
        self.phase, self.barred = beside, out_of_access(state)
        self.kept = choice.needed_where_they_are(state, beside, initial_state) if beside else frozenset[int]()
        for other in beside:
            if isinstance(other, No) and other.place is not None:  # they have left another place
                gone = set(self.usable(other.thing)).difference(matching_objects(state, other.thing, other.place))
                self.kept |= gone

    def narrow(self, condition: Condition) -> Iterable[Narrowed]:
        if isinstance(condition, FixtureIs):
            return self.fixtures(condition)
        if isinstance(condition, Holding):
            objects = self.usable(condition.thing)
            return [Narrowed(condition=Holding(thing=_plain(condition.thing)), hidden=self.others(objects))]
        if isinstance(condition, No):
            objects = matching_objects(self.state, condition.thing, condition.place, self.initial_state)
            return self.removal(condition.thing, condition.place, objects)
        if isinstance(condition, Every):
            return self.chosen(condition)
        return self.counted(condition)

    # -- which objects -------------------------------------------------------------------------------------------------

    def usable(self, thing: Thing) -> list[int]:
        """Return the objects that have what never changes of a description."""
        return [i for i in self.world.objects_of(thing.word) if can_match(self.state, i, thing, self.initial_state)]

    def others(self, objects: Iterable[int], *, of: Iterable[int] | None = None) -> frozenset[int]:
        """Return the entities of the same categories (or of `of`) that are none of these."""
        kept = set(objects)
        if of is None:
            categories = {self.world.categories[i] for i in kept}
            of = (i for category in categories for i in self.world.entities_by_category.get(category, ()))
        return frozenset(of).difference(kept)

    def counted(self, condition: Count) -> Iterable[Narrowed]:
        place = condition.place
        if place is not None and place.every:
            yield from self.at_every(condition, place)
            return
        matching = matching_objects(self.state, condition.thing, place, self.initial_state)
        number = condition.number
        if condition.amount == "more":
            number += len(matching_objects(self.initial_state, condition.thing, place, self.initial_state))
        if condition.amount in ("exactly", "at most") and len(matching) > number:
            # Those that people would rather use stay.
            ranked = choice.ranked(self.state, matching, condition.thing, place)
            ranked.sort(key=lambda i: i not in self.kept)
            yield from self.removal(condition.thing, place, ranked[number:])
            return
        if condition.amount == "at most":
            return
        hidden = self.hidden_by_means(condition.means)
        objects, exactly = self.usable(condition.thing), condition.amount == "exactly"
        yield from self.bring(_plain(condition.thing), number, place, objects, hidden, exactly=exactly)

    def at_every(self, condition: Count, place: Place) -> Iterable[Narrowed]:
        """Narrow `every` place to each of them, and share the objects out; nothing if there are not enough."""
        state, world = self.state, self.world
        places = targets(state, place, self.initial_state)
        thing = condition.thing
        if place.beside:
            yield from self.beside_every(condition, places)
            return
        objects = choice.ranked(state, [i for i in self.usable(thing) if i not in places], thing, place)
        matching = set(matching_objects(state, thing, None, self.initial_state))
        shares = {p: [i for i in objects if i in matching and state.place[i] == p][: condition.number] for p in places}
        free = [i for i in objects if not any(i in share for share in shares.values())]
        fitting = {p: sum(world.fits(i, p) for i in free) for p in places}
        for p, share in sorted(shares.items(), key=lambda entry: fitting[entry[0]]):  # the choosiest first
            while len(share) < condition.number:
                item = next((i for i in free if world.fits(i, p)), None)
                if item is None:
                    return
                free.remove(item)
                share.append(item)
        for p, share in shares.items():
            if all(i in matching and state.place[i] == p for i in share):
                continue
            hidden = self.others(share, of=world.objects_of(thing.word)) | self.others([p])
            plain = Count(number=condition.number, thing=_plain(thing), place=self.in_or_on(p))
            yield Narrowed(condition=plain, hidden=hidden)

    def beside_every(self, condition: Count, neighbors: Sequence[int]) -> Iterable[Narrowed]:
        """Narrow `beside every` to as many objects of its own for each neighbor; nothing if there are not enough."""
        state, thing = self.state, condition.thing
        usable = [i for i in self.usable(thing) if i not in neighbors]
        matching = matching_objects(state, thing, None, self.initial_state)
        if not usable:  # a mug beside every mug
            yield from self.all_together(neighbors)
            return
        free = choice.ranked(state, usable, thing, condition.place)
        missing: dict[int, int] = {}  # by fixture or container
        for neighbor in neighbors:
            beside = [i for i in state.neighbors(neighbor) if i in free and i in matching][: condition.number]
            free = [i for i in free if i not in beside]
            if len(beside) < condition.number:
                holder = state.place[neighbor]
                missing[holder] = missing.get(holder, 0) + condition.number - len(beside)
        for holder, number in missing.items():
            if holder <= NOWHERE:
                return
            elsewhere = [i for i in free if state.place[i] != holder and self.world.fits(i, holder)][:number]
            far = [i for i in free if state.place[i] == holder][: number - len(elsewhere)]
            if len(elsewhere) + len(far) < number:
                return
            free = [i for i in free if i not in elsewhere and i not in far]
            if elsewhere:
                hidden = self.others(elsewhere, of=self.world.objects_of(thing.word)) | self.others([holder])
                there = Count(number=len(elsewhere), thing=_plain(thing), place=self.in_or_on(holder))
                yield Narrowed(condition=there, hidden=hidden)
            yield from self.put_again(_plain(thing), len(far), far)

    def all_together(self, objects: Sequence[int]) -> list[Narrowed]:
        """Narrow bringing objects to one piece of furniture, that with the most of them, if one takes them all."""
        state, world = self.state, self.world
        here = [state.place[i] for i in objects]
        for f in sorted(self.surfaces(objects), key=lambda f: -here.count(f)):
            moving = [i for i in objects if state.place[i] != f]
            has_room = sum(world.units[i] for i in moving) <= grounding.free_units(state, f)
            if has_room and all(world.fits(i, f) for i in moving):
                return self.brought(moving, f)
        return []

    def chosen(self, condition: Every) -> Iterable[Narrowed]:
        state, start = self.state, self.initial_state
        objects = quantified_objects(start, condition)
        low, high = number_required(start, condition)
        done = [i for i in objects if has_result(state, i, condition, start)]
        remaining = [i for i in objects if i not in done]
        target = Thing(word=condition.thing.word, states=condition.become)
        missing = max(0, low - len(done))
        if condition.selection != "every":
            taken = choice.claimed(state, condition, self.phase, start) | self.kept | unusable((condition,), state)
            negations = self.world.domain.negations
            own = [word for word in condition.become if negations.get(word, word) not in BUILT_IN_STATES]
            never = [i for i in remaining if any(skill_obstacle(state, i, s) for s in own if not state.has(i, s))]
            remaining = [i for i in remaining if i not in never] or remaining
            remaining = self.that_fit(
                choice.ranked(state, remaining, target, condition.place, taken), missing, condition.place
            )
        remaining = remaining[: grounding.MAX_OBJECTS_PER_CONDITION]
        hidden = self.hidden_by_means(condition.means)
        others = self.excepted(condition, objects)
        if condition.selection != "every":
            others += [i for i in objects if i not in remaining and i not in done]
        if remaining and others:
            apart = self.kept_apart(target, remaining, others, hidden)
            hidden |= apart if isinstance(apart, frozenset) else frozenset()
            yield from () if isinstance(apart, frozenset) else apart
        for group in self.by_place(target, condition.place, remaining):
            yield from self.bring(target, len(group), condition.place, group, hidden)
        before = sum(has_result(start, i, condition, start) for i in objects)
        if condition.place is not None and len(done) > max(high, before):  # what was brought there for other conditions
            new = [i for i in done if not has_result(start, i, condition, start)]
            if not self.kept.isdisjoint(new) and len(new) <= high:
                new = sorted(done, key=lambda i: (i in self.kept, i not in new))
            yield from self.removal(condition.thing, condition.place, new[: len(done) - max(high, before)])
        if condition.excluded is not None and condition.place is not None:  # what was brought there by mistake
            excess = [
                i
                for i in matching_objects(state, condition.thing, condition.place, start)
                if i not in objects and not has_result(start, i, condition, start)
            ]
            if excess:
                yield from self.removal(condition.thing, condition.place, excess)

    def excepted(self, condition: Every, objects: Sequence[int]) -> list[int]:
        """Return what a choice excepts and what must not get its result, as it does not have it yet."""
        if condition.excluded is None or not condition.become:
            return []
        alike = matching_objects(self.initial_state, condition.thing, None, self.initial_state)
        start = self.initial_state
        return [i for i in alike if i not in objects and not has_result(self.state, i, condition, start)]

    def that_fit(self, ranked: Sequence[int], number: int, place: Place | None) -> list[int]:
        """Return the first so many objects; at furniture with room for smaller ones only, the smallest."""
        if place is None or place.thing is not None:
            return list(ranked[:number])
        fixtures = fixtures_at(self.state, place)
        fitting = [i for i in ranked if any(self.world.fits(i, f) for f in fixtures)] or ranked
        if capacity_obstacle(self.state, fitting[:number], number, fixtures, stacking=False):
            fitting = sorted(fitting, key=lambda i: self.world.units[i])
        return list(fitting[:number])

    def shares_appliance(self, condition: Every) -> bool:
        """Whether something that a choice excepts is in an appliance that would change it with the others."""
        excepted = self.excepted(condition, quantified_objects(self.initial_state, condition))
        roots = (self.state.root(i) for i in excepted)
        return any(is_appliance_for(self.world, r, s) for r in roots if r >= 0 for s in condition.become)

    def kept_apart(
        self, target: Thing, chosen: Sequence[int], others: Sequence[int], hidden: frozenset[int]
    ) -> frozenset[int] | Iterable[Narrowed]:
        """Keep objects that were not chosen out of the appliances that would change them too.

        Returns the appliances to leave alone, if others serve; otherwise the removal of the objects.
        """
        world = self.world
        shared: dict[int, list[int]] = {}
        for i in others:
            root = self.state.root(i)
            if root >= 0 and any(is_appliance_for(world, root, s) for s in target.states):
                shared.setdefault(root, []).append(i)
        if not shared:
            return frozenset()
        view = self.state._replace(world=world.without(hidden.union(shared)))
        free = (grounding.appliance_for(view, s, i, common_sense=True) for i in chosen for s in target.states)
        if None not in free:
            return frozenset(shared)
        anything = Thing(word="anything")
        return [
            part
            for f, members in shared.items()
            for part in self.removal(anything, Place(fixture=world.categories[f]), members)
        ]

    def removal(self, thing: Thing, place: Place | None, objects: Sequence[int]) -> Iterable[Narrowed]:
        """Narrow the removal of objects from a place, or of the state `dirty` from objects."""
        world = self.world
        by_category: dict[str, list[int]] = {}
        for i in objects:
            root = self.state.root(i)
            at = world.categories[root] if place is not None and root >= 0 else ""
            by_category.setdefault(f"{world.categories[i]}@{at}", []).append(i)
        elsewhere = [f for f in range(world.n_fixtures) if place is not None and self.is_part_of(f, place)]
        for key, members in by_category.items():
            category, _, at = key.partition("@")
            holder = self.state.place[members[0]]
            plain_place = Place(fixture=at) if at else None
            if place is not None and place.thing is not None and holder >= world.n_fixtures:
                plain_place = Place(thing=Thing(word=world.categories[holder]))
            hidden = self.others(members).union(elsewhere).difference({self.state.root(i) for i in members})
            condition = No(thing=Thing(word=category, states=thing.states), place=plain_place)
            if self.leaves_nowhere_else(condition, hidden):
                yield from self.last_resort(members, elsewhere)
            else:
                yield Narrowed(condition=condition, hidden=hidden)

    def leaves_nowhere_else(self, condition: Condition, hidden: frozenset[int] = frozenset()) -> bool:
        """Whether there is an object that must leave a place, and no furniture that is usual for it or takes it."""
        if not isinstance(condition, No) or condition.place is None:
            return False
        view = self.state._replace(world=self.world.without(hidden)) if hidden else self.state
        leaving = matching_objects(view, condition.thing, condition.place)
        return any(grounding.alternative_place(view, i, condition.place) is None for i in leaving)

    def last_resort(self, objects: Sequence[int], excluded: Sequence[int]) -> Iterable[Narrowed]:
        """Narrow the leaving of a place to furniture of the same category, a container, a person, or the hand."""
        state, world = self.state, self.world
        for item in objects:
            category, root = world.categories[item], state.root(item)
            left = {root, HELD, NOWHERE, *excluded, *world.hidden}
            holders = [
                e for e in range(len(world.names))
                if e != item and state.root(e) not in left and e not in objects and grounding.can_hold(state, e, item)
            ]  # fmt: skip
            if not holders:
                yield Narrowed(condition=Holding(thing=Thing(word=category)), hidden=self.others([item]))
                return
            target = min(holders, key=lambda e: (world.relation[e] == "with", world.kinds[e] in choice.SILLY, e))
            places = list(state.place)
            places[item] = target
            state = state._replace(place=tuple(places))
            hidden = self.others([item]) | self.others([target])
            yield Narrowed(condition=Count(thing=Thing(word=category), place=self.in_or_on(target)), hidden=hidden)

    def is_part_of(self, fixture: int, place: Place) -> bool:
        """Whether objects that must leave a place must not be put on a fixture."""
        return place.thing is None and is_place(self.state, fixture, place)

    # -- where ---------------------------------------------------------------------------------------------------------

    def bring(
        self, thing: Thing, number: int, place: Place | None, objects: Sequence[int], hidden: frozenset[int], *,
        exactly: bool = False,
    ) -> Iterable[Narrowed]:  # fmt: skip
        """Narrow "so many of these objects are like this there" to a plain place of this home."""
        unlike = self.others(objects, of=self.world.objects_of(thing.word))
        if place is not None and place.beside:
            if far := self.far_from_neighbors(place, objects):
                yield from self.put_again(thing, number, far)
                return
            if parts := self.gathered(thing, place, objects, number, alone=exactly):
                yield from parts
                return
        for plain_place, hidden_places in self.places(place, thing, objects):
            condition = Count(number=number, thing=thing, place=plain_place)
            yield Narrowed(condition=condition, hidden=hidden | hidden_places | (unlike - self.containers(plain_place)))

    def far_from_neighbors(self, place: Place, objects: Sequence[int]) -> list[int]:
        """Return the objects that share a place with a neighbor but are not beside it."""
        state = self.state
        holders = [(n, state.place[n]) for n in self.neighbors(place) if state.place[n] > NOWHERE]
        return [
            i
            for i in objects
            if any(n != i and holder == state.place[i] for n, holder in holders)
            and not is_at(state, i, place, self.initial_state)
        ]

    def put_again(self, thing: Thing, number: int, far: Sequence[int]) -> Iterable[Narrowed]:
        """Narrow `beside` to picking up, one by one, what shares the place already, and putting it there again."""
        for item in far[:number]:
            others, holder = self.others([item]), self.state.place[item]
            yield Narrowed(condition=Holding(thing=Thing(word=self.world.categories[item])), hidden=others)
            condition = Count(thing=thing, place=self.in_or_on(holder))
            yield Narrowed(condition=condition, hidden=others | self.others([holder]))

    def neighbors(self, place: Place) -> list[int]:
        """Return the objects that a `beside` names, in this state."""
        assert place.thing is not None
        return matching_objects(self.state, place.thing, place.inside, self.initial_state)

    def containers(self, place: Place | None) -> frozenset[int]:
        """Return the objects that can be the containers of a place; they are not hidden as objects to bring."""
        if place is None or place.thing is None:
            return frozenset()
        return frozenset(self.world.objects_of(place.thing.word)) | self.containers(place.inside)

    def places(
        self, place: Place | None, thing: Thing, objects: Sequence[int], *, at_hand: bool = False
    ) -> Iterable[tuple[Place | None, frozenset[int]]]:
        """Yield a plain place for a place, with the entities that it does not mean; nothing if there is none."""
        if place is None or _is_plain_place(place, self.world):
            yield place, frozenset()
            return
        if place.beside:
            yield from self.beside(place, objects)
            return
        if place.thing is not None:
            containers = [
                c
                for c in self.world.objects_of(place.thing.word)
                if can_match(self.state, c, place.thing, self.initial_state)
            ]
            hidden = self.others(containers, of=self.world.objects_of(place.thing.word))
            insides = self.places(place.inside, place.thing, containers, at_hand=True) if containers else ()
            for inside, more in insides:
                yield Place(thing=_plain(place.thing), inside=inside), hidden | more
            return
        fixtures = self.fixtures_for(place, thing, objects, at_hand=at_hand)
        if fixtures:
            category = self.world.categories[fixtures[0]]
            alike = [f for f in fixtures if self.world.categories[f] == category]
            yield Place(fixture=category), self.others(alike)

    def fixtures_for(self, place: Place, thing: Thing, objects: Sequence[int], *, at_hand: bool = False) -> list[int]:
        """Return the fixtures of a place that can take an object, or could if emptied; the usual ones first.

        `at_hand` is as in `choice.oddity`.
        """
        state, world = self.state, self.world
        fixtures = [f for f in fixtures_at(state, place) if world.relation[f] is not None]
        fixtures = [f for f in fixtures if f not in self.barred] or fixtures
        if not objects:
            return fixtures
        fixtures = [f for f in fixtures if any(world.fits(i, f) for i in objects)]
        fixtures = [f for f in fixtures if any(grounding.can_hold(state, f, i) for i in objects)] or fixtures
        if place.fixture is None and place.room is not None:
            item = choice.ranked(state, objects, thing, place)[0]
            return sorted(fixtures, key=lambda f: choice.oddity(state, f, item, thing, at_hand=at_hand))
        category = world.object_category[objects[0]]
        usual = category.at if category is not None else ()

        def rating(fixture: int) -> tuple[int, bool, int]:
            rank = usual_rank(world, fixture, usual)
            return len(usual) if rank is None else rank, world.enclosed[fixture], fixture

        return sorted(fixtures, key=rating)

    def by_place(self, thing: Thing, place: Place | None, objects: Sequence[int]) -> Iterable[list[int]]:
        """Share out objects for a room to its furniture: the dirty plate to the sink, the vase to a table."""
        groups: dict[str, list[int]] = {}
        for i in objects:
            name = ""
            if place is not None and place.thing is None and place.fixture is None and place.room is not None:
                fixtures = self.fixtures_for(place, thing, [i])
                name = self.world.categories[fixtures[0]] if fixtures else ""
            groups.setdefault(name, []).append(i)
        return groups.values()

    def beside(self, place: Place, objects: Sequence[int]) -> Iterable[tuple[Place, frozenset[int]]]:
        """Yield where a neighbor stands, for the first neighbor with room beside it."""
        world, state = self.world, self.state
        neighbors = self.neighbors(place)
        limited = self.limited(objects)
        units, relation = world.units, world.relation
        spared = self.kept.intersection(objects)
        for without, is_crowded in product(dict.fromkeys((spared, frozenset[int]())), (False, True)):
            for neighbor in neighbors:
                holder = state.place[neighbor]
                nested = [i for i in objects if self.is_nested(i, holder)]  # they would count as there already
                others = [i for i in objects if i not in (neighbor, holder, *nested) and i not in without]
                if holder <= NOWHERE or state.root(holder) in limited:
                    continue
                for i in others:  # if it is crowded, other things there make room
                    has_room = grounding.can_hold(state, holder, i)
                    if is_crowded and relation[holder] != "with":
                        fits = world.fits(i, holder)
                        has_room = fits and units[i] + units[neighbor] <= world.capacity[holder]
                    if has_room:
                        yield self.in_or_on(holder), self.others([holder]).union([neighbor], nested, without - {i})
                        return

    def limited(self, objects: Sequence[int]) -> frozenset[int]:
        """Return the fixtures where other conditions allow only so many of the objects, or none."""
        places = [
            c.place
            for c in self.phase
            if isinstance(c, Count | No | Every) and c.place is not None and c.place.thing is None
            and (isinstance(c, No) or getattr(c, "amount", "") in ("exactly", "at most"))
            and not set(objects).isdisjoint(self.usable(c.thing))
        ]  # fmt: skip
        return frozenset(f for place in places for f in fixtures_at(self.state, place))

    def is_nested(self, item: int, fixture: int) -> bool:
        """Whether an object is in something that is at a fixture."""
        return self.state.root(item) == fixture != self.state.place[item]

    def in_or_on(self, holder: int) -> Place:
        category = self.world.categories[holder]
        return Place(fixture=category) if holder < self.world.n_fixtures else Place(thing=Thing(word=category))

    def gathered(
        self, thing: Thing, place: Place, objects: Sequence[int], number: int, *, alone: bool
    ) -> list[Narrowed]:  # fmt: skip
        """Narrow `beside` to bringing neighbor and objects to furniture that takes them all.

        This is for a neighbor where nothing else fits, such as a kettle on its base, and for one that is not yet where
        it must be (`beside plate on desk`). A neighbor that is there stays there. Furniture with other such objects on
        it comes last for objects that are wanted `alone`.
        """
        state, world, inside = self.state, self.world, place.inside
        if next(iter(self.beside(place, objects)), None) is not None or place.thing is None:
            return []
        neighbors = self.neighbors(place)
        if inside is None:
            surfaces = self.surfaces(objects)
        elif inside.thing is None:
            surfaces = [f for f in fixtures_at(state, inside) if world.relation[f] is not None]
            neighbors = neighbors or choice.ranked(state, self.usable(place.thing), place.thing, inside)
        else:
            return []
        ranked = choice.ranked(state, objects, thing, inside)
        for neighbor in neighbors:
            others = [i for i in ranked if i != neighbor]
            for items in [others[:number]] if number > 1 else [[i] for i in others]:
                group = (neighbor, *items)
                crowd = {state.place[i] for i in others if i not in items} if alone else set[int]()
                nearest = sorted(surfaces, key=lambda f: (f != state.root(items[0]), f != state.root(neighbor), f))
                for f in sorted(nearest, key=lambda f: f in crowd):
                    moving = [i for i in group if state.place[i] != f]
                    if any(self.is_nested(i, f) or not world.fits(i, f) for i in group):
                        continue
                    if len(items) == number and sum(world.units[i] for i in moving) <= grounding.free_units(state, f):
                        return self.brought(moving, f)
        return []

    def surfaces(self, objects: Sequence[int]) -> list[int]:
        """Return the furniture on which objects can be put side by side."""
        world, limited = self.world, self.limited(objects) | self.barred
        surfaces = [
            f
            for f in range(world.n_fixtures)
            if world.relation[f] == "on" and not world.underfoot[f] and world.process[f] is None and f not in limited
        ]
        return [f for f in surfaces if world.kinds[f] not in choice.SILLY] or surfaces

    def brought(self, objects: Sequence[int], holder: int) -> list[Narrowed]:
        """Narrow the bringing of just these objects to a fixture or container, one condition for each category."""
        parts = []
        for category in dict.fromkeys(self.world.categories[i] for i in objects):
            alike = [i for i in objects if self.world.categories[i] == category]
            condition = Count(number=len(alike), thing=Thing(word=category), place=self.in_or_on(holder))
            parts.append(Narrowed(condition=condition, hidden=self.others(alike) | self.others([holder])))
        return parts

    # -- means and fixtures --------------------------------------------------------------------------------------------

    def hidden_by_means(self, means: str | None) -> frozenset[int]:
        """Return the appliances or tools that would be used instead of the means."""
        if means is None:
            return frozenset()
        world, domain = self.world, self.world.domain
        if means in domain.fixtures:
            others = all_appliances(world)
        else:
            category = domain.objects[means]
            names = [
                name
                for name, other in domain.objects.items()
                if (category.cuts and other.cuts) or (category.wipes and other.wipes)
            ]
            others = [e for name in names for e in world.entities_by_category.get(name, ())]
        return frozenset(e for e in others if world.categories[e] != means)

    def fixtures(self, condition: FixtureIs) -> Iterable[Narrowed]:
        state = self.state
        fixtures = fixtures_of(state, condition)
        words = list(condition.states)
        if condition.quantifier == "no":
            fixtures = [f for f in fixtures if all(state.has(f, s) for s in words)]
            opposite = opposite_of(self.world.domain, words[0])
            if opposite is None:
                yield from self.without_state(fixtures, words[0])
                return
            words = [opposite]
        unmet = [f for f in fixtures if not all(state.has(f, s) for s in words)]
        if condition.quantifier == "some":
            unmet = sorted(unmet, key=lambda f: (sum(not state.has(f, s) for s in words), f))[:1]
        order = sorted(words, key=lambda word: word in ("on", "closed"))  # what is on cannot be opened or closed
        order = ["off", *(w for w in order if w != "off")] if "off" in words else order
        for f in unmet:
            for word in order:
                if not state.has(f, word):
                    plain = FixtureIs(fixture=self.world.categories[f], states=(word,))
                    yield Narrowed(condition=plain, hidden=self.others([f]))

    def without_state(self, fixtures: Sequence[int], word: str) -> Iterable[Narrowed]:
        """Narrow `no` with a state that has no opposite, which a skill of the domain's own may take away."""
        for f in fixtures:
            plain = FixtureIs(quantifier="no", fixture=self.world.categories[f], states=(word,))
            yield Narrowed(condition=plain, hidden=self.others([f]))


def _plain(thing: Thing) -> Thing:
    return Thing(word=thing.word, states=thing.states, liquid=thing.liquid)
