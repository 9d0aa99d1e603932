"""Rehearses a plain condition: do its objects find room where they must go, one after another?

The rehearsal moves objects as the teacher does (`planner/corpus/teacher.py`), without steps in between. It ends with
the first thing that stands in the way: a place that is full (`Blocked`), a load that is too large (`TooMany`), a
vessel that must be emptied first (`FullVessel`), furniture that takes an object in a container only
(`NeedsContainer`), or one object of many that finds no room at all (`NoRoom`). `planner/goals/preparation.py` says what
is to be done about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import NOWHERE
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import can_match, fixtures_of, is_at, matching_objects, quantified_objects
from planner.goals import choice, grounding
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION
from planner.goals.means.appliances import APPLIANCES, STATE_ORDER, appliances_for
from planner.goals.means.kinds import is_burner, stands_on_burner

if TYPE_CHECKING:
    from envs.symbolic.actions import State

Chooser = Callable[["State", int], int | None]
"""Chooses the place for an object in a state, or None."""


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """A place has no room for objects, because of what is there; emptied, it could take at least the first.

    With `metal`, it is metal in the place that is in the way, not the lack of room.
    """

    holder: int
    objects: tuple[int, ...]
    metal: bool = False


@dataclass(frozen=True, kw_only=True)
class TooMany:
    """Only so many of a condition's objects find room at once."""

    number: int


@dataclass(frozen=True, kw_only=True)
class FullVessel:
    """A vessel must be emptied before something else is poured into it."""

    vessel: int


@dataclass(frozen=True, kw_only=True)
class NeedsContainer:
    """An object goes in or on none of the fixtures itself; in a container it may: an apple on a burner, in a pan."""

    item: int
    fixtures: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class NoRoom:
    """One of the objects that `every` is about finds no room, whatever is moved."""

    item: int


Hindrance = Blocked | TooMany | FullVessel | NeedsContainer | NoRoom


class _HinderedError(Exception):
    def __init__(self, hindrance: Hindrance) -> None:
        self.hindrance = hindrance


