"""Answers questions about a home from its state, in one plain sentence.

"The wallet is in drawer 2 in the bedroom, which is closed."

In a home that is known in part, `Knowledge` says what was seen, and when: "I last saw the wallet in drawer 2 in the
bedroom, 12 minutes ago." "I have not seen a wallet; wallets are often in drawers or on the desk."
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Query, Thing
from envs.symbolic.progress import is_true
from envs.symbolic.scoring import (
    fixtures_at,
    fixtures_of,
    has_result,
    matching_objects,
    quantified_objects,
    targets,
)
from envs.symbolic.state import State
from planner.language.home_wording import CLOSED, MAX_NAMED, HomeWording, Knowledge, ago, capitalized
from planner.language.noun_phrases import (
    OWNERSHIP,
    counted,
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

MAX_LISTED = 6  # places that are named one by one


def answer(query: Query, state: State, knowledge: Knowledge | None = None) -> str:
    """Return the answer to a question.

    Args:
        query: The question.
        state: The state of the home, or what is believed of it.
        knowledge: What the belief rests on; None: the whole home is known.
    """
    return _Answerer(state, knowledge).answer(query)


class _Answerer(HomeWording):
    def answer(self, query: Query) -> str:
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
        return f"{head}: {listed(parts)}."

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

    # -- whether ---------------------------------------------------------------------------------------------------

    def whether(self, query: Query) -> str:
        sentences, answers = [], []
        for test in query.tests:
            condition = test.condition
            if unknown := self.unknown_person(getattr(condition, "place", None)):
                return unknown
            if isinstance(condition, FixtureIs):
                fixtures = fixtures_of(self.state, condition)
                if not fixtures:
                    furniture = Place(fixture=condition.fixture, properties=condition.properties, room=condition.room)
                    here = "" if condition.room else " here"
                    return f"{capitalized(none_of(furniture_words(furniture), condition.fixture))}{here}."
                never_seen = [f for f in fixtures if self.world.names[f] in self.knowledge.uninspected]
                if len(never_seen) == len(fixtures):
                    return f"I have not seen {listed([self.name(f) for f in fixtures[:MAX_LISTED]])} yet."
                sentences.append(self.fixture_states(condition, [f for f in fixtures if f not in never_seen]))
            else:
                sentences.append(self.condition_words(condition))
            answers.append(is_true(test, self.state, self.state))
        caution = ""
        for test in query.tests:
            if isinstance(test.condition, Count | No):
                caution = caution or self.caution(test.condition.thing, test.condition.place)
        head = "Yes" if all(answers) else "No"
        return f"{head}: {' and '.join(sentences)}.{caution}"

    def condition_words(self, condition: Condition) -> str:
        """Return what is the case about a condition: "there is one mug on the bed", "2 of 3 books are on the desk"."""
        state = self.state
        if isinstance(condition, Holding):
            return f"the robot holds {self.enumerated([state.held]) if state.held >= 0 else 'nothing'}"
        if isinstance(condition, Every):
            objects = quantified_objects(state, condition)
            done = [i for i in objects if has_result(state, i, condition, state)]
            if not objects:
                return f"{none_of(noun_phrase(condition.thing), condition.thing.word)} here"
            exception = f" except {with_the(noun_phrase(condition.excluded))}" if condition.excluded else ""
            result = " and ".join(condition.become)
            if condition.place is not None:
                result = self.place_words(condition.place)
                result = self.location(done[0], short=True) if len(objects) == len(done) == 1 else result
            return self.share(len(done), len(objects), condition.thing, exception, result)
        assert isinstance(condition, Count | No)
        place = condition.place
        if place is not None and place.every and isinstance(condition, Count):
            holders = targets(state, place, state)
            there = set(matching_objects(state, condition.thing, None, state))
            full = [h for h in holders if len(there.intersection(state.children(h))) >= condition.number]
            number = counted(condition.number, condition.thing)
            if condition.number == 1:
                number = with_article(noun_phrase(condition.thing), condition.thing.word)
            kind = self.place_name(replace(place, every=False), plural=True)
            verb = "are" if condition.number > 1 else "is"
            return f"{number} {verb} {self.relation(place)} {_share_of(len(full), len(holders), kind)}"
        objects = matching_objects(state, condition.thing, place, state)
        return _small(self.there_are(len(objects), condition.thing, place) + self.last_seen(objects))

    def share(self, done: int, total: int, thing: Thing, exception: str, result: str) -> str:
        """Return how many of a choice have its result: "none of the 3 books is on the desk"."""
        if total == 1:
            verb = "are" if is_plural(thing.word) else "is"
            only = f"the only {noun_phrase(thing)}{exception}" if exception else with_the(noun_phrase(thing))
            return f"{only} {verb}{'' if done else ' not'} {result}"
        owned = any(p.endswith(OWNERSHIP) for p in thing.properties)
        amount = counted(total, thing) if not owned else noun_phrase(thing, plural=True)
        kind = f"{amount}{exception}" if owned else f"the {amount}{exception}"
        if done == 0:
            return f"{'neither' if total == 2 else 'none'} of {kind} is {result}"
        if done == total:
            all_of = f"both {noun_phrase(thing, plural=True)}{exception}" if total == 2 else f"all {kind[4:]}"
            return f"{f'all of {kind}' if owned else all_of} are {result}"
        return f"{'one' if done == 1 else done} of {kind} {'is' if done == 1 else 'are'} {result}"

    def fixture_states(self, condition: FixtureIs, fixtures: Sequence[int]) -> str:
        """Return the states of furniture, of that which decides the answer if there is more."""
        state = self.state
        having = [f for f in fixtures if all(state.has(f, s) for s in condition.states)]
        lacking = [f for f in fixtures if f not in having]
        decisive = lacking if condition.quantifier == "every" else having
        decisive = decisive or list(fixtures)
        kinds = {tuple(self.state_words(f, condition.states)) for f in decisive}
        ages = [self.knowledge.ages_s.get(f"states {self.world.names[f]}", 0.0) for f in decisive]
        age = None if None in ages else max((a for a in ages if a is not None), default=0.0)
        past = age != 0.0
        seen = f" when I last saw {'it' if len(decisive) == 1 else 'them'}{ago(age)}" if past else ""
        if len(kinds) == 1 and len(decisive) > 1 and len(decisive) == len(fixtures):
            number = "both" if len(decisive) == 2 else f"all {len(decisive)}"
            name = furniture_words(
                Place(fixture=condition.fixture, properties=condition.properties, room=condition.room), plural=True
            )
            return f"{number} {name} {'were' if past else 'are'} {' and '.join(next(iter(kinds)))}{seen}"
        parts = [
            f"{self.name(f)}{self.room_words(f) if len(fixtures) > 1 else ''} {'was' if past else 'is'} "
            f"{' and '.join(self.state_words(f, condition.states))}"
            for f in decisive[:MAX_LISTED]
        ]
        if len(kinds) == 1 and 1 < len(decisive) <= MAX_LISTED:
            names = listed([f"{self.name(f)}{self.room_words(f)}" for f in decisive])
            return f"{names} {'were' if past else 'are'} {' and '.join(next(iter(kinds)))}{seen}"
        more = f", and {len(decisive) - MAX_LISTED} more" if len(decisive) > MAX_LISTED else ""
        return f"{listed(parts)}{more}{seen}"

    def state_words(self, fixture: int, states: Sequence[str]) -> list[str]:
        """Return each of these states, or its opposite, as it is."""
        words, negations = [], self.world.domain.negations
        for word in states:
            positive = negations.get(word, word)
            negative = next((n for n, p in negations.items() if p == positive), f"not {word}")
            words.append(positive if self.state.has(fixture, positive) else negative)
        return words


def _share_of(part: int, total: int, kind: str) -> str:
    if total == 0 or part == 0:
        return f"none of the {kind}"
    if part == total:
        return f"all {total} {kind}" if total > 1 else f"the only one of the {kind}"
    return f"{part} of the {total} {kind}"


def _small(text: str) -> str:
    return f"there{text[5:]}" if text.startswith("There") else text
