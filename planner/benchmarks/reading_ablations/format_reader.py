"""Reads an instruction in each of the formats that are compared (`text_format.in_reading`), in one greedy pass.

Planning reads the released format only, and adds to it: pieces, a search for goals about this home, confidence. Here
the formats stand alone, so that what they differ in is not made up for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.decoding.constrained_decoding import write_until
from planner.plans.options import Options
from planner.prompts import text_format
from planner.prompts.text_format import BETWEEN_SPANS, LABELS, Reading, Segment
from planner.tasks.task_files import Answer
from planner.understanding.second_look import USES, SecondLook, look_again, probabilities

if TYPE_CHECKING:
    from gpt.inference.session import Session
    from planner.prompts.sessions import Prompts

MAX_TOKENS = 160  # of a goal and of unread words: a list of twelve things takes about 100


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the GPT took an instruction for.

    Attributes:
        kind: The type of answer; a question back where a word is unread.
        goal: The goal, question or rules as written; empty for what is refused or asked about without one.
        unread: For each word of the instruction whether it is unread.
        sure: Probability of the goal, and, where the format tells, that all words are read and the goal is right.
    """

    kind: Answer
    goal: str
    unread: tuple[bool, ...]
    sure: float = 1.0


class FormatReader:
    """A GPT that was trained on one format."""

    def __init__(self, prompts: Prompts, reading: Reading) -> None:
        """Read with a GPT; its documents of the format `labels` have a second look only if it was trained on them."""
        self.prompts = prompts
        self.reading: Reading = "direct" if reading == "labels" and not prompts.looks_twice else reading

    def read(self, instruction: str, inventory: str, own_names: str = "") -> Answered:
        """Return the answer to a normalized instruction in a home; own names are shown if there are some."""
        prompts = self.prompts
        n_words = len(instruction.split(" "))
        heading = text_format.instruction_part(instruction, own_names)
        if self.reading == "first":
            again = Segment("[FEEDBACK]", instruction, labels=(None,) * n_words)
            ids, _ = text_format.encode((*heading, again), prompts.tokenizer)
        else:
            ids, _ = text_format.encode(heading, prompts.tokenizer)
        ids.append(prompts.special_ids["[SEP]"])
        if len(ids) + 2 > prompts.room(inventory):
            return Answered(kind="refuse", goal="", unread=(False,) * n_words)
        prompts.begin()  # so that nothing of the prompt is skipped: its words are labeled
        session, pending = prompts.read(inventory, ids)
        unread, sure = (False,) * n_words, 1.0
        if self.reading == "first":
            unread, sure, pending = self._labeled(session, pending, instruction)
        cursor = prompts.cursor(session, pending, Options(), 0)
        written, stop = write_until(cursor, prompts.stops, MAX_TOKENS)
        if not written:
            return Answered(kind="ask" if stop == prompts.special_ids["[ASK]"] else "refuse", goal="", unread=unread)
        goal = prompts.tokenizer.decode(written).strip()
        sure *= math.exp(cursor.logprob)
        if self.reading == "written" and stop == prompts.special_ids["[HINT]"]:
            spans, _ = write_until(cursor, prompts.stops, MAX_TOKENS)
            unread = words_of(instruction.split(" "), prompts.tokenizer.decode(spans).strip())
            return Answered(kind="ask", goal=goal, unread=unread)
        if self.reading == "labels":
            look = look_again(prompts, inventory, ids, instruction, goal)
            if look is not None:
                unread, sure = tuple(use == "unread" for use in look.uses), sure * look.right * look.all_read
        return Answered(kind="ask" if any(unread) else kind_of(goal), goal=goal, unread=unread, sure=sure)

    def _labeled(
        self, session: Session, prompt: Sequence[int], instruction: str
    ) -> tuple[tuple[bool, ...], float, list[int]]:
        """Feed all of a prompt but its last token, which stands behind the instruction.

        Returns which words are unread, the probability that none is, and that token.
        """
        ends: list[int] = []  # of the words, from the last one
        stop = len(prompt) - 1
        for word in reversed(instruction.split(" ")):
            ends.append(stop - 1)
            stop -= len(self.prompts.encode(word))
        labels = [self.prompts.tokenizer.special(LABELS[use]) for use in USES]
        chances = probabilities(session.feed_each(prompt[:-1], labels)[ends[::-1]])
        look = SecondLook(words=tuple(instruction.split(" ")), chances=chances, right=1.0)
        return tuple(use == "unread" for use in look.uses), look.all_read, [prompt[-1]]


def kind_of(goal: str) -> Answer:
    """Return the type of answer that a written goal, question or rule is."""
    return "query" if goal.startswith("?") else "rule" if goal.startswith("never ") else "plan"


def words_of(words: Sequence[str], spans: str) -> tuple[bool, ...]:
    """Return which words of an instruction stand in written spans; a span that it does not have marks none."""
    marked = [False] * len(words)
    for span in spans.split(BETWEEN_SPANS):
        parts = span.split(" ")
        for start in range(len(words) - len(parts) + 1):
            if list(words[start : start + len(parts)]) == parts and not any(marked[start : start + len(parts)]):
                marked[start : start + len(parts)] = [True] * len(parts)
                break
    return tuple(marked)
