"""Success rates with 95 % confidence intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054  # the normal quantile that leaves 2.5 % on each side


def wilson(hits: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """Return Wilson's score interval of a rate (Wilson 1927); (0, 1) without samples."""
    if not total:
        return 0.0, 1.0
    rate, squared = hits / total, z * z / total
    center = (rate + squared / 2) / (1 + squared)
    half = z * math.sqrt(rate * (1 - rate) / total + squared / (4 * total)) / (1 + squared)
    return (0.0 if hits == 0 else max(0.0, center - half)), (1.0 if hits == total else min(1.0, center + half))


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A fraction of successes."""

    hits: int
    total: int

    def __str__(self) -> str:
        """Format for a table: `98.0 % [89, 100]`."""
        if not self.total:
            return "-"
        low, high = wilson(self.hits, self.total)
        return f"{100 * self.hits / self.total:.1f} % [{100 * low:.0f}, {100 * high:.0f}]"

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON; the rate is null without samples."""
        rate = round(self.hits / self.total, 4) if self.total else None
        interval = [round(bound, 4) for bound in wilson(self.hits, self.total)]
        return {"hits": self.hits, "total": self.total, "rate": rate, "ci95": interval}
