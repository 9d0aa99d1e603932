"""A robot: which skills it has, what its hand can hold and where it reaches, and skills that only it has.

`envs/scenes/robot_file.py` reads one from a file. `equipped` gives a home that robot: the domain of the scene then has
its skills and its hand, and everything that plans or acts asks the domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from envs.symbolic.state import HELD, NOWHERE, State, World

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


def equipped_state(state: State, robot: Robot | None) -> State:
    """Return the state of a home, as it is now, with a robot; what the last one held is in the hand of this one.

    Raises:
        DomainError: As in `equipped`.
    """
    scene = equipped(state.world.scene, robot)
    if scene is state.world.scene:
        return state
    world, old = World(scene), state.world
    number = {i: world.index[name] for i, name in enumerate(old.names) if name in world.index}
    number |= {NOWHERE: NOWHERE, HELD: HELD}
    before = [old.index.get(name) for name in world.names]  # a room that a skill is about is new
    return State(
        world,
        tuple(NOWHERE if i is None else number[state.place[i]] for i in before),
        tuple(0 if i is None else state.flags[i] for i in before),
        tuple("" if i is None else state.liquid[i] for i in before),
        number[state.held],
        number.get(state.at, NOWHERE),
        frozenset((number[a], number[b]) for a, b in state.apart),
    )
