"""One small texture with all colors, so that an object of many colors is drawn as one mesh.

The renderer allows one color and one texture per mesh. The texture is a color cube with 16 steps per channel, laid out
as 64 x 64 texels, and a vertex's texture coordinates select its color. Dirty or hot objects use the same cube, tinted.

Legend: S texels along a side.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIDE = 64
STEPS = 16
Tint = tuple[tuple[float, float, float], float]  # a color and its weight in [0, 1]


def texel(color: Sequence[float]) -> tuple[float, float]:
    """Return the texture coordinates, each in [0, 1], of a color (red, green, blue, ...)."""
    red, green, blue = (round(min(1.0, max(0.0, c)) * (STEPS - 1)) for c in color[:3])
    index = (red * STEPS + green) * STEPS + blue
    # The renderer counts rows from the bottom.
    return ((index % SIDE) + 0.5) / SIDE, 1 - ((index // SIDE) + 0.5) / SIDE


def palette(tints: Sequence[Tint] = ()) -> NDArray[np.uint8]:
    """Return the texture, (S, S, 3), with the tints blended over it in order."""
    index = np.arange(SIDE * SIDE)
    channels = [index // STEPS**2, index // STEPS % STEPS, index % STEPS]
    colors = np.stack(channels, axis=1) / (STEPS - 1)  # (S * S, 3)
    for tint, share in tints:
        colors = (1 - share) * colors + share * np.array(tint)
    texture: NDArray[np.uint8] = np.round(255 * colors).astype(np.uint8).reshape(SIDE, SIDE, 3)
    return texture


def targa(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture (H, W, 3) as an uncompressed TGA file, which PyBullet reads."""
    height, width, _ = picture.shape
    from_above = 0x20
    header = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, width, height, 24, from_above)
    return header + picture[:, :, ::-1].tobytes()
