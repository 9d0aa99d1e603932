"""Closes what a plan opened, and switches off what it switched on: inserts the missing steps where they cost least.

People close the fridge, cabinets, drawers and appliances that they opened. Not closed is what

- was open at the start, or was opened by others;
- a condition of the goal, of any phase, wants open;
- can no longer be closed, because the hand is full until the end;
- would break a rule, or undo or leave out what the plan reaches without it: the plan is replayed after each step.

A `close` may stand behind the last use of a door wherever the hand is free. It is inserted where it costs least, the
first of equals: the detour to the door (`way_s` in planner/goals/choice.py) and `OPEN_RATE` of the time that the door
stands open for nothing, in which it is in the way and a fridge warms up. Right at the door there is no detour at all;
at the end of the plan only the way there counts.

A door that the plan closes and opens again, for nothing that the goal asks for, stays open in between, unless that
costs more than to close and open it. So most doors are closed once, after their last use, and none is open while the
robot waits for a time. A door that the goal speaks of is closed when the plan closes it, no sooner.

An appliance that the plan switched on and left on is switched off as soon as that changes nothing of what the plan
reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import ON, OPEN, Action, successor, unmet_precondition
from envs.symbolic.goals import FixtureIs
from envs.symbolic.progress import advance, begin
from envs.symbolic.scoring import fixtures_of
from planner.goals.choice import door_s, way_s
from planner.verification.plan_verification import outcome, replay

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from envs.symbolic.goals import Goal
    from envs.symbolic.state import State

CLOSE = "close"
_BEFORE_WAITING = ("put", "close")  # skills that tidy up before the robot waits for a time
OPEN_RATE = 0.5  # what a second costs in which a door stands open for nothing [s]


@dataclass(frozen=True, kw_only=True)
class ClosedPlan:
    """A plan that closes what it opened.

    Attributes:
        actions: The plan.
        added: Numbers (from 1) of the steps that were inserted: they switch off, close, and open again after a wait.
        left_out: How many steps were left out: a door is used again or closed earlier, an appliance on for nothing.
    """

    actions: tuple[Action, ...]
    added: tuple[int, ...] = ()
    left_out: int = 0


def close_doors(
    actions: Sequence[Action],
    goal: Goal,
    state: State,
    *,
    initial_state: State | None = None,
    phase: int = 0,
    begun: bool = False,
    opened: Collection[int] | None = None,
    avoid: Collection[int] = (),
) -> ClosedPlan:
    """Insert the missing `close` steps into a plan; each must leave what the plan reaches as it is.

    Args:
        actions: The plan; without steps that are not applicable.
        goal: The whole goal.
        state: The state where the plan begins.
        initial_state: The episode's initial state, if it is earlier than `state`.
        phase: The phase of the goal that the episode has reached.
        begun: Whether this phase has begun, so that its time has come and its tests were made.
        opened: Fixtures that the robot opened earlier in the episode; None: those that were closed at its start and are
            open when the plan begins.
        avoid: Doors that stay open, because they cannot be reached.
    """
    start = initial_state or state
    if opened is None:
        opened = [f for f in range(state.world.n_fixtures) if state.flags[f] & ~start.flags[f] & OPEN]
    rest = goal.after(phase, begun=begun)
    reached = outcome(actions, rest, state, start)
    if reached is None:
        return ClosedPlan(actions=tuple(actions))
    plan = list(actions)
    while (
        shorter := next(
            (
                p
                for p in _kept_open(plan, _times(plan, rest, state, start), state)
                if outcome(p, rest, state, start) == reached
            ),
            None,
        )
    ) is not None:
        plan = shorter
    plan, added = _closed_earlier(plan, rest, state, start, reached)
    plan, added = _switched_off(plan, added, rest, state, start, reached)
    left_out = len(actions) - added.count(False)
    states = replay(state, plan).states
    doors = [door for door in _left_open(plan, states, start, opened) if door not in avoid]
    for door in _unwanted(doors, goal, states[-1], start):
        states = replay(state, plan).states
        closing = Action(CLOSE, (state.world.names[door],))
        for position in _best_positions(plan, states, _times(plan, rest, state, start)[1], door, closing):
            longer = [*plan[:position], closing, *plan[position:]]
            if outcome(longer, rest, state, start) == reached:
                plan = longer
                added.insert(position, True)
                break
    if rest.is_timed:
        plan, added = _closed_while_waiting(plan, added, rest, state, start, reached)
    numbers = tuple(number for number, is_added in enumerate(added, start=1) if is_added)
    return ClosedPlan(actions=tuple(plan), added=numbers, left_out=left_out)


def _closed_earlier(
    plan: list[Action], goal: Goal, state: State, initial_state: State, reached: object
) -> tuple[list[Action], list[bool]]:
    """Move each `close` that comes late to where it costs least; return the plan, and which steps are new."""
    added = [False] * len(plan)
    for number in range(len(plan)):
        closing = plan[number]
        if closing.skill != CLOSE or Action("open", closing.args) not in plan[:number]:
            continue
        if _is_about(goal, state.world.index[closing.args[0]], state):
            continue
        rest = [*plan[:number], *plan[number + 1 :]]
        replayed = replay(state, rest)
        if replayed.reason is not None:
            continue
        ends_s = _times(rest, goal, state, initial_state)[1]
        door = state.world.index[closing.args[0]]
        position = min(_best_positions(rest, replayed.states, ends_s, door, closing)[:1], default=number)
        moved = [*rest[:position], closing, *rest[position:]]
        if position < number and outcome(moved, goal, state, initial_state) == reached:
            plan = moved
            del added[number]
            added.insert(position, True)
    return plan, added


def _is_about(goal: Goal, door: int, state: State) -> bool:
    """Whether a condition of the goal is about a door being open or closed."""
    return any(
        isinstance(c, FixtureIs) and not {"open", "closed"}.isdisjoint(c.states) and door in fixtures_of(state, c)
        for c in goal.conditions
    )


def _switched_off(
    plan: list[Action], added: list[bool], goal: Goal, state: State, initial_state: State, reached: object
) -> tuple[list[Action], list[bool]]:
    """Switch off the appliances that a plan switched on and left on, or do not switch them on if that is for nothing.

    Return the plan, and which steps are new.
    """
    world, end = state.world, replay(state, plan).states[-1]
    for turning_on in dict.fromkeys(action for action in plan if action.skill == "turn on"):
        fixture = world.index[turning_on.args[0]]
        if world.process[fixture] is None or not end.flags[fixture] & ON or initial_state.flags[fixture] & ON:
            continue
        turning_off = Action("turn off", turning_on.args)
        last = max(i for i, action in enumerate(plan) if action == turning_on)
        shorter = [*plan[:last], *plan[last + 1 :]]
        if outcome(shorter, goal, state, initial_state) == reached:  # it was switched on for nothing
            plan, added = shorter, [*added[:last], *added[last + 1 :]]
            continue
        for position in range(last + 1, len(plan) + 1):
            longer = [*plan[:position], turning_off, *plan[position:]]
            if outcome(longer, goal, state, initial_state) == reached:
                plan, added = longer, [*added[:position], True, *added[position:]]
                break
    return plan, added


def _closed_while_waiting(
    plan: list[Action], added: list[bool], goal: Goal, state: State, initial_state: State, reached: object
) -> tuple[list[Action], list[bool]]:
    """Close doors that are open while the robot waits for a time, and open them again after it."""
    begins_s, ends_s = _times(plan, goal, state, initial_state)
    for number in [i for i in range(len(plan) - 1, -1, -1) if begins_s[i] > ends_s[i]]:
        states = replay(state, plan).states
        for door in _left_open(plan[:number], states[: number + 1], initial_state, ()):
            if _is_about(goal, door, state):
                continue
            names = (state.world.names[door],)
            longer = [*plan[:number], Action(CLOSE, names), Action("open", names), *plan[number:]]
            if outcome(longer, goal, state, initial_state) == reached:
                plan, added = longer, [*added[:number], True, True, *added[number:]]
    return plan, added


def is_needless(action: Action, state: State) -> bool:
    """Whether an action closes what is closed: somebody else did it."""
    fixture = state.world.index.get(action.args[0], -1)
    return action.skill == CLOSE and fixture >= 0 and not state.flags[fixture] & OPEN


def without_needless(actions: Iterable[Action], state: State) -> list[Action]:
    """Return a plan without the steps that would find closed what they close; it need not be applicable."""
    needed = []
    for action in actions:
        if is_needless(action, state):
            continue
        needed.append(action)
        if unmet_precondition(state, action) is None:
            state = successor(state, action)
    return needed


def _times(
    actions: Sequence[Action], goal: Goal, state: State, initial_state: State
) -> tuple[list[float], list[float]]:
    """Return when each step begins, and when 0, 1, 2, … steps have ended, by durations and the goal's times [s]."""
    progress = begin(goal, state, initial_state=initial_state)
    begins_s, ends_s, wait_s = list[float](), [0.0], 0.0
    for action, reached in zip(actions, replay(state, actions).states[1:], strict=True):
        duration_s = state.world.domain.duration_s(action.skill)
        waited_s, wait_s = (0.0, wait_s) if action.skill in _BEFORE_WAITING else (wait_s, 0.0)
        begins_s.append(ends_s[-1] + waited_s)
        ends_s.append(begins_s[-1] + duration_s)
        later = advance(progress, reached, action)
        wait_s += later.time_s - progress.time_s - duration_s if goal.is_timed else 0.0
        progress = later
    return begins_s, ends_s


