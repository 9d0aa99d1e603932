"""The words of the notation, and how one statement is read: `{object} reachable`, `{room} not vacuumed`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from envs.errors import EnvsError, nearest, quoted
from envs.symbolic.skills.values import Ability, Atom, Parameter, Predicate, Term, denied

Sort = Literal["object", "fixture", "place", "person", "room"]  # `place`: an object or a fixture
SORTS: tuple[Sort, ...] = ("object", "fixture", "place", "person", "room")

ABILITIES: dict[str, Ability] = {  # how the notation says it -> key of the domain file
    "can be sliced": "slices",
    "can be cooked": "cooks",
    "can be folded": "folds",
    "can be filled": "fills",
    "can cut": "cuts",
    "can wipe": "wipes",
    "is metal": "metal",
    "can be opened": "joint",
    "can be switched": "switch",
    "can be wiped": "wipeable",
    "can be watered": "waterable",
}
FIXTURE_ABILITIES = frozenset({"joint", "switch", "wipeable", "waterable"})

MAX_PHRASE = 120  # characters
MAX_STATE_WORDS = 3
ALIKE = 0.7  # how similar a kind is to the misspelled one that it may be meant for
_THING = r"\{([^{}]*)\}"
_NUMBERED = re.compile(r"(.+) [1-9]$")
_NOTATION_WORDS = frozenset(
    (
        "robot",
        "hand",
        "holding",
        "held",
        "holds",
        "filled",
        "empty",
        "reachable",
        "accessible",
        "not",
        "is",
        "can",
        "has",
    )
)
_STATE = re.compile(r"[a-z]+(?:-[a-z]+)*")

# Each form: what it looks like, the words for it in messages, its predicate.
_FORMS: tuple[tuple[str, str, Predicate], ...] = (
    (r"hand (?:is )?(?:empty|free)|holding nothing", "hand empty", "hand empty"),
    (rf"holding (?:an? |the )?{_THING}", "holding {thing}", "holding"),
    (rf"{_THING} (?:is )?(?:in (?:the )?hand|held)", "{thing} in hand", "holding"),
    (r"holding what (.+)", "holding what can cut", "holding what"),
    (rf"(?:the )?robot (?:is )?(?:at|in) {_THING}", "robot at {fixture}", "robot at"),
    (rf"{_THING} (?:is )?reachable", "{thing} reachable", "reachable"),
    (rf"{_THING} (?:is )?accessible", "{thing} accessible", "accessible"),
    (rf"{_THING} (?:is )?in the open", "{thing} in the open", "in the open"),
    (rf"{_THING} holds things", "{place} holds things", "holds things"),
    (rf"{_THING} runs closed", "{fixture} runs closed", "runs closed"),
    (rf"{_THING} fits (?:in |on )?{_THING}", "{object} fits {place}", "fits"),
    (rf"{_THING} has room for {_THING}", "{place} has room for {object}", "has room"),
    (rf"{_THING} (?:is )?(not )?(?:in|on|at|with) {_THING}", "{object} in {place}", "at"),
    (rf"{_THING} (?:is )?filled from {_THING}", "{object} filled from {object 2}", "filled from"),
    (rf"{_THING} (?:is )?(not )?filled(?: with (.+))?", "{object} filled with water", "filled"),
    (rf"{_THING} (?:is )?empty", "{object} empty", "filled"),
    (rf"{_THING} is (not )?an? (.+)", "{thing} is a kind", "kind"),
    (rf"{_THING} (can (?:not )?.+|is (?:not )?metal)", "{object} can be sliced", "able"),
    (rf"{_THING} (?:is )?(not )?([^{{}}]+)", "{thing} dirty", "state"),
)
EXAMPLES = tuple(dict.fromkeys(example for _, example, _ in _FORMS))
_OBJECTS_ONLY: frozenset[Predicate] = frozenset({"holding", "filled", "filled from"})
_FIXTURE_STATES = frozenset({"open", "on", "watered"})


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words of a domain (`Domain.vocabulary`).

    Attributes:
        objects: Categories and classes of objects.
        fixtures: Categories and classes of fixtures.
        rooms: Kinds of rooms.
        states: States, without their negations.
        negations: The state that each negation denies.
        liquids: Liquids.
        skills: Skills that there are already.
        unknown_kinds: Whether a kind that the domain lacks is accepted: a robot is described for many homes.
    """

    objects: frozenset[str]
    fixtures: frozenset[str]
    rooms: frozenset[str] = frozenset()
    states: tuple[str, ...] = ()
    negations: Mapping[str, str] = field(default_factory=dict)
    liquids: tuple[str, ...] = ()
    skills: frozenset[str] = frozenset()
    unknown_kinds: bool = False

    def sort_of(self, kind: str) -> Sort | None:
        """Return what the things of a kind are; None for an unknown kind."""
        for sort in SORTS:
            if kind == sort:
                return sort
        if kind in self.objects:
            return "object"
        if kind in self.fixtures:
            return "fixture"
        if kind in self.rooms:
            return "room"
        return "place" if self.unknown_kinds else None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every word that may stand in braces."""
        return (*SORTS, *sorted(self.objects | self.fixtures | self.rooms))


class PhraseError(EnvsError, ValueError):
    """A statement does not parse; the message says what was seen and what would do."""


class PhraseReader:
    """Reads statements of one skill.

    Args:
        vocabulary: The words of the domain.
        parameters: The parameters of the skill.
        new_states: States that some skill sets, and that the domain lacks.
    """

    def __init__(self, vocabulary: Vocabulary, parameters: Sequence[Parameter], new_states: Sequence[str] = ()) -> None:
        self.vocabulary, self.parameters = vocabulary, tuple(parameters)
        self.states = (*vocabulary.states, *new_states)

    def atom(self, text: str) -> Atom:
        """Parse one statement.

        Raises:
            PhraseError: It is none, or names what the domain and the skill do not have.
        """
        words = " ".join(text.split())
        if len(words) > MAX_PHRASE:
            raise PhraseError(f"{quoted(words)} has more than {MAX_PHRASE} characters")
        if words.startswith("not "):
            return denied(self.atom(words[4:]))
        for pattern, predicate in _patterns():
            match = pattern.fullmatch(words)
            if match is not None:
                return self._checked(_READERS[predicate](self, predicate, words, match))
        if "{" not in words and "}" not in words:
            hint = nearest(words, EXAMPLES) or "; a statement names its things in braces: `{object} reachable`"
            raise PhraseError(f"{quoted(words)} is no statement about the home{hint}")
        raise PhraseError(f"{quoted(words)} is no statement about the home; such are: {', '.join(EXAMPLES)}")

    def term(self, name: str) -> Term:
        """Return what a word in braces means: a parameter, or something of a kind.

        Raises:
            PhraseError: It is neither.
        """
        name = " ".join(name.split())
        for i, parameter in enumerate(self.parameters):
            if parameter.name == name:
                return Term(kind=parameter.kind, parameter=i)
        kind = kind_of(name, self.vocabulary)
        if kind is None:
            known = [*(p.name for p in self.parameters), *self.vocabulary.kinds]
            arguments = ", ".join(f"{{{p.name}}}" for p in self.parameters)
            hint = (
                nearest(name, known, alike=ALIKE)
                or f"; the arguments are {arguments}, a kind or a class may stand there too"
            )
            raise PhraseError(f"{{{name}}} is no argument of the skill, no kind and no class{hint}")
        if kind in SORTS and kind not in ("person", "room"):
            arguments = ", ".join(f"{{{p.name}}}" for p in self.parameters)
            raise PhraseError(f"{{{name}}} is no argument of the skill; the arguments are {arguments}")
        return Term(kind=kind)

    def sort(self, term: Term) -> Sort:
        """Return what a term is: an object, a fixture, either (`place`), a person or a room."""
        return self.vocabulary.sort_of(term.kind) or "place"

    def _checked(self, atom: Atom) -> Atom:
        for term in atom.terms[: 1 if atom.predicate in ("fits", "at") else 2]:
            sort = self.sort(term)
            if atom.predicate in _OBJECTS_ONLY and sort not in ("object", "place"):
                raise PhraseError(f"{{{term.kind}}} is a {sort}, and a {sort} cannot be held or filled")
        if (
            atom.predicate == "state"
            and atom.word in _FIXTURE_STATES
            and self.sort(atom.terms[0]) in ("object", "room")
        ):
            kind = atom.terms[0].kind
            raise PhraseError(f"only furniture is {atom.word}, and {{{kind}}} is {_article(self.sort(atom.terms[0]))}")
        return atom

    def _plain(self, predicate: Predicate, words: str, match: re.Match[str]) -> Atom:
        names = match.groups()
        if predicate == "has room":
            names = names[::-1]  # the object first, as in `fits`
        return Atom(predicate=predicate, terms=tuple(self.term(name) for name in names))

    def _holding_what(self, predicate: Predicate, words: str, match: re.Match[str]) -> Atom:
        ability = ABILITIES.get(match[1])
        if ability is None or ability in FIXTURE_ABILITIES:
            known = [phrase for phrase, key in ABILITIES.items() if key not in FIXTURE_ABILITIES]
            hint = nearest(match[1], known) or f"; it is one of: {', '.join(known)}"
            raise PhraseError(f"{quoted(match[1])} is no ability of an object{hint}")
        return Atom(predicate=predicate, word=ability)

    def _at(self, predicate: Predicate, words: str, match: re.Match[str]) -> Atom:
        return Atom(predicate=predicate, terms=(self.term(match[1]), self.term(match[3])), positive=match[2] is None)

    def _filled(self, predicate: Predicate, words: str, match: re.Match[str]) -> Atom:
        if match.re.groups == 1:  # `empty`
            return Atom(predicate=predicate, terms=(self.term(match[1]),), positive=False)
        liquid = match[3] or ""
        if liquid and liquid not in self.vocabulary.liquids:
            known = self.vocabulary.liquids
            hint = nearest(liquid, known) or f"; the liquids are {', '.join(known)}"
            raise PhraseError(f"no liquid is called {quoted(liquid)}{hint}")
        return Atom(predicate=predicate, terms=(self.term(match[1]),), word=liquid, positive=match[2] is None)

    def _kind(self, predicate: Predicate, words: str, match: re.Match[str]) -> Atom:
        kind = kind_of(match[3], self.vocabulary)
        if kind is None:
            raise PhraseError(
                f"no kind or class is called {quoted(match[3])}{nearest(match[3], self.vocabulary.kinds)}"
            )
        term = replace(self.term(match[1]), kind=kind)
        return Atom(predicate=predicate, terms=(term,), positive=match[2] is None)

    def _able(self, predicate: Predicate, words: str, match: re.Match[str]) -> Atom:
        phrase = match[2]
        positive = " not " not in phrase
        ability = ABILITIES.get(phrase.replace(" not ", " ", 1))
        if ability is None:
            hint = nearest(phrase, ABILITIES) or f"; it is one of: {', '.join(ABILITIES)}"
            raise PhraseError(f"{quoted(phrase)} is no ability{hint}")
        term = self.term(match[1])
        wrong = ("fixture", "person", "room") if ability not in FIXTURE_ABILITIES else ("object", "room")
        if self.sort(term) in wrong:
            owner = "furniture" if ability in FIXTURE_ABILITIES else "objects"
            raise PhraseError(f"{quoted(phrase)} is said of {owner}, and {{{match[1]}}} is {_article(self.sort(term))}")
        return Atom(predicate=predicate, terms=(term,), word=ability, positive=positive)

    def _state(self, predicate: Predicate, words: str, match: re.Match[str]) -> Atom:
        word, positive = state_word(match[3]), match[2] is None
        if word in self.vocabulary.negations:
            word, positive = self.vocabulary.negations[word], not positive
        if word not in self.states:
            known = (*self.states, *self.vocabulary.negations)
            hint = nearest(word, known)
            if hint and not self.vocabulary.unknown_kinds:  # the files of robots list no states
                hint += " A state of your own that is so alike is listed under `states:`"
            hint = hint or f"; the states are {', '.join(known)}; a new one is one that a skill sets"
            raise PhraseError(f"no state is called {quoted(word)}{hint}")
        return Atom(predicate=predicate, terms=(self.term(match[1]),), word=word, positive=positive)


_Reader = Callable[[PhraseReader, Predicate, str, "re.Match[str]"], Atom]
_READERS: dict[Predicate, _Reader] = {
    **{predicate: PhraseReader._plain for _, _, predicate in _FORMS},
    "holding what": PhraseReader._holding_what,
    "at": PhraseReader._at,
    "filled": PhraseReader._filled,
    "kind": PhraseReader._kind,
    "able": PhraseReader._able,
    "state": PhraseReader._state,
}


def kind_of(name: str, vocabulary: Vocabulary) -> str | None:
    """Return the kind of a parameter: its name, without the digit that tells two of one kind apart."""
    if vocabulary.sort_of(name) is not None and not (vocabulary.unknown_kinds and _NUMBERED.fullmatch(name)):
        return name
    numbered = _NUMBERED.fullmatch(name)
    return numbered[1] if numbered and vocabulary.sort_of(numbered[1]) is not None else None


def state_word(words: str) -> str:
    """Return a state as one word: `played with` is `played-with`."""
    return words if len(words.split()) > MAX_STATE_WORDS else "-".join(words.split())


def state_that_is_set(text: str) -> str | None:
    """Return the word of a statement `{thing} word`, if it has the form of a state."""
    for pattern, predicate in _patterns():
        match = pattern.fullmatch(" ".join(text.split()))
        if match is not None:
            words = match[3].split() if predicate == "state" and match[2] is None else ["not"]
            is_state = _NOTATION_WORDS.isdisjoint(words) and _STATE.fullmatch(state_word(match[3])) is not None
            return state_word(match[3]) if is_state else None
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], Predicate], ...]:
    return tuple((re.compile(pattern), predicate) for pattern, _, predicate in _FORMS)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
