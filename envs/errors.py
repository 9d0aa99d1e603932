"""Errors of the `envs` package (one base class), and helpers for messages that offer the nearest known word."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.words import names_by_word, singulars

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_COMPARED_LENGTH = 100  # longer words are not compared with known words
MAX_QUOTED_LENGTH = 80  # characters of a quoted value in a message
MAX_HINTS = 3  # words that a message offers
_ARTICLE = re.compile(r"^(?:the|a|an|my|some) +")


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


class RobotError(EnvsError, ValueError):
    """A robot file is invalid, or something names no robot; the message has one line per problem."""


class PhysicsError(EnvsError, RuntimeError):
    """The physics engine is missing or cannot build a home."""


class ArgumentError(EnvsError, ValueError):
    """An argument of an environment has a value that it cannot have, or is unknown."""


def quoted(value: object) -> str:
    """Return the `repr` of a value for a message, cut to `MAX_QUOTED_LENGTH` characters."""
    text = repr(value)
    return text if len(text) <= MAX_QUOTED_LENGTH else text[: MAX_QUOTED_LENGTH - 1] + "…"


def nearest(word: str, known: Iterable[str], *, alike: float = 0.6) -> str:
    """Return a hint that offers the known words nearest to `word`, or an empty string.

    A word that people use for a known one (`refrigerator`) goes before a similar spelling.

    Args:
        word: The unknown word.
        known: The words that are known.
        alike: How similar a spelling is at least, from 0 to 1.
    """
    if len(word) > MAX_COMPARED_LENGTH:  # the time grows with the product of the lengths
        return ""
    return _nearest(word, tuple(dict.fromkeys(known)), alike)


@lru_cache(maxsize=256)
def _nearest(word: str, known: tuple[str, ...], alike: float) -> str:
    choices = [name for name in known if name != word]
    plain = _ARTICLE.sub("", word.lower())
    close = _meant(plain, choices)
    close = close or get_close_matches(word, choices, n=MAX_HINTS, cutoff=alike)
    close = close or get_close_matches(plain, choices, n=MAX_HINTS, cutoff=alike)
    if not close:
        for spelling in get_close_matches(plain, names_by_word(), n=MAX_HINTS, cutoff=0.8):
            close = close or _meant(spelling, choices)
    return f"; did you mean {' or '.join(repr(c) for c in close)}?" if close else ""


def _meant(word: str, choices: list[str]) -> list[str]:
    """Return the choices that people call `word`, also in the plural."""
    names = [name for singular in singulars(word) for name in (singular, *names_by_word().get(singular, ()))]
    return [name for name in dict.fromkeys(names) if name in choices][:MAX_HINTS]
