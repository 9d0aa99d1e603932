"""Conditions, tests and rules as formulas over the objects of a home, as `envs/symbolic/scoring.py` defines them.

What never changes is decided here, in the state at the start: categories, colors and owners, where things come from,
which objects a choice is made from, how many `1 more` or `half of` are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.domain.achievers import achievers
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Goal, Holding, No, Place, Test, Thing
from envs.symbolic.scoring import (
    can_match,
    fixtures_at,
    fixtures_of,
    has_result,
    matching_objects,
    number_required,
    quantified_objects,
)
from planner.plans.formulas.formula import FALSE, TRUE, Atom, Formula, Zone, all_of, any_of, at_least, is_true, negated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envs.symbolic.state import State, World


class Grounder:
    """Writes conditions as formulas.

    Args:
        initial_state: The state at the start.
    """

    def __init__(self, initial_state: State) -> None:
        self.initial_state, self.world = initial_state, initial_state.world
        self._zones: dict[Place, Zone] = {}
        self._single_zones: dict[int, Zone] = {}

    def phase(self, goal: Goal, phase: int) -> Formula:
        """Return the formula of all conditions of a phase."""
        return all_of(*(self.condition(c) for c in goal.phases[phase]))

    def tests(self, tests: Iterable[Test]) -> Formula:
        """Return the formula that tests are all true."""
        return all_of(*(self._test(test) for test in tests))

    def _test(self, test: Test) -> Formula:
        formula = self.condition(test.condition, by_means=False)
        return negated(formula) if test.negated else formula

    def condition(self, condition: Condition, *, by_means: bool = True) -> Formula:
        """Return the formula of a condition.

        Args:
            condition: The condition.
            by_means: Whether `by` is asked for; it is not in tests and rules.
        """
        if isinstance(condition, Count):
            return self._count(condition, condition.means if by_means else None)
        if isinstance(condition, No):
            objects = self._candidates(condition.thing)
            return all_of(*(negated(self._matches_at(i, condition.thing, condition.place)) for i in objects))
        if isinstance(condition, Holding):
            objects = self._candidates(condition.thing)
            held = [all_of(Atom(relation="held", entity=i), self._matches(i, condition.thing)) for i in objects]
            return any_of(*held)
        if isinstance(condition, FixtureIs):
            return self._fixture(condition)
        return self._choice(condition, condition.means if by_means else None)

    def _fixture(self, condition: FixtureIs) -> Formula:
        start = self.initial_state
        fixtures = fixtures_of(start, condition)
        formulas = [self._in_states(f, condition.states) for f in fixtures]
        if condition.quantifier != "every":
            return any_of(*formulas) if condition.quantifier == "some" else all_of(*map(negated, formulas))
        others = set(fixtures_of(start, replace(condition, excluded=None))).difference(fixtures)
        kept_out = [f for f in sorted(others) if not all(start.has(f, s) for s in condition.states)]
        formulas += [negated(self._in_states(f, condition.states)) for f in kept_out]
        return all_of(*formulas) if fixtures else FALSE

    def _in_states(self, i: int, states: Iterable[str]) -> Formula:
        return all_of(*(self._has(i, s) for s in states))

    def _count(self, condition: Count, means: str | None) -> Formula:
        thing, place, number = condition.thing, condition.place, condition.number
        objects = self._candidates(thing)
        formulas = [self._matches(i, thing) for i in objects]
        if means is not None:
            before = None if thing.states or thing.liquid else place
            was_so = set(matching_objects(self.initial_state, thing, before, self.initial_state))
            formulas = [
                f if i in was_so else all_of(f, Atom(relation="used", entity=i, word=means))
                for i, f in zip(objects, formulas, strict=True)
            ]
        if place is not None and place.every:
            return self._at_every_place(condition, objects, formulas)
        if place is not None:
            formulas = [all_of(f, self._at(i, place)) for i, f in zip(objects, formulas, strict=True)]
        if condition.amount == "more":
            number += len(matching_objects(self.initial_state, thing, place, self.initial_state))
        return _amount(condition, number, formulas)

    def _at_every_place(self, condition: Count, objects: Sequence[int], formulas: Sequence[Formula]) -> Formula:
        """Return that the number holds at each target; objects are targets that match at the start or at the end."""
        place = condition.place
        assert place is not None
        if place.thing is None:
            targets: dict[int, Formula] = dict.fromkeys(fixtures_at(self.initial_state, place), TRUE)
        else:
            before = matching_objects(self.initial_state, place.thing, place.inside, self.initial_state)
            targets = {
                t: TRUE if t in before else self._matches_at(t, place.thing, place.inside)
                for t in self._candidates(place.thing)
            }
        start, each = self.initial_state, []
        matched = matching_objects(start, condition.thing, None, start) if condition.amount == "more" else []
        for target, is_target in targets.items():
            there = {i: self._at_target(i, target, place) for i in objects if i != target}
            number = condition.number + sum(is_true(there[i], start) for i in matched if i != target)
            formulas_there = [all_of(f, there[i]) for i, f in zip(objects, formulas, strict=True) if i != target]
            each.append(any_of(negated(is_target), _amount(condition, number, formulas_there)))
        return all_of(any_of(*targets.values()), *each)

    def _at_target(self, i: int, target: int, place: Place) -> Formula:
        if place.beside:
            return Atom(relation="beside", entity=i, other=target)
        zone = self._single_zones.setdefault(target, Zone(((target, TRUE),)))
        return Atom(relation="in", entity=i, zone=zone)

    def _choice(self, condition: Every, means: str | None) -> Formula:
        start = self.initial_state
        objects = quantified_objects(start, condition)
        low, high = number_required(start, condition)
        if not objects or low < 0 or high > len(objects):
            return FALSE
        results = {i: self._result(i, condition) for i in objects}
        new = {i: result for i, result in results.items() if not has_result(start, i, condition, start)}
        parts = [at_least(low, results.values()), negated(at_least(high + 1, new.values()))]
        if condition.selection in ("all but", "half"):
            parts.append(negated(at_least(max(high, len(results) - len(new)) + 1, results.values())))
        if means is not None:
            used = {i: Atom(relation="used", entity=i, word=means) for i in new}
            # Where all are chosen, this says the same without a negation.
            parts += [used[i] if low == len(objects) else any_of(negated(f), used[i]) for i, f in new.items()]
        if condition.excluded is not None:
            others = set(matching_objects(start, condition.thing, None, start)).difference(objects)
            parts += [
                negated(self._result(i, condition))
                for i in sorted(others) if not has_result(start, i, condition, start)
            ]  # fmt: skip
        return all_of(*parts)

    def _result(self, i: int, condition: Every) -> Formula:
        place = self._at(i, condition.place) if condition.place is not None else TRUE
        return all_of(place, *(self._has(i, s) for s in condition.become))

    def _candidates(self, thing: Thing) -> list[int]:
        start = self.initial_state
        return [i for i in self.world.objects_of(thing.word) if can_match(start, i, thing, start)]

    def objects(self, thing: Thing) -> dict[int, Formula]:
        """Return the objects that can match a description, each with the formula that it does."""
        return {i: f for i in self._candidates(thing) if (f := self._matches(i, thing)) != FALSE}

    def _matches(self, i: int, thing: Thing) -> Formula:
        """Return that an object, which has the properties of a description, has its states and its liquid."""
        parts = [self._has(i, s) for s in thing.states]
        if thing.liquid is not None:
            category = self.world.object_category[i]
            can_be_filled = bool(category and category.fills) or self.initial_state.liquid[i] == thing.liquid
            parts.append(Atom(relation="filled", entity=i, word=thing.liquid) if can_be_filled else FALSE)
        return all_of(*parts)

    def _matches_at(self, i: int, thing: Thing, place: Place | None) -> Formula:
        return self._matches(i, thing) if place is None else all_of(self._matches(i, thing), self._at(i, place))

    def _has(self, i: int, state: str) -> Formula:
        """Return that an entity is in a state, or in the opposite of one."""
        negations = self.world.domain.negations
        word = negations.get(state, state)
        atom: Formula = Atom(relation="has", entity=i, word=word)
        if not self.initial_state.has(i, word) and not can_be(self.world, i, word):
            atom = FALSE
        return negated(atom) if state in negations else atom

    def _at(self, i: int, place: Place) -> Formula:
        """Return that an object is at a place."""
        if place.beside:
            assert place.thing is not None
            return any_of(*(
                all_of(Atom(relation="beside", entity=i, other=j), self._matches_at(j, place.thing, place.inside))
                for j in self._candidates(place.thing) if j != i
            ))  # fmt: skip
        zone = self._zone(place)
        return Atom(relation="in", entity=i, zone=zone) if any(m != i for m, _ in zone.members) else FALSE

    def _zone(self, place: Place) -> Zone:
        if place not in self._zones:
            if place.thing is None:
                members: list[tuple[int, Formula]] = [(f, TRUE) for f in fixtures_at(self.initial_state, place)]
            else:
                members = [
                    (h, f)
                    for h in self._candidates(place.thing) if self.world.relation[h] is not None
                    if (f := self._matches_at(h, place.thing, place.inside)) != FALSE
                ]  # fmt: skip
            self._zones[place] = Zone(tuple(members))
        return self._zones[place]


def _amount(condition: Count, number: int, formulas: Sequence[Formula]) -> Formula:
    """Return that the right number of formulas is true: exactly, at most or at least `number`."""
    if condition.amount in ("exactly", "at most"):
        at_most = negated(at_least(number + 1, formulas))
        return all_of(at_most, at_least(number, formulas)) if condition.amount == "exactly" else at_most
    return at_least(number, formulas)


def can_be(world: World, i: int, state: str) -> bool:
    """Whether a state can ever be true of an entity (other than at the start)."""
    fixture, thing = world.fixture_category[i], world.object_category[i]
    process = world.process[i]
    if state not in BUILT_IN_STATES or achievers(world.domain, world.categories[i], state):
        return world.domain.can_be(world.categories[i], state)
    if fixture is not None:
        return {
            "open": fixture.joint is not None or bool(process and "closed" in process.when),
            "on": fixture.switch or fixture.joint is not None,
            "dirty": fixture.wipeable,
            "watered": fixture.waterable,
        }.get(state, False)
    assert thing is not None
    if state in ("sliced", "folded", "cooked"):
        return {"sliced": thing.slices, "folded": thing.folds, "cooked": thing.cooks}[state]
    return state not in ("open", "on", "watered")
