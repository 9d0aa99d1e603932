"""What whoever acts in a home needs of it, whichever world it is: protocols, no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from envs.symbolic.state import Action, State


class OutcomeLike(Protocol):
    """What a home says of one executed action."""

    @property
    def status(self) -> str:
        """`done` or `failed`."""

    @property
    def reason(self) -> str:
        """Why it failed; empty if it did not."""

    @property
    def blocked_by(self) -> str:
        """The fixture that must be closed before it can be done; empty if none is in the way."""

    @property
    def duration_s(self) -> float:
        """Simulated time that it took [s]."""


class Home(Protocol):
    """A world that actions can be executed in."""

    def state(self) -> State:
        """Return what is true now."""

    def execute(self, action: Action) -> OutcomeLike:
        """Carry an action out."""


class ChangeableHome(Home, Protocol):
    """A home in which atoms can be set."""

    def change(self, state: State) -> None:
        """Let something else than the robot make this true."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an action went.

    Attributes:
        status: Whether it was done.
        reason: Why not, in words; empty if it was.
        duration_s: Simulated time [s].
        ticks: Of the engine.
        collisions: Samples, 7.5 a second, in which the robot pressed against what it did not mean to touch.
        energy_j: What the motors of base, lift and arm put in or took out [J]; None where the home does not measure it.
        blocked_by: The fixture that must be closed before this can be done; empty if none is in the way.
    """

    status: Literal["done", "failed"]
    reason: str = ""
    duration_s: float = 0.0
    ticks: int = 0
    collisions: int = 0
    energy_j: float | None = 0.0
    blocked_by: str = ""
