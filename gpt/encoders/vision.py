"""The vision encoder: converts an image to vectors that the GPT reads after [IMAGE].

A convolutional stem halves the image three times, and residual blocks process the resulting cells of 8 pixels. From
segmentation masks it learns what each cell shows, where the center of each object is, and the states of objects and
furniture. The GPT then reads one vector for the furniture and one for each object center: a short prefix that is easy
to read. An encoder trained without masks (`things_first` false) instead gives one vector for each square of 3 × 3
cells. `gpt.inference.encoders.vision` computes the vectors in numpy, with batch norms folded into the convolutions
(`fold_batch_norms`).

Shapes: B images, G cells each way, C channels of the grid, N maximum number of vectors per image, F features per object
center.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.encoders.blocks import EncoderBlock, norm
from gpt.inference.encoders.vision import MAX_CENTERS, MIN_PROBABILITY

NO_CENTER_BIAS = 4.0  # initial bias toward "no object center in this cell"


@dataclass(frozen=True, kw_only=True)
class SightConfig:
    """Sizes of the encoder.

    Attributes:
        size: Image size [pixels], each way; a multiple of 24.
        stem: Channels after the first and the second halving of the image.
        fine: Residual blocks at a quarter of the size.
        channels: C.
        coarse: Residual blocks at an eighth of the size.
        width: Width of the attention blocks.
        layers: Attention blocks.
        heads: Attention heads.
        expansion: Hidden size of their MLP, divided by `width`.
        classes: Number of classes of a cell: 0 is "nothing", then the objects, then furniture.
        things: Number of these classes that are "nothing" or objects.
        states: Number of object states.
        furniture: Number of furniture categories.
        furniture_states: Number of furniture states.
        n_embd: Width of the GPT.
        things_first: Whether the GPT reads the furniture and the object centers; otherwise it reads squares of the
            image.
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
    things_first: bool = True

    @property
    def known(self) -> int:
        """F, the number of features of an object center: its state and object class probabilities."""
        return self.states + self.things - 1

    def as_dict(self) -> dict[str, object]:
        """Return plain data."""
        return asdict(self)


class Known(NamedTuple):
    """Features of images, before the projection to the GPT's width.

    Attributes:
        front: (B, 1, ·) features of the furniture, or (B, (G / 3)², width) of the squares of the image.
        middles: (B, MAX_CENTERS, F) features of the object centers, in order; none with squares.
        counts: (B,) number of valid object centers.
    """

    front: Tensor
    middles: Tensor
    counts: Tensor


class Seen(NamedTuple):
    """Encoder output for images.

    Attributes:
        known: Features from which the GPT's vectors are computed.
        cells: (B, classes, G, G) logits of what each cell shows.
        centers: (B, things, G, G) logits of the object whose center is in the cell.
        states: (B, states, G, G) logits of that object's states.
        furniture: (B, furniture) logits.
        furniture_states: (B, furniture_states) logits.
    """

    known: Known
    cells: Tensor
    centers: Tensor
    states: Tensor
    furniture: Tensor
    furniture_states: Tensor


class _Convolution(nn.Module):
    """A 3 × 3 convolution and a batch norm."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (B, inputs, H, W)."""
        out: Tensor = self.norm(self.conv(x))
        return out


class _Residual(nn.Module):
    """Residual block of two convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a, self.b = _Convolution(channels, channels), _Convolution(channels, channels)
        nn.init.zeros_(self.b.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (B, channels, H, W)."""
        return F.relu(x + self.b(F.relu(self.a(x))))


