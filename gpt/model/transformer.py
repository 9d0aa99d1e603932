"""The GPT: a decoder-only transformer. Its layers are in this file and `attention.py`.

It is nanoGPT's model with changes that help small models: rotary positions, RMS norms without weights, normalized
queries and keys, squared ReLU, zero-initialized projections into the residual stream (modded-nanogpt, nanochat), and
learned embeddings of the previous tokens at every position. With the latter, the first layers need not collect previous
tokens by attention, and retrieval from the context becomes much easier to learn.

Shapes: B rows of a batch, T tokens, C = n_embd, V = vocab_size, N targets with loss (those not -1),
k = previous_tokens.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.errors import ContextError
from gpt.model.attention import Attention, AttentionMask, Rotation, attention_mask, orthogonalize_heads, rotation_table
from gpt.model.config import GPTConfig
from gpt.model.inserted_embeddings import InsertedEmbeddings
from gpt.model.kv_cache import KVCache
from gpt.model.packed_layout import PackedLayout

__all__ = ["GPT", "IGNORE_INDEX", "GPTConfig", "check_token_ids"]

IGNORE_INDEX = -1
"""Value of `targets` at positions without loss."""

_INIT_STD = 0.02
_HEAD_INIT_STD = 0.001


class Norm(nn.Module):
    """RMSNorm without weights, or LayerNorm with a weight; always computed in fp32."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.shape = (config.n_embd,)
        self.rms = config.norm == "rms"
        self.weight = None if self.rms else nn.Parameter(torch.ones(config.n_embd))
        self.bias = nn.Parameter(torch.zeros(config.n_embd)) if config.bias and not self.rms else None

    def forward(self, x: Tensor) -> Tensor:
        """Normalize the last dimension."""
        if self.rms:
            return F.rms_norm(x, self.shape, None, 1e-6)
        return F.layer_norm(x, self.shape, self.weight, self.bias, 1e-5)


class MLP(nn.Module):
    """Feed-forward part of a block; for every activation it has as many parameters as a hidden width of 4 C."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.activation = config.mlp
        hidden = 4 * config.n_embd
        if self.activation == "swiglu":  # two input matrices: two thirds of the width have the same cost
            hidden = max(64, 64 * round(2 * hidden / 3 / 64))
        self.fc = nn.Linear(config.n_embd, hidden * (2 if self.activation == "swiglu" else 1), bias=config.bias)
        self.proj = nn.Linear(hidden, config.n_embd, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (B, T, C)."""
        x = self.fc(x)
        if self.activation == "relu2":
            x = F.relu(x).square()
        elif self.activation == "gelu":
            x = F.gelu(x)
        elif self.activation == "gelu_tanh":
            x = F.gelu(x, approximate="tanh")
        else:
            gate, value = x.chunk(2, dim=-1)
            x = F.silu(gate) * value
        out: Tensor = self.proj(x)
        return out


