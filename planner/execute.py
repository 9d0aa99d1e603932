"""Carrying a plan out, subtask by subtask: each outcome is observed, and the plan is made anew when it must be.

That is after a failure, when the plan ended without its goal, and at once when the home is not as it should be by now
and the rest of the plan, replayed from what is seen, would fail or miss the goal. The home is either world: anything
with `state()` and `execute(action)`.
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
from planner.stage import MAX_REPLANS

if TYPE_CHECKING:
    from envs.disturb import Disturbance
    from planner.answer import Options, Plan
    from planner.decode import Planner


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
    """One executed subtask.

    Attributes:
        collisions: Samples in which the robot pressed against what it did not mean to touch; 0 in the symbolic world.
        energy_j: What the robot's motors spent [J], where the home measures it.
    """

    subtask: str
    status: str
    reason: str
    duration_s: float
    collisions: int = 0
    energy_j: float | None = None


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """A disturbance, and the number of the subtask before which it happened."""

    before_step: int
    what: str


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
        disturbances: What else happened in the home.
    """

    success: bool
    rate: float
    met: tuple[bool, ...]
    steps: tuple[Step, ...]
    replans: int
    simulated_s: float
    real_s: float
    disturbances: tuple[Interruption, ...] = ()

    @property
    def failures(self) -> dict[str, int]:
        """How many subtasks failed for each reason, the most frequent first."""
        return dict(Counter(step.reason for step in self.steps if step.status != "done").most_common())

    @property
    def collisions(self) -> int:
        """Samples in which the robot pressed against what it did not mean to touch."""
        return sum(step.collisions for step in self.steps)

    @property
    def energy_j(self) -> float | None:
        """What the robot's motors spent [J]; None where the home does not measure it."""
        spent = [step.energy_j for step in self.steps if step.energy_j is not None]
        return sum(spent) if spent else None


