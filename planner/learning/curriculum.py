"""Which tasks to try next: those near the edge of what the GPT can do, as earlier cycles show it.

What a task has in common with those of earlier episodes tells how likely the direct pass and the slow
planner are to reach it. Most is learned from what the slow planner reaches and the direct pass does not. Of what is
proposed, the rare comes before the frequent.
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

MIN_WEIGHT = 0.1  # of the weight, of a task that nothing speaks for
PRIOR_EPISODES = 2.0  # episodes that an estimate begins with


@dataclass
class _Rate:
    """A success rate that begins at a half."""

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
    """Success by what tasks have in common: forms of conditions, their number, the fixtures in them, `then`.

    Args:
        episodes: Records of earlier cycles: `goal`, `direct` and `kept`.
        prefer_failures: Whether to choose by them; else all tasks are alike.
    """

    def __init__(self, episodes: Iterable[Record], *, prefer_failures: bool = True) -> None:
        self.prefer_failures = prefer_failures
        self._rates: defaultdict[str, _Rates] = defaultdict(_Rates)
        for episode in episodes:
            for key in features(parse_goal(str(episode["goal"]))):
                self._rates[key].direct.add(bool(episode["direct"]))
                self._rates[key].slow.add(bool(episode["kept"]))

    def weight(self, goal: Goal) -> float:
        """How much a task is worth trying, from `MIN_WEIGHT` to 1 + `MIN_WEIGHT`."""
        return self._weight(features(goal))

    def _weight(self, keys: set[str]) -> float:
        rates = [self._rates[key] if key in self._rates else _Rates() for key in keys]
        direct, slow = min(rate.direct.value for rate in rates), min(rate.slow.value for rate in rates)
        return MIN_WEIGHT + (1 - direct) * slow

    def choose(self, proposals: Sequence[Proposal], count: int, seed: int) -> list[Proposal]:
        """Return `count` of the proposals, or all: drawn by their weights, in their order."""
        rng = random.Random(f"curriculum/{seed}")
        all_keys = [features(parse_goal(proposal.goal)) for proposal in proposals]
        feature_counts = Counter(key for keys in all_keys for key in keys)
        scored = []
        for number, keys in enumerate(all_keys):
            # What is seldom proposed is seldom known, too.
            rarity = 1 / math.sqrt(min(feature_counts[key] for key in keys))
            weight = self._weight(keys) * rarity if self.prefer_failures else 1.0
            scored.append(
                (rng.random() ** (1 / weight), number)
            )  # weighted draws without replacement (Efraimidis 2006)
        return [proposals[number] for number in sorted(n for _, n in sorted(scored, reverse=True)[:count])]


def features(goal: Goal) -> set[str]:
    """Return what a task has in common with others."""
    forms = {shape(Goal(phases=((condition,),))) for condition in goal.conditions}
    fixtures = {f"at {name}" for condition in goal.conditions for name in fixtures_named(condition)}
    return forms | fixtures | {f"{len(goal.conditions)} conditions", f"{len(goal.phases)} in turn"}
