"""Train a low-rank adapter over a frozen GPT (LoRA, arXiv:2106.09685).

    attach(model, rank=8, seed=0)            # the output is unchanged at first: `up` starts as zeros
    train(model, batches, None, TrainConfig(steps=40, optimizer="adamw", ...), folder)
    save_adapter(path, adapter_of(model))
    detach(model)                            # the original GPT, bit by bit

Only the adapter has gradients, so the trainer optimizes nothing else. Loading and merging need no torch
(`gpt.weights.adapter`).

Shapes: a matrix is (N, K), `down` (r, K), `up` (N, r).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.errors import ConfigError
from gpt.model.transformer import GPT
from gpt.weights.adapter import MAX_RANK, Adapter, weights_id
from gpt.weights.checkpoint import weights_of

MATRICES = ("attention.qkv", "attention.proj", "mlp.fc", "mlp.proj")  # of each block
SCALE = 2.0  # factor of the update; with Adam, this is equivalent to a larger learning rate of `up`


class LowRank(nn.Module):
    """A frozen linear layer plus a trainable low-rank update."""

    def __init__(self, base: nn.Linear, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base
        n, k = base.weight.shape
        self.down = nn.Parameter(torch.randn(rank, k, generator=generator) / math.sqrt(k))
        self.up = nn.Parameter(torch.zeros(n, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (..., K)."""
        out: Tensor = self.base(x)
        return out + SCALE * F.linear(F.linear(x, self.down), self.up)


def attach(model: GPT, *, rank: int = 8, seed: int = 0, initial: Adapter | None = None) -> None:
    """Freeze a GPT and add an adapter to its attention and MLP matrices.

    Args:
        model: Modified in place; `detach` undoes it.
        rank: Rank of a new adapter.
        seed: For its initial weights.
        initial: An adapter to continue from, instead of a new one.

    Raises:
        ConfigError: The rank is out of range, or the model has an adapter already.
    """
    rank = rank if initial is None else initial.rank
    if not 1 <= rank <= MAX_RANK:
        raise ConfigError(f"rank is {rank}; it must be in 1..{MAX_RANK}")
    if any(isinstance(module, LowRank) for module in model.modules()):
        raise ConfigError("the model has an adapter already; detach it first")
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, parent, attribute, linear in list(_matrices(model)):
        layer = LowRank(linear, rank, generator)
        if initial is not None:
            with torch.no_grad():
                layer.down.copy_(torch.from_numpy(initial.down[name]))
                layer.up.copy_(torch.from_numpy(initial.up[name]) / SCALE)
        setattr(parent, attribute, layer.to(linear.weight.device))


def detach(model: GPT) -> None:
    """Remove the adapter, if there is one, and make the whole GPT trainable again."""
    for _, parent, attribute, layer in list(_matrices(model)):
        if isinstance(layer, LowRank):
            setattr(parent, attribute, layer.base)
    model.requires_grad_(True)


def adapter_of(model: GPT, extra: Mapping[str, object] | None = None) -> Adapter:
    """Return the attached adapter.

    Raises:
        ConfigError: There is none.
    """
    layers = {name: layer for name, _, _, layer in _matrices(model) if isinstance(layer, LowRank)}
    if not layers:
        raise ConfigError("the model has no adapter; attach one")
    down = {name: layer.down.detach().float().cpu().numpy().copy() for name, layer in layers.items()}
    up = {name: (SCALE * layer.up.detach().float()).cpu().numpy() for name, layer in layers.items()}
    rank = next(iter(layers.values())).down.shape[0]
    return Adapter(rank=rank, base=base_id(model), down=down, up=up, extra=dict(extra or {}))


def base_id(model: GPT) -> str:
    """Return `weights_id` of the GPT without its adapter."""
    own = {name: tensor for name, tensor in weights_of(model).items() if not name.endswith((".down", ".up"))}
    return weights_id({n.replace(".base.weight", ".weight").replace(".base.bias", ".bias"): t.float().cpu().numpy()
                       for n, t in own.items()})  # fmt: skip


def _matrices(model: GPT) -> Iterator[tuple[str, nn.Module, str, nn.Linear]]:
    """Yield each matrix: its name in the weights, its parent module, its attribute name there, and its module."""
    for number, block in enumerate(model.blocks):
        for matrix in MATRICES:
            module, _, attribute = matrix.partition(".")
            parent = getattr(block, module)
            yield f"blocks.{number}.{matrix}.weight", parent, attribute, getattr(parent, attribute)
