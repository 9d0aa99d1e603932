"""Rules that forbid the only way to a condition: what must be picked up, opened or turned on, and must not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import achievers
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Rule, Thing
from envs.symbolic.goals.state_words import state_words
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
    from collections.abc import Sequence

    from envs.symbolic.actions import State

_SKILL_FOR = {"open": "open", "closed": "close", "on": "turn on", "off": "turn off", "clean": "wipe", "watered": "pour"}


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
        self.rules = [rule for rule in rules if not (rule.thing and (rule.thing.states or rule.thing.liquid))]

    def against(self, skill: str, entity: int) -> Rule | None:
        """Return the rule that forbids a skill on an entity, or the state that the skill leads to."""
        for rule in self.rules:
            if rule.condition is not None and self.leads_to(skill, entity, rule.condition):
                return rule
            if rule.skill != skill or (skill == "go to" and rule.place is None):  # nothing needs `go to` alone
                continue
            if rule.place is not None:
                if entity < self.world.n_fixtures and is_place(self.state, entity, rule.place):
                    return rule
            elif rule.thing is None or (
                entity >= self.world.n_fixtures and matches(self.state, entity, rule.thing, self.state)
            ):
                return rule
        return None

    def leads_to(self, skill: str, entity: int, condition: Condition) -> bool:
        """Whether a condition holds after a skill: `holding knife` after it was picked up, `fridge open`."""
        if isinstance(condition, Holding):
            thing = condition.thing
            is_lasting = not thing.states and thing.liquid is None
            return skill == "pick up" and is_lasting and matches(self.state, entity, thing, self.state)
        if not isinstance(condition, FixtureIs) or condition.quantifier != "some" or len(condition.states) > 1:
            return False
        return skill == _SKILL_FOR.get(condition.states[0]) and entity in fixtures_of(self.state, condition)

    def condition(self, condition: Condition) -> Rule | None:
        state = self.state
        if isinstance(condition, FixtureIs):
            return self.fixtures(condition)
        if isinstance(condition, No):
            if condition.place is None or condition.place.beside:
                return None
            return self.too_many(condition.thing, condition.place, 0)
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
            if isinstance(condition, Count) and condition.amount in ("at most", "exactly"):
                if place is not None and not place.beside and not place.every:
                    rule = self.too_many(thing, place, condition.number)
                    if rule is not None or condition.amount == "at most":
                        return rule
                elif condition.amount == "at most":
                    return None
            if isinstance(condition, Count) and condition.amount == "more":
                required += len(matching_objects(state, thing, place, state))
        holding = isinstance(condition, Holding)
        means = condition.means if isinstance(condition, Count | Every) else None
        rules = [self.becoming(i, thing, place, means, holding=holding) for i in objects]
        return next((r for r in rules if r is not None), None) if rules.count(None) < required else None

    def too_many(self, thing: Thing, place: Place, number: int) -> Rule | None:
        """Return the rule that keeps more than so many objects at a place, as they are."""
        if thing.states or thing.liquid:
            return None
        objects = matching_objects(self.state, thing, place, self.state)
        rules = [rule for i in objects if (rule := self.leaving(i)) is not None]
        return rules[0] if len(rules) > number else None

    def becoming(
        self, item: int, thing: Thing, place: Place | None, means: str | None, *, holding: bool
    ) -> Rule | None:
        """Return the rule that keeps an object from matching a description at a place, by some means."""
        state, world = self.state, self.world
        if holding and state.held != item:
            if (rule := self.against("pick up", item) or self.door_of(item)) is not None:
                return rule
        elif place is not None and not place.beside and not is_at(state, item, place, state):
            rule = self.leaving(item) or self.arriving(item, place)
            if rule is not None:
                return rule
        elif place is not None and place.beside and not is_at(state, item, place, state):
            rules = [self.shut_in(item)]  # neither does it come out, nor anything in
            if rules[0] is None and place.thing is not None:
                rules = [self.shut_in(i) for i in usable(state, place.thing)]
            if rules and None not in rules:
                return rules[0]
        if thing.liquid and state.liquid[item] not in ("", thing.liquid):  # to be poured out first
            rule = self.against("pick up", item) or self.against("pour", item)
            if rule is not None:
                return rule
        for word in thing.states:
            if state.has(item, word):
                continue
            if by_skill := self.by_own_skill(item, word):
                rule = by_skill[0] if None not in by_skill else None
            elif word in ("sliced", "folded"):
                rule = self.against({"sliced": "slice", "folded": "fold"}[word], item)
            else:
                fixtures = [f for f in range(world.n_fixtures) if makes(state, f, word, item)]
                if means in world.domain.fixtures:
                    fixtures = [f for f in fixtures if world.categories[f] == means]
                rules = [self.running(f, item) for f in fixtures]
                rule = rules[0] if rules and None not in rules else None
                if rule is None and state.root(item) not in fixtures:
                    rule = self.leaving(item)
            if rule is not None:
                return rule
        return None

    def by_own_skill(self, entity: int, word: str) -> list[Rule | None]:
        """Return, for each skill of the domain's own that makes an entity so, the rule that forbids it."""
        ways = achievers(self.world.domain, self.world.categories[entity], word)
        return [self.against(skill.name, entity) for skill, _ in ways]

    def running(self, fixture: int, item: int) -> Rule | None:
        """Return the rule that keeps an appliance from running with an object in it."""
        state, world = self.state, self.world
        process = world.process[fixture]
        assert process is not None
        is_inside, is_open = state.root(item) == fixture, state.has(fixture, "open")
        skills = []
        if "closed" in process.when and (is_open or not is_inside):
            skills = ["close"] if is_open else ["open", "close"]
        if "on" in process.when and (skills or not state.has(fixture, "on")):
            skills.append("turn on")
        rules = (self.against(skill, fixture) for skill in skills)
        return next((rule for rule in rules if rule is not None), None)

    def leaving(self, item: int) -> Rule | None:
        """Return the rule that keeps an object where it is."""
        if self.state.held == item:
            return None
        chain = [item]
        while (holder := self.state.place[chain[-1]]) >= self.world.n_fixtures:
            chain.append(holder)
        rules = [self.against("pick up", i) for i in chain]
        return rules[0] if None not in rules else self.door_of(item)

    def shut_in(self, item: int) -> Rule | None:
        """Return the rule that keeps closed what an object is in."""
        closed = self.state.closed_around(item)
        return None if closed is None else self.against("open", closed)

    def door_of(self, item: int) -> Rule | None:
        if (rule := self.shut_in(item)) is not None:
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
            if world.relation[f] == "with":
                rule = rule or self.against("give", f) or self.against("give", item)
            else:
                is_loose = state.place[item] < world.n_fixtures  # in nothing that could be put instead of it
                rule = rule or (self.against("put", item) if is_loose else None)
                rule = rule or (None if self.may_hold(f, item) else self.against("put", f))
            rules.append(rule)
        return rules[0] if rules and None not in rules else None

    def may_hold(self, fixture: int, item: int) -> bool:
        """Whether something at a fixture could take an object."""
        return any(self.world.fits(item, i) for i in self.state.everything_in(fixture))

    def fixtures(self, condition: FixtureIs) -> Rule | None:
        state = self.state
        fixtures = fixtures_of(state, condition)
        words = condition.states
        if condition.quantifier == "no":
            fixtures = [f for f in fixtures if all(state.has(f, s) for s in words)]
            opposites = state_words(self.world.domain).opposites
            words = tuple(opposites.get(word, "") for word in words[:1])
        rules = []
        for f in fixtures:
            unmet = [word for word in words if not state.has(f, word)]
            ways = [self.by_own_skill(f, word) or [self.against(_SKILL_FOR.get(word, ""), f)] for word in unmet]
            ways += [[self.against("go to", f)]] if unmet and f != state.at else []
            rules.append(next((against[0] for against in ways if None not in against), None))
        if condition.quantifier == "some" and None in rules:
            return None
        return next((rule for rule in rules if rule is not None), None)
