"""Carrying a plan out, subtask by subtask: each outcome is observed, and the plan is made anew when it must be.

That is after a failure, when the plan ended without its goal, and at once when the home is not as it should be by now
and the rest of the plan, replayed from what is seen, would fail or miss the goal. The home is either world: anything
with `state()` and `execute(action)`. `run` tells what happens while it does; `execute` what came of it.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from envs.goals import Goal
from envs.scoring import Score, advance, score
from envs.state import Action, State, effect, format_action, unmet
from planner.episode import Begun, Disturbed, Done, Ended, Episode, Event, Interruption, Replanned, Step
from planner.feedback import Broken, Note, changes, failure
from planner.stage import MAX_REPLANS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envs.acting import Home
    from envs.disturbance import Disturbance
    from planner.answer import Options
    from planner.decode import Planner


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


def run(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    *,
    planner: Planner | None = None,
    options: Options | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
) -> Iterator[Event]:
    """Carry a plan out in a home and yield each event as it happens; nothing goes on until the next is asked for.

    Args:
        actions: The plan.
        goal: What is scored.
        home: Either world, at the start of the episode.
        planner: Plans anew when the plan breaks; None stops at the first failure.
        options: How it decodes.
        max_replans: How often it may.
        disturb: Called before each subtask with the rest of the plan; `DisturbedHome.disturb`.
    """
    began = time.perf_counter()
    run = _Run(goal, home, disturb)
    run.queue.extend(actions)
    may_replan = planner is not None
    while True:
        yield from run.carry_on(noticing=may_replan and run.replans < max_replans)
        reached = run.score()
        if reached.success or planner is None or run.replans >= max_replans:
            break
        run.replans += 1
        plan = planner.reach(
            goal, run.state, options, start=run.first, phase=run.phase, avoid=run.avoid, broken=run.broken()
        )
        if not plan.actions:
            break
        yield Replanned(plan=plan)
        run.queue = deque(plan.actions)
    episode = Episode(
        success=reached.success,
        rate=reached.rate,
        met=reached.met,
        steps=tuple(run.steps),
        replans=run.replans,
        simulated_s=sum(s.duration_s for s in run.steps),
        real_s=time.perf_counter() - began,
        disturbances=tuple(run.disturbances),
    )
    yield Ended(episode=episode)


def execute(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    *,
    planner: Planner | None = None,
    options: Options | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
) -> Episode:
    """Carry a plan out in a home and return what it came to; the arguments are those of `run`."""
    *_, last = run(actions, goal, home, planner=planner, options=options, max_replans=max_replans, disturb=disturb)
    assert isinstance(last, Ended)
    return last.episode


class _Run:
    """An execution under way."""

    def __init__(
        self, goal: Goal, home: Home, disturb: Callable[[Sequence[Action]], Disturbance | None] | None
    ) -> None:
        self.goal, self.home, self.disturb = goal, home, disturb
        self.first = self.state = home.state()
        self.phase = advance(goal, 0, self.state, self.first)
        self.queue: deque[Action] = deque()
        self.steps: list[Step] = []
        self.disturbances: list[Interruption] = []
        self.failed: Counter[Action] = Counter()
        self.avoid: frozenset[int] = frozenset()
        self.notes: tuple[Note, ...] = ()
        self.undone: tuple[Action, ...] = ()  # the subtask that failed last, if nothing was done after it
        self.before = self.expected = self.state
        self.replans = 0

    def score(self) -> Score:
        return score(self.goal, self.phase, self.state, self.first)

    def carry_on(self, *, noticing: bool) -> Iterator[Event]:
        """Carry the rest of the plan out until it breaks; `noticing`, until it is seen that it will."""
        while self.queue:
            expected = self.state
            if self.disturb is not None and (what := self.disturb(tuple(self.queue))) is not None:
                self.disturbances.append(Interruption(before_step=len(self.steps) + 1, what=str(what)))
                yield Disturbed(what=what)
                self._look()
            if self.disturb is not None and noticing and self._is_spoilt(expected):
                return
            action = self.queue.popleft()
            expected = self.state if unmet(self.state, action) else effect(self.state, action)
            subtask = format_action(self.state.world, action)
            yield Begun(number=len(self.steps) + 1, of=len(self.steps) + 1 + len(self.queue), subtask=subtask)
            step = self._step(action, subtask)
            yield Done(step=step)
            if step.status != "done":
                self._remember_failure(action, step.reason)
                return
            if noticing and self._is_spoilt(expected):
                return

    def _look(self) -> None:
        self.state = self.home.state()
        self.phase = advance(self.goal, self.phase, self.state, self.first)

    def broken(self) -> Broken:
        """Return the plan as it broke."""
        notes = (*self.notes, *changes(self.expected, self.state))
        return Broken(rest=(*self.undone, *self.queue), expected=self.expected, notes=notes)

    def _step(self, action: Action, subtask: str) -> Step:
        self.before, self.undone = self.state, ()
        outcome = self.home.execute(action)
        self._look()
        step = Step(
            subtask=subtask, status=outcome.status, reason=outcome.reason, duration_s=outcome.duration_s,
            collisions=getattr(outcome, "collisions", 0), energy_j=getattr(outcome, "energy_j", None),
        )  # fmt: skip
        self.steps.append(step)
        return step

    def _remember_failure(self, action: Action, reason: str) -> None:
        self.failed[action] += 1
        self.undone, self.expected = (action,), self.before
        self.notes = (*self.notes, failure(self.state.world, action, reason))
        index = self.state.world.index
        if len(action.args) == 2 and (reason.startswith("no room") or self.failed[action] > 1):
            self.avoid |= {index[action.args[1]]}  # another place of its kind, if there is one
        elif self.failed[action] > 1:  # another thing of its kind
            self.avoid |= {index[action.args[0]]}

    def _is_spoilt(self, expected: State) -> bool:
        """Whether the home is not as it should be, and the rest of the plan would not reach the goal from here."""
        self.expected = expected
        if self.state[1:] == expected[1:]:  # the world itself is the same
            return False
        state, phase = self.state, self.phase
        for action in self.queue:
            if unmet(state, action) is not None:
                return True
            state = effect(state, action)
            phase = advance(self.goal, phase, state, self.first)
        return not score(self.goal, phase, state, self.first).success
