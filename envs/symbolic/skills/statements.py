"""Read the statements of one skill: what stands in `when`, `sets`, `clears` and `moves`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.errors import nearest, quoted
from envs.symbolic.skills.phrases import PhraseError, PhraseReader
from envs.symbolic.skills.values import Atom, Effect, Precondition, denied

if TYPE_CHECKING:
    from envs.symbolic.skills.phrases import Vocabulary

MAX_STATEMENTS = 32  # of one list
MAX_MESSAGE = 120  # characters
_BRACES = re.compile(r"\{([^{}]*)\}")
_GUARDS = ("if", "unless")
_MESSAGE_WORDS = ("hand", "relation")  # besides the parameters: what is held; the preposition of the last argument
_SET_PREDICATES = ("state", "filled", "filled from", "holding", "robot at")
_MOVE = re.compile(r"\{([^{}]*)\} (?:to|into|onto|in|on) \{([^{}]*)\}")
_QUOTING = 'a statement stands in quotes: "{object} reachable"'

Path = tuple["str | int", ...]


@dataclass(frozen=True, kw_only=True)
class SkillProblem:
    """One problem of the notation, and the keys and list positions that lead to it."""

    path: Path
    text: str


class StatementReader:
    """Reads statements and collects the problems."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.problems: list[SkillProblem] = []

    def problem(self, path: Path, text: str) -> None:
        """Record a problem."""
        where = f"skill {path[0]!r}: " if path else "skills: "
        key = next((f"{part}: " for part in path[1:2] if isinstance(part, str)), "")
        self.problems.append(SkillProblem(path=path, text=f"{where}{key}{text}"))

    def entries(self, path: Path, raw: object) -> list[tuple[Path, object]]:
        """Return the entries of a list; one statement may stand alone."""
        if raw is None:
            return []
        if isinstance(raw, str | dict):
            return [(path, raw)]
        if not isinstance(raw, list):
            self.problem(path, f'expected a list of statements such as ["hand empty"], found {seen(raw)}')
            return []
        if len(raw) > MAX_STATEMENTS:
            self.problem(path, f"{len(raw)} statements; at most {MAX_STATEMENTS}")
            return []
        return [((*path, i), entry) for i, entry in enumerate(raw)]

    def _statement(
        self, path: Path, raw: object, main_key: str, more_keys: Sequence[str], reader: PhraseReader
    ) -> tuple[str, tuple[Atom, ...], str] | None:
        """Return the text of an entry, its guards, and its message."""
        if isinstance(raw, str):
            return raw, (), ""
        if not isinstance(raw, dict):
            self.problem(path, f"expected a statement, found {seen(raw)}; {_QUOTING}")
            return None
        known = (main_key, *_GUARDS, *more_keys)
        for key in raw:
            if key not in known:
                shown = next((f"{{{k}}}" for k, v in raw.items() if v is None and len(raw) == 1), quoted(key))
                hint = nearest(str(key), known) or f"; known: {', '.join(known)}; {_QUOTING}"
                self.problem((*path, key), f"unknown key {shown}{hint}")
                return None
        text, message = raw.get(main_key), raw.get("else", "")
        if not isinstance(text, str):
            self.problem(path, f"`{main_key}` is a statement in quotes, found {seen(text)}")
            return None
        if not isinstance(message, str) or not message.isprintable() or len(message) > MAX_MESSAGE:
            rule = f"printable text of at most {MAX_MESSAGE} characters"
            self.problem((*path, "else"), f"`else` is the message: {rule}; found {seen(message)}")
            return None
        for name in _BRACES.findall(message):
            known_names = (*(p.name for p in reader.parameters), *_MESSAGE_WORDS)
            if name not in known_names:
                hint = nearest(name, known_names) or f"; known: {', '.join(f'{{{n}}}' for n in known_names)}"
                self.problem((*path, "else"), f"the message names {{{name}}}{hint}")
                return None
        if set("{}") & set(_BRACES.sub("", message)):
            self.problem((*path, "else"), f"{quoted(message)}: braces do not match")
            return None
        guards = []
        for key in _GUARDS:
            for guard_path, guard in self.entries((*path, key), raw.get(key)):
                atom = self._atom(guard_path, guard, reader)
                if atom is None:
                    return None
                guards.append(atom if key == "if" else denied(atom))
        return text, tuple(guards), message

    def _atom(self, path: Path, text: object, reader: PhraseReader) -> Atom | None:
        if not isinstance(text, str):
            self.problem(path, f"expected a statement, found {seen(text)}; {_QUOTING}")
            return None
        try:
            return reader.atom(text)
        except PhraseError as error:
            self.problem(path, str(error))
            return None

    def preconditions(self, path: Path, raw: object, reader: PhraseReader) -> list[Precondition]:
        """Read the list under `when`."""
        preconditions = []
        for entry_path, entry in self.entries(path, raw):
            statement = self._statement(entry_path, entry, "need", ("else",), reader)
            if statement is None:
                continue
            text, guards, message = statement
            atom = self._atom(entry_path, text, reader)
            if atom is None:
                continue
            if atom.predicate == "filled from":
                self.problem(entry_path, f"{quoted(text)} is an effect; it stands in `sets`")
                continue
            preconditions.append(Precondition(atom=atom, guards=guards, message=message))
        return preconditions

    def effects(self, path: Path, raw: object, reader: PhraseReader) -> list[Effect]:
        """Read the list under `sets`, `clears` or `moves`."""
        verb = {"sets": "set", "clears": "clear", "moves": "move"}[str(path[-1])]
        effects = []
        for entry_path, entry in self.entries(path, raw):
            statement = self._statement(entry_path, entry, verb, (), reader)
            if statement is None:
                continue
            text, guards, _ = statement
            atom = self._moved(entry_path, text, reader) if verb == "move" else self._atom(entry_path, text, reader)
            if atom is None:
                continue
            if verb == "move":
                effects.append(Effect(atom=atom, guards=guards))
                continue
            possible = _SET_PREDICATES if verb == "set" and atom.positive else ("state", "filled")
            atom = atom if verb == "set" else denied(atom)
            if atom.predicate not in possible:
                other = '; what moves stands in `moves`: "{object} to {place}"' if atom.predicate == "at" else ""
                can = "a state, `filled`, `in hand` or `robot at`" if verb == "set" else "a state or `filled`"
                self.problem(entry_path, f"{quoted(text)} cannot stand in `{path[-1]}`; what can is {can}{other}")
                continue
            if atom.predicate == "filled" and atom.positive and not atom.word:
                self.problem(
                    entry_path, f"{quoted(text)}: with what? write `filled with water` or `filled from {{object 2}}`"
                )
                continue
            effects.append(Effect(atom=atom, guards=guards))
        return effects

    def _moved(self, path: Path, text: str, reader: PhraseReader) -> Atom | None:
        match = _MOVE.fullmatch(" ".join(text.split()))
        if match is None:
            self.problem(path, f'{quoted(text)} is no move; write "{{object}} to {{place}}"')
            return None
        try:
            terms = (reader.term(match[1]), reader.term(match[2]))
        except PhraseError as error:
            self.problem(path, str(error))
            return None
        for term, sorts in zip(terms, (("object", "place"), ("object", "fixture", "place", "person")), strict=True):
            if reader.sort(term) not in sorts:
                self.problem(
                    path, f"{quoted(text)}: {{{term.kind}}} is a {reader.sort(term)}; an object moves to a place"
                )
                return None
        return Atom(predicate="at", terms=terms)


def seen(value: object) -> str:
    """Describe a value for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    return f"a list of {len(value)}" if isinstance(value, list) else quoted(value)
