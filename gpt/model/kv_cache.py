"""KV cache: keys and values of the tokens read so far, in buffers allocated once.

Shapes: B rows, K key heads, S tokens so far, D head size, k previous tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from gpt.model.config import GPTConfig


class KVCache:
    """Keys, values and ids of the first `length` tokens of B contexts.

    Rewinding is free: set `length` to a smaller number. Rows of unequal length are padded on the left: row b starts
    with `padding[b]` tokens that are masked.
    """

    def __init__(
        self,
        config: GPTConfig,
        *,
        rows: int = 1,
        capacity: int | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        padding: Tensor | None = None,
    ) -> None:
        self.config = config
        self.capacity = config.block_size if capacity is None else min(capacity, config.block_size)
        self.length = 0
        self.padding = padding  # (B,) or None
        shape = (rows, config.kv_heads, self.capacity, config.head_size)
        self.keys = [torch.zeros(shape, device=device, dtype=dtype) for _ in range(config.n_layer)]
        self.values = [torch.zeros(shape, device=device, dtype=dtype) for _ in range(config.n_layer)]
        # The first token is preceded by k "no token" entries, whose id is V.
        self.tokens = torch.full(
            (rows, config.previous_tokens + self.capacity),
            config.vocab_size,
            device=device,
            dtype=torch.int64,
        )

    @property
    def rows(self) -> int:
        """Number of contexts."""
        return self.tokens.shape[0]

    def append_tokens(self, idx: Tensor) -> None:
        """Store the ids (B, T) about to be read; the model advances `length` after reading them."""
        if not self.config.previous_tokens:
            return
        start = self.config.previous_tokens + self.length
        new = self.tokens[:, start : start + idx.shape[1]]
        new.copy_(idx)
        if self.padding is not None and self.length == 0:
            is_padding = torch.arange(idx.shape[1], device=idx.device) < self.padding[:, None]
            new.masked_fill_(is_padding, self.config.vocab_size)

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store a layer's new keys and values (B, K, T, D); returns all so far, (B, K, S, D)."""
        end = self.length + k.shape[2]
        keys, values = self.keys[layer], self.values[layer]
        keys[:, :, self.length : end] = k
        values[:, :, self.length : end] = v
        return keys[:, :, :end], values[:, :, :end]

    def take_rows(self, rows: Tensor) -> None:
        """Keep only the rows with these indices, in this order; an index may repeat."""
        self.tokens = self.tokens[rows]
        self.padding = None if self.padding is None else self.padding[rows]
        self.keys = [_copy_prefix(buffer, self.length, rows) for buffer in self.keys]
        self.values = [_copy_prefix(buffer, self.length, rows) for buffer in self.values]

    def fork(self) -> KVCache:
        """Return an independent copy of the cached tokens."""
        copy = KVCache.__new__(KVCache)
        copy.config, copy.capacity, copy.length = self.config, self.capacity, self.length
        copy.padding = self.padding
        copy.tokens = self.tokens.clone()
        copy.keys = [_copy_prefix(buffer, self.length) for buffer in self.keys]
        copy.values = [_copy_prefix(buffer, self.length) for buffer in self.values]
        return copy


def _copy_prefix(buffer: Tensor, length: int, rows: Tensor | None = None) -> Tensor:
    n_rows = buffer.shape[0] if rows is None else len(rows)
    copy = buffer.new_empty((n_rows, *buffer.shape[1:]))
    copy[:, :, :length] = buffer[:, :, :length] if rows is None else buffer[rows, :, :length]
    return copy
