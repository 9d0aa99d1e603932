"""Build plans action by action in the symbolic world; trials and random plans use this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.errors import EnvsError
from envs.symbolic.actions import ON, OPEN, Action, State, format_action, successor, unmet_precondition

if TYPE_CHECKING:
    from collections.abc import Callable


class DeadEndError(EnvsError):
    """The next action of a sequence is not applicable, or no object suits it."""


class PlanBuilder:
    """A sequence of applicable actions, and the state that it leads to.

    Attributes:
        state: The state after the last action.
        actions: The actions so far.
    """

    def __init__(self, initial_state: State) -> None:
        self.state = initial_state
        self.actions: list[Action] = []

    def do(self, skill: str, *args: str) -> Action:
        """Append an action.

        Raises:
            DeadEndError: The action is not applicable.
        """
        action = Action(skill, args)
        if (reason := unmet_precondition(self.state, action)) is not None:
            raise DeadEndError(f"{format_action(self.state.world, action)}: {reason}")
        self.actions.append(action)
        self.state = successor(self.state, action)
        return action

    def uncover(self, name: str) -> str | None:
        """Open the closed fixture that holds an object (or is named) and return its name; None if nothing is closed."""
        world = self.state.world
        root = self.state.root(world.index[name])
        if root < 0 or not world.enclosed[root] or self.state.flags[root] & OPEN:
            return None
        fixture = world.names[root]
        if self.state.flags[root] & ON:
            self.do("turn off", fixture)
        self.do("open", fixture)
        return fixture

    def fixtures(self, predicate: Callable[[int], bool]) -> list[str]:
        """Return the names of the fixtures whose entity satisfies a predicate."""
        return [self.state.world.names[i] for i in range(self.state.world.n_fixtures) if predicate(i)]

    def objects(self, predicate: Callable[[int], bool]) -> list[str]:
        """Return the names of the objects whose entity satisfies a predicate."""
        world = self.state.world
        return [world.names[i] for i in range(world.n_fixtures, len(world.names)) if predicate(i)]

    def places_for(self, name: str) -> list[str]:
        """Return open surfaces for the held object, except persons and the fixture that the robot stands at."""
        world = self.state.world

        def is_suitable(i: int) -> bool:
            if i == self.state.at or world.enclosed[i] or world.relation[i] != "on":
                return False
            return unmet_precondition(self.state, Action("put", (name, world.names[i]))) is None

        return self.fixtures(is_suitable)
