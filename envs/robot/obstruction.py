"""Why something cannot be reached: the open door that is in the way, if closing one would help."""

from __future__ import annotations

from contextlib import contextmanager
from math import hypot
from typing import TYPE_CHECKING

from envs.robot.motion_primitives import AVOIDED_M, SkillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envs.robot.motion_primitives import MotionPrimitives

NEAR_M = 2.0  # from what is to be reached to a fixture whose door may be in the way


def unreachable_error(
    motion: MotionPrimitives, reason: str, again: Callable[[], object], *, own: str | None = None
) -> SkillError:
    """Return the failure of a skill that found no way to what it wants.

    Args:
        motion: The robot and its home.
        reason: What cannot be reached, in words.
        again: Looks for a way once more and returns what it finds, nothing if there is none. It must not move anything.
        own: The fixture that is worked at: its door has to stay as it is.
    """
    queries = motion.queries
    x, y = float(motion.focus[0]), float(motion.focus[1])
    standing = sorted((hypot(spec.x - x, spec.y - y), name) for name, spec in queries.specs.items() if name != own)
    for away_m, name in standing:
        if away_m > NEAR_M or not queries.is_open(name):
            continue
        with _as_if_closed(motion, name):
            helps = bool(again())
        if helps:
            return SkillError(f"{reason}: blocked by {name}", blocked_by=name)
    return SkillError(reason)


@contextmanager
def _as_if_closed(motion: MotionPrimitives, name: str) -> Iterator[None]:
    """Shut a fixture's leaves while no time passes."""
    links = range(len(motion.queries.furniture[name].leaves))
    stood = [motion.engine.joint(name, link) for link in links]
    try:
        _turn(motion, name, [0.0 for _ in links])
        yield
    finally:
        _turn(motion, name, stood)


def _turn(motion: MotionPrimitives, name: str, positions: list[float]) -> None:
    for link, position in enumerate(positions):
        motion.engine.set_joint(name, link, position)
    motion.queries.forget()
    motion.refresh_floor(AVOIDED_M[0])
