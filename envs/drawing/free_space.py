"""Boxes that overlap nothing: where a text of a given size can stand on a floor. Pure; lengths in pixels."""

from __future__ import annotations

import numpy as np

from envs.drawing.shapes import Box, Point

MIN_STEP, MAX_POSITIONS = 3.0, 4000  # of the grid of positions that are tried
GAP = 2.0  # between what stands there and a new box


class FreeSpace:
    """A rectangle of floor, and the boxes that stand on it."""

    def __init__(self, bounds: Box) -> None:
        self.bounds = bounds
        self.taken: list[Box] = []

    def take(self, *boxes: Box) -> None:
        """Let boxes stand there."""
        self.taken += boxes

    def is_free(self, box: Box) -> bool:
        """Whether a box lies on the floor and overlaps nothing."""
        return self.bounds.contains(box) and not any(box.overlaps(other) for other in self.taken)

    def nearest(self, width: float, height: float, point: Point, reach: float = float("inf")) -> Box | None:
        """Return the free box of a size whose middle is nearest to a point; None if there is none within reach."""
        low = np.array((self.bounds.left + width / 2, self.bounds.top + height / 2))
        high = np.array((self.bounds.right - width / 2, self.bounds.bottom - height / 2))
        low, high = np.maximum(low, np.subtract(point, reach)), np.minimum(high, np.add(point, reach))
        if (low > high).any():
            return None
        step = max(MIN_STEP, float(np.sqrt((high - low).prod() / MAX_POSITIONS)))
        xs, ys = (np.append(np.arange(a, b, step), b) for a, b in zip(low, high, strict=True))
        middles = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)  # (M, 2)
        half = np.array((width / 2 + GAP, height / 2 + GAP))
        searched = Box(*(low - half).tolist(), *(high + half).tolist())
        if near := [box for box in self.taken if box.overlaps(searched)]:
            taken = np.array(near)  # (K, 4)
            overlaps = (middles[:, None] - half < taken[None, :, 2:]) & (middles[:, None] + half > taken[None, :, :2])
            middles = middles[~overlaps.all(axis=2).any(axis=1)]
        if not len(middles):
            return None
        distance = ((middles - np.array(point)) ** 2).sum(axis=1).round(3)
        x, y = middles[int(np.argmin(distance))].tolist()
        return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
