"""What a person says about an answer, as a document: the GPT says what it asks for.

    … [SEP] instruction [SEP] goal that was done [SEP] [TASK] reply [SEP] answer

The answer is the goal that is meant now, ended by [SEP], or one of the words below, ended by [EOS]. The goal is empty
where nothing was done.
"""

from __future__ import annotations

from typing import Literal, get_args

from planner.prompts.text_format import Document, Segment, instruction_part, written_goal_part

ReplyWord = Literal["undo", "again", "other", "stop", "thanks", "new"]
"""Everything is to be as before; the same once more; with another object of the kind; nothing more is to be done; the
person only comments; it is an instruction of its own."""
REPLY_WORDS: tuple[ReplyWord, ...] = get_args(ReplyWord)


def reply_heading(said: str, done: str, reply: str) -> Document:
    """Return the prompt behind the home: an instruction, the goal that was done, and what is said about it."""
    return (*instruction_part(said), *written_goal_part(done), Segment("[TASK]", reply), Segment("[SEP]", ""))


def reply_document(said: str, done: str, reply: str, answer: str) -> Document:
    """Return the part after the home: a reply and what it asks for, a goal or one of `REPLY_WORDS`."""
    *heading, _ = reply_heading(said, done, reply)
    end = Segment("[EOS]" if answer in REPLY_WORDS else "[SEP]", "", True)
    return (*heading, Segment("[SEP]", answer, False, True), end)
