"""Data augmentation of human-written lines: replace the object, the place or the temperature in text and goal.

With a few thousand lines a small GPT memorizes, for example, that mugs at a coffee machine are cold. Where a line names
a goal entity by a known word, the word and the goal are changed together, so the GPT must read the sentence.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from envs.errors import GoalError
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import (
    Condition,
    Count,
    FixtureIs,
    Goal,
    Holding,
    Place,
    Thing,
    fixtures_named,
    format_goal,
    parse_goal,
)
from planner.language.normalization import normalize
from planner.language.phrase_patterns import load_words
from planner.language.realization import Realizer
from planner.language.slot_binding import has_affordance
from planner.tasks.task_files import TaskLine

SAME_SCENE_PROBABILITY = 0.7  # fraction of new objects drawn from the line's own scene
CHANGE_PROBABILITY = 0.6  # probability that each of source, object, place and temperature is changed, where possible
REQUIRED_AFFORDANCE = {
    "hot": "heatable", "cold": "coolable", "clean": "washable", "sliced": "sliceable", "cooked": "cookable",
}  # fmt: skip
HOT_TO_COLD = {
    "hot": "cold", "warm": "chilled", "heated": "cooled", "warmed": "chilled", "heat": "cool", "heating": "cooling",
    "warming": "chilling", "reheated": "cooled", "heats": "cools", "hotter": "colder",
}  # fmt: skip
COLD_TO_HOT = {
    "cold": "hot", "chilled": "heated", "cooled": "warmed", "chill": "heat", "cool": "warm", "cooling": "heating",
    "chilling": "warming", "refrigerated": "heated", "colder": "warmer",
}  # fmt: skip
ThingMap = Callable[[Thing], Thing]
FixtureMap = Callable[[str], str]
# An object that passes through one of these changes its state.
STATE_CHANGING_FIXTURES = ("microwave", "fridge", "freezer", "oven", "sink")
STATE_CHANGING_WORDS = ("microwave", "fridge", "refrigerator", "freezer", "cook", "bake", "ice", "oven", "stove")


def vary_line(line: TaskLine, rng: random.Random) -> TaskLine | None:
    """Return a changed copy of a line, or None if no change was drawn or is possible."""
    assert line.goal is not None
    text, goal = _LineText(normalize(line.instruction), tuple(map(normalize, line.steps))), line.goal
    original = text.instruction
    if goal.guards or goal.rules or any(not isinstance(c, Count | Holding | FixtureIs) for c in goal.conditions):
        return None
    for change in (_change_source, _change_object, _change_place, _change_temperature):
        if rng.random() < CHANGE_PROBABILITY:
            text, goal = change(text, goal, line, rng) or (text, goal)
    try:
        goal = parse_goal(format_goal(goal))
    except GoalError:
        return None
    if text.instruction == original:
        return None
    return replace(line, instruction=text.instruction, goal=goal, extra={"steps": list(text.steps)})


class _LineText(NamedTuple):
    """The instruction, and its steps where they still match it."""

    instruction: str
    steps: tuple[str, ...]


_Change = tuple[_LineText, Goal]


def _change_source(text: _LineText, goal: Goal, line: TaskLine, rng: random.Random) -> _Change | None:
    """Replace a fixture that the text names but the goal does not: an object's current place is not in the goal."""
    domain, words = load_domain(), load_words()
    goal_names = {name for c in goal.conditions for f in fixtures_named(c) for name in words.fixtures.get(f, (f,))}
    named = [
        fixture for fixture, names in words.fixtures.items()
        if fixture not in STATE_CHANGING_FIXTURES and not domain.fixtures[fixture].switch
        and not domain.fixtures[fixture].underfoot and not goal_names & set(names)
        and any(_word_pattern(n).search(text.instruction) for n in names)
    ]  # fmt: skip
    if not named:
        return None
    relation = domain.fixtures[named[0]].relation
    alternatives = [
        f for f, category in domain.fixtures.items()
        if f not in named and f not in STATE_CHANGING_FIXTURES and category.relation == relation and not category.switch
        and not category.underfoot and not goal_names & set(words.fixtures.get(f, (f,)))
    ]  # fmt: skip
    names = tuple(dict.fromkeys(n for f in named for n in words.fixtures[f]))  # one word may name several fixtures
    changed = _replace_name(text, names, words.fixtures[rng.choice(alternatives)], rng) if alternatives else None
    return (changed, goal) if changed else None


def _change_object(text: _LineText, goal: Goal, line: TaskLine, rng: random.Random) -> _Change | None:
    domain = load_domain()
    goal_objects = [t for c in goal.conditions for t in _things(c)]
    if not goal_objects:  # a goal about furniture alone
        return None
    old = rng.choice(goal_objects)
    names = load_words().objects.get(old.word)
    if names is None or sum(t.word == old.word for t in goal_objects) > 1:
        return None
    pool = (
        sorted(set(line.objects) & set(domain.objects))
        if rng.random() < SAME_SCENE_PROBABILITY
        else sorted(domain.objects)
    )
    new = rng.choice(pool or sorted(domain.objects))
    category = domain.objects[new]
    if new in {t.word for t in goal_objects} or not all(
        has_affordance(category, REQUIRED_AFFORDANCE.get(s, "")) for s in old.states
    ):
        return None
    changed_goal = _map_goal(goal, lambda t: replace(t, word=new) if t.word == old.word else t, lambda f: f)
    if not all(_fits(c) for c in changed_goal.conditions):
        return None
    new_text = _replace_name(text, names, load_words().objects[new], rng)
    return (new_text, changed_goal) if new_text else None


