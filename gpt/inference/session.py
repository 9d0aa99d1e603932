"""Protocols of a runtime: a model (`Runtime`) that starts contexts, and a context (`Session`) that reads tokens.

`Network` and `Memory` divide a numpy runtime into weights and key-value cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from gpt.model.config import GPTConfig
from gpt.weights.model_folder import Floats, Ints


class Session(Protocol):
    """One context that grows, can be forked without rereading, and can be rewound."""

    @property
    def length(self) -> int:
        """Tokens read so far."""
        ...

    @property
    def capacity(self) -> int:
        """Maximum number of tokens."""
        ...

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        """Read tokens; returns fp32 logits for the next token, of all ids (V,) or of `candidate_ids` only.

        Raises:
            ContextError: No token is given, or they do not fit.
        """
        ...

    def feed_each(self, ids: Sequence[int], candidate_ids: Sequence[int]) -> Floats:
        """Read tokens; returns the fp32 logits (T, len(candidate_ids)) behind each of them.

        Raises:
            ContextError: As `feed`.
        """
        ...

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        ...

    def fork(self) -> Session:
        """Return an independent context with the same tokens."""
        ...


@runtime_checkable
class Runtime(Protocol):
    """A model that can start contexts."""

    config: GPTConfig

    def begin(self) -> Session:
        """Return an empty context."""
        ...


class Memory(Protocol):
    """A key-value cache that computes attention."""

    def attend(self, layer: int, q: Floats, k: Floats, v: Floats, *, last: bool) -> Floats:
        """Store a layer's keys and values (M, K, D); returns the attention output for queries (M, H, D), (M, H D).

        With `last`, there is one query per context, that of its last new token.
        """
        ...


class Network(Protocol):
    """The model methods that a numpy session calls; see `NumpyModel` for shapes."""

    config: GPTConfig

    def causal_mask(self, length: int) -> Floats:
        """Return the causal mask that is added to scores, (length, length)."""
        ...

    def read(
        self,
        ids: Ints,
        previous_ids: Ints,
        positions: Ints,
        memory: Memory,
        ends: Ints | None,
        vectors: Floats | None = None,
    ) -> Floats:
        """Read new tokens of R contexts; returns the normalized stream at `ends`, the last of each, (R, C).

        With no `ends`, of all M tokens, (M, C).
        """
        ...

    def logits(self, x: Floats, candidate_ids: Ints | None = None) -> Floats:
        """Return logits (R, V) from the output of `read`, or those of `candidate_ids` only."""
        ...
