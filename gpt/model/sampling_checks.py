"""Checks of what decoding is given, with and without torch: settings, token ids, logits. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from gpt.errors import ConfigError, ContextError, LogitsError

TINY_TEMPERATURE = 1e-200
"""Below it, an fp32 logit over the temperature may be too large for fp64."""


def check_sampling(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Check that sampling settings are valid.

    Raises:
        ConfigError: A setting is out of range, or not a number.
    """
    if not is_number(temperature) or not 0 <= temperature < math.inf:
        raise ConfigError(f"temperature is {temperature!r}; it must be a number from 0 on (0 takes the most likely)")
    if top_k is not None and (not _is_whole(top_k) or top_k < 1):
        raise ConfigError(f"top_k is {top_k!r}; it must be a whole number of at least 1, or None")
    if top_p is not None and (not is_number(top_p) or not 0 < top_p <= 1):
        raise ConfigError(f"top_p is {top_p!r}; it must be above 0 and at most 1, or None")


def check_count(name: str, value: int, least: int) -> None:
    """Check that a number of tokens or beams is a whole number of at least `least`.

    Raises:
        ConfigError: It is not.
    """
    if not _is_whole(value) or value < least:
        raise ConfigError(f"{name} is {value!r}; it must be a whole number of at least {least}")


def check_ids(ids: Sequence[int], vocab_size: int, what: str = "id") -> None:
    """Check that token ids are whole numbers of the vocabulary.

    Args:
        ids: At least one.
        vocab_size: Of the model.
        what: What a message calls one of them.

    Raises:
        ContextError: One is not; the message names it and its position.
    """
    kinds = set(map(type, ids))
    if kinds != {int} and not all(issubclass(kind, Integral) for kind in kinds):
        index = next(i for i, value in enumerate(ids) if not issubclass(type(value), Integral))
        wrong = str(ids[index])
        raise ContextError(f"{what} {wrong[:40]!r} at position {index} is no whole number; give a list of int")
    if min(ids) < 0 or max(ids) >= vocab_size:
        index, value = next((i, value) for i, value in enumerate(ids) if not 0 <= value < vocab_size)
        raise ContextError(f"{what} {value} is not in 0..{vocab_size - 1} (vocab_size - 1); it is at position {index}")


def undrawable(n: int, n_nan: int, n_infinite: int) -> LogitsError:
    """Return the error for logits from which nothing can be drawn.

    Args:
        n: Number of logits.
        n_nan: How many are NaN.
        n_infinite: How many are plus infinity.
    """
    if n_nan or n_infinite:
        counts = [f"{count} are {name}" for count, name in ((n_nan, "NaN"), (n_infinite, "inf")) if count]
        return LogitsError(f"of {n} logits {' and '.join(counts)}: the weights are damaged, or training diverged")
    return LogitsError(f"all {n} logits are -inf: no id can be drawn")


def is_number(value: object) -> bool:
    """Whether a value is a real number, of Python or numpy."""
    return type(value) is float or (isinstance(value, Real) and not isinstance(value, bool))


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
