"""Where an instruction of several tasks is cut, and what need not be read to know it."""

from __future__ import annotations

import math
import random

import pytest

from planner.understanding.clause_splitting import CUT_COST, MAX_PIECES_TOGETHER, best_split, spans, split

FIVE = "wash a cup, then open the fridge and close it. lock the safe; sit down"


def test_an_instruction_is_cut_at_its_joints() -> None:
    assert split(FIVE) == ["wash a cup", "open the fridge", "close it", "lock the safe", "sit down"]
    assert split("sing") == ["sing"]


def every_cut(pieces: int) -> list[list[tuple[int, int]]]:
    """All ways to divide pieces into runs, but for the whole in one."""
    found: list[list[list[tuple[int, int]]]] = [[[]]]
    for end in range(1, pieces + 1):
        begins = range(max(0, end - MAX_PIECES_TOGETHER), end)
        found.append([[*split, (b, end)] for b in begins for split in found[b] if end - b < pieces])
    return found[-1]


@pytest.mark.parametrize("seed", range(30))
def test_the_cut_is_the_likeliest_of_all_though_not_all_is_read(seed: int) -> None:
    rng = random.Random(seed)
    pieces = spans(FIVE)
    worth = {(b, e): rng.choice([None, -rng.expovariate(5)]) for b in range(5) for e in range(b + 1, 6)}
    bar = rng.choice([-math.inf, -0.5, -0.1])

    def read(part: str, floor: float) -> tuple[str, float] | None:
        begin = FIVE.index(part)
        logprob = worth[
            next(i for i, p in enumerate(pieces) if p[0] == begin),
            next(i for i, p in enumerate(pieces, 1) if p[1] == begin + len(part)),
        ]
        return None if logprob is None or logprob <= floor else (part, logprob)

    totals = {}
    for way in every_cut(5):
        values = [worth[run] for run in way]
        if None not in values:
            totals[tuple(way)] = sum(v - CUT_COST for v in values if v is not None)
    best = max(totals, key=lambda way: totals[way], default=None)
    found = best_split(FIVE, read, bar)
    if best is None or totals[best] <= bar:
        assert found is None
    else:
        assert found is not None and found[1] == pytest.approx(totals[best])
        assert found[0] == [FIVE[pieces[b][0] : pieces[e - 1][1]] for b, e in best]


def test_what_cannot_beat_the_whole_is_not_read() -> None:
    asked: list[str] = []

    def read(part: str, floor: float) -> tuple[str, float] | None:
        asked.append(part)
        return part, -0.01

    assert best_split(FIVE, read, min_logprob=-0.04) is None and not asked
