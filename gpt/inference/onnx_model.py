"""The GPT on onnxruntime, in fp32 or with int8 weights (the extra `fast`).

Shapes: B contexts, T new tokens of each, V vocabulary size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import onnxruntime as ort

from gpt.errors import ContextError
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.numpy_session import candidates_of
from gpt.inference.onnx_graph import Weights, build_graph
from gpt.model.sampling_checks import check_ids, undrawable
from gpt.weights.model_folder import Floats


class OnnxModel:
    """A graph run by onnxruntime; contexts are `OnnxBatch` and `OnnxSession`."""

    def __init__(self, model: NumpyModel, weights: Weights = "fp32", threads: int = 1) -> None:
        """Convert a model.

        Args:
            model: The weights.
            weights: Their precision.
            threads: Threads per product.
        """
        self.config = model.config
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # a user can do nothing about any of its warnings
        data = build_graph(model, weights)
        self.nbytes = len(data)
        self.session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    def begin(self) -> OnnxSession:
        """Return an empty context."""
        return OnnxSession(self)


class OnnxBatch:
    """Contexts of equal length that grow together."""

    def __init__(self, model: OnnxModel, rows: int = 1, capacity: int | None = None) -> None:
        """Start `rows` empty contexts of at most `capacity` tokens, by default the model's `block_size`."""
        config = model.config
        self.model = model
        self.rows = rows
        self.capacity = config.block_size if capacity is None else min(capacity, config.block_size)
        self.length = 0
        self._tokens = np.full((rows, config.previous_tokens + self.capacity), config.vocab_size, np.int64)
        shape = (rows, config.kv_heads, self.capacity, config.head_size)
        names = [f"{part}_{layer}" for layer in range(config.n_layer) for part in ("key", "value")]
        self._bind_cache({name: np.zeros(shape, np.float32) for name in names})

    def feed(self, ids: Sequence[Sequence[int]]) -> Floats:
        """Read the same number of tokens in every context; returns fp32 logits (B, V) for the next token.

        Raises:
            ContextError: Numbers of tokens differ, are 0, or do not fit; or several nonempty contexts would read
                several tokens at once, which onnxruntime does not support; or an id is not in the vocabulary.
            LogitsError: The weights are so large that activations overflow.
        """
        config = self.model.config
        T = len(ids[0]) if ids else 0
        if len(ids) != self.rows or any(len(new) != T for new in ids):
            raise ContextError(
                f"feed was given tokens for {len(ids)} contexts of {self.rows}, or unequal numbers of them"
            )
        if self.length and T > 1 and self.rows > 1:
            raise ContextError(f"{self.rows} contexts of {self.length} tokens can read one more at once, not {T}")
        for row in ids:
            self.check(row)
        new = np.array(ids, np.int64)  # (B, T)
        k, start = config.previous_tokens, self.length
        positions = np.arange(start, start + T)
        self._tokens[:, k + positions] = new
        inputs = {
            "ids": new,
            "last": np.full(self.rows, start + T - 1, np.int32),
            "total": np.array([start + T], np.int32),
        }
        if k:
            inputs["before"] = self._tokens[:, positions[:, None] + np.arange(k)]
        if config.position != "rotary":
            inputs["places"] = np.broadcast_to(positions, new.shape).copy()
        binding = self._binding
        for name, array in inputs.items():
            binding.bind_cpu_input(name, array)
        self.model.session.run_with_iobinding(binding)
        self.length = start + T
        logits = cast("Floats", binding.get_outputs()[0].numpy())
        if not np.isfinite(logits).all():
            raise undrawable(logits.size, int(np.isnan(logits).sum()), int(np.isinf(logits).sum()))
        return logits

    def check(self, ids: Sequence[int]) -> None:
        """Raise a ContextError if a context cannot read these tokens."""
        if not len(ids):
            raise ContextError("feed was given no token; it needs at least one")
        if self.length + len(ids) > self.capacity:
            raise ContextError(
                f"{self.length} tokens read and {len(ids)} more do not fit into the context of {self.capacity}"
            )
        check_ids(ids, self.model.config.vocab_size)

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens of every context."""
        if not 0 <= length <= self.length:
            raise ContextError(f"cannot rewind to {length}: {self.length} tokens were read")
        self.length = length

    def fork(self) -> OnnxBatch:
        """Return independent contexts with the same tokens."""
        copy = OnnxBatch.__new__(OnnxBatch)
        copy.model, copy.rows, copy.capacity, copy.length = self.model, self.rows, self.capacity, self.length
        copy._tokens = self._tokens.copy()
        copies: dict[str, Floats] = {}
        for name, array in self._arrays.items():
            copies[name] = np.zeros_like(array)
            copies[name][:, :, : self.length] = array[:, :, : self.length]
        copy._bind_cache(copies)
        return copy

    def _bind_cache(self, arrays: dict[str, Floats]) -> None:
        """Bind the cache as both past and present, so that new entries are written after the old ones."""
        self._arrays = arrays
        self._binding = self.model.session.io_binding()
        self._binding.bind_output("logits", "cpu")
        for name, array in arrays.items():
            buffer = {
                "device_type": "cpu",
                "device_id": 0,
                "element_type": np.float32,
                "shape": array.shape,
                "buffer_ptr": array.ctypes.data,
            }
            self._binding.bind_input(f"past_{name}", **buffer)
            self._binding.bind_output(f"present_{name}", **buffer)


class OnnxSession:
    """One context; a `gpt.inference.session.Session`."""

    def __init__(self, model: OnnxModel, capacity: int | None = None) -> None:
        self.model = model
        self._batch = OnnxBatch(model, 1, capacity)

    @property
    def length(self) -> int:
        """Tokens read so far."""
        return self._batch.length

    @property
    def capacity(self) -> int:
        """Maximum number of tokens."""
        return self._batch.capacity

    def feed(self, ids: Sequence[int], candidate_ids: Sequence[int] | None = None) -> Floats:
        """Read tokens; returns fp32 logits (V,) for the next token, or those of `candidate_ids` only.

        Raises:
            ContextError: No token is given, one is not in the vocabulary, or they do not fit.
            LogitsError: The weights are so large that activations overflow.
        """
        candidates = candidates_of(candidate_ids, self.model.config.vocab_size)
        logits: Floats = self._batch.feed([ids])[0]
        return logits if candidates is None else logits[candidates]

    def feed_each(self, ids: Sequence[int], candidate_ids: Sequence[int]) -> Floats:
        """Read tokens; returns the fp32 logits (T, len(candidate_ids)) behind each of them.

        The graph computes the logits of the last token only, so this takes T passes.

        Raises:
            ContextError: No token is given, one is not in the vocabulary, or they do not fit; then none was read.
            LogitsError: The weights are so large that activations overflow.
        """
        self._batch.check(ids)
        return np.stack([self.feed([token], candidate_ids) for token in ids])

    def rewind(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self._batch.rewind(length)

    def fork(self) -> OnnxSession:
        """Return an independent session with the same tokens."""
        copy = OnnxSession.__new__(OnnxSession)
        copy.model, copy._batch = self.model, self._batch.fork()
        return copy
