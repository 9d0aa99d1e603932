"""The curriculum: choose tasks near the edge of what the GPT can do, as estimated from earlier cycles.

The features that a task shares with earlier episodes predict how likely the direct pass and the full planner are to
reach it. Most is learned from tasks that the full planner reaches and the direct pass does not. Rare features among
the proposals are preferred to frequent ones.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envs.symbolic.goals import Goal, fixtures_named, parse_goal
from planner.goals.comparison import shape

if TYPE_CHECKING:
    from planner.io.json_lines import Record
    from planner.learning.proposals import Proposal

MIN_WEIGHT = 0.1  # of a task that nothing favors
PRIOR_EPISODES = 2.0  # pseudo-count of each estimate


@dataclass
class _Rate:
    """A success rate with a prior of one half."""

    hits: float = 0.5 * PRIOR_EPISODES
    total: float = PRIOR_EPISODES

    def add(self, hit: bool) -> None:
        self.hits += hit
        self.total += 1

    @property
    def value(self) -> float:
        return self.hits / self.total


@dataclass
class _Rates:
    direct: _Rate = field(default_factory=_Rate)
    slow: _Rate = field(default_factory=_Rate)


class Curriculum:
    """Success rates by task feature: the conditions' forms, number and fixtures, and the number of sequential phases.

    Args:
        episodes: Records of earlier cycles: `goal`, `direct` and `kept`.
        prefer_failures: Whether to choose by these rates; otherwise the choice is uniform.
    """

    def __init__(self, episodes: Iterable[Record], *, prefer_failures: bool = True) -> None:
        self.prefer_failures = prefer_failures
        self._rates: defaultdict[str, _Rates] = defaultdict(_Rates)
        for episode in episodes:
            for key in features(parse_goal(str(episode["goal"]))):
                self._rates[key].direct.add(bool(episode["direct"]))
                self._rates[key].slow.add(bool(episode["kept"]))

    def weight(self, goal: Goal) -> float:
        """Return how useful a task is to try, from `MIN_WEIGHT` to 1 + `MIN_WEIGHT`."""
        return self._weight(features(goal))

    def _weight(self, keys: set[str]) -> float:
        rates = [self._rates[key] if key in self._rates else _Rates() for key in keys]
        direct, slow = min(rate.direct.value for rate in rates), min(rate.slow.value for rate in rates)
        return MIN_WEIGHT + (1 - direct) * slow

    def choose(self, proposals: Sequence[Proposal], count: int, seed: int) -> list[Proposal]:
        """Return up to `count` proposals, drawn by weight, in their original order."""
        rng = random.Random(f"curriculum/{seed}")
        all_keys = [features(parse_goal(proposal.goal)) for proposal in proposals]
        feature_counts = Counter(key for keys in all_keys for key in keys)
        scored = []
        for number, keys in enumerate(all_keys):
            # A feature that is rarely proposed is rarely mastered, too.
            rarity = 1 / math.sqrt(min(feature_counts[key] for key in keys))
            weight = self._weight(keys) * rarity if self.prefer_failures else 1.0
            scored.append(
                (rng.random() ** (1 / weight), number)
            )  # weighted draws without replacement (Efraimidis 2006)
        return [proposals[number] for number in sorted(n for _, n in sorted(scored, reverse=True)[:count])]


def features(goal: Goal) -> set[str]:
    """Return the features that a task can share with others."""
    forms = {shape(Goal(phases=((condition,),))) for condition in goal.conditions}
    fixtures = {f"at {name}" for condition in goal.conditions for name in fixtures_named(condition)}
    return forms | fixtures | {f"{len(goal.conditions)} conditions", f"{len(goal.phases)} in turn"}
