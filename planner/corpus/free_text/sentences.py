"""A sentence of a person: its words, what each is for, and what it means.

A word is `read` (it became part of the goal), `context` (it changes nothing: politeness, reasons, stories) or `unread`
(it would change what should be done, and the goal cannot say it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from envs.errors import GoalError
from envs.scenes.home_file import load_home, state_of
from envs.symbolic.actions import State
from envs.symbolic.goals import format_goal, format_query, format_rule, parse_goal, parse_query, parse_rule
from envs.symbolic.scene import Scene
from planner.io.json_lines import read_lines
from planner.io.paths import datasets_dir
from planner.language.normalization import normalize
from planner.prompts.text_format import in_small_letters

Tag = Literal["read", "context", "unread"]
Kind = Literal["plan", "query", "rule", "ask", "refuse"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence and its meaning.

    Attributes:
        words: As the GPT reads them: normalized, split at spaces, with their punctuation.
        tags: What each word is for.
        kind: A goal to plan for, a question about the home, a rule for the future, a question back, or a refusal.
        goal: Goal, question or rules as the GPT writes them, names in small letters; empty for a question back or a
            refusal.
        say: The question back or the reason of the refusal.
    """

    words: tuple[str, ...]
    tags: tuple[Tag, ...]
    kind: Kind
    goal: str = ""
    say: str = ""

    @property
    def text(self) -> str:
        """The sentence as the GPT reads it."""
        return " ".join(self.words)

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions of a goal with one phase and no test, time or rule; empty for other goals."""
        if self.kind != "plan" or re.search(r"\b(then|while)\b| : ", self.goal):
            return ()
        return tuple(self.goal.split(" ; "))

    def with_words(self, words: Sequence[str], tags: Sequence[Tag]) -> Sentence:
        """Return the sentence in other words."""
        assert len(words) == len(tags)
        return replace(self, words=tuple(words), tags=tuple(tags))


def plain_sentence(text: str, goal: str) -> Sentence:
    """Return a sentence all of whose words are read."""
    words = tuple(text.split(" "))
    tags: list[Tag] = ["read"] * len(words)
    return Sentence(words=words, tags=tuple(tags), kind="plan", goal=in_small_letters(goal))


def tagged(text: str, context: Sequence[str], unread: Sequence[str]) -> tuple[tuple[str, ...], tuple[Tag, ...]]:
    """Return the normalized words of a text and their tags; the spans are quoted letter by letter."""
    marks = ["r"] * len(text)
    for spans, mark in ((context, "c"), (unread, "u")):
        for span in spans:
            start = text.find(span)
            while span and start >= 0:
                marks[start : start + len(span)] = mark * len(span)
                start = text.find(span, start + len(span))
    names: dict[str, Tag] = {"r": "read", "c": "context", "u": "unread"}
    tags: list[Tag] = []
    for match in re.finditer(r"\S+", text):
        letters = marks[match.start() : match.end()]
        tags.append(names[max("ruc", key=letters.count)])
    words = normalize(text).split(" ")
    missing: list[Tag] = ["read"] * (len(words) - len(tags))
    return tuple(words), (*tags[: len(words)], *missing)


@dataclass(frozen=True, kw_only=True)
class PeopleHome:
    """A home and what people said in it."""

    name: str
    state: State
    sentences: tuple[Sentence, ...]


def read_people(folder: Path) -> list[PeopleHome]:
    """Read the files of a folder of `datasets/people`; each has the sentences of one home."""
    homes: dict[Path, list[Sentence]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for record in read_lines(path):
            home = (path.parent / str(record["home"])).resolve()
            homes.setdefault(home, []).append(sentence_of(record, _scene(home)))
    return [
        PeopleHome(name=home.stem, state=state_of(_scene(home)), sentences=tuple(sentences))
        for home, sentences in homes.items()
    ]


@lru_cache(maxsize=64)
def _scene(path: Path) -> Scene:
    return load_home(path, geometry=False)


def people_folder() -> Path:
    """Return where the sentences to train on are; `held_out` and `tuning` in it are not read."""
    return datasets_dir() / "people"


def sentence_of(record: dict[str, object], scene: Scene) -> Sentence:
    """Return the sentence of one line of a task file.

    Raises:
        GoalError: Its goal cannot be read in this home.
    """
    text, kind = str(record["instruction"]), str(record.get("answer", "plan"))
    of_kind = next((k for k in KINDS if k == kind), None)
    if of_kind is None:
        raise GoalError(f"answer {kind!r} is none of {', '.join(KINDS)}")
    words, tags = tagged(text, _strings(record.get("context")), _strings(record.get("unread")))
    sentence = Sentence(words=words, tags=tags, kind=of_kind, say=str(record.get("say", "")))
    if kind in ("ask", "refuse"):
        return sentence
    return replace(sentence, goal=as_written(str(record["goal"]), kind, sentence.text, scene))


def as_written(goal: str, kind: str, text: str, scene: Scene) -> str:
    """Return a goal, question or rule as the GPT writes it: canonical, and the person who speaks has no name."""
    domain = scene.domain
    if kind == "query":
        written = format_query(parse_query(goal, scene=scene), domain)
    elif kind == "rule":
        written = " ; ".join(format_rule(parse_rule(part.strip(), scene=scene), domain) for part in goal.split(";"))
    else:
        written = format_goal(parse_goal(goal, scene=scene), domain)
    for person in scene.people:
        if not re.search(rf"\b{re.escape(person.lower())}", text):
            written = re.sub(rf"\bwith {re.escape(person)}\b", "with person", written)
    return in_small_letters(written)


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
