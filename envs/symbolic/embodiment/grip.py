"""How wide the fingers must open around a thing: around its body, or a wall, rim, fold or handle of it.

The collision shapes of the physics (`envs/assets/collision_shapes.py`) are made of the same lengths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.symbolic.domain import ObjectCategory

WALL_M = 0.008  # thickness of a vessel's walls, and of the rims of plates, trays and pans
RIDGE_M = 0.03  # thickness of a cloth's fold and of a kettle's handle
# Shapes with a fold or handle on top: the fraction of the height below it.
RIDGED = {"cloth": 0.45, "cushion": 0.6, "kettle": 0.78}
FLAT = ("plate", "tray", "pan")
HOLLOW = ("bowl", "cup", "mug", "glass", "pot", "basket")


def is_hollow(category: ObjectCategory) -> bool:
    """Whether the collision shape is an open box: a floor and four walls."""
    return category.shape in HOLLOW and category.holds is not None


def grip_width(category: ObjectCategory) -> float:
    """Return how wide a hand must open to hold a thing where it is narrowest [m]."""
    narrowest = min(category.size)
    if category.mesh is not None:
        return narrowest
    if category.shape in RIDGED:
        return min(narrowest, RIDGE_M)
    return min(narrowest, WALL_M) if category.shape in FLAT or is_hollow(category) else narrowest
