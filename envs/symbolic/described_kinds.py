"""The category that the properties of one fixture or object make: bigger or smaller, of another color or material."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from envs.symbolic.domain import Domain, FixtureCategory, ObjectCategory, Region, Vec3
from envs.symbolic.scene import FixtureSpec, ObjectSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

FIXTURE_WIDTHS = {"big": 1.12, "small": 0.88}


def category_of(spec: ObjectSpec, domain: Domain) -> ObjectCategory:
    """Return the category of one object as its properties make it: larger or smaller, of another color or material."""
    category, properties = domain.objects[spec.category], spec.properties
    words = {group: p for p in properties if (group := domain.property_group.get(p)) is not None}
    if not words:
        return category
    scale = domain.properties["size"][words["size"]][0] if "size" in words else 1.0
    look = look_of(properties, domain)
    material = domain.properties["material"][words["material"]] if "material" in words else ()
    holds = category.holds
    if holds is not None:
        holds = Region(z=holds.z * scale, size=_scaled(holds.size, scale), x=holds.x * scale)
    return replace(
        category,
        size=_scaled(category.size, scale),
        color=look or category.color,
        alpha=material[3] if len(material) == 4 else category.alpha,
        holds=holds,
        mass_kg=None if category.mass_kg is None else category.mass_kg * scale**3,
    )


def fixture_of(spec: FixtureSpec, domain: Domain) -> FixtureCategory:
    """Return the category of one fixture as its size makes it: a big or small one is wider or narrower.

    Depth and height stay, so that the robot reaches into it as into any other.
    """
    category = domain.fixtures[spec.category]
    width = next((FIXTURE_WIDTHS[word] for word in spec.properties if word in FIXTURE_WIDTHS), 1.0)
    return category if width == 1.0 else _widened(category, width)


@lru_cache(maxsize=256)
def _widened(category: FixtureCategory, width: float) -> FixtureCategory:
    (x, y, z), region = category.size, category.region
    if region is not None:
        region = replace(region, size=(region.size[0], region.size[1] * width, region.size[2]))
    return replace(category, size=(x, y * width, z), region=region)


def look_of(properties: Iterable[str], domain: Domain) -> Vec3 | None:
    """Return the color that properties give a body: their color, otherwise that of their material, otherwise None."""
    words = {domain.property_group.get(p): p for p in properties}
    for group in ("color", "material"):
        if group in words and (look := domain.properties[group][words[group]]):
            return (look[0], look[1], look[2])
    return None


def _scaled(size: Vec3, scale: float) -> Vec3:
    x, y, z = size
    return (x * scale, y * scale, z * scale)
