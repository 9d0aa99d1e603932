"""What movable things look like and collide as, from the domain's `shape`, `size` and `color`.

What is seen is one mesh of many colors; what collides is a few convex pieces with a flat bottom, so that fruit does
not roll off a table and a home of fifty things stays fast. An object's frame is its center, z up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from envs.assets.objects.clothing import CLOTHES
from envs.assets.objects.groceries import GROCERIES
from envs.assets.objects.household_items import POSSESSIONS
from envs.assets.objects.tableware import SHAPE_LOOKS, TABLEWARE, Appearance
from envs.geometry.bodies import Piece, seen
from envs.geometry.meshes import Mesh

if TYPE_CHECKING:
    from envs.symbolic.domain import ObjectCategory

LOOKS: dict[str, Appearance] = {**TABLEWARE, **GROCERIES, **CLOTHES, **POSSESSIONS}


@lru_cache(maxsize=256)
def object_pieces(category: ObjectCategory) -> tuple[Piece, ...]:
    """Return the pieces of one kind of thing: one that is seen, a few that collide."""
    from envs.assets.collision_shapes import hulls

    return (seen(appearance(category), (*category.color, 1.0)), *hulls(category))


@lru_cache(maxsize=256)
def appearance(category: ObjectCategory) -> Mesh:
    """Return the mesh of one kind of thing: by its name, or by its shape where nobody has drawn it."""
    look = LOOKS.get(category.name) or SHAPE_LOOKS[category.shape]
    return look(category.size, (*category.color, 1.0))
