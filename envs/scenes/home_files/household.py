"""Reads who lives in a home, and what must never happen in it: `people` and `rules` of a home file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from envs.errors import GoalError, nearest
from envs.scenes.home_files.contents import ContentsReader
from envs.scenes.home_files.properties import ARTICLES
from envs.symbolic.domain import Domain
from envs.symbolic.goals import (
    NAME,
    Condition,
    Count,
    Every,
    FixtureIs,
    Holding,
    No,
    Place,
    Rule,
    Thing,
    format_furniture,
    format_rule,
    format_thing,
    parse_rule,
)
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import fixtures_at, fixtures_of, holds, matching_objects
from envs.symbolic.state import State, World

MAX_PEOPLE = 20
MAX_SHOWN = 3  # fixtures or objects that a message names
NO_NAMES = frozenset(
    [
        "and",
        "or",
        "not",
        "then",
        "while",
        "if",
        "in",
        "on",
        "with",
        "beside",
        "from",
        "by",
        "except",
        "is",
        "of",
        "every",
    ]
)  # words of goals that no name may contain
_NEGATION = re.compile(r"(?:no|not|never|don'?t|do not|must not|without)\s+(?:ever\s+)?(.+)", re.IGNORECASE)
_TRANSFER = re.compile(
    r"never (?:give|hand|put|place|bring|leave) (.+?) (to|in|on|with|into|onto|inside) (.+)",
    re.IGNORECASE,
)
_DUTY = re.compile(r"(?:always|keep|must|should|make sure|ensure)\b(?! not)", re.IGNORECASE)
_OPPOSITES = {"open": "closed", "closed": "open", "on": "off", "off": "on", "clean": "dirty", "dirty": "clean"}
_MORE_THAN = re.compile(r"never more than (\d{1,3}) (.+)")
_RELATIONS = {"to": "with", "into": "in", "inside": "in", "onto": "on"}


class HouseholdReader(ContentsReader):
    """Reads people and rules; the rules after everything else of the home."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.rule_lines: dict[str, int] = {}  # line of each rule

    # -- people --------------------------------------------------------------------------------------------------------

    def read_people(self, node: yaml.Node) -> tuple[str, ...]:
        """Read the names of those who live here."""
        n_problems = len(self.problems)
        names: list[str] = []
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:int":
            self.problem(node, f"people: {node.value} is no list of names; list each by name: [Anna, Ben]")
            return ()
        for entry in self.sequence(node, "people"):
            name = self.person_name(entry)
            if name is None:
                continue
            if (first := next((other for other in names if other.lower() == name.lower()), None)) is not None:
                self.problem(entry, f"people: {name} appears twice; the first is {first!r}")
            elif name == name.lower() != name.upper():  # sentences tell names from other words by their capital letter
                self.problem(entry, f"people: {name!r} is no name: it has no capital letter; write {name.title()!r}")
            else:
                names.append(name)
        if len(names) > MAX_PEOPLE:
            self.problem(node, f"{len(names)} people; a home has at most {MAX_PEOPLE}")
        self.are_people_known = len(self.problems) == n_problems
        return tuple(names[:MAX_PEOPLE])

    def person_name(self, entry: yaml.Node) -> str | None:
        """Read one name, which must not be a word that means something else in goals."""
        if isinstance(entry, yaml.MappingNode | yaml.SequenceNode):
            kind = "a list" if isinstance(entry, yaml.SequenceNode) else "a mapping"
            self.problem(entry, f"people: {kind} is no name; an entry is a name alone: `people: [Anna, Ben]`")
            return None
        if isinstance(entry, yaml.ScalarNode) and entry.tag == "tag:yaml.org,2002:int":
            self.problem(entry, f"people: {entry.value} is no name: a name begins with a letter; list each by name")
            return None
        name = self.text(entry, "people: a name")
        if name is None:
            return None
        domain = self.domain
        if not NAME.fullmatch(name):
            reason = "it begins with a letter and has up to 40 letters, digits, spaces, dots and hyphens only"
            plain = re.sub("['’]s?$|['’]", "", name)
            reason += f"; write {plain!r}" if plain != name and NAME.fullmatch(plain) else ""
            self.problem(entry, f"people: {name!r} is no name: {reason}")
            return None
        if keyword := next((word for word in name.split() if word.lower() in NO_NAMES), ""):
            reason = f"{keyword!r} is a word of goals; an entry is one person"
            self.problem(entry, f"people: {name!r} is no name: {reason}")
            return None
        words = (*domain.fixtures, *domain.objects, *domain.members, *domain.fixture_members, *domain.rooms)
        others = (
            *domain.property_group,
            *domain.states,
            *domain.negations,
            *domain.liquids,
            *domain.all_skills,
            *ARTICLES,
        )
        lowered = {word.lower(): word for word in (*words, *others)}
        numbered = re.sub(r" \d+$", "", name.lower())
        if name.lower() in lowered or (numbered in domain.fixtures or numbered in domain.objects):
            word = lowered.get(name.lower(), numbered)
            reason = f"{word!r} means something else in goals; add a surname or a title, as in 'Mrs. {name.title()}'"
            if word == domain.person:
                reason = "list each by name"
            self.problem(entry, f"people: {name!r} is no name here: {reason}")
            return None
        return name

    # -- rules ---------------------------------------------------------------------------------------------------------

    def read_rules(self, node: yaml.Node, scene: Scene) -> tuple[str, ...]:
        """Read what must never happen in this home, such as `never knife with person`."""
        world = None if self.problems else World(scene)  # what a rule means is checked in a home that is right
        for entry in self.sequence(node, "rules"):
            if not isinstance(entry, yaml.ScalarNode) or entry.tag == "tag:yaml.org,2002:int":
                self.problem(entry, "rules: a rule is one text, without ':' and brackets: `- never open oven`")
                continue
            text = self.text(entry, "rules: a rule")
            if text is None:
                continue
            try:
                rule = parse_rule(text, self.domain, scene=scene)
            except GoalError as error:
                self.problem(entry, f"rules: {self.rule_hint(text, scene) or self.with_skills(str(error))}")
                continue
            words = format_rule(rule, self.domain)
            if words in self.rule_lines:
                self.problem(entry, f"rules: {words!r} appears twice; the first is on line {self.rule_lines[words]}")
                continue
            self.rule_lines[words] = entry.start_mark.line + 1
            if world is None:
                continue
            if missing := next(_missing_in(rule, world), None):
                self.problem(entry, f"rules: {words!r}: {missing}")
            elif culprits := _broken_by(rule, world.initial()):
                named = ", ".join(culprits[:MAX_SHOWN])
                line = next((f" on line {self.lines[name]}" for name in culprits if name in self.lines), "")
                self.problem(
                    entry, f"rules: {words!r} is broken at the start, by {named}; change the rule or the home{line}"
                )
        return tuple(self.rule_lines)

    def with_skills(self, message: str) -> str:
        """Add what a rule can forbid to a message about a word that is nothing like a known one."""
        if "no object or class is called" not in message or "did you mean" in message:
            return message
        return f"{message}; a rule forbids a condition or a skill: {', '.join(self.domain.all_skills)}"

    def rule_hint(self, text: str, scene: Scene) -> str:
        """Return what is wrong with a rule that does not parse, where more can be said than the parser does."""

        def canonical(words: str) -> str:
            try:
                return format_rule(parse_rule(words, self.domain, scene=scene), self.domain)
            except GoalError:
                return ""

        words = " ".join(text.split())
        plain = " ".join(word for word in words.split() if word.lower() not in ARTICLES)
        parts = [part.strip() for part in plain.split(";")]
        if len(parts) > 1 and all(map(canonical, parts)):
            return f"{text!r} is several rules; each is an entry of its own: [{', '.join(parts)}]"
        if _DUTY.match(words):
            return f"{text!r}: a rule says what must never be so or be done, like `never oven on`"
        offers = [plain]
        if match := _NEGATION.fullmatch(plain):
            offers.append(f"never {match[1]}")
        if match := _TRANSFER.fullmatch(plain):
            thing = self.meanings(match[1], "objects") or (match[1],)
            place = self.meanings(match[3], "fixtures") or (match[3],)
            offers.append(f"never {thing[0]} {_RELATIONS.get(match[2], match[2])} {place[0]}")
        if match := _MORE_THAN.fullmatch(plain.lower()):
            offers.append(f"never {int(match[1]) + 1} {match[2]}")
        offers.append(_opposite(plain) or f"never {plain}")
        if offer := next(filter(None, map(canonical, offers)), ""):
            return f"{text!r} is no rule; did you mean '{offer}'?"
        if words.lower() == "never":
            return "nothing follows 'never'; a rule is like `never open oven` or `never knife with person`"
        if not words.startswith("never "):
            return ""
        if word := next((w for w in ("then", "while", "if") if w in words.split()), ""):
            return f"{text!r}: a rule is one condition or one skill, without {word!r}"
        target = words.removeprefix("never go to ")
        rooms = [room.name for room in scene.rooms]
        if target != words and " " not in target:
            hint = nearest(target, rooms) or f"; the rooms are: {', '.join(rooms)}"
            return f"{text!r}: no room or furniture is called {target!r}{hint}"
        return ""


