"""Determines what must be found before a goal can be planned on the belief.

A condition may need unknown objects, tools for its changes, a look at every place that may hold objects of an `every`
or `no`, and a look at fixtures whose states are only assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import achievers, categories_of_kind
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import can_match, fixtures_of, holds, matching_objects, quantified_objects
from planner.goals import grounding
from planner.goals.means.appliances import APPLIANCES
from planner.goals.means.kinds import cooking_vessels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.actions import State
    from planner.world_model.belief import Belief


@dataclass(frozen=True, kw_only=True)
class InformationNeed:
    """Something to search for.

    Attributes:
        label: In plain words: `mug`, `dirty plate`, `something to cut with`.
        words: Categories of object, any of which is suitable; empty if only `fixtures` must be looked at.
        states: States that the object must already have, because the robot cannot change them.
        properties: Properties that it must have.
        number: How many more objects are needed.
        have: How many suitable objects are known.
        every: Whether all objects of the kind are needed, so that every possible place must be searched.
        only_in: The only category of fixture to look at; empty for all.
        fixtures: Fixtures to look at, if their states are needed.
    """

    label: str
    words: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()
    properties: tuple[str, ...] = ()
    number: int = 1
    have: int = 0
    every: bool = False
    only_in: str = ""
    fixtures: frozenset[str] = frozenset()


def information_needs(
    condition: Condition, belief: Belief, *, avoid: frozenset[str] = frozenset()
) -> tuple[InformationNeed, ...]:
    """Return what a condition needs that is not known, objects before tools.

    An `every` or `no` always has a need for all objects; `planner.exploration.search_order` determines whether there is
    still a place to search.

    Args:
        condition: The condition.
        belief: The robot's belief.
        avoid: Names of objects not to use.
    """
    state, initial_state = belief.states()
    index = state.world.index
    finder = _NeedFinder(state, initial_state, belief, frozenset(index[name] for name in avoid if name in index))
    return tuple(finder.needs_of(condition))


def deduplicate_needs(needs: Sequence[InformationNeed]) -> list[InformationNeed]:
    """Remove duplicates, and needs for single objects of a category if another need is for all its objects."""
    words_sought_everywhere = {word for need in needs if need.every and not need.only_in for word in need.words}
    distinct = [need for need in needs if need.every or not set(need.words) <= words_sought_everywhere]
    return list(dict.fromkeys(distinct))


class _NeedFinder:
    def __init__(self, state: State, initial_state: State, belief: Belief, avoid: frozenset[int]) -> None:
        self.state, self.initial_state, self.belief, self.avoid = state, initial_state, belief, avoid
        self.domain = state.world.domain

    def needs_of(self, condition: Condition) -> Iterator[InformationNeed]:
        if isinstance(condition, FixtureIs):
            yield from self.fixture_needs(condition)
        elif isinstance(condition, Every):
            yield self.all_objects_need(condition.thing, "every", "")
            initial_subjects = quantified_objects(self.initial_state, condition)
            if not initial_subjects:
                yield self.object_need(condition.thing, 1)
            elif not holds(self.state, condition, self.initial_state):
                yield from self.tool_needs(condition.become, initial_subjects)
            yield from self.container_needs(condition.place)
        elif isinstance(condition, No):
            place = condition.place
            yield self.all_objects_need(condition.thing, "any", (place.fixture or "") if place is not None else "")
        elif not holds(self.state, condition, self.initial_state):
            place = condition.place if isinstance(condition, Count) else None
            number = condition.number if isinstance(condition, Count) else 1
            yield from self.quantity_needs(condition, place, number)

    def quantity_needs(self, condition: Count | Holding, place: Place | None, number: int) -> Iterator[InformationNeed]:
        thing = condition.thing
        satisfying = matching_objects(self.state, thing, place)
        others = grounding.candidates(self.state, thing, place, avoid=self.avoid)
        usable = satisfying + [i for i in others if can_match(self.state, i, thing, self.initial_state)]
        if len(usable) < number:
            yield self.object_need(thing, number - len(usable), n_usable=len(usable))
        yield from self.tool_needs(thing.states, usable, categories=self.domain.resolve(thing.word))
        if thing.liquid is not None and not satisfying:
            yield from self.liquid_needs(thing, usable)
        yield from self.container_needs(place)

    def object_need(self, thing: Thing, number: int, n_usable: int = 0) -> InformationNeed:
        achievable = {*APPLIANCES, *self.domain.negations}
        kinds = self.domain.resolve(thing.word)
        required = frozenset(
            word
            for word in thing.states
            if word not in achievable and not any(achievers(self.domain, kind, word) for kind in kinds)
        )
        words = tuple(word for word in self.domain.resolve(thing.word) if self.can_become(word, thing))
        return InformationNeed(
            label=" ".join([*thing.properties, *sorted(required), thing.word]), words=words, states=required,
            properties=thing.properties, number=number, have=n_usable,
        )  # fmt: skip

    def can_become(self, word: str, thing: Thing) -> bool:
        category = self.domain.objects[word]
        possible = {"sliced": category.slices, "cooked": category.cooks, "folded": category.folds}
        holds_it = thing.liquid is None or category.fills or category.contains == thing.liquid
        return holds_it and all(possible.get(state_name, True) for state_name in thing.states)

    def all_objects_need(self, thing: Thing, quantifier: str, only_in: str) -> InformationNeed:
        label = " ".join([quantifier, *thing.properties, *thing.states, thing.word])
        return InformationNeed(label=label, words=self.domain.resolve(thing.word), every=True, only_in=only_in)

    def tool_needs(
        self, states: Sequence[str], usable: Sequence[int], categories: Sequence[str] = ()
    ) -> Iterator[InformationNeed]:
        objects = self.domain.objects
        missing_states = {
            state_name for state_name in states if not usable or not all(self.state.has(i, state_name) for i in usable)
        }
        if "sliced" in missing_states and grounding.tool_for(self.state, "cuts") is None:
            words = tuple(name for name, category in objects.items() if category.cuts)
            yield InformationNeed(label="something to cut with", words=words)
        for word in missing_states:
            yield from self.own_skill_needs(word, categories or [self.state.world.categories[i] for i in usable[:1]])
        if "cooked" in missing_states and not self.can_cook(usable, categories):
            words = tuple(n for n, c in objects.items() if c.holds is not None and "cookware" in c.classes)
            yield InformationNeed(label="pan or pot", words=words)

    def own_skill_needs(self, word: str, categories: Sequence[str]) -> Iterator[InformationNeed]:
        """Yield the things that skills of the domain's own hold to give things of some categories a state."""
        domain, known = self.domain, self.state.world.entities_by_category
        ways = [skill for name in categories[:1] for skill, _ in achievers(domain, name, word)]
        held = [[p.atom.terms[0].kind for p in s.preconditions if p.atom.predicate == "holding"] for s in ways]
        kinds = [[k for k in some if categories_of_kind(domain, k).isdisjoint(known)] for some in held]
        for kind in min(kinds, key=len, default=[]):
            words = tuple(name for name in domain.objects if name in categories_of_kind(domain, kind))
            yield InformationNeed(label=kind, words=words)

    def can_cook(self, usable: Sequence[int], categories: Sequence[str]) -> bool:
        """Whether something to cook in is known, or none is needed."""
        if usable:
            return any(grounding.appliance_for(self.state, "cooked", i) is not None for i in usable)
        world = self.state.world
        is_bread = [self.domain.kind_of[name] for name in categories] == ["bread"]
        if world.alike("oven") or (world.alike("toaster") and is_bread):
            return True
        return bool(cooking_vessels(world))

    def liquid_needs(self, thing: Thing, usable: Sequence[int]) -> Iterator[InformationNeed]:
        assert thing.liquid is not None
        if any(grounding.liquid_source(self.state, thing.liquid, i) is not None for i in usable):
            return
        world = self.state.world
        dispensers = [p for p in world.process[: world.n_fixtures] if p is not None and p.fill == thing.liquid]
        if not usable and (dispensers or thing.liquid in self.state.liquid):
            return
        words = tuple(name for name, category in self.domain.objects.items() if category.contains == thing.liquid)
        yield InformationNeed(label=thing.liquid, words=words)

    def container_needs(self, place: Place | None) -> Iterator[InformationNeed]:
        if place is None or place.thing is None:
            return
        known = self.state.world.objects_of(place.thing.word)
        is_known = any(can_match(self.state, i, place.thing, self.initial_state) for i in known)
        if place.beside:
            if not is_known:
                yield self.object_need(Thing(word=place.thing.word, properties=place.thing.properties), 1)
        elif not is_known or grounding.choose_container(self.state, place, []) is None:
            words = tuple(
                word for word in self.domain.resolve(place.thing.word) if self.domain.objects[word].holds is not None
            )
            label = " ".join([*place.thing.properties, place.thing.word])
            yield InformationNeed(label=label, words=words, properties=place.thing.properties)
        yield from self.container_needs(place.inside)

    def fixture_needs(self, condition: FixtureIs) -> Iterator[InformationNeed]:
        state, names = self.state, self.state.world.names
        fixtures = fixtures_of(state, condition)
        uninspected = [i for i in fixtures if names[i] not in self.belief.inspected]
        if condition.quantifier == "some":
            if any(state.has(i, condition.states[0]) for i in fixtures if i not in uninspected):
                return
            uninspected = [i for i in uninspected if state.has(i, condition.states[0])]  # its state is only assumed
        if uninspected:
            label = f"whether a {condition.fixture} is {condition.states[0]}"
            yield InformationNeed(label=label, every=True, fixtures=frozenset(names[i] for i in uninspected))
        if holds(state, condition, self.initial_state):
            return
        objects = self.domain.objects
        yield from self.own_skill_needs(condition.states[0], [state.world.categories[i] for i in fixtures[:1]])
        if grounding.needs_wiping(condition) and grounding.tool_for(state, "wipes") is None:
            yield InformationNeed(
                label="something to wipe with",
                words=tuple(name for name, category in objects.items() if category.wipes),
            )
        if condition.states[0] == "watered" and grounding.tool_for(state, "waters") is None:
            vessels = ("watering can", "glass", "cup", "mug", "kettle", "pot", "bowl")
            words = tuple(name for kind in vessels for name in self.domain.alike.get(kind, ()))
            yield InformationNeed(label="something to water with", words=words)
