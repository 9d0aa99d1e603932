"""Puts words into sentences, at a place or behind a word, and finds the things that a sentence names."""

from __future__ import annotations

import re

from envs.symbolic.domain import load_domain
from planner.corpus.free_text.sentences import Sentence, Tag
from planner.language.mentions import mentions
from planner.language.named_kinds import kinds_in


def tagged_words(text: str, tag: Tag) -> tuple[list[str], list[Tag]]:
    """Return the words of a text, and the tag for each."""
    words = text.split()
    return words, [tag] * len(words)


def put_in(sentence: Sentence, position: int, text: str, tag: Tag, goal: str | None = None) -> Sentence:
    """Insert words in front of a position; with another goal, if it is given."""
    words, tags = tagged_words(text, tag)
    at = max(0, min(position, len(sentence.words)))
    return Sentence(
        words=(*sentence.words[:at], *words, *sentence.words[at:]),
        tags=(*sentence.tags[:at], *tags, *sentence.tags[at:]),
        kind=sentence.kind, goal=sentence.goal if goal is None else goal, say=sentence.say,
    )  # fmt: skip


def behind(sentence: Sentence, stop: int, text: str, tag: Tag, goal: str | None = None) -> Sentence:
    """Insert words behind word `stop - 1`, whose punctuation goes behind them."""
    last = sentence.words[stop - 1]
    mark = re.search(r"[^\w)\"']*$", last)[0]  # type: ignore[index]
    words = (*sentence.words[: stop - 1], last[: len(last) - len(mark)], *sentence.words[stop:])
    if not words[stop - 1]:
        return sentence
    return put_in(sentence.with_words(words, sentence.tags), stop, text + mark, tag, goal)


def mentioned_things(sentence: Sentence) -> list[tuple[int, int, str]]:
    """Return where the objects of a goal are named: first word, the word after the last, and the kind."""
    kinds = frozenset(kinds_in(sentence.goal)).intersection(load_domain().objects)
    return [(m.start, m.stop, m.kind) for m in mentions(sentence.words, kinds) if sentence.tags[m.start] == "read"]
