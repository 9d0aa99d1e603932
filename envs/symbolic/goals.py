"""The goal language: its values, parser and formatter.

    goal       := phase ("then" phase)*
    phase      := condition (";" condition)*
    condition  := [number] state* object [relation place]
                | "every" state* object ["except" object] (relation place | "is" state+)
                | "no" state* object [relation place]
                | ["every" | "no"] (fixture | class of fixtures) state
                | "holding" state* object
    place      := fixture | object [relation place]
    object     := category ["of" liquid] | class | "anything"
    relation   := "on" | "in" | "with"

The domain declares the relation of each place: the parser also accepts the other word, and the formatter writes the
domain's. `envs/symbolic/scoring.py` defines what a goal means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from envs.errors import GoalError, nearest
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goal_hints import RELATIONS, possible_states, unknown_place, unknown_thing

FIXTURE_ONLY_STATES = ("open", "on", "watered")  # states that no object has
MAX_NUMBER = 20
MAX_LENGTH = 2000  # characters; a longer goal is a mistake or an attack
MAX_NESTING = 8  # nested places


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An object description: a category or class word, with the states and the liquid that the object must have."""

    word: str
    states: tuple[str, ...] = ()
    liquid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A fixture category, or an object that may itself have a required place."""

    fixture: str | None = None
    thing: Thing | None = None
    inside: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Count:
    """At least `number` distinct objects match `thing` and are at `place` at the end."""

    number: int = 1
    thing: Thing
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Every:
    """All objects that match `thing` in the initial state end at `place`, or with the states `become`."""

    thing: Thing
    excluded: str | None = None
    place: Place | None = None
    become: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class No:
    """No object matches `thing` (at `place`) at the end."""

    thing: Thing
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class FixtureIs:
    """Some, every or no fixture of a category or class is in a state.

    In a class, only the categories that can have the state count (`Domain.resolve_fixture`).
    """

    quantifier: Literal["some", "every", "no"] = "some"
    fixture: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Holding:
    """The robot holds an object that matches `thing` at the end."""

    thing: Thing


Condition = Count | Every | No | FixtureIs | Holding


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Phases of conditions, achieved in order."""

    phases: tuple[tuple[Condition, ...], ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all phases, in order."""
        return tuple(c for phase in self.phases for c in phase)

    def __str__(self) -> str:
        """Return the goal in its canonical wording."""
        return format_goal(self)


class _Parser:
    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        words = {*domain.states, *domain.negations}
        self.object_states = {w for w in words if domain.negations.get(w, w) not in FIXTURE_ONLY_STATES}
        self.state_words = words
        self.fixture_states = {"open", "closed", "on", "off", "dirty", "clean", "watered"}
        self.said = ""  # the condition that is being read

    def goal(self, text: str) -> Goal:
        words = " ".join(text.split()).lower()
        for name in (*self.domain.fixtures, *self.domain.objects):
            if not name.islower():  # "TV stand", "CD"
                words = re.sub(rf"\b{re.escape(name.lower())}\b", name, words)
        if not words:
            raise GoalError("the goal is empty")
        if len(words) > MAX_LENGTH:
            raise GoalError(f"the goal has {len(words)} characters; at most {MAX_LENGTH} are read")
        phases = []
        for phase in re.split(r"\s*\bthen\b\s*", words):
            conditions = [self.condition(c.strip()) for c in phase.split(";")]
            phases.append(tuple(conditions))
        return Goal(phases=tuple(phases))

    def condition(self, text: str) -> Condition:
        if not text:
            raise GoalError("a condition is empty: ';' or 'then' stands first, last or twice in a row")
        self.said = text
        head, _, rest = text.partition(" ")
        if not rest and (head in ("every", "no", "holding", *self.state_words) or head.isdecimal()):
            raise GoalError(f"{text!r}: no object or furniture follows; expected something like {f'{head} plate'!r}")
        quantifier = head if head in ("every", "no") and rest else None
        if (fixture := self.fixture_is(rest if quantifier else text, quantifier)) is not None:
            return fixture
        if quantifier == "every":
            return self.every(rest)
        if quantifier == "no":
            thing, place = self.thing_at(rest)
            return No(thing=thing, place=place)
        if head == "holding" and rest:
            return Holding(thing=self.thing(rest))
        if head.isdecimal():
            if not 1 <= int(head) <= MAX_NUMBER:
                raise GoalError(f"{text!r}: the number {head} is not between 1 and {MAX_NUMBER}")
            thing, place = self.thing_at(rest)
            return Count(number=int(head), thing=thing, place=place)
        thing, place = self.thing_at(text)
        return Count(thing=thing, place=place)

    def fixture_is(self, text: str, quantifier: str | None) -> FixtureIs | None:
        name, _, state = text.rpartition(" ")
        categories = self.domain.fixture_members.get(name) or ((name,) if name in self.domain.fixtures else ())
        if not categories or text in self.domain.objects:  # "toilet paper" is no state of a toilet
            return None
        if state not in self.fixture_states:
            known = ", ".join(sorted(self.fixture_states))
            hint = nearest(state, self.fixture_states)
            raise GoalError(f"{text!r}: {state!r} is not a state of a fixture; known: {known}{hint}")
        if not any(self.domain.fixtures[category].can_be(state) for category in categories):
            states = " or ".join(possible_states(self.domain, name))
            raise GoalError(f"{text!r}: a {name} is never {state}" + (f"; it may be {states}" if states else ""))
        if quantifier == "every":
            return FixtureIs(quantifier="every", fixture=name, state=state)
        if quantifier == "no":
            return FixtureIs(quantifier="no", fixture=name, state=state)
        return FixtureIs(fixture=name, state=state)

    def every(self, text: str) -> Every:
        excluded = None
        if " is " in text:
            head, _, states = text.partition(" is ")
            become = tuple(states.split())
            place = None
        else:
            head, place = self.split_place(text)
            become = ()
            if place is None:
                self.thing(head)
                raise GoalError(f"'every {text}' says neither where (on, in) nor how (is) it shall be")
        if " except " in head:
            head, _, excluded = head.partition(" except ")
            self.known(excluded)
        thing = self.thing(head)
        for state in become:
            self.check_state(state, text)
        return Every(thing=thing, excluded=excluded, place=place, become=become)

    def split_place(self, text: str, depth: int = 0) -> tuple[str, Place | None]:
        match = re.search(r" (on|in|with) ", text)
        if match is None:
            return text, None
        return text[: match.start()], self.place(text[match.end() :], depth + 1)

    def thing_at(self, text: str) -> tuple[Thing, Place | None]:
        head, place = self.split_place(text)
        return self.thing(head), place

    def place(self, text: str, depth: int) -> Place:
        if depth > MAX_NESTING:
            raise GoalError(f"more than {MAX_NESTING} places inside each other")
        if text in self.domain.fixtures:
            category = self.domain.fixtures[text]
            if category.relation is None:
                raise GoalError(f"nothing can be put on a {text}")
            return Place(fixture=text)
        head, inside = self.split_place(text, depth)
        try:
            thing = self.thing(head)
        except GoalError:
            raise GoalError(unknown_place(self.domain, head, self.said)) from None
        return Place(thing=thing, inside=inside)

    def thing(self, text: str) -> Thing:
        states = []
        while True:
            head, _, rest = text.partition(" ")
            if head not in self.state_words or not rest:
                break
            if head not in self.object_states and (head in RELATIONS or rest in self.domain.fixtures):
                raise GoalError(unknown_thing(self.domain, text, self.said))
            self.check_state(head, text)
            states.append(head)
            text = rest
        word, _, liquid = text.partition(" of ")
        if liquid and liquid not in self.domain.liquids:
            raise GoalError(f"{text!r}: no liquid {liquid!r}{nearest(liquid, self.domain.liquids)}")
        self.known(word)
        return Thing(word=word, states=tuple(states), liquid=liquid or None)

    def check_state(self, word: str, text: str) -> None:
        if word not in self.object_states:
            known = ", ".join(sorted(self.object_states))
            raise GoalError(
                f"{text!r}: an object is never {word!r}; it may be {known}{nearest(word, self.object_states)}"
            )

    def known(self, word: str) -> None:
        if word not in self.domain.objects and word not in self.domain.members:
            raise GoalError(unknown_thing(self.domain, word, self.said))


def fixtures_named(condition: Condition) -> Iterator[str]:
    """Yield the fixture categories that a condition names."""
    if isinstance(condition, FixtureIs):
        yield condition.fixture
    place = getattr(condition, "place", None)
    while place is not None:
        if place.fixture is not None:
            yield place.fixture
        place = place.inside


def parse_goal(text: str, domain: Domain | None = None) -> Goal:
    """Parse a goal.

    Raises:
        GoalError: The text does not parse, or has a word unknown to the domain (the message offers the nearest).
    """
    return _Parser(domain or load_domain()).goal(text)


def format_thing(thing: Thing) -> str:
    """Write an object with its states, for example `clean mug of coffee`."""
    return " ".join((*thing.states, thing.word)) + (f" of {thing.liquid}" if thing.liquid else "")


def format_place(place: Place, domain: Domain | None = None) -> str:
    """Write a place with its relation, for example `in cup on coffee table`."""
    domain = domain or load_domain()
    if place.fixture is not None:
        return f"{domain.relation(place.fixture)} {place.fixture}"
    thing = place.thing
    assert thing is not None
    relation = domain.relation(thing.word) if thing.word in domain.objects else None
    text = f"{relation or 'in'} {format_thing(thing)}"
    return f"{text} {format_place(place.inside, domain)}" if place.inside else text


def format_condition(condition: Condition, domain: Domain | None = None) -> str:
    """Write one condition in its one canonical wording."""
    if isinstance(condition, FixtureIs):
        head = "" if condition.quantifier == "some" else condition.quantifier + " "
        return f"{head}{condition.fixture} {condition.state}"
    if isinstance(condition, Holding):
        return f"holding {format_thing(condition.thing)}"
    place = f" {format_place(condition.place, domain)}" if condition.place else ""
    thing = format_thing(condition.thing)
    if isinstance(condition, No):
        return f"no {thing}{place}"
    if isinstance(condition, Every):
        excluded = f" except {condition.excluded}" if condition.excluded else ""
        become = f" is {' '.join(condition.become)}" if condition.become else ""
        return f"every {thing}{excluded}{place}{become}"
    number = f"{condition.number} " if condition.number > 1 else ""
    return f"{number}{thing}{place}"


def format_goal(goal: Goal, domain: Domain | None = None) -> str:
    """Write a goal in its one canonical wording; `parse_goal` reads it back."""
    return " then ".join(" ; ".join(format_condition(c, domain) for c in phase) for phase in goal.phases)
