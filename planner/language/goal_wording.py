"""Writes goals in plain words, for questions: "Do you mean: put a mug on the desk, or put a mug on the side table?"."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Guard,
    Holding,
    No,
    Place,
    Rule,
    Test,
    Thing,
    duration_words,
    fixture_relation,
    format_condition,
    format_thing,
    format_when,
)
from planner.language.domain_phrases import words_of
from planner.language.realization import Realizer

_CHANGE_VERBS = {"clean": "clean", "hot": "heat", "cold": "cool", "sliced": "slice", "cooked": "cook", "folded": "fold"}
_FIXTURE_VERBS = {
    "open": "open",
    "closed": "close",
    "on": "turn on",
    "off": "turn off",
    "clean": "clean",
    "watered": "water",
}
_PHASE_JOINER = "and then"  # between phases


def question(goals: Sequence[Goal], domain: Domain | None = None) -> str:
    """Return a question that asks which of several goals is meant; it names only the differences."""
    *others, last = distinguishing_words(goals, domain)
    return f"Do you mean: {', '.join(others)}, or {last}?"


def distinguishing_words(goals: Sequence[Goal], domain: Domain | None = None) -> tuple[str, ...]:
    """Return each of several goals in plain words, without the conditions that all of them share.

    Goals are written in full if one of them has several phases, or only conditions that all of them share.
    """
    domain = domain or load_domain()
    if all(len(goal.phases) == 1 and not goal.guards and not goal.rules for goal in goals):
        shared = set.intersection(*(set(map(format_condition, goal.conditions)) for goal in goals))
        distinct = [tuple(c for c in goal.conditions if format_condition(c) not in shared) for goal in goals]
        if all(distinct):
            return tuple(_phase_words(conditions, domain) for conditions in distinct)
    return tuple(in_words(goal, domain) for goal in goals)


def in_words(goal: Goal, domain: Domain | None = None) -> str:
    """Return a goal as an instruction in plain words, for example "put a clean mug on the desk and open the fridge"."""
    domain = domain or load_domain()
    phases = [
        f"{_guard_words(goal.guard(i), domain)}{_phase_words(phase, domain)}" for i, phase in enumerate(goal.phases)
    ]
    rules = "".join(f", and never {_rule_words(rule, domain)}" for rule in goal.rules)
    return f" {_PHASE_JOINER} ".join(phases) + rules


def _guard_words(guard: Guard, domain: Domain) -> str:
    words = ""
    if guard.when is not None:
        after_s = guard.when.after_s
        words = f"{format_when(guard.when)}, " if after_s is None else f"{duration_words(after_s)} later, "
    if guard.tests:
        words += f"if {' and '.join(words_of_test(test, domain) for test in guard.tests)}, "
    return words


def words_of_test(test: Test, domain: Domain | None = None) -> str:
    """Return a test in plain words, for example "the window is not open"."""
    domain = domain or load_domain()
    condition, no = test.condition, "not " if test.negated else ""
    match condition:
        case FixtureIs(quantifier="no"):
            return f"{'some' if test.negated else 'no'} {_furniture(condition)} is {' and '.join(condition.states)}"
        case FixtureIs():
            every = "every " if condition.quantifier == "every" else "" if condition.person else "the "
            return f"{every}{_furniture(condition)} is {no}{' and '.join(condition.states)}"
        case Holding():
            return f"the robot is {no}holding {_noun_phrase(condition.thing, domain)}"
        case No():
            there = "there is" if test.negated else "there is no"
            return f"{there} {format_thing(condition.thing)}{_place_words(condition.place, domain)}"
        case Every():
            place = _place_words(condition.place, domain) or f" {' and '.join(condition.become)}"
            return f"{_choice_words(condition, domain)} is {no}{place.strip()}"
        case Count():
            there = f"there {'is' if condition.number == 1 else 'are'} {no}"
            return f"{there}{_counted_words(condition, condition.thing, domain)}{_place_words(condition.place, domain)}"


def _rule_words(rule: Rule, domain: Domain) -> str:
    if rule.condition is not None:
        return f"let it be that {words_of_test(Test(condition=rule.condition), domain)}"
    if rule.thing is not None:
        return f"{rule.skill} {_noun_phrase(rule.thing, domain)}"
    if rule.place is None:
        return f"{rule.skill} anything"
    place = rule.place
    return f"{rule.skill} {place.person or f'the {place.room or _furniture(place)}'}"


def _phase_words(conditions: Sequence[Condition], domain: Domain) -> str:
    return " and ".join(_condition_words(c, domain) for c in conditions)


def _condition_words(condition: Condition, domain: Domain) -> str:
    means = getattr(condition, "means", None)
    using = f" with the {means}" if means else ""
    match condition:
        case FixtureIs():
            return _fixture_words(condition)
        case Holding():
            return f"hold {_noun_phrase(condition.thing, domain)}"
        case No():
            return f"leave no {format_thing(condition.thing)}{_place_words(condition.place, domain)}"
        case Every():
            phrase = _choice_words(condition, domain)
            if condition.place is not None:
                return f"put {phrase}{_place_words(condition.place, domain)}{using}"
            return _change_words(phrase, condition.become) + using
        case Count(place=None):
            thing = condition.thing
            if thing.liquid:
                return (
                    f"fill {_counted_words(condition, replace(thing, liquid=None), domain)} with {thing.liquid}{using}"
                )
            return _change_words(_counted_words(condition, replace(thing, states=()), domain), thing.states) + using
        case Count():
            place = condition.place
            assert place is not None
            to_person = place.person is not None or (
                place.fixture in domain.fixtures and domain.relation(place.fixture or "") == "with"
            )
            verb = "leave" if condition.amount in ("exactly", "at most") else "bring" if to_person else "put"
            return f"{verb} {_counted_words(condition, condition.thing, domain)}{_place_words(place, domain)}{using}"


def _counted_words(condition: Count, thing: Thing, domain: Domain) -> str:
    """Return the objects of a condition with their number: "a mug", "2 mugs", "another mug", "at most 2 mugs"."""
    if condition.amount == "at least":
        return _noun_phrase(thing, domain, condition.number)
    if condition.amount == "more":
        if condition.number == 1:
            return f"another {format_thing(thing)}"
        number, _, noun = _noun_phrase(thing, domain, condition.number).partition(" ")
        return f"{number} more {noun}"
    phrase = _noun_phrase(thing, domain, condition.number)
    return f"{condition.amount} {phrase if condition.number > 1 else f'one {format_thing(thing)}'}"


def _choice_words(condition: Every, domain: Domain) -> str:
    exception = f" except {_exception_words(condition.excluded, domain)}" if condition.excluded else ""
    if condition.selection == "every":
        return f"every {format_thing(condition.thing)}{exception}"
    head = {"half": "half of", "all but": f"all but {condition.number} of"}.get(
        condition.selection, f"{condition.number} of"
    )
    _, _, noun = _noun_phrase(condition.thing, domain, 2).partition(" ")
    return f"{head} the {noun}{exception}"


def _exception_words(excluded: Thing, domain: Domain) -> str:
    """Return what a choice leaves out: "teddy bear", "the book from the desk"."""
    if excluded == Thing(word=excluded.word):
        return excluded.word
    _, _, noun = _noun_phrase(excluded, domain).partition(" ")
    return (
        f"the {noun}" if not (excluded.properties and excluded.properties[0].endswith("'s")) else format_thing(excluded)
    )


def _change_words(phrase: str, states: Sequence[str]) -> str:
    """Return the words for giving an object these states; without states, for having it."""
    if len(states) == 1 and states[0] in _CHANGE_VERBS:
        return f"{_CHANGE_VERBS[states[0]]} {phrase}"
    return f"make {phrase} {' and '.join(states)}" if states else f"have {phrase}"


def _furniture(furniture: FixtureIs | Place) -> str:
    """Return furniture without an article: "white cabinet in the kitchen"; a person by name."""
    if furniture.person is not None:
        return furniture.person
    assert furniture.fixture is not None
    text = " ".join((*furniture.properties, furniture.fixture))
    return f"{text} in the {furniture.room}" if furniture.room else text


def _fixture_words(condition: FixtureIs) -> str:
    furniture = _furniture(condition)
    furniture += f" except the {_furniture(condition.excluded)}" if condition.excluded else ""
    states = " and ".join(condition.states)
    if condition.quantifier == "no":
        return f"leave no {furniture} {states}"
    article = "every " if condition.quantifier == "every" else "" if condition.person else "the "
    phrase = f"{article}{furniture}"
    verb = _FIXTURE_VERBS.get(states)
    return f"{verb} {phrase}" if verb else f"leave {phrase} {states}"


def _place_words(place: Place | None, domain: Domain) -> str:
    """Return a place in words, with a leading space; empty for no place."""
    if place is None:
        return ""
    if place.person is not None:
        return f" to {place.person}"
    article = "every" if place.every else "the"
    if place.fixture is not None:
        relation = fixture_relation(place.fixture, domain)
        return f" {'to' if relation == 'with' else relation} {article} {_furniture(place)}"
    if place.thing is None:
        return f" in the {place.room}"
    holding = domain.relation(place.thing.word) if place.thing.word in domain.objects else None
    word = "next to" if place.beside else holding or "in"
    noun = f"every {format_thing(place.thing)}" if place.every else _noun_phrase(place.thing, domain)
    return f" {word} {noun}{_place_words(place.inside, domain)}"


def _noun_phrase(thing: Thing, domain: Domain, number: int = 1) -> str:
    """Return a number of objects in words: "a clean mug", "2 mugs", "some juice", "some fruit", "Anna's phone"."""
    word_lists = words_of(domain)
    origin = ""
    if thing.origin is not None:
        at = thing.origin
        place = f"the {_furniture(at) if at.fixture else at.room}"
        name = at.person or (_noun_phrase(at.thing, domain) if at.thing else place)
        origin = f" from {name}"
    liquid = f" of {thing.liquid}" if thing.liquid else ""
    states = "".join(f"{word} " for word in (*thing.properties, *thing.states))
    is_class = thing.word in domain.members and thing.word not in domain.objects
    if number > 1:
        plural = thing.word if is_class else _realizer(domain).plural(thing.word)
        return f"{number} {states}{plural}{liquid}{origin}"
    if thing.word == "anything":
        return f"{states}anything".strip() + liquid + origin
    name = f"{states}{thing.word}{liquid}{origin}"
    if thing.properties and thing.properties[0].endswith("'s"):
        return name
    if is_class or thing.word in word_lists.mass or thing.word in word_lists.plural_only:
        return f"some {name}"
    return f"{'an' if name[0].lower() in 'aeiou' and not name.startswith(('use', 'uti')) else 'a'} {name}"


@cache
def _realizer(domain: Domain) -> Realizer:
    return Realizer(random.Random(0), None, domain=domain)
