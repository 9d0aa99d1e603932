"""Reading an instruction of several tasks piece by piece: where to cut is what makes the whole likeliest to the GPT.

A small GPT reads one task far better than four in one breath. The instruction is cut at its joints; every run of up
to `LONGEST` pieces is read alone, and the cut is kept under which the goals written are likeliest together. "Wash a cup
and put it away" stays whole: nobody can tell what "put it away" alone is about.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeVar

MAX_PIECES = 8  # pieces: a longer instruction is read as a whole
MAX_PIECES_TOGETHER = 4  # pieces read together
CUT_COST = 0.05  # log-probability that each cut must gain
_JOINT = re.compile(
    r"\s*(?:[.;?!]\s+|,\s+)(?:and then |then |and also |also,? |and |after that,? |next,? |finally,? )?"
    r"|\s+(?:and then|then|and also|and|after that,?)\s+"
)
T = TypeVar("T")


def split(instruction: str) -> list[str]:
    """Return the pieces between an instruction's joints; one piece if there is nothing to cut or too much."""
    pieces = [p.strip() for p in _JOINT.split(instruction)]
    pieces = [p for p in pieces if p]
    return pieces if 1 < len(pieces) <= MAX_PIECES else [instruction]


def spans(instruction: str) -> list[tuple[int, int]]:
    """Return where each piece begins and ends in the instruction."""
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
    """Return what was read under the likeliest cut, and its log-probability; None if no cut is likelier than `bar`.

    Args:
        instruction: The whole.
        read: Reads a part: what it means and its log-probability, or None. It may give up what is not likelier than
            its second argument.
        bar: Log-probability of the whole, read in one.
    """
    pieces = spans(instruction)
    best: list[tuple[list[T], float] | None] = [([], 0.0), *[None] * len(pieces)]
    for i, (first_char, _) in enumerate(pieces):
        prefix = best[i]
        if prefix is None:
            continue
        for j in range(i + 1, min(i + MAX_PIECES_TOGETHER, len(pieces)) + 1):  # in turn: each begins as the one before
            rivals = [min_logprob, *(partial[1] for partial in (best[j], best[-1]) if partial is not None)]
            floor = max(rivals) - prefix[1] + CUT_COST  # more reading only makes a cut less likely
            if floor >= 0 or j - i == len(pieces):  # the whole is the caller's to read
                continue
            reading = read(instruction[first_char : pieces[j - 1][1]], floor)
            if reading is not None and reading[1] > floor:
                best[j] = ([*prefix[0], reading[0]], prefix[1] + reading[1] - CUT_COST)
    return best[-1]
