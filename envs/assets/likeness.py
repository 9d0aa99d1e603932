"""Which built-in kind a kind looks like: itself, the one that it was made from, or none."""

from __future__ import annotations

from functools import lru_cache

from envs.symbolic.domain import FixtureCategory, ObjectCategory, load_domain


@lru_cache(maxsize=512)
def likeness(category: ObjectCategory | FixtureCategory) -> str:
    """Return the built-in kind whose looks a kind has; empty if its shape or body is another."""
    name = category.like or category.name
    if isinstance(category, ObjectCategory):
        model = load_domain().objects.get(name)
        return name if model is not None and model.shape == category.shape and category.mesh is None else ""
    furniture = load_domain().fixtures.get(name)
    return name if furniture is not None and furniture.body == category.body else ""
