"""Errors of the `envs` package (one base class), and helpers for messages that offer the nearest known word."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_COMPARED_LENGTH = 100  # longer words are not compared with known words
MAX_QUOTED_LENGTH = 80  # characters of a quoted value in a message


class EnvsError(Exception):
    """Base class of all errors that `envs` raises on purpose."""


class DomainError(EnvsError, ValueError):
    """The domain file contradicts itself."""


class GoalError(EnvsError, ValueError):
    """A goal text does not parse, or names what the domain does not have."""


class ActionError(EnvsError, ValueError):
    """An action text does not parse, or an inapplicable action was applied."""


class HomeError(EnvsError, ValueError):
    """A home file is invalid; the message has one line per problem."""


class HomeNameError(HomeError):
    """Something names no home; the message lists what does."""


class PhysicsError(EnvsError, RuntimeError):
    """The physics engine is missing or cannot build a home."""


def quoted(value: object) -> str:
    """Return the `repr` of a value for a message, cut to `MAX_QUOTED_LENGTH` characters."""
    text = repr(value)
    return text if len(text) <= MAX_QUOTED_LENGTH else text[: MAX_QUOTED_LENGTH - 1] + "…"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that offers the known words nearest to `word`, or an empty string."""
    if len(word) > MAX_COMPARED_LENGTH:  # the time grows with the product of the lengths
        return ""
    close = get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(c) for c in close)}?" if close else ""
