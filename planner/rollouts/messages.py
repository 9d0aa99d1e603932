"""TODO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from planner.errors import PlannerError


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A worker has started."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A worker has made something."""

    result: object


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The job of a worker raised an exception.

    Attributes:
        expected: Whether a person can mend it, so that its message is all there is to say.
    """

    message: str
    expected: bool


@dataclass(frozen=True, kw_only=True)
class Death:
    """A worker is no more."""

    reason: str


Message: TypeAlias = "Ready | Answer | Failure | Death"


def is_expected(error: Exception) -> bool:
    """Return whether an error says what a person can mend, so that its message is enough."""
    from envs.errors import EnvsError
    from gpt.errors import GPTError

    return isinstance(error, PlannerError | EnvsError | GPTError)
