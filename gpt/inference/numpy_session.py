"""Contexts of a `NumpyModel`: a single one, or a batch in which each has its own length.

`NumpySession` is a `gpt.inference.session.Session`.

Shapes: B rows, T new tokens of a context, S visible tokens, H query heads, K key heads, D head size, V vocabulary size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gpt.errors import ContextError
from gpt.inference.dense import softmax
from gpt.inference.session import Network
from gpt.model.sampling_checks import check_ids, undrawable
from gpt.weights.model_folder import Floats, Ints

_MAX_TOKENS_TOGETHER = 256  # maximum tokens of many contexts per pass: intermediate results fit into the CPU cache


class NumpySession:
    """One context that grows token by token, can be forked without rereading, and can be rewound.

    The cost of a call is mostly one pass over the weights, so feed several known tokens in one call.
    """

    def __init__(self, model: Network, capacity: int | None = None) -> None:
        self.model = model
        self._batch = NumpyBatch(model, 1, capacity)

    @property
    def length(self) -> int:
        """Tokens read so far."""
        return int(self._batch.lengths[0])

    @property
    def capacity(self) -> int:
        """Maximum number of tokens."""
        return self._batch.capacity

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        """Read tokens; returns fp32 logits (V,) for the token after the last.

        Args:
            ids: At least one.
            candidate_ids: Ids whose logits are needed, (len(candidate_ids),); by default all. The full head is a
                seventh of the work of one token.

        Raises:
            ContextError: No token is given, or they do not fit.
        """
        logits: Floats = self._batch.feed([ids], candidate_ids)[0]
        return logits

    def feed_each(self, ids: Sequence[int], candidate_ids: Sequence[int]) -> Floats:
        """Read tokens; returns the fp32 logits (T, len(candidate_ids)) behind each of them.

        One pass, where T calls of `feed` would take T.

        Raises:
            ContextError: As `feed`.
            LogitsError: The weights are so large that activations overflow.
        """
        return self._batch.feed_each(ids, candidate_ids)

    def feed_vectors(self, vectors: Floats, token: int) -> Floats:
        """Read vectors of an image or sound encoder; returns fp32 logits (V,) for the next token.

        Args:
            vectors: (T, C) replacements of token embeddings, T at least 1.
            token: The placeholder id at each of the T positions.

        Raises:
            ContextError: There are no or too many vectors, they are not finite, or do not have the model's width.
        """
        width = self.model.config.n_embd
        if vectors.ndim != 2 or vectors.shape[1] != width:
            raise ContextError(f"vectors have the shape {vectors.shape}; this model reads (T, {width})")
        if not np.isfinite(vectors).all():
            n_bad = int(np.count_nonzero(~np.isfinite(vectors)))
            raise ContextError(f"{n_bad} numbers of {vectors.size} of the vectors are not finite")
        logits: Floats = self._batch.feed([[token] * len(vectors)], vectors=np.asarray(vectors, np.float32))[0]
        return logits

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self._batch.rewind(0, length)

    def fork(self) -> NumpySession:
        """Return an independent session with the same tokens."""
        copy = NumpySession.__new__(NumpySession)
        copy.model = self.model
        copy._batch = self._batch.take_rows([0])
        return copy


def candidates_of(candidate_ids: Sequence[int] | None, vocab_size: int) -> Ints | None:
    """Return the ids whose logits are wanted as an array; None for all.

    Raises:
        ContextError: There is none, or one is not in the vocabulary: a negative one would count from the end.
    """
    if candidate_ids is None:
        return None
    if not len(candidate_ids):
        raise ContextError("candidate_ids is empty; give at least one id, or None for all")
    candidates = np.asarray(candidate_ids)
    # One pass over an array, where `check_ids` takes several: as an unsigned number, a negative one is large.
    if candidates.dtype != np.int64 or candidates.ndim != 1 or candidates.view(np.uint64).max() >= vocab_size:
        check_ids(candidate_ids, vocab_size, "candidate id")
    return candidates.astype(np.int64, copy=False)


def _finite(logits: Floats) -> Floats:
    if not np.isfinite(logits).all():
        raise undrawable(logits.size, int(np.isnan(logits).sum()), int(np.isinf(logits).sum()))
    return logits


class NumpyBatch:
    """A batch of contexts; each may read a different number of tokens per call, without padding."""

    def __init__(self, model: Network, rows: int, capacity: int | None = None) -> None:
        """Start `rows` empty contexts of at most `capacity` tokens, by default the model's `block_size`."""
        config = model.config
        self.model = model
        self.capacity = config.block_size if capacity is None else min(capacity, config.block_size)
        self.lengths: Ints = np.zeros(rows, np.int64)
        shape = (config.n_layer, rows, config.kv_heads, self.capacity, config.head_size)
        # Zeros: every row is computed to the longest row's length, and 0 times a value after a row's end must be 0.
        self._keys, self._values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        # The first token is preceded by k "no token" entries, whose id is V.
        self._tokens: Ints = np.full((rows, config.previous_tokens + self.capacity), config.vocab_size, np.int64)

    @property
    def rows(self) -> int:
        """Number of contexts."""
        return len(self.lengths)

    def feed(
        self, ids: Sequence[Sequence[int]], candidate_ids: Sequence[int] | None = None, vectors: Floats | None = None
    ) -> Floats:
        """Read tokens of every context; returns fp32 logits (B, V) for the token after the last of each.

        Args:
            ids: At least one for each context.
            candidate_ids: Ids whose logits are needed, by default all; the result is then (B, len(candidate_ids)).
            vectors: For a single context, (T, C) replacements of the token embeddings.

        Raises:
            ContextError: Too few or too many tokens for a context, or an id is not in the vocabulary; then no context
                has read any.
            LogitsError: The weights are so large that activations overflow.
        """
        counts = self._check(ids)
        candidates = candidates_of(candidate_ids, self.model.config.vocab_size)
        with np.errstate(over="ignore", invalid="ignore"):
            stream = self._stream(ids, counts) if vectors is None else self._read(0, 1, ids, counts, vectors)
            logits = self.model.logits(stream, candidates)
        return _finite(logits)

    def feed_each(self, ids: Sequence[int], candidate_ids: Sequence[int]) -> Floats:
        """Read tokens of the only context; returns the fp32 logits (T, len(candidate_ids)) behind each of them."""
        counts = self._check([ids])
        candidates = candidates_of(candidate_ids, self.model.config.vocab_size)
        with np.errstate(over="ignore", invalid="ignore"):
            return _finite(self.model.logits(self._read(0, 1, [ids], counts, each=True), candidates))

    def _stream(self, ids: Sequence[Sequence[int]], counts: Ints) -> Floats:
        if counts.sum() <= max(_MAX_TOKENS_TOGETHER, self.rows):
            return self._read(0, self.rows, ids, counts)
        parts = []
        start = 0
        while start < self.rows:
            stop = start + 1
            while stop < self.rows and counts[start : stop + 1].sum() <= _MAX_TOKENS_TOGETHER:
                stop += 1
            parts.append(self._read(start, stop, ids[start:stop], counts[start:stop]))
            start = stop
        return np.concatenate(parts)

    def rewind(self, row: int, length: int) -> None:
        """Forget all but the first `length` tokens of a context."""
        if not 0 <= length <= self.lengths[row]:
            raise ContextError(f"cannot rewind to {length}: {self.lengths[row]} tokens were read")
        self.lengths[row] = length

    def take_rows(self, rows: Sequence[int]) -> NumpyBatch:
        """Return a new batch with copies of these contexts; an index may repeat."""
        batch = NumpyBatch.__new__(NumpyBatch)
        batch.model, batch.capacity = self.model, self.capacity
        batch.lengths, batch._tokens = self.lengths[list(rows)], self._tokens[list(rows)]
        longest = int(batch.lengths.max(initial=0))
        shape = (len(self._keys), len(rows), *self._keys.shape[2:])
        batch._keys, batch._values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for new, row in enumerate(rows):
            batch._keys[:, new, :, :longest] = self._keys[:, row, :, :longest]
            batch._values[:, new, :, :longest] = self._values[:, row, :, :longest]
        return batch

    def _check(self, ids: Sequence[Sequence[int]]) -> Ints:
        if len(ids) != self.rows:
            raise ContextError(f"feed was given tokens for {len(ids)} contexts; there are {self.rows}")
        counts = np.array([len(new) for new in ids], np.int64)
        if not counts.all():
            raise ContextError("feed was given no token; it needs at least one")
        if (self.lengths + counts).max() > self.capacity:
            row = int((self.lengths + counts).argmax())
            raise ContextError(
                f"{self.lengths[row]} tokens read and {counts[row]} more do not fit into the context of {self.capacity}"
            )
        for new in ids:
            check_ids(new, self.model.config.vocab_size)
        return counts

    def _read(
        self,
        first_row: int,
        end_row: int,
        ids: Sequence[Sequence[int]],
        counts: Ints,
        vectors: Floats | None = None,
        *,
        each: bool = False,
    ) -> Floats:
        """Read tokens in rows first_row..end_row; returns the stream (end_row - first_row, C) at the last tokens.

        With `each`, at all tokens, (M, C).
        """
        k = self.model.config.previous_tokens
        starts = self.lengths[first_row:end_row]
        flat = np.array([token for new in ids for token in new], np.int64)  # (M,)
        ends = counts.cumsum() - 1
        if len(flat) == end_row - first_row:
            rows, positions = np.arange(first_row, end_row), starts
        else:
            rows = np.repeat(np.arange(first_row, end_row), counts)
            positions = np.arange(len(flat)) - np.repeat(ends + 1 - counts - starts, counts)
        if k:
            self._tokens[rows, k + positions] = flat
            previous_ids = self._tokens[rows[:, None], positions[:, None] + np.arange(k)]  # (M, k)
        else:
            previous_ids = np.empty((len(flat), 0), np.int64)
        memory = _Memory(
            self.model, self._keys[:, first_row:end_row], self._values[:, first_row:end_row], starts, counts
        )
        x = self.model.read(flat, previous_ids, positions, memory, None if each else ends, vectors)
        self.lengths[first_row:end_row] = starts + counts
        return x


