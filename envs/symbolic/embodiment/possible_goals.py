"""Which conditions a robot can bring about in a home, at most, and with which objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import (
    can_match,
    fixtures_at,
    fixtures_of,
    has_result,
    is_at,
    matching_objects,
    number_required,
    quantified_objects,
    targets,
)

if TYPE_CHECKING:
    from envs.symbolic.embodiment.possible import Possible
    from envs.symbolic.state import State


class PossibleGoals:
    """Judges conditions by what is possible; `initial_state` is the first of the episode."""

    def __init__(self, possible: Possible, initial_state: State) -> None:
        """Judge by `possible`, from the state where that begins."""
        self.possible, self.state, self.world = possible, possible.state, possible.world
        self.initial_state = initial_state

    def may_hold(self, condition: Condition) -> bool:
        """Whether a condition can be brought about, at most."""
        if isinstance(condition, FixtureIs):
            return self._furniture(condition)
        if isinstance(condition, No):
            return self._at_most(condition.thing, condition.place, 0)
        means = getattr(condition, "means", None)
        if means in self.world.domain.objects and self.possible.holdable.isdisjoint(self.world.objects_of(means)):
            return False  # a tool or vessel is used in the hand
        if isinstance(condition, Every):
            chosen = quantified_objects(self.initial_state, condition)
            low, _ = number_required(self.initial_state, condition)
            return sum(self.serves(i, condition) for i in chosen) >= low
        objects = [i for i in self.world.objects_of(condition.thing.word) if self.serves(i, condition)]
        if isinstance(condition, Holding):
            return bool(objects)
        place, number = condition.place, condition.number
        if condition.amount in ("exactly", "at most") and not (place is not None and place.every):
            if not self._at_most(condition.thing, place, number):
                return False
            if condition.amount == "at most":
                return True
        if condition.amount == "more":
            number += len(matching_objects(self.initial_state, condition.thing, place, self.initial_state))
        if place is not None and place.every:
            goals = targets(self.state, place, self.initial_state)
            return all(sum(self._at_target(i, t, beside=place.beside) for i in objects) >= number for t in goals)
        return len(objects) >= number

    def serves(self, item: int, condition: Condition) -> bool:
        """Whether one object can be as a condition asks for."""
        if isinstance(condition, FixtureIs | No):
            return False
        if isinstance(condition, Every):
            asked, place = Thing(word=condition.thing.word, states=condition.become), condition.place
            if has_result(self.state, item, condition, self.initial_state):
                return True
        else:
            asked, place = condition.thing, getattr(condition, "place", None)
            if not can_match(self.state, item, asked, self.initial_state):
                return False
        if isinstance(condition, Holding) and item not in self.possible.holdable:
            return False
        if not self._can_be_like(item, asked):
            return False
        return place is None or place.every or self.can_be_at(item, place)

    def can_be_at(self, item: int, place: Place) -> bool:
        """Whether an object can be at a place."""
        if is_at(self.state, item, place, self.initial_state):
            return True
        roots = self.possible.roots
        if place.thing is None:
            return not roots[item].isdisjoint(fixtures_at(self.state, place))
        others = [
            i
            for i in self.world.objects_of(place.thing.word)
            if i != item and can_match(self.state, i, place.thing, self.initial_state)
            and self._can_be_like(i, place.thing)
            and (place.inside is None or self.can_be_at(i, place.inside))
        ]  # fmt: skip
        if place.beside:
            return any(self._can_be_beside(item, other) for other in others)
        return any(self._can_be_within(item, other) for other in others)

    def _can_be_within(self, item: int, holder: int) -> bool:
        """Whether an object can be in or on another, perhaps in a third one that is."""
        if self.possible.can_be_in(item, holder):
            return True
        between = (i for i in self.world.containers if i not in (item, holder))
        return any(self.possible.can_be_in(item, i) and self.possible.can_be_in(i, holder) for i in between)

    def _can_be_beside(self, item: int, other: int) -> bool:
        holdable, roots = self.possible.holdable, self.possible.roots
        return (item in holdable or other in holdable) and not roots[item].isdisjoint(roots[other])

    def _at_target(self, item: int, target: int, *, beside: bool) -> bool:
        if item == target:
            return False
        if beside:
            return item in self.state.neighbors(target) or self._can_be_beside(item, target)
        if target < self.world.n_fixtures:
            return target in self.possible.roots[item]
        return self._can_be_within(item, target)

    def _can_be_like(self, item: int, thing: Thing) -> bool:
        """Whether an object can have the states and the liquid of a description."""
        if thing.liquid is not None and thing.liquid not in self.possible.liquids[item]:
            return False
        return all(self.possible.can_be(item, word) for word in thing.states)

    def _at_most(self, thing: Thing, place: Place | None, number: int) -> bool:
        """Whether all but so many of the objects that match a description at a place can cease to."""
        matching = matching_objects(self.state, thing, place, self.initial_state)
        return sum(not self._can_cease(i, thing, place) for i in matching) <= number

    def _can_cease(self, item: int, thing: Thing, place: Place | None) -> bool:
        possible, negations = self.possible, self.world.domain.negations
        for word in thing.states:
            positive = negations.get(word)
            if item in (possible.true[positive] if positive is not None else possible.false[word]):
                return True
        if thing.liquid is not None and possible.liquids[item] != {thing.liquid}:
            return True
        if place is None:
            return False
        carried = item
        while carried >= self.world.n_fixtures:  # it leaves in what it is in
            if carried in possible.holdable:
                return True
            carried = self.state.place[carried]
        if place.beside or place.thing is not None:  # or the others leave
            return not possible.holdable.isdisjoint(self.world.objects_of(place.thing.word if place.thing else ""))
        return False

    def _furniture(self, condition: FixtureIs) -> bool:
        fixtures = fixtures_of(self.state, condition)
        if condition.quantifier == "no":
            return all(any(self._can_lose(f, word) for word in condition.states) for f in fixtures)
        able = [all(self.possible.can_be(f, word) for word in condition.states) for f in fixtures]
        return all(able) if condition.quantifier == "every" else any(able)

    def _can_lose(self, fixture: int, word: str) -> bool:
        positive = self.world.domain.negations.get(word)
        return fixture in (self.possible.true[positive] if positive is not None else self.possible.false[word])
