"""Connectionist temporal classification (CTC, Graves et al. 2006): greedy decoding with timing, and text likelihood.

Shapes: S steps, K classes of which 0 is blank, L symbols.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gpt.weights.model_folder import Floats

LOG_ZERO = -1e30  # logarithm of probability 0, finite so that differences are numbers


class Spike(NamedTuple):
    """A decoded symbol: its class, and its first and last step in the path."""

    symbol: int
    first: int
    last: int


def greedy(log_probabilities: Floats) -> list[Spike]:
    """Return the symbols of the most likely path through (S, K), in order."""
    spikes: list[Spike] = []
    previous = 0
    for step, symbol in enumerate(log_probabilities.argmax(axis=1).tolist()):
        if symbol and symbol == previous:
            spikes[-1] = spikes[-1]._replace(last=step)
        elif symbol:
            spikes.append(Spike(symbol, step, step))
        previous = symbol
    return spikes


def log_likelihood(log_probabilities: Floats, symbols: Sequence[int]) -> float:
    """Return the log-probability of a text, summed over all its paths through (S, K)."""
    extended = np.zeros(2 * len(symbols) + 1, np.int64)  # blanks between and around the symbols
    extended[1::2] = symbols
    emitted = log_probabilities[:, extended].astype(np.float64)
    # A symbol may directly follow the previous one unless both are the same.
    skips = np.zeros(len(extended), bool)
    skips[3::2] = extended[3::2] != extended[1:-2:2]
    current = np.full(len(extended), LOG_ZERO)
    current[:2] = emitted[0, :2]
    for step in range(1, len(emitted)):
        moved = np.full(len(extended), LOG_ZERO)
        moved[1:] = current[:-1]
        skipped = np.full(len(extended), LOG_ZERO)
        skipped[2:] = np.where(skips[2:], current[:-2], LOG_ZERO)
        current = np.logaddexp(np.logaddexp(current, moved), skipped) + emitted[step]
    return float(np.logaddexp(current[-1], current[-2]) if len(current) > 1 else current[-1])
