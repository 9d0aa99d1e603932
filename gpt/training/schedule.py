"""Learning-rate schedules, as factors of the peak rate."""

from __future__ import annotations

import math
from typing import Literal

ScheduleKind = Literal["cosine", "trapezoid", "constant"]

COOLDOWN = 0.4
"""Fraction of a trapezoid's steps in which the rate decays to zero (Hägele et al. 2024, arXiv:2405.18392)."""


def schedule_factor(schedule: ScheduleKind, step: int, steps: int, warmup_steps: int) -> float:
    """Return the factor of the peak learning rate at a step, in (0, 1].

    All schedules rise linearly over `warmup_steps`. `cosine` then decays along a half wave; `trapezoid` stays constant
    and decays linearly over the last 40 % of the steps. Both schedules would reach zero one step after the last.

    Args:
        schedule: Its shape.
        step: 0 .. steps - 1.
        steps: Length of the run.
        warmup_steps: Steps until the peak; 0 starts at the peak.
    """
    rise = min(1.0, (step + 1) / (warmup_steps + 1))
    if schedule == "constant" or step < warmup_steps:
        return rise
    if schedule == "cosine":
        progress = (step - warmup_steps) / max(1, steps - warmup_steps)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
    cooldown = max(1.0, COOLDOWN * steps)
    return min(1.0, max(0.0, (steps - step) / cooldown))
