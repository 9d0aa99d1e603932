"""Does what is due on an agenda, in one home: each entry in turn, the earliest first.

Every entry is an execution (`planner/execution/executor.py`) that pauses where it waits. While one waits, for its first
time or between two phases, the others go on; what is due at the same time keeps its order. What is due is planned anew
then, and what can no longer be done is reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from envs.errors import ActionError
from envs.symbolic.actions import parse_action
from envs.symbolic.goals import daily_part, format_condition, with_home_rules
from planner.execution.clock import SimulatedClock
from planner.execution.events import Ended, Event, Waiting
from planner.execution.executor import run
from planner.plans.options import MAX_REPLANS
from planner.scheduling.agenda import Agenda, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.goals import Goal
    from envs.symbolic.home_protocol import Home
    from planner.execution.clock import Clock
    from planner.execution.events import Episode
    from planner.pipeline import PlanningPipeline
    from planner.plans.options import Options


@dataclass(frozen=True, kw_only=True)
class EntryTurn:
    """The events that follow are about this entry."""

    entry: Entry


@dataclass(frozen=True, kw_only=True)
class EntryEnded:
    """An entry was tried.

    Attributes:
        entry: The entry.
        problem: Why it could not be done, in words; empty if it was.
        again: Whether it will be tried again, because it is daily.
    """

    entry: Entry
    problem: str
    again: bool


AgendaEvent: TypeAlias = Event | EntryTurn | EntryEnded


@dataclass(kw_only=True)
class _Turn:
    """An entry that is being done, or waits."""

    number: int
    goal: Goal
    events: Iterator[Event]
    paused_at: Event  # the last event of `events`
    is_told: bool = False  # whether this event was passed on
    tries: int = 1

    @property
    def due_s(self) -> float:
        """When it goes on [s]."""
        return self.paused_at.until_s if isinstance(self.paused_at, Waiting) else -math.inf


def run_agenda(
    agenda: Agenda,
    home: Home,
    planner: PlanningPipeline,
    *,
    options: Options | None = None,
    clock: Clock | None = None,
    days: int | None = 1,
    poll_s: float | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
) -> Iterator[AgendaEvent]:
    """Do what is on an agenda until nothing is left, and yield each event as it happens.

    Times count from now on: `after 10 min` from the start of this call, or from when the entry is noticed.

    Args:
        agenda: The agenda; what is done is taken from it, unless it is daily.
        home: The symbolic or physical home.
        planner: Plans what is due.
        options: Its decoding options.
        clock: Tells the time, and waits; None: the home's simulated clock, which jumps.
        days: How often a daily entry is done; None: without end.
        poll_s: How often the agenda is read again while nothing is due [s], for entries that were added or cancelled
            meanwhile; None: not while it waits.
        max_replans: Maximum number of replans of an entry.
        disturb: As in `planner.execution.executor.run`.
    """
    clock = clock or SimulatedClock(home)
    turns: dict[int, _Turn] = {}
    ended: set[int] = set()  # daily entries that were done often enough

    def begin(entry: Entry, goal: Goal, actions: Sequence[Action], since_s: float | None = None) -> _Turn:
        events = run(
            actions, goal, home, planner=planner, options=options, max_replans=max_replans, disturb=disturb,
            clock=clock, since_s=since_s,
        )  # fmt: skip
        return _Turn(number=entry.number, goal=goal, events=events, paused_at=next(events))

    while True:
        for entry in agenda:
            if entry.number not in turns and entry.number not in ended and entry.is_waiting:
                state = home.state()
                goal = with_home_rules(entry.goal, state.world.scene)
                turns[entry.number] = begin(entry, goal, _actions(entry, state))
        for number in [number for number in turns if agenda.find(number) is None]:
            del turns[number]  # cancelled
        if not turns:
            return
        turn = min(turns.values(), key=lambda turn: (turn.due_s, turn.number))
        due = agenda.find(turn.number)
        assert due is not None
        if not turn.is_told:
            turn.is_told = True
            yield EntryTurn(entry=due)
            yield turn.paused_at
        if poll_s is not None and turn.due_s > clock.time_s:
            clock.wait_until(min(turn.due_s, clock.time_s + poll_s))
            agenda.reload()
            continue
        episode = yield from _go_on(turn)
        agenda.reload()
        if episode is None:
            continue
        del turns[turn.number]
        problem = _problem(episode, turn.goal)
        noted = agenda.note(turn.number, problem=problem)
        daily = daily_part(turn.goal)
        again = noted is not None and daily is not None and (days is None or turn.tries < days)
        yield EntryEnded(entry=noted or due, problem=problem, again=again)
        if again and noted is not None and daily is not None:
            turns[turn.number] = begin(noted, daily, (), clock.time_s + 1.0)  # not the same time of day once more
            turns[turn.number].tries = turn.tries + 1
        else:
            ended.add(turn.number)


def _go_on(turn: _Turn) -> Generator[Event, None, Episode | None]:
    """Continue an entry until it waits again or ends; return the episode at its end."""
    if not isinstance(turn.paused_at, Ended):
        for event in turn.events:
            if isinstance(event, Waiting):
                turn.paused_at, turn.is_told = event, False
                return None
            yield event
            if isinstance(event, Ended):
                return event.episode
    assert isinstance(turn.paused_at, Ended)
    return turn.paused_at.episode


def _actions(entry: Entry, state: State) -> list[Action]:
    """Return the plan of an entry, for phases that are due at once; empty if the home has changed too much for it."""
    try:
        return [parse_action(state.world, step) for step in entry.plan]
    except ActionError:
        return []


def _problem(episode: Episode, goal: Goal) -> str:
    """Say in words why a goal was not reached; empty if it was."""
    if episode.success:
        return ""
    if episode.shortfall:
        return episode.shortfall
    unmet = [format_condition(c) for c, met in zip(goal.conditions, episode.met, strict=True) if not met]
    reached = f"not reached: {' ; '.join(unmet)}" if unmet else "a rule was broken"
    return "; ".join([reached, *episode.failures])
