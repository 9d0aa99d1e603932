"""Whether an instruction says what a goal says: the same kinds, in any words for them, and every further word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal
from envs.words import names_of
from planner.language.realization import NUMBER_WORDS
from planner.understanding.claims.named_things import kinds_in_text
from planner.understanding.own_kinds.asked_of_kinds import kinds_in

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from envs.symbolic.goals import Goal
    from envs.symbolic.state import State

STATE_OF_VERB = {  # besides the words for states: "washed", "chopped", "chilled"
    "opened": "open", "closed": "closed", "shut": "closed", "lit": "on", "put out": "off", "wiped": "clean",
    "wiped down": "clean", "warmed": "hot", "folded": "folded", "watered": "watered",
}  # fmt: skip
_PEOPLE = frozenset(["me", "us", "i", "we", "him", "her", "person"])
_FURTHER_MEANINGS = {  # of a word, in goals
    "into": ("in",), "inside": ("in",), "onto": ("on",), "to": ("in", "on", "with"), "for": ("with",),
    "bring": ("with",), "give": ("with",), "hand": ("with",), "pass": ("with",), "fetch": ("with", "holding"),
    "get": ("with", "holding"), "hold": ("holding",), "grab": ("holding",), "pick": ("holding",), "take": ("holding",),
}  # fmt: skip


def says_all(instruction: str, goal: Goal, state: State) -> bool:
    """Whether an instruction and a goal name the same kinds, in any words for them, and it says each further word."""
    domain, words = state.world.domain, re.findall(r"[^\W_]+", instruction.lower())
    called = {kind for _, kinds in kinds_in_text(instruction, state) for kind in kinds}
    called |= set() if _PEOPLE.isdisjoint(words) else {k for k in domain.fixtures if domain.relation(k) == "with"}
    kinds, text = set(kinds_in(goal)), f" {format_goal(goal, domain).lower()} "
    if not covers(goal, instruction, state) or any(called.isdisjoint(_members(kind, domain)) for kind in kinds):
        return False
    for kind in sorted(kinds, key=len, reverse=True):
        text = text.replace(f" {kind.lower()} ", "  ")
    return {*re.findall(r"[^\W_]+", text)} <= _said(words)


def covers(goal: Goal, instruction: str, state: State) -> bool:
    """Whether a goal is about each thing that an instruction names."""
    kinds = frozenset[str]().union(*(_members(kind, state.world.domain) for kind in kinds_in(goal)))
    return all(not kinds.isdisjoint(called) for _, called in kinds_in_text(instruction, state))


def is_about(goal: Goal, things: Iterable[int], state: State) -> bool:
    """Whether a goal names the kind of one of some things."""
    domain = state.world.domain
    kinds = {kind for name in kinds_in(goal) for kind in _members(name, domain)}
    return not kinds.isdisjoint(state.world.categories[i] for i in things)


def _said(words: Iterable[str]) -> set[str]:
    """Return what the words of an instruction say in a goal: `wash` is clean, `give` is with somebody, `two` is 2."""
    said = {"every", "is"}
    for word in words:
        participles = (word, f"{word}d", f"{word}ed", f"{word}{word[-1]}ed")
        said |= {state for form in participles for state in names_of(form, "states")}
        said |= {STATE_OF_VERB[form] for form in participles if form in STATE_OF_VERB}
        said |= {word, *_FURTHER_MEANINGS.get(word, ())}
        said |= {str(NUMBER_WORDS.index(word))} if word in NUMBER_WORDS else set()
    return said


def _members(name: str, domain: Domain) -> frozenset[str]:
    return frozenset((name, *domain.members.get(name, ()), *domain.fixture_members.get(name, ())))
