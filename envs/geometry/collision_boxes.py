"""Penetration depth of spheres in boxes: the collision check of motion planning, vectorized over many postures.

Legend: B boxes, N postures, S spheres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from envs.geometry.rotations import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """Oriented boxes in the home's frame; `soft` ones are objects that may be nudged, others must not be touched."""

    at: Array  # (B, 3)
    turn: Array  # (B, 3, 3)
    half: Array  # (B, 3)
    soft: Array  # (B,) 1.0 or 0.0

    def near(self, point: Array, reach_m: float) -> Boxes:
        """Return the boxes within a horizontal distance of a point."""
        local = np.einsum("bji,bj->bi", self.turn, point - self.at)
        gap = np.maximum(np.abs(local) - self.half, 0.0)
        return self._only(np.linalg.norm(gap[:, :2], axis=1) < reach_m)

    def within(self, low: Array, high: Array, margin_m: float) -> Boxes:
        """Return the boxes within a margin of a block, given by its lowest and highest corner, (3,) each."""
        lowest, highest = self._corners
        return self._only(np.all((highest > low - margin_m) & (lowest < high + margin_m), axis=1))

    def _only(self, keep: NDArray[np.bool_]) -> Boxes:
        return Boxes(at=self.at[keep], turn=self.turn[keep], half=self.half[keep], soft=self.soft[keep])

    @cached_property
    def _corners(self) -> tuple[Array, Array]:
        """Return the lowest and highest coordinates of each box, (B, 3) each."""
        half_extent = np.einsum("bij,bj->bi", np.abs(self.turn), self.half)
        return self.at - half_extent, self.at + half_extent


def join(parts: list[Boxes]) -> Boxes:
    """Concatenate several sets of boxes."""
    if not parts:
        return Boxes(at=np.zeros((0, 3)), turn=np.zeros((0, 3, 3)), half=np.zeros((0, 3)), soft=np.zeros(0))
    return Boxes(
        at=np.concatenate([p.at for p in parts]),
        turn=np.concatenate([p.turn for p in parts]),
        half=np.concatenate([p.half for p in parts]),
        soft=np.concatenate([p.soft for p in parts]),
    )


def overlap(boxes: Boxes, centers: Array, radii: Array) -> tuple[Array, Array]:
    """Return the penetration of each posture's spheres into hard and into soft boxes, summed [m], (N,) and (N,).

    Args:
        boxes: The obstacles.
        centers: Sphere centers in the home's frame, (N, S, 3).
        radii: Sphere radii [m], (S,).
    """
    n, s, _ = centers.shape
    flat = centers.reshape(-1, 3)
    boxes = boxes.within(flat.min(0), flat.max(0), float(radii.max()))  # most boxes are far away
    if len(boxes.at) == 0:
        return np.zeros(n), np.zeros(n)
    # local = turn^T (c - at): one matrix product for all boxes.
    local = np.matmul(flat, boxes.turn) - np.matmul(boxes.at[:, None], boxes.turn)
    gap = np.abs(local) - boxes.half[:, None]  # (B, N * S, 3)
    outside = np.sqrt((np.maximum(gap, 0.0) ** 2).sum(-1))
    inside = np.minimum(gap.max(-1), 0.0)
    depth = np.maximum(np.tile(radii, n) - (outside + inside), 0.0)  # (B, N * S)
    hard = depth[boxes.soft < 0.5]
    soft = depth[boxes.soft >= 0.5]
    hard_sum = hard.max(0).reshape(n, s).sum(1) if len(hard) else np.zeros(n)
    soft_sum = soft.max(0).reshape(n, s).sum(1) if len(soft) else np.zeros(n)
    return hard_sum, soft_sum
