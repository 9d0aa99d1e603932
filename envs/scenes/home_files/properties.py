"""Reads what never changes of a fixture or an object in a home file: its color, size, material and owner."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

import yaml

from envs.errors import nearest
from envs.files.yaml_nodes import NodeReader, describe
from envs.symbolic.domain import Domain, FixtureCategory
from envs.symbolic.goals import NAME
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.words import SpokenWords

OWNER = re.compile(rf"({NAME.pattern})['’]s (.+)")
MAX_COUNT = 50  # of equal things in one entry
PROPERTY_KEYS = ("color", "size", "material", "owner")
ARTICLES = ("the", "a", "an", "my", "our")


class PropertyReader(NodeReader):
    """Reads the properties before a name and among its options, and says what is wrong with a description."""

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.domain = domain
        self.people: tuple[str, ...] = ()  # those who can own objects
        self.are_people_known = True  # whether all of them could be read

    @property
    def furniture(self) -> dict[str, FixtureCategory]:
        """The kinds of furniture, without the rooms that skills can be about."""
        return _furniture_of(self.domain)

    @property
    def spoken(self) -> SpokenWords:
        """What people call the kinds of the domain."""
        return spoken_words(self.domain)

    def split_properties(self, text: str, names: Collection[str]) -> tuple[tuple[str, ...], str]:
        """Split the properties off the front of a name: `red mug`, `Anna's big box`."""
        words: list[str] = []
        rest = text
        while not (self.is_name(rest.partition(" of ")[0], names) or self.spoken.is_own(rest)):
            owner = OWNER.fullmatch(rest)
            head, _, tail = rest.partition(" ")
            if head in self.domain.property_group and tail:
                words.append(head)
                rest = tail
            elif owner is not None:
                words.append(f"{owner[1]}'s")
                rest = owner[2]
            else:
                break
        return tuple(words), rest

    def names_of(self, word: str, table: str) -> tuple[str, ...]:
        """Return the names of one table that people call by a word."""
        return self.spoken.names_of(word, table)

    def is_name(self, text: str, names: Collection[str]) -> bool:
        """Whether a text is one of the names, or a kind of the home's own by another word or in the plural."""
        return text in names or self.spoken.is_own(text)

    def split_description(self, text: str, names: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """Split properties and states, in any order, off the front of a name: `dirty red mug`, `open window`."""
        properties: list[str] = []
        states: list[str] = []
        while True:
            words, text = self.split_properties(text, names)
            properties += words
            head, _, rest = text.partition(" ")
            is_state = head in self.domain.states or head in self.domain.negations
            if not is_state or not rest or self.is_name(text.partition(" of ")[0], names) or self.spoken.is_own(text):
                return tuple(properties), tuple(states), text
            states.append(head)
            text = rest

    def properties(
        self, entry: yaml.Node, words: Sequence[str], options: dict[str, yaml.Node], category: str
    ) -> tuple[str, ...]:
        """Check the properties before a name and those among its options; return them in the domain's order."""
        chosen: dict[str, str] = {}
        stated = [(entry, self.domain.property_group.get(word, "owner"), word) for word in words]
        for key in PROPERTY_KEYS:
            if key in options and (word := self.property_word(options[key], key, category)) is not None:
                stated.append((options[key], key, word))
        for node, group, word in stated:
            known = [f"{name}'s" for name in self.people] if group == "owner" else list(self.domain.properties[group])
            match = next((k for k in known if k.lower() == word.lower()), None)
            if match is None:
                if problem := self.unknown_property(group, word):
                    self.problem(node, f"{category}: {problem}")
            elif chosen.setdefault(group, match) != match:
                self.problem(node, f"{category}: two {group}s at once, {chosen[group]} and {match}")
        order = ("owner", *self.domain.properties)
        return tuple(chosen[group] for group in order if group in chosen)

    def property_word(self, node: yaml.Node, key: str, category: str) -> str | None:
        """Read the value of one property among the options."""
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str" and node.value.strip():
            word = self.text(node, f"{category}: {key}")
            return _owner(word) if key == "owner" and word is not None else word
        expected = "a name of `people`" if key == "owner" else f"one of: {', '.join(self.domain.properties[key])}"
        self.problem(node, f"{category}: {key}: expected {expected}; found {describe(node)}")
        return None

    def unknown_property(self, group: str, word: str) -> str:
        """Return what is wrong with the value of a property; empty if that was reported already."""
        if group == "owner":
            name = word.removesuffix("'s")
            if not self.are_people_known:
                return ""
            hint = nearest(name, self.people) or f"; list the names under `people:`, now {_listed(self.people)}"
            return f"nobody here is called {name!r}{hint}"
        known = self.domain.properties[group]
        meant = [name for name in self.names_of(word, "properties") if name in known]
        other = word if word in self.domain.property_group else next(iter(self.names_of(word, "properties")), "")
        if not meant and other:
            kind = self.domain.property_group[other]
            return f"{word!r} is no {group} but a {kind}: write `{kind}: {other}`"
        if word in (*self.domain.states, *self.domain.negations):
            return f"{word!r} is no {group} but a state: write `states: [{word}]`"
        hint = f"; did you mean {_either(meant)}?" if meant else nearest(word, known) or f"; known: {', '.join(known)}"
        return f"unknown {group} {word!r}{hint}"

    def property_as_state(self, word: str) -> str:
        """Return what is wrong with a property that stands among the states; empty if the word is none."""
        if word.endswith(("'s", "’s")):
            return f"{word!r} is an owner, not a state: write `owner: {word[:-2]}`"
        known = self.domain.property_group
        meant = (
            word
            if word in known
            else ""
            if self.names_of(word, "states")
            else next(iter(self.names_of(word, "properties")), "")
        )
        return f"{word!r} is a {known[meant]}, not a state: write `{known[meant]}: {meant}`" if meant in known else ""

    def wrong_description(self, text: str, names: Collection[str], *, movable: bool) -> str:
        """Return what is wrong with the words around a known name, such as `mug red`; empty if it has no known name.

        Args:
            text: The description.
            names: The known names.
            movable: Whether it is an object; the states of a fixture follow its name.
        """
        if alone := self.property_alone(text, movable=movable):
            return alone
        base, _, last = text.partition(" of ")
        if last and base.split()[-1:] and any(last.lower() == person.lower() for person in self.people):
            return f": an owner stands before the name: `{last}'s {base}`"
        words = base.split()
        spans = [(i, j) for j in range(len(words), 0, -1) for i in range(j) if " ".join(words[i:j]) in names]
        if not spans or spans[0] == (0, len(words)):
            return ""
        start, end = spans[0]
        before, name, after = words[:start], " ".join(words[start:end]), words[end:]
        states = (*self.domain.states, *self.domain.negations)
        if after:
            if not all(word in (*self.domain.property_group, *states) for word in after):
                return ""
            if not movable and all(word in states for word in after):
                return f": its states are a list: `{name}: [{', '.join(after)}]`"
            kinds = "properties and states" if movable else "properties"
            return f": {kinds} stand before the name: `{' '.join((*before, *after, name))}`"
        phrase = " ".join(before)
        if len(before) > 1 and (meant := self.names_of(phrase, "properties")):
            return f": {phrase!r} is no property; did you mean {_either(meant)}?"
        for word in before:
            if problem := self.wrong_word(word, name, states):
                return problem
        numbers = [word for word in before if word.isdecimal()]
        if numbers and before[0] != numbers[0]:
            others = [word for word in before if word != numbers[0]]
            return f": a number stands first: `{' '.join((numbers[0], *others, name))}`"
        if not movable and (said := [word for word in before if word in states]):
            others = [word for word in before if word not in states]
            return f": the states of a fixture follow its name: `{' '.join((*others, name))}: [{', '.join(said)}]`"
        return ""

    def property_alone(self, text: str, *, movable: bool) -> str:
        """Return what is wrong with a property that stands where a name is expected; empty if it is none."""
        example = "mug" if movable else "cabinet"
        if text in self.domain.property_group:
            return f": a {self.domain.property_group[text]} stands before a name: `{text} {example}`"
        is_owner = text.endswith(("'s", "’s")) or any(text.lower() == person.lower() for person in self.people)
        if movable and is_owner:
            return f": an owner stands before a name: `{_owner(text.replace('’', chr(39)))} {example}`"
        return ""

    def key_hint(self, key: str) -> str:
        """Say under which key a property or a state stands that was written as a key itself."""
        if key in self.domain.property_group:
            return f"; write `{self.domain.property_group[key]}: {key}`"
        return f"; write `states: [{key}]`" if key in (*self.domain.states, *self.domain.negations) else ""

    def wrong_word(self, word: str, name: str, states: Collection[str]) -> str:
        """Return what is wrong with one word before a name; empty if it may stand there."""
        known = self.domain.property_group
        if word in known or word in states or word.isdecimal() or word.endswith(("'s", "’s")):
            return ""
        if word.lstrip("+-").isdecimal():
            return f": a number is from 1 to {MAX_COUNT}"
        if word in self.domain.liquids:
            return f": a liquid follows the name: `{name} of {word}`"
        if word.lower() in ARTICLES:
            return f": leave out {word!r}"
        if owner := next(
            (person for person in self.people if word.lower() in (person.lower(), f"{person.lower()}s")), ""
        ):
            return f': did you mean "{owner}\'s {name}"?'
        meant = self.names_of(word, "states") or self.names_of(word, "properties")
        hint = f"; did you mean {_either(meant)}?" if meant else nearest(word, [*known, *states])
        if not hint and not word[0].islower():
            return f': if {word!r} is an owner, write "{word.removesuffix("s")}\'s {name}"'
        return f": {word!r} is no property or state{hint or f'; without it: `{name}`'}"


@lru_cache(maxsize=8)
def _furniture_of(domain: Domain) -> dict[str, FixtureCategory]:
    return {name: kind for name, kind in domain.fixtures.items() if not kind.is_room}


def _owner(word: str) -> str:
    return word if word.endswith("'s") else f"{word}'s"


def _either(words: Sequence[str]) -> str:
    return " or ".join(map(repr, words[:3]))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "empty"
