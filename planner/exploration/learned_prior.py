"""The habits of one home as a GPT's adapter has learned them: what the GPT writes when it is asked where a thing is.

The adapter (`planner/household/`) was trained on documents that say where things were seen and which doors stuck
(`planner.prompts.text_format.location_document`, `trial`). Asked for a thing, the GPT's chances of writing each fixture of the map are where
such a thing is likely to be; they replace what homes in general are like. It is asked once for each category.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.domain import load_domain
from planner.decoding.constrained_decoding import sequence_chances
from planner.errors import PlannerError
from planner.prompts import text_format
from planner.world_model.location_prior import COMMON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envs.symbolic.scene import Scene
    from planner.pipeline import PlanningPipeline
    from planner.prompts.sessions import Prompts
    from planner.world_model.belief import Belief

OPENED, STUCK = "open", "closed"  # what a door is after it was tried (`planner.prompts.text_format.opening_document`)
MIN_OPEN_PROBABILITY = 0.05  # chance of opening: no door is taken to be locked for good


class HabitsError(PlannerError, ValueError):
    """An adapter is that of another home."""


class LearnedHabits:
    """Asks a GPT that was adapted to a home."""

    def __init__(self, prompts: Prompts) -> None:
        """Ask by way of prompts."""
        self._prompts = prompts
        self._rates: dict[str, Mapping[str, float]] = {}
        self._opens: dict[str, float] = {}

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """As many things as homes have in all these places, each place with the GPT's share of them."""
        rates = self._rates.get(category)
        if rates is None:
            common = COMMON.rates(category, scene)
            shares = self._ask(text_format.location_document(category, ""), [place_of(scene, name) for name in common])
            total = sum(common.values())
            rates = {name: total * share for name, share in zip(common, shares, strict=True)}
            self._rates[category] = rates
        return rates

    def opens(self, fixture: str) -> float:
        """The GPT's chance that the door opened."""
        probability = self._opens.get(fixture)
        if probability is None:
            opened, _ = self._ask(text_format.opening_document(fixture, ""), (OPENED, STUCK))
            probability = self._opens[fixture] = max(MIN_OPEN_PROBABILITY, opened)
        return probability

    def _ask(self, document: text_format.Document, answers: Sequence[str]) -> list[float]:
        """How likely the GPT is to write each answer where a document leaves off before its end."""
        if not answers:
            return []
        prompts = self._prompts
        (_, *prompt), last_segment = document[:-1], document[-1]  # behind the home, which is empty
        pending, _ = text_format.encode(prompt, prompts.tokenizer)
        end_id = prompts.tokenizer.special(last_segment.special_token)
        return sequence_chances(prompts.home(""), pending, [(*prompts.encode(answer), end_id) for answer in answers])


def place_of(scene: Scene, fixture: str) -> str:
    """Return a fixture of a map as hints name places: `in drawer 2`."""
    category = next(spec.category for spec in scene.fixtures if spec.name == fixture)
    return f"{load_domain().relation(category)} {fixture}"


def map_of(scene: Scene) -> dict[str, str]:
    """Return what tells the map of a home from others: its fixtures and their categories."""
    return {spec.name: spec.category for spec in scene.fixtures}


def check_home(planner: PlanningPipeline, scene: Scene) -> None:
    """See to it that a planner whose weights are adapted to a home plans in that home.

    Raises:
        HabitsError: The adapter is that of another home.
    """
    if planner.notes is not None and planner.notes.get("map") != map_of(scene):
        home = planner.notes.get("home")
        raise HabitsError(f"the adapter is of {home!r}, whose map is not that of {scene.name!r}; leave it out here")


def with_habits(belief: Belief, planner: PlanningPipeline) -> Belief:
    """Return what is known, with the habits that a planner's adapter has learned, if it has one.

    Raises:
        HabitsError: The adapter is that of another home.
    """
    if planner.notes is None:
        return belief
    check_home(planner, belief.scene)
    return replace(belief, habits=LearnedHabits(planner.prompts))
