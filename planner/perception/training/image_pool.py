"""Pictures that grow while training goes on: files of `planner.perception.training.render` are taken over onto the trainer's device.

Shapes: B pictures of a batch, G cells each way.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from planner.errors import PlannerError
from planner.perception.image_labels import FURNITURE_STATES, SIZE, THING_STATES
from planner.perception.training.image_shards import Shard, read_shard, shards_in

LOOK_S = 2.0  # between looks for new files


class Views(NamedTuple):
    """A batch of pictures and what they show; see `planner.perception.training.image_shards`.

    Attributes:
        pictures: (B, 3, SIZE, SIZE) in -1..1.
        cells: (B, G, G) int64.
        centers: (B, G, G) int64.
        states: (B, states, G, G) 0 or 1.
        furniture: (B,) int64.
        furniture_states: (B, states) 0 or 1.
        texts: B listings.
    """

    pictures: Tensor
    cells: Tensor
    centers: Tensor
    states: Tensor
    furniture: Tensor
    furniture_states: Tensor
    texts: list[str]


class Gallery:
    """Pictures on a device.

    Args:
        device: Where they are kept.
        folder: Where files of pictures appear.
        most: Pictures that are kept; of more, the first stay.
    """

    def __init__(self, device: torch.device, folder: Path, most: int) -> None:
        self.device, self.folder, self.most = device, folder, most
        self._parts: list[list[Tensor]] = []
        self.texts: list[str] = []
        self._known: set[Path] = set()
        self._looked = -LOOK_S

    def __len__(self) -> int:
        """Pictures."""
        return len(self.texts)

    def look(self, *, files: int = 1) -> None:
        """Take over some new files, if there are any."""
        if time.perf_counter() - self._looked < LOOK_S or len(self) >= self.most:
            return
        new = [path for path in shards_in(self.folder) if path not in self._known]
        for path in new[:files]:
            self._known.add(path)
            self._add(read_shard(path))
        if len(new) <= files:
            self._looked = time.perf_counter()

    def wait(self, count: int, patience: float = 180.0) -> None:
        """Wait until there are so many pictures.

        Raises:
            PlannerError: There are not after so long [s].
        """
        began = time.perf_counter()
        while len(self) < count:
            self._looked = -LOOK_S
            self.look(files=8)
            if time.perf_counter() - began > patience:
                raise PlannerError(
                    f"{self.folder}: {len(self)} pictures after {patience:.0f} s, {count} are needed to begin; draw "
                    "them with python -m planner.perception.training.render"
                )
            if len(self) < count:
                time.sleep(0.2)

    def _add(self, shard: Shard) -> None:
        arrays = [torch.from_numpy(np.ascontiguousarray(a)).to(self.device) for a in shard[:-1]]
        self._parts.append(arrays)
        self.texts += shard.texts
        if len(self._parts) > 64:  # few tensors, so that a draw is quick
            self._parts = [[torch.cat(tensors) for tensors in zip(*self._parts, strict=True)]]

    def draw(self, count: int, generator: torch.Generator) -> Views:
        """Draw pictures, changed at random: mirrored, in other colors, shifted a little, blurred, with noise."""
        numbers = torch.randint(len(self), (count,), generator=generator)
        return changed(self._views(numbers), self.device)

    def all(self) -> Views:
        """Return all as they are."""
        return self._views(torch.arange(len(self)))

    def _views(self, numbers: Tensor) -> Views:
        sizes = torch.tensor([len(part[0]) for part in self._parts])
        ends = sizes.cumsum(0)
        of = torch.bucketize(numbers, ends, right=True)
        order: list[Tensor] = []
        found: list[list[Tensor]] = []
        for part in sorted(set(of.tolist())):
            chosen = (of == part).nonzero()[:, 0]
            order.append(chosen)
            local = (numbers[chosen] - (ends[part] - sizes[part])).to(self.device)
            found.append([tensor[local] for tensor in self._parts[part]])
        pictures, cells, centers, states, furniture, furniture_states = (
            torch.cat(tensors) for tensors in zip(*found, strict=True)
        )
        return Views(
            pictures=(pictures.permute(0, 3, 1, 2).float() - 127.5) / 127.5,
            cells=cells.long(), centers=centers.long(), states=_spread(states, len(THING_STATES), 1),
            furniture=furniture.long(), furniture_states=_spread(furniture_states, len(FURNITURE_STATES), 1),
            texts=[self.texts[i] for i in numbers[torch.cat(order)].tolist()],
        )  # fmt: skip


def _spread(bits: Tensor, count: int, dim: int) -> Tensor:
    return torch.stack([(bits >> k) & 1 for k in range(count)], dim=dim).float()


def changed(views: Views, device: torch.device) -> Views:
    """Return pictures as another camera on another day would show them; what is where stays true."""
    x = views.pictures
    B = len(x)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, device=device)

    mirrored = rand(B) < 0.5
    pick = mirrored[:, None, None]
    x = torch.where(pick[:, None], x.flip(3), x)
    cells, centers = (torch.where(pick, t.flip(2), t) for t in (views.cells, views.centers))
    states = torch.where(pick[:, None], views.states.flip(3), views.states)
    x = (x + 1) / 2
    x = x ** (0.7 + 0.7 * rand(B, 1, 1, 1)) * (0.75 + 0.5 * rand(B, 1, 1, 1)) * (0.85 + 0.3 * rand(B, 3, 1, 1))
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (0.6 + 0.6 * rand(B, 1, 1, 1)) + 0.12 * (rand(B, 1, 1, 1) - 0.5)
    softer = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = torch.where(rand(B, 1, 1, 1) < 0.25, softer, x)
    x = x + 0.04 * rand(B, 1, 1, 1) * torch.randn_like(x)
    shift = 6 * (rand(B, 2) - 0.5) / (SIZE / 2)
    theta = torch.zeros(B, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1.0
    theta[:, :, 2] = shift
    grid = F.affine_grid(theta, [B, 3, SIZE, SIZE], align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    return views._replace(pictures=2 * x.clamp(0, 1) - 1, cells=cells, centers=centers, states=states)
