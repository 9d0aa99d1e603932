"""Token sampling without torch; the rules are those of `gpt.generation.sampling.sample`.

Shapes: V vocabulary size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gpt.errors import ConfigError
from gpt.model.sampling_checks import TINY_TEMPERATURE, check_ids, check_sampling, undrawable
from gpt.weights.model_folder import Floats


def sample(
    logits: Floats,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    rng: np.random.Generator | None = None,
    allowed: Sequence[int] | None = None,
) -> tuple[int, float]:
    """Draw the next token.

    Args:
        logits: (V,) of one position.
        temperature: 0 takes the most likely id (the first of equals).
        top_k: Only this many most likely ids.
        top_p: Only the most likely ids that together reach this probability.
        rng: Source of randomness; required above temperature 0.
        allowed: The only ids that may be drawn; None allows all.

    Returns:
        The id, and its log-probability at temperature 1 among the allowed ids, before `top_k` and `top_p`.

    Raises:
        LogitsError: A logit is NaN or inf, or all are -inf.
        ConfigError: A setting is out of range.
    """
    if logits.ndim != 1 or not len(logits) or logits.dtype.kind != "f":
        raise ConfigError(f"logits are {logits.shape} of {logits.dtype}; expected (V,) of floats, of one position")
    if allowed is not None:
        if not len(allowed):
            raise ConfigError("allowed is empty; at least one id must be allowed")
        check_ids(allowed, len(logits), "allowed id")
        if len(allowed) == 1:
            return int(allowed[0]), 0.0
        logits = logits[np.asarray(allowed)]
    check_sampling(temperature, top_k, top_p)
    highest = float(logits.max())
    if not math.isfinite(highest):
        raise undrawable(len(logits), int(np.isnan(logits).sum()), int(np.isposinf(logits).sum()))
    if temperature == 0:
        index = int(logits.argmax())
    else:
        if rng is None:
            raise ConfigError(f"temperature is {temperature}, and no rng was given to draw with")
        running = _weights(logits, temperature, top_k, top_p).cumsum()
        index = min(int(np.searchsorted(running, rng.random() * running[-1], side="right")), len(running) - 1)
    return (index if allowed is None else int(allowed[index])), logprob(logits, index)


def logprob(logits: Floats, index: int) -> float:
    """Log-probability of the id at an index of the logits."""
    highest = float(logits.max())
    return float(logits[index]) - highest - math.log(float(np.exp(logits - np.float32(highest)).sum()))


def _weights(logits: Floats, temperature: float, top_k: int | None, top_p: float | None) -> npt.NDArray[np.float64]:
    """Unnormalized probabilities (V,)."""
    if temperature < TINY_TEMPERATURE:
        logits = logits - logits.max()
    with np.errstate(over="ignore"):
        scaled = logits.astype(np.float64) / temperature
    weights: npt.NDArray[np.float64] = np.exp(scaled - scaled.max())
    if top_k is not None and top_k < len(weights):
        weights[np.argsort(-scaled, kind="stable")[top_k:]] = 0.0
    if top_p is not None and top_p < 1:
        order = np.argsort(-weights, kind="stable")
        ordered = weights[order] / weights.sum()
        weights[order[ordered.cumsum() - ordered >= top_p]] = 0.0
    return weights
