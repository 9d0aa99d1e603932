"""Optimizers: AdamW for everything, or Muon for the hidden matrices and AdamW for the rest.

Muon orthogonalizes the momentum of a matrix (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/). With
`match_rms_adamw` its updates have the size of AdamW's (Moonlight, arXiv:2502.16982), so both share one learning rate.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from gpt.errors import ConfigError

OptimizerKind = Literal["adamw", "muon"]

_BETAS = (0.9, 0.95)


def parameter_groups(model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Return the hidden matrices and all other parameters (embeddings, head, gains, biases); shared tables once."""
    tables = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    head = getattr(model, "head", None)
    if isinstance(head, nn.Linear):
        tables.add(id(head.weight))
    matrices: list[Tensor] = []
    rest: list[Tensor] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (matrices if parameter.ndim == 2 and id(parameter) not in tables else rest).append(parameter)
    return matrices, rest


def build_optimizers(model: nn.Module, optimizer: OptimizerKind, lr: float, weight_decay: float) -> list[Optimizer]:
    """Build optimizers that step together; weight decay applies to hidden matrices only.

    Raises:
        ConfigError: This PyTorch version has no Muon.
    """
    matrices, rest = parameter_groups(model)
    fused = all(p.is_floating_point() and p.device.type in ("cpu", "cuda") for p in matrices + rest)
    if optimizer == "adamw":
        groups = [
            {"params": matrices, "weight_decay": weight_decay},
            {"params": rest, "weight_decay": 0.0},
        ]
        return [AdamW([group for group in groups if group["params"]], lr=lr, betas=_BETAS, fused=fused)]
    if not hasattr(torch.optim, "Muon"):
        raise ConfigError(f"optimizer 'muon' needs PyTorch 2.9 or newer (this is {torch.__version__}); use 'adamw'")
    optimizers: list[Optimizer] = []
    if matrices:
        optimizers.append(torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))
    if rest:
        optimizers.append(AdamW(rest, lr=lr, betas=_BETAS, weight_decay=0.0, fused=fused))
    return optimizers
