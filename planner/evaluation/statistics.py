"""How sure a measured success is: intervals for one rate, paired comparisons, the spread of several trained models."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from envs.evaluation import rates
from envs.evaluation.rates import Z_95 as Z_95  # noqa: PLC0414 - for those who make intervals
from envs.evaluation.rates import wilson as wilson  # noqa: PLC0414

T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip  # Student's t for the same, at 1 to 30 degrees of freedom; beyond, the last, which is slightly too wide


@dataclass(frozen=True, kw_only=True)
class Rate(rates.Rate):
    """A part of a whole, with its 95 % Wilson interval."""

    def __post_init__(self) -> None:
        """Check the range."""
        if not 0 <= self.hits <= self.total:
            raise ValueError(f"{self.hits} of {self.total} is no rate")

    @property
    def value(self) -> float:
        """The rate itself; NaN of nothing."""
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return wilson(self.hits, self.total)

    def __str__(self) -> str:
        """For a table: `87.5 % [78, 93]`. The rate is rounded first: halves may fall otherwise than in `envs`."""
        if not self.total:
            return "-"
        low, high = self.interval
        return f"{100 * self.value:.1f} % [{100 * low:.0f}, {100 * high:.0f}]"


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two outcomes of the same tasks compared.

    Attributes:
        wins: Tasks where only the second succeeded.
        losses: Tasks where only the first did.
        total: All tasks.
        p: Two-sided p-value of the exact McNemar test.
    """

    wins: int
    losses: int
    total: int
    p: float

    @property
    def gain(self) -> float:
        """How much higher the second's rate is."""
        return (self.wins - self.losses) / self.total if self.total else math.nan

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {"wins": self.wins, "losses": self.losses, "total": self.total, "gain": rounded(self.gain), "p": self.p}


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One figure of several models that were trained with other seeds."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Take the models for which the figure was measured."""
        return cls(values=tuple(v for v in values if math.isfinite(v)))

    @property
    def mean(self) -> float:
        """The mean; NaN of nothing."""
        return mean(self.values)

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest; NaN of nothing."""
        return (min(self.values), max(self.values)) if self.values else (math.nan, math.nan)

    @property
    def half_width(self) -> float:
        """Half of the 95 % t-interval around the mean (Student 1908); NaN of fewer than two models."""
        n = len(self.values)
        if n < 2:
            return math.nan
        variance = sum((v - self.mean) ** 2 for v in self.values) / (n - 1)
        return T_95[min(n - 1, len(T_95)) - 1] * math.sqrt(variance / n)

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs. With few models the t-interval of a rate may leave [0, 1]."""
        low, high = self.range
        interval = [rounded(self.mean - self.half_width), rounded(self.mean + self.half_width)]
        return {"mean": rounded(self.mean), "min": rounded(low), "max": rounded(high), "t95": interval}


def compare(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """Compare two outcomes task by task: the exact McNemar test (McNemar 1947), a sign test on the tasks that differ.

    Raises:
        ValueError: They are not of the same tasks.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} outcomes cannot be of the same tasks")
    wins = sum(b and not a for a, b in zip(first, second, strict=True))
    losses = sum(a and not b for a, b in zip(first, second, strict=True))
    return Paired(wins=wins, losses=losses, total=len(first), p=sign_test(wins, losses))


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p-value of `wins` against `losses` if either were as likely."""
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2.0 * tail / float(2**n))


def bootstrap(values: Sequence[float], rng: random.Random, *, draws: int = 2000) -> tuple[float, float]:
    """Return the 95 % percentile interval of a mean (Efron 1979); NaN of nothing."""
    if not values:
        return math.nan, math.nan
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(draws))
    return means[int(0.025 * (draws - 1))], means[math.ceil(0.975 * (draws - 1))]


def quantile(values: Sequence[float], q: float) -> float:
    """Return the q-quantile, q in [0, 1], interpolated between neighbors; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def mean(values: Sequence[float]) -> float:
    """Return the mean; NaN of nothing."""
    return sum(values) / len(values) if values else math.nan


def rounded(value: float) -> float | None:
    """Return a number as it is written to JSON, which knows no NaN."""
    return round(value, 4) if math.isfinite(value) else None
