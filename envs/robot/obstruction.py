"""Explain why something cannot be reached: find the open door that blocks the way, if closing one would help."""

from __future__ import annotations

from contextlib import contextmanager
from math import hypot
from typing import TYPE_CHECKING

from envs.robot.motion_primitives import MIN_AVOIDED_HEIGHTS_M, SkillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envs.robot.motion_primitives import MotionPrimitives

MAX_DISTANCE_M = 2.0  # from the target to a fixture whose door may block it


def unreachable_error(
    motion: MotionPrimitives, reason: str, find_path: Callable[[], object], *, own_fixture: str | None = None
) -> SkillError:
    """Return the error of a skill that found no way to its target.

    Args:
        motion: The robot and its home.
        reason: What cannot be reached, in words.
        find_path: Searches for a way again and returns it, or something empty. It must not move anything.
        own_fixture: The fixture that the skill works at: its door must stay as it is.
    """
    queries = motion.queries
    focus_x, focus_y = float(motion.focus[0]), float(motion.focus[1])
    by_distance = sorted(
        (hypot(spec.x - focus_x, spec.y - focus_y), name) for name, spec in queries.specs.items() if name != own_fixture
    )
    for distance_m, name in by_distance:
        if distance_m > MAX_DISTANCE_M or not queries.is_open(name):
            continue
        with _temporarily_closed(motion, name):
            helps = bool(find_path())
        if helps:
            return SkillError(f"{reason}: blocked by {name}", blocked_by=name)
    return SkillError(reason)


@contextmanager
def _temporarily_closed(motion: MotionPrimitives, name: str) -> Iterator[None]:
    """Close a fixture's leaves while no time passes, and restore them afterwards."""
    links = range(len(motion.queries.furniture[name].leaves))
    positions = [motion.engine.joint(name, link) for link in links]
    try:
        _set_joints(motion, name, [0.0 for _ in links])
        yield
    finally:
        _set_joints(motion, name, positions)


def _set_joints(motion: MotionPrimitives, name: str, positions: list[float]) -> None:
    for link, position in enumerate(positions):
        motion.engine.set_joint(name, link, position)
    motion.queries.forget()
    motion.refresh_floor(MIN_AVOIDED_HEIGHTS_M[0])