class _Memory:
    """Keys and values of some contexts during a pass; see `gpt.inference.session.Memory`."""

    def __init__(self, model: Network, keys: Floats, values: Floats, starts: Ints, counts: Ints) -> None:
        self.config, self.causal_mask = model.config, model.causal_mask
        self.keys, self.values = keys, values  # (layers, B, K, capacity, D)
        self.starts = [int(start) for start in starts]
        self.counts = [int(count) for count in counts]
        self.single = max(self.counts) == 1
        longest = max(self.starts) + 1
        self.hidden = None
        if self.single and min(self.starts) + 1 < longest:
            self.hidden = np.arange(longest) > starts[:, None]  # (B, S)

    def attend(self, layer: int, q: Floats, k: Floats, v: Floats, *, last: bool) -> Floats:
        if len(self.starts) == 1:
            return self._attend_one(self.keys[layer, 0], self.values[layer, 0], q, k, v, 0)
        if self.single:
            return self._attend_single_tokens(self.keys[layer], self.values[layer], q, k, v)
        out = np.empty((len(q), self.config.n_embd), np.float32)
        offset = 0
        for row, count in enumerate(self.counts):
            tokens, queries = (
                slice(offset, offset + count),
                slice(row, row + 1) if last else slice(offset, offset + count),
            )
            out[queries] = self._attend_one(
                self.keys[layer, row], self.values[layer, row], q[queries], k[tokens], v[tokens], row
            )
            offset += count
        return out

    def _attend_one(self, keys: Floats, values: Floats, q: Floats, k: Floats, v: Floats, row: int) -> Floats:
        """Attend in one context: keys and values (K, capacity, D), queries (T, H, D) of all or only the last token."""
        start, count = self.starts[row], self.counts[row]
        end, T = start + count, len(q)
        K, D = self.config.kv_heads, self.config.head_size
        keys[:, start:end] = k.transpose(1, 0, 2)
        values[:, start:end] = v.transpose(1, 0, 2)
        if T == 1:
            scores = q.reshape(K, -1, D) @ keys[:, :end].transpose(0, 2, 1)  # (K, H / K, S)
            return (softmax(scores) @ values[:, :end]).reshape(1, -1)
        grouped = q.reshape(T, K, -1, D).transpose(1, 2, 0, 3).reshape(K, -1, D)  # (K, H / K T, D)
        scores = grouped @ keys[:, :end].transpose(0, 2, 1)
        scores.reshape(K, -1, T, end)[..., start:] += self.causal_mask(T)
        y = (softmax(scores) @ values[:, :end]).reshape(K, -1, T, D)
        return y.transpose(2, 0, 1, 3).reshape(T, -1)

    def _attend_single_tokens(self, keys: Floats, values: Floats, q: Floats, k: Floats, v: Floats) -> Floats:
        """Attend in B contexts, each of which reads one token: queries (B, H, D)."""
        B, K, D = k.shape
        rows = np.arange(B)
        keys[rows, :, self.starts] = k
        values[rows, :, self.starts] = v
        end = max(self.starts) + 1
        scores = q.reshape(B, K, -1, D) @ keys[:, :, :end].transpose(0, 1, 3, 2)  # (B, K, H / K, S)
        if self.hidden is not None:
            scores[np.broadcast_to(self.hidden[:, None, None], scores.shape)] = -np.inf
        y = softmax(scores) @ values[:, :, :end]
        return y.reshape(B, -1)
