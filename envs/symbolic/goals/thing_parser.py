"""Reads descriptions: objects, furniture, rooms, people, and places.

The longest name wins: `glass bottle` is a bottle, `glass bowl` is a bowl of glass, and `orange` alone is a fruit. The
parser accepts `in` and `on` for any place; the formatter writes the domain's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.errors import GoalError, nearest, quoted
from envs.symbolic.domain import ROOM, Domain
from envs.symbolic.goals.hints import ARTICLES, RELATIONS, a, possible_states, unknown_place, unknown_thing, unsayable
from envs.symbolic.goals.state_words import state_words
from envs.symbolic.goals.values import Place, Thing, fixture_relation

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene

MAX_LENGTH = 2000  # characters; a longer goal is a mistake or an attack
MAX_NESTING = 8  # nested places

KEYWORDS = frozenset(
    [
        "every",
        "no",
        "all",
        "but",
        "half",
        "of",
        "exactly",
        "at",
        "most",
        "more",
        "except",
        "from",
        "on",
        "in",
        "with",
        "beside",
        "is",
        "by",
        "holding",
        "then",
        "while",
        "never",
        "if",
        "and",
        "not",
        "after",
        "every",
        "day",
        "s",
        "min",
        "h",
        "where",
        "how",
        "many",
        "whether",
        "what",
    ]
)
_RELATION = re.compile(r" (on|in|with|beside) ")
NAME = re.compile(r"[^\W\d_][\w .-]{0,39}")  # of a person
_OWNER = re.compile(r"([^\W\d_][\w .-]{0,39})['’][sS] (.+)")


class ThingParser:
    """Parses descriptions in one text, with the names of rooms and people of a home if there is one."""

    def __init__(self, domain: Domain, scene: Scene | None) -> None:
        self.domain = domain
        self.rooms = {*domain.rooms, *(room.name for room in scene.rooms)} if scene else {*domain.rooms}
        self.home_rooms = [room.name for room in scene.rooms] if scene else [*domain.rooms]
        self.people = scene.people if scene else ()
        people_kinds = [f.category for f in scene.fixtures if domain.relation(f.category) == "with"] if scene else []
        self.kind_of_person = dict(zip(self.people, people_kinds, strict=False))
        self.receivers = [name for name, f in domain.fixtures.items() if f.relation == "with"]  # `person`
        self.is_trial = False  # whether nobody will read why a text is no goal
        self.text = ""  # as it was given
        self.words = ""  # in small letters, with single spaces
        self.said = ""  # the condition that is being read
        names = (*domain.fixtures, *domain.objects)
        names = (*names, *(room for room in self.rooms if room.lower() not in domain.rooms))
        self.cased = {name.lower(): name for name in names if not name.islower()}  # "TV stand", "CD", "Mia's room"
        texts = (*names, *domain.fixture_members, *domain.members, *domain.all_skills, *domain.liquids, *self.rooms)
        self.names = {*self.rooms, *KEYWORDS}
        self.vocabulary = {word.lower() for text in texts for word in text.split()}
        self.vocabulary |= {*domain.states, *domain.negations, *domain.property_group, *KEYWORDS}
        self.object_states, self.fixture_states = state_words(domain).of_objects, state_words(domain).of_fixtures
        self.state_words = {*domain.states, *domain.negations}

    def error(self, fragment: str, reason: str) -> GoalError:
        """Return an error that shows where in the text the fragment stands."""
        at = self.words.find(fragment, max(self.words.find(self.said), 0))
        at = at if at >= 0 else self.words.find(fragment)
        where = f" at character {self.position(at) + 1}" if at > 0 else ""
        return GoalError(f"{quoted(fragment)}{where}: {reason}")

    def position(self, at: int) -> int:
        """Return where a character of `words` stands in the text as it was given, with its spaces."""
        before = self.words[:at]
        starts = [match.start() for match in re.finditer(r"\S+", self.text)]
        return starts[before.count(" ")] + at - (before.rfind(" ") + 1)

    def located(self, message: str) -> GoalError:
        """Return an error about the condition that is being read, whose message begins with it."""
        prefix = f"{quoted(self.said)}: "
        return self.error(self.said, message.removeprefix(prefix)) if message.startswith(prefix) else GoalError(message)

    def unknown(self, word: str) -> GoalError:
        """Return an error about a word that should be an object."""
        if self.is_trial:
            return GoalError(word)
        named = (name for name in self.people if f"{word} ".lower().startswith(f"{name} ".lower()))
        if (name := next(named, None)) is not None:
            reason = f"{name} is a person; a condition is about things and furniture, as in 'mug with {name}'"
            if (entity := self.person_entity(name)) is not None and entity.fixture is not None:
                ways = [
                    f"'mug with {name}'",
                    *(f"'{name} {state}'" for state in possible_states(self.domain, entity.fixture)),
                ]
                reason = f"{name} is a person; what can be said is {', '.join(ways)}"
            return self.error(word, f"{reason}; '? where {name}' asks for the room")
        head, _, state = word.rpartition(" ")
        if head[:1].isupper() and self.people and NAME.fullmatch(head) and state in state_words(self.domain).own:
            return self.error(word, self.nobody(head))
        return self.located(unknown_thing(self.domain, word, self.said or word))

    def nobody(self, name: str) -> str:
        """Return that a name is that of nobody, and whom there is."""
        if reason := unsayable(name):
            return reason
        return f"nobody here is called {quoted(name)}; known: {', '.join(self.people)}{nearest(name, self.people)}"

    def start(self, text: str) -> str:
        """Begin to read a text: return it in small letters, but for names."""
        self.text, words = text, text.split()
        length = len(" ".join(words))
        if not words:
            raise GoalError("the goal is empty")
        if length > MAX_LENGTH:
            raise GoalError(f"the goal has {length} characters; at most {MAX_LENGTH} are read")
        # Upper case does not matter, but in names of people and of rooms.
        kept = {*self.people, *self.rooms}
        low = [w.lower() if w.lower().strip(";:") in self.vocabulary and w not in kept else w for w in words]
        self.words = " ".join(low)
        for name, cased in self.cased.items():
            self.words = re.sub(rf"\b{re.escape(name)}\b", cased, self.words)
        return self.words

    # -- things and places ---------------------------------------------------------------------------------------------

    def thing_at(self, text: str, depth: int = 0) -> tuple[Thing, Place | None]:
        """Parse a thing, with its place if one follows."""
        head, relation, place = self.split(text)
        return self.thing(head), self.place(relation, place, depth + 1) if relation else None

    def split(self, text: str) -> tuple[str, str, str]:
        """Split a text into a thing with its origin, a relation, and a place; the last two may be empty."""
        base, separator, rest = text.partition(" from ")
        match = _RELATION.search(base)
        if match is not None:  # "spoon in mug from desk": the mug is from the desk
            return text[: match.start()], match[1], text[match.end() :]
        match = _RELATION.search(rest) if separator else None
        if match is None:
            return text, "", ""
        origin = rest[: match.start()]
        after = _RELATION.search(rest, match.end() - 1)
        room = rest[match.end() : after.start() if after else len(rest)]
        if match[1] == "in" and room in self.rooms and self.furniture(origin) is not None:
            origin, match = f"{origin} in {room}", after  # "from cabinet in kitchen": a cabinet of the kitchen
        head = f"{base} from {origin}"
        return (head, match[1], rest[match.end() :]) if match is not None else (head, "", "")

    def chosen_at(self, text: str) -> tuple[Thing, Place | None]:
        """Parse what is chosen and where it shall be: the room in "from cabinet in bedroom" is that, if no other is."""
        thing, place = self.thing_at(text)
        origin = thing.origin
        if place is None and origin is not None and origin.fixture and origin.room:
            return replace(thing, origin=replace(origin, room=None)), Place(room=origin.room)
        return thing, place

    def place(self, relation: str, text: str, depth: int = 1) -> Place:
        """Parse a place behind its relation."""
        if depth > MAX_NESTING:
            raise GoalError(f"more than {MAX_NESTING} places inside each other")
        every = text.startswith("every ")
        text = text.removeprefix("every ")
        if relation != "beside":
            furniture = self.furniture(text)
            person = self.person(text)
            is_person = person is not None or (furniture is not None and furniture.fixture in self.receivers)
            if relation == "with" and not is_person:
                if self.people and text[:1].isupper() and NAME.fullmatch(text):
                    raise self.error(text, self.nobody(text))
                names = ", ".join([*map(repr, self.receivers), *self.people])
                names = names if self.people else f"{names} or a name such as Anna"
                whom = (
                    f"`with` is for people ({names})" if self.receivers else "`with` is for people; there are none here"
                )
                reason = f"{whom}; a place follows 'on' or 'in', a tool or an appliance 'by'"
                raise self.error(f"with {text}", unsayable(text) or reason)
            if furniture is not None and furniture.fixture is not None:
                categories = self.fixture_categories(furniture.fixture)
                if all(self.domain.fixtures[c].relation is None for c in categories):
                    raise self.error(text, f"nothing can be put on {a(furniture.fixture)}")
                return Place(
                    fixture=furniture.fixture,
                    properties=furniture.properties,
                    room=furniture.room,
                    every=every,
                    relation=furniture.relation,
                )
            if (other := self.room(text) or (person if relation == "with" or self.people else None)) is not None:
                if every:
                    raise self.error(
                        f"every {text}", "`every` is for furniture and objects, not for a room or a person"
                    )
                return other
        head, inner, rest = self.split(text)
        inside = self.place(inner, rest, depth + 1) if inner else None
        if inside is not None and inside.every and not every:
            raise self.error(text, "`every` stands at the first place: 'spoon in every mug on every table'")
        try:
            thing = self.thing(head)
        except GoalError:
            if relation == "beside" and head in self.domain.fixtures:
                reason = "`beside` is said of objects on one fixture; of furniture say `on` or `in`"
                raise self.error(text, reason) from None
            if self.is_trial:
                raise
            hint = "" if (text := unknown_place(self.domain, head, self.said)).endswith(("?", "a room")) else (
                nearest(head, [*self.rooms, *self.people])
            )  # fmt: skip
            raise self.located(f"{text}{hint}") from None
        holder = self.domain.objects.get(thing.word)
        return Place(
            thing=thing, inside=inside, every=every, beside=relation == "beside",
            relation=holder.relation if holder else None,
        )  # fmt: skip

    def furniture(self, text: str) -> Place | None:
        """Parse furniture, or return None if no fixture is called so."""
        words, separator, room = text.partition(" in ")
        if separator and room not in self.rooms:
            return None
        properties, word = self.properties(words, self.domain.fixtures, self.domain.fixture_members)
        if word not in self.domain.fixtures and word not in self.domain.fixture_members:
            return None
        if word == ROOM or (word in self.domain.fixtures and self.domain.fixtures[word].is_room):
            return None
        return Place(
            fixture=word, properties=properties, room=room or None, relation=fixture_relation(word, self.domain)
        )

    def fixture_categories(self, word: str) -> tuple[str, ...]:
        """Return the fixture categories that a category or class means."""
        return (word,) if word in self.domain.fixtures else self.domain.fixture_members[word]

    def room(self, text: str) -> Place | None:
        """Parse a room, or return None if none is called so."""
        return Place(room=text) if text in self.rooms else None

    def room_entity(self, text: str) -> Place | None:
        """Parse a room that can have states itself (`kitchen vacuumed`): a kind of room, a room's name, or any room."""
        if not self.domain.rooms_are_entities:
            return None
        if text == ROOM or (text in self.domain.fixtures and self.domain.fixtures[text].is_room):
            return Place(fixture=text)
        return Place(fixture=ROOM, room=text) if text in self.rooms else None

    def person(self, text: str) -> Place | None:
        """Parse the name of a person: one of this home, or any word that is not written small."""
        lowered = {name.lower(): name for name in self.people}
        if text.lower() in lowered:
            return Place(person=lowered[text.lower()])
        is_name = not self.people and NAME.fullmatch(text) is not None and not text[0].islower()
        is_name = is_name and len(text.split()) <= 3 and {*text.split()}.isdisjoint({*KEYWORDS, "or"})
        return Place(person=text) if is_name else None

    def person_entity(self, text: str) -> Place | None:
        """Parse the name of a person whom a skill of the domain's own gives states, or return None."""
        named = self.person(text)
        if named is None or named.person is None or not self.receivers:
            return None
        kind = self.kind_of_person.get(named.person, self.receivers[0])
        has_states = any(kind in bearers for bearers in self.domain.bearers.values())
        return replace(named, fixture=kind) if has_states else None

    def thing(self, text: str) -> Thing:
        """Parse the description of an object."""
        base, separator, origin_text = text.partition(" from ")
        origin = None
        if separator:
            origin = self.furniture(origin_text) or self.room(origin_text) or self.person(origin_text)
            if origin is None:
                if " from " in origin_text:
                    raise self.error(text, "`from` is said only once")
                origin = Place(thing=self.thing(origin_text))
        properties, rest = self.properties(base, self.domain.objects, self.domain.members)
        states = []
        while rest.partition(" of ")[0] not in self.domain.objects:
            head, _, tail = rest.partition(" ")
            if head not in self.state_words or not tail:
                break
            if (swapped := self.state_behind(head, tail)) is not None:
                raise self.error(text, f"a state of furniture, rooms and people stands behind them: write {swapped!r}")
            if head not in self.object_states and (head in RELATIONS or tail in self.domain.fixtures):
                raise self.unknown(base)
            self.check_state(head, text)
            states.append(head)
            rest = tail
        late_properties, rest = self.properties(rest, self.domain.objects, self.domain.members)
        if (owner := self.owner(rest)) is not None:
            raise self.error(f"{owner[0]}'s", self.nobody(owner[0]))
        word, _, liquid = rest.partition(" of ")
        if word not in self.domain.objects and word not in self.domain.members:
            raise self.unknown(word if liquid in self.domain.liquids else rest)
        if liquid and liquid not in self.domain.liquids:
            raise self.error(text, f"no liquid {liquid!r}{nearest(liquid, self.domain.liquids)}")
        return Thing(
            word=word, states=tuple(states), liquid=liquid or None, origin=origin,
            properties=self.in_order((*properties, *late_properties), text),
        )  # fmt: skip

    def state_behind(self, state: str, text: str) -> str | None:
        """Return a state of an own skill with what has it, furniture, a room or a person, in the order of a goal."""
        if state not in self.fixture_states or state not in state_words(self.domain).own:
            return None
        entity = self.furniture(text) or self.room_entity(text) or self.person_entity(text)
        if entity is None or entity.fixture is None:
            return None
        if not any(self.domain.can_be(kind, state) for kind in self.fixture_categories(entity.fixture)):
            return None
        quantifier = next((word for word in ("every ", "no ") if self.said.startswith(word)), "")
        return f"{quantifier}{entity.person or text} {state}"

    def properties(self, text: str, *known: Iterable[str]) -> tuple[tuple[str, ...], str]:
        """Split the properties off the front of a description; a name that begins with one is kept whole."""
        names = {name for group in known for name in group}
        properties = []
        while text.partition(" of ")[0] not in names:
            owner = self.owner(text)
            head, _, rest = text.partition(" ")
            if owner is not None and (not self.people or owner[0] in self.people):
                properties.append(f"{owner[0]}'s")
                text = owner[1]
            elif head in self.domain.property_group and rest:
                properties.append(head)
                text = rest
            else:
                break
        return tuple(properties), text

    def owner(self, text: str) -> tuple[str, str] | None:
        """Split the owner off the front of a description: ("Anna", "red mug") of `anna's red mug`."""
        match = _OWNER.fullmatch(text)
        if match is None:
            return None
        name = next((p for p in self.people if p.lower() == match[1].lower()), None)
        # Names come first: a room may be called `room of Anna`, so `anna` is a word of the home.
        if name is None and not {*match[1].split()}.isdisjoint({*self.vocabulary, *ARTICLES}):
            return None
        return name or match[1], match[2]

    def in_order(self, properties: tuple[str, ...], text: str) -> tuple[str, ...]:
        """Return properties in the domain's order; each group may be named once."""
        group_of = self.domain.property_group
        groups = [group_of.get(p, "owner") for p in properties]
        for group in set(groups):
            if groups.count(group) > 1:
                same = " and ".join(p for p, g in zip(properties, groups, strict=True) if g == group)
                raise self.error(text, f"nothing has two {group}s at once ({same})")
        order = ["owner", *self.domain.properties]
        return tuple(p for _, p in sorted(zip(map(order.index, groups), properties, strict=True)))

    def check_state(self, word: str, text: str) -> None:
        """Raise an error if no object can have a state."""
        if word not in self.object_states:
            if word in RELATIONS:
                raise self.error(
                    text, f"only states follow `is`; a place is written without it: 'every mug {word} ...'"
                )
            known = ", ".join(sorted(self.object_states))
            reason = f"an object is never {word!r}; it may be {known}{nearest(word, self.object_states)}"
            raise self.error(text, reason)
