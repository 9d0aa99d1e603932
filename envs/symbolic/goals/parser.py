"""Reads the goal language; its grammar stands in `values.py`."""

from __future__ import annotations

import re
from typing import Literal, cast

from envs.errors import GoalError, nearest, quoted
from envs.symbolic.goals.hints import a, example, possible_states, unsayable
from envs.symbolic.goals.thing_parser import ThingParser
from envs.symbolic.goals.values import (
    Amount,
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Guard,
    Holding,
    No,
    Query,
    Rule,
    Selection,
    Test,
    Thing,
    When,
    format_thing,
)

MAX_NUMBER = 20
MAX_DELAY_S = 7 * 24 * 3600.0

_WHEN = re.compile(
    r"(?:after (?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>s|min|h)"
    r"|(?P<daily>every day )?at (?P<at>[0-9]{1,2}:[0-9]{2})) ?: ?(?=\S)"
)
_DAYS = re.compile(r"after (\d{1,9}(?:\.\d{1,3})?) ?(d|days?|w|weeks?)\b")
_LATE_WHEN = re.compile(r"\b(?:after \d|every day\b|daily\b|at \d{1,2}(?::\d|\b)|in \d+(?:\.\d+)? ?(?:s|min|h)\b)")
_LIKE_TIME = re.compile(
    r"after |at (?!most\b|least\b)|(?:in|within) (?:\d|an? |half )|(?:tomorrow|later|tonight|nightly)\b"
    r"|(?:every|each|on) (?:\d|morning|evening|night|hour|day|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
)
_TIMES = "`after 10 min : `, `at 07:00 : ` or `every day at 07:00 : `"
_UNFINISHED = re.compile(r"(?:^| )(by|from|except|is|and|not|while|never|if|after)$")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_AMOUNT = re.compile(r"(?:(exactly|at most) )?(\d+) (?:(more) )?(?!of )")
_CHOICE = re.compile(r"(every|half of|(?:all but )?(\d+) of) ")


def _in_hours(days: float) -> str:
    """Return how a delay of days is written."""
    if days * 86400 > MAX_DELAY_S:
        longest = f"`after {MAX_DELAY_S / 3600:g} h : `"
        return f"a delay is at most {MAX_DELAY_S / 86400:g} days, written in s, min or h: {longest}"
    return f"a delay is written in s, min or h: `after {days * 24:g} h : `"


