"""What can be meant: the values of the goal language and their one canonical wording; `reading.py` reads it.

    goal       := phase ("then" phase)* ["while" rule (";" rule)*]
    phase      := [when ":"] ["if" test ("and" test)* ":"] condition (";" condition)*
    when       := "after" NUMBER ("s" | "min" | "h") | "at" HH:MM | "every day at" HH:MM
    test       := ["not"] condition
    condition  := [amount] thing [relation place] ["by" means]
                | choice thing ["except" thing] (relation place | "is" state+) ["by" means]
                | "no" thing [relation place]
                | ["every" | "no"] furniture ["except" furniture] state+
                | "holding" thing
    amount     := NUMBER | "exactly" NUMBER | "at most" NUMBER | NUMBER "more"
    choice     := "every" | NUMBER "of" | "all but" NUMBER "of" | "half of"
    thing      := property* state* object ["from" origin]
    object     := category ["of" liquid] | class | "anything"
    furniture  := property* (fixture category | class of fixtures) ["in" room]      or, for states that rooms have:
                | "room" | kind of room | name of a room
                | name of a person, for states that people have
    place      := ["every"] furniture | room | person | ["every"] thing [relation place]
    origin     := furniture | room | person | thing without an origin
    relation   := "on" | "in" | "with" | "beside"
    means      := fixture category | category of objects
    rule       := "never" (condition | skill [thing or furniture or room])
    query      := "?" ("where" (thing | furniture | person) | "how many" thing [relation place]
                | "whether" test ("and" test)* | "what" relation place)

`envs/symbolic/scoring.py` defines what each of them means in a state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from envs.symbolic.domain import ROOM, Domain, load_domain

Amount = Literal["at least", "exactly", "at most", "more"]
Selection = Literal["every", "of", "all but", "half"]


@dataclass(frozen=True, kw_only=True)
class Thing:
    """An object description: a category or class word, and what the object must be like.

    Attributes:
        word: Category, class or `anything`.
        states: States that it must have, such as `clean`.
        liquid: What it must be filled with.
        properties: What never changes: size, color, material words, and owners as `Anna's`; in the domain's order.
        origin: Where it must have been at the start of the episode.
    """

    word: str
    states: tuple[str, ...] = ()
    liquid: str | None = None
    properties: tuple[str, ...] = ()
    origin: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is: furniture, a room, a person by name, or an object that may itself have a required place.

    Attributes:
        fixture: A fixture category or class.
        thing: An object: a container, or with `beside` a neighbor on the same fixture.
        inside: The place of `thing`.
        room: A kind or name of room: of the fixture if there is one, otherwise any place in the room.
        person: The name of a person.
        properties: Properties of the fixture.
        every: All such places, not only one of them.
        beside: Next to `thing`, not in or on it.
        relation: The word for being there, if the kind is not of the default domain; no part of the place's identity.
    """

    fixture: str | None = None
    thing: Thing | None = None
    inside: Place | None = None
    room: str | None = None
    person: str | None = None
    properties: tuple[str, ...] = ()
    every: bool = False
    beside: bool = False
    relation: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Count:
    """The number of distinct objects that match `thing` and are at `place` at the end.

    Attributes:
        number: How many.
        amount: At least, exactly, or at most so many; or so many `more` than at the start.
        thing: What they are.
        place: Where they are.
        means: The fixture category or object category that must be used to get there.
    """

    number: int = 1
    thing: Thing
    place: Place | None = None
    amount: Amount = "at least"
    means: str | None = None


@dataclass(frozen=True, kw_only=True)
class Every:
    """A choice: some or all of the objects that match `thing` at the start end at `place`, or with states `become`.

    Attributes:
        thing: What is chosen from, at the start.
        selection: Every one, `number` of them, all but `number` of them, or half of them.
        number: For `of` and `all but`.
        excluded: What is not chosen from, at the start.
        place: Where the chosen ones end.
        become: States that the chosen ones end with.
        means: The fixture category or object category that must be used to get there.
    """

    thing: Thing
    excluded: Thing | None = None
    place: Place | None = None
    become: tuple[str, ...] = ()
    selection: Selection = "every"
    number: int = 0
    means: str | None = None


@dataclass(frozen=True, kw_only=True)
class No:
    """No object matches `thing` (at `place`) at the end."""

    thing: Thing
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class FixtureIs:
    """Some, every or no fixture of a category or class is in all of the states; or a person, by name.

    In a class, only the categories that can have the states count (`Domain.resolve_fixture`).
    """

    quantifier: Literal["some", "every", "no"] = "some"
    fixture: str
    states: tuple[str, ...]
    properties: tuple[str, ...] = ()
    room: str | None = None
    person: str | None = None
    excluded: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Holding:
    """The robot holds an object that matches `thing` at the end."""

    thing: Thing


Condition = Count | Every | No | FixtureIs | Holding


