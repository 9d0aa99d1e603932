"""Reads the goal language; its grammar stands in `values.py`.

The longest name wins: `glass bottle` is a bottle, `glass bowl` is a bowl of glass, and `orange` alone is a fruit. The
parser accepts `in` and `on` for any place; the formatter writes the domain's word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar, cast

from envs.errors import GoalError, nearest, quoted
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals.hints import ARTICLES, RELATIONS, a, possible_states, unknown_place, unknown_thing, unsayable
from envs.symbolic.goals.suggestions import may_be_meant, wordings
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
    Place,
    Query,
    Rule,
    Selection,
    Test,
    Thing,
    When,
    format_goal,
    format_query,
    format_rule,
    format_thing,
)

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene

FIXTURE_ONLY_STATES = ("open", "on", "watered")  # states that no object has
FIXTURE_STATES = ("open", "closed", "on", "off", "dirty", "clean", "watered")
MAX_NUMBER = 20
MAX_LENGTH = 2000  # characters; a longer goal is a mistake or an attack
MAX_NESTING = 8  # nested places
MAX_DELAY_S = 7 * 24 * 3600.0

_KEYWORDS = frozenset(
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
_WHEN = re.compile(
    r"(?:after (?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>s|min|h)"
    r"|(?P<daily>every day )?at (?P<at>[0-9]{1,2}:[0-9]{2})) ?: ?(?=\S)"
)
_LATE_WHEN = re.compile(r"\b(?:after \d|every day\b|daily\b|at \d{1,2}(?::\d|\b)|in \d+(?:\.\d+)? ?(?:s|min|h)\b)")
_LIKE_TIME = re.compile(
    r"after |at (?!most\b)|(?:in|within) \d|(?:tomorrow|later|tonight)\b|every (?:\d|day|morning|evening|night|hour)\b"
)
_TIMES = "`after 10 min : `, `at 07:00 : ` or `every day at 07:00 : `"
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_AMOUNT = re.compile(r"(?:(exactly|at most) )?(\d+) (?:(more) )?(?!of )")
_CHOICE = re.compile(r"(every|half of|(?:all but )?(\d+) of) ")
NAME = re.compile(r"[^\W\d_][\w .-]{0,39}")  # of a person
_OWNER = re.compile(r"([^\W\d_][\w .-]{0,39})['’]s (.+)")


Value = TypeVar("Value")


class _Parser:
    """Parses one text, with the names of rooms and people of a home if there is one."""

    def __init__(self, domain: Domain, scene: Scene | None) -> None:
        self.domain = domain
        self.rooms = {*domain.rooms, *(room.name for room in scene.rooms)} if scene else {*domain.rooms}
        self.people = scene.people if scene else ()
        self.is_trial = False  # whether nobody will read why a text is no goal
        self.words = ""
        self.said = ""  # the condition that is being read
        names = (*domain.fixtures, *domain.objects)
        names = (*names, *(room for room in self.rooms if room.lower() not in domain.rooms))
        self.cased = {name.lower(): name for name in names if not name.islower()}  # "TV stand", "CD", "Mia's room"
        texts = (*names, *domain.fixture_members, *domain.members, *domain.skills, *domain.liquids, *self.rooms)
        self.names = {*self.rooms, *_KEYWORDS}
        self.vocabulary = {word.lower() for text in texts for word in text.split()}
        self.vocabulary |= {*domain.states, *domain.negations, *domain.property_group, *_KEYWORDS}
        state_words = {*domain.states, *domain.negations}
        self.object_states = {w for w in state_words if domain.negations.get(w, w) not in FIXTURE_ONLY_STATES}
        self.state_words = state_words

    def error(self, fragment: str, reason: str) -> GoalError:
        """Return an error that shows where in the text the fragment stands."""
        at = self.words.find(fragment)
        where = f" at character {at + 1}" if at > 0 else ""
        return GoalError(f"{quoted(fragment)}{where}: {reason}")

    def located(self, message: str) -> GoalError:
        """Return an error about the condition that is being read, whose message begins with it."""
        prefix = f"{quoted(self.said)}: "
        return self.error(self.said, message.removeprefix(prefix)) if message.startswith(prefix) else GoalError(message)

    def unknown(self, word: str) -> GoalError:
        """Return an error about a word that should be an object."""
        return GoalError(word) if self.is_trial else self.located(unknown_thing(self.domain, word, self.said or word))

    def nobody(self, name: str) -> str:
        """Return that a name is that of nobody, and whom there is."""
        return f"nobody here is called {quoted(name)}; known: {', '.join(self.people)}{nearest(name, self.people)}"

    def start(self, text: str) -> str:
        words = text.split()
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

    def goal(self, text: str) -> Goal:
        words = self.start(text)
        if words.startswith("?"):
            raise GoalError(f"{quoted(words)} is a question, not a goal: nothing is to be done for it")
        body, _, rules = words.partition(" while ")
        phases, guards = [], []
        for phase in re.split(r"\s*\bthen\b\s*", body):
            guard, conditions = self.guard(phase)
            guards.append(guard)
            phases.append(tuple(self.condition(c.strip()) for c in conditions.split(";")))
        parsed_rules = tuple(self.rule(r.strip()) for r in rules.split(";")) if rules else ()
        return Goal(phases=tuple(phases), guards=tuple(guards), rules=parsed_rules)

    def query(self, text: str) -> Query:
        words = self.said = self.start(text)
        if not words.startswith("?"):
            raise self.error(words, "a question begins with `?`")
        head, _, rest = words.removeprefix("?").strip().partition(" ")
        if head == "how" and rest.startswith("many "):
            thing, place = self.thing_at(rest.removeprefix("many "))
            return Query(asks="how many", thing=thing, place=place)
        if head == "where" and rest:
            return Query(asks="where", thing=self.thing(rest))
        if head == "whether" and rest:
            return Query(asks="whether", tests=tuple(self.test(t.strip()) for t in rest.split(" and ")))
        relation, _, place_words = rest.partition(" ")
        if head == "what" and relation in ("on", "in", "with", "beside") and place_words:
            return Query(asks="what", place=self.place(relation, place_words))
        raise self.error(
            words, "a question asks `where THING`, `how many THING [PLACE]`, `whether CONDITION` or `what on|in PLACE`"
        )

    # -- phases and rules ----------------------------------------------------------------------------------------------

    def guard(self, text: str) -> tuple[Guard, str]:
        when = None
        if (match := _WHEN.match(text)) is not None:
            when, text = self.when(match), text[match.end() :]
        elif _LIKE_TIME.match(text):
            raise self.error(text.partition(" :")[0], f"a time is written {_TIMES}")
        if not text.startswith("if "):
            head, separator, _ = text.partition(":")
            if separator and not _LATE_WHEN.search(text) and not unsayable(text):
                raise self.error(head.strip() or text, f"before `:` stands a time, {_TIMES}, or a test, `if fan on : `")
            return Guard(when=when), text
        tests, separator, conditions = text.removeprefix("if ").partition(":")
        if not separator:
            raise self.error(text, "a test is followed by `:` and the conditions that depend on it")
        return Guard(when=when, tests=tuple(self.test(t) for t in tests.strip().split(" and "))), conditions.strip()

    def when(self, match: re.Match[str]) -> When:
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
        negated = text.startswith("not ")
        return Test(condition=self.without_means(text.removeprefix("not ").strip()), negated=negated)

    def rule(self, text: str) -> Rule:
        if not text.startswith("never "):
            raise self.error(text or self.words, "a rule begins with `never`, such as `never open oven`")
        rest = text.removeprefix("never ")
        for skill in sorted(self.domain.skills, key=len, reverse=True):
            if rest == skill:
                return Rule(skill=skill)
            if rest.startswith(skill + " "):
                return self.skill_rule(skill, rest.removeprefix(skill + " "))
        return Rule(condition=self.without_means(rest))

    def skill_rule(self, skill: str, text: str) -> Rule:
        self.said = text
        place = self.furniture(text) or self.room(text) or self.person(text)
        if place is not None:
            return Rule(skill=skill, place=place)
        return Rule(skill=skill, thing=self.thing(text))

    # -- conditions ----------------------------------------------------------------------------------------------------

    def condition(self, text: str) -> Condition:
        if not text:
            raise GoalError("a condition is empty: ';' or 'then' stands first, last or twice in a row")
        if re.search(r"\bnever ", text):
            raise self.error(text, "a rule stands last, behind `while`, as in 'fan on while never open oven'")
        self.said = text
        if _LATE_WHEN.search(text) is not None:
            raise self.error(
                text, "a time stands first in its phase, before a test: `at 07:00 : if window open : window closed`"
            )
        head, _, rest = text.partition(" ")
        if not rest and (head in ("every", "no", "holding", *self.state_words) or head.isdecimal()):
            raise GoalError(f"{text!r}: no object or furniture follows; expected something like {f'{head} plate'!r}")
        quantifier = head if head in ("every", "no") and rest else "some"
        if (fixture := self.fixture_is(rest if quantifier != "some" else text, quantifier)) is not None:
            return fixture
        if head == "no" and rest:
            thing, place = self.thing_at(rest)
            return No(thing=thing, place=place)
        if head == "holding" and rest:
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
        if not 1 <= int(digits[:9]) <= MAX_NUMBER:
            raise self.error(text, f"the number {digits} is not between 1 and {MAX_NUMBER}")
        return int(digits)

    def means(self, text: str) -> tuple[str, str | None]:
        head, separator, means = text.rpartition(" by ")
        if not separator:
            return text, None
        if means not in self.domain.fixtures and means not in self.domain.objects:
            known = [*self.domain.fixtures, *self.domain.objects]
            raise self.error(text, f"nothing that can be used is called {means!r}{nearest(means, known)}")
        return head, means

    def fixture_is(self, text: str, quantifier: str) -> FixtureIs | None:
        _, word = self.properties(text, self.domain.objects)
        if word in self.domain.objects:  # "toilet paper" is no state of a toilet
            return None
        excluded, name, states = None, text, list[str]()
        while True:
            head, _, last = name.rpartition(" ")
            if not head or last not in FIXTURE_STATES:
                break
            states.insert(0, last)
            name = head
        furniture_text, separator, excluded_text = name.partition(" except ")
        furniture = self.furniture(furniture_text)
        if not states:
            head, _, last = name.rpartition(" ")
            if self.furniture(head) is not None and last not in self.domain.objects:
                known = ", ".join(sorted(FIXTURE_STATES))
                hint = nearest(last, FIXTURE_STATES)
                raise self.error(text, f"{last!r} is not a state of a fixture; known: {known}{hint}")
            return None
        if furniture is None or furniture.fixture is None:
            return None
        if separator:
            excluded = self.furniture(excluded_text)
            if excluded is None:
                raise self.error(excluded_text, "no fixture is called so")
        categories = self.fixture_categories(furniture.fixture)
        for state in states:
            if not any(self.domain.fixtures[category].can_be(state) for category in categories):
                possible = " or ".join(possible_states(self.domain, furniture.fixture))
                hint = f"; it may be {possible}" if possible else ""
                raise self.error(text, f"{a(furniture.fixture)} is never {state}{hint}")
        return FixtureIs(
            quantifier=cast(Literal["some", "every", "no"], quantifier),
            fixture=furniture.fixture,
            states=tuple(states),
            properties=furniture.properties,
            room=furniture.room,
            excluded=excluded,
        )

    def choice(self, match: re.Match[str], text: str, means: str | None) -> Every:
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
            is_person = self.person(text) is not None or (furniture is not None and furniture.fixture == "person")
            if relation == "with" and not is_person:
                if self.people and text[:1].isupper() and NAME.fullmatch(text):
                    raise self.error(text, self.nobody(text))
                names = f"'person', {', '.join(self.people)}" if self.people else "'person' or a name such as Anna"
                reason = f"`with` is for people ({names}); a place follows 'on' or 'in', a tool or an appliance 'by'"
                raise self.error(f"with {text}", reason)
            if furniture is not None and furniture.fixture is not None:
                categories = self.fixture_categories(furniture.fixture)
                if all(self.domain.fixtures[c].relation is None for c in categories):
                    raise self.error(text, f"nothing can be put on {a(furniture.fixture)}")
                return Place(
                    fixture=furniture.fixture, properties=furniture.properties, room=furniture.room, every=every
                )
            if (other := self.room(text) or self.person(text)) is not None:
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
            hint = "" if (text := unknown_place(self.domain, head, self.said)).endswith("?") else (
                nearest(head, [*self.rooms, *self.people])
            )  # fmt: skip
            raise self.located(f"{text}{hint}") from None
        return Place(thing=thing, inside=inside, every=every, beside=relation == "beside")

    def furniture(self, text: str) -> Place | None:
        """Parse furniture, or return None if no fixture is called so."""
        words, separator, room = text.partition(" in ")
        if separator and room not in self.rooms:
            return None
        properties, word = self.properties(words, self.domain.fixtures, self.domain.fixture_members)
        if word not in self.domain.fixtures and word not in self.domain.fixture_members:
            return None
        return Place(fixture=word, properties=properties, room=room or None)

    def fixture_categories(self, word: str) -> tuple[str, ...]:
        return (word,) if word in self.domain.fixtures else self.domain.fixture_members[word]

    def room(self, text: str) -> Place | None:
        return Place(room=text) if text in self.rooms else None

    def person(self, text: str) -> Place | None:
        """Parse the name of a person: one of this home, or any word that is not written small."""
        lowered = {name.lower(): name for name in self.people}
        if text.lower() in lowered:
            return Place(person=lowered[text.lower()])
        is_name = not self.people and NAME.fullmatch(text) is not None and not text[0].islower()
        is_name = is_name and len(text.split()) <= 3
        return Place(person=text) if is_name else None

    def thing(self, text: str) -> Thing:
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
        while rest not in self.domain.objects:
            head, _, tail = rest.partition(" ")
            if head not in self.state_words or not tail:
                break
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
        if match is None or not {*match[1].split()}.isdisjoint({*self.vocabulary, *ARTICLES}):
            return None
        name = next((p for p in self.people if p.lower() == match[1].lower()), match[1])
        return name, match[2]

    def in_order(self, properties: tuple[str, ...], text: str) -> tuple[str, ...]:
        group_of = self.domain.property_group
        groups = [group_of.get(p, "owner") for p in properties]
        for group in set(groups):
            if groups.count(group) > 1:
                same = " and ".join(p for p, g in zip(properties, groups, strict=True) if g == group)
                raise self.error(text, f"nothing has two {group}s at once ({same})")
        order = ["owner", *self.domain.properties]
        return tuple(p for _, p in sorted(zip(map(order.index, groups), properties, strict=True)))

    def check_state(self, word: str, text: str) -> None:
        if word not in self.object_states:
            if word in RELATIONS:
                raise self.error(text, f"a place is written without `is`: 'mug {word} ...'")
            known = ", ".join(sorted(self.object_states))
            reason = f"an object is never {word!r}; it may be {known}{nearest(word, self.object_states)}"
            raise self.error(text, reason)


def _covers(wide: Thing, narrow: Thing) -> bool:
    """Whether one description is plainly that of everything that another one describes."""
    return (
        wide.word in (narrow.word, "anything")
        and wide.origin in (None, narrow.origin)
        and wide.liquid in (None, narrow.liquid)
        and {*wide.states} <= {*narrow.states}
        and {*wide.properties} <= {*narrow.properties}
    )


def _read(
    text: str,
    domain: Domain,
    scene: Scene | None,
    parse: Callable[[_Parser, str], Value],
    write: Callable[[Value, Domain], str],
) -> Value:
    """Parse a text, or raise an error that offers the wording that was probably meant."""
    parser = _Parser(domain, scene)
    try:
        return parse(parser, text)
    except GoalError as error:
        reason = str(error)

        def suggestion() -> str:
            parser.is_trial = True
            for wording in wordings(" ".join(text.split()), domain, parser.people, sorted(parser.names)):
                try:
                    if wording.startswith("?"):
                        return format_query(parser.query(wording), domain)
                    value = parse(parser, wording)
                    if not isinstance(value, Goal) or all(may_be_meant(c, domain) for c in value.conditions):
                        return write(value, domain)
                except GoalError:
                    continue
            return ""

        raise _UnreadError(reason, suggestion) from None


class _UnreadError(GoalError):
    """A text that is no goal; what was probably meant is looked for when the message is read."""

    def __init__(self, reason: str, suggestion: Callable[[], str]) -> None:
        super().__init__(reason)
        self._reason, self._suggestion = reason, suggestion
        self._message: str | None = None

    def __str__(self) -> str:
        if self._message is None:
            meant = self._suggestion()
            self._message = _with_suggestion(self._reason, meant) if meant else self._reason
        return self._message

    def __reduce__(self) -> tuple[type[GoalError], tuple[str]]:
        return GoalError, (str(self),)


def _with_suggestion(reason: str, meant: str) -> str:
    """Return a reason with the goal that was probably meant; it offers no word that is not in that goal."""
    if repr(meant) in reason:
        return reason
    head, separator, words = reason.partition("; did you mean ")
    words = " or ".join(word for word in words.rstrip("?").split(" or ") if word.strip("'\"") in meant)
    return f"{head}{separator}{words}? Perhaps {meant!r}" if words else f"{head}; perhaps {meant!r}"


def parse_goal(text: str, domain: Domain | None = None, *, scene: Scene | None = None) -> Goal:
    """Parse a goal.

    Args:
        text: The goal, in any spacing.
        domain: The domain; the default one if None.
        scene: The home that it is about, for names of its rooms and people. Without it, rooms are known by their kinds
            and people by their capital letter.

    Raises:
        GoalError: The text does not parse, or has a word unknown to the domain (the message offers the nearest).
    """
    return _read(text, domain or load_domain(), scene, _Parser.goal, format_goal)


def parse_query(text: str, domain: Domain | None = None, *, scene: Scene | None = None) -> Query:
    """Parse a question such as `? where wallet`; the arguments are those of `parse_goal`.

    Raises:
        GoalError: The text does not parse, or has a word unknown to the domain.
    """
    return _read(text, domain or load_domain(), scene, _Parser.query, format_query)


def parse_rule(text: str, domain: Domain | None = None, *, scene: Scene | None = None) -> Rule:
    """Parse a rule such as `never knife with person`; the arguments are those of `parse_goal`.

    Raises:
        GoalError: The text does not parse, or has a word unknown to the domain.
    """
    return _read(
        text, domain or load_domain(), scene, lambda parser, words: parser.rule(parser.start(words)), format_rule
    )


def with_home_rules(goal: Goal, scene: Scene) -> Goal:
    """Return a goal with the rules that its home has for every plan."""
    rules = tuple(parse_rule(text, scene=scene) for text in scene.rules)
    return replace(goal, rules=tuple(dict.fromkeys((*goal.rules, *rules)))) if rules else goal
