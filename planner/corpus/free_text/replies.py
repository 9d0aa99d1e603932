"""What people say about an answer: a wish, what the robot did, and what the person said then.

Some are made from wishes (corrections.py); others were written as whole exchanges, in
task files in `datasets/people/corrections/training`: `did` is the goal that was done, `correction` what was said then,
`goal` what is meant in the end; without a goal, `family` is one of `REPLY_WORDS`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envs.symbolic.goals import format_goal
from envs.symbolic.state import State
from planner.corpus.free_text.corrections import correction_of
from planner.corpus.free_text.exchange import Exchange
from planner.corpus.free_text.noise import noisy
from planner.corpus.free_text.sentences import Sentence, as_written, people_folder, plain_sentence
from planner.language.normalization import normalize
from planner.prompts import text_format
from planner.prompts.reply_format import REPLY_WORDS, reply_document
from planner.tasks.task_files import read_tasks
from planner.tasks.task_homes import home_for

NEW_INSTRUCTIONS = 0.3  # of what is said behind a wish


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was said, done, and said then.

    Attributes:
        said: The wish, as the GPT reads it.
        done: The goal that was done.
        reply: What was said then.
        answer: What is meant by it: a goal, or one of `REPLY_WORDS`.
    """

    said: str
    done: str
    reply: str
    answer: str

    def documents(self, rng: random.Random, mistyped: float) -> Iterator[text_format.Document]:
        """Yield the reply, sometimes with typing errors; and wish and correction together, with the goal of both."""
        reply = plain_sentence(self.reply, "")
        if rng.random() < mistyped:
            reply = noisy(reply, rng)
        yield reply_document(self.said, self.done, reply.text, self.answer)
        if self.answer not in REPLY_WORDS and rng.random() < 0.3:
            yield text_format.goal_document(f"{self.said.rstrip('.!;,')}. {reply.text}", self.answer)


def read_exchanges(folder: Path | None = None) -> list[tuple[State, tuple[Told, ...]]]:
    """Return the exchanges of each home.

    Raises:
        TaskError: A file is invalid.
    """
    folder = folder or people_folder() / "corrections" / "training"
    homes: dict[str, tuple[State, list[Told]]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in read_tasks(path):
            state, found = homes.setdefault(str(line.home), (home_for(line, geometry=False), []))
            scene = state.world.scene
            said, reply = normalize(line.instruction), normalize(str(line.extra["correction"]))
            family = str(line.extra.get("family", ""))
            meant = "" if line.goal is None else format_goal(line.goal, scene.domain)
            answer = family if family in REPLY_WORDS else as_written(meant, f"{said} {reply}", scene)
            done = as_written(str(line.extra.get("did", "")), f"{said} {reply}", scene)
            if answer:
                found.append(Told(said=said, done=done, reply=reply, answer=answer))
    return [(state, tuple(found)) for state, found in homes.values()]


def exchange_tree(
    home: tuple[State, Sequence[Told]], count: int, rng: random.Random, *, mistyped: float, with_inventory: bool
) -> text_format.Tree:
    """Return a home with exchanges in it."""
    state, exchanges = home
    chosen = rng.sample(range(len(exchanges)), min(count, len(exchanges)))
    branches = [document for i in chosen for document in exchanges[i].documents(rng, mistyped)]
    inventory = text_format.inventory(state) if with_inventory else ""
    return text_format.Tree(text_format.home_part(inventory), tuple(branches))


def replies(
    sentences: Sequence[Sentence], exchange: Exchange, rng: random.Random, *, share: float, mistyped: float
) -> Iterator[text_format.Document]:
    """Yield what is said behind some of the wishes of a home: a correction, or another wish."""
    for sentence in sentences:
        if sentence.kind != "plan" or rng.random() >= share:
            continue
        if rng.random() < NEW_INSTRUCTIONS:
            later = rng.choice(sentences)
            if later.text != sentence.text:
                yield reply_document(sentence.text, sentence.goal, later.text, "new")
        elif (correction := correction_of(sentence, exchange, rng)) is not None:
            reply = plain_sentence(normalize(correction.reply), "")
            if rng.random() < mistyped:
                reply = noisy(reply, rng)
            yield reply_document(correction.said.text, correction.done, reply.text, correction.said.goal)
