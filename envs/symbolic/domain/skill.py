"""What a robot can do: its skills, and what its hand can hold."""

from __future__ import annotations

from dataclasses import dataclass

from envs.symbolic.skills.values import Skill

__all__ = ["Hand", "Skill"]


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What a robot's hand can hold; None: no limit beyond those of the physics.

    Attributes:
        width_m: The widest thing that it closes around [m], measured along the thing's smallest side.
        payload_kg: The heaviest thing that it lifts [kg].
    """

    width_m: float | None = None
    payload_kg: float | None = None
