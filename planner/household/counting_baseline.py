"""The habits of a home by counting alone: no GPT. What the adapter is compared with, and what its lessons are drawn by.

Of each fixture and category it is counted how many things were seen a look; homes in general count as one more look
(a gamma prior of a Poisson rate). A fixture that was looked into and empty is known to be so; one that never was is as
in homes in general.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.world_model.location_prior import COMMON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envs.symbolic.scene import Scene
    from planner.household.daily_records import Observations

PRIOR = 1.0  # looks that homes in general count for


class CountedHabits:
    """Habits as a diary counts them."""

    def __init__(self, diary: Observations) -> None:
        """Count by a diary."""
        self._diary = diary
        self._rates: dict[str, Mapping[str, float]] = {}

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """Things a look, with homes in general as one more look."""
        found = self._rates.get(category)
        if found is None:
            seen, looked = self._diary.seen, self._diary.looked
            found = {
                name: (seen.get((category, name), 0) + PRIOR * rate) / (looked.get(name, 0) + PRIOR)
                for name, rate in COMMON.rates(category, scene).items()
            }
            self._rates[category] = found
        return found

    def opens(self, fixture: str) -> float:
        """Tries that opened it, and one more."""
        opened, stuck = self._diary.opened.get(fixture, 0), self._diary.stuck.get(fixture, 0)
        return (opened + 1) / (opened + stuck + 1)