def _change_place(text: _LineText, goal: Goal, line: TaskLine, rng: random.Random) -> _Change | None:
    domain, words = load_domain(), load_words()
    places = list(dict.fromkeys(f for c in goal.conditions for f in fixtures_named(c)))
    if len(places) != 1 or places[0] not in words.fixtures:
        return None
    old = places[0]
    category = domain.fixtures[old]
    alternatives = [
        n for n, f in domain.fixtures.items()
        if n != old and f.relation == category.relation and f.switch == category.switch
        and not f.underfoot and (not f.switch or f.classes == category.classes)
    ]  # fmt: skip
    if not alternatives:
        return None
    new = rng.choice(alternatives)
    changed_goal = _map_goal(goal, lambda t: t, lambda f: new if f == old else f)
    if not all(_fits(c) for c in changed_goal.conditions):
        return None
    new_text = _replace_name(text, words.fixtures[old], words.fixtures[new], rng)
    return (new_text, changed_goal) if new_text else None


def _change_temperature(text: _LineText, goal: Goal, line: TaskLine, rng: random.Random) -> _Change | None:
    states = {s for c in goal.conditions for t in _things(c) for s in t.states} & {"hot", "cold"}
    if len(states) != 1 or any(word in text.instruction for word in STATE_CHANGING_WORDS):
        return None
    (old,) = states
    table, new = (HOT_TO_COLD, "cold") if old == "hot" else (COLD_TO_HOT, "hot")
    instruction = re.sub(r"\b[a-z]+\b", lambda m: table.get(m[0], m[0]), text.instruction)
    if instruction == text.instruction:
        return None
    domain = load_domain()
    hot = [t for c in goal.conditions for t in _things(c) if old in t.states]
    if not all(
        t.word in domain.objects and has_affordance(domain.objects[t.word], REQUIRED_AFFORDANCE[new]) for t in hot
    ):
        return None
    swapped = _map_goal(goal, lambda t: replace(t, states=tuple(new if s == old else s for s in t.states)), lambda f: f)
    return _LineText(instruction, ()), swapped  # the steps would still describe the old temperature


def _replace_name(
    text: _LineText, names: tuple[str, ...], alternatives: tuple[str, ...], rng: random.Random
) -> _LineText | None:
    """Replace a mention of one of `names`; None unless the instruction has exactly one mention."""
    realizer = Realizer(rng, None)
    replacement = alternatives[0] if rng.random() < 0.5 else rng.choice(alternatives[:4])
    mentions = _find_mentions(text.instruction, names, realizer)
    if len(mentions) != 1:
        return None
    steps = (
        _replace_mentions(step, _find_mentions(step, names, realizer), replacement, realizer) for step in text.steps
    )
    return _LineText(_replace_mentions(text.instruction, mentions, replacement, realizer), tuple(steps))


@cache  # the vocabulary is small, but larger than the cache of `re`
def _word_pattern(form: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(form)}\b")


def _find_mentions(text: str, names: tuple[str, ...], realizer: Realizer) -> list[tuple[int, int, bool]]:
    """Return (start, end, is plural) of each mention of `names`, in order; the longer name wins an overlap."""
    mentions: list[tuple[int, int, bool]] = []
    for name in sorted(names, key=len, reverse=True):
        for form, plural in ((name, False), (realizer.plural(name), True)):
            for match in _word_pattern(form).finditer(text):
                if not any(a <= match.start() < b for a, b, _ in mentions):
                    mentions.append((*match.span(), plural and form != name))
    return sorted(mentions)


def _replace_mentions(text: str, mentions: list[tuple[int, int, bool]], replacement: str, realizer: Realizer) -> str:
    for begin, end, plural in reversed(mentions):
        noun = realizer.plural(replacement) if plural else replacement
        before = text[:begin]
        if re.search(r"\b(a|an) $", before) and not plural:
            before = re.sub(r"\b(a|an) $", "an " if noun[0] in "aeiou" else "a ", before)
        text = before + noun + text[end:]
    return text


def _things(condition: Condition) -> Iterator[Thing]:
    if isinstance(condition, Count | Holding):
        yield condition.thing
    place = getattr(condition, "place", None)
    while place is not None and place.thing is not None:
        yield place.thing
        place = place.inside


def _fits(condition: Condition) -> bool:
    """Whether each object of a condition fits its target place."""
    domain = load_domain()
    if not isinstance(condition, Count) or condition.place is None:
        return True
    inner: str = condition.thing.word
    place: Place | None = condition.place
    while place is not None:
        outer = place.fixture or (place.thing.word if place.thing else "")
        if not outer:  # a person or a room, for which anything is fit
            return inner in domain.objects
        if inner not in domain.objects or not domain.fits(inner, outer):
            return False
        inner, place = outer, place.inside
    return True


def _map_goal(goal: Goal, map_thing: ThingMap, map_fixture: FixtureMap) -> Goal:
    def place_of(place: Place | None) -> Place | None:
        if place is None:
            return None
        if place.fixture is not None:
            return replace(place, fixture=map_fixture(place.fixture))
        if place.thing is None:  # a person or a room
            return place
        return replace(place, thing=map_thing(place.thing), inside=place_of(place.inside))

    def changed(condition: Condition) -> Condition:
        if isinstance(condition, FixtureIs):
            return replace(condition, fixture=map_fixture(condition.fixture))
        if isinstance(condition, Count):
            return replace(condition, thing=map_thing(condition.thing), place=place_of(condition.place))
        return replace(condition, thing=map_thing(condition.thing)) if isinstance(condition, Holding) else condition

    return Goal(phases=tuple(tuple(changed(c) for c in phase) for phase in goal.phases))
