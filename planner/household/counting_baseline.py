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

PRIOR_LOOKS = 1.0  # looks that homes in general count for


class CountingPrior:
    """Habits as a diary counts them."""

    def __init__(self, observations: Observations) -> None:
        """Count by a diary."""
        self._observations = observations
        self._rates: dict[str, Mapping[str, float]] = {}

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """Things a look, with homes in general as one more look."""
        rates = self._rates.get(category)
        if rates is None:
            seen, looked = self._observations.seen, self._observations.looked
            rates = {
                name: (seen.get((category, name), 0) + PRIOR_LOOKS * rate) / (looked.get(name, 0) + PRIOR_LOOKS)
                for name, rate in COMMON.rates(category, scene).items()
            }
            self._rates[category] = rates
        return rates

    def opens(self, fixture: str) -> float:
        """Tries that opened it, and one more."""
        opened, stuck = self._observations.opened.get(fixture, 0), self._observations.stuck.get(fixture, 0)
        return (opened + 1) / (opened + stuck + 1)
