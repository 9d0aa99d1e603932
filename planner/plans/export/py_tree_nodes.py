"""The behaviors of a plan's py_trees tree; imported only where py_trees is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envs.symbolic.actions import Action, State
    from envs.symbolic.home_protocol import Home


class ConditionNode(Behaviour):
    """Succeeds if a test of the home's state is true; otherwise fails with `unless` as its message."""

    def __init__(self, name: str, home: Home, question: Callable[[State], bool], unless: str = "") -> None:
        super().__init__(name)
        self._home, self._question, self._unless = home, question, unless

    def update(self) -> Status:
        """Test the current state."""
        if self._question(self._home.state()):
            self.feedback_message = ""
            return Status.SUCCESS
        self.feedback_message = self._unless
        return Status.FAILURE


class ActionNode(Behaviour):
    """Executes an action in one tick; its message is the reason of a failure."""

    def __init__(self, name: str, home: Home, action: Action) -> None:
        super().__init__(name)
        self._home, self._action = home, action

    def update(self) -> Status:
        """Execute the action."""
        outcome = self._home.execute(self._action)
        done = outcome.status == "done"
        self.feedback_message = "" if done else f"{self.name}: {outcome.reason}"
        return Status.SUCCESS if done else Status.FAILURE


class PlanNode(Sequence):
    """The root: a sequence with memory that reports, when it fails, why its last failed leaf failed."""

    def __init__(self, name: str) -> None:
        super().__init__(name, memory=True)

    def tick(self) -> Iterator[Behaviour]:
        """Tick the children, and record the reason of a failure."""
        for node in super().tick():
            if node is self:
                messages = [leaf.feedback_message for leaf in self.iterate() if not leaf.children and _failed(leaf)]
                self.feedback_message = next((message for message in reversed(messages) if message), "")
            yield node


def _failed(leaf: Behaviour) -> bool:
    return leaf.status == Status.FAILURE
