"""What a robot can do: its skills, and what its hand can hold."""

from __future__ import annotations

from dataclasses import dataclass

from envs.symbolic.skills.values import Skill

__all__ = ["Hand", "Skill"]


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What a robot's hand can hold and where it reaches; None: no limit beyond those of the physics.

    Attributes:
        width_m: The widest part that it closes around [m], measured where a thing is narrowest (`grip_width`).
        payload_kg: The heaviest thing that it lifts, with what is in it [kg].
        reach_m: The lowest and the highest floor of a shelf, or top of a table, that it reaches [m].
    """

    width_m: float | None = None
    payload_kg: float | None = None
    reach_m: tuple[float, float] | None = None
