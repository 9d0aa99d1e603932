"""Messages of workers to their pool, and which errors the user can fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from planner.errors import PlannerError


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A worker has started."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A worker has finished an item."""

    result: object


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The job of a worker raised an exception.

    Attributes:
        expected: Whether the user can fix the cause, so that the message without a traceback is enough.
    """

    message: str
    expected: bool


@dataclass(frozen=True, kw_only=True)
class Death:
    """A worker has died."""

    reason: str


Message: TypeAlias = "Ready | Answer | Failure | Death"


def is_expected(error: Exception) -> bool:
    """Return whether the user can fix the cause of an error, so that its message is enough."""
    from envs.errors import EnvsError
    from gpt.errors import GPTError

    return isinstance(error, PlannerError | EnvsError | GPTError)
