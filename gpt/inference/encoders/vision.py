"""The vision encoder in numpy: the same as `gpt.encoders.vision`, for one image.

Shapes: S pixels each way, G = S / 8 cells, N vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gpt.errors import CheckpointError
from gpt.inference.dense import rms_norm, softmax
from gpt.inference.encoders.blocks import conv2d, encoder_block
from gpt.weights.encoder_file import SenseFile
from gpt.weights.model_folder import Floats

MAX_CENTERS = 24  # maximum number of object centers that the GPT reads per image
MIN_PROBABILITY = 0.1  # minimum probability of an object center


class Perceived(NamedTuple):
    """Encoder output for an image.

    Attributes:
        vectors: (N, n_embd) input for the GPT.
        things: Object class of each object center, counted from 0, in the order of the vectors; None if the GPT reads
            image squares.
        likely: Probability of each object center, in 0..1.
        summary: (C,) mean features of the image's cells and squares; with them unfamiliar images are told apart.
    """

    vectors: Floats
    things: tuple[int, ...] | None
    likely: tuple[float, ...] = ()
    summary: Floats | None = None


def scale_pixels(picture: npt.NDArray[np.uint8]) -> Floats:
    """Scale colors to the encoder's input range, -1..1."""
    return (picture.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)


class VisionEncoder:
    """The vision encoder.

    Raises:
        CheckpointError: The file is not that of a vision encoder.
    """

    def __init__(self, sense: SenseFile) -> None:
        """Take the weights from an encoder file."""
        try:
            self.size, self.fine, self.coarse, self.layers, self.heads, self.classes, self.things, self.furniture = (
                int(str(sense.config[name]))
                for name in ("size", "fine", "coarse", "layers", "heads", "classes", "things", "furniture")
            )
            self.things_first = bool(sense.config["things_first"])
        except (KeyError, ValueError) as error:
            raise CheckpointError(f"the vision encoder's config is damaged: {error!r}") from None
        needed = ["halve1", "halve2", "halve3", "square", "join", *(f"blocks.{i}.qkv" for i in range(self.layers))]
        needed += ["heads", "whole", "thing"] if self.things_first else []
        missing = [name for name in needed if f"{name}.weight" not in sense.encoder]
        if missing:
            raise CheckpointError(f"the vision encoder lacks the weights {missing[0]}")
        self.weights: Mapping[str, Floats] = sense.encoder

    def perceive(self, picture: npt.NDArray[np.uint8]) -> Perceived:
        """Encode an image (S, S, 3)."""
        w = self.weights
        x = self._relu(self._conv(scale_pixels(picture), "halve1", 2))
        x = self._residuals(self._relu(self._conv(x, "halve2", 2)), "fine", self.fine)
        x = self._residuals(self._relu(self._conv(x, "halve3", 2)), "coarse", self.coarse)
        y = conv2d(x, w["square.weight"], w["square.bias"], stride=3)
        y = y.reshape(-1, y.shape[-1]) + w["place"]
        for number in range(self.layers):
            y = encoder_block(y, w, f"blocks.{number}.", self.heads)
        y = rms_norm(y)
        perceived = (
            self._perceive_objects(x, y.mean(0)) if self.things_first else Perceived(self._linear(y, "join"), None)
        )
        return perceived._replace(summary=np.concatenate((x.mean((0, 1)), y.mean(0))))

    def _perceive_objects(self, x: Floats, image_mean: Floats) -> Perceived:
        """Return vectors of furniture and object centers, from the grid (G, G, C) and the mean feature (width,)."""
        logits = self._linear(image_mean[None], "whole")[0]
        predictions = np.concatenate((softmax(logits[: self.furniture]), _sigmoid(logits[self.furniture :])))
        front = self._linear(np.concatenate((image_mean, predictions))[None], "join")
        G = x.shape[0]
        heads = x.reshape(G * G, -1) @ self.weights["heads.weight"][:, :, 0, 0].T + self.weights["heads.bias"]
        probabilities = softmax(heads[:, self.classes : self.classes + self.things])[:, 1:]  # (G², things - 1)
        states = _sigmoid(heads[:, self.classes + self.things :])
        grid = np.pad(probabilities.reshape(G, G, -1), ((1, 1), (1, 1), (0, 0)))
        neighborhood_max = np.max([grid[i : i + G, j : j + G] for i in range(3) for j in range(3)], axis=0).reshape(
            G * G, -1
        )
        # Ordered by object class, then by cell.
        peaks = np.where(probabilities == neighborhood_max, probabilities, 0.0).T.reshape(-1)
        selected = np.argsort(-peaks, kind="stable")[:MAX_CENTERS]
        selected = np.sort(selected[peaks[selected] > MIN_PROBABILITY])
        category, cell = selected // (G * G), selected % (G * G)
        category_scores = np.zeros((len(selected), probabilities.shape[1]), np.float32)
        category_scores[np.arange(len(selected)), category] = peaks[selected]
        centers = np.concatenate((states[cell], category_scores), axis=1)
        vectors = np.concatenate((front, self._linear(centers, "thing")))
        return Perceived(vectors, tuple(category.tolist()), tuple(peaks[selected].tolist()))

    def _linear(self, x: Floats, name: str) -> Floats:
        y: Floats = x @ self.weights[f"{name}.weight"].T
        y += self.weights[f"{name}.bias"]
        return y

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


def _sigmoid(x: Floats) -> Floats:
    y: Floats = np.float32(1.0) / (np.float32(1.0) + np.exp(-np.clip(x, -80.0, 80.0)))
    return y
