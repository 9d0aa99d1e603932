"""A sentence of a person: its words, what each is for, and what it means.

A word is `read` (it became part of the goal), `context` (it changes nothing: politeness, reasons, stories) or `unread`
(it would change what should be done, and the goal cannot say it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from envs.errors import GoalError
from envs.symbolic.actions import State
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_goal, parse_goal, parse_query, parse_rule
from envs.symbolic.scene import Scene
from planner.io.paths import datasets_dir
from planner.language.named_kinds import NO_NOUN
from planner.language.normalization import normalize
from planner.prompts.text_format import in_small_letters
from planner.tasks.task_files import Answer, TaskLine, read_tasks
from planner.tasks.task_homes import home_for

Tag = Literal["read", "context", "unread"]


COLORS = tuple(word for word, group in load_domain().property_group.items() if group == "color")


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
    kind: Answer
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
    """Read the task files of a folder of `datasets/people`; each line has a home.

    Raises:
        TaskError: A file is invalid.
    """
    homes: dict[Path, tuple[State, list[Sentence]]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in read_tasks(path):
            home = Path(str(line.home))
            if home not in homes:
                homes[home] = (home_for(line, geometry=False), [])
            state, sentences = homes[home]
            if (sentence := sentence_of(line, state.world.scene)) is not None:
                sentences.append(sentence)
    return [
        PeopleHome(name=home.stem, state=state, sentences=tuple(sentences))
        for home, (state, sentences) in homes.items()
    ]


def people_folder() -> Path:
    """Return where the sentences to train on are; `held_out` and `tuning` in it are not read."""
    return datasets_dir() / "people"


def sentence_of(line: TaskLine, scene: Scene) -> Sentence | None:
    """Return the sentence of one line of a task file, said in this home.

    None where its goal says nothing without owners that the sentence does not name (`every knife except Anna's knife`).
    """
    words, tags = tagged(line.instruction, _strings(line.extra.get("context")), _strings(line.extra.get("unread")))
    sentence = Sentence(words=words, tags=tags, kind=line.answer, say=str(line.extra.get("say", "")))
    if line.answer in ("ask", "refuse"):
        return sentence
    goal = line.meant if line.goal is None else format_goal(line.goal, scene.domain)
    written = as_written(goal, sentence.text, scene)
    return replace(sentence, goal=written) if written == in_small_letters(goal) or is_goal(written, scene) else None


def as_written(goal: str, text: str, scene: Scene) -> str:
    """Return a goal, question or rule as the GPT writes it.

    Names are in small letters, and who speaks has no name. Owners and colors that the text does not say are left out:
    who wrote the goal knew the home.
    """
    for person in scene.people:
        if not re.search(rf"\b{re.escape(person.lower())}", text):
            goal = re.sub(rf"\bwith {re.escape(person)}\b", "with person", goal)
            goal = re.sub(rf"\b{re.escape(person)}'s (?!room|bedroom|bathroom|study|office)", "", goal)
    for color in COLORS:
        if not re.search(rf"{color}|gr[ae]y" if color == "gray" else color, text):
            goal = re.sub(rf"\b{color} (?=\w)(?!{NO_NOUN})", "", goal)
    return in_small_letters(goal)


def is_goal(text: str, scene: Scene) -> bool:
    """Whether a text is a goal, a question or rules in this home."""
    try:
        if text.startswith("?"):
            parse_query(text, scene.domain, scene=scene)
        elif text.startswith("never "):
            for rule in text.split(" ; "):
                parse_rule(rule, scene.domain, scene=scene)
        else:
            parse_goal(text, scene.domain, scene=scene)
    except GoalError:
        return False
    return True


def canonical(goal: str) -> str | None:
    """Return a goal in its canonical wording, names in small letters; None if it cannot be read without a home."""
    try:
        names = re.sub(r"\b([a-z]+)'s\b", lambda match: match[0].capitalize(), goal)
        names = re.sub(
            r"\b(with|from) ([a-z]+)\b", lambda m: m[0] if m[2] == "person" else f"{m[1]} {m[2].capitalize()}", names
        )
        return in_small_letters(str(parse_goal(names)))
    except GoalError:
        return None


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
