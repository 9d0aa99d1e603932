"""Where an instruction of several tasks is split, and which parts need not be read to decide it."""

from __future__ import annotations

import math
import random

import pytest

from planner.understanding.clause_splitting import CUT_COST, MAX_PIECES_TOGETHER, best_split, spans, split

FIVE = "wash a cup, then open the fridge and close it. lock the safe; sit down"


def test_an_instruction_is_split_at_its_conjunctions() -> None:
    assert split(FIVE) == ["wash a cup", "open the fridge", "close it", "lock the safe", "sit down"]
    assert split("sing") == ["sing"]


def all_splits(pieces: int) -> list[list[tuple[int, int]]]:
    """Return all ways to divide pieces into runs, except the whole as one run."""
    splits_of_prefix: list[list[list[tuple[int, int]]]] = [[[]]]
    for end in range(1, pieces + 1):
        begins = range(max(0, end - MAX_PIECES_TOGETHER), end)
        splits_of_prefix.append(
            [[*split, (b, end)] for b in begins for split in splits_of_prefix[b] if end - b < pieces]
        )
    return splits_of_prefix[-1]


@pytest.mark.parametrize("seed", range(30))
def test_the_best_split_is_found_without_reading_every_part(seed: int) -> None:
    rng = random.Random(seed)
    pieces = spans(FIVE)
    logprobs = {(b, e): rng.choice([None, -rng.expovariate(5)]) for b in range(5) for e in range(b + 1, 6)}
    min_logprob = rng.choice([-math.inf, -0.5, -0.1])

    def read(part: str, floor: float) -> tuple[str, float] | None:
        begin = FIVE.index(part)
        logprob = logprobs[
            next(i for i, p in enumerate(pieces) if p[0] == begin),
            next(i for i, p in enumerate(pieces, 1) if p[1] == begin + len(part)),
        ]
        return None if logprob is None or logprob <= floor else (part, logprob)

    totals = {}
    for split_runs in all_splits(5):
        values = [logprobs[run] for run in split_runs]
        if None not in values:
            totals[tuple(split_runs)] = sum(v - CUT_COST for v in values if v is not None)
    best = max(totals, key=lambda split_runs: totals[split_runs], default=None)
    result = best_split(FIVE, read, min_logprob)
    if best is None or totals[best] <= min_logprob:
        assert result is None
    else:
        assert result is not None and result[1] == pytest.approx(totals[best])
        assert result[0] == [FIVE[pieces[b][0] : pieces[e - 1][1]] for b, e in best]


def test_parts_that_cannot_beat_the_whole_are_not_read() -> None:
    parts_read: list[str] = []

    def read(part: str, floor: float) -> tuple[str, float] | None:
        parts_read.append(part)
        return part, -0.01

    assert best_split(FIVE, read, min_logprob=-0.04) is None and not parts_read
