"""What each part of an instruction became: a condition of the goal, context, or nothing that the goal can say.

Unread words would change what should be done: the robot asks about them, by name.

The GPT says which words it read (second_look.py). Which of several conditions a word belongs to follows from the things
that it and its neighbors name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from planner.plans.planning_result import ParsedInstruction, SpokenPart

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from envs.symbolic.state import State
    from planner.understanding.second_look import WordUse

_ENDS_CLAUSE = re.compile(r"[,.;:?!]$")
MAX_NAMED = 3  # unread parts that a question names
_DETERMINERS = (
    "the", "a", "an", "my", "our", "his", "her", "their", "your", "this", "that", "these", "those", "some", "any",
    "both", "two", "three", "four", "five", "six", "seven", "eight",
)  # fmt: skip
_PLACES = (
    "on", "in", "by", "from", "under", "behind", "near", "beside", "at", "with", "next", "to", "off", "inside", "into",
    "onto", "of", "than",
)  # fmt: skip
_EMPTY = frozenset((
    "a", "an", "the", "my", "our", "your", "his", "her", "their", "its", "this", "that", "these", "those", "it",
    "them", "i", "you", "me", "we", "us", "to", "of", "with", "for", "on", "in", "at", "and", "so", "be", "is", "are",
    "was", "were", "am", "do", "does", "have", "has",
))  # fmt: skip
_JOINTS = frozenset(["and", "then", "but", "also", "plus"])


def spoken_parts(
    words: Sequence[str], uses: Sequence[WordUse], conditions: Sequence[str], domain: Domain
) -> tuple[SpokenPart, ...]:
    """Return the parts of an instruction, in order, each with the condition it became, `context` or `unread`.

    Args:
        words: The words of the instruction.
        uses: What each was for.
        conditions: The conditions of the goal, or the one question, or the rules.
        domain: The home's domain.
    """
    meanings = _conditions_of(words, uses, conditions, domain) if len(conditions) > 1 else None
    labels = [
        (meanings[i] if meanings else conditions[0] if conditions else "read") if use == "read" else use
        for i, use in enumerate(uses)
    ]
    parts: list[SpokenPart] = []
    for label, group in groupby(zip(words, labels, strict=True), key=lambda pair: pair[1]):
        parts.append(SpokenPart(text=" ".join(word for word, _ in group), became=label))
    return tuple(parts)


def with_something_said(words: Sequence[str], uses: Sequence[WordUse]) -> tuple[WordUse, ...]:
    """Return what words were for, where unread words that say nothing by themselves ("that is") are context.

    A question that names only such words cannot be answered.
    """
    from planner.language.mentions import bare  # here: it reads the word lists

    found: list[WordUse] = []
    for use, group in groupby(zip(uses, words, strict=True), key=lambda pair: pair[0]):
        run = [bare(word) for _, word in group]
        found += ["context" if use == "unread" and _EMPTY.issuperset(run) else use] * len(run)
    return tuple(found)


def asked_about_unread(parsed: ParsedInstruction, domain: Domain) -> ParsedInstruction:
    """Return a question back that names the unread words, and offers the goal without them."""
    named = " and ".join(f'"{_plain(text)}"' for text in parsed.unread[:MAX_NAMED])
    if parsed.rules:
        return replace(parsed, rules=(), question=f"I cannot keep a rule like that: {named}")
    if parsed.query is not None:
        return replace(parsed, query=None, question=f"I cannot tell {named}. Shall I answer without that?")
    assert parsed.goal is not None
    from planner.language.goal_wording import in_words  # here: it reads the word lists

    question = f"I cannot take {named} into account. Shall I {in_words(parsed.goal, domain)} all the same?"
    return replace(parsed, goal=None, question=question, options=(parsed.goal,))


def left_out(words: Sequence[str], uses: Sequence[WordUse], goal: str, state: State) -> tuple[int, ...]:
    """Return which words name an object of this home that the goal does not speak of, though the GPT says it read them.

    Only objects with an article, a number or an owner before them count, and none that says where another one is.
    """
    from planner.language.mentions import bare, forms, mentions  # here: it reads the word lists

    domain = state.world.domain
    present = frozenset(kind for kind in state.world.categories if kind in domain.objects)
    found: list[int] = []
    for mention in mentions(words, present):
        before = [bare(word) for word in words[max(0, mention.start - 3) : mention.start]]
        if not before or not (before[-1] in _DETERMINERS or before[-1].endswith("'s") or before[-1].isdigit()):
            continue
        if any(word in _PLACES for word in before[-2:]) or uses[mention.start] != "read":
            continue
        meant = {kind for kind, _ in forms()[tuple(bare(w) for w in words[mention.start : mention.stop])]}
        groups = {group for kind in meant if kind in domain.objects for group in domain.objects[kind].classes}
        if not any(re.search(rf"\b{re.escape(name)}\b", goal) for name in (*meant, *groups, "anything")):
            found += range(mention.start, mention.stop)
    return tuple(found)


def _conditions_of(
    words: Sequence[str], uses: Sequence[WordUse], conditions: Sequence[str], domain: Domain
) -> list[str]:
    """Return for each word the condition that it belongs to: that of the nearest word of its clause that names one."""
    from planner.language.mentions import bare, mentions  # here: it reads the word lists

    kinds = frozenset(
        kind for kind in (*domain.objects, *domain.fixtures)
        if any(re.search(rf"\b{re.escape(kind)}\b", condition) for condition in conditions)
    )  # fmt: skip
    named: dict[int, frozenset[int]] = {}
    for mention in mentions(words, kinds):
        pattern = re.compile(rf"\b{re.escape(mention.kind)}\b")
        owners = frozenset(i for i, condition in enumerate(conditions) if pattern.search(condition))
        for position in range(mention.start, mention.stop):
            named[position] = owners
    for position, word in enumerate(words):
        plain = bare(word).removesuffix("'s")
        owners = frozenset(
            i
            for i, condition in enumerate(conditions)
            if len(plain) > 2 and re.search(rf"\b{re.escape(plain)}\b", condition)
        )
        if owners and position not in named and len(owners) < len(conditions):
            named[position] = owners
    clauses = _clauses(words)
    chosen: list[int] = []
    last = 0
    for first, stop in clauses:
        inside = [named[i] for i in range(first, stop) if i in named]
        for position in range(first, stop):
            near = sorted((i for i in range(first, stop) if i in named), key=lambda i: (abs(i - position), i))
            candidates = named[near[0]] if near else frozenset([last])
            if (
                len(candidates) > 1
            ):  # of several, what the rest of the clause speaks of, too; otherwise the next in turn
                votes = {i: sum(i in owners for owners in inside) for i in candidates}
                most = max(votes.values())
                candidates = frozenset(i for i, n in votes.items() if n == most)
            last = last if last in candidates else min(candidates, key=lambda i: ((i < last), i))
            chosen.append(last)
    return [conditions[i] for i in chosen]


def _clauses(words: Sequence[str]) -> list[tuple[int, int]]:
    """Return the clauses of a text as word ranges: cut behind punctuation and before joints."""
    starts = [0]
    for position in range(1, len(words)):
        if _ENDS_CLAUSE.search(words[position - 1]) or words[position] in _JOINTS:
            starts.append(position)
    return list(zip(starts, [*starts[1:], len(words)], strict=True))


def _plain(text: str) -> str:
    return text.strip(" ,.;:!?")
