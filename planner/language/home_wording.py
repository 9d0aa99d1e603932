"""Words for what is in a home: names of furniture and objects, where they are, and what was not looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.goals import Place, Thing
from envs.symbolic.scoring import fixtures_at, is_place, matching_objects
from envs.symbolic.state import HELD, OPEN, State
from planner.language.noun_phrases import (
    OWNERSHIP,
    be,
    counted,
    furniture_words,
    listed,
    modifiers,
    noun_phrase,
    room_with_the,
    several,
    with_the,
)

MAX_KINDS = 12  # kinds of object that are listed at a place
MAX_NAMED = 3  # places of a caution
CLOSED = ", which is closed"
_STATE_WORDS = ("dirty", "hot", "cold", "sliced", "cooked", "folded")


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known of a home that is known in part; names are those of fixtures and objects.

    Attributes:
        unseen: Fixtures whose contents were never seen.
        uninspected: Fixtures whose states were never seen.
        ages_s: Time since an object, the contents of a fixture or (`states NAME`) its states were last seen [s], for
            those that are not in view; None: nobody knows how long ago.
        told: Objects whose place was told by a person.
        usual: Returns the names of the fixtures that may hold a category or class, the most likely first.
    """

    unseen: frozenset[str] = frozenset()
    uninspected: frozenset[str] = frozenset()
    ages_s: Mapping[str, float | None] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    usual: Callable[[str], Sequence[str]] = lambda word: ()


def ago(seconds: float | None) -> str:
    """Return how long ago something was, with a leading comma: ", 12 minutes ago"; empty if that is not known."""
    if seconds is None:
        return ""
    for unit, length_s, limit in (("second", 1, 60), ("minute", 60, 60), ("hour", 3600, 24), ("day", 86400, 10**9)):
        number = round(seconds / length_s)
        if number == 0:
            return ", a moment ago"
        if number < limit:
            return f", {number} {unit}{'' if number == 1 else 's'} ago"
    return ""


