"""How materials look: what the software renderer cannot draw is added to its picture, where such bodies are seen.

The renderer knows one color per vertex and one kind of light for a picture. Glass is seen through: the part of the
picture with glass is drawn again without it, and both are blended. Metal, glass and ceramics shine: that part is drawn
again in a light with highlights. Wood has a grain that is fixed to the body. Only bodies with a material as a property
are changed, so that pictures of homes without properties stay what they are, and cost what they cost.

Legend: H rows, W columns, N pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from envs.geometry.rotations import Array

MATERIALS = ("wooden", "glass", "metal", "paper", "ceramic")  # plastic is how everything else looks
OPACITY = 0.42  # of glass
SHINE = {"metal": 1.0, "glass": 0.8, "ceramic": 0.45}  # fraction of the highlights
HIGHLIGHT = 0.9  # specular light in which highlights are drawn
MAX_GAIN = 60.0  # of a highlight: a plate that faces the light stays gray
GRAIN_M = 0.012  # distance of the rings in wood
GRAIN = 0.22  # how much darker a ring is
PAPER = np.array([244.0, 240.0, 228.0])
PAPER_SHARE = 0.30  # how much the color of paper is bleached
STEEL = np.array([152.0, 157.0, 168.0])
STEEL_SHARE = 0.45  # how much the color of metal is that of steel


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of a picture, in pixels: rows `top` to `bottom` and columns `left` to `right`, the last ones excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def around(cls, mask: NDArray[np.bool_]) -> Window:
        """Return the smallest window that contains all true pixels of a mask (H, W)."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        return cls(top=int(rows[0]), bottom=int(rows[-1]) + 1, left=int(columns[0]), right=int(columns[-1]) + 1)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height [pixels]."""
        return self.right - self.left, self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """The window as indices of a picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def frustum(self, width: int, height: int, view_deg: float, near_m: float) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top of the view through this window at the near plane [m]."""
        half = near_m * float(np.tan(np.radians(view_deg) / 2))
        across = half * width / height
        return (
            across * (2 * self.left / width - 1), across * (2 * self.right / width - 1),
            half * (1 - 2 * self.bottom / height), half * (1 - 2 * self.top / height),
        )  # fmt: skip


def seen_through(rgb: NDArray[np.uint8], behind: NDArray[np.uint8], glass: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Blend pixels of glass with what is behind it, (H, W, 3)."""
    blended = rgb.copy()
    blended[glass] = np.round(OPACITY * rgb[glass] + (1 - OPACITY) * behind[glass]).astype(np.uint8)
    return blended


def shining(rgb: NDArray[np.uint8], lit: NDArray[np.uint8], masks: dict[str, NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """Add the highlights of a picture in another light to the pixels of materials that shine, (H, W, 3)."""
    bright = rgb.astype(np.float64)
    gain = np.clip(lit.astype(np.float64) - bright, 0.0, MAX_GAIN)
    for material, mask in masks.items():
        if material == "metal":
            bright[mask] = (1 - STEEL_SHARE) * bright[mask] + STEEL_SHARE * STEEL * _brightness(bright[mask])
        bright[mask] += SHINE[material] * gain[mask]
    return np.round(np.clip(bright, 0, 255)).astype(np.uint8)


def bleached(rgb: NDArray[np.uint8], paper: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Make pixels of paper paler, (H, W, 3)."""
    pale = rgb.copy()
    pixels = rgb[paper].astype(np.float64)
    pale[paper] = np.round((1 - PAPER_SHARE) * pixels + PAPER_SHARE * PAPER * _brightness(pixels)).astype(np.uint8)
    return pale


def _brightness(pixels: Array) -> Array:
    """Brightness of pixels (N, 3) as a fraction of the mean of the brightest, (N, 1)."""
    values = pixels.max(axis=1, keepdims=True)
    fractions: Array = 0.35 + 0.65 * values / max(1.0, float(np.percentile(values, 95)))
    return np.minimum(fractions, 1.0)


def grained(rgb: NDArray[np.uint8], wood: NDArray[np.bool_], points: Array) -> NDArray[np.uint8]:
    """Draw rings of wood on pixels, (H, W, 3).

    Args:
        rgb: The picture.
        wood: The pixels, (H, W).
        points: Where on the body they are, in its frame [m], (N, 3).
    """
    x, y, z = points.T
    rings = (y + 0.25 * z) / GRAIN_M + 0.3 * np.sin(x / (5 * GRAIN_M)) + 0.1 * np.sin(x / (2 * GRAIN_M))
    ring = rings % 1.0
    darker = 1 - GRAIN * np.where(ring < 0.75, ring / 0.75, (1 - ring) / 0.25) ** 2
    grainy = rgb.copy()
    grainy[wood] = np.round(rgb[wood] * darker[:, None]).astype(np.uint8)
    return grainy


def points_seen(
    pixels: NDArray[np.bool_], distance_m: NDArray[np.float32], eye: Sequence[float], target: Sequence[float],
    up: Sequence[float], view_deg: float,
) -> Array:  # fmt: skip
    """Return the points of the home that pixels show [m], (N, 3), from distances along the camera's axis (H, W)."""
    height, width = distance_m.shape
    forward = np.subtract(target, eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, up)
    right = right / np.linalg.norm(right)
    upward = np.cross(right, forward)
    rows, columns = np.nonzero(pixels)
    scale = height / 2 / np.tan(np.radians(view_deg) / 2)
    along = distance_m[pixels].astype(np.float64)[:, None]
    # TinyRenderer samples a pixel at its lower left corner.
    across, above = (columns - width / 2) / scale, (height / 2 - rows - 1) / scale
    points: Array = np.asarray(eye) + along * (forward + across[:, None] * right + above[:, None] * upward)
    return points
