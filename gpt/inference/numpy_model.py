"""The GPT of `gpt.model.transformer` in numpy, for decoding on a CPU: same results, no torch, no compiler.

Work that is the same for every token is done when the weights are loaded: layer-norm gains and the attention scale are
folded into the following weights, and head dimensions are reordered so that a rotation is one complex product. While
decoding, the last block is computed for the last token only, and the second product of a ReLU² MLP only for the nonzero
units.

Shapes: M tokens read together (of one context or many), R contexts, C = n_embd, V = vocab_size, H query heads, K key
heads, D head size, k previous tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gpt.inference.dense import Dense, SparseDense, activate, layer_norm, rms_norm
from gpt.inference.numpy_session import NumpySession
from gpt.inference.session import Memory
from gpt.model.config import GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.adapter import Adapter, merged
from gpt.weights.model_folder import Floats, Ints, check_shapes, read_folder

if TYPE_CHECKING:
    from gpt.model.transformer import GPT

MAX_CACHED_MASK = 1024  # maximum number of tokens read together for which the mask is precomputed
_INIT_STD = 0.02  # as in `gpt.model.transformer`; the scale of sinusoidal positions


@dataclass(frozen=True, kw_only=True)
class _Layer:
    qkv: Dense
    q: Dense  # views of qkv
    kv: Dense
    gain: Floats | None  # (D,)
    proj: Dense
    fc: Dense
    out: Dense


class NumpyModel:
    """The weights in the layout used for decoding; contexts are `NumpySession` and `NumpyBatch`.

    Reading does not modify it, so threads can share it.
    """

    def __init__(self, config: GPTConfig, arrays: dict[str, Floats]) -> None:
        """Prepare arrays named as in a checkpoint.

        Raises:
            CheckpointError: Names or shapes do not match the config.
        """
        check_shapes(config, {name: array.shape for name, array in arrays.items()}, "the weights")
        self.config = config
        C, D, V = config.n_embd, config.head_size, config.vocab_size
        self._norm = rms_norm if config.norm == "rms" else layer_norm
        self.embedding = arrays["wte.weight"]  # (V, C)
        self.previous = arrays.get("previous.weight")  # (k (V + 1), C)
        self.offsets = np.arange(config.previous_tokens) * (V + 1)
        self.position_table = arrays.get("wpe.weight")  # (block_size, C)
        if config.position == "sinusoidal":
            self.position_table = _sinusoids(config.block_size, C)
        self.rotation = _rotations(config.block_size, D) if config.position == "rotary" else None
        self._causal_mask = _causal_mask(min(config.block_size, MAX_CACHED_MASK))
        self.embedding_scale = _norm_parameters("embedding_norm", arrays)
        # For normalized queries and keys: a head's length becomes sqrt(D), and scores are divided by sqrt(D).
        self._lengths = np.full(config.n_head + config.kv_heads, D**0.5, np.float32)
        self._lengths[: config.n_head] = 1.0
        self.layers = [self._layer(f"blocks.{i}", arrays) for i in range(config.n_layer)]
        last_norm = _norm_parameters("final_norm", arrays)
        self.head = _fold_norm(arrays.get("head.weight", self.embedding), None, last_norm)
        shared = last_norm is None and "head.weight" not in arrays
        self.head_rows = self.embedding if shared else np.ascontiguousarray(self.head.weight)  # (V, C)

    @classmethod
    def load(
        cls, folder: Path | str, adapter: Adapter | None = None
    ) -> tuple[NumpyModel, Tokenizer, dict[str, object]]:
        """Read a model folder; returns the model, its tokenizer and the saved `extra`.

        Args:
            folder: The model.
            adapter: Merged into the weights.

        Raises:
            CheckpointError: A file is missing, truncated, of another format, or does not match the others; or the
                adapter was trained on other weights.
        """
        config, arrays, tokenizer, extra = read_folder(folder)
        if adapter is not None:
            arrays = merged(arrays, adapter)
        return cls(config, arrays), tokenizer, extra

    @classmethod
    def from_torch(cls, model: GPT) -> NumpyModel:
        """Convert a PyTorch model; later changes to it have no effect here."""
        from gpt.weights.checkpoint import weights_of  # imports torch, which the caller has already imported

        weights = {name: tensor.float().cpu().numpy().copy() for name, tensor in weights_of(model).items()}
        return cls(model.config, weights)

    def begin(self) -> NumpySession:
        """Return an empty context."""
        return NumpySession(self)

    def causal_mask(self, length: int) -> Floats:
        """Return the mask added to scores (length, length) that hides later tokens."""
        return self._causal_mask[:length, :length] if length <= len(self._causal_mask) else _causal_mask(length)

    @property
    def nbytes(self) -> int:
        """Bytes of weights in memory; shared arrays are counted once."""
        arrays = [self.embedding, self.previous, self.position_table, self.rotation]
        total = sum(a.nbytes for a in arrays if a is not None)
        for layer in self.layers:
            total += layer.qkv.nbytes + layer.proj.nbytes + layer.fc.nbytes + layer.out.nbytes
        return total + self.head.nbytes + (0 if self.head_rows is self.embedding else self.head_rows.nbytes)

    def read(
        self,
        ids: Ints,
        previous_ids: Ints,
        positions: Ints,
        memory: Memory,
        ends: Ints | None,
        vectors: Floats | None = None,
    ) -> Floats:
        """Read tokens of R contexts.

        Args:
            ids: (M,) token ids; those of a context are adjacent and in order.
            previous_ids: (M, k) the tokens before each, oldest first, V where there is none.
            positions: (M,) position of each token in its context.
            memory: The contexts' keys and values.
            ends: (R,) index in `ids` of each context's last token; None: what is returned is of all tokens, (M, C).
            vectors: (M, C) replacements of the token embeddings, from an image or sound encoder.

        Returns:
            (R, C) the normalized residual stream at the last tokens, which the head reads.
        """
        config = self.config
        H, D = config.n_head, config.head_size
        x = self._embed(self.embedding[ids] if vectors is None else vectors.copy(), previous_ids, positions)
        rotation = None if self.rotation is None else self.rotation[positions]  # (M, 1, D / 2)
        single = ends is not None and len(ends) == len(ids)  # one token in each context
        for number, layer in enumerate(self.layers):
            h = self._norm(x)
            if number < config.n_layer - 1 or ends is None or single:
                heads = layer.qkv(h).reshape(len(h), -1, D)
                qk, v = heads[:, : H + config.kv_heads], heads[:, H + config.kv_heads :]
                self._normalize_and_rotate(qk, layer.gain, rotation, self._lengths)
                y = memory.attend(number, qk[:, :H], qk[:, H:], v, last=single)
            else:  # only the last tokens are needed from here on
                kv = layer.kv(h).reshape(len(h), -1, D)
                k, v = kv[:, : config.kv_heads], kv[:, config.kv_heads :]
                q = layer.q(h[ends]).reshape(len(ends), -1, D)
                self._normalize_and_rotate(k, layer.gain, rotation, self._lengths[H:])
                self._normalize_and_rotate(
                    q, layer.gain, None if rotation is None else rotation[ends], self._lengths[:H]
                )
                y = memory.attend(number, q, k, v, last=True)
                x = x[ends]
            x += layer.proj(y)
            x += layer.out(activate(config.mlp, layer.fc(self._norm(x))))
        return self._norm(x)

    def placeholder_vectors(self, ids: Sequence[int], placeholder: int) -> Floats:
        """Return vectors (N, C) to be inserted at placeholders in place of these N tokens.

        Each is a token embedding plus the embeddings of its previous tokens, minus the embeddings that will be added
        for the placeholders as previous tokens. The audio encoder adds sound features to these vectors.
        """
        embedded: Floats = self.embedding[list(ids)]
        if self.previous is not None:
            k, no_token_id = self.config.previous_tokens, self.config.vocab_size
            padded = np.array([no_token_id] * k + list(ids), np.int64)
            for index in range(k):
                embedded += self.previous[padded[index : index + len(ids)] + self.offsets[index]]
                embedded -= self.previous[placeholder + self.offsets[index]]
        return embedded

    def logits(self, x: Floats, candidate_ids: Ints | None = None) -> Floats:
        """(R, V) from the output of `read`; with `candidate_ids`, of these ids only, (R, len(candidate_ids))."""
        if candidate_ids is None:
            return self.head(x)
        logits: Floats = x @ self.head_rows[candidate_ids].T
        return logits if self.head.bias is None else logits + self.head.bias[candidate_ids]

    def _embed(self, x: Floats, previous_ids: Ints, positions: Ints) -> Floats:
        """Add previous-token embeddings and positions to the token embeddings (M, C), in place."""
        if self.previous is not None:
            for ids in (previous_ids + self.offsets).T:
                x += self.previous[ids]
        if self.position_table is not None:
            x += self.position_table[positions]
        if self.config.embedding_norm:
            x = self._norm(x)
            if self.embedding_scale is not None:
                weight, bias = self.embedding_scale
                x *= weight
                x += bias
        return x

    def _normalize_and_rotate(
        self, heads: Floats, gain: Floats | None, rotation: npt.NDArray[np.complex64] | None, lengths: Floats
    ) -> None:
        """Normalize and rotate heads (M, n, D) in place."""
        inverse = None
        if gain is not None:
            length = np.sqrt(np.einsum("mnd,mnd->mn", heads, heads))
            inverse = lengths / (length + np.float32(1e-6))
            heads *= gain
        if rotation is not None:
            pairs = heads.view(np.complex64)  # (M, n, D / 2)
            pairs *= rotation
        if inverse is not None:
            heads *= inverse[:, :, None]

    def _layer(self, name: str, arrays: dict[str, Floats]) -> _Layer:
        config = self.config
        C, D, n_q = config.n_embd, config.head_size, config.n_head * config.head_size
        weight, bias = arrays[f"{name}.attention.qkv.weight"].copy(), arrays.get(f"{name}.attention.qkv.bias")
        bias = None if bias is None else bias.copy()
        gain = arrays.get(f"{name}.attention.gain")
        order = np.arange(D)
        if config.position == "rotary":  # the two halves become adjacent: real and imaginary part of a complex number
            order = order.reshape(2, D // 2).T.reshape(-1)
            n_rotated = n_q + config.kv_heads * D
            weight[:n_rotated] = weight[:n_rotated].reshape(-1, D, C)[:, order].reshape(n_rotated, C)
            if bias is not None:
                bias[:n_rotated] = bias[:n_rotated].reshape(-1, D)[:, order].reshape(-1)
        if gain is None:
            weight[:n_q] *= np.float32(D**-0.5)
            if bias is not None:
                bias[:n_q] *= np.float32(D**-0.5)
        qkv = _fold_norm(weight, bias, _norm_parameters(f"{name}.norm_1", arrays))
        out = (SparseDense if config.mlp == "relu2" else Dense)(
            arrays[f"{name}.mlp.proj.weight"], arrays.get(f"{name}.mlp.proj.bias")
        )
        return _Layer(
            qkv=qkv,
            q=qkv.part(0, n_q),
            kv=qkv.part(n_q, len(weight)),
            gain=None if gain is None else gain[order],
            proj=Dense(arrays[f"{name}.attention.proj.weight"], arrays.get(f"{name}.attention.proj.bias")),
            fc=_fold_norm(
                arrays[f"{name}.mlp.fc.weight"],
                arrays.get(f"{name}.mlp.fc.bias"),
                _norm_parameters(f"{name}.norm_2", arrays),
            ),
            out=out,
        )


def _norm_parameters(name: str, arrays: dict[str, Floats]) -> tuple[Floats, Floats] | None:
    """Weight and bias of a norm; None if it has no weight."""
    weight = arrays.get(f"{name}.weight")
    return None if weight is None else (weight, arrays.get(f"{name}.bias", np.zeros_like(weight)))


def _fold_norm(weight: Floats, bias: Floats | None, norm: tuple[Floats, Floats] | None) -> Dense:
    """Fold a norm's weight and bias into the following product."""
    if norm is None:
        return Dense(weight, bias)
    shifted_bias = weight @ norm[1]
    return Dense(weight * norm[0], shifted_bias if bias is None else shifted_bias + bias)


def _causal_mask(length: int) -> Floats:
    return np.triu(np.full((length, length), -np.inf, np.float32), 1)


def _rotations(length: int, head_size: int) -> npt.NDArray[np.complex64]:
    """(length, 1, D / 2) complex numbers that rotate pairs by rotary positions (RoFormer, arXiv:2104.09864)."""
    rate = np.float32(10_000.0) ** (-np.arange(0, head_size, 2, dtype=np.float32) / np.float32(head_size))
    angle = np.arange(length, dtype=np.float32)[:, None, None] * rate
    return np.cos(angle) + np.complex64(1j) * np.sin(angle)


def _sinusoids(length: int, width: int) -> Floats:
    """Sinusoidal positions (Vaswani et al. 2017, section 3.5), in fp32 and scaled as in `gpt.model.transformer`."""
    rate = np.exp(np.arange(0, width, 2, dtype=np.float32) * np.float32(-np.log(10_000.0) / width))
    angle = np.arange(length, dtype=np.float32)[:, None] * rate
    waves = np.stack((np.sin(angle), np.cos(angle)), axis=-1).reshape(length, width)
    return waves * np.float32(_INIT_STD * 2**0.5)
