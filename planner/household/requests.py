"""Requests of a household in its own words: bring one object somewhere, phrased by the corpus's patterns.

A request has a version with nicknames and, for when that is not understood, the same sentence with plain names.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from envs.symbolic.scoring import holds
from planner.goals.feasibility import is_feasible
from planner.language.normalization import normalize
from planner.language.phrase_patterns import is_held_out, load_families
from planner.language.realization import Realizer
from planner.language.slot_binding import Binder
from planner.tasks.task_sampler import goal_is_held_out

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal
    from planner.language.phrase_patterns import Family

GOAL_PATTERNS = ("{x} {rel} {p}", "{x} on {p}", "{x} in {p}", "{x} with person", "holding {x}")
MAX_TRIES = 40


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request.

    Attributes:
        instruction: As the household says it.
        plain_instruction: The same with plain names instead of nicknames.
        goal: The intended goal.
        category: The requested category.
    """

    instruction: str
    plain_instruction: str
    goal: Goal
    category: str


class RequestSampler:
    """Samples requests.

    Args:
        rng: Source of all draws.
        phrases: Which patterns to use: those of training, or the held-out ones.
    """

    def __init__(self, rng: random.Random, phrases: Literal["train", "test"] = "train") -> None:
        """Load the patterns."""
        self.rng, self.binder = rng, Binder(rng)
        self.patterns: list[tuple[Family, list[str]]] = []
        for family in load_families():
            if len(family.goals) == 1 and family.goals[0] in GOAL_PATTERNS and family.slots.get("x") == "object":
                held_out = phrases == "test"
                fitting = [p for p in family.phrases if is_held_out(family.name, p) == held_out]
                if fitting and set(family.slots) <= {"x", "p"}:
                    self.patterns.append((family, fitting))
        self.weights = [family.weight for family, _ in self.patterns]

    def sample(
        self, home: State, nicknames: Mapping[str, str], *, category: str = "", place_category: str = ""
    ) -> Request | None:
        """Return a feasible request that does not hold yet; None if none was found.

        Args:
            home: The home as the user knows it.
            nicknames: Words to use instead of the names of categories.
            category: The category to request; empty: any.
            place_category: The category of the target place; empty: any.
        """
        for _ in range(MAX_TRIES):
            ((family, patterns),) = self.rng.choices(self.patterns, self.weights)
            fixed = {slot: word for slot, word in (("x", category), ("p", place_category)) if word}
            binding = self.binder.bind(family, home, fixed) if fixed.keys() <= family.slots.keys() else None
            goal = None if binding is None else self.binder.goal(family, binding, 1, home.world.domain)
            if binding is None or goal is None or goal_is_held_out(goal):
                continue
            if holds(home, goal.conditions[0], home) or not is_feasible(goal, home):
                continue
            instruction = self._phrase(family, self.rng.choice(patterns), binding, home, nicknames)
            words = {nicknames[c]: c for c in binding.values() if c in nicknames}
            # Skip patterns that name the category by another word.
            if all(re.search(rf"\b{re.escape(word)}\b", instruction) for word in words):
                return Request(
                    instruction=instruction,
                    plain_instruction=to_plain_words(instruction, words),
                    goal=goal,
                    category=binding["x"],
                )
        return None

    def _phrase(
        self, family: Family, pattern: str, binding: Mapping[str, str], home: State, words: Mapping[str, str]
    ) -> str:
        nouns = {slot: words[category] for slot, category in binding.items() if category in words}
        realizer = Realizer(self.rng, set(home.world.categories))
        return normalize(realizer.polite(realizer.realize(family, pattern, binding, 1, nouns)))


def to_plain_words(instruction: str, words: Mapping[str, str]) -> str:
    """Return an instruction with words replaced by their meanings."""
    for word, meaning in words.items():
        instruction = re.sub(rf"\b{re.escape(word)}\b", meaning, instruction)
    return instruction
