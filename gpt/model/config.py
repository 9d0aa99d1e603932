"""Configuration of a GPT: its shape and architecture options."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Literal, get_args

from gpt.errors import ConfigError

PositionKind = Literal["rotary", "learned", "sinusoidal"]
NormKind = Literal["rms", "layer"]
MLPKind = Literal["relu2", "gelu", "gelu_tanh", "swiglu"]
AttentionKind = Literal["auto", "sdpa", "matmul", "flex", "handwritten"]
HeadInitKind = Literal["shared", "orthogonal"]

_CHOICES = {
    "position": PositionKind,
    "norm": NormKind,
    "mlp": MLPKind,
    "attention": AttentionKind,
    "head_init": HeadInitKind,
}
MAX_BLOCK_SIZE = 65_536  # bounds the size of position tables and caches, which does not depend on the weights
_SWITCHES = ("qk_norm", "tie_weights", "bias", "embedding_norm")


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """Shape and architecture options of a GPT.

    Args:
        vocab_size: Number of token ids; multiples of 64 are faster.
        n_layer: Transformer blocks.
        n_head: Query heads; divides `n_embd`.
        n_embd: Width of the residual stream.
        block_size: Maximum context in tokens, up to `MAX_BLOCK_SIZE`.
        dropout: Dropout probability in training, in [0, 1).
        position: Position encoding.
        norm: `rms` is RMSNorm without weights, `layer` LayerNorm with a weight.
        mlp: Activation of the feed-forward part; `gelu_tanh` is GPT-2's approximation of `gelu`.
        qk_norm: Normalize queries and keys, which allows a larger learning rate.
        tie_weights: Share the token embedding with the output head.
        previous_tokens: Add embeddings of this many previous tokens of the same document at every position.
        attention: `sdpa` is PyTorch's fused kernel; `matmul` uses batched matrix products; `flex` is FlexAttention,
            which skips blocks between packed documents (training on CUDA, no dropout); `handwritten` is the textbook
            formula, for comparison; `auto` chooses the faster of the first two for the device (`python -m gpt.speed`).
        bias: Biases in linear layers and layer norms.
        n_kv_head: Key and value heads, if fewer than `n_head` (grouped-query attention); divides `n_head`.
        embedding_norm: Normalize the sum of embeddings before the first block; GPT-2 does not.
        head_init: `orthogonal` initializes each layer's queries, keys and values with orthogonal rows; `shared` draws
            all from one normal distribution.
    """

    vocab_size: int
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 256
    block_size: int = 512
    dropout: float = 0.0
    position: PositionKind = "rotary"
    norm: NormKind = "rms"
    mlp: MLPKind = "relu2"
    qk_norm: bool = True
    tie_weights: bool = True
    previous_tokens: int = 2
    attention: AttentionKind = "auto"
    bias: bool = False
    n_kv_head: int | None = None
    embedding_norm: bool = True
    head_init: HeadInitKind = "shared"

    def __post_init__(self) -> None:
        for name in ("vocab_size", "n_layer", "n_head", "n_embd", "block_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(f"{name} is {value!r}; it must be a whole number of at least 1")
        if self.block_size > MAX_BLOCK_SIZE:
            raise ConfigError(f"block_size is {self.block_size}; it is at most {MAX_BLOCK_SIZE}")
        if not isinstance(self.previous_tokens, int) or not 0 <= self.previous_tokens < self.block_size:
            raise ConfigError(
                f"previous_tokens is {self.previous_tokens!r}; it must be in 0..{self.block_size - 1} (block_size - 1)"
            )
        if not isinstance(self.dropout, float | int) or not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"dropout is {self.dropout!r}; it must be at least 0 and less than 1")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in get_args(choices):
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(get_args(choices))}"
                )
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be true or false")
        if self.attention == "flex" and self.dropout:
            raise ConfigError(
                f"attention 'flex' does not support dropout; dropout is {self.dropout}: use 'sdpa', or dropout 0.0"
            )
        if self.n_embd % self.n_head:
            raise ConfigError(f"n_embd {self.n_embd} is not a multiple of n_head {self.n_head}")
        if self.position == "rotary" and self.head_size % 2:
            raise ConfigError(
                f"rotary positions need an even head size; n_embd / n_head = {self.n_embd} / {self.n_head} = "
                f"{self.head_size}"
            )
        if self.position == "sinusoidal" and self.n_embd % 2:
            raise ConfigError(f"sinusoidal positions need an even n_embd; it is {self.n_embd}")
        kv_heads = self.n_kv_head
        if kv_heads is not None and (not isinstance(kv_heads, int) or kv_heads < 1 or self.n_head % kv_heads):
            raise ConfigError(f"n_kv_head is {kv_heads!r}; it must divide n_head, which is {self.n_head}")

    @property
    def head_size(self) -> int:
        """Width of one head."""
        return self.n_embd // self.n_head

    @property
    def kv_heads(self) -> int:
        """Number of key and value heads."""
        return self.n_head if self.n_kv_head is None else self.n_kv_head

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> GPTConfig:
        """Build a config from plain values, for example from a JSON file.

        Raises:
            ConfigError: A key is unknown or missing, or a value is wrong.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            close_matches = difflib.get_close_matches(unknown[0], known, n=1)
            hint = (
                f"; did you mean {close_matches[0]!r}?"
                if close_matches
                else f"; the settings are {', '.join(sorted(known))}"
            )
            raise ConfigError(f"unknown model setting {unknown[0]!r}{hint}")
        if "vocab_size" not in values:
            raise ConfigError("the model config has no vocab_size")
        return cls(**values)  # type: ignore[arg-type]
