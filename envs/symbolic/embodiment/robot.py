"""A robot: which skills it has, what its hand can hold and where it reaches, and skills that only it has.

`envs/scenes/robot_file.py` reads one from a file. `equipped` gives a home that robot: the domain of the scene then has
its skills and its hand, and everything that plans or acts asks the domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain, Hand, Skill
    from envs.symbolic.scene import Scene


@dataclass(frozen=True, kw_only=True)
class Robot:
    """A robot.

    Attributes:
        name: What it is called.
        skills: The skills that it has, its own not counted; None: all those of the home's domain.
        without: Skills that it lacks all the same.
        hand: What its hand can hold and where it reaches; None: no limit beyond those of the physics.
        own_skills: Skills that only it has.
    """

    name: str = "mobile Panda"
    skills: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    hand: Hand | None = None
    own_skills: Mapping[str, Skill] = field(default_factory=dict)

    def in_domain(self, domain: Domain) -> Domain:
        """Return a domain with this robot instead of the one that it has.

        Raises:
            DomainError: An own skill contradicts the domain.
        """
        kept = [name for name in domain.all_skills if self.skills is None or name in self.skills]
        return domain.with_robot(
            skills=[name for name in kept if name not in self.without], own=self.own_skills, hand=self.hand
        )


def equipped(scene: Scene, robot: Robot | None) -> Scene:
    """Return a home with a robot; with None, as it is.

    Raises:
        DomainError: An own skill of the robot contradicts the home's domain.
    """
    if robot is None:
        return scene
    domain = robot.in_domain(scene.domain)
    return scene if domain is scene.domain else replace(scene, domain=domain)