class SymbolicHome:
    """The symbolic world as a home: every applicable action is done, in its typical duration."""

    def __init__(self, state: State) -> None:
        """Begin in a state."""
        self._state = state

    def state(self) -> State:
        """Return what is true now."""
        return self._state

    def change(self, state: State) -> None:
        """Let something else than the robot make this true."""
        self._state = state

    def execute(self, action: Action) -> Step:
        """Carry an action out, or fail with its unmet precondition."""
        subtask = format_action(self._state.world, action)
        reason = unmet(self._state, action)
        if reason is not None:
            return Step(subtask=subtask, status="failed", reason=reason, duration_s=0.0)
        self._state = effect(self._state, action)
        duration = self._state.world.domain.skills[action.skill].duration_s
        return Step(subtask=subtask, status="done", reason="", duration_s=duration)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Whom an execution tells what happens.

    Attributes:
        on_step: Called before a subtask with its number, the number of subtasks, and its text.
        on_outcome: Called after it.
        on_replan: Called with each new plan.
        on_disturb: Called with each disturbance.
        on_look: Called before a look for what is not known where, with what is looked for and where.
    """

    on_step: Callable[[int, int, str], None] = lambda number, of, subtask: None
    on_outcome: Callable[[Step], None] = lambda step: None
    on_replan: Callable[[Plan], None] = lambda plan: None
    on_disturb: Callable[[Disturbance], None] = lambda what: None
    on_look: Callable[[str], None] = lambda what: None


def execute(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    *,
    planner: Planner | None = None,
    options: Options | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
    watch: Watch | None = None,
) -> Episode:
    """Carry a plan out in a home.

    Args:
        actions: The plan.
        goal: What is scored.
        home: Either world, at the start of the episode.
        planner: Plans anew when the plan breaks; None stops at the first failure.
        options: How it decodes.
        max_replans: How often it may.
        disturb: Called before each subtask with the rest of the plan; `DisturbedHome.disturb`.
        watch: Whom to tell.
    """
    began = time.perf_counter()
    run = _Run(goal, home, watch or Watch(), disturb)
    run.queue.extend(actions)
    may_replan = planner is not None
    while True:
        run.carry_on(noticing=may_replan and run.replans < max_replans)
        reached = score(goal, run.phase, run.state, run.first)
        if reached.success or planner is None or run.replans >= max_replans:
            break
        run.replans += 1
        plan = planner.reach(goal, run.state, options, start=run.first, phase=run.phase, avoid=run.avoid)
        if not plan.actions:
            break
        run.watch.on_replan(plan)
        run.queue = deque(plan.actions)
    return Episode(
        success=reached.success,
        rate=reached.rate,
        met=reached.met,
        steps=tuple(run.steps),
        replans=run.replans,
        simulated_s=sum(s.duration_s for s in run.steps),
        real_s=time.perf_counter() - began,
        disturbances=tuple(run.disturbances),
    )


class _Run:
    """An execution under way."""

    def __init__(
        self, goal: Goal, home: Home, watch: Watch, disturb: Callable[[Sequence[Action]], Disturbance | None] | None
    ) -> None:
        self.goal, self.home, self.watch, self.disturb = goal, home, watch, disturb
        self.first = self.state = home.state()
        self.phase = advance(goal, 0, self.state, self.first)
        self.queue: deque[Action] = deque()
        self.steps: list[Step] = []
        self.disturbances: list[Interruption] = []
        self.failed: Counter[Action] = Counter()
        self.avoid: frozenset[int] = frozenset()
        self.replans = 0

    def carry_on(self, *, noticing: bool) -> None:
        """Carry the rest of the plan out until it breaks; `noticing`, until it is seen that it will."""
        while self.queue:
            expected = self.state
            if self.disturb is not None:
                self._disturbed(self.disturb)
                if noticing and self._is_spoilt(expected):
                    return
            action = self.queue.popleft()
            expected = self.state if unmet(self.state, action) else effect(self.state, action)
            if self._step(action).status != "done":
                self._remember_failure(action, self.steps[-1].reason)
                return
            if noticing and self._is_spoilt(expected):
                return

    def _disturbed(self, disturb: Callable[[Sequence[Action]], Disturbance | None]) -> None:
        what = disturb(tuple(self.queue))
        if what is not None:
            self.disturbances.append(Interruption(before_step=len(self.steps) + 1, what=str(what)))
            self.watch.on_disturb(what)
            self._look()

    def _look(self) -> None:
        self.state = self.home.state()
        self.phase = advance(self.goal, self.phase, self.state, self.first)

    def _step(self, action: Action) -> Step:
        subtask = format_action(self.state.world, action)
        self.watch.on_step(len(self.steps) + 1, len(self.steps) + 1 + len(self.queue), subtask)
        outcome = self.home.execute(action)
        self._look()
        step = Step(
            subtask=subtask, status=outcome.status, reason=outcome.reason, duration_s=outcome.duration_s,
            collisions=getattr(outcome, "collisions", 0), energy_j=getattr(outcome, "energy_j", None),
        )  # fmt: skip
        self.steps.append(step)
        self.watch.on_outcome(step)
        return step

    def _remember_failure(self, action: Action, reason: str) -> None:
        self.failed[action] += 1
        index = self.state.world.index
        if len(action.args) == 2 and (reason.startswith("no room") or self.failed[action] > 1):
            self.avoid |= {index[action.args[1]]}  # another place of its kind, if there is one
        elif self.failed[action] > 1:  # another thing of its kind
            self.avoid |= {index[action.args[0]]}

    def _is_spoilt(self, expected: State) -> bool:
        """Whether the home is not as it should be, and the rest of the plan would not reach the goal from here."""
        if self.state[1:] == expected[1:]:  # the world itself is the same
            return False
        state, phase = self.state, self.phase
        for action in self.queue:
            if unmet(state, action) is not None:
                return True
            state = effect(state, action)
            phase = advance(self.goal, phase, state, self.first)
        return not score(self.goal, phase, state, self.first).success
