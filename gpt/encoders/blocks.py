"""Layers shared by both encoders; `gpt.inference.encoders.blocks` has the same in numpy.

Shapes: B rows of a batch, T positions, C channels, H heads, D head size, K kernel size.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

INIT_STD = 0.02


def norm(x: Tensor) -> Tensor:
    """RMSNorm of the last dimension, without weights."""
    return F.rms_norm(x, x.shape[-1:], None, 1e-6)


class EncoderBlock(nn.Module):
    """Bidirectional attention, an optional convolution along the sequence, and an MLP, each after a norm.

    The convolution (depthwise, of a gated projection) models local context at low cost, as in the Conformer
    (arXiv:2005.08100).

    Args:
        width: C.
        heads: H; D = C / H.
        kernel: K of the convolution, odd; 0 for none.
        expansion: Hidden size of the MLP, divided by C.
    """

    def __init__(self, width: int, heads: int, *, kernel: int = 0, expansion: int = 4) -> None:
        super().__init__()
        self.heads, self.kernel = heads, kernel
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        if kernel:
            self.gate = nn.Linear(width, 2 * width)
            self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
            self.mix = nn.Linear(width, width)
        self.fc = nn.Linear(width, expansion * width)
        self.out = nn.Linear(expansion * width, width)
        for name, parameter in self.named_parameters():
            if name.endswith("bias") or name in ("proj.weight", "out.weight", "mix.weight"):
                nn.init.zeros_(parameter)
            elif parameter.ndim == 2:
                nn.init.normal_(parameter, std=INIT_STD if width >= 256 else 1 / math.sqrt(2 * width))

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Apply to (B, T, C).

        Args:
            x: The residual stream.
            valid: (B, T) bool, false for padding, which no other position attends to.
        """
        x = x + self.proj(self._attend(norm(x), valid))
        if self.kernel:
            value, gate = self.gate(norm(x)).chunk(2, dim=-1)
            y = value * torch.sigmoid(gate)
            if valid is not None:
                y = y * valid[..., None]  # zeros after the end, as for a row without padding
            y = F.gelu(self.depthwise(y.transpose(1, 2)).transpose(1, 2), approximate="tanh")
            x = x + self.mix(y)
        out: Tensor = x + self.out(F.gelu(self.fc(norm(x)), approximate="tanh"))
        return out

    def _attend(self, x: Tensor, valid: Tensor | None) -> Tensor:
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)  # (B, H, T, D)
        mask = None if valid is None else valid[:, None, None, :]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return y.transpose(1, 2).reshape(B, T, C)
