"""Causal self-attention within a document, with grouped queries, rotary positions and two kernels.

Shapes: B rows, T new tokens, S tokens that can be seen (cached and new), H query heads, K key heads, D head size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.kv_cache import KVCache
from gpt.layout import Layout

Rotation = tuple[Tensor, Tensor]
"""Cosines and signed sines, each (T, 1, D) or (B, T, 1, D)."""

_MASKED = -1e9  # finite: a row that sees nothing (padding) must not become NaN


class Attention(nn.Module):
    """Multi-head attention that appends to a cache when it is given one."""

    def __init__(
        self,
        *,
        n_embd: int,
        n_head: int,
        kv_heads: int,
        qk_norm: bool,
        kernel: str,
        dropout: float,
        bias: bool,
    ) -> None:
        super().__init__()
        self.n_head, self.kv_heads, self.head_size = n_head, kv_heads, n_embd // n_head
        self.kernel, self.dropout = kernel, dropout
        self.qkv = nn.Linear(n_embd, (n_head + 2 * kv_heads) * self.head_size, bias=bias)
        self.proj = nn.Linear(n_embd, n_embd, bias=bias)
        # One gain for queries and keys: bounded scores could not become sharp enough to look things up.
        self.gain = nn.Parameter(torch.ones(self.head_size)) if qk_norm else None
        self.scale = self.head_size**-0.5

    def forward(
        self, x: Tensor, rotation: Rotation | None, bias: Tensor | None, cache: KVCache | None, layer: int
    ) -> Tensor:
        """Attend from (B, T, C) to itself and the cache; `bias` is added to the scores."""
        B, T, C = x.shape
        H, K, D = self.n_head, self.kv_heads, self.head_size
        heads = self.qkv(x).view(B, T, H + 2 * K, D)
        qk, v = heads[:, :, : H + K], heads[:, :, H + K :]
        qk = self._place(qk, rotation).transpose(1, 2)  # (B, H + K, T, D)
        q, k, v = qk[:, :H], qk[:, H:], v.transpose(1, 2)
        if cache is not None:
            k, v = cache.append(layer, k, v)  # (B, K, S, D)
        y = self._attend(q, k, v, bias)  # (B, H, T, D)
        out: Tensor = self.proj(y.transpose(1, 2).reshape(B, T, C))
        return out

    def _place(self, qk: Tensor, rotation: Rotation | None) -> Tensor:
        """Rotate and normalise queries and keys (B, T, H + K, D).

        A rotation keeps lengths, so the gain goes into its small table and the norm comes last: two passes over
        the activations instead of ten. The lengths are fp32 sums, whatever the activations are.
        """
        if self.gain is None:
            return qk if rotation is None else rotate(qk, *rotation)
        length: Tensor = torch.linalg.vector_norm(qk, dim=-1, keepdim=True, dtype=torch.float32)
        inverse: Tensor = (self.head_size**0.5 / (length + 1e-6)).to(qk.dtype)
        if rotation is None:
            gain: Tensor = self.gain.to(qk.dtype)
            return qk * (gain * inverse)
        half = self.head_size // 2
        swapped_gain = torch.cat((self.gain[half:], self.gain[:half]))
        cos, sin = rotation
        return rotate(qk, (cos * self.gain).to(qk.dtype), (sin * swapped_gain).to(qk.dtype)) * inverse

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        if self._use_sdpa(q):
            return F.scaled_dot_product_attention(
                q, k, v, attn_mask=bias, dropout_p=dropout, enable_gqa=self.kv_heads != self.n_head
            )
        if self.kv_heads != self.n_head:
            k = k.repeat_interleave(self.n_head // self.kv_heads, dim=1)
            v = v.repeat_interleave(self.n_head // self.kv_heads, dim=1)
        scores = (q * self.scale) @ k.transpose(-2, -1)  # (B, H, T, S)
        if bias is not None:
            scores = scores + bias
        weights = torch.softmax(scores, dim=-1)  # the kernel accumulates in fp32
        if dropout:
            weights = F.dropout(weights, dropout)
        return weights @ v

    def _use_sdpa(self, q: Tensor) -> bool:
        if self.kernel == "auto":
            return q.device.type != "cpu"
        return self.kernel == "sdpa"


def rotation_table(length: int, head_size: int, base: float = 10_000.0) -> Rotation:
    """Cosines and sines (length, 1, D) of rotary positions (RoFormer, arXiv:2104.09864), halves paired.

    The first half of the sines is negated, so that a rotation is two products and a swap of halves.
    """
    rate = base ** (-torch.arange(0, head_size, 2) / head_size)  # (D / 2,)
    angle = torch.arange(length)[:, None, None] * rate  # (length, 1, D / 2)
    sin = angle.sin()
    return torch.cat((angle.cos(), angle.cos()), dim=-1), torch.cat((-sin, sin), dim=-1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of x (B, T, heads, D) by its position's angle."""
    half = x.shape[-1] // 2
    swapped = torch.cat((x[..., half:], x[..., :half]), dim=-1)
    return torch.addcmul(x * cos.to(x.dtype), swapped, sin.to(x.dtype))


def attention_bias(
    T: int, layout: Layout | None, cache: KVCache | None, dtype: torch.dtype, device: torch.device
) -> Tensor | None:
    """What is added to the scores: 0 where a query may look and a very negative number where it may not.

    Returns:
        (T, S), or (B, 1, T, S) with documents or padding, or None where every score counts.
    """
    start = 0 if cache is None else cache.length
    padding = None if cache is None else cache.padding
    if T == 1 and padding is None:
        return None
    visible = torch.ones(T, start + T, dtype=torch.bool, device=device).tril(start)  # (T, S)
    if layout is not None:
        visible = visible & layout.visible()
    if padding is not None:
        columns = torch.arange(start + T, device=device)
        visible = visible & (columns >= padding[:, None])[:, None, None, :]
    return torch.where(visible, 0.0, _MASKED).to(dtype)
