"""What a home is like, as far as looking goes by it: where things usually are, and whether a door opens when tried.

A `Belief` has the habits of homes in general, counted once (`usual_places.py`), unless those of this home are known:
learned by an adapter (`learned.py`) or counted (`planner/household/counting_baseline.py`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from envs.symbolic.domain import load_domain
from planner.world_model.usual_places import load_usual_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envs.symbolic.scene import Scene

TRIES = 2  # of a look that fails, before its place is given up
MAX_TRIES = 8  # where a door is known to stick
MAX_MISSED_PROBABILITY = 0.05  # chance that a door which is known to stick would have opened at the next tries


class Habits(Protocol):
    """What looking goes by where nothing was seen."""

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """How many things of a category each fixture of a map has on average, by name; no entry: it never has one."""
        ...

    def opens(self, fixture: str) -> float:
        """The chance, in (0, 1], that a fixture opens when it is tried."""
        ...


class CommonHabits:
    """Those of homes in general."""

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """As counted in many homes, by kind of fixture and kind of room."""
        domain, usual = load_domain(), load_usual_places()
        room_kinds = {room.name: room.kind for room in scene.rooms}
        rates = {f.name: usual.rate(category, f.category, room_kinds.get(f.room, ""), domain) for f in scene.fixtures}
        return {name: rate for name, rate in rates.items() if rate > 0.0}

    def opens(self, fixture: str) -> float:
        """Doors open."""
        return 1.0


COMMON = CommonHabits()


def patience(opens: float) -> int:
    """How often a fixture is tried before it is given up: the more often, the likelier it is known to stick."""
    if opens >= 1.0:
        return TRIES
    return max(TRIES, min(MAX_TRIES, math.ceil(math.log(MAX_MISSED_PROBABILITY) / math.log(1.0 - opens))))
