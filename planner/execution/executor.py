"""Carrying a plan out, subtask by subtask: each outcome is observed, and the plan is made anew when it must be.

That is after a failure, when the plan ended without its goal, and at once when the home is not as it should be by now
and the rest of the plan, replayed from what is seen, would fail or miss the goal. The home is either world: anything
with `state()` and `execute(action)`. `run` tells what happens while it does; `execute` what came of it.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action, State, format_action, successor, unmet_precondition
from envs.symbolic.goals import Goal
from envs.symbolic.scoring import Score, advance, score
from planner.execution.events import (
    Begun,
    Disturbed,
    Done,
    Ended,
    Episode,
    Event,
    Interruption,
    Replanned,
    Step,
)
from planner.facts.failure_notes import FailedPlan, Note, changes, failure
from planner.plans.options import MAX_REPLANS
from planner.verification.plan_verification import phase_after, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.home_protocol import Home
    from planner.pipeline import PlanningPipeline
    from planner.plans.options import Options


def run(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    *,
    planner: PlanningPipeline | None = None,
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
    run = Execution(goal, home, disturb)
    run.queue.extend(actions)
    may_replan = planner is not None
    while True:
        yield from run.carry_on(noticing=may_replan and run.replans < max_replans)
        if run.score().success or planner is None or run.replans >= max_replans:
            break
        run.replans += 1
        avoid, broken = run.avoided(run.state), run.broken()
        plan = planner.plan_for_goal(
            goal, run.state, options, start=run.first, phase=run.phase, avoid=avoid, broken=broken
        )  # fmt: skip
        if not plan.actions:
            break
        yield Replanned(plan=plan)
        run.queue = deque(plan.actions)
    yield Ended(episode=run.episode())


def execute(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    *,
    planner: PlanningPipeline | None = None,
    options: Options | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
) -> Episode:
    """Carry a plan out in a home and return what it came to; the arguments are those of `run`."""
    *_, last = run(actions, goal, home, planner=planner, options=options, max_replans=max_replans, disturb=disturb)
    assert isinstance(last, Ended)
    return last.episode


class Execution:
    """An execution under way. All of the home is known; `planner.exploration.search_executor` goes by what was seen of it.

    Attributes:
        state: What is true now.
        first: What was true at the start.
        phase: The phase of the goal that was reached.
        queue: The rest of the plan.
        avoid: Names of things and places not to use any more, because they failed.
        replans: How often it was planned anew because a plan broke.
    """

    def __init__(
        self, goal: Goal, home: Home, disturb: Callable[[Sequence[Action]], Disturbance | None] | None
    ) -> None:
        """Begin an episode."""
        self._began = time.perf_counter()
        self.goal, self.home, self.disturb = goal, home, disturb
        self.first = self.state = home.state()
        self.phase = advance(goal, 0, self.state, self.first)
        self.queue: deque[Action] = deque()
        self.steps: list[Step] = []
        self.disturbances: list[Interruption] = []
        self.failed: Counter[Action] = Counter()
        self.avoid: frozenset[str] = frozenset()
        self.notes: tuple[Note, ...] = ()
        self.undone: tuple[Action, ...] = ()  # the subtask that failed last, if nothing was done after it
        self.before = self.expected = self.state
        self.replans = 0

    def score(self) -> Score:
        """The home's own score, whatever is known of it."""
        return score(self.goal, self.phase, self.state, self.first)

    def episode(self) -> Episode:
        """Return what the execution has come to."""
        reached = self.score()
        return Episode(
            success=reached.success,
            rate=reached.rate,
            met=reached.met,
            steps=tuple(self.steps),
            replans=self.replans,
            simulated_s=sum(s.duration_s for s in self.steps),
            real_s=time.perf_counter() - self._began,
            disturbances=tuple(self.disturbances),
        )

    def avoided(self, state: State) -> frozenset[int]:
        """What is to be avoided, as entities of a state."""
        return frozenset(state.world.index[name] for name in self.avoid if name in state.world.index)

    def known(self) -> tuple[State, State]:
        """Return what is known to be true now, and at the start: what is decided on."""
        return self.state, self.first

    def aim(self) -> tuple[Goal, int]:
        """Return what the plan is to reach, and the phase of it that was reached."""
        return self.goal, self.phase

    def carry_on(self, *, noticing: bool) -> Iterator[Event]:
        """Carry the rest of the plan out until it breaks; `noticing`, until it is seen that it will."""
        while self.queue:
            if self.disturb is not None:
                expected, _ = self.known()
                yield from self.disturbed(self.queue)
                if noticing and self._is_spoilt(expected):
                    return
            action = self._next()
            if action is None:
                return
            state, _ = self.known()
            hoped: State | None = state if unmet_precondition(state, action) else successor(state, action)
            yield from self._attempt(action)
            if (closing := self._clearing(action)) is not None:
                hoped = None
                yield from self._attempt(closing)
                if self.steps[-1].status == "done":
                    yield from self._attempt(action)
            if self.steps[-1].status != "done" or (noticing and self._is_spoilt(hoped)):
                return

    def _attempt(self, action: Action) -> Iterator[Event]:
        """Carry a subtask of the plan out, and remember it if it failed."""
        yield from self.step(action)
        if self.steps[-1].status != "done":
            self._remember_failure(action)

    def _clearing(self, action: Action) -> Action | None:
        """What makes the way free to try a failed action again, once: to close the door that was in it."""
        door = self.steps[-1].blocked_by
        state, _ = self.known()
        if not door or self.failed[action] > 1 or door not in state.world.index:
            return None
        closing = Action(skill="close", args=(door,))
        return None if unmet_precondition(state, closing) else closing

    def broken(self) -> FailedPlan:
        """Return the plan as it broke."""
        notes = (*self.notes, *changes(self.expected, self.state))
        return FailedPlan(rest=(*self.undone, *self.queue), expected=self.expected, notes=notes)

    def disturbed(self, ahead: Iterable[Action]) -> Iterator[Event]:
        """Let something else happen in the home before a subtask, as it may before each."""
        if self.disturb is None:
            return
        there = self.state.world.index.keys()  # what is believed to be there may not be
        what = self.disturb([action for action in ahead if there >= set(action.args)])
        if what is not None:
            self.disturbances.append(Interruption(before_step=len(self.steps) + 1, what=str(what)))
            yield Disturbed(what=what)
            yield from self._look()

    def step(self, action: Action) -> Iterator[Event]:
        """Carry one action out; its outcome is the last of `steps` then."""
        subtask = format_action(self.state.world, action)
        yield Begun(number=len(self.steps) + 1, of=len(self.steps) + 1 + len(self.queue), subtask=subtask)
        self.before, self.undone = self.state, ()
        outcome = self.home.execute(action)
        step = Step(
            subtask=subtask, status=outcome.status, reason=outcome.reason, duration_s=outcome.duration_s,
            collisions=getattr(outcome, "collisions", 0), energy_j=getattr(outcome, "energy_j", None),
            blocked_by=outcome.blocked_by,
        )  # fmt: skip
        self.steps.append(step)
        seen = tuple(self._look(action if step.status == "done" else None))
        yield Done(step=step)
        yield from seen

    def reaches(self) -> bool:
        """Whether the rest of the plan, replayed on what is known, reaches what it is to reach."""
        state, first = self.known()
        goal, phase = self.aim()
        if not all(state.world.index.keys() >= set(action.args) for action in self.queue):
            return False
        replayed = replay(state, self.queue)
        _, *later = replayed.states
        phase = phase_after(goal, phase, later, first)
        return replayed.reason is None and score(goal, phase, replayed.states[-1], first).success

    def _next(self) -> Action | None:
        """What is to be done next; None breaks the plan."""
        return self.queue.popleft()

    def _look(self, done: Action | None = None) -> Iterator[Event]:
        """Observe the home, after an action if one was done; yields what is noteworthy in what is seen."""
        self.state = self.home.state()
        self.phase = advance(self.goal, self.phase, self.state, self.first)
        return iter(())

    def _remember_failure(self, action: Action) -> None:
        reason = self.steps[-1].reason
        self.failed[action] += 1
        self.undone, self.expected = (action,), self.before
        if not self.steps[-1].blocked_by or self.failed[action] > 1:  # else the door is closed and it is tried again
            self.notes = (*self.notes, failure(self.state.world, action, reason))
        if len(action.args) == 2 and (reason.startswith("no room") or self.failed[action] > 1):
            self.avoid |= {action.args[1]}  # another place of its kind, if there is one
        elif self.failed[action] > 1:  # another thing of its kind
            self.avoid |= {action.args[0]}

    def _is_spoilt(self, expected: State | None) -> bool:
        """Whether the rest of the plan would not reach the goal from here; it would, where all is as expected."""
        state, _ = self.known()
        self.expected = expected or state
        same = expected is not None and state.world.names == expected.world.names and state[1:] == expected[1:]
        return not same and not self.reaches()
