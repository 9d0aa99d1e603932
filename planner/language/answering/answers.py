"""Answers questions about a home from its state, in one plain sentence.

"The wallet is in drawer 2 in the bedroom, which is closed."

In a home that is known in part, `Knowledge` says what was seen, and when: "I last saw the wallet in drawer 2 in the
bedroom, 12 minutes ago." "I have not seen a wallet; wallets are often in drawers or on the desk."
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from envs.symbolic.goals import Place, Query, Thing
from envs.symbolic.scoring import (
    fixtures_at,
    matching_objects,
)
from envs.symbolic.state import State
from planner.language.answering.liquid_questions import about_liquids, liquids_in
from planner.language.answering.yes_no_answers import MAX_LISTED, YesNoWording
from planner.language.home_wording import CLOSED, MAX_NAMED, Knowledge, ago, capitalized
from planner.language.noun_phrases import (
    furniture_words,
    is_plural,
    listed,
    none_of,
    noun_phrase,
    plural,
    room_with_the,
    with_article,
    with_the,
)


def answer(query: Query, state: State, knowledge: Knowledge | None = None) -> str:
    """Return the answer to a question.

    Args:
        query: The question.
        state: The state of the home, or what is believed of it.
        knowledge: What the belief rests on; None: the whole home is known.
    """
    return _Answerer(state, knowledge).answer(query)


class _Answerer(YesNoWording):
    def answer(self, query: Query) -> str:
        query = about_liquids(query, self.state)
        if query.tests:
            return self.whether(query)
        origin = query.thing.origin if query.thing is not None else None
        place = (
            replace(query.place, every=False) if query.place is not None else None
        )  # a question is about all of them
        unknown = self.unknown_person(place) or self.unknown_person(origin)
        if unknown:
            return unknown
        if query.thing is None:
            assert place is not None
            return self.where_stands(place) if query.asks == "where" else self.what(place)
        objects = matching_objects(self.state, query.thing, place)
        if query.asks == "where":
            return self.where(query.thing, objects)
        text = self.there_are(len(objects), query.thing, place) + self.last_seen(objects)
        return f"{text}.{self.caution(query.thing, place)}"

    # -- where -----------------------------------------------------------------------------------------------------

    def where(self, thing: Thing, objects: Sequence[int]) -> str:
        if not objects:
            return self.not_found(thing)
        if len(objects) == 1:
            return self.where_is(thing, objects[0])
        head = self.there_are(len(objects), thing, None).removesuffix(" here")
        places: dict[tuple[str, str], list[int]] = {}
        for i in objects:
            places.setdefault((self.location(i, short=True), self.age_words(i)), []).append(i)
        if len(places) == 1:
            return f"{head} {self.location(objects[0])}{self.age_words(objects[0])}."
        ranked = sorted(places.items(), key=lambda item: -len(item[1])) if len(places) > MAX_LISTED else places.items()
        parts = [f"{self.members(thing, members)} {place}{age}" for (place, age), members in list(ranked)[:MAX_LISTED]]
        if len(places) > MAX_LISTED:
            rest = sum(len(members) for _, members in list(ranked)[MAX_LISTED:])
            parts.append(f"{'one' if rest == 1 else rest} more elsewhere")
        return f"{head}: {'; '.join(parts) if any(', ' in part for part in parts[:-1]) else listed(parts)}."

    def where_stands(self, place: Place) -> str:
        """Return in which room furniture or a person is."""
        if place.person is not None:
            return f"{place.person} is in {room_with_the(self.room(self.world.people[place.person]))}."
        assert place.fixture is not None
        world = self.world
        fixtures = [
            f
            for category in world.domain.fixture_members.get(place.fixture, (place.fixture,))
            for f in world.entities_by_category.get(category, ())
            if world.properties[f].issuperset(place.properties) and (not place.room or world.in_room(f, place.room))
        ]
        here = "" if place.room else " here"
        if not fixtures:
            return f"{capitalized(none_of(furniture_words(place), place.fixture))}{here}."
        rooms = Counter(room_with_the(self.room(f)) for f in fixtures)
        if len(fixtures) == 1:
            return f"{capitalized(with_the(furniture_words(replace(place, room=None))))} is in {next(iter(rooms))}."
        head = f"There are {len(fixtures)} {furniture_words(replace(place, room=None), plural=True)}"
        if len(rooms) == 1:
            return f"{head} in {next(iter(rooms))}."
        parts = [f"{'one' if number == 1 else number} in {room}" for room, number in rooms.items()]
        return f"{head}: {listed(parts)}."

    def where_is(self, thing: Thing, entity: int) -> str:
        name, where = self.world.names[entity], self.location(entity)
        category = self.world.categories[entity]
        verb = "are" if is_plural(category) else "is"
        if thing.word != category:  # a class: say what it is
            text = with_article(noun_phrase(replace(thing, word=category)), category)
        else:
            text = with_the(noun_phrase(thing))
        if name in self.knowledge.told:
            return f"You told me that {text} {verb} {where}."
        if name in self.knowledge.ages_s:
            return f"I last saw {text} {where.removesuffix(CLOSED)}{ago(self.knowledge.ages_s[name])}."
        return f"{text[0].upper()}{text[1:]} {verb} {where}."

    def members(self, thing: Thing, objects: Sequence[int]) -> str:
        """Return objects that are at one place: "one" and "2", or what they are if they differ."""
        differ = thing.word not in self.world.domain.objects or any(
            self.world.properties[i].difference(thing.properties) for i in objects
        )
        if not differ or len(objects) > MAX_NAMED:
            return "one" if len(objects) == 1 else str(len(objects))
        return self.enumerated(objects, contents=False)

    def not_found(self, thing: Thing) -> str:
        """Return that there is no such thing, or where it may be if not every place was looked at."""
        if self.is_certain or not self.knowledge.unseen:
            looked = "" if self.is_certain else ": I have looked everywhere"
            return f"{capitalized(none_of(noun_phrase(thing), thing.word))} here{looked}."
        text = with_article(noun_phrase(thing), thing.word)
        if thing.word not in self.world.domain.objects:
            text = f"any {noun_phrase(thing, plural=True)}"
        places = self.usual_places(thing.word)
        if not places:
            return f"I have not seen {text}.{self.caution(thing, None)}"
        kind = plural(thing.word)
        verb = "is" if kind == thing.word and not is_plural(kind) else "are"
        return f"I have not seen {text}; {kind} {verb} often {' or '.join(places)}."

    def usual_places(self, word: str) -> list[str]:
        """Return where a thing may be that was not seen: "in drawers", "on the desk"."""
        names, unseen = self.world.names, self.knowledge.unseen
        likely = [self.world.index[name] for name in self.knowledge.usual(word) if name in unseen]
        categories = Counter(self.world.categories[f] for f in range(self.world.n_fixtures) if names[f] in unseen)
        places = []
        for f in likely:
            category = self.world.categories[f]
            name = plural(category) if categories[category] > 1 else self.name(f)
            places.append(f"{self.world.relation[f]} {name}")
        return list(dict.fromkeys(places))[:2]

    # -- what ------------------------------------------------------------------------------------------------------

    def what(self, place: Place) -> str:
        fixtures = fixtures_at(self.state, place) if place.thing is None else []
        holders = fixtures if place.thing is None else matching_objects(self.state, place.thing, place.inside)
        if not holders:
            word = place.thing.word if place.thing is not None else place.fixture or ""
            here = "" if place.fixture is not None and place.room else " here"
            return f"{capitalized(none_of(self.place_name(place), word))}{here}."
        where, groups = self.place_words(place), self.contents(place, holders)
        liquids = {} if place.thing is None or place.beside else liquids_in(self.state, holders)
        if liquids:
            return self.what_in_vessels({h: (groups[h], liquids.get(h, "")) for h in holders})
        unseen = [f for f in fixtures if self.world.names[f] in self.knowledge.unseen]
        note = f" {self.not_looked(unseen)}" if unseen else ""
        if not any(groups.values()):
            return note.strip() or f"There is nothing {where}."
        ages = [self.knowledge.ages_s.get(self.world.names[f], 0.0) for f in fixtures if f not in unseen]
        oldest = None if None in ages else max((age for age in ages if age is not None), default=0.0)
        if oldest != 0.0:
            text = listed([self.enumerated(items) for items in groups.values() if items])
            return f"When I last looked{ago(oldest)}, there {self.verb(groups, past=True)} {text} {where}.{note}"
        filled = {holder: items for holder, items in groups.items() if items}
        if place.room is None or place.fixture is not None:
            apart = len(holders) > 1 and len(filled) <= MAX_NAMED and not place.beside
        else:
            apart = False
        if not apart:
            everything = [i for items in filled.values() for i in items]
            return f"{capitalized(where)} {self.verb(groups)} {self.enumerated(everything)}.{note}"
        parts = []
        for holder, items in filled.items():
            relation = self.world.relation[holder]
            room = (
                self.room_words(holder) if holder < self.world.n_fixtures else f" {self.location(holder, short=True)}"
            )
            parts.append(f"{relation} {self.name(holder)}{room} {self.verb({holder: items})} {self.enumerated(items)}")
        return f"{capitalized('; '.join(parts))}.{note}"

    def what_in_vessels(self, contents: Mapping[int, tuple[Sequence[int], str]]) -> str:
        """Return what is in open vessels: things, liquids, or both."""
        parts = []
        for holder, (items, liquid) in contents.items():
            if items or liquid:
                words = listed([*([self.enumerated(items)] if items else []), *([liquid] if liquid else [])])
                verb = "are" if (items and liquid) else self.verb({holder: items}) if items else "is"
                place = self.location(holder, short=True)
                age = self.age_words(holder)
                parts.append(f"{self.world.relation[holder] or 'in'} {self.name(holder)} {place}{age} {verb} {words}")
        more = len(parts) - MAX_NAMED
        rest = f"; there is something in {more} more" if more > 0 else ""
        return f"{capitalized('; '.join(parts[:MAX_NAMED]))}{rest}."

    def contents(self, place: Place, holders: Sequence[int]) -> dict[int, list[int]]:
        """Return what is in or on each holder, or beside it."""
        if not place.beside:
            return {holder: self.state.children(holder) for holder in holders}
        places = dict.fromkeys(self.state.place[holder] for holder in holders if self.state.place[holder] >= 0)
        return {p: [i for i in self.state.children(p) if i not in holders] for p in places}

    def verb(self, groups: Mapping[int, Sequence[int]], *, past: bool = False) -> str:
        items = [i for group in groups.values() for i in group]
        if len(items) > 1 or is_plural(self.world.categories[items[0]]):
            return "were" if past else "are"
        return "was" if past else "is"
