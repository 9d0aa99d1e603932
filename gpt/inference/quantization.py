"""Weights rounded to int8, each group by a scale of its own; and what that does to them.

Shapes: N outputs, K inputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gpt.weights.model_folder import Floats

Int8 = npt.NDArray[np.int8]

BLOCK = 64  # weights that share a scale; smaller is more exact and slower
_MAX_INT8 = 127.0


def quantize_per_output(weight: Floats) -> tuple[Int8, Floats]:
    """Round (N, K) with one scale for each output: int8 (N, K) and scales (N,)."""
    integers, scales = _round(weight)
    return integers, scales[:, 0]


def quantize_blocks(weight: Floats, block: int = BLOCK) -> tuple[Int8, Floats]:
    """Round (N, K) with a scale for each `block` inputs of an output: int8 (N, blocks, block), scales (N, blocks).

    Inputs that do not fill the last block are zero.
    """
    N, K = weight.shape
    blocks = -(-K // block)
    padded = np.zeros((N, blocks * block), np.float32)
    padded[:, :K] = weight
    integers, scales = _round(padded.reshape(N, blocks, block))
    return integers, scales[:, :, 0]


def dequantized(weight: Floats, block: int = BLOCK) -> Floats:
    """The fp32 weights (N, K) that `in_blocks` stands for."""
    N, K = weight.shape
    integers, scales = quantize_blocks(weight, block)
    weights: Floats = (integers * scales[:, :, None]).reshape(N, -1)[:, :K]
    return np.ascontiguousarray(weights)


def _round(weight: Floats) -> tuple[Int8, Floats]:
    scales = np.abs(weight).max(axis=-1, keepdims=True) / np.float32(_MAX_INT8)
    safe = np.where(scales > 0, scales, np.float32(1.0))
    return np.rint(weight / safe).astype(np.int8), scales.astype(np.float32)
