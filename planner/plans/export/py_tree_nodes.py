"""The behaviors of a plan's py_trees tree; imported only where py_trees is installed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Sequence

from envs.symbolic.goals import DAY_S, Goal, due_s, format_rule
from envs.symbolic.progress import advance, begin, is_true
from envs.symbolic.scoring import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Test, When
    from envs.symbolic.home_protocol import Home
    from planner.plans.export.clock import HomeClock


class Episode:
    """What the behaviors of one tree share: the home, where the goal began, which means were used, broken rules.

    Args:
        goal: The goal of the tree.
        home: The home, at the start of the episode.
        clock: Its clock.
    """

    def __init__(self, goal: Goal, home: Home, clock: HomeClock) -> None:
        self.home, self.clock = home, clock
        self._since_s: float | None = None  # when the last phase with a time was due, or when the tree was first ticked
        self._progress = begin(Goal(phases=(goal.conditions,), rules=goal.rules), home.state())

    def observe(self, action: Action | None = None) -> State:
        """Return the current state, after an action of the robot if one was done."""
        if self._since_s is None:
            self._since_s = self.clock.time_s()
        state = self.home.state()
        if action is not None or state is not self._progress.state:
            self._progress = advance(self._progress, state, action)
        return state

    def due_s(self, when: When) -> float:
        """Return when a phase is due [s] that could begin now."""
        self.observe()
        assert self._since_s is not None
        return due_s(when, self.clock.time_s(), self._since_s)

    def begin_anew(self, since_s: float) -> None:
        """Make choices in the current state from now on, as a phase does that was due at a time [s]."""
        self._progress = replace(self._progress, initial_state=self.observe())
        self._since_s = since_s

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

    def __init__(self, name: str, episode: Episode, when: When) -> None:
        super().__init__(name)
        self._episode, self._when = episode, when
        self._due_s: float | None = None

    def initialise(self) -> None:
        """Begin to wait; what is done every day is due again on the next day."""
        if self._when.daily and self._due_s is not None:
            self._due_s += DAY_S
        else:
            self._due_s = self._episode.due_s(self._when)

    def update(self) -> Status:
        """Wait, if the home has a clock that can be set forward; otherwise look at the time."""
        assert self._due_s is not None
        if not self._episode.clock.reaches(self._due_s):
            return Status.RUNNING
        self._episode.begin_anew(self._due_s)
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
