"""Visual and collision models of movable objects, from the domain's `shape`, `size` and `color`.

An object is drawn as one mesh of many colors and collides as the convex pieces of `collision_shapes.py`. The origin of
its frame is its center, z up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from envs.assets.collision_shapes import HOLLOW, ROUND, hulls
from envs.assets.likeness import likeness
from envs.assets.mesh_bodies import mesh_appearance
from envs.assets.objects.clothing import CLOTHES
from envs.assets.objects.groceries import GROCERIES
from envs.assets.objects.household_items import POSSESSIONS
from envs.assets.objects.tableware import SHAPE_APPEARANCES, TABLEWARE, Appearance
from envs.errors import DomainError, nearest
from envs.geometry.bodies import Piece, visual_piece
from envs.geometry.meshes import Mesh, scaled
from envs.symbolic.domain import load_domain
from envs.symbolic.embodiment.grip import is_hollow

if TYPE_CHECKING:
    from envs.symbolic.domain import ObjectCategory, Vec3

UNSCALED = (0.75, 1.35)  # sizes, relative to the usual one, in which a model is built as it is
APPEARANCES: dict[str, Appearance] = {**TABLEWARE, **GROCERIES, **CLOTHES, **POSSESSIONS}


@lru_cache(maxsize=256)
def object_pieces(category: ObjectCategory) -> tuple[Piece, ...]:
    """Return the pieces of an object category: one that is drawn, a few that collide."""
    return (visual_piece(appearance(category), (*category.color, category.alpha)), *hulls(category))


@lru_cache(maxsize=256)
def appearance(category: ObjectCategory) -> Mesh:
    """Return the mesh of an object category: its file's, that of the kind it looks like, or that of its shape.

    Raises:
        DomainError: The domain names a shape that this module cannot build, or the file cannot be read any more.
    """
    color = (*category.color, category.alpha)
    if category.mesh is not None:
        return mesh_appearance(category.mesh, category.size, color)
    if category.shape not in SHAPE_APPEARANCES:
        hint = nearest(category.shape, SHAPE_APPEARANCES)
        raise DomainError(f"objects.{category.name}: no shape {category.shape!r}{hint}")
    build = APPEARANCES.get(likeness(category)) or SHAPE_APPEARANCES[category.shape]
    if is_hollow(category) and category.shape not in HOLLOW:
        build = SHAPE_APPEARANCES["cup" if category.shape in ROUND else "basket"]
    usual = _usual_size(category)
    factor = float((np.prod(category.size) / np.prod(usual)) ** (1 / 3))
    if UNSCALED[0] < factor < UNSCALED[1]:
        return build(category.size, color)
    x, y, z = (s / factor for s in category.size)  # handles and walls have thicknesses of their own
    return scaled(build((x, y, z), color), (factor, factor, factor))


def _usual_size(category: ObjectCategory) -> Vec3:
    """Return the size that a model is made for: that of the built-in kind that it shows."""
    kinds = load_domain().objects
    kind = kinds.get(likeness(category)) or next((o for o in kinds.values() if o.shape == category.shape), category)
    return kind.size
