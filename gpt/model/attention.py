"""Causal self-attention within each document, with grouped queries and rotary positions.

Four kernels (`sdpa`, `matmul`, `flex`, `handwritten`; see `GPTConfig.attention`) compute the same result;
`python -m gpt.speed` measures which is fastest on a device.

Shapes: B rows, T new tokens, S visible tokens (cached and new), H query heads, K key heads, D head size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from gpt.errors import ConfigError
from gpt.model.config import AttentionKind
from gpt.model.kv_cache import KVCache
from gpt.model.packed_layout import PackedLayout

Rotation = tuple[Tensor, Tensor]
"""Cosines and signed sines, each (T, 1, D) or (B, T, 1, D)."""

Kernel = Literal["sdpa", "matmul", "flex", "handwritten"]

_MASKED = -1e9  # finite: a row in which everything is masked (padding) must not become NaN


class AttentionMask(NamedTuple):
    """Which tokens each query may attend to, in the form that a kernel takes; built once for all layers.

    Attributes:
        kernel: The kernel that computes attention.
        mask: `sdpa`, `matmul`: numbers added to the scores, (T, S) or (B, 1, T, S). `handwritten`: booleans of the same
            shapes, true where a score counts. `flex`: a block mask. None masks later tokens only.
    """

    kernel: Kernel
    mask: Tensor | BlockMask | None


class Attention(nn.Module):
    """Multi-head self-attention that appends to a KV cache if there is one."""

    def __init__(
        self,
        *,
        n_embd: int,
        n_head: int,
        kv_heads: int,
        qk_norm: bool,
        dropout: float,
        bias: bool,
    ) -> None:
        super().__init__()
        self.n_head, self.kv_heads, self.head_size = n_head, kv_heads, n_embd // n_head
        self.dropout = dropout
        self.qkv = nn.Linear(n_embd, (n_head + 2 * kv_heads) * self.head_size, bias=bias)
        self.proj = nn.Linear(n_embd, n_embd, bias=bias)
        # A learned gain for queries and keys: without it, bounded scores cannot get sharp enough for retrieval.
        self.gain = nn.Parameter(torch.ones(self.head_size)) if qk_norm else None
        self.scale = self.head_size**-0.5

    def forward(
        self, x: Tensor, rotation: Rotation | None, attn_mask: AttentionMask, cache: KVCache | None, layer: int
    ) -> Tensor:
        """Attend from x (B, T, C) to the cached tokens and to x itself."""
        B, T, C = x.shape
        H, K, D = self.n_head, self.kv_heads, self.head_size
        heads = self.qkv(x).view(B, T, H + 2 * K, D)
        qk, v = heads[:, :, : H + K], heads[:, :, H + K :]
        qk = self._normalize_and_rotate(qk, rotation).transpose(1, 2)  # (B, H + K, T, D)
        q, k, v = qk[:, :H], qk[:, H:], v.transpose(1, 2)
        if cache is not None:
            k, v = cache.append(layer, k, v)  # (B, K, S, D)
        y = self._attend(q, k, v, attn_mask)  # (B, H, T, D)
        out: Tensor = self.proj(y.transpose(1, 2).reshape(B, T, C))
        return out

    def _normalize_and_rotate(self, qk: Tensor, rotation: Rotation | None) -> Tensor:
        """Apply QK norm and rotary positions to queries and keys (B, T, H + K, D).

        A rotation preserves vector length, so normalization can come last, and the gain is multiplied into the small
        cosine and sine table. This takes two passes over the activations instead of ten. Vector lengths are computed
        in fp32, whatever the activations' dtype.
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

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, attn_mask: AttentionMask) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        grouped, mask = self.kv_heads != self.n_head, attn_mask.mask
        if isinstance(mask, BlockMask):
            return _flex_attention(q, k, v, mask, grouped)
        if attn_mask.kernel == "sdpa":
            # Without a mask the kernel applies causality itself, and no T × S tensor is allocated.
            causal = mask is None and q.shape[2] > 1
            return F.scaled_dot_product_attention(
                q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=causal, enable_gqa=grouped
            )
        if grouped:
            k = k.repeat_interleave(self.n_head // self.kv_heads, dim=1)
            v = v.repeat_interleave(self.n_head // self.kv_heads, dim=1)
        if attn_mask.kernel == "handwritten":
            return _handwritten_attention(q, k, v, mask, dropout)
        scores = (q * self.scale) @ k.transpose(-2, -1)  # (B, H, T, S)
        if mask is not None:
            scores = scores + mask
        weights = torch.softmax(scores, dim=-1)  # the kernel accumulates in fp32
        if dropout:
            weights = F.dropout(weights, dropout)
        return weights @ v


def _handwritten_attention(q: Tensor, k: Tensor, v: Tensor, visible: Tensor | None, dropout: float) -> Tensor:
    """softmax(q k^T / sqrt(D)) v as in Vaswani et al. 2017, one operation after another, with T × S scores in fp32."""
    scores = (q @ k.transpose(-2, -1)).float() / q.shape[-1] ** 0.5  # (B, H, T, S)
    if visible is not None:
        scores = scores.masked_fill(~visible, _MASKED)
    weights = torch.softmax(scores, dim=-1)
    weights = F.dropout(weights, dropout)
    return weights.to(v.dtype) @ v


def _flex_attention(q: Tensor, k: Tensor, v: Tensor, mask: BlockMask, grouped: bool) -> Tensor:
    y = _compiled_unless_compiling(flex_attention)(q, k, v, block_mask=mask, enable_gqa=grouped)
    assert isinstance(y, Tensor)
    return y


def _compiled_unless_compiling(function: Callable[..., object]) -> Callable[..., object]:
    return function if torch.compiler.is_compiling() else _compiled(function)


@functools.cache
def _compiled(function: Callable[..., object]) -> Callable[..., object]:
    """Compile on first use: FlexAttention in eager mode materializes the T × T scores that it should avoid."""
    return torch.compile(function)


def rotation_table(length: int, head_size: int, base: float = 10_000.0) -> Rotation:
    """Cosines and sines (length, 1, D) of rotary positions (RoFormer, arXiv:2104.09864).

    Dimension i is paired with dimension i + D / 2. The first half of the sines is negated, so that a rotation takes
    two products and a swap of halves.
    """
    rate = base ** (-torch.arange(0, head_size, 2) / head_size)  # (D / 2,)
    angle = torch.arange(length)[:, None, None] * rate  # (length, 1, D / 2)
    sin = angle.sin()
    return torch.cat((angle.cos(), angle.cos()), dim=-1), torch.cat((-sin, sin), dim=-1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate each pair of dimensions of x (B, T, heads, D) by its position's angle."""
    half = x.shape[-1] // 2
    swapped = torch.cat((x[..., half:], x[..., :half]), dim=-1)
    return torch.addcmul(x * cos.to(x.dtype), swapped, sin.to(x.dtype))


def choose_kernel(attention: AttentionKind, device: torch.device, *, cached: bool = False) -> Kernel:
    """Return the kernel for a config's `attention`.

    `flex` only reads whole rows, without a cache. With a cache, or without gradients on a device other than CUDA, it
    falls back to the choice of `auto`, so that a model trained with it decodes on any device.

    Raises:
        ConfigError: `flex` is used for training on a device where it has no backward pass.
    """
    if attention == "flex" and not cached and device.type != "cuda" and torch.is_grad_enabled():
        raise ConfigError(
            f"attention 'flex' cannot train on device '{device.type}': FlexAttention has its backward pass on CUDA "
            "only; use 'auto'"
        )
    if attention == "auto" or (attention == "flex" and (cached or device.type != "cuda")):
        return "matmul" if device.type == "cpu" else "sdpa"
    return attention


def attention_mask(
    attention: AttentionKind,
    T: int,
    layout: PackedLayout | None,
    cache: KVCache | None,
    dtype: torch.dtype,
    device: torch.device,
) -> AttentionMask:
    """Build the mask of T new tokens: each attends to its document's tokens up to itself, and never to padding.

    Args:
        attention: A config's `attention`.
        T: New tokens of each row.
        layout: Documents and branches of the rows; None if each row is one document.
        cache: Tokens already read.
        dtype: Data type of the scores.
        device: The model's device.
    """
    kernel = choose_kernel(attention, device, cached=cache is not None)
    if kernel == "flex":
        return AttentionMask(kernel, block_mask(T, layout, device))
    start = 0 if cache is None else cache.length
    padding = None if cache is None else cache.padding
    if padding is None and (T == 1 or (kernel == "sdpa" and layout is None and start == 0)):
        return AttentionMask(kernel, None)
    visible = torch.ones(T, start + T, dtype=torch.bool, device=device).tril(start)  # (T, S)
    if layout is not None:
        visible = visible & layout.visible()
    if padding is not None:
        columns = torch.arange(start + T, device=device)
        visible = visible & (columns >= padding[:, None])[:, None, None, :]
    return AttentionMask(kernel, visible if kernel == "handwritten" else torch.where(visible, 0.0, _MASKED).to(dtype))


def block_mask(T: int, layout: PackedLayout | None, device: torch.device) -> BlockMask:
    """Build FlexAttention's mask: the T × T blocks that contain a visible pair, and the rule within a block."""
    if layout is None:
        return _create_mask(_causal, None, T, device)
    document, prefix = layout.document, layout.prefix

    def visible(b: Tensor, h: Tensor, query: Tensor, key: Tensor) -> Tensor:
        key_document = document[b, key]
        return (query >= key) & ((key_document == document[b, query]) | (key_document == prefix[b, query]))

    return _create_mask(visible, document.shape[0], T, device)


def _causal(b: Tensor, h: Tensor, query: Tensor, key: Tensor) -> Tensor:
    return query >= key


def _create_mask(mask_mod: Callable[..., Tensor], rows: int | None, T: int, device: torch.device) -> BlockMask:
    # Compiled, it never allocates rows × T × T booleans; on the CPU (tests only) compiling would just cost time.
    create = _compiled_unless_compiling(create_block_mask) if device.type == "cuda" else create_block_mask
    mask = create(mask_mod, rows, None, T, T, device=device)
    assert isinstance(mask, BlockMask)
    return mask


@torch.no_grad()
def orthogonalize_heads(attention: Attention, std: float) -> None:
    """Redraw the query, key and value weights so that all rows of each are orthogonal, within and across heads.

    Row lengths match the mean row length of a normal distribution with standard deviation `std`.
    """
    H, K, D = attention.n_head, attention.kv_heads, attention.head_size
    for part in torch.split(attention.qkv.weight, [H * D, K * D, K * D]):
        nn.init.orthogonal_(part, gain=std * part.shape[1] ** 0.5)
