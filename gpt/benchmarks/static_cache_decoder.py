"""Greedy decoding with one compiled step over a KV cache of fixed size, as in gpt-fast.

Shapes: B rows, K key heads, D head size, k previous tokens, V vocabulary size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gpt.model.attention import AttentionMask
from gpt.model.kv_cache import KVCache
from gpt.model.transformer import GPT


class StaticCache(KVCache):
    """A cache that returns its whole buffers, so that shapes are the same in every step."""

    position: Tensor
    """(1,) position of the next token."""

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store one new token's keys and values (B, K, 1, D); returns the buffers (B, K, capacity, D)."""
        keys, values = self.keys[layer], self.values[layer]
        keys.index_copy_(2, self.position, k)
        values.index_copy_(2, self.position, v)
        return keys, values


class StaticDecoder:
    """A model whose decoding step is compiled once for a number of rows and a capacity.

    The first compilation takes half a minute on a CPU.
    """

    def __init__(self, model: GPT, rows: int, capacity: int) -> None:
        self.model = model.eval()
        self.rows, self.capacity = rows, capacity
        mode = "reduce-overhead" if model.device.type == "cuda" else "default"
        self._step: Callable[..., Tensor] = torch.compile(_step, fullgraph=True, dynamic=False, mode=mode)

    @torch.no_grad()
    def generate(self, prompts: Sequence[Sequence[int]], new: int) -> list[list[int]]:
        """Continue prompts of equal length greedily by `new` tokens each."""
        model, device = self.model, self.model.device
        idx = torch.tensor(prompts, device=device)  # (B, P)
        prompt_cache = KVCache(model.config, rows=self.rows, capacity=self.capacity, device=device)
        token = model.head(model.trunk(idx, cache=prompt_cache)[:, -1]).argmax(dim=-1)  # (B,)
        cache = StaticCache.__new__(StaticCache)
        cache.config, cache.capacity, cache.padding, cache.length = (
            model.config,
            self.capacity,
            None,
            prompt_cache.length,
        )
        cache.keys, cache.values, cache.tokens = prompt_cache.keys, prompt_cache.values, prompt_cache.tokens
        k = model.config.previous_tokens
        recent = cache.tokens[:, prompt_cache.length : prompt_cache.length + k].clone()  # (B, k)
        cache.position = torch.tensor([prompt_cache.length], device=device)
        tokens = [token]
        for _ in range(new - 1):
            next_token = self._step(model, cache, token, recent).clone()
            if k:
                recent = torch.cat((recent[:, 1:], token[:, None]), dim=1)
            token = next_token
            cache.position += 1
            tokens.append(token)
        out: list[list[int]] = torch.stack(tokens, dim=1).tolist()
        return out


def _step(model: GPT, cache: StaticCache, token: Tensor, recent: Tensor) -> Tensor:
    """Read a token (B,) of each row after its k tokens `recent` (B, k); returns the most likely next tokens (B,)."""
    x = model.wte(token[:, None])  # (B, 1, C)
    if model.previous is not None:
        x = x + model.previous(recent + model.offsets).sum(dim=1, keepdim=True)
    if model.config.position != "rotary":
        table = model.waves if model.wpe is None else model.wpe.weight
        x = x + table[cache.position]
    if model.embedding_norm is not None:
        x = model.embedding_norm(x)
    rotation = (model.cos[cache.position], model.sin[cache.position]) if model.config.position == "rotary" else None
    visible = torch.arange(cache.capacity, device=x.device) <= cache.position
    attn_mask = AttentionMask("matmul", torch.where(visible, 0.0, -1e9).to(x.dtype)[None])  # (1, capacity)
    for layer, block in enumerate(model.blocks):
        x = block(x, rotation, attn_mask, cache, layer)
    logits: Tensor = model.head(model.final_norm(x)[:, -1])  # (B, V)
    return logits.argmax(dim=-1)