class Block(nn.Module):
    """Pre-norm transformer block: attention and MLP, each added to the residual stream."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.norm_1 = Norm(config)
        self.attention = Attention(
            n_embd=config.n_embd,
            n_head=config.n_head,
            kv_heads=config.kv_heads,
            qk_norm=config.qk_norm,
            dropout=config.dropout,
            bias=config.bias,
        )
        self.norm_2 = Norm(config)
        self.mlp = MLP(config)

    def forward(
        self,
        x: Tensor,
        rotation: Rotation | None,
        attn_mask: AttentionMask,
        cache: KVCache | None = None,
        layer: int = 0,
    ) -> Tensor:
        """Apply to (B, T, C)."""
        y = self.attention(self.norm_1(x), rotation, attn_mask, cache, layer)
        if self.dropout:
            y = F.dropout(y, self.dropout, self.training)
        x = x + y
        y = self.mlp(self.norm_2(x))
        if self.dropout:
            y = F.dropout(y, self.dropout, self.training)
        out: Tensor = x + y
        return out


class GPT(nn.Module):
    """A decoder-only transformer over token ids."""

    offsets: Tensor  # (k,) index in the table where the embeddings of each previous token start
    cos: Tensor  # (block_size, 1, D)
    sin: Tensor  # (block_size, 1, D), signed
    waves: Tensor  # (block_size, C) sinusoidal positions

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        k = config.previous_tokens
        # One table with a part for each of the k previous tokens; id V in each part means "no token".
        self.previous = nn.Embedding(k * (config.vocab_size + 1), config.n_embd) if k else None
        self.wpe = nn.Embedding(config.block_size, config.n_embd) if config.position == "learned" else None
        self.embedding_norm = Norm(config) if config.embedding_norm else None
        blocks = [Block(config) for _ in range(config.n_layer)]
        self.blocks = nn.ModuleList(blocks)
        self.final_norm = Norm(config)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self._init_weights(blocks)
        if config.tie_weights:
            self.head.weight = self.wte.weight
        offsets = torch.arange(k) * (config.vocab_size + 1)
        self.register_buffer("offsets", offsets, persistent=False)
        if config.position == "rotary":
            cos, sin = rotation_table(config.block_size, config.head_size)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)
        elif config.position == "sinusoidal":
            waves = _sinusoids(config.block_size, config.n_embd)
            self.register_buffer("waves", waves, persistent=False)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.wte.weight.device

    @property
    def n_parameters(self) -> int:
        """Number of trainable parameters; shared tables are counted once."""
        return sum(p.numel() for p in self.parameters())

    def forward(
        self,
        idx: Tensor,
        targets: Tensor | None = None,
        layout: PackedLayout | None = None,
        positions: Tensor | None = None,
        cache: KVCache | None = None,
        inserted: InsertedEmbeddings | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Predict the next token at every position.

        Args:
            idx: (B, T) int64 token ids.
            targets: (B, T) int64 next tokens, -1 where there is no loss.
            layout: The document of each token; by default each row is one document.
            positions: (B, T) positions in the context; by default the layout's, or counted from the start of the cache.
            cache: Keys and values of earlier tokens; the new ones are appended.
            inserted: Vectors that replace some token embeddings, from an image or sound encoder.

        Returns:
            Without targets, logits (B, T, V) and None. With targets, logits (N, V) at the targets with loss only, in
            reading order, and their mean loss in fp32 (0 if there are none).

        Raises:
            ContextError: Ids or targets have another shape or type, are too many, or (checked on the CPU only, where
                it costs no synchronization) are not in the vocabulary.
        """
        if targets is not None and targets.shape != idx.shape:
            raise ContextError(f"targets have shape {tuple(targets.shape)}; idx has {tuple(idx.shape)}")
        x = self.trunk(idx, layout, positions, cache, inserted)
        if targets is None:
            logits: Tensor = self.head(x)  # (B, T, V)
            return logits, None
        return self.logits_and_loss(x, targets)

    def trunk(
        self,
        idx: Tensor,
        layout: PackedLayout | None = None,
        positions: Tensor | None = None,
        cache: KVCache | None = None,
        inserted: InsertedEmbeddings | None = None,
    ) -> Tensor:
        """Compute the head's input, the normalized residual stream (B, T, C); arguments as in `forward`.

        Its shapes are static, so this is the part that `torch.compile` compiles.
        """
        if idx.ndim != 2 or 0 in idx.shape:
            raise ContextError(f"idx has shape {tuple(idx.shape)}; expected (B, T), rows of at least one token")
        check_token_ids(idx, self.config.vocab_size, "idx")
        T = idx.shape[1]
        start = 0 if cache is None else cache.length
        if start + T > self.config.block_size:
            raise ContextError(f"{start} + {T} tokens do not fit into block_size {self.config.block_size}")
        if cache is not None and start + T > cache.capacity:
            raise ContextError(f"{start} + {T} tokens do not fit into a cache of {cache.capacity}")
        if cache is not None and cache.rows != idx.shape[0]:
            raise ContextError(f"idx has {idx.shape[0]} rows; the cache has {cache.rows}")
        if positions is not None and self.device.type == "cpu" and not torch.compiler.is_compiling():
            self._check_positions(positions)  # on a GPU the check would force a synchronization
        if cache is not None:
            cache.append_tokens(idx)
            if positions is None and cache.padding is not None:
                positions = (torch.arange(start, start + T, device=idx.device) - cache.padding[:, None]).clamp_min(0)
        if layout is not None and positions is None:
            positions = layout.positions
        x = self._embed(idx, layout, positions, cache, inserted)
        rotation = self._rotation(positions, start, T)
        attn_mask = attention_mask(self.config.attention, T, layout, cache, self._compute_dtype(), idx.device)
        for layer, block in enumerate(self.blocks):
            x = block(x, rotation, attn_mask, cache, layer)
        if cache is not None:
            cache.length = start + T
        normed: Tensor = self.final_norm(x)
        return normed

    def logits_and_loss(self, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, V) and mean loss at the targets with loss; the head skips all other positions."""
        check_token_ids(targets, self.config.vocab_size, "targets", least=IGNORE_INDEX)
        has_loss = targets != IGNORE_INDEX
        logits: Tensor = self.head(x[has_loss])  # (N, V)
        total = F.cross_entropy(logits.float(), targets[has_loss], reduction="sum")
        return logits, total / max(1, logits.shape[0])

    def _embed(
        self,
        idx: Tensor,
        layout: PackedLayout | None,
        positions: Tensor | None,
        cache: KVCache | None,
        inserted: InsertedEmbeddings | None,
    ) -> Tensor:
        T = idx.shape[1]
        x = self.wte(idx)  # (B, T, C)
        if inserted is not None:
            x = inserted.insert_into(x)
        if self.previous is not None:
            x = x + self.previous(self._previous_ids(idx, layout, cache)).sum(dim=2)
        if self.config.position != "rotary":
            start = 0 if cache is None else cache.length
            table = self.waves if self.wpe is None else self.wpe.weight
            x = x + (table[start : start + T] if positions is None else table[positions])
        if self.embedding_norm is not None:
            x = self.embedding_norm(x)
        return F.dropout(x, self.config.dropout, self.training) if self.config.dropout else x

    def _previous_ids(self, idx: Tensor, layout: PackedLayout | None, cache: KVCache | None) -> Tensor:
        k, T, no_token_id = self.config.previous_tokens, idx.shape[1], self.config.vocab_size
        if layout is not None:
            return layout.previous(idx, k, no_token_id) + self.offsets
        if cache is not None:
            context = cache.tokens[:, cache.length : cache.length + T + k]
        else:
            context = F.pad(idx, (k, 0), value=no_token_id)  # (B, k + T)
        return context.unfold(1, k, 1)[:, :T] + self.offsets  # (B, T, k): the k tokens before each, oldest first

    def _rotation(self, positions: Tensor | None, start: int, T: int) -> Rotation | None:
        if self.config.position != "rotary":
            return None
        if positions is None:
            return self.cos[start : start + T], self.sin[start : start + T]
        return self.cos[positions], self.sin[positions]

    def _check_positions(self, positions: Tensor) -> None:
        lowest, highest = (int(position) for position in positions.aminmax())
        if lowest < 0 or highest >= self.config.block_size:
            raise ContextError(
                f"positions {lowest}..{highest} are not all in 0..{self.config.block_size - 1} (block_size - 1)"
            )

    def _compute_dtype(self) -> torch.dtype:
        device_type = self.device.type
        return (
            torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else self.wte.weight.dtype
        )

    def _init_weights(self, blocks: list[Block]) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=_INIT_STD)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        for block in blocks:
            nn.init.zeros_(block.attention.proj.weight)
            nn.init.zeros_(block.mlp.proj.weight)
            if self.config.head_init == "orthogonal":
                orthogonalize_heads(block.attention, _INIT_STD)
        nn.init.normal_(self.head.weight, std=_HEAD_INIT_STD)


def check_token_ids(ids: Tensor, vocab_size: int, name: str, *, least: int = 0) -> None:
    """Check that a tensor holds token ids; their values only on the CPU, where it costs no synchronization.

    Args:
        ids: Any shape.
        vocab_size: Of the model.
        name: What a message calls the tensor.
        least: The lowest value, 0 or `IGNORE_INDEX`.

    Raises:
        ContextError: They have another type or are not in the vocabulary; the message names the first and its place.
    """
    if ids.dtype not in (torch.int64, torch.int32):
        raise ContextError(f"{name} holds {str(ids.dtype).removeprefix('torch.')}; token ids are int64")
    if ids.device.type != "cpu" or torch.compiler.is_compiling() or not ids.numel():
        return
    lowest, highest = ids.aminmax()
    if int(lowest) < least or int(highest) >= vocab_size:
        where = tuple(((ids < least) | (ids >= vocab_size)).nonzero()[0].tolist())
        ignored = "" if least == 0 else f", or {IGNORE_INDEX} where there is no loss"
        raise ContextError(
            f"{name} holds {int(ids[where])} at {where} (row, position): ids are in 0..{vocab_size - 1} "
            f"(vocab_size - 1){ignored}"
        )


def _sinusoids(length: int, width: int) -> Tensor:
    """Sinusoidal positions (Vaswani et al. 2017, section 3.5), scaled to the size of initial token embeddings."""
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))  # (C / 2,)
    angle = torch.arange(length)[:, None] * rate  # (length, C / 2)
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1) * (_INIT_STD * math.sqrt(2))