def capitalized(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return f"{text[0].upper()}{text[1:]}"


class HomeWording:
    """Words for a home in one state, as far as it is known."""

    def __init__(self, state: State, knowledge: Knowledge | None = None) -> None:
        self.state, self.world = state, state.world
        self.is_certain, self.knowledge = knowledge is None, knowledge or Knowledge()

    def unknown_person(self, place: Place | None) -> str:
        """Return the answer to a question about a person who has no place here; otherwise an empty string."""
        if place is None or place.person is None or place.person in self.world.people:
            return ""
        if place.person in self.world.scene.people:
            return f"I do not know where {place.person} is."
        return f"Nobody here is called {place.person}."

    def there_are(self, number: int, thing: Thing, place: Place | None) -> str:
        """Return how many there are: "There are 2 mugs on the desk", "Anna has one mug here"."""
        where = f" {self.place_words(place)}" if place else " here"
        owner = next((p for p in thing.properties if p.endswith(OWNERSHIP)), "")
        if owner:
            rest = replace(thing, properties=tuple(p for p in thing.properties if p != owner))
            return f"{owner.removesuffix(OWNERSHIP)} has {counted(number, rest)}{where}"
        if not self.is_certain:
            return f"I know of {counted(number, thing)}{where}"
        return f"There {be(number, thing.word)} {counted(number, thing)}{where}"

    def location(self, entity: int, *, short: bool = False) -> str:
        """Return where an object is: `in drawer 2 in the bedroom, which is closed`; short: `in closed drawer 2`."""
        state, world = self.state, self.world
        holder = state.place[entity]
        if holder == HELD:
            return "in the robot's hand"
        if holder < 0:
            return "on the floor"
        name = self.name(holder)
        if holder >= world.n_fixtures:
            return f"{world.relation[holder]} {name} {self.location(holder, short=short)}"
        is_closed = world.enclosed[holder] and not state.flags[holder] & OPEN
        if short and is_closed:
            name = f"the closed {name[4:]}" if name.startswith("the ") else f"closed {name}"
        text = f"{world.relation[holder]} {name}{self.room_words(holder)}"
        return f"{text}{CLOSED}" if is_closed and not short else text

    def age_words(self, entity: int) -> str:
        """Return when an object was last seen, or that a person told; empty if it is in view."""
        name = self.world.names[entity]
        if name in self.knowledge.told:
            return ", as you told me"
        return ago(self.knowledge.ages_s[name]).replace(", ", ", seen ") if name in self.knowledge.ages_s else ""

    def last_seen(self, objects: Sequence[int]) -> str:
        """Return how long ago the first seen of these was last seen: ", last seen 12 minutes ago"; empty if in view."""
        ages = [self.knowledge.ages_s[n] for i in objects if (n := self.world.names[i]) in self.knowledge.ages_s]
        known = [age for age in ages if age is not None]
        return ago(max(known)).replace(", ", ", last seen ") if known else ""

    def enumerated(self, objects: Iterable[int], *, contents: bool = True) -> str:
        """Return objects by what they are: `2 cold eggs, cold milk and a cold orange`."""
        kinds = Counter(self.description(i, contents=contents) for i in objects)
        shown = sorted(kinds.items(), key=lambda item: ("".join(item[0]).lower(), item[1]))
        parts = [several(number, *kind) for kind, number in shown[:MAX_KINDS]]
        rest = sum(number for _, number in shown[MAX_KINDS:])
        return listed([*parts, f"{rest} more things"] if rest else parts)

    def description(self, entity: int, *, contents: bool) -> tuple[str, str, str]:
        """Return what is said of an object before its category, the category, and what is said after it."""
        state, world = self.state, self.world
        own = (word for word in world.domain.states if word not in BUILT_IN_STATES)
        states = [word for word in (*_STATE_WORDS, *own) if state.has(entity, word)]
        liquid, category = state.liquid[entity], world.object_category[entity]
        after = f" of {liquid}" if liquid and not (category and category.contains) else ""
        children = state.children(entity)
        if children and contents:
            relation = world.relation[entity]
            inside = f"{len(children)} things" if len(children) > 2 else self.enumerated(children, contents=False)
            after += f" with {inside} {relation} it"
        return modifiers(world.properties[entity], states), world.categories[entity], after

    def name(self, entity: int) -> str:
        """Return a fixture or object as people would name it: by what tells it apart, otherwise by its number."""
        world, category = self.world, self.world.categories[entity]
        person = next((name for name, fixture in world.people.items() if fixture == entity), None)
        if person is not None:
            return person
        if self.is_room(entity):
            return room_with_the(world.names[entity])
        alike = list(world.entities_by_category[category])
        if entity < world.n_fixtures and len(world.scene.rooms) > 1:
            alike = [i for i in alike if self.room(i) == self.room(entity)]
        if len(alike) == 1:
            return f"the {category}"
        properties = world.properties[entity]
        if properties and sum(properties <= world.properties[i] for i in alike) == 1:
            return with_the(f"{modifiers(properties, ())}{category}")
        return world.names[entity]

    def is_room(self, entity: int) -> bool:
        """Whether an entity is a room, which has states where a skill is about rooms."""
        category = self.world.fixture_category[entity]
        return category is not None and category.is_room

    def room(self, fixture: int) -> str:
        """Return the name of the room that a fixture is in."""
        return self.world.scene.fixtures[fixture].room

    def room_words(self, fixture: int) -> str:
        """Return the room of a fixture with a leading space, in a home of several rooms; nothing for a room itself."""
        if self.is_room(fixture):
            return ""
        return f" in {room_with_the(self.room(fixture))}" if len(self.world.scene.rooms) > 1 else ""

    def place_words(self, place: Place) -> str:
        """Return a place with its relation: "on the black desk", "in the box on the bed", "in the drawers"."""
        relation = self.relation(place)
        if place.person is not None:
            return f"{relation} {place.person}"
        if place.every:
            return f"{relation} every {self.place_name(place)}"
        if place.fixture is None and place.thing is None:
            return f"{relation} {room_with_the(place.room or '')}"
        number = 1
        if place.fixture is not None:
            number = len(fixtures_at(self.state, place))
        elif place.thing is not None and not place.beside:
            number = len(matching_objects(self.state, place.thing, place.inside))
        text = f"{relation} {with_the(self.place_name(place, plural=number > 1))}"
        return f"{text} {self.place_words(place.inside)}" if place.inside is not None else text

    def place_name(self, place: Place, *, plural: bool = False) -> str:
        """Return a place without relation and article."""
        if place.fixture is not None:
            return furniture_words(place, plural=plural)
        if place.thing is not None:
            return noun_phrase(place.thing, plural=plural)
        return place.person or place.room or ""

    def relation(self, place: Place) -> str:
        """Return the word for being at a place: on, in, with, beside."""
        if place.person is not None:
            return "with"
        if place.beside:
            return "beside"
        if place.fixture is not None:
            fixtures = fixtures_at(self.state, place)
            return next((r for f in fixtures if (r := self.world.relation[f]) is not None), "in")
        if place.thing is not None and place.thing.word in self.world.domain.objects:
            return self.world.domain.relation(place.thing.word) or "in"
        return "in"

    def caution(self, thing: Thing, place: Place | None) -> str:
        """Return a sentence about the places in question that were not looked at, with a leading space; or nothing."""
        world = self.world
        words = world.domain.resolve(thing.word)
        unseen = [
            f
            for f in range(world.n_fixtures)
            if world.names[f] in self.knowledge.unseen
            and (place is None or place.thing is not None or is_place(self.state, f, place))
            and any(world.domain.fits(word, world.categories[f]) for word in words)
        ]
        return f" {self.not_looked(unseen)}" if unseen else ""

    def not_looked(self, fixtures: Sequence[int]) -> str:
        """Return a sentence that says which furniture was not looked at."""
        names = [self.name(f) for f in fixtures]
        if len(self.world.scene.rooms) > 1 and len({self.room(f) for f in fixtures}) > 1:
            names = [f"{name}{self.room_words(f)}" for name, f in zip(names, fixtures, strict=True)]
        rest = len(names) - MAX_NAMED
        shown = names[:MAX_NAMED] if rest <= 1 else [*names[:MAX_NAMED], f"{rest} more places"]
        shown = names if rest == 1 else shown
        into = "into" if all(self.world.enclosed[f] for f in fixtures) else "at"
        return f"I have not looked {into} {listed(shown)} yet."
