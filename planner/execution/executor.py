"""Executes a plan in closed loop: observe the outcome of each subtask, and replan when the plan no longer works.

It replans after a failure, when the plan ended without reaching its goal, and as soon as the home differs from the
expected state and the rest of the plan, replayed from the observed state, would fail or miss the goal. A door that it
could not close, or that others have closed, is no reason to replan. Where a phase of the goal has a time, it waits, and
then plans anew from the state of that moment.

The home is the symbolic or the physical one: anything with `state()` and `execute(action)`. `run` yields events while
the plan is executed; `execute` returns the outcome.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action, State, format_action, successor, unmet_precondition
from envs.symbolic.goals import format_rule, with_home_rules
from envs.symbolic.home_protocol import pursue
from envs.symbolic.progress import Progress, Score, advance, begin, score, without_waiting
from envs.symbolic.rules import first_broken
from planner.execution.clock import SimulatedClock
from planner.execution.events import (
    Begun,
    BrokenRule,
    Disturbed,
    Done,
    Ended,
    Episode,
    Event,
    Interruption,
    Replanned,
    Step,
    Waiting,
)
from planner.facts.failure_notes import FailedPlan, Note, changes, failure
from planner.goals.serving import as_served
from planner.plans.options import MAX_REPLANS
from planner.plans.waits import tidies_up
from planner.verification.door_closing import CLOSE, is_needless, without_needless
from planner.verification.plan_verification import progress_after, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.goals import Goal
    from envs.symbolic.home_protocol import Home
    from planner.execution.clock import Clock
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
    clock: Clock | None = None,
    since_s: float | None = None,
) -> Iterator[Event]:
    """Execute a plan in a home and yield each event; execution pauses until the next event is requested.

    Args:
        actions: The plan.
        goal: The goal, which is scored.
        home: The symbolic or physical home, at the start of the episode.
        planner: Replans when the plan fails, and plans anew when the time of a phase has come; None stops at the first
            failure.
        options: Its decoding options.
        max_replans: Maximum number of replans.
        disturb: Called before each subtask with the rest of the plan; see `DisturbedHome.disturb`.
        clock: Tells the time, and waits; None: the home's simulated clock, which jumps.
        since_s: From when on the first phase may be due [s]; None: from now on.
    """
    execution = Execution(goal, home, disturb, clock, since_s)
    execution.queue.extend(actions)
    may_replan = planner is not None
    while True:
        yield from execution.run_until_break(stop_early=may_replan and execution.replans < max_replans)
        failed_plan = None
        if execution.must_wait():
            yield from execution.wait()
            if planner is None or execution.must_wait():
                continue
            execution.queue.clear()
            if execution.score().success:
                break
        elif execution.is_done() or planner is None or execution.replans >= max_replans:
            break
        else:
            execution.replans += 1
            failed_plan = execution.failed_plan()
        plan = planner.plan_for_goal(
            goal, execution.state, options, initial_state=execution.progress.initial_state,
            phase=execution.progress.phase, begun=True, avoid=execution.avoided(execution.state),
            failed_plan=failed_plan, opened=execution.fixtures(execution.opened),
        )  # fmt: skip
        execution.shortfall = "" if plan.is_proven else plan.reason
        if not plan.actions:
            break
        yield Replanned(plan=plan, after_failure=failed_plan is not None)
        execution.queue = deque(plan.actions)
    yield Ended(episode=execution.episode())


def execute(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    *,
    planner: PlanningPipeline | None = None,
    options: Options | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
    clock: Clock | None = None,
) -> Episode:
    """Execute a plan in a home and return the outcome; the arguments are those of `run`."""
    *_, final_event = run(
        actions, goal, home, planner=planner, options=options, max_replans=max_replans, disturb=disturb, clock=clock
    )
    assert isinstance(final_event, Ended)
    return final_event.episode


class Execution:
    """The state of an execution in a fully known home; `SearchExecution` extends it to partly known ones.

    Attributes:
        state: The current state.
        initial_state: The episode's initial state.
        progress: How far the episode has come toward the goal.
        meant: How far it has come toward what people mean by the goal (planner/goals/serving.py).
        queue: The rest of the plan.
        avoid: Names of objects and places not to use any more, because they failed.
        replans: Number of replans after a failed plan.
        clock: Tells the time, and waits.
        opened: Names of what the plan has opened.
        waited_s: Time that was waited [s].
        shortfall: Why no plan was found.
        broken_at: The number of the step at which each rule was broken, by the rule's number in the goal.
    """

    def __init__(
        self, goal: Goal, home: Home, disturb: Callable[[Sequence[Action]], Disturbance | None] | None,
        clock: Clock | None = None, since_s: float | None = None,
    ) -> None:  # fmt: skip
        """Begin an episode in the home's current state."""
        self._started_at = time.perf_counter()
        self.initial_state = self.state = home.state()
        goal = with_home_rules(goal, self.state.world.scene)
        self.goal, self.home, self.disturb = goal, home, disturb
        self.clock = clock or SimulatedClock(home)
        self.progress, self.meant = (
            begin(meant, self.state, time_s=self.clock.time_s, since_s=since_s, waits=True)
            for meant in (goal, as_served(goal, self.state))
        )
        pursue(home, goal, self.state)
        self.queue: deque[Action] = deque()
        self.steps: list[Step] = []
        self.disturbances: list[Interruption] = []
        self.failed: Counter[Action] = Counter()
        self.avoid: frozenset[str] = frozenset()
        self.notes: tuple[Note, ...] = ()
        self.last_failed: tuple[Action, ...] = ()  # the last subtask if it failed, otherwise empty
        self.before = self.expected = self.state
        self.replans = 0
        self.opened: set[str] = set()
        self.waited_s, self.shortfall = 0.0, ""
        self.broken_at: dict[int, int] = {}
        self._note_broken_rules()

    def score(self) -> Score:
        """Score the goal in the true state of the home."""
        return score(self.progress)

    def is_done(self) -> bool:
        """Whether the goal is reached; after a failure, as people mean it: dirty plates stood there before."""
        return self.score().success and (not self.last_failed or score(self.meant).success)

    def episode(self) -> Episode:
        """Return the outcome so far."""
        final_score = self.score()
        broken = tuple(BrokenRule(rule=format_rule(self.goal.rules[i]), step=at) for i, at in self.broken_at.items())
        shortfall = self.shortfall or "; ".join(map(str, broken))
        return Episode(
            success=final_score.success,
            rate=final_score.rate,
            met=final_score.met,
            steps=tuple(self.steps),
            replans=self.replans,
            simulated_s=sum(step.duration_s for step in self.steps),
            real_s=time.perf_counter() - self._started_at,
            disturbances=tuple(self.disturbances),
            waited_s=self.waited_s,
            shortfall="" if final_score.success else shortfall,
            broken=broken,
        )

    def avoided(self, state: State) -> frozenset[int]:
        """Return the names in `avoid` as entities of a state."""
        return frozenset(state.world.index[name] for name in self.avoid if name in state.world.index)

    def fixtures(self, names: Iterable[str]) -> frozenset[int]:
        """Return names of furniture as entities of the current state."""
        return frozenset(self.state.world.index[name] for name in names)

    def decision_states(self) -> tuple[State, State]:
        """Return the current and initial states on which decisions are based: here the true ones."""
        return self.state, self.initial_state

    def believed_progress(self) -> Progress:
        """Return the progress toward the goal of the current plan, as far as is known."""
        return self.progress

    def must_wait(self) -> bool:
        """Whether the time of the current phase has not come."""
        return self.progress.due_s is not None

    def wait(self) -> Iterator[Event]:
        """Wait for the time of the current phase."""
        began_s = self.clock.time_s
        waiting = Waiting.of(self.progress, began_s)
        yield waiting
        self.clock.wait_until(waiting.until_s)
        self.waited_s += max(0.0, self.clock.time_s - began_s)
        yield from self._observe()
        self.expected = self.state
        pursue(self.home, self.goal, self.progress.initial_state)  # the phase's choices are made now

    def run_until_break(self, *, stop_early: bool) -> Iterator[Event]:
        """Execute the rest of the plan until it fails or waits; with `stop_early`, also until replay predicts failure.

        A door that the plan opened is closed before it waits.
        """
        while self.queue and not (self.must_wait() and not tidies_up(self.queue[0], self.opened, self.progress)):
            if self.disturb is not None:
                expected, _ = self.decision_states()
                yield from self.disturbed(self.queue)
                if stop_early and self._is_doomed(expected):
                    return
            state, _ = self.decision_states()
            if stop_early and is_needless(self.queue[0], state):
                self.queue.popleft()
                continue
            action = self._next()
            if action is None:
                return
            expected_after: State | None = state if unmet_precondition(state, action) else successor(state, action)
            yield from self._attempt(action)
            if (closing := self._unblocking_action(action)) is not None:
                expected_after = None
                yield from self._attempt(closing)
                if self.steps[-1].status == "done":
                    yield from self._attempt(action)
            if action.skill == CLOSE and stop_early and self.steps[-1].status != "done" and self.reaches():
                continue
            if self.steps[-1].status != "done" or (stop_early and self._is_doomed(expected_after)):
                return

    def _attempt(self, action: Action) -> Iterator[Event]:
        """Execute a subtask of the plan, and record it if it failed."""
        yield from self.step(action)
        if self.steps[-1].status != "done":
            self._remember_failure(action)

    def _unblocking_action(self, action: Action) -> Action | None:
        """Return the action that unblocks a failed action for one retry: closing the door in the way."""
        door = self.steps[-1].blocked_by
        state, _ = self.decision_states()
        if not door or self.failed[action] > 1 or door not in state.world.index:
            return None
        closing = Action(skill="close", args=(door,))
        return closing if self.may_do(closing) else None

    def may_do(self, action: Action) -> bool:
        """Whether an action can be executed, as far as is known, and no rule forbids it."""
        state, initial_state = self.decision_states()
        if unmet_precondition(state, action) is not None:
            return False
        return first_broken(self.goal.rules, action, state, successor(state, action), initial_state) is None

    def failed_plan(self) -> FailedPlan:
        """Return the rest of the plan at its failure, with notes of what went wrong."""
        notes = (*self.notes, *changes(self.expected, self.state))
        return FailedPlan(rest=(*self.last_failed, *self.queue), expected=self.expected, notes=notes)

    def disturbed(self, remaining_actions: Iterable[Action]) -> Iterator[Event]:
        """Let a disturbance happen before a subtask, if there is one."""
        if self.disturb is None:
            return
        known_names = self.state.world.index.keys()  # a believed object may not exist
        disturbance = self.disturb([action for action in remaining_actions if known_names >= set(action.args)])
        if disturbance is not None:
            self.disturbances.append(Interruption(before_step=len(self.steps) + 1, what=str(disturbance)))
            yield Disturbed(what=disturbance)
            yield from self._observe()

    def step(self, action: Action) -> Iterator[Event]:
        """Execute one action and append its outcome to `steps`."""
        subtask = format_action(self.state.world, action)
        yield Begun(number=len(self.steps) + 1, of=len(self.steps) + 1 + len(self.queue), subtask=subtask)
        self.before, self.last_failed = self.state, ()
        outcome = self.home.execute(action)
        self.clock.count(outcome.duration_s)
        step = Step(
            subtask=subtask, status=outcome.status, reason=outcome.reason, duration_s=outcome.duration_s,
            collisions=getattr(outcome, "collisions", 0), energy_j=getattr(outcome, "energy_j", None),
            blocked_by=outcome.blocked_by,
        )  # fmt: skip
        self.steps.append(step)
        if step.status == "done" and action.skill == "open":
            self.opened.add(action.args[0])
        observations = tuple(self._observe(action if step.status == "done" else None))
        yield Done(step=step)
        yield from observations

    def reaches(self) -> bool:
        """Whether the rest of the plan, replayed from the known state, reaches its goal."""
        state, _ = self.decision_states()
        if not all(state.world.index.keys() >= set(action.args) for action in self.queue):
            return False
        rest = without_needless(self.queue, state)
        replayed = replay(state, rest)
        _, *later = replayed.states
        progress = progress_after(without_waiting(self.believed_progress()), rest, later)
        return replayed.reason is None and score(progress).success

    def _next(self) -> Action | None:
        """Return the next action; None stops the plan."""
        return self.queue.popleft()

    def _observe(self, done: Action | None = None) -> Iterator[Event]:
        """Observe the home, after an action if one was done; yield events about unexpected observations."""
        self.state = self.home.state()
        time_s = self.clock.time_s if self.goal.is_timed else None
        # After an action once more without it: it may also do what is not its effect, and all rules are tested.
        for action in (None,) if done is None else (done, None):
            self.progress, self.meant = (
                advance(progress, self.state, action, time_s=time_s) for progress in (self.progress, self.meant)
            )
        self._note_broken_rules()
        return iter(())

    def _note_broken_rules(self) -> None:
        """Note the rules that are broken by now, with the last step: failed ones count, too, unlike in the score."""
        for number, _ in self.progress.broken:
            self.broken_at.setdefault(number, len(self.steps))

    def _remember_failure(self, action: Action) -> None:
        reason = self.steps[-1].reason
        self.failed[action] += 1
        self.last_failed, self.expected = (action,), self.before
        # A blocking door is closed first, and the action retried.
        if not self.steps[-1].blocked_by or self.failed[action] > 1:
            self.notes = (*self.notes, failure(self.state.world, action, reason))
        if len(action.args) == 2 and (reason.startswith("no room") or self.failed[action] > 1):
            self.avoid |= {action.args[1]}  # use another place of its category, if there is one
        elif self.failed[action] > 1:  # use another object of its category
            self.avoid |= {action.args[0]}

    def _is_doomed(self, expected: State | None) -> bool:
        """Whether the rest of the plan would miss the goal; if the state is as expected, it is not replayed: false."""
        state, _ = self.decision_states()
        self.expected = expected or state
        same = expected is not None and state.world.names == expected.world.names and state[1:] == expected[1:]
        return not same and not self.reaches()