class Rehearsal:
    """The conditions of one chunk, rehearsed one after another.

    Args:
        state: The state at the beginning of the chunk.
        initial_state: The first state of the episode.
        phase: All conditions of the current phase.
        avoid: What is used only if there is nothing else.
        common_sense: As in `planner/goals/grounding.py`.
    """

    def __init__(
        self, state: State, initial_state: State, phase: Sequence[Condition], avoid: frozenset[int], *,
        common_sense: bool,
    ) -> None:  # fmt: skip
        """Begin in a state."""
        self.state = self.choice_state = state
        self.initial_state = initial_state
        self.phase, self.avoid, self.common_sense = phase, avoid, common_sense
        self.taken = grounding.satisfied_objects(state, phase)
        self.aim: Condition | None = None  # the condition of the phase that is rehearsed
        self.is_about_all = False
        self.is_stuck = False  # something finds no room, whatever is out of the way

    def hindrance(self, condition: Condition, hidden: frozenset[int], aim: Condition | None) -> Hindrance | None:
        """Rehearse a plain condition with some entities hidden; return what stands in the way.

        `aim` is the condition of the phase that it is for.
        """
        states = self.state, self.choice_state, self.initial_state
        self.aim, self.is_stuck = aim, False
        if hidden:
            world = self.state.world.without(hidden)
            self.state, self.choice_state, self.initial_state = (s._replace(world=world) for s in states)
        try:
            self._rehearse(condition)
        except _HinderedError as error:
            return error.hindrance
        finally:
            world = states[0].world
            self.state = self.state._replace(world=world)
            self.choice_state, self.initial_state = states[1:]
        return None

    def _rehearse(self, condition: Condition) -> None:
        self.is_about_all = isinstance(condition, Every)
        if isinstance(condition, Count):
            self._count(condition)
        elif isinstance(condition, Every):
            self._every(condition)
        elif isinstance(condition, No):
            self._none(condition)
        elif isinstance(condition, Holding):
            self._holding(condition)
        elif condition.states[0] == "watered":
            self._watered(condition)

    # -- conditions ----------------------------------------------------------------------------------------------------

    def _count(self, condition: Count) -> None:
        thing, place = condition.thing, condition.place
        satisfied = matching_objects(self.state, thing, place)
        missing = condition.number - len(satisfied)
        if missing <= 0:
            return
        objects = grounding.candidates(
            self.choice_state, thing, place, taken=self._taken_by_others(condition), avoid=self.avoid,
            common_sense=self.common_sense, number=missing,
        )  # fmt: skip
        objects = [item for item in objects if item not in satisfied][:missing]
        if len(objects) < missing:
            self._full_vessel(thing)
            return
        self.taken |= dict.fromkeys(objects, place)
        self._bring_about(objects, thing, place)

    def _every(self, condition: Every) -> None:
        objects = quantified_objects(self.initial_state, condition)
        place = condition.place
        if place is not None:
            objects = [item for item in objects if not is_at(self.state, item, place)]
        else:
            objects = [item for item in objects if not all(self.state.has(item, s) for s in condition.become)]
        if objects:
            self._bring_about(
                objects[:MAX_OBJECTS_PER_CONDITION], Thing(word="anything", states=condition.become), place
            )

    def _none(self, condition: No) -> None:
        objects = matching_objects(self.state, condition.thing, condition.place)[:MAX_OBJECTS_PER_CONDITION]
        if condition.place is None:
            if objects and (instead := grounding.state_instead(self.state.world.domain, condition.thing)) is not None:
                self._bring_about(objects, Thing(word="anything", states=(instead,)), None)
            return
        for item in objects:
            target = grounding.alternative_place(
                self.state, item, condition.place, self.avoid, common_sense=self.common_sense
            )
            if target is not None:
                self._move(item, target)

    def _holding(self, condition: Holding) -> None:
        thing = condition.thing
        ready = matching_objects(self.choice_state, thing)
        objects = [*ready, *grounding.candidates(self.choice_state, thing, None, avoid=self.avoid)]
        if not objects:
            self._full_vessel(thing)
            return
        if self.common_sense:
            objects = choice.ranked(self.choice_state, objects, thing, None, self._taken_by_others(condition))
        elif ready:
            objects = sorted(
                ready, key=lambda i: (self.taken.get(i) is not None, grounding.reach_cost(self.choice_state, i))
            )
        self._bring_about(objects[:1], thing, None)

    def _watered(self, condition: FixtureIs) -> None:
        unmet = [f for f in fixtures_of(self.state, condition) if not self.state.has(f, "watered")]
        if not unmet or condition.quantifier == "no":
            return
        vessel = grounding.tool_for(self.state, "waters", self.avoid, common_sense=self.common_sense)
        if vessel is None:
            full = [i for i, c in enumerate(self.state.world.object_category) if c is not None and c.fills]
            if full:
                raise _HinderedError(FullVessel(vessel=min(full, key=lambda i: (i in self.avoid, i))))
        elif self.state.liquid[vessel] != "water":
            self._fill([vessel], "water")

    def _taken_by_others(self, condition: Condition) -> dict[int, Place | None]:
        if not self.common_sense:
            return self.taken
        others = [c for c in self.phase if c != self.aim]
        claimed = choice.claimed(self.choice_state, condition, others, self.initial_state)
        return dict.fromkeys(claimed) | self.taken

    # -- what the objects of a condition go through -------------------------------------------------------------------

    def _bring_about(self, objects: Sequence[int], wanted: Thing, place: Place | None) -> None:
        self._change(objects, wanted)
        if wanted.liquid:
            self._fill([i for i in objects if self.state.liquid[i] != wanted.liquid], wanted.liquid)
        if place is not None:
            self._bring(objects, place)

    def _change(self, objects: Sequence[int], wanted: Thing) -> None:
        order = STATE_ORDER
        for word in sorted(wanted.states, key=lambda s: order.index(s) if s in order else len(order)):
            remaining = [item for item in objects if not self.state.has(item, word)]
            if word in ("sliced", "folded"):
                for item in remaining:
                    self._onto_surface(item)
            elif word == "cooked":
                self._place_all(remaining, self._cooker, shown=self._cookers(remaining))
            elif word in APPLIANCES or any(appliances_for(self.state, word, item) for item in remaining[:1]):
                groups = [group for i in remaining[:1] for group in appliances_for(self.state, word, i)]
                choose = self._appliance(word)
                shown = frozenset(choose(self.choice_state, item) for item in remaining)
                self._place_all(remaining, choose, [f for group in groups for f in group], shown=shown)

    def _appliance(self, word: str) -> Chooser:
        return lambda state, item: grounding.appliance_for(
            state, word, item, self.avoid, common_sense=self.common_sense
        )

    def _cooker(self, state: State, item: int) -> int | None:
        """Choose where an object is cooked, as `_Teacher.cook`: an appliance, or a vessel on a burner with room."""
        fixture = grounding.appliance_for(state, "cooked", item, self.avoid, common_sense=self.common_sense)
        if fixture is None or not is_burner(state.world, fixture):
            return fixture
        vessel = grounding.cooking_vessel(state, item, self.avoid, common_sense=self.common_sense)
        if vessel is None:
            return None
        stands_on = state.place[vessel]
        if stands_on_burner(state.world, stands_on):
            return vessel
        if not grounding.can_hold(state, fixture, vessel):
            return None
        self.state = _moved(self.state, vessel, fixture)
        return vessel

    def _cookers(self, objects: Sequence[int]) -> frozenset[int | None]:
        """Return where objects would be cooked if each were the only one; these are what the facts show."""
        state = self.choice_state
        cookers = set[int | None]()
        for item in objects:
            fixture = grounding.appliance_for(state, "cooked", item, self.avoid, common_sense=self.common_sense)
            cookers.add(fixture)
            if fixture is not None and is_burner(state.world, fixture):
                cookers.add(grounding.cooking_vessel(state, item, self.avoid, common_sense=self.common_sense))
        return frozenset(cookers)

    def _fill(self, vessels: Sequence[int], liquid: str) -> None:
        def source(state: State, vessel: int) -> int | None:
            origin = grounding.liquid_source(state, liquid, vessel, self.avoid, common_sense=self.common_sense)
            return state.place[vessel] if origin is not None and origin >= state.world.n_fixtures else origin

        self._place_all(vessels, source)

    def _onto_surface(self, item: int) -> None:
        root = self.state.root(item)
        if root < 0 or self.state.world.enclosed[root] or self.state.world.relation[root] != "on":
            self._place_all([item], lambda state, i: grounding.open_surface(state, i, avoid=self.avoid))

    def _bring(self, objects: Sequence[int], place: Place) -> None:
        if place.fixture is not None:
            self._bring_to_fixture(objects, place, place.fixture)
            return
        container = self._container(self.choice_state, objects, place)
        if container is None:
            container = next(
                (c for state in self._emptied(objects) if (c := self._container(state, objects, place)) is not None),
                None,
            )
        if container is None or place.thing is None:
            if self.is_about_all:
                raise _HinderedError(NoRoom(item=objects[0]))
            return
        self.taken[container] = place.inside
        self._place_all(objects, lambda state, item: container if grounding.can_hold(state, container, item) else None)
        self._change([container], place.thing)
        if place.inside is not None and not is_at(self.state, container, place.inside):
            self._bring([container], place.inside)

    def _container(self, state: State, objects: Sequence[int], place: Place) -> int | None:
        return grounding.choose_container(
            state, place, list(objects), taken=self.taken, avoid=self.avoid, common_sense=self.common_sense
        )

    def _bring_to_fixture(self, objects: Sequence[int], place: Place, category: str) -> None:
        fixtures = grounding.fixtures_of(self.state, category)

        def choose(state: State, items: list[int]) -> int | None:
            return grounding.choose_fixture(state, fixtures, items, avoid=self.avoid, common_sense=self.common_sense)

        if all(self.state.world.relation[f] == "with" for f in fixtures):
            return  # hands are never full
        current = choose(self.choice_state, list(objects))

        def target(state: State, item: int) -> int | None:
            nonlocal current
            if current is None or not grounding.can_hold(state, current, item):  # full: the next one of its category
                current = choose(state, [item])
            return state.place[item] if is_at(state, item, place) else current

        self._place_all(objects, target, fixtures)

    # -- room ----------------------------------------------------------------------------------------------------------

    def _place_all(
        self, objects: Sequence[int], choose: Chooser, fixtures: Sequence[int] = (), *,
        shown: frozenset[int | None] = frozenset(),
    ) -> None:  # fmt: skip
        """Place objects one after another; stop at the first for which there is no place.

        `fixtures` are those that would do if the object were in a container. `shown` are the places that the facts
        show, if they do not show all: what finds no room there is left to the next chunk.
        """
        for k, item in enumerate(objects):
            holder = choose(self.state, item)
            if holder is None or (shown and holder not in shown and k):
                if k:
                    raise _HinderedError(TooMany(number=k))
                if fixtures and self.common_sense and choice.has_metal(self.state, item):
                    self._metal_inside(item)
                self._look_behind(objects, choose)
                if fixtures:
                    raise _HinderedError(NeedsContainer(item=item, fixtures=tuple(fixtures)))
                if self.is_about_all:
                    raise _HinderedError(NoRoom(item=item))
                self.is_stuck = True
                return  # no room even if everything is out of the way
            if holder != NOWHERE and holder != item:
                self._move(item, holder)

    def _metal_inside(self, item: int) -> None:
        """Stop at an object that is not of metal itself, with metal in it."""
        if not choice.is_metal(self.state, item):
            raise _HinderedError(Blocked(holder=item, objects=(), metal=True))

    def _look_behind(self, objects: Sequence[int], choose: Chooser) -> None:
        """Find the place that would be chosen if other things were out of the way."""
        before = self.state
        for emptied in self._emptied(objects):
            self.state = emptied
            holder = choose(emptied, objects[0])
            after = self.state
            self.state = before
            if holder is None or holder < 0:
                continue
            stands_on = after.place[holder]
            if stands_on != before.place[holder] and grounding.can_hold(before, holder, objects[0]):
                raise _HinderedError(Blocked(holder=stands_on, objects=(holder,)))  # a pan finds no room on its burner
            raise _HinderedError(Blocked(holder=holder, objects=tuple(objects)))

    def _emptied(self, objects: Sequence[int]) -> list[State]:
        """Return the state without what may be moved away: first without plain things, then without containers too."""
        world = self.state.world
        kept = {*objects, *choice.needed_where_they_are(self.state, self.phase, self.initial_state)}
        states = []
        for with_containers in (False, True):
            places = list(self.state.place)
            for i in range(world.n_fixtures, len(world.names)):
                category = world.object_category[i]
                is_container = category is not None and category.holds is not None
                if i not in kept and places[i] >= 0 and (with_containers or not is_container):
                    places[i] = NOWHERE
            states.append(self.state._replace(place=tuple(places)))
        return states

    def _move(self, item: int, holder: int) -> None:
        self.state = _moved(self.state, item, holder)

    def _full_vessel(self, thing: Thing) -> None:
        """Stop at a vessel that something else must be poured out of."""
        if thing.liquid is None:
            return
        vessels = [
            i
            for i in self.state.world.objects_of(thing.word)
            if can_match(self.choice_state, i, Thing(word=thing.word))
            and (category := self.state.world.object_category[i]) is not None
            and category.fills
            and self.choice_state.liquid[i] not in ("", thing.liquid)
            and not grounding.is_avoided(self.choice_state, i, self.avoid)
        ]
        if vessels:
            raise _HinderedError(FullVessel(vessel=choice.ranked(self.choice_state, vessels, thing, None)[0]))


def _moved(state: State, item: int, holder: int) -> State:
    places = list(state.place)
    places[item] = holder
    held = NOWHERE if state.held == item else state.held
    return state._replace(place=tuple(places), held=held)
