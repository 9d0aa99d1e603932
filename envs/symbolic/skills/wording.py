"""Skills in words: why an action is inapplicable, and the text of an action with the names of its arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from envs.symbolic.skills.phrases import ABILITIES
from envs.symbolic.skills.values import Atom, Precondition, Skill, Term

_PHRASES = {ability: phrase for phrase, ability in ABILITIES.items()}
_USUAL: dict[tuple[str, bool], str] = {  # {0} and {1} are the terms, {relation 0} the preposition of the first
    ("hand empty", True): "the hand is not empty (holding {hand})",
    ("hand empty", False): "the hand is empty",
    ("holding", True): "not holding {0} (holding {hand})",
    ("holding", False): "holding {0}",
    ("filled", False): "{0} is not empty",
    ("filled", True): "{0} is empty",
    ("reachable", False): "{0} is within reach",
    ("accessible", False): "{0} is within reach",
    ("in the open", True): "{0} is not on an open surface",
    ("in the open", False): "{0} is on an open surface",
    ("at", True): "{0} is not at {1}",
    ("at", False): "{0} is at {1}",
    ("robot at", True): "the robot is not at {0}",
    ("robot at", False): "the robot is at {0}",
    ("holds things", True): "nothing can be put on {0}",
    ("holds things", False): "things can be put on {0}",
    ("fits", True): "{0} does not fit {relation 1} {1}",
    ("fits", False): "{0} fits {relation 1} {1}",
    ("has room", True): "no room {relation 1} {1}",
    ("has room", False): "there is room {relation 1} {1}",
    ("runs closed", True): "{0} does not run only while it is closed",
    ("runs closed", False): "{0} runs only while it is closed",
}
_KINDS = {"object": "{0} is a fixture", "fixture": "{0} is not a fixture", "place": "{0} is a room"}


def message_of(
    skill: Skill, precondition: Precondition, negations: Mapping[str, str], rooms: Collection[str]
) -> tuple[str, tuple[Term, ...]]:
    """Return the message template of a false precondition, and the terms that `{0}` and `{1}` stand for.

    Besides them, `{hand}` is what the robot holds, and `{relation 0}` the preposition of the first term. `rooms` are
    the kinds of rooms.
    """
    if precondition.message:
        text = precondition.message
        for i, parameter in enumerate(skill.parameters):
            text = text.replace(f"{{{parameter.name}}}", f"{{{i}}}")
        last = len(skill.parameters) - 1
        terms = tuple(Term(kind=p.kind, parameter=i) for i, p in enumerate(skill.parameters))
        return text.replace("{relation}", f"{{relation {last}}}"), terms
    return _usual(skill, precondition.atom, negations, rooms), precondition.atom.terms


def _usual(skill: Skill, atom: Atom, negations: Mapping[str, str], rooms: Collection[str]) -> str:
    if atom.predicate == "kind":
        kind = atom.terms[0].kind
        if not atom.positive:
            return f"{{0}} is of the kind {kind}"
        return _KINDS.get(kind) or (f"{{0}} is not a {kind}" if kind in ("person", "room") else f"{{0}} is no {kind}")
    if atom.predicate == "holding what":
        return f"{'not ' * atom.positive}holding what {_PHRASES[atom.word]}"  # type: ignore[index]
    if atom.predicate == "able":
        verb, _, what = _PHRASES[atom.word].partition(" ")  # type: ignore[index]
        if not atom.positive:
            return f"{{0}} {verb} {what}"
        return f"{{0}} cannot {what}" if verb == "can" else f"{{0}} {verb} not {what}"
    if atom.predicate == "state":
        absent = next((word for word, state in negations.items() if state == atom.word), "")
        found = (absent or f"not {atom.word}") if atom.positive else atom.word
        is_done = any(
            e.atom.predicate == "state" and e.atom.word == atom.word and e.atom.terms == atom.terms
            and e.atom.positive != atom.positive
            for e in skill.effects
        )  # fmt: skip
        return f"{{0}} is {'already ' * (is_done and not found.startswith('not '))}{found}"
    is_room = atom.predicate == "robot at" and atom.terms[0].kind in ("room", *rooms)
    if atom.predicate in ("at", "robot at") and atom.terms[-1].parameter is None and atom.positive:
        where = f"{'in' if is_room else 'at'} no {atom.terms[-1].kind}"
        return f"{'{0}' if atom.predicate == 'at' else 'the robot'} is {where}"
    if is_room:
        return f"the robot is {'not ' * atom.positive}in the {{0}}"
    if atom.predicate == "filled" and atom.word:
        return f"{{0}} holds {'no ' * atom.positive}{atom.word}"
    return _USUAL[atom.predicate, atom.positive]


def kind_checks(skill: Skill, *, rooms_are_entities: bool) -> Sequence[Precondition]:
    """Return the checks of what the arguments are, which come first.

    A skill that says `holding {object}` or `{person} is a person` checks that argument there. A `{place}` can be
    anything but a room.
    """
    required = [p.atom for p in skill.preconditions if p.atom.positive and not p.guards]
    checks = []
    for i, parameter in enumerate(skill.parameters):
        term = Term(kind=parameter.kind, parameter=i)
        check = Atom(predicate="kind", terms=(term,))
        is_held = parameter.kind == "object" and Atom(predicate="holding", terms=(term,)) in required
        is_any = parameter.kind == "place" and not rooms_are_entities
        if not is_any and check not in required and not is_held:
            checks.append(Precondition(atom=check))
    return checks


def join_names(skill: Skill | None, name: str, args: Sequence[str], relation: str | None) -> str:
    """Write an action. `relation` is the preposition of the last argument, where the skill's text asks for it."""
    separators = skill.words_between if skill is not None else ()
    if not separators:
        return f"{name} {' '.join(args)}"
    is_open = len(separators) > 1 and separators[0] == "on"  # {relation}
    separator = relation or "on" if is_open else separators[0]
    return f"{name} {f' {separator} '.join(args)}"


def split_names(skill: Skill, text: str) -> list[tuple[str, ...]]:
    """Return the ways to read what follows the name of a skill as its arguments; none if the words between lack."""
    separators = skill.words_between
    if not separators:
        return [(text,)]
    choices: list[tuple[str, ...]] = []
    for separator in separators:
        parts = text.split(f" {separator} ")
        for i in range(1, len(parts)):
            choices.append((f" {separator} ".join(parts[:i]), f" {separator} ".join(parts[i:])))
    return choices
