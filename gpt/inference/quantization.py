"""Weights rounded to int8, each group by a scale of its own; and what that does to them.

Shapes: N outputs, K inputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gpt.weights.model_folder import Floats

Int8 = npt.NDArray[np.int8]

BLOCK = 64  # weights that share a scale; smaller is more exact and slower
_MOST = 127.0


def in_columns(weight: Floats) -> tuple[Int8, Floats]:
    """Round (N, K) with one scale for each output: int8 (N, K) and scales (N,)."""
    whole, scales = _round(weight)
    return whole, scales[:, 0]


def in_blocks(weight: Floats, block: int = BLOCK) -> tuple[Int8, Floats]:
    """Round (N, K) with a scale for each `block` inputs of an output: int8 (N, blocks, block), scales (N, blocks).

    Inputs that do not fill the last block are zero.
    """
    N, K = weight.shape
    blocks = -(-K // block)
    padded = np.zeros((N, blocks * block), np.float32)
    padded[:, :K] = weight
    whole, scales = _round(padded.reshape(N, blocks, block))
    return whole, scales[:, :, 0]


def rounded(weight: Floats, block: int = BLOCK) -> Floats:
    """The fp32 weights (N, K) that `in_blocks` stands for."""
    N, K = weight.shape
    whole, scales = in_blocks(weight, block)
    back: Floats = (whole * scales[:, :, None]).reshape(N, -1)[:, :K]
    return np.ascontiguousarray(back)


def _round(weight: Floats) -> tuple[Int8, Floats]:
    scales = np.abs(weight).max(axis=-1, keepdims=True) / np.float32(_MOST)
    safe = np.where(scales > 0, scales, np.float32(1.0))
    return np.rint(weight / safe).astype(np.int8), scales.astype(np.float32)
