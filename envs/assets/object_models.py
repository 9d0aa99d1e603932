"""Visual and collision models of movable objects, from the domain's `shape`, `size` and `color`.

An object is drawn as one mesh of many colors and collides as the convex pieces of `collision_shapes.py`. The origin of
its frame is its center, z up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from envs.assets.mesh_bodies import mesh_appearance
from envs.assets.objects.clothing import CLOTHES
from envs.assets.objects.groceries import GROCERIES
from envs.assets.objects.household_items import POSSESSIONS
from envs.assets.objects.tableware import SHAPE_APPEARANCES, TABLEWARE, Appearance
from envs.geometry.bodies import Piece, visual_piece
from envs.geometry.meshes import Mesh

if TYPE_CHECKING:
    from envs.symbolic.domain import ObjectCategory

APPEARANCES: dict[str, Appearance] = {**TABLEWARE, **GROCERIES, **CLOTHES, **POSSESSIONS}


@lru_cache(maxsize=256)
def object_pieces(category: ObjectCategory) -> tuple[Piece, ...]:
    """Return the pieces of an object category: one that is drawn, a few that collide."""
    from envs.assets.collision_shapes import hulls

    return (visual_piece(appearance(category), (*category.color, category.alpha)), *hulls(category))


@lru_cache(maxsize=256)
def appearance(category: ObjectCategory) -> Mesh:
    """Return the mesh of an object category: by its name, or by its shape if no model has that name."""
    if category.mesh is not None:
        return mesh_appearance(category.mesh, category.size, (*category.color, category.alpha))
    build_mesh = APPEARANCES.get(category.name) or SHAPE_APPEARANCES[category.shape]
    return build_mesh(category.size, (*category.color, category.alpha))
