"""Forms that a corpus can exclude, to measure how a planner learns what its training data never contained.

A name is a fixture category, which then occurs in no home and no instruction, or one of these forms of goal, for any
family of phrases:

    changed in container   an object in some state, or filled, in a movable container: `hot apple in bowl on desk`
    changed with person    an object in some state, or filled, with the person: `sliced bread with person`
    filled at fixture      a filled object at a fixture other than the person: `glass of water on desk`
    every changed          every object in some state must be at a place: `every dirty dishes in sink`
    joined every           `every` or `no` beside other conditions: `every book on bookshelf ; hot mug on desk`
    then                   one goal after another: `apple on desk then apple in fridge`
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Condition, Count, Every, Goal, No, Place, Thing, fixtures_named
from planner.language.phrase_patterns import load_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

PERSON = "person"


def _has_state_or_liquid(thing: Thing) -> bool:
    return bool(thing.states) or thing.liquid is not None


def _count_at(condition: Condition, test: Callable[[Thing, Place], bool]) -> bool:
    return isinstance(condition, Count) and condition.place is not None and test(condition.thing, condition.place)


_CONDITION_FORMS: dict[str, Callable[[Condition], bool]] = {
    "changed in container": lambda c: _count_at(
        c, lambda thing, place: _has_state_or_liquid(thing) and place.thing is not None
    ),
    "changed with person": lambda c: _count_at(
        c, lambda thing, place: _has_state_or_liquid(thing) and place.fixture == PERSON
    ),
    "filled at fixture": lambda c: _count_at(
        c, lambda thing, place: thing.liquid is not None and place.fixture not in (None, PERSON)
    ),
    "every changed": lambda c: isinstance(c, Every) and c.place is not None and _has_state_or_liquid(c.thing),
}
_GOAL_FORMS: dict[str, Callable[[Goal], bool]] = {
    "joined every": lambda goal: len(goal.conditions) > 1 and any(isinstance(c, Every | No) for c in goal.conditions),
    "then": lambda goal: len(goal.phases) > 1,
}
FORMS = (*_CONDITION_FORMS, *_GOAL_FORMS)


def check(names: Collection[str]) -> None:
    """Check that all names are valid.

    Raises:
        ValueError: A name is neither a fixture category nor a form.
    """
    valid_names = {*FORMS, *load_domain().fixtures}
    for name in names:
        if name not in valid_names:
            raise ValueError(f"without: {name!r} is neither a fixture category nor one of {', '.join(FORMS)}")


def fixtures(names: Collection[str]) -> frozenset[str]:
    """Return the fixture categories among the names."""
    return frozenset(name for name in names if name in load_domain().fixtures)


def forms(goal: Goal) -> frozenset[str]:
    """Return the forms of a goal and the fixture categories that it names."""
    form_names = {name for name, has in _CONDITION_FORMS.items() if any(map(has, goal.conditions))}
    form_names |= {name for name, has in _GOAL_FORMS.items() if has(goal)}
    return frozenset(form_names | {name for c in goal.conditions for name in fixtures_named(c)})


def mentions(text: str, names: Collection[str]) -> bool:
    """Whether a text has a word for one of the fixture categories among the names."""
    pattern = _word_pattern(fixtures(names))
    return pattern is not None and pattern.search(text.lower()) is not None


@cache
def _word_pattern(categories: frozenset[str]) -> re.Pattern[str] | None:
    if not categories:
        return None
    table = load_words().fixtures
    words = {word.lower() for name in categories for word in (name, *table.get(name, ()))}
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, words)))})(?:e?s)?\b")
