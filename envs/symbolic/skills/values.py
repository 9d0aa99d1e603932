"""A skill as data: its parameters, its preconditions and its effects, as parsed from the notation of docs/skills.md.

`envs/symbolic/skills/notation.py` reads these values, `code_generation.py` compiles them to functions of a state, and
the teacher, the facts, PDDL and behavior trees read them. An example:

    sharpen: {text: "sharpen {knife}", when: ["holding {whetstone}", "{knife} reachable"], sets: ["{knife} sharp"]}

    Skill(
        name="sharpen", text="sharpen {knife}", duration_s=10.0, at=0,
        parameters=(Parameter(name="knife", kind="knife"),),
        preconditions=(
            Precondition(atom=Atom(predicate="holding", terms=(Term(kind="whetstone"),))),
            Precondition(atom=Atom(predicate="reachable", terms=(Term(kind="knife", parameter=0),))),
        ),
        effects=(Effect(atom=Atom(predicate="state", terms=(Term(kind="knife", parameter=0),), word="sharp")),),
    )

The predicates, with the number of their terms and what `word` says:

    hand empty      0               the robot holds nothing
    holding         1               the robot holds it
    holding what    0  ability      the robot holds something with an ability, such as `cuts`
    kind            1               it is of the term's kind
    able            1  ability      its category has an ability: a key of the domain file, such as `slices` or `joint`
    state           1  state        it has a state; a negation such as `closed` is `positive=False` of `open`
    filled          1  liquid       it is a vessel with this liquid in it (empty word: with any)
    filled from     2               effect only: the first gets the liquid of the second, with its heat
    reachable       1               it is not in the hand, and nothing closed is around it
    accessible      1               it is reachable and not closed itself: the hand gets into it
    in the open     1               it is on nothing that has doors, and with no person
    at              2               the first is in or on the second, also through containers; or in that room
    robot at        1               the robot stands at it
    holds things    1               things can be put in or on it, and it is no person
    fits            2               the first fits in or on the second, by size and kind
    has room        2               the second has room left for the first
    runs closed     1               it has a process that runs only while it is closed
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

_BRACES = re.compile(r"\{[^{}]*\}")
_ALSO_READ = {"into": ("in",), "onto": ("on",)}  # what people write instead of a preposition

Predicate = Literal[
    "hand empty", "holding", "holding what", "kind", "able", "state", "filled", "filled from", "reachable",
    "accessible", "in the open", "at", "robot at", "holds things", "fits", "has room", "runs closed",
]  # fmt: skip
Ability = Literal[
    "slices", "cooks", "folds", "cuts", "wipes", "metal", "fills", "joint", "switch", "wipeable", "waterable"
]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One argument of a skill.

    Attributes:
        name: What stands in braces in the text: `object`, `pet food`, `box 2`.
        kind: `object`, `fixture`, `place` (either), `person`, `room`, or a category or class of the domain.
    """

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Term:
    """What an atom is about: a parameter, or, where `parameter` is None, something of a kind.

    In a later atom of the same skill, such a something is the one that the first atom with it found: in
    `holding {bucket}`, `{bucket} filled` the bucket in the hand.
    """

    kind: str
    parameter: int | None = None


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A statement about the home: a predicate with its terms (the table of this module). `positive`: it is true."""

    predicate: Predicate
    terms: tuple[Term, ...] = ()
    word: str = ""
    positive: bool = True


def denied(atom: Atom) -> Atom:
    """Return the opposite of an atom."""
    return replace(atom, positive=not atom.positive)


@dataclass(frozen=True, kw_only=True)
class Precondition:
    """What must be true before a skill.

    Attributes:
        atom: What must be true.
        guards: It need be true only if all of these are.
        message: The reason in words if it is false, with parameters in braces; empty: the usual words.
    """

    atom: Atom
    guards: tuple[Atom, ...] = ()
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a skill makes true: an atom `state`, `filled`, `filled from`, `holding`, `at` or `robot at`.

    Attributes:
        atom: What is true afterwards; `at`: the first term is moved directly in or on the second.
        guards: The effect happens only if all of these were true before.
    """

    atom: Atom
    guards: tuple[Atom, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Skill:
    """Something the robot can do.

    Attributes:
        name: The words that its text begins with: `pick up`.
        text: Its wording, with {object}, {relation}, {place}, …: `put {object} {relation} {place}`.
        duration_s: Its typical duration [s].
        parameters: Its arguments, one or two, in the order of the text.
        preconditions: What must be true, in the order in which it is checked.
        effects: What is true afterwards.
        at: The parameter at whose fixture the robot stands afterwards.
    """

    name: str
    text: str
    duration_s: float
    parameters: tuple[Parameter, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    effects: tuple[Effect, ...] = ()
    at: int = 0

    @property
    def travels(self) -> bool:
        """Whether it only brings the robot somewhere: then a room is a fixture like any other."""
        return bool(self.effects) and all(effect.atom.predicate == "robot at" for effect in self.effects)

    @cached_property
    def words_between(self) -> tuple[str, ...]:
        """The words that may stand between its two arguments, the usual one first; none if it has one argument."""
        words = [piece.strip() for piece in _BRACES.split(self.text)]
        if len(words) == 4:  # {relation} stands there; what holds things is no person
            is_no_person = any(p.atom.predicate == "holds things" for p in self.preconditions)
            return ("on", "in") if is_no_person else ("on", "in", "with")
        return (words[1], *_ALSO_READ.get(words[1], ())) if len(words) == 3 else ()
