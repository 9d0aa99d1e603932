"""The second proof: the GPT looks at the instruction again, with the goal before it, and says what each word was for.

    … [SEP] instruction [SEP] goal [SEP] [FEEDBACK] instruction [SEP]

Behind each word it says whether it was read, is context or is unread; behind the last [SEP], whether the goal is what
the instruction says. The instruction is fed, not written, so all words are judged in one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from planner.prompts.text_format import LABELS, RIGHT, WRONG

if TYPE_CHECKING:
    import numpy.typing as npt

    from planner.prompts.sessions import Prompts

WordUse = Literal["read", "context", "unread"]
USES: tuple[WordUse, ...] = get_args(WordUse)


@dataclass(frozen=True, kw_only=True)
class SecondLook:
    """What the GPT says of an instruction and a goal.

    Attributes:
        words: The words of the instruction.
        chances: For each word the probabilities that it was read, is context, is unread, (words, 3).
        right: Probability that the goal is what the instruction says.
    """

    words: tuple[str, ...]
    chances: npt.NDArray[np.float32]
    right: float

    @property
    def uses(self) -> tuple[WordUse, ...]:
        """What each word was for, where that is most likely."""
        return tuple(USES[index] for index in self.chances.argmax(axis=1))

    @property
    def all_read(self) -> float:
        """Probability that no word is unread: that of the word which is most likely to be."""
        return float(1 - self.chances[:, 2].max(initial=0.0))


def look_again(
    prompts: Prompts, inventory: str, heading: Sequence[int], instruction: str, goal: str
) -> SecondLook | None:
    """Let the GPT judge a goal; None if instruction and goal do not fit into its context twice.

    Args:
        prompts: The GPT; it was trained on the second look (`people` in its kinds of documents).
        inventory: The home's inventory, as it was read.
        heading: The tokens between inventory and goal, as they were read.
        instruction: The normalized instruction.
        goal: The goal as the GPT writes it.
    """
    tokenizer, special = prompts.tokenizer, prompts.tokenizer.special
    words = tuple(instruction.split(" "))
    head = [*heading, *tokenizer.encode(" " + goal), special("[SEP]"), special("[FEEDBACK]")]
    again: list[int] = []
    ends: list[int] = []
    for word in words:
        again += tokenizer.encode(" " + word)
        ends.append(len(again) - 1)
    again.append(special("[SEP]"))
    if len(head) + len(again) > prompts.room(inventory):
        return None
    session, pending = prompts.read(inventory, head)  # not the words: a second look at the same goal judges each again
    labels = [special(LABELS[use]) for use in USES]
    logits = session.feed_each([*pending, *again], [*labels, special(RIGHT), special(WRONG)])
    at_words = logits[[len(pending) + end for end in ends], :3]
    verdict = logits[-1, 3:]
    return SecondLook(words=words, chances=_softmax(at_words), right=float(_softmax(verdict[None])[0, 0]))


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: npt.NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
    return chances
