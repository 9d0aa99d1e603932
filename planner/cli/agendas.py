"""The agenda of a home on the command line: a scheduled plan is kept, what is there is listed, cancelled and done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal
from planner.cli.execution_display import ExecutionDisplay
from planner.cli.execution_runner import Disturb, clock_of, print_files, show_execution
from planner.io.terminal import printable
from planner.scheduling.agenda import Agenda
from planner.scheduling.agenda_runner import AgendaExecution, EntryEnded, run_agenda

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from envs.simulation.physical_home import PhysicalHome
    from envs.simulation.symbolic_home import SymbolicHome
    from envs.symbolic.actions import State
    from envs.symbolic.home_protocol import Home
    from planner.api import Planner
    from planner.cli.execution_flags import ExecutionSettings
    from planner.execution.clock import Clock
    from planner.plans.options import Options
    from planner.plans.planning_result import Plan
    from planner.scheduling.agenda_runner import AgendaEvent

POLL_S = 1.0  # how often an agenda is read again while it waits in real time


def keep_plan(plan: Plan, path: Path, *, quiet: bool) -> int:
    """Add a scheduled plan to an agenda, and return its number there.

    Raises:
        AgendaError: The file is not an agenda of this home, or the plan is not scheduled.
    """
    entry = Agenda(plan.start, path).add(plan)
    if not quiet:
        print(f"agenda: number {entry.number} in {path}")
    return entry.number


def print_agenda(agenda: Agenda, *, as_json: bool) -> None:
    """Print the entries of an agenda, one a line."""
    if as_json:
        print(json.dumps({"agenda": [entry.as_dict() for entry in agenda]}))
        return
    for entry in agenda:
        print(printable(str(entry)))
    if not len(agenda):
        print("the agenda is empty")


def cancel_entry(agenda: Agenda, number: int, *, as_json: bool) -> None:
    """Cancel an entry.

    Raises:
        AgendaError: There is none with this number.
    """
    entry = agenda.cancel(number)
    print(json.dumps({"cancelled": entry.as_dict()}) if as_json else f"cancelled: {printable(str(entry))}")


def run_and_report(
    agenda: Agenda,
    state: State,
    settings: ExecutionSettings,
    planner: Planner,
    *,
    days: int | None,
    options: Options | None = None,
    as_json: bool,
) -> bool:
    """Do what is on an agenda, and report it; return whether all of it could be done."""
    ended: list[EntryEnded] = []
    waits = any(entry.is_waiting for entry in agenda)

    def events(home: Home, disturb: Disturb | None, clock: Clock) -> Iterator[AgendaEvent]:
        poll_s = POLL_S if settings.clock == "real" and agenda.path is not None else None
        return _noted(
            run_agenda(
                agenda, home, planner, options=options, clock=clock, days=days, poll_s=poll_s,
                max_replans=settings.max_replans, disturb=disturb,
            ),
            ended,
        )  # fmt: skip

    def report() -> None:
        if as_json:
            print(json.dumps({**outcomes(ended), "agenda": [entry.as_dict() for entry in agenda]}))
        elif ended:
            print(f"done: {sum(not event.problem for event in ended)} of {len(ended)}")
            print_files(settings)
        else:
            print("nothing was done" if waits else "nothing on the agenda waits; --list shows it")

    try:
        if waits:
            show_execution(state, settings, events)
    except KeyboardInterrupt:  # the usual end of --clock real
        report()
        raise
    report()
    return not any(event.problem for event in ended)


class LaterPlans:
    """The scheduled plans of a dialogue: they are done when they are due, between two instructions and at the end.

    Attributes:
        ended: What was tried.
    """

    def __init__(
        self,
        state: State,
        home: PhysicalHome | SymbolicHome,
        settings: ExecutionSettings,
        planner: Planner,
        options: Options,
    ) -> None:
        self.ended: list[EntryEnded] = []
        self._agenda = Agenda(state)
        self._display = ExecutionDisplay(quiet=settings.quiet)
        self._execution = AgendaExecution(
            self._agenda, home, planner, options=options, clock=clock_of(home, settings),
            days=1 if settings.clock == "fast" else None, max_replans=settings.max_replans,
        )  # fmt: skip

    def add(self, plan: Plan) -> int:
        """Keep a scheduled plan, whose time counts from now on; return its number."""
        entry = self._agenda.add(plan)
        self._execution.notice()
        return entry.number

    def do(self, *, wait: bool) -> bool:
        """Do what is due, or, if `wait`, all of it; return whether it could be done."""
        before = len(self.ended)
        self._display.show(_noted(self._execution.run(wait=wait), self.ended))
        return not any(event.problem for event in self.ended[before:])


def _noted(events: Iterator[AgendaEvent], ended: list[EntryEnded]) -> Iterator[AgendaEvent]:
    """Pass events on, and note which entries ended."""
    for event in events:
        if isinstance(event, EntryEnded):
            ended.append(event)
        yield event


def outcomes(ended: Sequence[EntryEnded]) -> dict[str, object]:
    """Return what was tried as plain data."""
    return {
        "outcomes": [
            {"number": event.entry.number, "goal": format_goal(event.entry.goal), "problem": event.problem}
            for event in ended
        ]
    }
