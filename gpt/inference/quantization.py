"""Round weights to int8 with one scale per group, and convert them back to fp32.

Shapes: N outputs, K inputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gpt.weights.model_folder import Floats

Int8 = npt.NDArray[np.int8]

BLOCK = 64  # weights that share a scale; smaller is more accurate and slower
_MAX_INT8 = 127.0


def quantize_per_output(weight: Floats) -> tuple[Int8, Floats]:
    """Round (N, K) with one scale per output: int8 (N, K) and scales (N,)."""
    integers, scales = _round(weight)
    return integers, scales[:, 0]


def quantize_blocks(weight: Floats, block: int = BLOCK) -> tuple[Int8, Floats]:
    """Round (N, K) with one scale per `block` inputs of an output: int8 (N, blocks, block), scales (N, blocks).

    The last block is padded with zeros.
    """
    N, K = weight.shape
    blocks = -(-K // block)
    padded = np.zeros((N, blocks * block), np.float32)
    padded[:, :K] = weight
    integers, scales = _round(padded.reshape(N, blocks, block))
    return integers, scales[:, :, 0]


def dequantized(weight: Floats, block: int = BLOCK) -> Floats:
    """Return the fp32 weights (N, K) that `quantize_blocks` represents."""
    N, K = weight.shape
    integers, scales = quantize_blocks(weight, block)
    weights: Floats = (integers * scales[:, :, None]).reshape(N, -1)[:, :K]
    return np.ascontiguousarray(weights)


def _round(weight: Floats) -> tuple[Int8, Floats]:
    scales = np.abs(weight).max(axis=-1, keepdims=True) / np.float32(_MAX_INT8)
    safe = np.where(scales > 0, scales, np.float32(1.0))
    return np.rint(weight / safe).astype(np.int8), scales.astype(np.float32)
