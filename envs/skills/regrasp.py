"""Putting down what friction holds where the hand would have to hold it otherwise: set down on the way, taken anew.

What is pinched turns with the hand. A cup that was taken out of a cupboard by a level hand cannot be put on a low
table, nor a cup that was taken from above be put into a cupboard; a person would set it down and take it otherwise.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

from envs.robot.motion_primitives import SkillError
from envs.robot.reach_planning import DOWN, LEVEL
from envs.skills.pick import pick_up
from envs.skills.place import AwkwardError, place_as_held

if TYPE_CHECKING:
    from envs.robot.motion_primitives import MotionPrimitives

HEIGHTS_M = (0.45, 1.15)  # of surfaces on which the hand may come level, steep, and from above
MOST_M = 6.0  # the way to such a surface
TRIES = 4


def place(motion: MotionPrimitives, name: str, place: str) -> None:
    """Put what is held at a place, arm tucked at the end; with a stop on the way where friction needs one.

    Raises:
        SkillError: No room, no reach, or it did not stay there; the thing is still held unless it fell.
    """
    try:
        place_as_held(motion, name, place)
        return
    except AwkwardError as error:
        reason = error
    if not _set_down(motion, name, place):
        raise reason
    root = motion.queries.root(place)
    covered = root is not None and motion.queries.region(root).covered
    pick_up(motion, name, LEVEL[::-1] if covered else DOWN)
    place_as_held(motion, name, place)


def _set_down(motion: MotionPrimitives, name: str, place: str) -> bool:
    """Put what is held on a surface nearby; whether there was one."""
    for surface in _surfaces(motion, place)[:TRIES]:
        try:
            place_as_held(motion, name, surface)
        except SkillError:
            if motion.robot.held is None:
                raise
            continue  # no room there, or no reach with this grasp either
        return True
    return False


def _surfaces(motion: MotionPrimitives, place: str) -> list[str]:
    """Open surfaces of a handy height, the nearest first."""
    queries = motion.queries
    x, y = (float(n) for n in motion.robot.q[:2])
    found = []
    for name, spec in queries.specs.items():
        category = queries.domain.fixtures[spec.category]
        if name == place or category.region is None or category.relation != "on" or category.body == "seat":
            continue
        if queries.region(name).covered or not HEIGHTS_M[0] <= queries.region(name).at[2] <= HEIGHTS_M[1]:
            continue
        away_m = hypot(spec.x - x, spec.y - y)
        if away_m < MOST_M:
            found.append((away_m, name))
    return [name for _, name in sorted(found)]
