"""Validates sampling settings, for decoding with and without torch. Torch-free."""

from __future__ import annotations

from gpt.errors import ConfigError


def check_sampling(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Check that sampling settings are valid.

    Raises:
        ConfigError: A setting is out of range.
    """
    if not temperature >= 0:
        raise ConfigError(f"temperature is {temperature!r}; it must be at least 0 (0 takes the most likely)")
    if top_k is not None and top_k < 1:
        raise ConfigError(f"top_k is {top_k!r}; it must be at least 1, or None")
    if top_p is not None and not 0 < top_p <= 1:
        raise ConfigError(f"top_p is {top_p!r}; it must be above 0 and at most 1, or None")
