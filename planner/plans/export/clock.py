"""The time in a home: that of its own clock if it has one, which waiting sets forward; otherwise the machine's."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from envs.symbolic.goals import When
    from envs.symbolic.home_protocol import Home

DAY_S = 86_400.0


@runtime_checkable
class Clocked(Protocol):
    """A home with a clock of its own."""

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""

    def wait(self, seconds: float) -> None:
        """Let time pass [s]."""


class HomeClock:
    """The clock of a home."""

    def __init__(self, home: Home) -> None:
        self._home = home if isinstance(home, Clocked) else None
        now = datetime.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._offset_s = (now - midnight).total_seconds() - time.monotonic()

    def time_s(self) -> float:
        """Return the time [s] since midnight of the first day."""
        return self._home.time_s if self._home is not None else self._offset_s + time.monotonic()

    def reaches(self, until_s: float) -> bool:
        """Whether a time [s] has come; a home's own clock is set forward to it."""
        left_s = until_s - self.time_s()
        if left_s > 0 and self._home is not None:
            self._home.wait(left_s)
            return True
        return left_s <= 0


def seconds_until(when: When, now_s: float) -> float:
    """Return how long a phase waits that could begin now."""
    if when.at is None:
        return when.after_s or 0.0
    hours, _, minutes = when.at.partition(":")
    return (3600.0 * int(hours) + 60.0 * int(minutes) - now_s) % DAY_S
