"""The encoder of sight in numpy: what `gpt.senses.sight` computes, for one picture.

Shapes: S pixels each way, G = S / 8 cells, N = (G / 3)² vectors.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gpt.errors import CheckpointError
from gpt.runtime.dense import rms_norm
from gpt.runtime.folder import Floats
from gpt.runtime.layers import conv2d, encoder_block
from gpt.runtime.sense_file import SenseFile


def scaled(picture: npt.NDArray[np.uint8]) -> Floats:
    """Return colours as the encoder reads them, in -1..1."""
    return (picture.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)


class Eye:
    """Weights of the encoder.

    Raises:
        CheckpointError: They are not those of an encoder of pictures.
    """

    def __init__(self, sense: SenseFile) -> None:
        """Take them from a sense's file."""
        try:
            self.size, self.fine, self.coarse, self.layers, self.heads = (
                int(str(sense.config[name])) for name in ("size", "fine", "coarse", "layers", "heads")
            )
        except (KeyError, ValueError) as error:
            raise CheckpointError(f"the sight's config is damaged: {error!r}") from None
        needed = ["halve1", "halve2", "halve3", "square", "join", *(f"blocks.{i}.qkv" for i in range(self.layers))]
        missing = [name for name in needed if f"{name}.weight" not in sense.encoder]
        if missing:
            raise CheckpointError(f"the sight lacks the weights {missing[0]}")
        self.weights: Mapping[str, Floats] = sense.encoder

    def perceive(self, picture: npt.NDArray[np.uint8]) -> Floats:
        """Return the vectors (N, n_embd) of a picture (S, S, 3)."""
        w = self.weights
        x = self._relu(self._conv(scaled(picture), "halve1", 2))
        x = self._residuals(self._relu(self._conv(x, "halve2", 2)), "fine", self.fine)
        x = self._residuals(self._relu(self._conv(x, "halve3", 2)), "coarse", self.coarse)
        y = conv2d(x, w["square.weight"], w["square.bias"], stride=3)
        y = y.reshape(-1, y.shape[-1]) + w["place"]
        for number in range(self.layers):
            y = encoder_block(y, w, f"blocks.{number}.", self.heads)
        found: Floats = rms_norm(y) @ w["join.weight"].T
        found += w["join.bias"]
        return found

    def _conv(self, x: Floats, name: str, stride: int = 1) -> Floats:
        return conv2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], stride=stride, padding=1)

    def _residuals(self, x: Floats, name: str, count: int) -> Floats:
        for number in range(count):
            y = self._relu(self._conv(x, f"{name}.{number}.a"))
            x = self._relu(x + self._conv(y, f"{name}.{number}.b"))
        return x

    @staticmethod
    def _relu(x: Floats) -> Floats:
        return np.maximum(x, 0.0, out=x)
