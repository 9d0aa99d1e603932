"""What every runtime offers to whoever decodes: a model that begins contexts, and a context that reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from gpt.model_config import GPTConfig
from gpt.runtime.folder import Floats


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

    def feed(self, ids: Sequence[int], among: Sequence[int] | None = None) -> Floats:
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
