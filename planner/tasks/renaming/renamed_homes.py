"""Renames kinds of things and furniture of a home: every plate becomes a `haik`, which can do what plates can."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from envs.symbolic.state import State, World
from planner.tasks.renaming.nouns import nouns_of

if TYPE_CHECKING:
    import random

    from envs.symbolic.domain import Domain
    from planner.tasks.renaming.nouns import NounSplit

Renamable = Literal["objects", "furniture"]
KEPT = ("person",)  # people keep their word
WITH_WORDS = 0.3  # share of renamed kinds that have further words
MAX_WORDS = 2  # further words of one kind


def rename_kinds(
    state: State,
    rng: random.Random,
    split: NounSplit,
    *,
    share: float = 1.0,
    kinds: Collection[Renamable] = ("objects", "furniture"),
    n_absent: int = 0,
) -> State:
    """Return the same home with other names for some of its kinds.

    Args:
        state: The home; its scene is what it starts from.
        rng: Source of randomness.
        split: Split of the names.
        share: Probability that a kind is renamed.
        kinds: Whether kinds of objects, of furniture, or both are renamed.
        n_absent: Number of further kinds that the domain has and the home has not.
    """
    world, nouns = state.world, nouns_of(split)
    present = [
        name for name in sorted(world.entities_by_category)
        if name not in KEPT and ("objects" if name in world.domain.objects else "furniture") in kinds
    ]  # fmt: skip
    renamed = [name for name in present if rng.random() < share]
    taken = {*world.domain.objects, *world.domain.fixtures}
    new_names: dict[str, str] = {}
    words: dict[str, tuple[str, ...]] = {}

    def draw() -> str:
        name = nouns.draw(rng, taken)
        taken.add(name)
        return name

    for name in renamed:
        new_names[name] = draw()
        n_words = rng.randint(1, MAX_WORDS) if rng.random() < WITH_WORDS else 0
        words[new_names[name]] = tuple(draw() for _ in range(n_words))
    absent = {draw(): rng.choice(sorted(world.domain.objects)) for _ in range(n_absent)}
    return with_names(state, new_names, words, absent=absent)


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
        new: replace(category, name=new, like=category.like or old)
        for old, new in new_names.items() if (category := domain.fixtures.get(old)) is not None
    }  # fmt: skip
    return domain.extended(objects=objects, fixtures=fixtures, words=words)
