"""Count attempts: successes, time, collisions, and the causes of failures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import cast

from envs.evaluation.rates import Rate

Row = dict[str, object]  # `Attempt.as_dict` of an attempt, with the keys that a command adds


@dataclass
class SuccessCount:
    """Statistics of a set of attempts.

    Attributes:
        total: Number of attempts.
        hits: Number of successful attempts.
        simulated_s: Total simulated time [s].
        cpu_s: Total CPU time [s].
        collisions: Total number of collision samples.
        causes: Number of failures by cause, without instance names.
        examples: For each cause, the first trial and its reason.
    """

    total: int = 0
    hits: int = 0
    simulated_s: float = 0.0
    cpu_s: float = 0.0
    collisions: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, row: Row, *, hit: bool, key: str, cause: str = "") -> None:
        """Count one attempt."""
        self.total += 1
        self.hits += hit
        self.simulated_s += cast(float, row["duration_s"])
        self.cpu_s += cast(float, row["cpu_s"])
        self.collisions += cast(int, row["collisions"])
        if not hit:
            cause = cause or str(row["cause"]) or "no reason was given"
            self.causes[cause] += 1
            self.examples.setdefault(cause, f"{key}: {row['subtask']}: {row['reason'] or cause}")

    @property
    def rate(self) -> Rate:
        """The success rate."""
        return Rate(hits=self.hits, total=self.total)

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            **self.rate.as_dict(),
            "mean_duration_s": round(self.simulated_s / self.total, 2) if self.total else None,
            "mean_collisions": round(self.collisions / self.total, 3) if self.total else None,
            "simulated_s": round(self.simulated_s, 1),
            "cpu_s": round(self.cpu_s, 1),
            "x_real_time": round(self.simulated_s / self.cpu_s, 1) if self.cpu_s else None,
            "causes": dict(self.causes.most_common()),
            "examples": self.examples,
        }

    def line(self) -> str:
        """Format for a table: rate, mean duration, mean collisions, speed relative to real time."""
        if not self.total:
            return f"{'-':>22}"
        speedup = self.simulated_s / self.cpu_s if self.cpu_s else 0.0
        return (
            f"{self.rate!s:>22} of {self.total:<6}{self.simulated_s / self.total:7.1f} s"
            f"{self.collisions / self.total:9.2f} collisions{speedup:8.1f} x real time"
        )


def causes_text(counts: dict[str, SuccessCount], max_causes: int = 8) -> str:
    """List the causes of failures by label, the most frequent first, each with its first example."""
    lines: list[str] = []
    for label, count in counts.items():
        for cause, number in count.causes.most_common(max_causes):
            lines.append(f"  {number:5d}  {label}: {cause}\n         {count.examples[cause]}")
    lines.sort(key=lambda line: -int(line.split(maxsplit=1)[0]))
    return "\n".join(lines) if lines else "  none"
