"""The encoder of sight: a picture to vectors that the GPT reads after [IMAGE].

A convolutional stem halves the picture three times, residual blocks look at its cells of 8 pixels, and each square of
three by three cells becomes one vector, which attention lets see the others. It learns from masks, too: what each cell
shows, where the middle of each thing is, and the states of things and furniture. Those heads are not needed to see.
`gpt.runtime.sight` computes the vectors in numpy, with the batch norms folded into the convolutions (`folded`).

Shapes: B pictures, G cells each way, N = (G / 3)² vectors, C channels of the grid.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.senses.blocks import EncoderBlock, norm


RARE = 4.0  # how much likelier than a thing it is, to begin with, that a cell has no middle of one


@dataclass(frozen=True, kw_only=True)
class SightConfig:
    """Sizes of the encoder.

    Attributes:
        size: Pixels of a picture, each way; a multiple of 24.
        stem: Channels after the first and the second halving.
        fine: Residual blocks at a quarter of the size.
        channels: C.
        coarse: Residual blocks at an eighth.
        width: Of a vector.
        layers: Blocks of attention.
        heads: Of attention.
        expansion: Of their MLP.
        classes: Of what a cell shows; nothing is 0, things come before furniture.
        things: How many of them are nothing or things.
        states: Of things.
        furniture: Categories of furniture.
        furniture_states: Of furniture.
        n_embd: Width of the GPT.
    """

    size: int = 192
    stem: tuple[int, int] = (32, 64)
    fine: int = 1
    channels: int = 128
    coarse: int = 6
    width: int = 256
    layers: int = 1
    heads: int = 4
    expansion: int = 2
    classes: int
    things: int
    states: int
    furniture: int
    furniture_states: int
    n_embd: int

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return asdict(self)


class Seen(NamedTuple):
    """What the encoder makes of pictures.

    Attributes:
        vectors: (B, N, n_embd) for the GPT.
        cells: (B, classes, G, G) logits of what each cell shows.
        centres: (B, things, G, G) logits of the thing whose middle is in the cell.
        states: (B, states, G, G) logits of that thing's states.
        furniture: (B, furniture) logits.
        furniture_states: (B, furniture_states) logits.
    """

    vectors: Tensor
    cells: Tensor
    centres: Tensor
    states: Tensor
    furniture: Tensor
    furniture_states: Tensor


class _Convolution(nn.Module):
    """A convolution of 3 x 3 and a batch norm."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (B, inputs, H, W)."""
        out: Tensor = self.norm(self.conv(x))
        return out


class _Residual(nn.Module):
    """Two convolutions beside the stream."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a, self.b = _Convolution(channels, channels), _Convolution(channels, channels)
        nn.init.zeros_(self.b.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (B, channels, H, W)."""
        return F.relu(x + self.b(F.relu(self.a(x))))


class SightEncoder(nn.Module):
    """See the module."""

    def __init__(self, config: SightConfig) -> None:
        super().__init__()
        self.config = config
        (first, second), C = config.stem, config.channels
        self.halve1, self.halve2, self.halve3 = (
            _Convolution(3, first, 2), _Convolution(first, second, 2), _Convolution(second, C, 2),
        )  # fmt: skip
        self.fine = nn.ModuleList(_Residual(second) for _ in range(config.fine))
        self.coarse = nn.ModuleList(_Residual(C) for _ in range(config.coarse))
        self.heads = nn.Conv2d(C, config.classes + config.things + config.states, 1)
        nn.init.constant_(self.heads.bias[config.classes : config.classes + 1], RARE)
        self.square = nn.Conv2d(C, config.width, 3, stride=3)
        self.place = nn.Parameter(0.02 * torch.randn((config.size // 24) ** 2, config.width))
        self.blocks = nn.ModuleList(
            EncoderBlock(config.width, config.heads, expansion=config.expansion) for _ in range(config.layers)
        )
        self.whole = nn.Linear(config.width, config.furniture + config.furniture_states)
        self.join = nn.Linear(config.width, config.n_embd)
        nn.init.normal_(self.join.weight, std=0.02)

    def forward(self, pictures: Tensor) -> Seen:
        """See pictures (B, 3, size, size), about in -1..1."""
        x = F.relu(self.halve2(F.relu(self.halve1(pictures))))
        for block in self.fine:
            x = block(x)
        x = F.relu(self.halve3(x))
        for block in self.coarse:
            x = block(x)
        config = self.config
        cells, centres, states = self.heads(x).split((config.classes, config.things, config.states), dim=1)
        y = self.square(x).flatten(2).transpose(1, 2) + self.place  # (B, N, width)
        for block in self.blocks:
            y = block(y)
        y = norm(y)
        furniture, furniture_states = self.whole(y.mean(1)).split((config.furniture, config.furniture_states), dim=1)
        return Seen(self.join(y), cells, centres, states, furniture, furniture_states)


def folded(encoder: SightEncoder) -> dict[str, Tensor]:
    """Return the weights with each batch norm in the convolution before it: `halve1.weight`, `halve1.bias`."""
    state = {name: tensor.detach().float() for name, tensor in encoder.state_dict().items()}
    found: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if name.endswith(".conv.weight"):
            base = name.removesuffix(".conv.weight")
            scale = state[f"{base}.norm.weight"] / (state[f"{base}.norm.running_var"] + 1e-5).sqrt()
            found[f"{base}.weight"] = tensor * scale[:, None, None, None]
            found[f"{base}.bias"] = state[f"{base}.norm.bias"] - state[f"{base}.norm.running_mean"] * scale
        elif ".norm." not in name:
            found[name] = tensor
    return found