def _opposite(words: str) -> str:
    """Return the rule that keeps furniture as it shall be: `never oven on` for `oven off`; empty for other words."""
    *noun, state = words.split() or [""]
    return f"never {' '.join(noun)} {_OPPOSITES[state]}" if noun and state in _OPPOSITES else ""


def _missing_in(rule: Rule, world: World) -> Iterator[str]:
    """Yield what a rule names and the home lacks, so that the rule could never be broken."""
    condition = rule.condition
    yield from _missing_thing(rule.thing, world)
    yield from _missing_place(rule.place, world)
    if isinstance(condition, FixtureIs):
        if not fixtures_of(world.initial(), condition):
            yield f"this home has no {format_furniture(condition)}"
        return
    if condition is not None:
        yield from _missing_thing(condition.thing, world)
        yield from _missing_place(getattr(condition, "place", None), world)
    if isinstance(condition, Every):
        yield from _missing_thing(condition.excluded, world)


def _missing_thing(thing: Thing | None, world: World) -> Iterator[str]:
    if thing is None:
        return
    unchanging = Thing(word=thing.word, properties=thing.properties)
    owners = [p.removesuffix("'s") for p in thing.properties if p.endswith("'s")]
    if unknown := next((owner for owner in owners if owner not in world.scene.people), ""):
        yield f"nobody here is called {unknown!r}{nearest(unknown, world.scene.people)}"
    elif not matching_objects(world.initial(), unchanging):
        yield f"this home has no {format_thing(unchanging)}"
    yield from _missing_place(thing.origin, world)


