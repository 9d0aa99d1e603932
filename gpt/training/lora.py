"""Training a low-rank adapter over a frozen GPT (LoRA, arXiv:2106.09685).

    attach(model, rank=8, seed=0)            # the GPT computes what it did before: `up` begins as zeros
    train(model, batches, None, TrainConfig(steps=40, optimizer="adamw", ...), folder)
    save_adapter(path, adapter_of(model))
    detach(model)                            # the GPT that it was, bit by bit

Only the adapter has gradients, so the trainer's optimizers see nothing else. Reading and merging need no torch
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
SCALE = 2.0  # of what is added; with Adam, the same as a larger learning rate of `up`


class LowRank(nn.Module):
    """A frozen matrix, and what is learned to be added to it."""

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
    """Freeze a GPT and put an adapter over its attention and MLP matrices.

    Args:
        model: Is changed; `detach` undoes it.
        rank: Of the adapter, if it begins anew.
        seed: Of its first numbers.
        start: An adapter to go on from, instead.

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
    """Take the adapter off, if there is one, and let all of the GPT be trained again."""
    for _, parent, attribute, layer in list(_matrices(model)):
        if isinstance(layer, LowRank):
            setattr(parent, attribute, layer.base)
    model.requires_grad_(True)


def adapter_of(model: GPT, extra: Mapping[str, object] | None = None) -> Adapter:
    """Return the adapter that is attached.

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
    """`weights_id` of a GPT, whatever is attached to it."""
    own = {name: tensor for name, tensor in weights_of(model).items() if not name.endswith((".down", ".up"))}
    return weights_id({n.replace(".base.weight", ".weight").replace(".base.bias", ".bias"): t.float().cpu().numpy()
                       for n, t in own.items()})  # fmt: skip


def _matrices(model: GPT) -> Iterator[tuple[str, nn.Module, str, nn.Linear]]:
    """Yield each matrix: its name in the weights, whose part it is, the part's name, and the module."""
    for number, block in enumerate(model.blocks):
        for matrix in MATRICES:
            module, _, attribute = matrix.partition(".")
            parent = getattr(block, module)
            yield f"blocks.{number}.{matrix}.weight", parent, attribute, getattr(parent, attribute)
