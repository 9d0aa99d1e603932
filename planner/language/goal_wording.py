"""Writes goals in plain words, for questions: "Do you mean: put a mug on the desk, or put a mug on the side table?"."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import (
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Holding,
    No,
    Place,
    Thing,
    format_condition,
    format_thing,
)
from planner.language.phrase_patterns import load_words
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


def question(goals: Sequence[Goal]) -> str:
    """Return a question that asks which of several goals is meant; it names only the differences."""
    *others, last = distinguishing_words(goals)
    return f"Do you mean: {', '.join(others)}, or {last}?"


def distinguishing_words(goals: Sequence[Goal]) -> tuple[str, ...]:
    """Return each of several goals in plain words, without the conditions that all of them share.

    Goals are written in full if one of them has several phases, or only conditions that all of them share.
    """
    if all(len(goal.phases) == 1 for goal in goals):
        shared = set.intersection(*(set(map(format_condition, goal.conditions)) for goal in goals))
        distinct = [tuple(c for c in goal.conditions if format_condition(c) not in shared) for goal in goals]
        if all(distinct):
            return tuple(_phase_words(conditions) for conditions in distinct)
    return tuple(in_words(goal) for goal in goals)


def in_words(goal: Goal) -> str:
    """Return a goal as an instruction in plain words, for example "put a clean mug on the desk and open the fridge"."""
    return f" {_PHASE_JOINER} ".join(_phase_words(phase) for phase in goal.phases)


def _phase_words(conditions: Sequence[Condition]) -> str:
    return " and ".join(_condition_words(c) for c in conditions)


def _condition_words(condition: Condition) -> str:
    match condition:
        case FixtureIs():
            return _fixture_words(condition)
        case Holding():
            return f"hold {_noun_phrase(condition.thing)}"
        case No():
            return f"leave no {format_thing(condition.thing)}{_place_words(condition.place)}"
        case Every():
            exception = f" except {condition.excluded}" if condition.excluded else ""
            phrase = f"every {format_thing(condition.thing)}{exception}"
            if condition.place is not None:
                return f"put {phrase}{_place_words(condition.place)}"
            return _change_words(phrase, condition.become)
        case Count(place=None):
            thing = condition.thing
            noun = Thing(word=thing.word)
            if thing.liquid:
                vessel = _noun_phrase(Thing(word=thing.word, states=thing.states), condition.number)
                return f"fill {vessel} with {thing.liquid}"
            return _change_words(_noun_phrase(noun, condition.number), thing.states)
        case Count():
            assert condition.place is not None
            person = condition.place.fixture is not None and load_domain().relation(condition.place.fixture) == "with"
            phrase = _noun_phrase(condition.thing, condition.number)
            return f"{'bring' if person else 'put'} {phrase}{_place_words(condition.place)}"


def _change_words(phrase: str, states: Sequence[str]) -> str:
    """Return the words for giving an object these states; without states, for having it."""
    if len(states) == 1 and states[0] in _CHANGE_VERBS:
        return f"{_CHANGE_VERBS[states[0]]} {phrase}"
    return f"make {phrase} {' and '.join(states)}" if states else f"have {phrase}"


def _fixture_words(condition: FixtureIs) -> str:
    if condition.quantifier == "no":
        return f"leave no {condition.fixture} {condition.states[0]}"
    phrase = f"{'every' if condition.quantifier == 'every' else 'the'} {condition.fixture}"
    verb = _FIXTURE_VERBS.get(condition.states[0])
    return f"{verb} {phrase}" if verb else f"leave {phrase} {condition.states[0]}"


def _place_words(place: Place | None) -> str:
    """Return a place in words, with a leading space; empty for no place."""
    if place is None:
        return ""
    domain = load_domain()
    if place.fixture is not None:
        relation = domain.relation(place.fixture)
        return f" {'to' if relation == 'with' else relation} the {place.fixture}"
    assert place.thing is not None
    relation = domain.relation(place.thing.word) if place.thing.word in domain.objects else None
    return f" {relation or 'in'} {_noun_phrase(place.thing)}{_place_words(place.inside)}"


def _noun_phrase(thing: Thing, number: int = 1) -> str:
    """Return a number of objects in words: "a clean mug", "2 mugs", "some juice", "some fruit"."""
    word_lists, domain = load_words(), load_domain()
    liquid = f" of {thing.liquid}" if thing.liquid else ""
    states = "".join(f"{state} " for state in thing.states)
    is_class = thing.word in domain.members and thing.word not in domain.objects
    if number > 1:
        plural = thing.word if is_class else _realizer().plural(thing.word)
        return f"{number} {states}{plural}{liquid}"
    if thing.word == "anything":
        return f"{states}anything".strip() + liquid
    if is_class or thing.word in word_lists.mass or thing.word in word_lists.plural_only:
        return f"some {states}{thing.word}{liquid}"
    name = f"{states}{thing.word}{liquid}"
    return f"{'an' if name[0].lower() in 'aeiou' and not name.startswith(('use', 'uti')) else 'a'} {name}"


@cache
def _realizer() -> Realizer:
    return Realizer(random.Random(0), None)
