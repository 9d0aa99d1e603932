"""Reads a domain file (docs/domains.md): every problem at once, each with its line.

Kinds of things and furniture are read as in home files (`reader.py`); here is what only a domain has: what it starts
from, liquids, properties, built-in skills, how its homes are sampled, and what people say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import yaml

from envs.errors import DomainError, nearest
from envs.files.yaml_nodes import HomeFileError, Problem, describe, is_null, parse_nodes
from envs.symbolic.domain.built_in_skills import fitted
from envs.symbolic.domain.categories import FixtureCategory
from envs.symbolic.domain.domain import Domain
from envs.symbolic.domain.reading import default_domain
from envs.symbolic.domain.speech import Speech
from envs.symbolic.kinds.names import KindNames
from envs.symbolic.kinds.reader import KindReader
from envs.symbolic.kinds.sampling_tables import SamplingReader
from envs.symbolic.skills.notation import read_skills, states_set_in
from envs.words import names_of

if TYPE_CHECKING:
    from envs.symbolic.kinds.things import KindEntry
    from envs.symbolic.skills.values import Skill

KEYS = (
    "version", "extends", "states", "negations", "exclusive", "liquids", "properties", "classes", "skills", "processes",
    "objects", "fixtures", "words", "nouns", "phrases", "sampling",
)  # fmt: skip
NEGATIONS = {"closed": "open", "off": "on", "clean": "dirty"}  # of built-in states, in every domain
FAMILY_KEYS = ("about", "goal", "refuse", "ask", "slots", "count", "numbers", "weight", "phrases")
NOUN_KEYS = ("uncountable", "plural_only", "plurals")
GROUPS = ("size", "color", "material")
NEAR_ROOM = 0.85  # likeness to a kind of room that is there, from which a new one is a slip
MAX_FAMILIES, MAX_PHRASES = 500, 200
_SLOT = re.compile(r"\{([^{}]*)\}")
_OWN_SLOTS = ("n", "rel")  # placeholders that are no slots


class DomainFileError(DomainError):
    """A domain file is wrong; `problems` lists every problem found."""

    def __init__(self, problems: tuple[Problem, ...], where: str) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{where}{problem}" for problem in problems))


def parse_domain(text: str, where: str = "") -> Domain:
    """Return the domain that the text of a domain file describes.

    Args:
        text: The text.
        where: What stands before each problem, such as the file's name.

    Raises:
        DomainFileError: It is wrong; the error lists every problem.
    """
    try:
        if not text.strip():
            raise HomeFileError([Problem(line=None, text="the file is empty; a domain has `objects:` and `fixtures:`")])
        reader = DomainFileReader()
        domain = reader.read_file(parse_nodes(text))
        if reader.problems:
            raise HomeFileError(reader.problems)
    except HomeFileError as error:
        raise DomainFileError(error.problems, where) from None
    return domain


@lru_cache(maxsize=1)
def bare_domain() -> Domain:
    """Return the domain that one that stands alone starts from: doors, switches, sizes and colors, and no kinds."""
    home = default_domain()
    return Domain.of(
        states=("open", "on"), negations={"closed": "open", "off": "on"}, exclusive=(), liquids=(),
        properties=home.properties, skills={}, processes=(), classes=("anything",), objects={}, fixtures={},
    )  # fmt: skip


class DomainFileReader(KindReader, SamplingReader):
    """Reads the sections of a domain file."""

    called: Mapping[str, str] = {"furniture": "fixtures", "things": "objects"}

    def __init__(self) -> None:
        super().__init__(bare_domain())
        self.new_rooms: dict[str, None] = {}
        self.stands_alone = True

    def read_file(self, root: yaml.Node) -> Domain:
        """Return the domain of a file; where problems were found, what could be read of it."""
        if not isinstance(root, yaml.MappingNode):
            self.problem(
                root, f"a domain has `objects:` and `fixtures:`; this file has neither: it is {describe(root)}"
            )
            return self.domain
        parts = self.options(root, "domain", KEYS)
        if "extends" in parts and self.choice(parts["extends"], "extends", ("home",), "domain") == "home":
            self.stands_alone, self.domain = False, default_domain()
            self.names = KindNames(self.domain)
        if "version" in parts:
            self.choice_of_version(parts["version"])
        self.read_vocabulary(parts)
        kinds = {
            "furniture": parts.get("fixtures"),
            "things": parts.get("objects"),
            "processes": parts.get("processes"),
        }
        self.domain = self.read({key: node for key, node in kinds.items() if node is not None})
        if self.stands_alone and not self.problems and not (self.domain.objects and self.domain.fixtures):
            self.problem(
                root, "a domain that stands alone has `objects:` and `fixtures:`; to add to the home: `extends: home`"
            )
        skills = {**self.domain.skills, **self.skills_of(parts.get("skills"))}
        lacking = {name: skill for name, skill in self.usual_skills().items() if name not in skills}
        values: dict[str, Any] = {"skills": skills, "lacking": lacking}
        if self.problems:
            values = {}  # further problems are found with what is known
        domain = self.checked(values)
        self.domain = domain
        tables = domain.sampling
        if "sampling" in parts:
            tables = self.sampling(parts["sampling"], domain, self.refused)
        return self.checked({
            "sampling": tables,
            "words": {**domain.words, **self.read_words_of(parts.get("words"))},
            "speech": self.read_speech(parts),
        })  # fmt: skip

    def choice_of_version(self, node: yaml.Node) -> None:
        """Check the version of the format; there is one."""
        if str(node.value) != "1":
            self.problem(node, f"version: this format has one version, 1; found {describe(node)}")

    def checked(self, values: dict[str, Any]) -> Domain:
        """Return the domain with these values; what contradicts itself is a problem of the whole file."""
        try:
            return self.domain.extended(skills=values.pop("skills", {})).changed(**values)
        except DomainError as error:
            if not self.problems:
                self.problem(None, str(error))
            return self.domain

    # -- words of goals ------------------------------------------------------------------------------------------------

    def read_vocabulary(self, parts: dict[str, yaml.Node]) -> None:
        """Read states, the words for their absence, classes, liquids and properties."""
        base = self.domain
        states = [
            word
            for node, word in self.new_words(parts, "states", base.states)
            if self.is_one_word(node, "states", word)
        ]
        if "skills" in parts:  # what a skill sets is a state
            states += states_set_in(parts["skills"], base.extended(states=states).vocabulary)
        self.domain = base = base.extended(
            states=states,
            classes=[word for _, word in self.new_words(parts, "classes", base.classes)],
            liquids=[word for _, word in self.new_words(parts, "liquids", base.liquids)],
        )
        self.classes = base.classes
        negations: dict[str, str] = {}
        for word, key, value in self.pairs(parts["negations"], "negations") if "negations" in parts else ():
            state = self.choice(value, f"negations: {word}", base.states, "state")
            if state is None or base.negations.get(word) == state or not self.is_one_word(key, "negations", word):
                continue
            if NEGATIONS.get(word, state) != state:
                text = f"negations: {word!r} is the absence of {NEGATIONS[word]!r} in every domain"
                self.problem(value, f"{text}; choose another word for {state!r}")
            elif self.may_be_called(key, "negations", word):
                negations[word] = state
        for word, state in NEGATIONS.items():
            if state in base.states:
                negations.setdefault(word, state)
        exclusive: list[tuple[str, str]] = []
        for node in self.sequence(parts["exclusive"], "exclusive") if "exclusive" in parts else ():
            pair = self.choices(node, "exclusive", base.states, "state")
            if len(pair) == 2:
                exclusive.append((pair[0], pair[1]))
            elif not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:
                self.problem(node, f"exclusive: expected pairs of states such as [[hot, cold]], found {describe(node)}")
        self.domain = base.extended(negations=negations, exclusive=exclusive)
        if "properties" in parts:
            self.domain = self.domain.changed(properties=self.read_properties(parts["properties"]))

    def new_words(self, parts: dict[str, yaml.Node], key: str, known: Collection[str]) -> list[tuple[yaml.Node, str]]:
        """Return the words of a list that the domain does not start with."""
        words = self.words(parts[key], key) if key in parts else []
        return [(node, word) for node, word in words if word not in known and self.may_be_called(node, key, word)]

    def read_properties(self, node: yaml.Node) -> dict[str, dict[str, tuple[float, ...]]]:
        """Read what the words of each group do to a body: a factor of its size, or a color."""
        properties = {
            group: dict(words) if not self.stands_alone else {} for group, words in self.domain.properties.items()
        }
        for group, value in self.options(node, "properties", GROUPS).items():
            for word, key, entry in self.pairs(value, f"properties: {group}"):
                context = f"properties: {group}: {word}"
                if self.domain.property_group.get(word) != group and not self.may_be_called(key, "properties", word):
                    continue
                if group == "size":
                    factor = self.number(entry, context)
                    if factor is not None and not 0.5 <= factor <= 2.0:
                        self.problem(entry, f"{context}: {factor:g} is no factor of lengths from 0.5 to 2")
                    properties[group][word] = (factor or 1.0,)
                    continue
                numbers = self.sequence(entry, context)
                parts = [self.number(n, context, 1.0) for n in numbers]
                if len(parts) not in ((0, 3, 4) if group == "material" else (3,)) or any(
                    p is not None and p < 0 for p in parts
                ):
                    self.problem(entry, f"{context}: expected [red, green, blue] from 0 to 1, found {describe(entry)}")
                properties[group][word] = tuple(p or 0.0 for p in parts)
        return properties

    # -- kinds ---------------------------------------------------------------------------------------------------------

    def body(self, node: yaml.Node, context: str) -> FixtureCategory | None:
        """Return the built-in furniture that shows a body; in a domain file, people have one too."""
        if isinstance(node, yaml.ScalarNode) and node.value == "person":
            return default_domain().fixtures["person"]
        return super().body(node, context)

    def piece(self, entry: KindEntry, like: FixtureCategory | None) -> FixtureCategory | None:
        """Return the kind that an entry describes; in a domain that stands alone, it says its rooms."""
        piece = super().piece(entry, like)
        if piece is None or piece.rooms or piece.underfoot or piece.relation == "with":
            return piece
        self.problem(entry.node, f"{entry.name}: say in which kinds of rooms it stands, as in `rooms: [hall]`")
        return None

    def room_kinds(self, node: yaml.Node, context: str) -> tuple[str, ...]:
        """Return the kinds of rooms that furniture stands in; a domain's file may name new ones."""
        rooms: list[str] = []
        for each, word in self.words(node, context):
            meant = [name for name in names_of(word, "rooms") if name in self.domain.rooms]
            if word == "any":
                rooms += [*self.domain.rooms, *self.new_rooms]
            elif word in self.domain.rooms or word in self.new_rooms:
                rooms.append(word)
            elif len(meant) == 1:
                rooms.append(meant[0])
            elif near := get_close_matches(word, self.domain.rooms, n=1, cutoff=NEAR_ROOM):
                text = (
                    f"unknown room {word!r}; did you mean {near[0]!r}? A kind of room of your own is spelled less alike"
                )
                self.problem(each, f"{context}: {text}")
            elif self.may_be_called(each, context, word):
                self.new_rooms[word] = None
                rooms.append(word)
        return tuple(dict.fromkeys(rooms))

    # -- skills --------------------------------------------------------------------------------------------------------

    def usual_skills(self) -> dict[str, Skill]:
        """Return the built-in skills that make sense in the domain."""
        domain = self.domain
        usual = {name: fitted(s, domain.states, domain.liquids) for name, s in default_domain().skills.items()}
        return {n: skill for n, skill in usual.items() if skill is not None and (n != "give" or domain.person)}

    def skills_of(self, node: yaml.Node | None) -> dict[str, Skill]:
        """Read skills: those of the file, and built-in ones, which are named without a value."""
        built_in, domain = default_domain().skills, self.domain
        if node is None:
            return self.usual_skills()
        named: dict[str, Skill] = {}
        own: list[tuple[yaml.Node, yaml.Node]] = []
        for name, key, value in self.pairs(node, "skills"):
            if not is_null(value):
                own.append((key, value))
                if name in built_in:
                    text = f"{name!r} is a built-in skill; choose another name, or take it as it is, without a value"
                    self.problem(key, f"skills: {text}")
            elif name not in built_in:
                hint = (
                    nearest(name, built_in) or "; a skill of your own needs `text`, `when` and `sets` (docs/skills.md)"
                )
                self.problem(key, f"skills: there is no built-in skill {name!r}{hint}")
            elif (skill := fitted(built_in[name], domain.states, domain.liquids)) is None:
                self.problem(
                    key, f"skills: {name}: it would change nothing here: no state or liquid that it sets is listed"
                )
            else:
                named[name] = skill
        mapping = yaml.MappingNode("tag:yaml.org,2002:map", own, node.start_mark, node.end_mark)
        read = read_skills(self, mapping, self.vocabulary(domain))
        self.check_states_of(read, mapping)
        skills = {**named, **read}
        order = [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        return {name: skills[name] for name in dict.fromkeys((*order, *skills)) if name in skills}

    # -- what people say -----------------------------------------------------------------------------------------------

    def read_words_of(self, node: yaml.Node | None) -> dict[str, tuple[str, ...]]:
        """Read what else people call kinds, classes and liquids."""
        domain = self.domain
        known = dict.fromkeys((*domain.objects, *domain.fixtures, *domain.classes, *domain.liquids))
        words: dict[str, tuple[str, ...]] = {}
        for name, key, value in self.pairs(node, "words") if node is not None else ():
            if name not in known and name.lower() not in self.refused:
                self.problem(key, f"words: no kind, class or liquid is called {name!r}{nearest(name, known)}")
            words[name] = tuple(word for _, word in self.words(value, f"words: {name}"))
        return words

    def read_speech(self, parts: dict[str, yaml.Node]) -> Speech:
        """Read the grammar of nouns, and families of phrases."""
        speech = replace(self.domain.speech, of_home=not self.stands_alone)
        nouns = self.options(parts["nouns"], "nouns", NOUN_KEYS) if "nouns" in parts else {}
        lists = {
            key: tuple(word for _, word in self.words(nouns[key], f"nouns: {key}"))
            for key in ("uncountable", "plural_only")
            if key in nouns
        }
        plurals: dict[str, str] = {}
        for noun, _, value in self.pairs(nouns["plurals"], "nouns: plurals") if "plurals" in nouns else ():
            plurals[noun] = self.text(value, f"nouns: plurals: {noun}") or noun
        phrases: dict[str, dict[str, object]] = {}
        for number, (name, key, value) in enumerate(
            self.pairs(parts["phrases"], "phrases") if "phrases" in parts else ()
        ):
            if number >= MAX_FAMILIES:
                self.problem(key, f"phrases: more than {MAX_FAMILIES} families")
                break
            phrases[name] = self.family(name, key, value)
        return replace(speech, plurals=plurals, phrases=phrases, **cast("dict[str, Any]", lists))

    def family(self, name: str, key: yaml.Node, node: yaml.Node) -> dict[str, object]:
        """Read one family of phrases; the phrases' own placeholders are checked here."""
        context = f"phrases: {name}"
        options = self.options(node, context, FAMILY_KEYS)
        answers = [each for each in ("goal", "refuse", "ask") if each in options]
        if len(answers) != 1:
            self.problem(
                key, f"{context}: expected one of goal, refuse and ask, found {' and '.join(answers) or 'none'}"
            )
        if "phrases" not in options:
            self.problem(key, f"{context}: has no `phrases:`")
        family: dict[str, object] = {}
        slots: dict[str, str] = {}
        for slot, _, value in self.pairs(options["slots"], f"{context}: slots") if "slots" in options else ():
            slots[slot] = self.slot_type(value, f"{context}: slots: {slot}")
        for part in (*answers, "phrases"):
            if part in options:
                texts = self.words(options[part], f"{context}: {part}")
                if len(texts) > MAX_PHRASES:
                    self.problem(options[part], f"{context}: {len(texts)} phrases; at most {MAX_PHRASES}")
                for each, text in texts:
                    for problem in _placeholder_problems(text, slots):
                        self.problem(each, f"{context}: {part}: {problem}")
                family[part] = (
                    [text for _, text in texts] if part in ("goal", "phrases") else texts[0][1] if texts else ""
                )
        for part in ("count", "numbers"):
            if part in options:
                nodes = self.sequence(options[part], f"{context}: {part}")
                family[part] = [self.whole(each, f"{context}: {part}", 1, 99) or 1 for each in nodes]
        if "weight" in options:
            family["weight"] = self.number(options["weight"], f"{context}: weight", 100.0) or 1.0
        return {**family, "slots": slots}

    def slot_type(self, node: yaml.Node, context: str) -> str:
        """Read the type of a slot; a list of names is written with their type, as in `object=[mug, cup]`."""
        word = self.text(node, context) or "object"
        kind = re.split("[:=]", word, maxsplit=1)[0].strip()
        kinds = ("object", "container", "class", "liquid", "receptacle", "fixture", "fixtures", "person", "unfit")
        if kind not in kinds:
            self.problem(
                node, f"{context}: unknown type {kind!r}{nearest(kind, kinds) or '; known: ' + ', '.join(kinds)}"
            )
        return word


def _placeholder_problems(text: str, slots: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the brackets and placeholders of a phrase or a goal."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
    if depth:
        yield f"{text!r}: its round brackets do not match"
    for placeholder in _SLOT.findall(text):
        slot = placeholder.rpartition(" ")[2]
        if slot not in slots and slot not in _OWN_SLOTS:
            yield f"{{{placeholder}}}: there is no slot {slot!r}{nearest(slot, slots) or '; `slots:` lists them'}"