class SightEncoder(nn.Module):
    """The vision encoder; see the module docstring."""

    def __init__(self, config: SightConfig) -> None:
        super().__init__()
        self.config = config
        (stem_1, stem_2), C = config.stem, config.channels
        self.halve1, self.halve2, self.halve3 = (
            _Convolution(3, stem_1, 2), _Convolution(stem_1, stem_2, 2), _Convolution(stem_2, C, 2),
        )  # fmt: skip
        self.fine = nn.ModuleList(_Residual(stem_2) for _ in range(config.fine))
        self.coarse = nn.ModuleList(_Residual(C) for _ in range(config.coarse))
        self.heads = nn.Conv2d(C, config.classes + config.things + config.states, 1)
        assert self.heads.bias is not None
        nn.init.constant_(self.heads.bias[config.classes : config.classes + 1], NO_CENTER_BIAS)
        self.square = nn.Conv2d(C, config.width, 3, stride=3)
        self.place = nn.Parameter(0.02 * torch.randn((config.size // 24) ** 2, config.width))
        self.blocks = nn.ModuleList(
            EncoderBlock(config.width, config.heads, expansion=config.expansion) for _ in range(config.layers)
        )
        self.whole = nn.Linear(config.width, config.furniture + config.furniture_states)
        inputs = config.width + config.furniture + config.furniture_states if config.things_first else config.width
        self.join = nn.Linear(inputs, config.n_embd)
        self.thing = nn.Linear(config.known, config.n_embd) if config.things_first else None
        for layer in (self.join, self.thing):
            if layer is not None:
                nn.init.normal_(layer.weight, std=0.02)

    def forward(self, pictures: Tensor) -> Seen:
        """Encode images (B, 3, size, size), roughly in -1..1."""
        x = F.relu(self.halve2(F.relu(self.halve1(pictures))))
        for block in self.fine:
            x = block(x)
        x = F.relu(self.halve3(x))
        for block in self.coarse:
            x = block(x)
        config = self.config
        cells, centers, states = self.heads(x).split((config.classes, config.things, config.states), dim=1)
        y = self.square(x).flatten(2).transpose(1, 2) + self.place  # (B, (G / 3)², width)
        for block in self.blocks:
            y = block(y)
        y = norm(y)
        logits = self.whole(y.mean(1))
        furniture, furniture_states = logits.split((config.furniture, config.furniture_states), dim=1)
        if self.thing is None:
            counts = torch.full((len(y),), y.shape[1], device=y.device)
            known = Known(y, y[:, :0], counts)
        else:
            predictions = torch.cat((furniture.float().softmax(1), furniture_states.float().sigmoid()), 1)
            front = torch.cat((y.mean(1).float(), predictions), 1)[:, None]
            known = Known(front, *select_centers(centers, states))
        return Seen(known, cells, centers, states, furniture, furniture_states)

    def vectors(self, known: Known) -> tuple[Tensor, Tensor]:
        """Return the GPT's input vectors (B, N, n_embd), and how many of the N are valid, (B,)."""
        front = self.join(known.front)
        if self.thing is None:
            return front, known.counts
        return torch.cat((front, self.thing(known.middles)), 1), 1 + known.counts


def select_centers(centers: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
    """Return features of the most likely object centers, (B, MAX_CENTERS, F), ordered by class, and their number.

    The image features at the center are left out: with them, the GPT memorized the training homes and generalized
    worse.

    Args:
        centers: (B, things, G, G) logits.
        states: (B, states, G, G) logits.
    """
    G = centers.shape[2]
    probabilities = centers.float().softmax(1)[:, 1:]  # (B, things - 1, G, G)
    peaks = torch.where(probabilities == F.max_pool2d(probabilities, 3, 1, 1), probabilities, 0.0).flatten(1)
    best, selected = peaks.topk(MAX_CENTERS, dim=1)
    # Ordered by object class, then by cell; invalid ones last.
    selected = torch.where(best > MIN_PROBABILITY, selected, peaks.shape[1]).sort(1).values
    counts = (selected < peaks.shape[1]).sum(1)
    selected = selected.clamp_max(peaks.shape[1] - 1)
    category, cell = selected // (G * G), selected % (G * G)
    state_probabilities = states.float().sigmoid().flatten(2)  # (B, states, G²)
    center_states = state_probabilities.gather(2, cell[:, None].expand(-1, state_probabilities.shape[1], -1)).transpose(
        1, 2
    )
    category_scores = F.one_hot(category, probabilities.shape[1]) * peaks.gather(1, selected)[..., None]
    return torch.cat((center_states, category_scores), 2), counts


def fold_batch_norms(encoder: SightEncoder) -> dict[str, Tensor]:
    """Return the weights with each batch norm folded into the convolution before it: `halve1.weight`, `halve1.bias`."""
    state = {name: tensor.detach().float() for name, tensor in encoder.state_dict().items()}
    weights: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if name.endswith(".conv.weight"):
            base = name.removesuffix(".conv.weight")
            scale = state[f"{base}.norm.weight"] / (state[f"{base}.norm.running_var"] + 1e-5).sqrt()
            weights[f"{base}.weight"] = tensor * scale[:, None, None, None]
            weights[f"{base}.bias"] = state[f"{base}.norm.bias"] - state[f"{base}.norm.running_mean"] * scale
        elif ".norm." not in name:
            weights[name] = tensor
    return weights


def load_folded(encoder: SightEncoder, weights: Mapping[str, Tensor]) -> None:
    """Load weights from `fold_batch_norms` into an encoder; in evaluation its batch norms are then the identity."""
    state = encoder.state_dict()
    for name in state:
        base = name.rpartition(".norm.")[0]
        if name.endswith(".conv.weight"):
            state[name] = weights[f"{name.removesuffix('.conv.weight')}.weight"]
        elif name.endswith(".norm.bias"):
            state[name] = weights[f"{base}.bias"]
        elif name.endswith((".norm.weight", ".norm.running_var")):
            state[name] = torch.full_like(state[name], 1.0 if name.endswith("weight") else 1 - 1e-5)
        elif name.endswith(".norm.running_mean"):
            state[name] = torch.zeros_like(state[name])
        elif name in weights and weights[name].shape == state[name].shape:
            state[name] = weights[name]
    encoder.load_state_dict(state)
