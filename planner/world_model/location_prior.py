"""The location prior used for search: where objects usually are, and how likely a door opens when tried.

A `Belief` uses the statistics of homes in general (`usual_places.py`) unless those of this home are known: learned by
an adapter (`planner/exploration/learned_prior.py`) or counted (`planner/household/counting_baseline.py`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from planner.world_model.usual_places import load_usual_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envs.symbolic.scene import Scene

TRIES = 2  # failed attempts to look into a place before it is abandoned
MAX_TRIES = 8  # for a door that is known to stick
MAX_MISSED_PROBABILITY = 0.05  # probability that a sticking door would have opened in more attempts


class Habits(Protocol):
    """Prior knowledge about a home, used where nothing was seen."""

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """Return the mean number of objects of a category in each fixture, by name; fixtures with none are omitted."""
        ...

    def opens(self, fixture: str) -> float:
        """Return the probability, in (0, 1], that a fixture opens when tried."""
        ...


class CommonHabits:
    """Statistics of homes in general."""

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """Return the rates counted in many homes, by fixture category and room type."""
        domain, usual = scene.domain, load_usual_places()
        room_kinds = {room.name: room.kind for room in scene.rooms}
        rates = {f.name: usual.rate(category, f.category, room_kinds.get(f.room, ""), domain) for f in scene.fixtures}
        return {name: rate for name, rate in rates.items() if rate > 0.0}

    def opens(self, fixture: str) -> float:
        """Return 1: doors always open."""
        return 1.0


COMMON = CommonHabits()


def patience(opens: float) -> int:
    """Return how often to try a fixture before abandoning it: more often if it is known to stick."""
    if opens >= 1.0:
        return TRIES
    return max(TRIES, min(MAX_TRIES, math.ceil(math.log(MAX_MISSED_PROBABILITY) / math.log(1.0 - opens))))
