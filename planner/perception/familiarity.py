"""How unlike the pictures of homes a picture is, so that noise, text or a photograph is not taken for furniture.

The measure is the Mahalanobis distance of the encoder's mean features from those of rendered pictures (Lee et al.,
arXiv:1807.03888). It is stored with the encoder, as text, scaled so that 1 is the limit.
"""

from __future__ import annotations

import base64
import zlib

import numpy as np

from gpt.errors import CheckpointError
from gpt.weights.model_folder import Floats

KEPT = 0.98  # share of other pictures of homes below the limit
SHRINKAGE = 0.001  # towards uncorrelated features; 0.01 keeps more coarse JPEGs, but takes 20 % of icons for homes
_FLOAT = "<f4"


class Familiarity:
    """The distribution of the features of familiar pictures.

    Args:
        mean: (C,) mean features.
        whitening: (C, C) matrix whose product with a deviation from the mean has the distance as its norm.
    """

    def __init__(self, mean: Floats, whitening: Floats) -> None:
        self.mean, self.whitening = mean, whitening

    @classmethod
    def fit(cls, familiar: Floats, others: Floats) -> Familiarity:
        """Return the distribution of features (N, C); the limit lies where `KEPT` of the features (M, C) are below it.

        Args:
            familiar: Features of pictures of homes.
            others: Features of pictures of other homes.
        """
        exact = familiar.astype(np.float64)
        mean = exact.mean(axis=0)
        covariance = np.cov(exact.T)
        spread = np.diag(covariance).copy()
        spread += 1e-6 * spread.max() + 1e-12  # features that are always zero
        shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(spread)
        whitening = np.tril(np.linalg.inv(np.linalg.cholesky(shrunk)))
        distances = np.linalg.norm((others.astype(np.float64) - mean) @ whitening.T, axis=1)
        whitening /= np.quantile(distances, KEPT)
        return cls(mean.astype(np.float32), whitening.astype(np.float32))

    def distance(self, summary: Floats) -> float:
        """Return the distance of features (C,): above 1 the picture is unfamiliar."""
        return float(np.linalg.norm(self.whitening @ (summary - self.mean)))

    def as_text(self) -> str:
        """Serialize to a compact string."""
        raw = np.concatenate((self.mean[None], self.whitening)).astype(_FLOAT).tobytes()
        return base64.b85encode(zlib.compress(raw, 9)).decode()

    @classmethod
    def from_text(cls, text: str, width: int) -> Familiarity:
        """Deserialize the output of `as_text` for features (width,).

        Raises:
            CheckpointError: The text is damaged, or of features of another width.
        """
        size = (width + 1) * width * np.dtype(_FLOAT).itemsize
        try:
            raw = zlib.decompressobj().decompress(base64.b85decode(text), size + 1)
            rows = np.frombuffer(raw, _FLOAT).reshape(width + 1, width)
        except (ValueError, zlib.error) as error:
            raise CheckpointError(f"the familiarity in the sight's file is damaged: {error}") from None
        if not np.isfinite(rows).all():
            raise CheckpointError("the familiarity in the sight's file is damaged: it has numbers that are not finite")
        return cls(rows[0], rows[1:])
