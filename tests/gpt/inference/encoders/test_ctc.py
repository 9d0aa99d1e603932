"""CTC decoding, compared with an explicit sum over all paths."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest

from gpt.inference.encoders.ctc import Spike, greedy, log_likelihood


def probabilities(steps: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    logits = 2 * np.random.default_rng(seed).normal(size=(steps, 3))
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


def brute_force_likelihoods(table: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> dict[tuple[int, ...], float]:
    """Sum over every path."""
    likelihoods: dict[tuple[int, ...], float] = {}
    for path in product(range(3), repeat=len(table)):
        text = tuple(k for k, _ in groupby(path) if k)
        likelihoods[text] = likelihoods.get(text, 0.0) + float(np.exp(sum(table[i, k] for i, k in enumerate(path))))
    return likelihoods


@pytest.mark.parametrize("seed", range(4))
def test_likelihoods_equal_the_sum_over_all_paths(seed: int) -> None:
    table = probabilities(6, seed)
    expected = brute_force_likelihoods(table)
    for text in [(), (1,), (1, 1), (1, 2), (2, 1, 2), (1, 1, 1), (2, 2, 1)]:
        assert np.exp(log_likelihood(table, text)) == pytest.approx(expected[text], rel=1e-4)


def test_the_most_likely_path_gives_the_times_of_letters() -> None:
    path = [0, 1, 1, 0, 1, 2, 2, 0]
    table = np.full((len(path), 3), -9.0, np.float32)
    table[np.arange(len(path)), path] = -0.01
    assert greedy(table) == [Spike(1, 1, 2), Spike(1, 4, 4), Spike(2, 5, 6)]


def test_a_text_too_long_for_its_frames_has_zero_likelihood() -> None:
    assert log_likelihood(probabilities(3, 0), (1, 1, 1)) < -1e20
