"""A pool of training pictures on the device, which loads new files of `planner.perception.training.render`.

Shapes: B pictures of a batch, G cells per row and column.
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

POLL_INTERVAL_S = 2.0  # between checks for new files


class Views(NamedTuple):
    """A batch of pictures and labels; see `planner.perception.training.image_shards`.

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


class ImagePool:
    """A pool of pictures on a device.

    Args:
        device: Device of the pictures.
        folder: Folder where picture files appear.
        max_pictures: Maximum number of pictures; later ones are ignored.
    """

    def __init__(self, device: torch.device, folder: Path, max_pictures: int) -> None:
        self.device, self.folder, self.max_pictures = device, folder, max_pictures
        self._parts: list[list[Tensor]] = []
        self.texts: list[str] = []
        self._known: set[Path] = set()
        self._last_poll = -POLL_INTERVAL_S

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.texts)

    def load_new(self, *, files: int = 1) -> None:
        """Load up to `files` new files, if there are any."""
        if time.perf_counter() - self._last_poll < POLL_INTERVAL_S or len(self) >= self.max_pictures:
            return
        new = [path for path in shards_in(self.folder) if path not in self._known]
        for path in new[:files]:
            self._known.add(path)
            self._add(read_shard(path))
        if len(new) <= files:
            self._last_poll = time.perf_counter()

    def wait(self, count: int, timeout_s: float = 180.0) -> None:
        """Wait until there are `count` pictures.

        Raises:
            PlannerError: There are too few after `timeout_s`.
        """
        started_at = time.perf_counter()
        while len(self) < count:
            self._last_poll = -POLL_INTERVAL_S
            self.load_new(files=8)
            if time.perf_counter() - started_at > timeout_s:
                raise PlannerError(
                    f"{self.folder}: {len(self)} pictures after {timeout_s:.0f} s, {count} are needed to start; render "
                    "them with python -m planner.perception.training.render"
                )
            if len(self) < count:
                time.sleep(0.2)

    def _add(self, shard: Shard) -> None:
        arrays = [torch.from_numpy(np.ascontiguousarray(a)).to(self.device) for a in shard[:-1]]
        self._parts.append(arrays)
        self.texts += shard.texts
        if len(self._parts) > 64:  # merge tensors, so that drawing a batch is fast
            self._parts = [[torch.cat(tensors) for tensors in zip(*self._parts, strict=True)]]

    def draw(self, count: int, generator: torch.Generator) -> Views:
        """Draw augmented pictures: mirrored, with changed colors, shifted, blurred and noisy."""
        indices = torch.randint(len(self), (count,), generator=generator)
        return augment_views(self._views(indices), self.device)

    def all(self) -> Views:
        """Return all pictures without augmentation."""
        return self._views(torch.arange(len(self)))

    def _views(self, indices: Tensor) -> Views:
        sizes = torch.tensor([len(part[0]) for part in self._parts])
        ends = sizes.cumsum(0)
        part_of_index = torch.bucketize(indices, ends, right=True)
        order: list[Tensor] = []
        parts: list[list[Tensor]] = []
        for part in sorted(set(part_of_index.tolist())):
            positions = (part_of_index == part).nonzero()[:, 0]
            order.append(positions)
            local = (indices[positions] - (ends[part] - sizes[part])).to(self.device)
            parts.append([tensor[local] for tensor in self._parts[part]])
        pictures, cells, centers, states, furniture, furniture_states = (
            torch.cat(tensors) for tensors in zip(*parts, strict=True)
        )
        return Views(
            pictures=(pictures.permute(0, 3, 1, 2).float() - 127.5) / 127.5,
            cells=cells.long(), centers=centers.long(), states=_unpack_bits(states, len(THING_STATES), 1),
            furniture=furniture.long(), furniture_states=_unpack_bits(furniture_states, len(FURNITURE_STATES), 1),
            texts=[self.texts[i] for i in indices[torch.cat(order)].tolist()],
        )  # fmt: skip


def _unpack_bits(bits: Tensor, count: int, dim: int) -> Tensor:
    return torch.stack([(bits >> k) & 1 for k in range(count)], dim=dim).float()


def augment_views(views: Views, device: torch.device) -> Views:
    """Augment pictures as if taken by another camera in another light; the labels stay valid."""
    x = views.pictures
    B = len(x)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, device=device)

    mirrored = rand(B) < 0.5
    mirror_mask = mirrored[:, None, None]
    x = torch.where(mirror_mask[:, None], x.flip(3), x)
    cells, centers = (torch.where(mirror_mask, t.flip(2), t) for t in (views.cells, views.centers))
    states = torch.where(mirror_mask[:, None], views.states.flip(3), views.states)
    x = (x + 1) / 2
    x = x ** (0.7 + 0.7 * rand(B, 1, 1, 1)) * (0.75 + 0.5 * rand(B, 1, 1, 1)) * (0.85 + 0.3 * rand(B, 3, 1, 1))
    gray = x.mean(1, keepdim=True)
    x = gray + (x - gray) * (0.6 + 0.6 * rand(B, 1, 1, 1)) + 0.12 * (rand(B, 1, 1, 1) - 0.5)
    blurred = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = torch.where(rand(B, 1, 1, 1) < 0.25, blurred, x)
    x = x + 0.04 * rand(B, 1, 1, 1) * torch.randn_like(x)
    shift = 6 * (rand(B, 2) - 0.5) / (SIZE / 2)
    theta = torch.zeros(B, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1.0
    theta[:, :, 2] = shift
    grid = F.affine_grid(theta, [B, 3, SIZE, SIZE], align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    return views._replace(pictures=2 * x.clamp(0, 1) - 1, cells=cells, centers=centers, states=states)
