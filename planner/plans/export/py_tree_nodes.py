"""The behaviors of a plan's py_trees tree; imported only where py_trees is installed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Sequence

from envs.symbolic.goals import Goal, format_rule
from envs.symbolic.progress import advance, begin, is_true
from envs.symbolic.scoring import holds
from planner.plans.export.clock import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Test
    from envs.symbolic.home_protocol import Home
    from planner.plans.export.clock import HomeClock


class Episode:
    """What the behaviors of one tree share: the home, where the goal began, which means were used, broken rules.

    Args:
        goal: The goal of the tree.
        home: The home, at the start of the episode.
    """

    def __init__(self, goal: Goal, home: Home) -> None:
        self.home = home
        self._progress = begin(Goal(phases=(goal.conditions,), rules=goal.rules), home.state())

    def observe(self, action: Action | None = None) -> State:
        """Return the current state, after an action of the robot if one was done."""
        state = self.home.state()
        if action is not None or state is not self._progress.state:
            self._progress = advance(self._progress, state, action)
        return state

    def begin_anew(self) -> None:
        """Make choices in the current state from now on, as a phase does that has waited for its time."""
        self._progress = replace(self._progress, initial_state=self.observe())

    def reaches(self, goal: Goal) -> bool:
        """Whether all conditions of a phase hold."""
        state, progress = self.observe(), self._progress
        return all(holds(state, c, progress.initial_state, progress.uses) for c in goal.conditions)

    def passes(self, tests: tuple[Test, ...]) -> bool:
        """Whether all tests of a phase are true."""
        state = self.observe()
        return all(is_true(test, state, self._progress.initial_state) for test in tests)

    def broken_rule(self) -> str:
        """Return the rule that was broken first since the start; empty if none was."""
        self.observe()
        broken = self._progress.broken
        return format_rule(self._progress.goal.rules[broken[0][0]]) if broken else ""


class ConditionNode(Behaviour):
    """Succeeds if a test of the episode is true; otherwise fails with `unless` as its message."""

    def __init__(self, name: str, question: Callable[[], bool], unless: str = "") -> None:
        super().__init__(name)
        self._question, self._unless = question, unless

    def update(self) -> Status:
        """Test the current state."""
        if self._question():
            self.feedback_message = ""
            return Status.SUCCESS
        self.feedback_message = self._unless
        return Status.FAILURE


class GuardNode(Behaviour):
    """Succeeds as long as no rule was broken; otherwise its message names the rule."""

    def __init__(self, name: str, episode: Episode) -> None:
        super().__init__(name)
        self._episode = episode

    def update(self) -> Status:
        """Look at what has happened since the last tick."""
        rule = self._episode.broken_rule()
        self.feedback_message = f"the rule is broken: {rule}" if rule else ""
        return Status.FAILURE if rule else Status.SUCCESS


class ActionNode(Behaviour):
    """Executes an action in one tick; its message is the reason of a failure."""

    def __init__(self, name: str, episode: Episode, action: Action) -> None:
        super().__init__(name)
        self._episode, self._action = episode, action

    def update(self) -> Status:
        """Execute the action."""
        outcome = self._episode.home.execute(self._action)
        done = outcome.status == "done"
        self._episode.observe(self._action if done else None)
        self.feedback_message = "" if done else f"{self.name}: {outcome.reason}"
        return Status.SUCCESS if done else Status.FAILURE


class WaitNode(Behaviour):
    """Runs until a phase may begin; then choices are made anew."""

    def __init__(self, name: str, episode: Episode, clock: HomeClock, seconds_left: Callable[[float], float]) -> None:
        super().__init__(name)
        self._episode, self._clock, self._seconds_left = episode, clock, seconds_left
        self._until_s = -1.0

    def initialise(self) -> None:
        """Begin to wait; a time of day at which the wait before has ended is that of the next day."""
        now_s = self._clock.time_s()
        until_s = now_s + self._seconds_left(now_s)
        self._until_s = until_s + DAY_S if until_s == self._until_s else until_s

    def update(self) -> Status:
        """Wait, if the home has a clock that can be set forward; otherwise look at the time."""
        if not self._clock.reaches(self._until_s):
            return Status.RUNNING
        self._episode.begin_anew()
        return Status.SUCCESS


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
