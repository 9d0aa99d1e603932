"""How wide the fingers must open around a thing: around its body, or a wall, rim, fold or handle of it.

The collision shapes of the physics (`envs/assets/collision_shapes.py`) are made of the same lengths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.symbolic.domain import ObjectCategory

WALL_M = 0.008  # thickness of a vessel's walls, and of the rims of plates, trays and pans
RIDGE_M = 0.03  # thickness of a cloth's fold and of a kettle's handle
WALL_SHARE, RIDGE_SHARE = 0.1, 0.4  # of an object's width, at most: own kinds can be tiny
# Shapes with a fold or handle on top: the fraction of the height below it.
RIDGED = {"cloth": 0.45, "cushion": 0.6, "kettle": 0.78}
FLAT = ("plate", "tray", "pan")


def is_hollow(category: ObjectCategory) -> bool:
    """Whether there is room inside the collision shape: it is an open box, or a mesh."""
    return category.relation == "in" and category.holds is not None


def wall_of(category: ObjectCategory) -> float:
    """Return the thickness of a vessel's walls, and of a plate's rim [m]: thinner for what is tiny."""
    x, y, z = category.size
    return min(WALL_M, WALL_SHARE * min(x, y), z / 3 if is_hollow(category) else WALL_M)


def ridge_of(category: ObjectCategory) -> float:
    """Return the thickness of a fold or handle on top [m]: thinner for what is narrow."""
    return min(RIDGE_M, RIDGE_SHARE * category.size[1])


def grip_width(category: ObjectCategory) -> float:
    """Return how wide a hand must open to hold a thing where it is narrowest [m]; of a mesh, its smallest side."""
    narrowest = min(category.size)
    if category.mesh is not None:
        return narrowest
    if category.shape in FLAT or is_hollow(category):
        return min(narrowest, wall_of(category))
    return min(narrowest, ridge_of(category)) if category.shape in RIDGED else narrowest
