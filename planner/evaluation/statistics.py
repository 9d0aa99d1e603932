"""Statistics of success rates: confidence intervals, paired comparisons, and the spread over training seeds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from envs.evaluation import rates
from envs.evaluation.rates import Z_95 as Z_95  # noqa: PLC0414 - re-exported
from envs.evaluation.rates import wilson as wilson  # noqa: PLC0414

T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip  # Student's t at 1 to 30 degrees of freedom; beyond, the last is used, which is slightly too wide


@dataclass(frozen=True, kw_only=True)
class Rate(rates.Rate):
    """A proportion with its 95 % Wilson interval."""

    def __post_init__(self) -> None:
        """Check the range."""
        if not 0 <= self.hits <= self.total:
            raise ValueError(f"{self.hits} of {self.total} is not a valid rate")

    @property
    def value(self) -> float:
        """The rate; NaN if the total is 0."""
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return wilson(self.hits, self.total)

    def __str__(self) -> str:
        """Format for a table: `87.5 % [78, 93]`. Rounds the percentage; `envs` may round a half otherwise."""
        if not self.total:
            return "-"
        low, high = self.interval
        return f"{100 * self.value:.1f} % [{100 * low:.0f}, {100 * high:.0f}]"


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Comparison of two systems on the same tasks.

    Attributes:
        wins: Tasks where only the second succeeded.
        losses: Tasks where only the first succeeded.
        total: Number of tasks.
        p: Two-sided p-value of the exact McNemar test.
    """

    wins: int
    losses: int
    total: int
    p: float

    @property
    def gain(self) -> float:
        """The second's rate minus the first's."""
        return (self.wins - self.losses) / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the gain: Wald's, with half a task more in each cell (Agresti and Min 2005)."""
        n, moved, net = self.total + 2, self.wins + self.losses + 1, self.wins - self.losses
        half = Z_95 * math.sqrt(moved - net * net / n) / n
        return max(-1.0, net / n - half), min(1.0, net / n + half)

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {"wins": self.wins, "losses": self.losses, "total": self.total, "gain": rounded(self.gain), "p": self.p}


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One metric over several models trained with different seeds."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Collect the finite values, those of the models for which the metric was measured."""
        return cls(values=tuple(v for v in values if math.isfinite(v)))

    @property
    def mean(self) -> float:
        """The mean; NaN without values."""
        return mean(self.values)

    @property
    def range(self) -> tuple[float, float]:
        """The minimum and maximum; NaN without values."""
        return (min(self.values), max(self.values)) if self.values else (math.nan, math.nan)

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % t-interval of the mean (Student 1908); NaN for fewer than two models."""
        n = len(self.values)
        if n < 2:
            return math.nan
        variance = sum((v - self.mean) ** 2 for v in self.values) / (n - 1)
        return T_95[min(n - 1, len(T_95)) - 1] * math.sqrt(variance / n)

    def as_dict(self) -> dict[str, object]:
        """Return plain data. With few models, the t-interval of a rate may exceed [0, 1]."""
        low, high = self.range
        interval = [rounded(self.mean - self.half_width), rounded(self.mean + self.half_width)]
        return {"mean": rounded(self.mean), "min": rounded(low), "max": rounded(high), "t95": interval}


def compare(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """Compare two systems task by task with the exact McNemar test (McNemar 1947), a sign test on differing tasks.

    Raises:
        ValueError: The numbers of outcomes differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} outcomes cannot be of the same tasks")
    wins = sum(b and not a for a, b in zip(first, second, strict=True))
    losses = sum(a and not b for a, b in zip(first, second, strict=True))
    return Paired(wins=wins, losses=losses, total=len(first), p=sign_test(wins, losses))


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p-value of `wins` against `losses` under equal probability."""
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2.0 * tail / float(2**n))


def bootstrap(values: Sequence[float], rng: random.Random, *, draws: int = 2000) -> tuple[float, float]:
    """Return the 95 % percentile interval of a mean (Efron 1979); NaN without values."""
    if not values:
        return math.nan, math.nan
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(draws))
    return means[int(0.025 * (draws - 1))], means[math.ceil(0.975 * (draws - 1))]


def quantile(values: Sequence[float], q: float) -> float:
    """Return the q-quantile, q in [0, 1], interpolated between neighbors; NaN without values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def mean(values: Sequence[float]) -> float:
    """Return the mean; NaN without values."""
    return sum(values) / len(values) if values else math.nan


def rounded(value: float) -> float | None:
    """Round for JSON; None for NaN and infinity, which JSON does not have."""
    return round(value, 4) if math.isfinite(value) else None
