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
from planner.errors import AgendaError
from planner.execution.clock import SimulatedClock
from planner.execution.events import Ended, Event, Waiting
from planner.execution.executor import run
from planner.plans.options import MAX_REPLANS
from planner.scheduling.agenda import Agenda, Entry
from planner.world_model.open_home import in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from envs.scenes.home_file import HomeInUse
    from envs.symbolic.actions import Action, State
    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.goals import Goal
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
    home: HomeInUse,
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
        home: As in `planner.Planner.run`.
        planner: Plans what is due.
        options: Its decoding options.
        clock: Tells the time, and waits; None: the home's simulated clock, which jumps.
        days: How often a daily entry is done; None: without end.
        poll_s: How often the agenda is read again while nothing is due [s], for entries that were added or cancelled
            meanwhile; None: not while it waits.
        max_replans: Maximum number of replans of an entry.
        disturb: As in `planner.execution.executor.run`.

    Raises:
        AgendaError: The agenda is of another home, `days` is below 1, or its file can no longer be read.
        PlannerError: Nothing can be executed in what was given as a home.
    """
    execution = AgendaExecution(
        agenda, home, planner, options=options, clock=clock, days=days, max_replans=max_replans, disturb=disturb
    )
    return execution.run(poll_s=poll_s)


class AgendaExecution:
    """The state of an agenda that is being done; the arguments are those of `run_agenda`."""

    def __init__(
        self,
        agenda: Agenda,
        home: HomeInUse,
        planner: PlanningPipeline,
        *,
        options: Options | None = None,
        clock: Clock | None = None,
        days: int | None = 1,
        max_replans: int = MAX_REPLANS,
        disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
    ) -> None:
        if days is not None and days < 1:
            raise AgendaError(f"an agenda is done for at least 1 day, not {days}")
        self._agenda, self._home, self._planner, self._days = agenda, in_use(home), planner, days
        agenda.check_home(self._home.state())
        self._options, self._max_replans, self._disturb = options, max_replans, disturb
        self._clock = clock or SimulatedClock(self._home)
        self._turns: dict[int, _Turn] = {}
        self._shown: int | None = None  # number of the entry that the last event was about
        self._ended: set[int] = set()  # daily entries that were done often enough

    def notice(self) -> None:
        """Begin to count the time of new entries, and forget cancelled ones."""
        for entry in self._agenda:
            if entry.number not in self._turns and entry.number not in self._ended and entry.is_waiting:
                state = self._home.state()
                goal = with_home_rules(entry.goal, state.world.scene)
                self._turns[entry.number] = self._begin(entry, goal, _actions(entry, state))
        for number in [number for number in self._turns if self._agenda.find(number) is None]:
            del self._turns[number]

    def run(self, *, poll_s: float | None = None, wait: bool = True) -> Iterator[AgendaEvent]:
        """Do what is due, the earliest first, and yield each event as it happens.

        Args:
            poll_s: As in `run_agenda`.
            wait: Whether to wait for what is not due yet, until nothing is left.
        """
        self._shown = None
        while True:
            self.notice()
            turn = min(self._turns.values(), key=lambda turn: (turn.due_s, turn.number), default=None)
            is_due = turn is not None and turn.due_s <= self._clock.time_s
            if turn is None or not (wait or is_due):
                return
            entry = self._agenda.find(turn.number)
            assert entry is not None
            if not turn.is_told:
                turn.is_told = True
                yield from self._turn_to(entry)
                yield turn.paused_at
                continue  # whoever was told may have changed the agenda
            if poll_s is not None and not is_due:
                self._clock.wait_until(min(turn.due_s, self._clock.time_s + poll_s))
                self._agenda.reload()
                continue
            yield from self._turn_to(entry)
            episode = yield from _go_on(turn)
            if episode is not None:
                yield self._end(turn, entry, episode)
            self._agenda.reload()

    def _turn_to(self, entry: Entry) -> Iterator[EntryTurn]:
        """Say whose events follow, unless the last ones were about the same entry."""
        if self._shown != entry.number:
            self._shown = entry.number
            yield EntryTurn(entry=entry)

    def _begin(
        self, entry: Entry, goal: Goal, actions: Sequence[Action], *, since_s: float | None = None, tries: int = 1
    ) -> _Turn:
        events = run(
            actions, goal, self._home, planner=self._planner, options=self._options, max_replans=self._max_replans,
            disturb=self._disturb, clock=self._clock, since_s=since_s,
        )  # fmt: skip
        return _Turn(number=entry.number, goal=goal, events=events, paused_at=next(events), tries=tries)

    def _end(self, turn: _Turn, entry: Entry, episode: Episode) -> EntryEnded:
        """Note how an entry ended; one that is daily waits for the next day."""
        del self._turns[turn.number]
        self._shown = None
        problem = _problem(episode, turn.goal)
        noted = self._agenda.note(turn.number, problem=problem)
        daily = daily_part(turn.goal)
        if noted is None or daily is None or (self._days is not None and turn.tries >= self._days):
            self._ended.add(turn.number)
            return EntryEnded(entry=noted or entry, problem=problem, again=False)
        since_s = self._clock.time_s + 1.0  # not the same time of day once more
        self._turns[turn.number] = self._begin(noted, daily, (), since_s=since_s, tries=turn.tries + 1)
        return EntryEnded(entry=noted, problem=problem, again=True)


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
    return "; ".join([f"not reached: {' ; '.join(unmet)}", *episode.failures])
