"""The same home with other names for some of its kinds, in every place where a home names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.domain import fits_in
from envs.symbolic.state import State, World

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain


def with_names(
    state: State,
    new_names: Mapping[str, str],
    words: Mapping[str, tuple[str, ...]] | None = None,
    *,
    absent: Mapping[str, str] | None = None,
) -> State:
    """Return a home in which kinds are called by new names; its state is the same.

    Args:
        state: The home.
        new_names: The new name of each renamed kind.
        words: What else people call the new kinds.
        absent: Further kinds of objects that the domain gets: what each is like.
    """
    world = state.world
    domain = _domain_with(world.domain, new_names, words or {}, absent or {})
    instances = {
        name: f"{new_names[category]}{name.removeprefix(category)}"
        for name, category in zip(world.names, world.categories, strict=True) if category in new_names
    }  # fmt: skip

    def of_kind(category: str) -> str:
        return new_names.get(category, category)

    fixtures = tuple(
        replace(spec, name=instances.get(spec.name, spec.name), category=of_kind(spec.category))
        for spec in world.scene.fixtures
    )
    objects = tuple(
        replace(
            spec, name=instances.get(spec.name, spec.name), category=of_kind(spec.category),
            place=instances.get(spec.place, spec.place),
        )
        for spec in world.scene.objects
    )  # fmt: skip
    scene = replace(world.scene, fixtures=fixtures, objects=objects, domain=domain)
    return state._replace(world=World(scene))


def _domain_with(
    domain: Domain, new_names: Mapping[str, str], words: Mapping[str, tuple[str, ...]], absent: Mapping[str, str]
) -> Domain:
    objects = {
        new: replace(category, name=new, like=category.like or old)
        for new, old in (*((new, old) for old, new in new_names.items()), *absent.items())
        if (category := domain.objects.get(old)) is not None
    }
    fixtures = {
        new: replace(fixture, name=new, like=fixture.like or old)
        for old, new in new_names.items() if (fixture := domain.fixtures.get(old)) is not None
    }  # fmt: skip
    fixtures, objects = {**domain.fixtures, **fixtures}, {**domain.objects, **objects}
    # A kind with another body may not fit where its name was usual; that such places are listed matters to no plan.
    fitting = {
        name: replace(category, at=tuple(place for place in category.at if fits_in(category, fixtures[place])))
        for name, category in objects.items()
    }
    return domain.extended(objects=fitting, fixtures=fixtures, words=words)
