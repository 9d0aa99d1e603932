"""The variants of the reading ablations; each differs in one thing from the variant `base`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.corpus.corpus import Recipe
    from planner.corpus.recipe_file import Settings

BASE = "base"
SIZES: Mapping[str, Mapping[str, object]] = {
    "small": {"n_layer": 2, "n_head": 2, "n_embd": 128},
    "2.5M": {"n_layer": 4, "n_head": 4, "n_embd": 176},
    "5M": {"n_layer": 4, "n_head": 4, "n_embd": 256},  # as the released weights
    "10M": {"n_layer": 6, "n_head": 6, "n_embd": 336},
}
READING_ONLY: Mapping[str, object] = {
    "plans": 0.0, "proposals": 0.0, "feedback": 0.0, "infill": 0.0, "human": 0.0, "own": 0.0,
}  # fmt: skip
"""All tokens teach reading, and no variant needs a file or another GPT that the base has not."""


FEW_PEOPLE = 1e-3  # hardly a home of `datasets/people`, but the templates are changed and labeled as theirs are


def trees_for(corpus: Recipe, tokens: int) -> int:
    """Return how many trees have at least so many tokens, so that no document is read twice.

    A tree has 260 tokens without sentences of people, 385 in a format without a second copy, 620 to 650 otherwise.
    """
    per_tree = 250 if corpus.people <= FEW_PEOPLE else 500 if corpus.reading in ("labels", "first") else 350
    return -(-tokens // per_tree)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One thing that is trained otherwise.

    Attributes:
        name: The row of the tables.
        group: What is asked by it; the groups are the arguments of the command.
        corpus: Fields of the recipe's corpus that it sets.
        size: One of `SIZES`; None: that of the run.
    """

    name: str
    group: str
    corpus: Mapping[str, object] = field(default_factory=dict)
    size: str | None = None

    @property
    def needs_human(self) -> bool:
        """Whether it is trained on human-written lines of a task file."""
        return bool(self.corpus.get("human"))

    def settings(self, recipe: Settings, size: str) -> Settings:
        """Return the recipe with what the variant changes, at a size that its own, if it has one, replaces."""
        corpus = replace(recipe.corpus, **{**READING_ONLY, **self.corpus})  # type: ignore[arg-type]
        return replace(recipe, corpus=corpus, model={**recipe.model, **SIZES[self.size or size]})


VARIANTS: tuple[Variant, ...] = (
    Variant(name=BASE, group=BASE),
    Variant(name="templates", group="text", corpus={"people": 0.0}),
    Variant(name="templates, changed", group="text", corpus={"people": FEW_PEOPLE}),
    Variant(name="free text alone", group="text", corpus={"people": 1.0}),
    Variant(name="no word that matters put in", group="pairs", corpus={"modified": 0.0}),
    Variant(name="no wrong goals", group="pairs", corpus={"wrong": 0.0}),
    Variant(name="no noise", group="noise", corpus={"mistyped": 0.0, "noise": False}),
    Variant(name="nothing exchanged", group="recombination", corpus={"exchanged": 0.0}),
    Variant(name="nothing joined or listed", group="recombination", corpus={"joined": 0.0, "listed": 0.0}),
    Variant(name="no stories", group="recombination", corpus={"wrapped": 0.0}),
    Variant(
        name="as written", group="recombination",
        corpus={"exchanged": 0.0, "joined": 0.0, "listed": 0.0, "wrapped": 0.0},
    ),
    Variant(name="real people", group="people", corpus={"human": 0.2}),
    Variant(name="written", group="format", corpus={"reading": "written"}),
    Variant(name="direct", group="format", corpus={"reading": "direct"}),
    Variant(name="first", group="format", corpus={"reading": "first"}),
    *(Variant(name=size, group="size", size=size) for size in ("2.5M", "5M", "10M")),
    Variant(name="renamed nouns", group="nouns", corpus={"renamed": 0.5}),
)  # fmt: skip
GROUPS = tuple(dict.fromkeys(variant.group for variant in VARIANTS if variant.group != BASE))
