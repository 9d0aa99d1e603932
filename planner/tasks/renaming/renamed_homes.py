"""Renames kinds of things and furniture of a home: every plate becomes a `haik`, which can do what plates can."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from envs.symbolic.renamed_kinds import with_names
from planner.tasks.renaming.nouns import nouns_of

if TYPE_CHECKING:
    import random

    from envs.symbolic.state import State
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
