"""Products of a few rows with large weight matrices, and other network layers, in numpy.

Shapes: M rows, K inputs, N outputs.
"""

from __future__ import annotations

import math

import numpy as np

from gpt.weights.model_folder import Floats

_ROWS_WITHOUT_REPACKING = 8  # rows for which OpenBLAS multiplies without repacking the weights
_MAX_SMALL_PRODUCT = 1_000_000  # maximum M N K of such a product (OpenBLAS's small-matrix kernels)
_MIN_ROWS_REPACKED = 64  # rows from which repacking the weights is cheaper than reading them once per 8 rows


class Dense:
    """y = x W^T + b.

    With one row, the time is that of reading W. With more rows, a BLAS first repacks W, which for few rows takes
    several times as long as the product. OpenBLAS does not repack for small products, so W is multiplied in blocks.
    """

    def __init__(self, weight: Floats, bias: Floats | None = None) -> None:
        self._prepare(np.ascontiguousarray(weight.T), bias)

    def _prepare(self, columns: Floats, bias: Floats | None) -> None:
        self.columns, self.bias = columns, bias  # (K, N): faster than (N, K) for few rows
        K, N = columns.shape
        width = next(
            (w for w in (128, 64, 32, 16) if N % w == 0 and _ROWS_WITHOUT_REPACKING * K * w <= _MAX_SMALL_PRODUCT), None
        )
        self._blocks = None if width is None else columns.reshape(K, N // width, width).transpose(1, 0, 2)

    @property
    def weight(self) -> Floats:
        """(N, K), not contiguous."""
        return self.columns.T

    @property
    def nbytes(self) -> int:
        """Bytes of weights and biases."""
        return self.columns.nbytes + (0 if self.bias is None else self.bias.nbytes)

    def __call__(self, x: Floats) -> Floats:
        """Apply to (M, K); returns (M, N)."""
        M, N = x.shape[0], self.columns.shape[1]
        out = np.empty((M, N), np.float32)
        if M == 1:
            np.dot(x[0], self.columns, out=out[0])
        elif self._blocks is None or M > _MIN_ROWS_REPACKED:
            np.matmul(x, self.columns, out=out)
        else:
            count, _, width = self._blocks.shape
            by_block = out.reshape(M, count, width).transpose(1, 0, 2)  # (N / width, M, width)
            for row in range(0, M, _ROWS_WITHOUT_REPACKING):
                np.matmul(
                    x[row : row + _ROWS_WITHOUT_REPACKING],
                    self._blocks,
                    out=by_block[:, row : row + _ROWS_WITHOUT_REPACKING],
                )
        if self.bias is not None:
            out += self.bias
        return out

    def part(self, start: int, stop: int) -> Dense:
        """Return the part that computes outputs start..stop; it shares the weights."""
        part = Dense.__new__(Dense)
        part._prepare(self.columns[:, start:stop], None if self.bias is None else self.bias[start:stop])
        return part


class SparseDense(Dense):
    """As `Dense`, for inputs that are mostly zero, such as ReLU outputs: only weights of nonzero inputs are read."""

    def __call__(self, x: Floats) -> Floats:
        """Apply to (M, K); returns (M, N)."""
        used = np.nonzero(x[0] != 0 if len(x) == 1 else x.any(axis=0))[0]
        if len(used) > len(self.columns) // 4:  # beyond that, copying costs as much as reading all weights
            return super().__call__(x)
        y: Floats = x[:, used] @ self.columns[used]
        if self.bias is not None:
            y += self.bias
        return y


def rms_norm(x: Floats) -> Floats:
    """Divide by sqrt(mean(x²) + 1e-6) over the last dimension of (M, C)."""
    if len(x) == 1:  # all of this takes no longer than a single numpy call
        row = x[0]
        return x * np.float32(1.0 / math.sqrt(float(row.dot(row)) / len(row) + 1e-6))
    mean = np.einsum("mc,mc->m", x, x) / np.float32(x.shape[1])
    y: Floats = x * (1.0 / np.sqrt(mean + np.float32(1e-6)))[:, None]
    return y


def layer_norm(x: Floats) -> Floats:
    """LayerNorm of (M, C) without weight and bias."""
    y: Floats = x - x.mean(axis=1, keepdims=True)
    y *= (1.0 / np.sqrt(np.einsum("mc,mc->m", y, y) / np.float32(x.shape[1]) + np.float32(1e-5)))[:, None]
    return y


def softmax(scores: Floats) -> Floats:
    """Softmax over the last dimension, in place."""
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores, axis=-1, keepdims=True)
    return scores


def activate(activation: str, h: Floats) -> Floats:
    """Activation between the two products of an MLP (a config's `mlp`), on (M, hidden); may overwrite h."""
    if activation == "relu2":
        np.maximum(h, 0.0, out=h)
        return np.multiply(h, h, out=h)
    if activation == "gelu":
        from scipy.special import erf  # imported only for models that use it: the import takes 0.1 s

        factor: Floats = erf(h * np.float32(0.5**0.5)) + np.float32(1.0)
        h *= factor
        h *= np.float32(0.5)
        return h
    if activation == "gelu_tanh":
        cubed: Floats = h + np.float32(0.044715) * h * h * h
        factor = np.tanh(np.float32((2.0 / np.pi) ** 0.5) * cubed) + np.float32(1.0)
        h *= factor
        h *= np.float32(0.5)
        return h
    gate, value = h[:, : h.shape[1] // 2], h[:, h.shape[1] // 2 :]
    # Beyond 80 the quotient is 0 in fp32 anyway.
    silu: Floats = gate / (np.float32(1.0) + np.exp(np.minimum(-gate, np.float32(80.0))))
    silu *= value
    return silu
