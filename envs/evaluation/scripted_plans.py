"""Plans made step by step beside the symbolic world: what trials and random plans are built of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.errors import EnvsError
from envs.symbolic.actions import ON, OPEN, Action, State, format_action, successor, unmet_precondition

if TYPE_CHECKING:
    from collections.abc import Callable


class DeadEndError(EnvsError):
    """The next step of a walk is not applicable, or there is nothing to take it with."""


class ActionSequence:
    """Applicable actions in a row, and the state that they lead to.

    Attributes:
        state: After the last action.
        actions: So far.
    """

    def __init__(self, start: State) -> None:
        self.state = start
        self.actions: list[Action] = []

    def do(self, skill: str, *args: str) -> Action:
        """Append an action.

        Raises:
            DeadEndError: It is not applicable.
        """
        action = Action(skill, args)
        if (reason := unmet_precondition(self.state, action)) is not None:
            raise DeadEndError(f"{format_action(self.state.world, action)}: {reason}")
        self.actions.append(action)
        self.state = successor(self.state, action)
        return action

    def uncover(self, name: str) -> str | None:
        """Open what encloses a thing (or a fixture itself), if it is closed; return its name if so."""
        world = self.state.world
        root = self.state.root(world.index[name])
        if root < 0 or not world.enclosed[root] or self.state.flags[root] & OPEN:
            return None
        fixture = world.names[root]
        if self.state.flags[root] & ON:
            self.do("turn off", fixture)
        self.do("open", fixture)
        return fixture

    def fixtures(self, suits: Callable[[int], bool]) -> list[str]:
        """The fixtures (by entity) that suit."""
        return [self.state.world.names[i] for i in range(self.state.world.n_fixtures) if suits(i)]

    def things(self, suits: Callable[[int], bool]) -> list[str]:
        """The movable things (by entity) that suit."""
        world = self.state.world
        return [world.names[i] for i in range(world.n_fixtures, len(world.names)) if suits(i)]

    def places_for(self, name: str) -> list[str]:
        """The fixtures without a door that would take what is held; nobody's hands, and not where it was."""
        world = self.state.world

        def takes(i: int) -> bool:
            if i == self.state.at or world.enclosed[i] or world.relation[i] != "on":
                return False
            return unmet_precondition(self.state, Action("put", (name, world.names[i]))) is None

        return self.fixtures(takes)
