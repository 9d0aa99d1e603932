"""What training minimizes, as a module, so that PyTorch's data-parallel wrappers see one forward pass."""

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
"""Steps from which compiling on a CPU saves more than it takes: 12 % of a step against about a minute."""


class Objective(nn.Module):
    """The mean loss of a batch, and a penalty on heads that are alike.

    Args:
        model: Whose loss; its tensors are `model.*` in the state of this module.
        precision: As in `TrainConfig`.
        trunk: The compiled `model.trunk`, or nothing for the plain one.
        head_penalty: Weight of the penalty; 0 does not compute it.
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
        """Return what to differentiate and, without gradient, the mean loss over the batch's counted targets.

        Args:
            batch: On the model's device.
            scale: Factor of the loss.
            share: Factor of the penalty.
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
        """The mean over the batch's counted targets."""
        return self.model.logits_and_loss(self._trunk(batch.idx, batch.layout), batch.targets)[1]


MakeObjective = Callable[[GPT, Precision, Callable[..., Tensor] | None, float], Objective]
"""Makes an objective; the arguments are those of `Objective`."""


def should_compile(config: TrainConfig, device: torch.device) -> bool:
    """Whether a run compiles; `auto` decides by device, by all its steps (so that a resume decides alike) and by
    whether there is a C++ compiler.
    """  # noqa: D205
    if config.compile != "auto":
        return config.compile
    if device.type == "cuda":
        return True
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    return compiler is not None and config.steps >= COMPILE_PAYS_FROM
