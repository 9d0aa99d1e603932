"""Reads what a home adds to the domain: kinds of things and furniture, classes, states, processes, skills, and files.

    include: workbench.yaml                  # or a list: files with these same keys, relative to this one
    things:
      blender: {like: kettle, words: [smoothie maker]}
      trophy: {shape: box, size: [0.1, 0.1, 0.25], classes: [valuables], at: [bookshelf]}
    furniture:
      aquarium: {like: side table, words: [fish tank]}
    classes: [animal]
    states: [fed]
    negations: {hungry: fed}

Every problem is collected with its file and line; what is wrong is replaced by something harmless for the rest of the
reading, so that one mistake gives one message.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from envs.errors import DomainError
from envs.files.yaml_nodes import HomeFileError, describe, is_null
from envs.symbolic.domain.categories import Process
from envs.symbolic.kinds.furniture import FURNITURE_KEYS, PROCESS_KEYS
from envs.symbolic.kinds.includes import Included, IncludeReader
from envs.symbolic.kinds.likes import LikeReader, any_thing
from envs.symbolic.kinds.names import KindNames, plain_name
from envs.symbolic.kinds.things import THING_KEYS, KindEntry
from envs.symbolic.skills.notation import read_skills, states_set_in

if TYPE_CHECKING:
    from envs.symbolic.domain.domain import Domain
    from envs.symbolic.domain.skill import Skill

KIND_KEYS = ("include", "things", "furniture", "classes", "states", "negations", "processes", "skills")
MAX_KINDS = 1000
# States that only a built-in skill gives: planning knows what that one needs.
BELONGING = {"open": "open", "on": "turn on", "sliced": "slice", "folded": "fold", "watered": "pour"}
MAX_WORDS = 20  # other words for a kind


@dataclass(kw_only=True)
class _Sections:
    """The entries of all files, in the order in which they are read."""

    things: dict[str, KindEntry] = field(default_factory=dict)
    furniture: dict[str, KindEntry] = field(default_factory=dict)


class KindReader(LikeReader, IncludeReader):
    """Reads the kinds of a home, of the files that it includes, and makes its domain of them."""

    def __init__(self, domain: Domain, people: Collection[str] = ()) -> None:
        super().__init__(domain)
        self.names = KindNames(domain, people)
        self.words_of: dict[str, tuple[str, ...]] = {}
        self.firsts: dict[str, str] = {}  # where each name stands first, by the name in small letters

    def read(self, parts: Mapping[str, yaml.Node], folder: Path | None = None) -> Domain:
        """Return the domain of a home from the sections of its file.

        Args:
            parts: The values of the file's keys; those that are not of `KIND_KEYS` are left alone.
            folder: The folder that included files are relative to.
        """
        files = [*self.included(parts, folder), Included(file="", folder=folder, parts=parts)]
        if not any(file.parts.keys() & {*KIND_KEYS} for file in files):
            return self.domain
        base = self.domain
        self.names.skills += _keys_of(file.parts.get("skills") for file in files)
        for file in files:
            with self.reading(file.file):
                self.read_words_of_goals(file.parts)
        sections = _Sections()
        for file in files:
            with self.reading(file.file):
                self.collect(file, sections)
        self.names_of_things, self.names_of_furniture = {*sections.things}, {*sections.furniture}
        self.furniture = self.kinds(sections.furniture, base.fixtures, self.piece, self.any_piece)
        self.things = self.kinds(sections.things, base.objects, self.thing, any_thing)
        for entry in (*sections.furniture.values(), *sections.things.values()):
            with self.reading(entry.file):
                self.read_words(entry)
        self.check_classes(sections.things)
        for file in files:
            with self.reading(file.file):
                if "processes" in file.parts:
                    self.read_processes(file.parts["processes"])
        return self.extended(files)

    def extended(self, files: list[Included]) -> Domain:
        """Return the domain with everything that was read."""
        own = (*self.furniture, *self.things)
        try:
            domain = self.domain.extended(
                objects=self.things,
                fixtures=self.furniture,
                states=tuple(self.states),
                negations=self.negations,
                classes=self.classes[len(self.domain.classes) :],
                processes=tuple(self.processes),
                words={name: self.words_of[name] for name in own if name in self.words_of},
            )
            skills = self.read_skills(files, domain)
            return domain.extended(skills=skills) if skills else domain
        except DomainError as error:
            if not self.problems:
                self.problem(None, str(error))
            return self.domain

    def read_skills(self, files: list[Included], domain: Domain) -> dict[str, Skill]:
        """Return what the robot can do in this home beyond the skills of its domain."""
        skills: dict[str, Skill] = {}
        for file in files:
            if "skills" not in file.parts:
                continue
            with self.reading(file.file):
                node = file.parts["skills"]
                read = read_skills(self, node, self.vocabulary(domain))
                for name in read.keys() & skills.keys():
                    self.problem(node, f"skills: {name!r} is also a skill of another file; choose other words")
                self.check_states_of(read, node)
                skills |= read
        return skills

    def check_states_of(self, skills: Mapping[str, Skill], node: yaml.Node) -> None:
        """Check that own skills set no state that belongs to a built-in one, whose preconditions plans rely on."""
        keys = {key.value: key for key, _ in node.value} if isinstance(node, yaml.MappingNode) else {}
        for name, skill in skills.items():
            words = {effect.atom.word for effect in skill.effects if effect.atom.predicate == "state"}
            for word in sorted(words & BELONGING.keys()):
                text = f"{word!r} belongs to the built-in skill {BELONGING[word]!r}; choose another word for the state"
                self.problem(keys.get(name, node), f"skill {name!r}: {text}")

    # -- words of goals ------------------------------------------------------------------------------------------------

    def read_words_of_goals(self, parts: Mapping[str, yaml.Node]) -> None:
        """Read classes, states and the words for their absence."""
        if "classes" in parts:
            new = [w for node, w in self.words(parts["classes"], "classes") if self.may_be_called(node, "classes", w)]
            self.classes = (*self.classes, *new)
        for node, word in self.words(parts["states"], "states") if "states" in parts else ():
            if self.is_one_word(node, "states", word) and self.may_be_called(node, "states", word):
                self.states[word] = None
        if "skills" in parts:  # what a skill sets is a state
            self.states |= dict.fromkeys(states_set_in(parts["skills"], self.domain.vocabulary))
        for word, key, value in self.pairs(parts["negations"], "negations") if "negations" in parts else ():
            known = (*self.domain.states, *self.states)
            state = self.choice(value, f"negations: {word}", known, "state")
            if self.is_one_word(key, "negations", word) and self.may_be_called(key, "negations", word) and state:
                self.negations[word] = state

    def is_one_word(self, node: yaml.Node, context: str, word: str) -> bool:
        """Whether a state is one word, as goals need it."""
        if " " in word:
            self.problem(
                node, f"{context}: {word!r} has several words; a state is one, such as {word.replace(' ', '-')!r}"
            )
        elif word != word.lower():
            self.problem(node, f"{context}: {word!r} has a capital letter; a state is written small: {word.lower()!r}")
            self.refused |= {word, word.lower()}
            return False
        return " " not in word

    def may_be_called(
        self, node: yaml.Node, context: str, word: str, *, is_override: bool = False, is_word: bool = False
    ) -> bool:
        """Whether something may have this name; each name is given once."""
        problem = self.names.word_problem(word) if is_word else self.names.problem(word, is_override=is_override)
        line = f"line {node.start_mark.line + 1}"
        here = f"in {self.file}, {line}" if self.file else f"on {line}"
        first = self.firsts.setdefault(word.lower(), here)
        if not problem and first != here:
            problem = f"{word!r} appears twice; the first is {first}"
        if problem:
            self.problem(node, f"{context}: {problem}")
            if not is_word:
                self.refused.add(word.lower())
        return not problem

    # -- kinds ---------------------------------------------------------------------------------------------------------

    def collect(self, file: Included, sections: _Sections) -> None:
        """Collect the kinds of one file, with names that they may have."""
        for key, known, entries in (
            ("furniture", FURNITURE_KEYS, sections.furniture),
            ("things", THING_KEYS, sections.things),
        ):
            if key not in file.parts:
                continue
            section = self.called[key]
            for name, node, value in self.pairs(file.parts[key], section):
                options = self.kind_options(name, value, known, key)
                is_override = options is not None and getattr(options.get("like"), "value", None) == name
                if len(sections.furniture) + len(sections.things) >= MAX_KINDS:
                    self.problem(node, f"{section}: more than {MAX_KINDS} kinds")
                    return
                plain = plain_name(name, self.names.skills)
                if not self.may_be_called(node, section, plain, is_override=is_override):
                    self.refused.add(name.lower())
                    self.refused_furniture |= {name.lower(), plain.lower()} if key == "furniture" else set()
                    continue
                if options is None:
                    self.refused.add(plain.lower())
                entries[plain] = KindEntry(
                    name=plain, node=node, options=options or {}, file=file.file, folder=file.folder
                )
                if plain != name:
                    self.aliases[name.lower()] = plain
                    self.words_of[plain] = (name.replace("’", "'"),)
                    self.notes.append(f"{name!r} is called {plain} in goals and plans")

    def kind_options(self, name: str, node: yaml.Node, known: Collection[str], key: str) -> dict[str, yaml.Node] | None:
        """Return what is said of a kind; None if it is not said in keys."""
        if isinstance(node, yaml.ScalarNode) and not is_null(node) and self.text(node, name) is not None:
            self.problem(
                node, f"{name}: expected what it is, as in `{name}: {{like: {node.value}}}`; found {describe(node)}"
            )
            return None
        if isinstance(node, yaml.SequenceNode):
            other = "; what stands in a room is listed under `rooms:`" if key == "furniture" else ""
            self.problem(node, f"{name}: expected what it is, as in `{{like: …}}`; found {describe(node)}{other}")
            return None
        return self.options(node, name, known)

    def read_words(self, entry: KindEntry) -> None:
        """Read what else people call a kind."""
        if "words" not in entry.options:
            return
        node, words = entry.options["words"], [*self.words_of.get(entry.name, ())]
        for each, word in self.words(node, f"{entry.name}: words"):
            if word.lower() != entry.name.lower() and self.may_be_called(
                each, f"{entry.name}: words", word, is_word=True
            ):
                words.append(word.replace("’", "'"))
        if len(words) > MAX_WORDS:
            self.problem(node, f"{entry.name}: {len(words)} words; at most {MAX_WORDS}")
        if words:
            self.words_of[entry.name] = tuple(words)

    def check_classes(self, entries: Mapping[str, KindEntry]) -> None:
        """Check that no class of the file has both things and furniture."""
        furniture_of = {word: piece.name for piece in self.furniture.values() for word in piece.classes}
        for entry in entries.values():
            thing = self.things[entry.name]
            word = next((word for word in thing.classes if word in furniture_of), None)
            if word is not None:
                text = f"{word!r} is a class of furniture here ({furniture_of[word]}), and no class has things as well"
                with self.reading(entry.file):
                    self.problem(entry.options.get("classes", entry.node), f"{entry.name}: classes: {text}")
                self.things[entry.name] = replace(thing, classes=())

    def read_processes(self, node: yaml.Node) -> None:
        """Read what happens to the contents of furniture of several kinds."""
        for name, key, value in self.pairs(node, "processes"):
            context = f"processes: {name}"
            if not isinstance(value, yaml.MappingNode):
                self.problem(
                    value, f'{context}: expected {{at: [sink], when: ["on"], set: [hot]}}, found {describe(value)}'
                )
                continue
            values = self.options(value, context, ("at", *PROCESS_KEYS))
            at = []
            for each, word in self.words(values["at"], f"{context}: at") if "at" in values else ():
                place = self.place(word)
                if place is None and word.lower() in self.refused:
                    continue
                if place is None:
                    self.problem(each, f"{context}: at: {self.no_place(word)}")
                else:
                    at.append(place)
            if not at and "at" not in values:
                self.problem(key, f"{context}: say `at` which furniture")
            self.add_process(self.process(name, tuple(at), values, context), values.get("at", key), context)

    def add_process(self, process: Process, node: yaml.Node, context: str) -> None:
        """Add a process, joined with that which its furniture has already: there is one at each."""
        free: list[str] = []
        for place in process.at:
            other = self.process_at(place)
            if other is None:
                free.append(place)
                continue
            joined = self.joined(other, process, place)
            if joined is None:
                known = f"{place!r} has a process already, with `when: [{', '.join(other.when)}]`"
                why = "this one contradicts it" if {*other.when} == {*process.when} else "furniture has one"
                way = f"say all in one, as `process: {{…}}` of {place!r} under `{self.called['furniture']}:`"
                self.problem(node, f"{context}: at: {known}, and {why}; {way}")
                continue
            left = [replace(each, at=tuple(name for name in each.at if name != place)) for each in self.processes]
            self.processes = [*(each for each in left if each.at), joined]
        if free or not process.at:
            self.processes.append(replace(process, at=tuple(free)))

    def process_at(self, place: str) -> Process | None:
        """Return the process of furniture as read so far: its own, or that of the furniture that it is like."""
        at = {**self.domain.process_at, **{name: process for process in self.processes for name in process.at}}
        like = self.furniture[place].like if place in self.furniture else None
        return at.get(place) or at.get(like or "")

    def joined(self, first: Process, second: Process, place: str) -> Process | None:
        """Return one process that does what two do at the same time; None if they contradict each other."""
        if not (first.set or first.clear or first.fill or first.cook):  # `process: none`
            return replace(second, name=place, at=(place,))
        is_set, is_cleared = {*first.set, *second.set}, {*first.clear, *second.clear}
        is_set_and_cleared = not is_set.isdisjoint(is_cleared)
        if is_set_and_cleared or any({*pair} <= is_set for pair in self.domain.exclusive):
            return None
        if {*first.when} != {*second.when} or (first.fill and second.fill and first.fill != second.fill):
            return None
        return Process(
            name=place, at=(place,), when=first.when, set=tuple(dict.fromkeys((*first.set, *second.set))),
            clear=tuple(dict.fromkeys((*first.clear, *second.clear))), fill=first.fill or second.fill,
            cook=first.cook or second.cook,
        )  # fmt: skip


def load_kinds(path: str | os.PathLike[str], domain: Domain) -> Domain:
    """Return a domain with the kinds of a file that homes include, or of a bundled one by its name.

    Raises:
        HomeFileError: The file is wrong; the error lists every problem, with its file and line.
    """
    reader = KindReader(domain)
    node = yaml.ScalarNode("tag:yaml.org,2002:str", os.fspath(path), yaml.Mark("", 0, 0, 0, "", 0))
    extended = reader.read({"include": node}, Path())
    if reader.problems:
        texts = ((p, p.text.removeprefix("include: ")) for p in reader.problems)
        raise HomeFileError([replace(p, text=text, line=p.line if p.file else None) for p, text in texts])
    return extended


def _keys_of(sections: Iterable[yaml.Node | None]) -> tuple[str, ...]:
    """Return the keys of sections of files."""
    pairs = (pair for section in sections if isinstance(section, yaml.MappingNode) for pair in section.value)
    return tuple(key.value for key, _ in pairs if isinstance(key, yaml.ScalarNode))