@dataclass(frozen=True, kw_only=True)
class Test:
    """A condition that is tested when a phase begins."""

    __test__ = False  # not a test class of pytest

    condition: Condition
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class When:
    """When a phase may begin: so many seconds after the phase before it is reached, or at a time of day.

    Attributes:
        after_s: Seconds [s].
        at: Time of day, `HH:MM`.
        daily: Whether it repeats every day.
    """

    after_s: float | None = None
    at: str | None = None
    daily: bool = False


@dataclass(frozen=True, kw_only=True)
class Guard:
    """When a phase begins, and what must be true then for it to be done at all."""

    when: When | None = None
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must be true at no moment of a plan: a condition, or the use of a skill.

    Attributes:
        condition: The forbidden condition, unless `skill` is given.
        skill: The forbidden skill.
        thing: The objects that the skill must not be used on; with no `place` either: on nothing.
        place: The furniture or the room that the skill must not be used on.
    """

    condition: Condition | None = None
    skill: str | None = None
    thing: Thing | None = None
    place: Place | None = None


NO_GUARD = Guard()


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Phases of conditions, achieved in order, while no rule is broken.

    Attributes:
        phases: The conditions of each phase.
        guards: The guard of each phase; empty if no phase has one.
        rules: What must not happen meanwhile.
    """

    phases: tuple[tuple[Condition, ...], ...]
    guards: tuple[Guard, ...] = ()
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        """Drop guards that say nothing, so that equal goals are equal."""
        if self.guards and all(guard == NO_GUARD for guard in self.guards):
            object.__setattr__(self, "guards", ())
        assert not self.guards or len(self.guards) == len(self.phases)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all phases, in order."""
        return tuple(c for phase in self.phases for c in phase)

    @cached_property
    def means(self) -> tuple[str, ...]:
        """The means that conditions ask for, each once."""
        return tuple(dict.fromkeys(m for c in self.conditions if (m := getattr(c, "means", None)) is not None))

    @cached_property
    def is_timed(self) -> bool:
        """Whether a phase has a time."""
        return any(guard.when is not None for guard in self.guards)

    def after(self, phase: int, *, begun: bool = False) -> Goal:
        """Return the rest of the goal, from a phase on, with the same rules.

        Args:
            phase: The phase.
            begun: Whether this phase has begun, so that its time has come and its tests were made.
        """
        guards = self.guards[phase:]
        if begun and guards:
            guards = (NO_GUARD, *guards[1:])
        return Goal(phases=self.phases[phase:], guards=guards, rules=self.rules)

    def guard(self, phase: int) -> Guard:
        """Return the guard of a phase."""
        return self.guards[phase] if self.guards else NO_GUARD

    def __str__(self) -> str:
        """Return the goal in its canonical wording."""
        return format_goal(self)


@dataclass(frozen=True, kw_only=True)
class Query:
    """A question about the home.

    Attributes:
        asks: Where `thing`, or the furniture or person of `place`, is; how many there are (at `place`); whether all
            `tests` hold; or what is at `place`.
    """

    asks: Literal["where", "how many", "whether", "what"]
    thing: Thing | None = None
    place: Place | None = None
    tests: tuple[Test, ...] = ()


def fixtures_named(condition: Condition) -> Iterator[str]:
    """Yield the fixture categories and classes that a condition names."""
    if isinstance(condition, FixtureIs):
        yield condition.fixture
    place = getattr(condition, "place", None)
    while place is not None:
        if place.fixture is not None:
            yield place.fixture
        place = place.inside


def format_thing(thing: Thing) -> str:
    """Write an object with its properties and states, for example `red clean mug of coffee from desk`."""
    text = " ".join((*thing.properties, *thing.states, thing.word)) + (f" of {thing.liquid}" if thing.liquid else "")
    return f"{text} from {_origin(thing.origin)}" if thing.origin else text


def _origin(origin: Place) -> str:
    if origin.thing is not None:
        return format_thing(origin.thing)
    return origin.person or (origin.room if origin.fixture is None else None) or format_furniture(origin)


def format_furniture(furniture: Place | FixtureIs) -> str:
    """Write furniture with its properties and room, for example `white cabinet in kitchen`; rooms, people by name."""
    if furniture.person is not None:
        return furniture.person
    assert furniture.fixture is not None
    if furniture.fixture == ROOM and furniture.room:
        return furniture.room
    text = " ".join((*furniture.properties, furniture.fixture))
    return f"{text} in {furniture.room}" if furniture.room else text


def format_place(place: Place, domain: Domain | None = None) -> str:
    """Write a place with its relation, for example `in cup on coffee table`."""
    domain = domain or load_domain()
    every = "every " if place.every else ""
    if place.person is not None:
        return f"with {place.person}"
    if place.fixture is not None:
        at = place.relation or fixture_relation(place.fixture, domain)
        return f"{at} {every}{format_furniture(place)}"
    if place.thing is None:
        return f"in {place.room}"
    relation = place.relation or (domain.relation(place.thing.word) if place.thing.word in domain.objects else None)
    text = _thing_at(place.thing, place.inside, domain)
    return f"{'beside' if place.beside else relation or 'in'} {every}{text}"


def fixture_relation(word: str, domain: Domain) -> str:
    """Return the word (on, in, with) for being at a fixture of a category or class."""
    categories = (word,) if word in domain.fixtures else domain.fixture_members.get(word, ())
    return next((relation for c in categories if (relation := domain.relation(c)) is not None), "on")


def _thing_at(thing: Thing, place: Place | None, domain: Domain) -> str:
    if place is None:
        return format_thing(thing)
    text = format_place(place, domain)
    if thing.origin is not None and thing.origin.fixture and not thing.origin.room and text == f"in {place.room}":
        text = f"on {place.room}"  # "from cabinet in kitchen" would be a cabinet of the kitchen
    return f"{format_thing(thing)} {text}"


def format_condition(condition: Condition, domain: Domain | None = None) -> str:
    """Write one condition in its one canonical wording."""
    domain = domain or load_domain()
    if isinstance(condition, FixtureIs):
        head = "" if condition.quantifier == "some" else condition.quantifier + " "
        excluded = f" except {format_furniture(condition.excluded)}" if condition.excluded else ""
        return f"{head}{format_furniture(condition)}{excluded} {' '.join(condition.states)}"
    if isinstance(condition, Holding):
        return f"holding {format_thing(condition.thing)}"
    if isinstance(condition, No):
        return f"no {_thing_at(condition.thing, condition.place, domain)}"
    means = f" by {condition.means}" if condition.means else ""
    if isinstance(condition, Every):
        heads = {"every": "every", "of": f"{condition.number} of", "all but": f"all but {condition.number} of"}
        head = heads.get(condition.selection, "half of")
        if condition.excluded is None:
            text = _thing_at(condition.thing, condition.place, domain)
        else:
            text = f"{format_thing(condition.thing)} except {_thing_at(condition.excluded, condition.place, domain)}"
        become = f" is {' '.join(condition.become)}" if condition.become else ""
        return f"{head} {text}{become}{means}"
    number = {
        "at least": f"{condition.number} " if condition.number > 1 else "",
        "exactly": f"exactly {condition.number} ",
        "at most": f"at most {condition.number} ",
        "more": f"{condition.number} more ",
    }[condition.amount]
    return f"{number}{_thing_at(condition.thing, condition.place, domain)}{means}"


def format_when(when: When) -> str:
    """Write when a phase begins, for example `after 30 min`."""
    if when.at is not None:
        return f"every day at {when.at}" if when.daily else f"at {when.at}"
    assert when.after_s is not None
    for unit, seconds in (("h", 3600), ("min", 60)):
        if when.after_s and when.after_s % seconds == 0:
            return f"after {when.after_s / seconds:g} {unit}"
    return f"after {when.after_s:.9g} s"


def format_rule(rule: Rule, domain: Domain | None = None) -> str:
    """Write a rule, for example `never open oven`."""
    domain = domain or load_domain()
    if rule.condition is not None:
        return f"never {format_condition(rule.condition, domain)}"
    if rule.thing is not None:
        return f"never {rule.skill} {format_thing(rule.thing)}"
    if rule.place is not None:
        return f"never {rule.skill} {_origin(rule.place)}"
    return f"never {rule.skill}"


def _format_phase(goal: Goal, phase: int, domain: Domain) -> str:
    guard = goal.guard(phase)
    text = " ; ".join(format_condition(c, domain) for c in goal.phases[phase])
    if guard.tests:
        text = f"if {' and '.join(format_test(test, domain) for test in guard.tests)} : {text}"
    return f"{format_when(guard.when)} : {text}" if guard.when else text


def format_test(test: Test, domain: Domain | None = None) -> str:
    """Write a test of a phase, for example `not window open`."""
    return f"{'not ' if test.negated else ''}{format_condition(test.condition, domain)}"


def format_goal(goal: Goal, domain: Domain | None = None) -> str:
    """Write a goal in its one canonical wording; `parse_goal` reads it back."""
    domain = domain or load_domain()
    text = " then ".join(_format_phase(goal, i, domain) for i in range(len(goal.phases)))
    return f"{text} while {' ; '.join(format_rule(r, domain) for r in goal.rules)}" if goal.rules else text


def format_query(query: Query, domain: Domain | None = None) -> str:
    """Write a question, for example `? where wallet`; `parse_query` reads it back."""
    domain = domain or load_domain()
    if query.tests:
        return f"? whether {' and '.join(format_test(test, domain) for test in query.tests)}"
    if query.thing is not None:
        return f"? {query.asks} {_thing_at(query.thing, query.place, domain)}"
    assert query.place is not None
    if query.asks == "where":
        return f"? where {_origin(query.place)}"
    return f"? what {format_place(query.place, domain)}"
