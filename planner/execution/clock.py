"""What time it is while a plan is executed, and how to wait: a simulated clock that jumps, or the machine's own.

Both count seconds since midnight of the first day (`envs/symbolic/goals/times.py`). Only `RealClock` reads the
machine's clock, and it takes what reads it as an argument.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from envs.symbolic.goals import DEFAULT_START, parse_time
from envs.symbolic.home_protocol import TimedHome

if TYPE_CHECKING:
    from collections.abc import Callable

    from envs.symbolic.home_protocol import Home

MAX_SLEEP_S = 60.0  # a machine that was suspended, or set to another time, is noticed after this


class Clock(Protocol):
    """Tells the time, and waits."""

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""

    def count(self, seconds: float) -> None:
        """Take note that an action took so long [s]."""

    def wait_until(self, time_s: float) -> None:
        """Return when it is this time [s]; at once if it has passed."""


class SimulatedClock:
    """The clock of a simulated home. Waiting takes no real time: the clock jumps.

    A home without a clock, such as a robot of your own, is counted for by the durations of its outcomes.
    """

    def __init__(self, home: Home, *, start_time: str = DEFAULT_START) -> None:
        """Count from a time of day on, unless the home has a clock itself.

        Raises:
            ArgumentError: The start is not a time of day.
        """
        self._home = home if isinstance(home, TimedHome) else None
        self._counted_s = parse_time(start_time)

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""
        return self._counted_s if self._home is None else self._home.time_s

    def count(self, seconds: float) -> None:
        """Take note that an action took so long [s]; a home with a clock knows."""
        self._counted_s += seconds

    def wait_until(self, time_s: float) -> None:
        """Jump to this time [s], unless it has passed."""
        left_s = time_s - self.time_s
        if left_s > 0:
            self._counted_s += left_s
            if self._home is not None:
                self._home.wait(left_s)


class RealClock:
    """The time of day of the machine. Waiting sleeps, and time passes in a simulated home as well.

    A delay is counted on the same clock: an hour that daylight saving time adds or takes makes it longer or shorter.
    """

    def __init__(
        self, home: Home, *, now: Callable[[], datetime] = datetime.now, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Take what tells the local time, and what sleeps; tests pass their own."""
        self._home = home if isinstance(home, TimedHome) else None
        self._now, self._sleep = now, sleep
        self._midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""
        return (self._now() - self._midnight).total_seconds()

    def count(self, seconds: float) -> None:
        """Do nothing: real time passes by itself."""

    def wait_until(self, time_s: float) -> None:
        """Sleep until this time [s]."""
        began_s = self.time_s
        while (left_s := time_s - self.time_s) > 0:
            self._sleep(min(left_s, MAX_SLEEP_S))
        if self._home is not None and self.time_s > began_s:
            self._home.wait(self.time_s - began_s)
