"""The time in a home: that of its own clock if it has one, which waiting sets forward; otherwise the machine's."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from envs.symbolic.home_protocol import TimedHome

if TYPE_CHECKING:
    from collections.abc import Callable

    from envs.symbolic.home_protocol import Home

ROUNDING_S = 1e-6  # a clock that sums ticks may be so late


class HomeClock:
    """The clock of a home.

    Args:
        home: The home.
        now: Tells the local time, for a home without a clock of its own.
    """

    def __init__(self, home: Home, now: Callable[[], datetime] = datetime.now) -> None:
        self._home, self._now = home if isinstance(home, TimedHome) else None, now
        self._midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)

    def time_s(self) -> float:
        """Return the time [s] since midnight of the first day."""
        if self._home is not None:
            return self._home.time_s
        return (self._now() - self._midnight).total_seconds()

    def reaches(self, due_s: float) -> bool:
        """Whether a time [s] has come; a home's own clock is set forward to it."""
        left_s = due_s - self.time_s()
        if left_s > ROUNDING_S and self._home is not None:
            self._home.wait(left_s)
            return True
        return left_s <= ROUNDING_S