class GoalParser(ThingParser):
    """Parses one goal, question or rule."""

    def goal(self, text: str) -> Goal:
        """Read a goal."""
        words = self.start(text)
        if words.startswith("?"):
            raise GoalError(f"{quoted(words)} is a question, not a goal: nothing is to be done for it")
        body, _, rules = words.partition(" while ")
        phases, guards = [], []
        for phase in re.split(r"\s*\bthen\b\s*", body):
            guard, conditions = self.guard(phase)
            guards.append(guard)
            phases.append(tuple(self.condition(c.strip()) for c in conditions.split(";")))
        if re.search(r"\bthen\b", rules):
            raise self.error(
                f"while {rules}", "rules stand last, behind the last phase: 'fan on then fan off while never ...'"
            )
        parsed_rules = tuple(self.rule(r.strip()) for r in rules.split(";")) if rules else ()
        return Goal(phases=tuple(phases), guards=tuple(guards), rules=parsed_rules)

    def query(self, text: str) -> Query:
        """Read a question, which begins with `?`."""
        words = self.said = self.start(text)
        if not words.startswith("?"):
            raise self.error(words, "a question begins with `?`")
        head, _, rest = words.removeprefix("?").strip().partition(" ")
        if head == "how" and rest.startswith("many "):
            thing, place = self.thing_at(rest.removeprefix("many "))
            return Query(asks="how many", thing=thing, place=place)
        if head == "where" and rest:
            place = self.furniture(rest) or (self.person(rest) if self.people else None)
            if place is not None:
                return Query(asks="where", place=place)
            return Query(asks="where", thing=self.thing(rest))
        if head == "whether" and rest:
            return Query(asks="whether", tests=tuple(self.test(t.strip()) for t in rest.split(" and ")))
        relation, _, place_words = rest.partition(" ")
        if head == "what" and relation in ("on", "in", "with", "beside") and place_words:
            return Query(asks="what", place=self.place(relation, place_words))
        raise self.error(
            words,
            "a question asks `where THING|FURNITURE|PERSON`, `how many THING [PLACE]`, `whether CONDITION` or "
            "`what on|in PLACE`",
        )

    def one_rule(self, text: str) -> Rule:
        """Read a rule that stands alone."""
        words = self.start(text)
        if ";" in words:
            raise self.error(words, "this is more than one rule; give one at a time")
        return self.rule(words)

    # -- phases and rules ----------------------------------------------------------------------------------------------

    def guard(self, text: str) -> tuple[Guard, str]:
        """Split the time and the tests of a phase off the front of its text."""
        when = None
        if (match := _WHEN.match(text)) is not None:
            when, text = self.when(match), text[match.end() :]
        elif _LIKE_TIME.match(text):
            time = text.partition(" :")[0]
            is_written = _WHEN.match(f"{text.rstrip(' :')} : fan on") is not None
            reason = f"what is to be done stands behind the time: `{time} : fan on`"
            if (days := _DAYS.match(text)) is not None:
                raise self.error(time, _in_hours(float(days[1]) * (7 if days[2].startswith("w") else 1)))
            raise self.error(time, reason if is_written else f"a time is written {_TIMES}")
        if not text.startswith("if "):
            head, separator, _ = text.partition(":")
            if separator and not _LATE_WHEN.search(text) and not unsayable(text):
                raise self.error(head.strip() or text, f"before `:` stands a time, {_TIMES}, or a test, `if fan on : `")
            return Guard(when=when), text
        tests, separator, conditions = text.removeprefix("if ").partition(":")
        if not separator:
            raise self.error(text, unsayable(text) or "a test is followed by `:` and the conditions that depend on it")
        return Guard(when=when, tests=tuple(self.test(t) for t in tests.strip().split(" and "))), conditions.strip()

    def when(self, match: re.Match[str]) -> When:
        """Return the time that was matched at the beginning of a phase."""
        if match["at"]:
            hours, minutes = match["at"].split(":")
            if int(hours) > 23 or int(minutes) > 59:
                raise self.error(match["at"], "a time of day is between 00:00 and 23:59")
            return When(at=f"{int(hours):02}:{minutes}", daily=bool(match["daily"]))
        after_s = round(float(match["number"]) * _SECONDS[match["unit"]], 3)
        if not after_s <= MAX_DELAY_S:
            raise self.error(match[0].rstrip(" :"), f"a delay is at most {MAX_DELAY_S / 86400:g} days")
        return When(after_s=after_s)

    def test(self, text: str) -> Test:
        """Read one test of a phase."""
        negated = text.startswith("not ")
        return Test(condition=self.without_means(text.removeprefix("not ").strip()), negated=negated)

    def rule(self, text: str) -> Rule:
        """Read a rule: a condition, or a skill and what it must not be used on."""
        if not text.startswith("never "):
            raise self.error(text or self.words, "a rule begins with `never`, such as `never open oven`")
        rest = text.removeprefix("never ")
        for skill in sorted(self.domain.all_skills, key=len, reverse=True):
            if rest == skill:
                return Rule(skill=skill)
            if rest.startswith(skill + " "):
                try:
                    return self.skill_rule(skill, rest.removeprefix(skill + " "))
                except GoalError:
                    if not self.is_named(skill):  # "never mop in kitchen" is about a mop
                        raise
        try:
            return Rule(condition=self.without_means(rest))
        except GoalError:
            verb, _, object_text = rest.partition(" ")
            if verb in self.vocabulary or not self.is_named(object_text):
                raise
            raise self.error(
                rest, f"no skill is called {verb!r}; they are {', '.join(self.domain.all_skills)}"
            ) from None

    def is_named(self, text: str) -> bool:
        """Whether a text is a description of an object, of furniture or of a room."""
        try:
            return self.furniture(text) is not None or self.room(text) is not None or self.thing(text) is not None
        except GoalError:
            return False

    def skill_rule(self, skill: str, text: str) -> Rule:
        """Read what a skill must not be used on."""
        self.said = text
        place = self.furniture(text) or self.room(text) or self.person(text)
        if place is not None:
            return Rule(skill=skill, place=place)
        if self.split(text)[1]:
            raise self.error(
                text, f"one thing, furniture or room follows {skill!r}; say how it must not be: 'never {text}'"
            )
        try:
            return Rule(skill=skill, thing=self.thing(text))
        except GoalError:
            if skill != "go to" or self.is_trial:
                raise
            places = [*self.home_rooms, *self.domain.fixtures, *self.domain.fixture_members, *self.people]
            known = f"; the rooms are {', '.join(self.home_rooms)}"
            reason = f"no room or furniture is called {quoted(text)}{nearest(text, places) or known}"
            raise self.error(text, unsayable(text) or reason) from None

    # -- conditions ----------------------------------------------------------------------------------------------------

    def condition(self, text: str) -> Condition:
        """Read one condition."""
        if not text:
            raise GoalError("a condition is empty: ';' or 'then' stands first, last or twice in a row")
        if re.search(r"\bnever ", text):
            raise self.error(text, "a rule stands last, behind `while`, as in 'fan on while never open oven'")
        if (last := _UNFINISHED.search(text)) is not None:
            raise self.error(text, f"nothing follows {last[1]!r}")
        self.said = text
        if _LATE_WHEN.search(text) is not None:
            raise self.error(
                text, "a time stands first in its phase, before a test: `at 07:00 : if window open : window closed`"
            )
        head, _, rest = text.partition(" ")
        if not rest and (head in ("every", "no", "holding", *self.state_words) or head.isdecimal()):
            raise GoalError(
                f"{text!r}: no object or furniture follows; expected something like {example(self.domain, head)!r}"
            )
        quantifier = head if head in ("every", "no") and rest else "some"
        if (fixture := self.fixture_is(rest if quantifier != "some" else text, quantifier)) is not None:
            return fixture
        if head == "no" and rest:
            thing, place = self.thing_at(rest)
            return No(thing=thing, place=place)
        if head == "holding" and rest:
            if _AMOUNT.match(rest) or _CHOICE.match(rest):
                raise self.error(text, "the robot holds one thing at a time, such as 'holding mug'")
            return Holding(thing=self.thing(rest))
        text, means = self.means(text)
        if (choice := _CHOICE.match(text)) is not None:
            return self.choice(choice, text[choice.end() :], means)
        number, amount = 1, "at least"
        if (match := _AMOUNT.match(text)) is not None:
            if match[1] and match[3]:
                raise self.error(text, f"say {match[1]!r} or 'more', not both")
            amount = match[1] or match[3] or "at least"
            if match[1] and int(match[2]) == 0 and means is None:
                thing, place = self.thing_at(text[match.end() :])
                return No(thing=thing, place=place)
            number = self.number(match[2], text)
            text = text[match.end() :]
        thing, place = self.thing_at(text)
        return Count(number=number, amount=cast(Amount, amount), thing=thing, place=place, means=means)

    def without_means(self, text: str) -> Condition:
        """Parse a condition that says how something is, not how it gets so."""
        condition = self.condition(text)
        if getattr(condition, "means", None) is not None:
            raise self.error(
                text, "`by` is for what shall be done; tests and rules say how it is: 'potato in microwave'"
            )
        return condition

    def number(self, digits: str, text: str) -> int:
        """Return a number in digits that is not too large."""
        if not 1 <= int(digits[:9]) <= MAX_NUMBER:
            raise self.error(text, f"the number {digits} is not between 1 and {MAX_NUMBER}")
        return int(digits)

    def means(self, text: str) -> tuple[str, str | None]:
        """Split the means off the end of a condition."""
        head, separator, means = text.rpartition(" by ")
        if not separator:
            return text, None
        if means not in self.domain.fixtures and means not in self.domain.objects:
            known = [*self.domain.fixtures, *self.domain.objects]
            raise self.error(text, f"nothing that can be used is called {means!r}{nearest(means, known)}")
        return head, means

    def fixture_is(self, text: str, quantifier: str) -> FixtureIs | None:
        """Read a condition about furniture, or return None if it is about objects."""
        _, word = self.properties(text, self.domain.objects)
        if word in self.domain.objects:  # "toilet paper" is no state of a toilet
            return None
        excluded, name, states = None, text, list[str]()
        while True:
            head, _, last = name.rpartition(" ")
            if not head or last not in self.fixture_states:
                break
            states.insert(0, last)
            name = head
        furniture_text, separator, excluded_text = name.partition(" except ")
        furniture = self.furniture(furniture_text) or self.room_entity(furniture_text)
        if furniture is None and quantifier == "some":
            furniture = self.person_entity(furniture_text)
        if not states:
            head, _, last = name.rpartition(" ")
            if self.furniture(head) is not None and last not in self.domain.objects:
                known = ", ".join(sorted(self.fixture_states))
                hint = nearest(last, self.fixture_states)
                raise self.error(text, f"{last!r} is not a state of a fixture; known: {known}{hint}")
            return None
        if furniture is None or furniture.fixture is None:
            return None
        if separator:
            excluded = self.furniture(excluded_text) or self.room_entity(excluded_text)
            excluded = excluded or self.person_entity(excluded_text)
            if excluded is None:
                raise self.error(excluded_text, "no fixture is called so")
        categories = self.fixture_categories(furniture.fixture)
        for state in states:
            if not any(self.domain.can_be(category, state) for category in categories):
                possible = " or ".join(possible_states(self.domain, furniture.fixture))
                hint = f"; it may be {possible}" if possible else ""
                raise self.error(text, f"{a(furniture.fixture)} is never {state}{hint}")
        return FixtureIs(
            quantifier=cast(Literal["some", "every", "no"], quantifier),
            fixture=furniture.fixture,
            states=tuple(states),
            properties=furniture.properties,
            room=furniture.room,
            person=furniture.person,
            excluded=excluded,
        )

    def choice(self, match: re.Match[str], text: str, means: str | None) -> Every:
        """Read a choice, whose beginning was matched."""
        selection = "half" if match[1] == "half of" else "every" if match[1] == "every" else "of"
        selection = "all but" if match[1].startswith("all but") else selection
        number = self.number(match[2], match[0] + text) if match[2] else 0
        place, become = None, tuple[str, ...]()
        head, separator, states = text.partition(" is ")
        if separator:
            become = tuple(states.split())
        thing_text, separator, rest = head.partition(" except ")
        excluded = None
        if separator:
            excluded, place = (self.thing(rest), None) if become else self.chosen_at(rest)
            thing = self.thing(thing_text)
            if _covers(excluded, thing):
                raise self.error(match[0] + text, f"nothing is left: every {format_thing(thing)} is excepted")
        elif become:
            thing = self.thing(head)
        else:
            thing, place = self.chosen_at(head)
        if not become and place is None:
            raise self.error(match[0] + text, "it says neither where (on, in) nor how (is) it shall be")
        if place is not None and place.every:
            reason = "what is chosen cannot be at every place; say how many at each, such as '2 book on every shelf'"
            raise self.error(match[0] + text, reason)
        for state in become:
            self.check_state(state, text)
        return Every(
            thing=thing, excluded=excluded, place=place, become=become, selection=cast(Selection, selection),
            number=number, means=means,
        )  # fmt: skip


def _covers(wide: Thing, narrow: Thing) -> bool:
    """Whether one description is plainly that of everything that another one describes."""
    return (
        wide.word in (narrow.word, "anything")
        and wide.origin in (None, narrow.origin)
        and wide.liquid in (None, narrow.liquid)
        and {*wide.states} <= {*narrow.states}
        and {*wide.properties} <= {*narrow.properties}
    )
