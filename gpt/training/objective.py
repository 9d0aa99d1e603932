"""The training objective, as a module, so that PyTorch's data-parallel wrappers see one forward pass."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gpt.data.batches import Batch
from gpt.model.transformer import GPT
from gpt.training.config import Precision, TrainConfig

COMPILE_PAYS_FROM = 1500
"""Steps from which compiling on a CPU pays: it saves 12 % of a step and takes about a minute."""


class Objective(nn.Module):
    """Mean loss of a batch, plus a penalty on similar attention heads.

    Args:
        model: The model to train; its tensors are `model.*` in this module's state.
        precision: As in `TrainConfig`.
        trunk: The compiled `model.trunk`; None for the plain one.
        head_penalty: Weight of the penalty; 0 skips its computation.
    """

    def __init__(
        self,
        model: GPT,
        precision: Precision,
        trunk: Callable[..., Tensor] | None = None,
        head_penalty: float = 0.0,
    ) -> None:
        super().__init__()
        self.model, self.precision, self.head_penalty = model, precision, head_penalty
        self._trunk = trunk or model.trunk
        self.training = model.training

    def forward(self, batch: Batch, scale: float = 1.0, penalty_scale: float = 0.0) -> tuple[Tensor, Tensor]:
        """Return the value to differentiate and, without gradient, the mean loss over the batch's targets with loss.

        Args:
            batch: On the model's device.
            scale: Factor of the loss.
            penalty_scale: Factor of the penalty.
        """
        device = batch.idx.device.type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.precision == "bf16"):
            loss = self._mean_loss(batch)
        total = loss * scale
        if self.head_penalty and penalty_scale:
            from gpt.training.head_diversity import head_penalty

            total = total + self.head_penalty * penalty_scale * head_penalty(self.model)
        return total, loss.detach()

    def _mean_loss(self, batch: Batch) -> Tensor:
        """Mean over the batch's targets with loss."""
        return self.model.logits_and_loss(self._trunk(batch.idx, batch.layout), batch.targets)[1]


MakeObjective = Callable[[GPT, Precision, Callable[..., Tensor] | None, float], Objective]
"""Builds an objective; the arguments are those of `Objective`."""


def should_compile(config: TrainConfig, device: torch.device) -> bool:
    """Whether a run compiles; `auto` decides by device, total steps (so that a resumed run decides the same) and the
    availability of a C++ compiler.
    """  # noqa: D205
    if config.compile != "auto":
        return config.compile
    if device.type == "cuda":
        return True
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    return compiler is not None and config.steps >= COMPILE_PAYS_FROM
