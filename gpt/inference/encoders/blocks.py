"""Convolutions and encoder blocks in numpy: the same as `gpt.encoders.blocks`, without torch.

Shapes: H, W height and width of an image, T positions, C channels, K kernel size; channels come last.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gpt.inference.dense import activate, rms_norm, softmax
from gpt.weights.model_folder import Floats


def conv2d(x: Floats, weight: Floats, bias: Floats, *, stride: int = 1, padding: int = 0) -> Floats:
    """Convolve an image.

    Args:
        x: (H, W, C_in).
        weight: (C_out, C_in, K, K), as in torch.
        bias: (C_out,).
        stride: Step between output positions.
        padding: Zeros on each side.

    Returns:
        (H', W', C_out).
    """
    C_out, _, K, _ = weight.shape
    padded = np.pad(x, ((padding, padding), (padding, padding), (0, 0))) if padding else x
    patches: Floats = sliding_window_view(padded, (K, K), axis=(0, 1))  # type: ignore[call-overload]
    windows = patches[::stride, ::stride]  # (H', W', C_in, K, K)
    H, W = windows.shape[:2]
    # The copy has channels last, so that long contiguous runs are moved together.
    columns = np.ascontiguousarray(windows.transpose(0, 1, 3, 4, 2)).reshape(H * W, -1)
    y: Floats = columns @ np.ascontiguousarray(weight.transpose(2, 3, 1, 0)).reshape(-1, C_out)
    y += bias
    return y.reshape(H, W, C_out)


def conv1d(x: Floats, weight: Floats, bias: Floats, *, stride: int = 1, padding: int = 0) -> Floats:
    """Convolve a sequence (T, C_in) with a weight (C_out, C_in, K); returns (T', C_out)."""
    C_out = weight.shape[0]
    padded = np.pad(x, ((padding, padding), (0, 0))) if padding else x
    windows = sliding_window_view(padded, weight.shape[2], axis=0)[::stride]  # (T', C_in, K)
    columns = np.ascontiguousarray(windows.transpose(0, 2, 1)).reshape(len(windows), -1)
    y: Floats = columns @ np.ascontiguousarray(weight.transpose(2, 1, 0)).reshape(-1, C_out)
    y += bias
    return y


def depthwise1d(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """Convolve each channel of (T, C) with its own kernel, weight (C, 1, K); returns (T, C)."""
    K = weight.shape[2]
    padded = np.pad(x, ((K // 2, K // 2), (0, 0)))
    y: Floats = np.repeat(bias[None].astype(np.float32), len(x), axis=0)
    for k in range(K):
        y += padded[k : k + len(x)] * weight[:, 0, k]
    return y


def encoder_block(x: Floats, weights: Mapping[str, Floats], prefix: str, heads: int) -> Floats:
    """Apply `gpt.encoders.blocks.EncoderBlock` to one sequence (T, C); weight names start with `prefix`."""

    def linear(name: str, y: Floats) -> Floats:
        out: Floats = y @ weights[f"{prefix}{name}.weight"].T
        out += weights[f"{prefix}{name}.bias"]
        return out

    T, C = x.shape
    q, k, v = linear("qkv", rms_norm(x)).reshape(T, 3, heads, C // heads).transpose(1, 2, 0, 3)  # (heads, T, D)
    scores = softmax(q @ k.transpose(0, 2, 1) * np.float32((C // heads) ** -0.5))
    x = x + linear("proj", (scores @ v).transpose(1, 0, 2).reshape(T, C))
    if f"{prefix}gate.weight" in weights:
        value, gate = np.split(linear("gate", rms_norm(x)), 2, axis=1)
        y = value / (np.float32(1.0) + np.exp(np.minimum(-gate, np.float32(80.0))))
        y = depthwise1d(y, weights[f"{prefix}depthwise.weight"], weights[f"{prefix}depthwise.bias"])
        x = x + linear("mix", activate("gelu_tanh", y))
    return x + linear("out", activate("gelu_tanh", linear("fc", rms_norm(x))))
