"""Reads the nouns of a home file: a category, its plural or another word for it; and says what a wrong one may mean."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Literal

import yaml

from envs.errors import MAX_COMPARED_LENGTH, nearest
from envs.scenes.home_files.properties import PropertyReader
from envs.symbolic.domain import Domain
from envs.words import plurals, singulars

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_AMOUNTS = ("some", "several", "many", "few", "all", "both")
_TIMES = re.compile(r"(\d+) ?x (.+)|(.+?) x ?(\d+)")
_CONTENTS = re.compile(r"(.+?) (?:with|full of|filled with|containing|of) (.+)")


class NounReader(PropertyReader):
    """Finds the category that a noun means."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.notes: list[str] = []  # what is read otherwise than it is written
        self.has_own_kinds = False
        self.refused: set[str] = set()  # names of the home's own kinds that have a problem, in small letters

    def meant(self, entry: yaml.Node, word: str, table: Literal["fixtures", "objects"], *, is_numbered: bool) -> str:
        """Return the category that a word means if it can mean no other: a plural, or another word such as `couch`."""
        known = self.furniture if table == "fixtures" else self.domain.objects
        head, separator, liquid = word.partition(" of ")
        if self.spoken.is_own(word):  # "ball of yarn" is no ball
            head, separator, liquid = word, "", ""
        if head in known or head in self.domain.members:
            return word
        for noun, rest in ((word, ""), (head, f"{separator}{liquid}")):
            names = self.meanings(noun, table)
            if len(names) != 1:
                continue
            if self.spoken.is_plural(noun, table) and not is_numbered:
                self.problem(entry, f"how many {noun}? Write a number and one of them, such as `2 {names[0]}{rest}`")
            self.note_word(noun, names[0])
            return names[0] + rest
        return word

    def is_refused(self, text: str) -> bool:
        """Whether a text names a kind of the home's own whose problem is reported where it is described."""
        low = re.sub(r" \d+$", "", text.lower())
        forms = {low, *singulars(low)}
        return any(form == name or form.endswith(f" {name}") for name in self.refused for form in forms)

    def note_word(self, noun: str, name: str) -> None:
        """Note another word for a category, but not its plural, nor a word that the home itself has for it."""
        if self.spoken.is_own(noun):
            return
        note = f"{noun!r} is read as {name}"
        if noun.lower() not in (name.lower(), *plurals(name.lower())) and note not in self.notes:
            self.notes.append(note)

    def meanings(self, noun: str, table: Literal["fixtures", "objects"]) -> tuple[str, ...]:
        """Return the categories that a noun without properties means: `grey couch` is no other word for a sofa."""
        head, separator, rest = noun.partition(" of ")
        names = next((n for form in singulars(head) if (n := self.names_of(f"{form}{separator}{rest}", table))), ())
        if self.spoken.is_own(noun) or any(noun.lower() in plurals(name.lower()) for name in names):
            return names
        return () if any(self.names_of(part, "properties") for part in noun.split()[:-1]) else names

    def with_known_noun(self, text: str, table: Literal["fixtures", "objects"]) -> str:
        """Return a description with the category that its last words mean, if they mean one."""
        words = text.split()
        for k in range(1, len(words)):
            if len(names := self.meanings(" ".join(words[k:]), table)) == 1:
                return " ".join((*words[:k], names[0]))
        return text

    def phrase_hint(self, text: str, table: Literal["fixtures", "objects"]) -> str:
        """Return what to write for a phrase such as `four plates`, `2x plate` or `bowl with apples`; or nothing."""
        if match := _TIMES.fullmatch(text):
            return f": a number stands first: `{match[1] or match[4]} {match[2] or match[3]}`"
        head, _, rest = text.partition(" ")
        if head in _NUMBERS and rest:
            return f": numbers are digits: `{_NUMBERS.index(head) + 1} {rest}`"
        if head == "dozen" and rest:
            return f": numbers are digits: `12 {rest}`"
        if head in _AMOUNTS and rest:
            return f": say how many, such as `4 {rest}`"
        if table == "fixtures":
            return ""
        if head == "empty" and rest:
            return ": leave out 'empty'"
        if head == "full" and rest:
            return f": say of what it is full, such as `{rest} of water`"
        match = _CONTENTS.fullmatch(text)
        if match is None or self.names_of(text, "objects"):
            return ""
        holder, inner = match[1], match[2]
        if holder.split()[-1].lower() in ("pair", "pairs"):
            return f": write how many, such as `2 {inner}`"
        if inner in self.domain.liquids:
            return f": a liquid follows 'of': `{holder} of {inner}`" if f" of {inner}" not in text else ""
        if self.meanings(inner.split()[-1], "objects") or inner in self.domain.objects:
            return f": what it holds is a list: `{holder}: {{holds: [{inner}]}}`"
        return ""

    def fixture_hint(self, text: str, name: str) -> str:
        """Return a hint about an unknown fixture; one that begins with a colon is about the whole text."""
        if any(text.lower() == person.lower() for person in self.people):
            return (
                f": this is a person: write `person`; the first of the file is {self.people[0]}, the first of `people`"
            )
        wrong = self.phrase_hint(text, "fixtures")
        wrong = wrong or self.wrong_description(self.with_known_noun(text, "fixtures"), self.furniture, movable=False)
        return wrong or self.word_hint(name, "fixtures") or nearest(name, self.furniture) or self.own_hint("furniture")

    def own_hint(self, section: str) -> str:
        """Say where a kind is described that nothing is like, in a home that has kinds of its own."""
        return f"; a kind of its own is described under `{section}:`" if self.has_own_kinds else ""

    def object_hint(self, text: str, name: str) -> str:
        """Return a hint about an unknown object; one that begins with a colon is about the whole text."""
        if name in self.domain.members:
            return f"; this is a class, such as {self.domain.members[name][0]!r}: name one of it"
        hint = self.word_hint(name, "objects")
        hint = hint or self.wrong_description(self.with_known_noun(text, "objects"), self.domain.objects, movable=True)
        return hint or nearest(name, self.domain.objects) or self.own_hint("things")

    def noun(self, text: str) -> str:
        """Return an object's words without a number, states and a liquid."""
        words = text.partition(" of ")[0].split()
        while len(words) > 1 and (words[0].isdecimal() or self.names_of(words[0], "states")):
            del words[0]
        whole = " ".join(words)
        return text if self.names_of(text, "objects") else whole

    def word_hint(self, word: str, table: Literal["fixtures", "objects"]) -> str:
        """Return a hint about a word that is no category: another word for one, or a category of the other table."""
        other: Literal["fixtures", "objects"] = "objects" if table == "fixtures" else "fixtures"
        word = re.sub("^[0-9]+ ", "", word)
        noun = re.sub(" [0-9]+$", "", word)
        if noun != word and self.names_of(noun, table):
            return f"; `{noun}` is numbered in the order of the file, or named: `{noun}: {{name: {word}}}`"
        for known, place in ((table, ""), (other, f"list it under `{'rooms' if other == 'fixtures' else other}:`")):
            categories = self.names_of(word, known) or (self.names_of(noun, known) if place else ())
            names = " or ".join(repr(category) for category in categories[:3])
            if categories and not place:
                return f"; did you mean {names}?"
            if categories:
                kind = "an object" if other == "objects" else "a fixture"
                return f"; this is {kind}{'' if word in categories else f', {names}'}: {place}"
        close = (
            get_close_matches(word.lower(), self.spoken.words_of(table), n=1, cutoff=0.8)
            if len(word) <= MAX_COMPARED_LENGTH
            else []
        )
        return self.word_hint(close[0], table) if close else ""

    def key_hint(self, key: str) -> str:
        """Say that the fixtures of a room are a list."""
        word = re.sub(r"^[0-9]+ | [0-9]+$", "", key)
        return f"; fixtures are a list: `- {key}`" if word in self.furniture else super().key_hint(key)
