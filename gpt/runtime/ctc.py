"""Reading connectionist temporal classification (CTC, Graves et al. 2006): what was said, when, how likely a text is.

Shapes: S steps, K classes of which 0 is blank, L symbols.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gpt.runtime.folder import Floats

NEVER = -1e30  # the logarithm of no probability, finite so that differences are numbers


class Spike(NamedTuple):
    """A symbol that is read where it is likeliest: its class and its first and last step."""

    symbol: int
    first: int
    last: int


def greedy(log_probabilities: Floats) -> list[Spike]:
    """Return the symbols of the likeliest path through (S, K), in order."""
    found: list[Spike] = []
    before = 0
    for step, symbol in enumerate(log_probabilities.argmax(axis=1).tolist()):
        if symbol and symbol == before:
            found[-1] = found[-1]._replace(last=step)
        elif symbol:
            found.append(Spike(symbol, step, step))
        before = symbol
    return found


def log_likelihood(log_probabilities: Floats, symbols: Sequence[int]) -> float:
    """Return the logarithm of the probability of a text, over all its paths through (S, K)."""
    extended = np.zeros(2 * len(symbols) + 1, np.int64)  # blanks between all
    extended[1::2] = symbols
    emitted = log_probabilities[:, extended].astype(np.float64)
    # A symbol may follow the one before without a blank, unless they are the same.
    skips = np.zeros(len(extended), bool)
    skips[3::2] = extended[3::2] != extended[1:-2:2]
    now = np.full(len(extended), NEVER)
    now[:2] = emitted[0, :2]
    for step in range(1, len(emitted)):
        moved = np.full(len(extended), NEVER)
        moved[1:] = now[:-1]
        skipped = np.full(len(extended), NEVER)
        skipped[2:] = np.where(skips[2:], now[:-2], NEVER)
        now = np.logaddexp(np.logaddexp(now, moved), skipped) + emitted[step]
    return float(np.logaddexp(now[-1], now[-2]) if len(now) > 1 else now[-1])


def prefix_beam(log_probabilities: Floats, width: int, *, among: int = 6) -> list[tuple[tuple[int, ...], float]]:
    """Return the likeliest symbol sequences and their logarithms, best first (Graves & Jaitly 2014).

    Args:
        log_probabilities: (S, K).
        width: Sequences that are kept.
        among: Symbols that are tried at each step, the likeliest.
    """
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, NEVER)}  # ending in blank, in a symbol
    for row in log_probabilities:
        best = np.argpartition(row, -among)[-among:].tolist()
        if row[0] > -0.01 and len(beams) == 1:  # silence
            beams = {p: (_add(b, n) + float(row[0]), NEVER) for p, (b, n) in beams.items()}
            continue
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (blank, symbol) in beams.items():
            both = _add(blank, symbol)
            _grow(grown, prefix, both + float(row[0]), NEVER)
            if prefix:
                _grow(grown, prefix, NEVER, symbol + float(row[prefix[-1]]))
            for k in best:
                if k:
                    begun = blank if prefix and k == prefix[-1] else both
                    _grow(grown, (*prefix, k), NEVER, begun + float(row[k]))
        kept = sorted(grown.items(), key=lambda item: -_add(*item[1]))[:width]
        beams = dict(kept)
    return [(prefix, _add(*ends)) for prefix, ends in beams.items()]


def _grow(beams: dict[tuple[int, ...], tuple[float, float]], prefix: tuple[int, ...], blank: float, symbol: float
          ) -> None:  # fmt: skip
    before = beams.get(prefix, (NEVER, NEVER))
    beams[prefix] = _add(before[0], blank), _add(before[1], symbol)


def _add(a: float, b: float) -> float:
    if a < b:
        a, b = b, a
    return a if b <= NEVER / 2 else a + math.log1p(math.exp(b - a))
