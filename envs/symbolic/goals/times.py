"""Times of day, and when a phase of a goal is due.

Time is counted in seconds since midnight of the first day, `time_s`: 25,200 is 07:00, and 111,600 is 07:00 on day 2.
Nothing here reads the machine's clock.
"""

from __future__ import annotations

import math
import re
from numbers import Real
from typing import TYPE_CHECKING

from envs.errors import ArgumentError, quoted
from envs.symbolic.goals.values import When, format_when

if TYPE_CHECKING:
    from envs.symbolic.goals.values import Goal

DAY_S = 86_400.0
DEFAULT_START = "08:00"  # time of day at which a simulated home begins
_TIME = re.compile("([0-9]{1,2}):([0-9]{2})")


def parse_time(text: str) -> float:
    """Return the seconds since midnight [s] of a time of day such as `06:50`.

    Raises:
        ArgumentError: It is none.
    """
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ArgumentError(f"{quoted(text)} is not a time of day; it is HH:MM, between 00:00 and 23:59, such as 06:50")
    return 3600.0 * int(match[1]) + 60.0 * int(match[2])


def checked_seconds(seconds: object) -> float:
    """Return a time to wait [s], in [0, inf).

    Raises:
        ArgumentError: It is no such number.
    """
    value = float(seconds) if isinstance(seconds, Real) else math.nan
    if not 0 <= value < math.inf:
        raise ArgumentError(f"a wait takes a number of seconds, 0 or more, not {quoted(seconds)}")
    return value


def format_time(time_s: float) -> str:
    """Write a time, for example `07:00`, `07:00:12` or, later than on the first day, `07:00 on day 2`."""
    days, seconds = divmod(int(time_s + 0.001), int(DAY_S))  # 0.001: a clock that sums ticks may be late
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    text += f":{seconds % 60:02}" if seconds % 60 else ""
    return f"{text} on day {days + 1}" if days else text


def due_s(when: When, reached_s: float, since_s: float) -> float:
    """Return when a phase is due [s].

    Args:
        when: The time of the phase.
        reached_s: When the phase before it was reached; a delay counts from then.
        since_s: When the last phase with a time was due, or when the episode began; a time of day is the next one from
            then on, so that it is not missed while other phases are done.
    """
    if when.at is None:
        assert when.after_s is not None
        return reached_s + when.after_s
    return since_s + (parse_time(when.at) - since_s) % DAY_S


def words_of_when(when: When) -> str:
    """Return a time in plain words, for example "in 10 minutes" or "every day at 07:00"."""
    return format_when(when) if when.after_s is None else f"in {duration_words(when.after_s)}"


def duration_words(seconds: float) -> str:
    """Return a duration in plain words, for example "10 minutes"."""
    for unit, length in (("day", DAY_S), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:g} {unit}{'s' if seconds != length else ''}"
    return f"{seconds:g} second{'s' if seconds != 1 else ''}"


def when_as_dict(when: When) -> dict[str, float | str]:
    """Return a time as plain data: `{"after_s": 600}`, `{"at": "07:00"}` or `{"every": "day 07:00"}`."""
    if when.at is not None:
        return {"every": f"day {when.at}"} if when.daily else {"at": when.at}
    assert when.after_s is not None
    return {"after_s": int(when.after_s) if when.after_s == int(when.after_s) else when.after_s}


def daily_part(goal: Goal) -> Goal | None:
    """Return the part of a goal that is done again every day: from its first daily phase on; None if it has none."""
    for number, guard in enumerate(goal.guards):
        if guard.when is not None and guard.when.daily:
            return goal.after(number)
    return None