def _kept_open(
    actions: Sequence[Action], times: tuple[Sequence[float], Sequence[float]], state: State
) -> Iterator[list[Action]]:
    """Yield the plan without one `close` and the next `open` of the same door, for each such pair that is not worth it.

    `times` are those of `_times`.
    """
    begins_s, ends_s = times
    for i, action in enumerate(actions):
        if action.skill == CLOSE:
            opening = Action("open", action.args)
            j = next((j for j in range(i + 1, len(actions)) if actions[j] == opening), None)
            if j is not None and OPEN_RATE * (begins_s[j] - ends_s[i + 1]) < door_s(state.world):
                yield [*actions[:i], *actions[i + 1 : j], *actions[j + 1 :]]


def _left_open(
    actions: Sequence[Action], states: Sequence[State], initial_state: State, opened: Collection[int]
) -> Iterator[int]:
    """Yield the doors that the robot opened and that are open at the end, in the order of their last use."""
    world, end = states[0].world, states[-1]
    by_plan = [world.index[action.args[0]] for action in actions if action.skill == "open"]
    doors = [f for f in dict.fromkeys((*opened, *by_plan)) if world.enclosed[f] and end.flags[f] & OPEN]
    doors = [f for f in doors if f in opened or not initial_state.flags[f] & OPEN]
    yield from sorted(doors, key=lambda f: _after_last_use(actions, states, f))


