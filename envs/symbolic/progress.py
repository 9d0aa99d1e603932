"""Follows a goal through an episode: its phases, times, tests and rules, the means that were used, and the score.

A phase begins when the one before it is reached and its time has come. If a test of it is false then, it is left out.
What a phase with a time chooses, it chooses when it begins, so that the start of the episode is then this moment for it
and for the phases after it. A rule is broken when it is true of any state, the first one included, or when a forbidden
skill is used.

A proof does not wait: the clock jumps to the time of a phase, and the plan is proven for the state that is expected
then. An execution sets `waits` and tells the time (`time_s`, see `envs/symbolic/goals/times.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import KNOWN_SKILLS
from envs.symbolic.goals import Goal, Test, due_s
from envs.symbolic.rules import RuleWatch
from envs.symbolic.scoring import holds

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State


ROUNDING_S = 1e-6  # a clock that sums ticks may be so late


@dataclass(frozen=True, kw_only=True)
class Score:
    """Success, and the goal-condition rate (as in ALFRED): the fraction of conditions that hold, in [0, 1].

    Attributes:
        success: Whether all conditions hold and no rule was broken.
        rate: The goal-condition rate; rules do not change it.
        met: Whether each condition holds, in the order of the goal; those of phases left out do.
        broken: Number of each broken rule in the goal, with the step at which it was first broken; 0 is the start.
    """

    success: bool
    rate: float
    met: tuple[bool, ...]
    broken: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an episode has come toward a goal.

    Attributes:
        goal: The goal.
        initial_state: The state at which choices are made: the first one of the episode, or that in which the last
            phase with a time began.
        state: The current state.
        phase: The phase being worked on, or waited for; the last one is never left, unless it is left out.
        left_out: Phases whose tests were false when they began.
        uses: The means that were used since `initial_state`, and the objects on which they were.
        broken: As in `Score`.
        steps: Number of actions so far.
        watch: Tests the rules; None without rules.
        waits: Whether a phase waits for its time; otherwise the clock jumps to it.
        time_s: The time [s]; counted only if the goal has times.
        since_s: When the last phase with a time was due, or when the episode began [s].
        due_s: When the current phase begins [s], if it waits for its time; otherwise None.
    """

    goal: Goal
    initial_state: State
    state: State
    phase: int = 0
    left_out: frozenset[int] = frozenset()
    uses: frozenset[tuple[str, int]] = frozenset()
    broken: tuple[tuple[int, int], ...] = ()
    steps: int = 0
    watch: RuleWatch | None = field(default=None, repr=False, compare=False)
    waits: bool = False
    time_s: float = 0.0
    since_s: float = 0.0
    due_s: float | None = None


def begin(
    goal: Goal,
    state: State,
    *,
    initial_state: State | None = None,
    phase: int = 0,
    time_s: float = 0.0,
    since_s: float | None = None,
    waits: bool = False,
) -> Progress:
    """Return the progress at the start of an episode, or of a later part of one.

    Args:
        goal: The goal.
        state: The current state.
        initial_state: The first state of the episode, if it is another one.
        phase: The phase to begin with.
        time_s: The time [s].
        since_s: From when on the first phase may be due [s]; None: from now on.
        waits: Whether phases wait until `advance` tells that their time has come; otherwise the clock jumps.
    """
    progress = Progress(
        goal=goal, initial_state=initial_state or state, state=state, phase=phase, waits=waits, time_s=time_s,
        since_s=time_s if since_s is None else since_s,
    )  # fmt: skip
    if goal.rules:
        watch = RuleWatch(goal.rules, progress.initial_state)
        progress = _changed(progress, watch=watch, broken=tuple((i, 0) for i in watch.true_of(state)))
    return _enter(progress)


