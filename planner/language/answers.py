"""Answers questions about a home from its state, in one plain sentence.

"The wallet is in drawer 2 in the bedroom, which is closed."
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache

from envs.symbolic.goals import FixtureIs, Place, Query, Thing, format_condition, format_furniture, format_thing
from envs.symbolic.progress import is_true
from envs.symbolic.scoring import fixtures_at, fixtures_of, matching_objects
from envs.symbolic.state import HELD, OPEN, State
from planner.language.phrase_patterns import load_words
from planner.language.realization import Realizer

_MASS_CLASSES = frozenset(
    ["food", "fruit", "cutlery", "cookware", "clothing", "linen", "electronics", "trash", "paper"]
)
_PLURAL_CLASSES = {"dishes": "dish", "groceries": "grocery", "toiletries": "toiletry", "valuables": "valuable"}
MAX_LISTED = 6  # objects that are named one by one; more are counted by place


def answer(query: Query, state: State, unseen: Collection[str] = ()) -> str:
    """Return the answer to a question.

    Args:
        query: The question.
        state: The state of the home, or what is believed of it.
        unseen: Names of the fixtures whose contents are not known; the answer says so where it matters.
    """
    return _Answerer(state, frozenset(unseen)).answer(query)


class _Answerer:
    def __init__(self, state: State, unseen: frozenset[str]) -> None:
        self.state, self.world, self.unseen = state, state.world, unseen

    def answer(self, query: Query) -> str:
        if query.test is not None:
            return self.whether(query)
        if query.thing is None:
            assert query.place is not None
            return self.what(query.place)
        objects = matching_objects(self.state, query.thing, query.place)
        if query.asks == "where":
            return self.where(query.thing, objects)
        place = f" {self.place_words(query.place)}" if query.place else " here"
        verb = "is" if len(objects) == 1 else "are"
        return f"There {verb} {self.counted(len(objects), query.thing)}{place}.{self.caution()}"

    # -- where -----------------------------------------------------------------------------------------------------

    def where(self, thing: Thing, objects: Sequence[int]) -> str:
        if not objects:
            if self.unseen:
                return f"I have not seen {self.indefinite(thing)}.{self.caution()}"
            return f"There is no {format_thing(thing)} here."
        if len(objects) == 1:
            name = format_thing(thing)
            article = "" if thing.properties and thing.properties[0].endswith("'s") else "The "
            return f"{article}{name} is {self.location(objects[0])}."
        if len(objects) <= MAX_LISTED:
            places = Counter(self.location(i) for i in objects)
            if len(places) == 1:
                return f"There are {self.counted(len(objects), thing)} {next(iter(places))}."
            parts = [f"{self.number(n)} {place}" for place, n in places.items()]
            return f"There are {self.counted(len(objects), thing)}: {_listed(parts)}."
        places = Counter(self.location(i, short=True) for i in objects)
        parts = [f"{n} {place}" for place, n in places.most_common()]
        return f"There are {self.counted(len(objects), thing)}: {_listed(parts)}."

    def location(self, entity: int, *, short: bool = False) -> str:
        """Return where an object is: `in drawer 2 in the bedroom, which is closed`."""
        state, world = self.state, self.world
        holder = state.place[entity]
        if holder == HELD:
            return "in the robot's hand"
        if holder < 0:
            return "on the floor"
        text = f"{world.relation[holder]} {self.name(holder)}"
        if holder >= world.n_fixtures:
            return f"{text} {self.location(holder, short=short)}"
        room = world.scene.fixtures[holder].room
        text += f" in the {room}" if len(world.scene.rooms) > 1 else ""
        closed = world.enclosed[holder] and not state.flags[holder] & OPEN
        return f"{text}, which is closed" if closed and not short else text

    def name(self, entity: int) -> str:
        """Return a fixture or object as people would name it: without its number if it is the only one."""
        world, category = self.world, self.world.categories[entity]
        person = next((name for name, fixture in world.people.items() if fixture == entity), None)
        if person is not None:
            return person
        if entity < world.n_fixtures:
            alike = [i for i in world.entities_by_category[category] if self.room(i) == self.room(entity)]
            rooms_named = len(world.scene.rooms) > 1
            alike = alike if rooms_named else list(world.entities_by_category[category])
        else:
            alike = list(world.entities_by_category[category])
        return f"the {category}" if len(alike) == 1 else world.names[entity]

    def room(self, fixture: int) -> str:
        return self.world.scene.fixtures[fixture].room

    # -- what, whether ---------------------------------------------------------------------------------------------

    def what(self, place: Place) -> str:
        fixtures = fixtures_at(self.state, place) if place.thing is None else []
        holders = fixtures if place.thing is None else matching_objects(self.state, place.thing, place.inside)
        if not holders:
            return f"There is no {self.place_name(place)} here."
        unknown = [self.name(f) for f in holders if self.world.names[f] in self.unseen]
        contents = [i for h in holders for i in self.state.children(h)]
        if place.beside:
            neighbors = [self.state.place[h] for h in holders if self.state.place[h] >= 0]
            contents = [i for h in neighbors for i in self.state.children(h) if i not in holders]
        where = self.place_words(place)
        note = f" I have not looked into {_listed(unknown)} yet." if unknown else ""
        if not contents:
            return f"{note.strip()}" if note else f"There is nothing {where}."
        words = Counter(self.described(i) for i in contents)
        listed = _listed([self.several(word, n) for word, n in sorted(words.items())])
        return f"{where[0].upper()}{where[1:]} {'is' if len(contents) == 1 else 'are'} {listed}.{note}"

    def described(self, entity: int) -> str:
        state, world = self.state, self.world
        words = [w for w in ("dirty", "hot", "cold", "sliced", "cooked", "folded") if state.has(entity, w)]
        groups = ["", *world.domain.properties]  # an owner has none
        order = sorted(world.properties[entity], key=lambda p: groups.index(world.domain.property_group.get(p, "")))
        liquid = state.liquid[entity]
        category = world.object_category[entity]
        filled = f" of {liquid}" if liquid and not (category and category.contains) else ""
        return " ".join((*order, *words, world.categories[entity])) + filled

    def whether(self, query: Query) -> str:
        assert query.test is not None
        condition, yes = query.test.condition, is_true(query.test, self.state, self.state)
        head = "Yes" if yes else "No"
        if not isinstance(condition, FixtureIs):
            return (
                f"{head}: {'' if yes != query.test.negated else 'not '}{format_condition(condition)}.{self.caution()}"
            )
        fixtures = fixtures_of(self.state, condition)
        if not fixtures:
            return f"There is no {format_furniture(condition)} here."
        parts = []
        for f in fixtures[:MAX_LISTED]:
            category = self.world.fixture_category[f]
            assert category is not None
            words = []
            for word in condition.states:
                positive = self.world.domain.negations.get(word, word)
                negative = next((n for n, p in self.world.domain.negations.items() if p == positive), f"not {word}")
                words.append(positive if self.state.has(f, positive) else negative)
            room = f" in the {self.room(f)}" if len(self.world.scene.rooms) > 1 and len(fixtures) > 1 else ""
            parts.append(f"{self.name(f)}{room} is {' and '.join(words)}")
        more = f", and {len(fixtures) - MAX_LISTED} more" if len(fixtures) > MAX_LISTED else ""
        return f"{head}: {_listed(parts)}{more}."

    # -- words -----------------------------------------------------------------------------------------------------

    def caution(self) -> str:
        """Return a sentence that says which furniture was not looked into, if any."""
        closed = [name for name in self.world.names[: self.world.n_fixtures] if name in self.unseen]
        if not closed:
            return ""
        shown = closed[:3]
        more = f" and {len(closed) - len(shown)} more places" if len(closed) > len(shown) else ""
        return f" I have not looked into {', '.join(shown)}{more} yet."

    def counted(self, number: int, thing: Thing) -> str:
        word = self.plural(thing.word) if number != 1 else _PLURAL_CLASSES.get(thing.word, thing.word)
        if thing.word in _MASS_CLASSES:
            word = f"{'piece' if number == 1 else 'pieces'} of {thing.word}"
        text = format_thing(replace(thing, word="{}"))  # the braces stand where the word stood
        return f"{'no' if number == 0 else self.number(number)} {text.replace('{}', word)}"

    def several(self, description: str, number: int) -> str:
        if number > 1:
            category = next((c for c in self.world.domain.objects if description.endswith(c)), None)
            longest = max((c for c in self.world.domain.objects if description.endswith(c)), key=len, default=category)
            if longest is None:
                return f"{number} {description}"
            return f"{number} {description.removesuffix(longest)}{self.plural(longest)}"
        return self.indefinite_text(description)

    def indefinite(self, thing: Thing) -> str:
        return self.indefinite_text(format_thing(thing))

    def indefinite_text(self, text: str) -> str:
        words = load_words()
        noun = text.split(" of ", maxsplit=1)[0]
        if "'s " in text or any(noun == w or noun.endswith(f" {w}") for w in (*words.mass, *words.plural_only)):
            return text
        return f"{'an' if text[0].lower() in 'aeiou' else 'a'} {text}"

    def plural(self, word: str) -> str:
        return word if word in _PLURAL_CLASSES else _realizer().plural(word)

    def number(self, number: int) -> str:
        return str(number) if number != 1 else "one"

    def place_words(self, place: Place) -> str:
        relation, name = self.relation(place), self.place_name(place)
        return f"{relation} {name}" if place.person else f"{relation} the {name}"

    def relation(self, place: Place) -> str:
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

    def place_name(self, place: Place) -> str:
        if place.fixture is not None:
            room = f" in the {place.room}" if place.room else ""
            return format_furniture(replace(place, room=None)) + room
        if place.thing is not None:
            return format_thing(place.thing)
        return place.person or place.room or ""


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


@cache
def _realizer() -> Realizer:
    return Realizer(random.Random(0), None)
