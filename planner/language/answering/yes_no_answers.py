"""Answers questions that begin with `whether`: yes, no, or what was not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Query, Thing
from envs.symbolic.progress import is_true
from envs.symbolic.scoring import fixtures_of, has_result, matching_objects, quantified_objects, targets
from planner.language.home_wording import HomeWording, ago, capitalized
from planner.language.noun_phrases import (
    OWNERSHIP,
    counted,
    furniture_words,
    is_plural,
    listed,
    none_of,
    noun_phrase,
    with_article,
    with_the,
)

MAX_LISTED = 6  # fixtures that are named one by one


class YesNoWording(HomeWording):
    """Words for whether something is so in a home, as far as it is known."""

    def whether(self, query: Query) -> str:
        """Return the answer to a question, with what is the case."""
        sentences, cautions = [], list[str]()
        answers = list[bool | None]()  # None: what was not looked at may decide it
        for test in query.tests:
            condition = test.condition
            if unknown := self.unknown_person(getattr(condition, "place", None)):
                return unknown
            if isinstance(condition, FixtureIs):
                fixtures = fixtures_of(self.state, condition)
                if not fixtures:
                    furniture = _furniture_of(condition)
                    if unknown := self.unknown_person(furniture):
                        return unknown
                    here = "" if condition.room else " here"
                    return f"{capitalized(none_of(furniture_words(furniture), condition.fixture))}{here}."
                never_seen = [f for f in fixtures if self.world.names[f] in self.knowledge.uninspected]
                names = listed([self.name(f) for f in never_seen[:MAX_LISTED]]) if never_seen else ""
                if len(never_seen) == len(fixtures):
                    return f"I have not seen {names} yet."
                seen = [f for f in fixtures if f not in never_seen]
                truth = self.furniture_truth(condition, seen, is_all=not never_seen)
                sentences.append(self.fixture_states(condition, seen))
                cautions += [f" I have not seen {names} yet."] if truth is None else []
            else:
                found = is_true(replace(test, negated=False), self.state, self.state)
                truth = None if self.may_change(condition, found) else found
                sentences.append(self.condition_words(condition))
                if isinstance(condition, Count | No) or truth is None:
                    cautions += [self.caution(condition.thing, _where(condition))]
            answers.append(truth if truth is None else truth != test.negated)
        head = "No" if False in answers else "I do not know" if None in answers else "Yes"
        return f"{head}: {' and '.join(sentences)}.{next(filter(None, cautions), '')}"

    def truth_words(self, condition: Condition) -> str:
        """Return what is the case of a condition in a known home: "fan 2 is off", "no window is open"."""
        if not isinstance(condition, FixtureIs):
            return self.condition_words(condition)
        furniture = _furniture_of(condition)
        fixtures = fixtures_of(self.state, condition)
        if not fixtures:
            return none_of(furniture_words(furniture), condition.fixture)
        is_none = not any(all(self.state.has(f, s) for s in condition.states) for f in fixtures)
        if is_none and len(fixtures) > 1 and condition.quantifier != "every":
            return f"no {furniture_words(furniture)} is {' and '.join(condition.states)}"
        return self.fixture_states(condition, fixtures)

    def furniture_truth(self, condition: FixtureIs, seen: Sequence[int], *, is_all: bool) -> bool | None:
        """Return whether a condition about furniture holds; None if the furniture that was not seen decides it."""
        having = [f for f in seen if all(self.state.has(f, s) for s in condition.states)]
        if condition.quantifier == "every":
            return False if len(having) < len(seen) else True if is_all else None
        is_some = condition.quantifier == "some"
        return is_some if having else not is_some if is_all else None

    def may_change(self, condition: Condition, found: bool) -> bool:
        """Whether a condition about objects may turn out otherwise when all places were looked at."""
        if isinstance(condition, Holding | FixtureIs) or not self.caution(condition.thing, _where(condition)):
            return False
        if isinstance(condition, Count) and condition.amount == "exactly" and not found:
            known = matching_objects(self.state, condition.thing, condition.place, self.state)
            return len(known) < condition.number
        more_is_met = isinstance(condition, Count) and condition.amount in ("at least", "more")
        return found != more_is_met

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
            name = furniture_words(_furniture_of(condition), plural=True)
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


def _where(condition: Condition) -> Place | None:
    """Return where the objects that a condition is about may be; None: anywhere."""
    return condition.place if isinstance(condition, Count | No) else None


def _share_of(part: int, total: int, kind: str) -> str:
    if total == 0 or part == 0:
        return f"none of the {kind}"
    if part == total:
        return f"all {total} {kind}" if total > 1 else f"the only one of the {kind}"
    return f"{part} of the {total} {kind}"


def _small(text: str) -> str:
    return f"there{text[5:]}" if text.startswith("There") else text


def _furniture_of(condition: FixtureIs) -> Place:
    """Return the furniture that a condition is about as a place."""
    return Place(
        fixture=condition.fixture, properties=condition.properties, room=condition.room, person=condition.person
    )