def advance(progress: Progress, state: State, action: Action | None = None, *, time_s: float | None = None) -> Progress:
    """Return the progress after the home went to `state`, by an action of the robot unless it is None.

    Args:
        progress: The progress before.
        state: The state now.
        action: What the robot did.
        time_s: The time now [s]; None: the action took the typical duration of its skill.
    """
    goal, before = progress.goal, progress.state
    uses, broken = progress.uses, progress.broken
    steps = progress.steps + (action is not None)
    if goal.means and action is not None:
        uses = uses.union(uses_of(before, action, state, goal.means))
    if progress.watch is not None:
        watch = progress.watch
        now = watch.true_of(state) if action is None else watch.broken_by(action, before, state)
        if now:
            known = {number for number, _ in broken}
            broken = (*broken, *((i, steps) for i in now if i not in known))
    progress = _changed(progress, state=state, uses=uses, broken=broken, steps=steps)
    if goal.is_timed:
        if time_s is None:
            time_s = progress.time_s
            time_s += state.world.domain.duration_s(action.skill) if action is not None else 0.0
        progress = _changed(progress, time_s=time_s)
        if progress.due_s is not None:
            return _begin_phase(progress) if time_s >= progress.due_s - ROUNDING_S else progress
    return _next_phases(progress)


def _enter(progress: Progress) -> Progress:
    """Begin the current phase, unless it waits for its time, and go on from there."""
    goal = progress.goal
    when = goal.guard(progress.phase).when
    if when is not None:
        due = due_s(when, progress.time_s, progress.since_s)
        if due > progress.time_s:
            if progress.waits:
                return _changed(progress, due_s=due)
            progress = _changed(progress, time_s=due)
        progress = _changed(progress, due_s=due)
    return _begin_phase(progress)


def _begin_phase(progress: Progress) -> Progress:
    """Leave out the current phase if a test of it is false, and go on from there."""
    goal, phase = progress.goal, progress.phase
    if progress.due_s is not None:  # its choices are made now
        progress = _changed(
            progress, initial_state=progress.state, uses=frozenset(), since_s=progress.due_s, due_s=None
        )
    tests = goal.guard(phase).tests
    if tests and not all(is_true(test, progress.state, progress.initial_state) for test in tests):
        progress = _changed(progress, left_out=progress.left_out | {phase})
    return _next_phases(progress)


def _next_phases(progress: Progress) -> Progress:
    goal, phase = progress.goal, progress.phase
    if phase >= len(goal.phases) - 1:
        return progress
    if phase in progress.left_out or all(
        holds(progress.state, c, progress.initial_state, progress.uses) for c in goal.phases[phase]
    ):
        return _enter(_changed(progress, phase=phase + 1))
    return progress


def _changed(progress: Progress, **changes: object) -> Progress:
    """Return the progress with other values; after every action, `dataclasses.replace` would be too slow."""
    changed = object.__new__(Progress)
    vars(changed).update(vars(progress), **changes)
    return changed


def without_waiting(progress: Progress) -> Progress:
    """Return the progress in which the clock jumps from now on, as in a proof."""
    due = progress.due_s
    progress = _changed(progress, waits=False)
    return progress if due is None else _begin_phase(_changed(progress, time_s=due))


def score(progress: Progress) -> Score:
    """Score an episode that ends in the current state."""
    goal, phase = progress.goal, progress.phase
    met: list[bool] = []
    for i, conditions in enumerate(goal.phases):
        is_done = i < phase or i in progress.left_out
        is_begun = i == phase and progress.due_s is None
        met += [
            is_done or (is_begun and holds(progress.state, c, progress.initial_state, progress.uses))
            for c in conditions
        ]
    success = all(met) and not progress.broken
    return Score(success=success, rate=sum(met) / len(met), met=tuple(met), broken=progress.broken)


def is_true(test: Test, state: State, initial_state: State) -> bool:
    """Whether a test is true in a state."""
    return holds(state, test.condition, initial_state) != test.negated


def uses_of(before: State, action: Action, after: State, means: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield which of the means an action used, and on which object.

    An appliance is used on everything in it while its process runs; a tool on what the robot does with it; a container
    on what is carried in it.
    """
    world = after.world
    for word in means:
        for e in world.entities_by_category.get(word, ()):
            if e < world.n_fixtures:
                rule = world.rule[e]
                if rule is None or after.flags[e] & rule.mask == rule.wanted:
                    yield from ((word, i) for i in after.everything_in(e))
            elif before.held == e and action.skill in ("slice", "pour", "wipe"):
                yield word, world.index[action.args[-1]]
            elif before.held == e and action.skill not in KNOWN_SKILLS:
                yield from ((word, i) for name in action.args if (i := world.index[name]) != e)
            elif after.held == e:
                yield from ((word, i) for i in after.everything_in(e))
