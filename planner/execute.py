"""Carrying a plan out, subtask by subtask: each outcome is observed, and a failure re-plans from the new state.

The home is either world: anything with `state()` and `execute(action)`.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from envs.goals import Goal
from envs.scoring import advance, score
from envs.state import Action, State, effect, format_action, unmet

if TYPE_CHECKING:
    from planner.answer import Options, Plan
    from planner.decode import Planner

MAX_REPLANS = 4


class OutcomeLike(Protocol):
    """What a home says of one executed action."""

    @property
    def status(self) -> str:
        """`done` or `failed`."""

    @property
    def reason(self) -> str:
        """Why it failed; empty if it did not."""

    @property
    def duration_s(self) -> float:
        """Simulated time that it took [s]."""


class Home(Protocol):
    """A world that actions can be executed in."""

    def state(self) -> State:
        """Return what is true now."""

    def execute(self, action: Action) -> OutcomeLike:
        """Carry an action out."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One executed subtask."""

    subtask: str
    status: str
    reason: str
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class Episode:
    """What an execution came to.

    Attributes:
        success: All conditions of the goal hold at the end.
        rate: The goal-condition rate, in [0, 1].
        met: Whether each condition holds.
        steps: What was executed, failures included.
        replans: How often the GPT planned anew.
        simulated_s: Simulated time [s].
        real_s: Time that the execution took [s].
    """

    success: bool
    rate: float
    met: tuple[bool, ...]
    steps: tuple[Step, ...]
    replans: int
    simulated_s: float
    real_s: float


class SymbolicHome:
    """The symbolic world as a home: every applicable action is done, in its typical duration."""

    def __init__(self, state: State) -> None:
        """Begin in a state."""
        self._state = state

    def state(self) -> State:
        """Return what is true now."""
        return self._state

    def execute(self, action: Action) -> Step:
        """Carry an action out, or fail with its unmet precondition."""
        subtask = format_action(self._state.world, action)
        reason = unmet(self._state, action)
        if reason is not None:
            return Step(subtask=subtask, status="failed", reason=reason, duration_s=0.0)
        self._state = effect(self._state, action)
        duration = self._state.world.domain.skills[action.skill].duration_s
        return Step(subtask=subtask, status="done", reason="", duration_s=duration)


def execute(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    *,
    planner: Planner | None = None,
    options: Options | None = None,
    on_step: Callable[[int, int, str], None] | None = None,
    on_outcome: Callable[[Step], None] | None = None,
    on_replan: Callable[[Plan], None] | None = None,
) -> Episode:
    """Carry a plan out in a home.

    Args:
        actions: The plan.
        goal: What is scored.
        home: Either world, at the start of the episode.
        planner: Plans anew after a failure, at most `MAX_REPLANS` times; None stops at the first.
        options: How it decodes.
        on_step: Called before a subtask with its number, the number of subtasks, and its text.
        on_outcome: Called after it.
        on_replan: Called with each new plan.
    """
    began = time.perf_counter()
    first = state = home.state()
    queue = deque(actions)
    steps: list[Step] = []
    failed: Counter[Action] = Counter()
    avoid: frozenset[int] = frozenset()
    replans = 0
    phase = advance(goal, 0, state, first)
    while True:
        broken = False
        while queue and not broken:
            action = queue.popleft()
            subtask = format_action(state.world, action)
            if on_step:
                on_step(len(steps) + 1, len(steps) + 1 + len(queue), subtask)
            outcome = home.execute(action)
            state = home.state()
            phase = advance(goal, phase, state, first)
            step = Step(subtask=subtask, status=outcome.status, reason=outcome.reason, duration_s=outcome.duration_s)
            steps.append(step)
            if on_outcome:
                on_outcome(step)
            if outcome.status != "done":
                broken = True
                failed[action] += 1
                if failed[action] > 1:  # another thing of its kind, if there is one
                    avoid |= {state.world.index[action.args[0]]}
        reached = score(goal, phase, state, first)
        if reached.success or planner is None or replans == MAX_REPLANS:
            break
        replans += 1
        plan = planner.reach(goal, state, options, start=first, phase=phase, avoid=avoid)
        if not plan.actions:
            break
        if on_replan:
            on_replan(plan)
        queue = deque(plan.actions)
    return Episode(
        success=reached.success,
        rate=reached.rate,
        met=reached.met,
        steps=tuple(steps),
        replans=replans,
        simulated_s=sum(s.duration_s for s in steps),
        real_s=time.perf_counter() - began,
    )
