"""Reading an instruction of several tasks piece by piece: where to cut is what makes the whole likeliest to the GPT.

A small GPT reads one task far better than four in one breath. The instruction is cut at its joints; every run of up
to `LONGEST` pieces is read alone, and the cut is kept under which the goals written are likeliest together. "Wash a cup
and put it away" stays whole: nobody can tell what "put it away" alone is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

MOST = 8  # pieces: a longer instruction is read as a whole
LONGEST = 4  # pieces read together
CUT_COST = 0.05  # log-probability that each cut must gain
_JOINT = re.compile(
    r"\s*(?:[.;?!]\s+|,\s+)(?:and then |then |and also |also,? |and |after that,? |next,? |finally,? )?"
    r"|\s+(?:and then|then|and also|and|after that,?)\s+"
)
T = TypeVar("T")


def cut(instruction: str) -> list[str]:
    """Return the pieces between an instruction's joints; one piece if there is nothing to cut or too much."""
    pieces = [p.strip() for p in _JOINT.split(instruction)]
    pieces = [p for p in pieces if p]
    return pieces if 1 < len(pieces) <= MOST else [instruction]


def spans(instruction: str) -> list[tuple[int, int]]:
    """Return where each piece begins and ends in the instruction."""
    found = []
    at = 0
    for piece in cut(instruction):
        begin = instruction.index(piece, at)
        at = begin + len(piece)
        found.append((begin, at))
    return found


def likeliest(instruction: str, read: Callable[[str], tuple[T, float] | None]) -> tuple[list[T], float] | None:
    """Return what was read under the likeliest cut, and its log-probability; None if no cut can be read.

    Args:
        instruction: The whole.
        read: Reads a part: what it means and its log-probability, or None.
    """
    pieces = spans(instruction)
    best: list[tuple[list[T], float] | None] = [([], 0.0)]
    for end in range(1, len(pieces) + 1):
        best.append(None)
        for begin in range(max(0, end - LONGEST), end):
            before = best[begin]
            if before is None or end - begin == len(pieces):  # the whole is the caller's to read
                continue
            found = read(instruction[pieces[begin][0] : pieces[end - 1][1]])
            if found is None:
                continue
            total = before[1] + found[1] - CUT_COST
            here = best[end]
            if here is None or total > here[1]:
                best[end] = ([*before[0], found[0]], total)
    return best[-1]
