"""The habits of one home, read from a GPT with that home's adapter: where objects are, and which doors open.

The adapter (`planner/household/`) was trained on documents about where objects were seen and which doors stuck
(`location_document` and `opening_document` of `planner.prompts.text_format`). The expected number of objects of a
category in the home is that of homes in general, but is distributed over the fixtures of the map by the probabilities
with which the GPT writes them. The GPT is asked about each category once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.errors import quoted
from planner.decoding.constrained_decoding import sequence_probabilities
from planner.errors import PlannerError
from planner.prompts import text_format
from planner.world_model.location_prior import COMMON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envs.symbolic.scene import Scene
    from planner.pipeline import PlanningPipeline
    from planner.prompts.sessions import Prompts
    from planner.world_model.belief import Belief

OPENED, STUCK = "open", "closed"  # outcomes of an attempt to open a door (`text_format.opening_document`)
MIN_OPEN_PROBABILITY = 0.05  # no door counts as permanently locked


class HabitsError(PlannerError, ValueError):
    """An adapter belongs to another home."""


class LearnedHabits:
    """Habits of a home, from the answers of a GPT with that home's adapter."""

    def __init__(self, prompts: Prompts) -> None:
        """Ask the GPT of these prompts."""
        self._prompts = prompts
        self._rates: dict[str, Mapping[str, float]] = {}
        self._opens: dict[str, float] = {}

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """Return the expected count of a category at each fixture: the general total, distributed by the GPT."""
        rates = self._rates.get(category)
        if rates is None:
            common = COMMON.rates(category, scene)
            shares = self._ask(text_format.location_document(category, ""), [place_of(scene, name) for name in common])
            total = sum(common.values())
            rates = {name: total * share for name, share in zip(common, shares, strict=True)}
            self._rates[category] = rates
        return rates

    def opens(self, fixture: str) -> float:
        """Return the GPT's probability that a door opens."""
        probability = self._opens.get(fixture)
        if probability is None:
            opened, _ = self._ask(text_format.opening_document(fixture, ""), (OPENED, STUCK))
            probability = self._opens[fixture] = max(MIN_OPEN_PROBABILITY, opened)
        return probability

    def _ask(self, document: text_format.Document, answers: Sequence[str]) -> list[float]:
        """Return the GPT's probability of each answer before the last segment of a document."""
        if not answers:
            return []
        prompts = self._prompts
        (_, *prompt), last_segment = document[:-1], document[-1]  # all after the empty inventory
        pending, _ = text_format.encode(prompt, prompts.tokenizer)
        end_id = prompts.tokenizer.special(last_segment.special_token)
        return sequence_probabilities(
            prompts.home(""), pending, [(*prompts.encode(answer), end_id) for answer in answers]
        )


def place_of(scene: Scene, fixture: str) -> str:
    """Return a fixture in the form of places in hints: `in drawer 2`."""
    category = next(spec.category for spec in scene.fixtures if spec.name == fixture)
    return f"{scene.domain.relation(category)} {fixture}"


def map_of(scene: Scene) -> dict[str, str]:
    """Return what identifies the map of a home: its fixtures and their categories."""
    return {spec.name: spec.category for spec in scene.fixtures}


def check_home(planner: PlanningPipeline, scene: Scene) -> None:
    """Check that a planner with an adapter plans in the home that the adapter was trained for.

    Raises:
        HabitsError: The adapter belongs to another home.
    """
    if planner.notes is not None and planner.notes.get("map") != map_of(scene):
        home = planner.notes.get("home")
        raise HabitsError(
            f"the adapter was trained in {quoted(home)}, whose map differs from that of {scene.name!r}; omit it here"
        )


def with_habits(belief: Belief, planner: PlanningPipeline) -> Belief:
    """Return the belief with the habits that a planner's adapter has learned, if it has one.

    Raises:
        HabitsError: The adapter belongs to another home.
    """
    if planner.notes is None:
        return belief
    check_home(planner, belief.scene)
    if not planner.notes.get("days"):  # it was taught by corrections alone
        return belief
    return replace(belief, habits=LearnedHabits(planner.prompts))
