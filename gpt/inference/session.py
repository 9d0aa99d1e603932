"""What every runtime offers to whoever decodes: a model that begins contexts, and a context that reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from gpt.model.config import GPTConfig
from gpt.weights.model_folder import Floats, Ints


class Session(Protocol):
    """One context that grows, shares what it has read, and can be rewound."""

    @property
    def length(self) -> int:
        """Tokens read so far."""
        ...

    @property
    def capacity(self) -> int:
        """Tokens that fit."""
        ...

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        """Read tokens; returns fp32 logits of what follows the last of them, of all ids (V,) or of those `among`.

        Raises:
            ContextError: No token is given, or they do not fit.
        """
        ...

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        ...

    def fork(self) -> Session:
        """An independent context that has read the same."""
        ...


@runtime_checkable
class Runtime(Protocol):
    """Weights that can be read with."""

    config: GPTConfig

    def begin(self) -> Session:
        """An empty context."""
        ...


class Memory(Protocol):
    """What the tokens read so far have left behind."""

    def attend(self, layer: int, q: Floats, k: Floats, v: Floats, *, last: bool) -> Floats:
        """Keep keys and values (M, K, D) of a layer; returns what queries (M, H, D) find, (M, H D).

        With `last`, there is one query for each context, that of its last new token.
        """
        ...


class Network(Protocol):
    """What a numpy session needs of the model that it reads with; see `NumpyModel` for shapes."""

    config: GPTConfig

    def causal_mask(self, length: int) -> Floats:
        """Return the causal mask that is added to scores, (length, length)."""
        ...

    def read(
        self, ids: Ints, previous_ids: Ints, positions: Ints, memory: Memory, ends: Ints, vectors: Floats | None = None
    ) -> Floats:
        """Read new tokens of R contexts; returns the normalized stream at the last of each, (R, C)."""
        ...

    def logits(self, x: Floats, candidate_ids: Ints | None = None) -> Floats:
        """Return logits (R, V) of what `read` returned, or of the ids `among` only."""
        ...
