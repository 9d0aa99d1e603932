"""What a lesson teaches: which sentences mean what, and which word stands for which kind.

With what corrects it behind it, an instruction means what was meant in the end. Alone it does so only if it was
misunderstood: who said "the mug" and got a mug has changed their mind, which says nothing about the words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from planner.language.mentions import bare, mentions, unknown_words
from planner.language.named_kinds import kinds_in
from planner.language.normalization import normalize
from planner.language.realization import NUMBER_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.domain import Domain
    from planner.corrections.lessons import Lesson

JOINT = ". "
_NUMBER = re.compile(r"(?<![:\d])\b\d+\b(?!:)")


def with_corrections(said: str, corrections: tuple[str, ...]) -> str:
    """Return an instruction with what was said about its answers behind it, as the GPT reads it."""
    return JOINT.join(part.strip().rstrip(".!;,") for part in (said, *corrections))


def sentences(lesson: Lesson, domain: Domain) -> Iterator[str]:
    """Yield the sentences that mean the lesson's goal."""
    yield normalize(with_corrections(lesson.said, lesson.corrections))
    if was_misunderstood(lesson, domain):
        yield normalize(lesson.said)


def was_misunderstood(lesson: Lesson, domain: Domain) -> bool:
    """Whether the instruction alone means the goal: it names nothing else, and no other number, in known words."""
    text = normalize(lesson.said).lower()
    meant = frozenset(kinds_in(lesson.goal, domain))
    wrong = frozenset(kind for goal in lesson.understood for kind in kinds_in(goal, domain)) - meant
    if any(True for _ in mentions(text.split(" "), wrong)):
        return False
    new = _NUMBER.findall(lesson.goal)
    old = [number for goal in lesson.understood for number in _NUMBER.findall(goal)]
    if sorted(new) != sorted(old) and not all(number in _numbers(text) for number in new):
        return False
    only_new = meant - frozenset(kind for goal in lesson.understood for kind in kinds_in(goal, domain))
    # What was added ("and the fork too") was no part of the instruction; a word that nobody knows may be.
    known = {m.kind for m in mentions(text.split(" "), meant)}
    return only_new <= known or bool(unknown_words(lesson.said))


def learned_word(lesson: Lesson, domain: Domain) -> tuple[str, str] | None:
    """Return a word that the instruction has for a kind, and the kind; None if the lesson tells of none.

    The instruction has one noun that nobody knows, and one kind of the goal is named only in the correction.
    """
    unknown = unknown_words(lesson.said)
    text = normalize(lesson.said).lower().split(" ")
    said = {m.kind for m in mentions(text, frozenset(kinds_in(lesson.goal, domain)))}
    told = normalize(" ".join(lesson.corrections)).lower().split(" ")
    new = {m.kind for m in mentions(told, frozenset(kinds_in(lesson.goal, domain)))} - said
    return (unknown[0], new.pop()) if len(unknown) == len(new) == 1 else None


def _numbers(text: str) -> set[str]:
    words = set(map(bare, text.split(" ")))
    return {str(n) for n, word in enumerate(NUMBER_WORDS) if word in words} | {word for word in words if word.isdigit()}
