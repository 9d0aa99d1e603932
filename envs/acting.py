"""What whoever acts in a home needs of it, whichever world it is: protocols, no code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from envs.world import Action, State


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
