"""Train byte-pair encoding: a few thousand merges in seconds, without dependencies.

The result is a table from bytes to rank, in tiktoken's form. tiktoken merges the neighbors whose joined bytes have the
lowest rank, leftmost first. Merges are therefore learned over joined bytes rather than over pairs of tokens, so that
words are split during training exactly as tiktoken splits them.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from gpt.errors import ConfigError

N_BYTES = 256


def train_bpe(texts: Iterable[str], n_ranks: int, pattern: str) -> dict[bytes, int]:
    """Learn up to `n_ranks` tokens, including the 256 bytes.

    Args:
        texts: The corpus.
        n_ranks: Size of the table; smaller if no pair of tokens occurs twice anymore.
        pattern: A regular expression with the same meaning in Python and Rust; merges never cross its matches.

    Returns:
        Ranks 0, 1, ... in the order learned. Ties are broken by byte order, so the result does not depend on the order
        of the texts.
    """
    if n_ranks < N_BYTES:
        raise ConfigError(f"n_ranks is {n_ranks}; the {N_BYTES} bytes alone need {N_BYTES}")
    split = re.compile(pattern).findall
    frequency: Counter[str] = Counter()
    for text in texts:
        frequency.update(split(text))
    words = [word.encode("utf-8", "replace") for word in frequency]
    return _merge_words(words, list(frequency.values()), n_ranks)


def apply_ranks(parts: list[bytes], ranks: dict[bytes, int]) -> list[bytes]:
    """Join neighbors, lowest rank first and leftmost first, until no joined pair has a rank."""
    while len(parts) > 1:
        best_rank, best = len(ranks), -1
        for i in range(len(parts) - 1):
            rank = ranks.get(parts[i] + parts[i + 1], best_rank)
            if rank < best_rank:
                best_rank, best = rank, i
        if best < 0:
            break
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts


def _merge_words(words: list[bytes], counts: list[int], n_ranks: int) -> dict[bytes, int]:
    ranks = {bytes([value]): value for value in range(N_BYTES)}
    parts = [[word[i : i + 1] for i in range(len(word))] for word in words]
    pair_count: dict[bytes, int] = defaultdict(int)
    words_with: dict[bytes, set[int]] = defaultdict(set)
    for index, word in enumerate(parts):
        for joined in _joined_pairs(word):
            pair_count[joined] += counts[index]
            words_with[joined].add(index)
    heap = [(-count, joined) for joined, count in pair_count.items()]
    heapq.heapify(heap)
    while len(ranks) < n_ranks and heap:
        negative, joined = heapq.heappop(heap)
        if -negative != pair_count[joined]:  # an outdated entry: a newer one is in the heap
            continue
        if -negative < 2:
            break
        ranks[joined] = len(ranks)
        changed = _rejoin(words_with.pop(joined), parts, counts, ranks, pair_count, words_with)
        for pair in changed:
            if pair_count[pair] > 0:
                heapq.heappush(heap, (-pair_count[pair], pair))
    return ranks


def _rejoin(
    word_indices: set[int],
    parts: list[list[bytes]],
    counts: list[int],
    ranks: dict[bytes, int],
    pair_count: dict[bytes, int],
    words_with: dict[bytes, set[int]],
) -> set[bytes]:
    """Apply the newest merge wherever it occurs; returns the pairs whose counts changed."""
    changed: set[bytes] = set()
    for index in word_indices:
        word, count = parts[index], counts[index]
        old_pairs = _joined_pairs(word)
        new_pairs = _joined_pairs(apply_ranks(word, ranks))
        for pair in old_pairs:
            pair_count[pair] -= count
        for pair in new_pairs:
            pair_count[pair] += count
        removed = set(old_pairs)
        for pair in new_pairs:
            words_with[pair].add(index)
            removed.discard(pair)
        for pair in removed:
            words_with[pair].discard(index)
        changed.update(old_pairs, new_pairs)
    return changed


def _joined_pairs(word: list[bytes]) -> list[bytes]:
    return [left + right for left, right in itertools.pairwise(word)]
