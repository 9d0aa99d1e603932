"""What a sentence asks of the kinds that only this home has, and whether a goal says that.

A GPT that reads "turn on the toy oven" about a cabinet, its stand-in, may write a goal about something else. Such a
goal is no reading of the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from envs.symbolic.goals import Every, FixtureIs, Goal
from envs.words import singulars

if TYPE_CHECKING:
    from envs.symbolic.state import State

KIND_FIELDS = ("word", "fixture", "means")  # of the parts of a goal: they hold the names of kinds
Value = TypeVar("Value")

_SWITCH = r"(?:turn|switch|power|flip|flick)(?:ed|ing|s)?"
# What the verbs of a sentence ask a kind to be able to do: attributes of the categories of a domain.
_VERBS = {
    "switch": rf"{_SWITCH}\b.*\b(?:on|off)",
    "joint": r"(?:open|close|shut)(?:s|d|ed|ing)?",
    "fills": r"(?:fill|pour|empty)(?:s|ed|ing)?",
    "slices": r"(?:slice|cut|chop)(?:s|d|ed|ing)?",
    "cooks": r"(?:cook|bake|fry|boil|roast)(?:s|d|ed|ing)?",
    "folds": r"fold(?:s|ed|ing)?",
    "wipeable": r"wipe(?:s|d)?",
    "waterable": r"water(?:s|ed|ing)?",
}
_ABILITIES = {trait: re.compile(rf"\b{verbs}\b") for trait, verbs in _VERBS.items()}
_BOUNDARY = re.compile(r"[,;:.?!]|\b(?:and|or|then|but)\b")
_PARTICLES = re.compile(rf"\b(?:{_SWITCH} (?:on|off)|(?:all|both|each|one|two|half|some|none|most|any) of)\b")
_NO_OBJECT = re.compile(  # before a noun that is not what the sentence wants changed
    r"\b(?:on|onto|in|into|inside|from|off|out|of|at|to|with|by|beside|near|next|behind|under|over|against|for|about"
    r"|without|except|between|around|via|through|if|when|while|after|before|until|use|using|than|like)\b"
)
_ONLY_ARTICLE = re.compile(
    r"\W*(?:also )?(?:(?:the|a|an|my|our|his|her|their|this|that|these|those|all|every|both|each)\b ?)*\W*"
)
_TURNED = re.compile(rf"\b{_SWITCH} (?P<state>on|off)\b [^,;]*$")
_TURN = re.compile(
    rf"\b{_SWITCH}(?: (?:all|both|each|one))?(?: of)?(?: (?:the|a|an|my|our|every|this|that))?(?: \w+)?? $"
)
_THEN = re.compile(r"^ (?P<state>on|off)\b(?! (?:the|a|an|my|our|top)\b)")
_IT_THEN = re.compile(rf"^,?(?: (?:and|then))+ {_SWITCH} it (?P<state>on|off)\b(?! (?:the|a|an|my|our|top)\b)")
_EVERY = re.compile(r"\b(?:every|each|all)(?: of)?(?: (?:the|my|our))? (?P<noun>\w+)\b(?! (?:except|but|other)\b)")


def abilities_asked(instruction: str) -> frozenset[str]:
    """Return what the verbs of an instruction ask a kind to be able to do, as attributes of categories."""
    return frozenset(trait for trait, verbs in _ABILITIES.items() if verbs.search(instruction))


def is_to_be_changed(before: str) -> bool:
    """Whether the words before a noun leave it the object of the sentence: no preposition is between."""
    before = _PARTICLES.sub("", before)
    cuts = [match.span() for match in _BOUNDARY.finditer(before)]
    for _, start in reversed(cuts):
        if not _ONLY_ARTICLE.fullmatch(before[start:]):  # of "the mug and the haik", the part before counts as well
            return not _NO_OBJECT.search(before[start:])
    return not _NO_OBJECT.search(before)


def switching_asked(before: str, after: str) -> str:
    """Return `on` or `off` if the words around a noun say that this shall be switched; else nothing."""
    clause = before[max((match.end() for match in _BOUNDARY.finditer(before)), default=0) :]
    match = _TURNED.search(clause)
    if match is not None and not _NO_OBJECT.search(clause[match.end("state") :]):
        return match["state"]
    match = _THEN.match(after) if _TURN.search(clause) else _IT_THEN.match(after)
    return "" if match is None else match["state"]


def kinds_in(value: object) -> Iterator[str]:
    """Yield the kinds that a goal or a part of one names."""
    if isinstance(value, tuple):
        for part in value:
            yield from kinds_in(part)
    elif is_dataclass(value):
        for field in fields(value):
            part = getattr(value, field.name)
            if isinstance(part, str):
                if field.name in KIND_FIELDS:
                    yield part
            else:
                yield from kinds_in(part)


def with_kinds(value: Value, names: Mapping[str, str]) -> Value:
    """Return a goal or a part of one with other names for kinds."""
    if isinstance(value, tuple):
        return type(value)(with_kinds(part, names) for part in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, str):
            changed[field.name] = names.get(part, part) if field.name in KIND_FIELDS else part
        else:
            changed[field.name] = with_kinds(part, names)
    return replace(value, **changed)


def with_switching(goal: Goal, switched: Mapping[str, str]) -> Goal | None:
    """Return a goal that says which kinds are switched on or off; None if it is unclear when that is to be done."""
    for kind, said in switched.items():
        is_said = any(
            isinstance(c, FixtureIs) and c.fixture == kind and {"on", "off"} & {*c.states} for c in goal.conditions
        )
        if is_said:
            continue
        if len(goal.phases) > 1:
            return None
        goal = replace(goal, phases=((FixtureIs(fixture=kind, states=(said,)), *goal.phases[0]),))
    return goal


def with_all_meant(goal: Goal, instruction: str, state: State, own: Sequence[str]) -> Goal:
    """Return a goal that is about own kinds, too, where the instruction says "every lamp" and the goal has desk lamps.

    Args:
        goal: The goal.
        instruction: The instruction.
        state: The home.
        own: The kinds that only this home has.
    """
    domain = state.world.domain
    nouns = {form for match in _EVERY.finditer(instruction) for form in singulars(match["noun"])}
    named = set(kinds_in(goal))
    members = {**domain.members, **domain.fixture_members}
    phases = []
    for phase in goal.phases:
        more: list[object] = []
        for condition in phase:
            kind = _chosen_from(condition)
            for noun in nouns if kind in domain.objects or kind in domain.fixtures else ():
                if not _is_called(str(kind), noun, members):
                    continue
                more += [
                    with_kinds(condition, {str(kind): other})
                    for other in own
                    if other not in named and _is_called(other, noun, members)
                    and (other in domain.objects) == (kind in domain.objects)
                    and (not isinstance(condition, FixtureIs) or all(domain.can_be(other, s) for s in condition.states))
                ]  # fmt: skip
        phases.append(tuple(dict.fromkeys((*phase, *more))))
    return replace(goal, phases=tuple(phases))  # type: ignore[arg-type]


def _chosen_from(condition: object) -> str | None:
    """Return the kind of which a condition is about every one."""
    if isinstance(condition, FixtureIs):
        return condition.fixture if condition.quantifier == "every" else None
    if isinstance(condition, Every) and condition.selection == "every" and condition.excluded is None:
        return condition.thing.word
    return None


def _is_called(kind: str, noun: str, members: Mapping[str, Sequence[str]]) -> bool:
    """Whether a noun may mean a kind: its last word, or a class that it belongs to."""
    return kind.rpartition(" ")[2].lower() == noun or kind in members.get(noun, ())
