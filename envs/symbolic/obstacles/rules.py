"""Rules that forbid the only way to a condition: what must be picked up, opened or turned on, and must not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Rule, Thing
from envs.symbolic.obstacles.capacity import goes_in
from envs.symbolic.obstacles.single import makes, usable
from envs.symbolic.scoring import (
    fixtures_at,
    fixtures_of,
    has_result,
    is_at,
    is_place,
    matches,
    matching_objects,
    number_required,
    quantified_objects,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envs.symbolic.actions import State

_SKILL_FOR = {"open": "open", "closed": "close", "on": "turn on", "off": "turn off", "clean": "wipe", "watered": "pour"}
_OPPOSITE = {"open": "closed", "closed": "open", "on": "off", "off": "on", "dirty": "clean"}


def forbidding_rule(condition: Condition, rules: Sequence[Rule], state: State) -> Rule | None:
    """Return a rule that no plan for an unmet condition can keep, or None."""
    if not rules:
        return None
    for rule in rules:
        if rule.condition is not None and implies(condition, rule.condition, state):
            return rule
    return _Ways(state, rules).condition(condition)


def implies(condition: Condition, other: Condition, state: State) -> bool:
    """Whether another condition holds wherever this one does, as far as their words say."""
    if isinstance(condition, Count) and isinstance(other, Count):
        if condition.amount == "at most" or other.amount != "at least" or condition.number < other.number:
            return False
        return is_narrower(condition.thing, other.thing, state) and within(condition.place, other.place, state)
    if isinstance(condition, FixtureIs) and isinstance(other, FixtureIs):
        if condition.quantifier != "some" or other.quantifier != "some" or other.excluded is not None:
            return False
        mine, others = fixtures_of(state, condition), fixtures_of(state, other)
        return set(mine) <= set(others) and set(other.states) <= set(condition.states)
    return condition == other


def is_narrower(thing: Thing, other: Thing, state: State) -> bool:
    """Whether everything that matches a description matches another one."""
    domain = state.world.domain
    if thing.word != other.word and not set(domain.resolve(thing.word)) <= set(domain.resolve(other.word)):
        return False
    if other.liquid not in (None, thing.liquid) or other.origin not in (None, thing.origin):
        return False
    return set(other.states) <= set(thing.states) and set(other.properties) <= set(thing.properties)


def within(place: Place | None, other: Place | None, state: State) -> bool:
    """Whether everything at a place is at another place too; nothing said is everywhere."""
    if other is None or place == other:
        return True
    if place is None or place.beside or other.thing is not None:
        return False
    if place.thing is not None:
        return place.inside is not None and within(place.inside, other, state)
    fixtures = fixtures_at(state, place)
    return bool(fixtures) and set(fixtures) <= set(fixtures_at(state, other))


class _Ways:
    def __init__(self, state: State, rules: Sequence[Rule]) -> None:
        self.state, self.world = state, state.world
        self.rules = [rule for rule in rules if rule.skill is not None and not (rule.thing and rule.thing.states)]

    def against(self, skill: str, entity: int) -> Rule | None:
        """Return the rule that forbids a skill on an entity."""
        for rule in self.rules:
            if rule.skill != skill:
                continue
            if rule.place is not None:
                if entity < self.world.n_fixtures and is_place(self.state, entity, rule.place):
                    return rule
            elif rule.thing is None or (
                entity >= self.world.n_fixtures and matches(self.state, entity, rule.thing, self.state)
            ):
                return rule
        return None

    def condition(self, condition: Condition) -> Rule | None:
        state = self.state
        if isinstance(condition, FixtureIs):
            return self.fixtures(condition)
        if isinstance(condition, No):
            if condition.place is None or condition.place.beside:
                return None
            objects = matching_objects(state, condition.thing, condition.place, state)
            return next((rule for i in objects if (rule := self.leaving(i)) is not None), None)
        if isinstance(condition, Every):
            objects = quantified_objects(state, condition)
            required = number_required(state, condition)[0] - sum(
                has_result(state, i, condition, state) for i in objects
            )
            objects = [i for i in objects if not has_result(state, i, condition, state)]
            thing = Thing(word=condition.thing.word, states=condition.become)
            place = condition.place
        else:
            thing, place = condition.thing, condition.place if isinstance(condition, Count) else None
            objects = usable(state, thing)
            required = condition.number if isinstance(condition, Count) else 1
            if isinstance(condition, Count) and condition.amount == "at most":
                return None
            if isinstance(condition, Count) and condition.amount == "more":
                required += len(matching_objects(state, thing, place, state))
        holding = isinstance(condition, Holding)
        rules = [self.becoming(i, thing, place, holding=holding) for i in objects]
        return next((r for r in rules if r is not None), None) if rules.count(None) < required else None

    def becoming(self, item: int, thing: Thing, place: Place | None, *, holding: bool) -> Rule | None:
        """Return the rule that keeps an object from matching a description at a place."""
        state, world = self.state, self.world
        if holding and state.held != item:
            if (rule := self.against("pick up", item) or self.door_of(item)) is not None:
                return rule
        elif place is not None and not place.beside and not is_at(state, item, place, state):
            rule = self.leaving(item) or self.arriving(item, place)
            if rule is not None:
                return rule
        for word in thing.states:
            if state.has(item, word):
                continue
            if word in ("sliced", "folded"):
                rule = self.against({"sliced": "slice", "folded": "fold"}[word], item)
            else:
                fixtures = [f for f in range(world.n_fixtures) if makes(state, f, word, item)]
                rule = self.all_forbidden("turn on", [f for f in fixtures if self.needs_switch(f)], fixtures)
                if rule is None and state.root(item) not in fixtures:
                    rule = self.leaving(item)
            if rule is not None:
                return rule
        return None

    def needs_switch(self, fixture: int) -> bool:
        process = self.world.process[fixture]
        return process is not None and "on" in process.when and not self.state.has(fixture, "on")

    def all_forbidden(self, skill: str, fixtures: Iterable[int], of: Sequence[int]) -> Rule | None:
        """Return a rule if each of the fixtures is forbidden for a skill, and there are no others."""
        rules = [self.against(skill, f) for f in fixtures]
        return rules[0] if rules and None not in rules and len(rules) == len(of) else None

    def leaving(self, item: int) -> Rule | None:
        """Return the rule that keeps an object where it is."""
        if self.state.held == item:
            return None
        chain = [item]
        while (holder := self.state.place[chain[-1]]) >= self.world.n_fixtures:
            chain.append(holder)
        rules = [self.against("pick up", i) for i in chain]
        return rules[0] if None not in rules else self.door_of(item)

    def door_of(self, item: int) -> Rule | None:
        closed = self.state.closed_around(item)
        if closed is not None and (rule := self.against("open", closed)) is not None:
            return rule
        root = self.state.root(item)
        return self.against("go to", root) if root >= 0 and root != self.state.at else None

    def arriving(self, item: int, place: Place) -> Rule | None:
        """Return the rule that keeps an object from a place of furniture or a person."""
        if place.thing is not None:
            return None
        state, world = self.state, self.world
        rules = []
        for f in fixtures_at(state, place):
            if world.relation[f] is None or not goes_in(state, item, f):
                continue
            rule = self.against("go to", f) if f != state.at else None
            if world.enclosed[f] and not state.has(f, "open"):
                rule = rule or self.against("open", f)
            rules.append(rule or (self.against("give", item) if world.relation[f] == "with" else None))
        return rules[0] if rules and None not in rules else None

    def fixtures(self, condition: FixtureIs) -> Rule | None:
        state = self.state
        fixtures = fixtures_of(state, condition)
        words = condition.states
        if condition.quantifier == "no":
            fixtures = [f for f in fixtures if all(state.has(f, s) for s in words)]
            words = tuple(_OPPOSITE.get(word, "") for word in words[:1])
        rules = []
        for f in fixtures:
            unmet = [_SKILL_FOR.get(word, "") for word in words if not state.has(f, word)]
            rules.append(next((rule for skill in unmet if (rule := self.against(skill, f)) is not None), None))
        if condition.quantifier == "some" and None in rules:
            return None
        return next((rule for rule in rules if rule is not None), None)
