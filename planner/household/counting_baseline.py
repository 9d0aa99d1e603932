"""The habits of a home by counting, without a GPT: the adapter's baseline, and the source of its training documents.

For each fixture and category, it estimates the mean number of objects seen per look; a look is a day on which the
fixture's contents were seen. The rates of homes in general count as one more look (a gamma prior of a Poisson rate). A
fixture that was seen empty gets a low rate; one that was never looked at keeps the general rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.world_model.location_prior import COMMON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envs.symbolic.scene import Scene
    from planner.household.daily_records import Observations

PRIOR_LOOKS = 1.0  # weight of the rates of homes in general, as a number of looks


class CountingPrior:
    """Location and door habits estimated from observations."""

    def __init__(self, observations: Observations) -> None:
        """Store the observations."""
        self._observations = observations
        self._rates: dict[str, Mapping[str, float]] = {}

    def rates(self, category: str, scene: Scene) -> Mapping[str, float]:
        """Return the mean number of objects of a category per look, for each fixture."""
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
        """Return the fraction of tries that opened a fixture; the prior is one extra success."""
        opened, stuck = self._observations.opened.get(fixture, 0), self._observations.stuck.get(fixture, 0)
        return (opened + 1) / (opened + stuck + 1)