def _unwanted(doors: Iterable[int], goal: Goal, end: State, initial_state: State) -> Iterator[int]:
    """Yield the doors that no condition wants open; of those of which it wants some one open, the first stays open."""
    wanted = set[int]()
    remaining = list(doors)
    for condition in goal.conditions:
        if not isinstance(condition, FixtureIs):
            continue
        fixtures = fixtures_of(end, condition)
        is_negative = condition.quantifier == "no"
        if ("closed" if is_negative else "open") not in condition.states:
            continue
        if condition.quantifier == "some":
            is_open_anyway = any(initial_state.flags[f] & OPEN for f in fixtures)
            wanted.update([] if is_open_anyway else [f for f in remaining if f in fixtures][:1])
        else:
            wanted.update(fixtures)
    return (f for f in remaining if f not in wanted)


def _after_last_use(actions: Sequence[Action], states: Sequence[State], door: int) -> int:
    """Return the number of steps after which a door may be closed: none of the later ones needs it open."""
    for i in range(len(actions) - 1, -1, -1):
        before, action = states[i], actions[i]
        if not before.flags[door] & OPEN:
            return i + 1  # this step opens it
        flags = (*before.flags[:door], before.flags[door] & ~OPEN, *before.flags[door + 1 :])
        if unmet_precondition(before._replace(flags=flags), action) is not None:
            return i + 1
    return 0


def _best_positions(
    actions: Sequence[Action], states: Sequence[State], ends_s: Sequence[float], door: int, closing: Action
) -> list[int]:
    """Return where to insert the step that closes a door: where it costs least, and the end of the plan."""
    rated = []
    first = _after_last_use(actions, states, door)
    for i in range(first, len(states)):
        if unmet_precondition(states[i], closing) is None:
            following = states[i + 1].at if i + 1 < len(states) else None
            open_s = ends_s[i] - ends_s[first]
            rated.append((round(_detour_s(states[i], door, following) + OPEN_RATE * open_s, 1), i))
    best = [i for _, i in sorted(rated)[:1]]
    last = max((i for _, i in rated), default=None)
    return best if last is None or last in best else [*best, last]


def _detour_s(state: State, door: int, following: int | None) -> float:
    """Return how much longer the way gets by going to a door between two steps [s]."""
    way_there_s = way_s(state.world, door, state.at)
    if following is None:
        return way_there_s
    if following < 0:
        return 2 * way_there_s
    return way_there_s + way_s(state.world, door, following) - way_s(state.world, following, state.at)
