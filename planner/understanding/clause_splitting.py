"""Splits an instruction with several tasks into the parts whose goals have the highest joint probability.

A small GPT reads one task far better than four at once. The instruction is split at conjunctions and punctuation, and
every run of up to `MAX_PIECES_TOGETHER` pieces is read alone. The split with the highest joint log-probability wins.
"Wash a cup and put it away" stays whole: "put it away" alone does not say what "it" is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeVar

MAX_PIECES = 40  # an instruction with more pieces is read as a whole
MAX_PIECES_TOGETHER = 4  # pieces that are read as one part
CUT_COST = 0.05  # log-probability by which each split must improve the reading
_JOINT = re.compile(
    r"\s*(?:[.;?!]\s+|,\s+)(?:and then |then |and also |also,? |and |after that,? |next,? |finally,? )?"
    r"|\s+(?:and then|then|and also|and|after that,?)\s+"
)
T = TypeVar("T")


def split(instruction: str) -> list[str]:
    """Return the pieces of an instruction; the whole one if there is nothing to split or more than `MAX_PIECES`."""
    pieces = [p.strip() for p in _JOINT.split(instruction)]
    pieces = [p for p in pieces if p]
    return pieces if 1 < len(pieces) <= MAX_PIECES else [instruction]


def spans(instruction: str) -> list[tuple[int, int]]:
    """Return the start and end of each piece in the instruction."""
    piece_spans = []
    end = 0
    for piece in split(instruction):
        start = instruction.index(piece, end)
        end = start + len(piece)
        piece_spans.append((start, end))
    return piece_spans


def best_split(
    instruction: str, read: Callable[[str, float], tuple[T, float] | None], min_logprob: float = -math.inf
) -> tuple[list[T], float] | None:
    """Return the readings under the most likely split, and their log-probability; None if none exceeds `min_logprob`.

    Args:
        instruction: The whole instruction.
        read: Reads a part and returns its meaning and log-probability, or None. It may stop early if the result
            cannot exceed its second argument.
        min_logprob: Log-probability of the instruction read as a whole.
    """
    pieces = spans(instruction)
    best: list[tuple[list[T], float] | None] = [([], 0.0), *[None] * len(pieces)]
    for i, (first_char, _) in enumerate(pieces):
        prefix = best[i]
        if prefix is None:
            continue
        # In this order each part extends the previous one, so that their prompts share a prefix.
        for j in range(i + 1, min(i + MAX_PIECES_TOGETHER, len(pieces)) + 1):
            rivals = [min_logprob, *(partial[1] for partial in (best[j], best[-1]) if partial is not None)]
            floor = max(rivals) - prefix[1] + CUT_COST  # reading more only lowers the probability of a split
            if floor >= 0 or j - i == len(pieces):  # the caller has read the whole
                continue
            reading = read(instruction[first_char : pieces[j - 1][1]], floor)
            if reading is not None and reading[1] > floor:
                best[j] = ([*prefix[0], reading[0]], prefix[1] + reading[1] - CUT_COST)
    return best[-1]
