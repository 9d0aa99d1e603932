"""Putting down what friction holds where the hand would have to hold it otherwise: set down on the way, taken anew.

What is pinched turns with the hand. A cup that was taken out of a cupboard by a level hand cannot be put on a low
table, nor a cup that was taken from above be put into a cupboard; a person would set it down and take it otherwise.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

from envs.robot.motion_primitives import SkillError
from envs.robot.reach_planning import PITCHES_DOWN, PITCHES_LEVEL
from envs.skills.pick import pick_up
from envs.skills.place import AwkwardError, place_as_held

if TYPE_CHECKING:
    from envs.robot.motion_primitives import MotionPrimitives

SURFACE_HEIGHTS_M = (0.45, 1.15)  # of surfaces on which the hand may come level, steep, and from above
MAX_DISTANCE_M = 6.0  # the way to such a surface
MAX_SURFACES = 4


def place(motion: MotionPrimitives, name: str, place: str) -> None:
    """Put what is held at a place, arm tucked at the end; with a stop on the way where friction needs one.

    Raises:
        SkillError: No room, no reach, or it did not stay there; the thing is still held unless it fell.
    """
    try:
        place_as_held(motion, name, place)
        return
    except AwkwardError as error:
        error_as_held = error
    if not _set_down_nearby(motion, name, place):
        raise error_as_held
    fixture = motion.queries.root(place)
    covered = fixture is not None and motion.queries.region(fixture).covered
    pick_up(motion, name, PITCHES_LEVEL[::-1] if covered else PITCHES_DOWN)
    place_as_held(motion, name, place)


def _set_down_nearby(motion: MotionPrimitives, name: str, place: str) -> bool:
    """Put what is held on a surface nearby; whether there was one."""
    for surface in _nearby_surfaces(motion, place)[:MAX_SURFACES]:
        try:
            place_as_held(motion, name, surface)
        except SkillError:
            if motion.robot.held is None:
                raise
            continue  # no room there, or no reach with this grasp either
        return True
    return False


def _nearby_surfaces(motion: MotionPrimitives, place: str) -> list[str]:
    """Open surfaces of a handy height, the nearest first."""
    queries = motion.queries
    x, y = (float(n) for n in motion.robot.q[:2])
    surfaces = []
    for name, spec in queries.specs.items():
        category = queries.domain.fixtures[spec.category]
        if name == place or category.region is None or category.relation != "on" or category.body == "seat":
            continue
        if (
            queries.region(name).covered
            or not SURFACE_HEIGHTS_M[0] <= queries.region(name).at[2] <= SURFACE_HEIGHTS_M[1]
        ):
            continue
        distance_m = hypot(spec.x - x, spec.y - y)
        if distance_m < MAX_DISTANCE_M:
            surfaces.append((distance_m, name))
    return [name for _, name in sorted(surfaces)]
