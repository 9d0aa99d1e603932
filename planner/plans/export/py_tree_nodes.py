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
    """Succeeds if something is true of the home; else fails, with `unless` as its message."""

    def __init__(self, name: str, home: Home, question: Callable[[State], bool], unless: str = "") -> None:
        super().__init__(name)
        self._home, self._question, self._unless = home, question, unless

    def update(self) -> Status:
        """Look."""
        if self._question(self._home.state()):
            self.feedback_message = ""
            return Status.SUCCESS
        self.feedback_message = self._unless
        return Status.FAILURE


class ActionNode(Behaviour):
    """Carries an action out in one tick; its message is why it failed."""

    def __init__(self, name: str, home: Home, action: Action) -> None:
        super().__init__(name)
        self._home, self._action = home, action

    def update(self) -> Status:
        """Act."""
        outcome = self._home.execute(self._action)
        done = outcome.status == "done"
        self.feedback_message = "" if done else f"{self.name}: {outcome.reason}"
        return Status.SUCCESS if done else Status.FAILURE


class PlanNode(Sequence):
    """The root: a sequence with memory that says, when it fails, why the leaf failed that failed last."""

    def __init__(self, name: str) -> None:
        super().__init__(name, memory=True)

    def tick(self) -> Iterator[Behaviour]:
        """Tick the children, and keep the reason."""
        for node in super().tick():
            if node is self:
                messages = [leaf.feedback_message for leaf in self.iterate() if not leaf.children and _failed(leaf)]
                self.feedback_message = next((message for message in reversed(messages) if message), "")
            yield node


def _failed(leaf: Behaviour) -> bool:
    return leaf.status == Status.FAILURE