def _missing_place(place: Place | None, world: World) -> Iterator[str]:
    if place is None:
        return
    if place.person is not None:
        if place.person not in world.scene.people:
            yield f"nobody here is called {place.person!r}{nearest(place.person, world.scene.people)}"
        elif place.person not in world.people:
            number, person = len(world.people), world.domain.person or "person"
            persons = f"{number or 'no'} `{person}`{'' if number == 1 else 's'}"
            yield (
                f"{place.person} has no place in this home, where nothing can be with {place.person}: the rooms have "
                f"{persons}, for the first of `people`; add a `{person}` to a room, or change the order of `people`"
            )
    elif place.thing is not None:
        yield from _missing_thing(place.thing, world)
        yield from _missing_place(place.inside, world)
    elif place.fixture is None:
        if not any(place.room in (room.name, room.kind) for room in world.scene.rooms):
            yield f"this home has no {place.room}"
    elif place.fixture == world.domain.person:
        return  # the speaker is added to every home
    elif not fixtures_at(world.initial(), place):
        yield f"this home has no {format_furniture(place)}"


def _broken_by(rule: Rule, state: State) -> list[str]:
    """Return what breaks a rule at the start: names of fixtures or objects; empty if it is not broken."""
    condition = rule.condition
    if condition is None or not holds(state, condition, state):
        return []
    return [state.world.names[i] for i in _subjects(condition, state)] or ["what the home lacks"]


def _subjects(condition: Condition, state: State) -> list[int]:
    if isinstance(condition, FixtureIs):
        return [f for f in fixtures_of(state, condition) if all(state.has(f, s) for s in condition.states)]
    if isinstance(condition, Count | No | Every):
        return matching_objects(state, condition.thing, condition.place)
    return [state.held] if isinstance(condition, Holding) and state.held >= 0 else []
