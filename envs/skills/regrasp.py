"""The skills `put` and `give`: place the held object, and change the grasp first where it does not fit the place.

To change the grasp, the robot sets the object down on a surface nearby and picks it up again. Only an object that
friction alone holds may need this, because it turns with the hand: a cup taken out of a cupboard by a level hand cannot
be placed on a low table, and a cup taken from above cannot be placed in a cupboard.
"""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

from envs.robot.motion_primitives import SkillError
from envs.robot.reach_planning import PITCHES_DOWN, PITCHES_LEVEL
from envs.skills.pick import pick_up
from envs.skills.place import NeedsRegraspError, place_as_held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.robot.motion_primitives import MotionPrimitives

SURFACE_HEIGHTS_M = (0.45, 1.15)  # of surfaces that the hand can approach level, steeply and from above
MAX_DISTANCE_M = 6.0  # to such a surface
MAX_SURFACES = 4


def place(motion: MotionPrimitives, name: str, place: str, beside: Sequence[str] = ()) -> None:
    """Place the held object, after a change of grasp where that is required, then tuck the arm.

    The arguments are those of `place_as_held`.

    Raises:
        SkillError: No room, no reach, or it did not stay there; the object is still held unless it fell.
    """
    try:
        place_as_held(motion, name, place, beside)
        return
    except NeedsRegraspError as error:
        error_as_held = error
    if not _set_down_nearby(motion, name, place):
        raise error_as_held
    fixture = motion.queries.root(place)
    covered = fixture is not None and motion.queries.region(fixture).covered
    pick_up(motion, name, PITCHES_LEVEL[::-1] if covered else PITCHES_DOWN)
    place_as_held(motion, name, place, beside)


def _set_down_nearby(motion: MotionPrimitives, name: str, place: str) -> bool:
    """Place the held object on a surface nearby; return whether that was possible."""
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
    """Open surfaces at a suitable height, the nearest first."""
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
