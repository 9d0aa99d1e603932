"""The interface of a home, symbolic or physical: protocols and the outcome of an action.

A home of ours has a simulated clock as well (`TimedHome`); a robot of your own needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from envs.symbolic.goals import Goal
    from envs.symbolic.state import Action, State


class OutcomeLike(Protocol):
    """The outcome of one executed action, as any home returns it."""

    @property
    def status(self) -> str:
        """`done` or `failed`."""

    @property
    def reason(self) -> str:
        """Why it failed; empty if it did not."""

    @property
    def blocked_by(self) -> str:
        """The fixture that must be closed before the action can be done; empty if none is in the way."""

    @property
    def duration_s(self) -> float:
        """Simulated duration [s]."""


class Home(Protocol):
    """A home that executes actions."""

    def state(self) -> State:
        """Return the current state."""

    def execute(self, action: Action) -> OutcomeLike:
        """Execute an action."""


@runtime_checkable
class GoalAwareHome(Protocol):
    """A home that carries out actions with a goal in mind: a plan names a desk, the goal a neighbor on it."""

    def pursue(self, goal: Goal | None, initial_state: State) -> None:
        """Carry out the next actions for a goal of an episode that began in a state; None: for no goal."""


def pursue(home: object, goal: Goal | None, initial_state: State) -> None:
    """Tell a home the goal, if it wants to know."""
    if isinstance(home, GoalAwareHome):
        home.pursue(goal, initial_state)


@runtime_checkable
class TimedHome(Protocol):
    """A home with a clock of its own. Its time advances by what the robot does, and by waiting."""

    @property
    def time_s(self) -> float:
        """The time [s] since midnight of the first day."""

    def wait(self, seconds: float) -> None:
        """Let time pass [s] without an action of the robot."""


class ChangeableHome(Home, Protocol):
    """A home in which atoms can be set."""

    def change(self, state: State) -> None:
        """Set the state without the robot."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of an action.

    Attributes:
        status: Whether the action was done.
        reason: Why it failed, in words; empty if it was done.
        duration_s: Simulated duration [s].
        ticks: Physics steps.
        collisions: Samples, 7.5 per second, in which the robot pressed against something unintended.
        energy_j: Work of the motors of base, lift and arm, driving or braking [J]; None if it is not measured.
        blocked_by: The fixture that must be closed before the action can be done; empty if none is in the way.
    """

    status: Literal["done", "failed"]
    reason: str = ""
    duration_s: float = 0.0
    ticks: int = 0
    collisions: int = 0
    energy_j: float | None = 0.0
    blocked_by: str = ""
