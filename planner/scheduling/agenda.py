"""The agenda of one home: scheduled plans that can be listed and cancelled, in memory or in a file.

The file has one entry a line, in JSON, behind a line that names the home. It is written beside its place and renamed.
Several programs may use it in turn: each change reads it again first.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.errors import GoalError, quoted
from envs.files.bounded_files import ReadError, read_text
from envs.files.strict_json import JsonError, parse_json
from envs.symbolic.goals import daily_part, format_goal, parse_goal
from gpt.files import write_text_atomically
from planner.errors import AgendaError
from planner.world_model.open_home import open_home

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envs.scenes.home_file import AnyHome
    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal
    from planner.plans.planning_result import Plan

MAX_ENTRIES = 1000
MAX_BYTES = 5_000_000
VERSION = 1
_HEAD: dict[str, type] = {"agenda": int, "home": str, "next": int}
_ENTRY: dict[str, type] = {
    "number": int, "goal": str, "instruction": str, "plan": list, "done": int, "problem": str,
}  # fmt: skip
_WORDS = {int: "a whole number", str: "a text", list: "a list"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A scheduled plan.

    Attributes:
        number: Its number in the agenda, which no other entry ever gets.
        goal: The goal.
        instruction: What the person said; empty if the goal was given.
        plan: The steps as they were proven when it was scheduled.
        done: How often it was done.
        problem: Why it could not be done the last time; empty if it could, or was not tried. An entry that is not done
            every day and has one is kept to be read, and not tried again.
    """

    number: int
    goal: Goal
    instruction: str = ""
    plan: tuple[str, ...] = ()
    done: int = 0
    problem: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether it is to be done."""
        return not self.problem or self.is_daily

    @property
    def is_daily(self) -> bool:
        """Whether it is done again every day."""
        return daily_part(self.goal) is not None

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs, and for the file."""
        return {
            "number": self.number,
            "goal": format_goal(self.goal),
            "instruction": self.instruction,
            "plan": list(self.plan),
            "done": self.done,
            "problem": self.problem,
        }

    def __str__(self) -> str:
        """Return the entry on one line."""
        done = f", done {self.done} time{'s' if self.done != 1 else ''}" if self.done else ""
        problem = f"; could not be done: {self.problem}" if self.problem else ""
        return f"{self.number}. {format_goal(self.goal)}{done}{problem}"


class Agenda:
    """The scheduled plans of one home, in the order in which they were added.

    Args:
        home: The home, as `planner.world_model.open_home` takes it.
        path: The file; it is read if it exists, and written at each change. None: in memory only.

    Raises:
        AgendaError: The file is not an agenda, or of another home.
        PlannerError: There is no such home.
        HomeError: The file of the home is not valid.
    """

    def __init__(self, home: AnyHome, path: str | Path | None = None) -> None:
        self.scene = open_home(home, geometry=False).world.scene
        self.path = None if path is None else Path(path)
        self._entries: tuple[Entry, ...] = ()
        self._next = 1  # number
        self.reload()

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the entries."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def add(self, plan: Plan) -> Entry:
        """Add a scheduled plan, and return its entry.

        Raises:
            AgendaError: The plan waits for nothing, is for another home, or there are too many entries.
        """
        self.reload()
        if plan.status != "scheduled":
            if plan.is_proven:
                goal = quoted(plan.goal_text)
                raise AgendaError(f"the plan for {goal} waits for no time, such as `at 07:00 : `; execute it instead")
            raise AgendaError(f"the plan is {plan.status}, not scheduled: {plan.reason}")
        self.check_home(plan.start)
        assert plan.goal is not None
        return self._append(plan.goal, plan.subtasks, plan.instruction)

    def check_home(self, state: State) -> None:
        """Check that a state is one of this agenda's home.

        Raises:
            AgendaError: It is one of another home.
        """
        home = state.world.scene.name
        if home != self.scene.name:
            raise AgendaError(f"the agenda is for the home {quoted(self.scene.name)}, and this is {quoted(home)}")

    def add_goal(self, goal: Goal | str, steps: Sequence[str] = ()) -> Entry:
        """Add a goal with times without a proof, and return its entry.

        Args:
            goal: The goal, or its text in the goal language.
            steps: A plan for its phases that are due at once.

        Raises:
            AgendaError: The goal has no time, or there are too many entries.
            GoalError: The text is no goal in this home.
        """
        if isinstance(goal, str):
            goal = parse_goal(goal, scene=self.scene)
        _check_has_time(goal)
        self.reload()
        return self._append(goal, tuple(steps))

    def _append(self, goal: Goal, steps: tuple[str, ...], instruction: str = "") -> Entry:
        if len(self) >= MAX_ENTRIES:
            raise AgendaError(f"the agenda has {len(self)} entries, which is the maximum; cancel some")
        entry = Entry(number=self._next, goal=goal, instruction=instruction, plan=steps)
        self._next += 1
        self._write((*self, entry))
        return entry

    def cancel(self, number: int) -> Entry:
        """Remove an entry, and return it.

        Raises:
            AgendaError: There is none with this number.
        """
        self.reload()
        entry = self.find(number)
        if entry is None:
            numbers = ", ".join(str(entry.number) for entry in self)
            seen = f"there are {numbers}" if numbers else "the agenda is empty"
            raise AgendaError(f"there is no entry {number}; {seen}")
        self._write(tuple(other for other in self if other.number != number))
        return entry

    def find(self, number: int) -> Entry | None:
        """Return the entry with a number, or None."""
        return next((entry for entry in self if entry.number == number), None)

    def note(self, number: int, *, problem: str) -> Entry | None:
        """Note that an entry was tried, and return it; one that is done and not daily is removed.

        Args:
            number: Its number; nothing is noted if it was cancelled meanwhile.
            problem: Why it could not be done; empty if it was.
        """
        self.reload()
        entry = self.find(number)
        if entry is None:
            return None
        noted = replace(entry, done=entry.done + (not problem), problem=problem)
        is_over = not problem and not noted.is_daily
        changed = (noted if other.number == number else other for other in self)
        self._write(tuple(other for other in changed if not (is_over and other.number == number)))
        return noted

    def reload(self) -> None:
        """Read the file again, which another program may have changed.

        Raises:
            AgendaError: The file is not an agenda, or of another home; the message names the line, and what would do.
        """
        if self.path is None:
            return
        if not self.path.exists():
            self._entries = ()
            return
        try:
            head, *lines = read_text(self.path, MAX_BYTES).split("\n")
        except ReadError as error:
            raise AgendaError(f"{error}; it cannot be read as an agenda") from None
        with self._reading(1, "another file starts a new agenda"):
            following = self._read_head(head)
        entries: dict[int, Entry] = {}
        for number, line in enumerate(lines, start=2):
            if line.strip():
                with self._reading(number, "correct or delete this line"):
                    entry = self._read_entry(line, entries, following)
                entries[entry.number] = entry
        if len(entries) > MAX_ENTRIES:
            raise AgendaError(f"{self.path}: {len(entries)} entries; the maximum is {MAX_ENTRIES}; delete some lines")
        self._entries, self._next = tuple(entries.values()), following

    @contextmanager
    def _reading(self, line_number: int, cure: str) -> Iterator[None]:
        """Name the line of the file in errors, and what would do."""
        try:
            yield
        except (AgendaError, JsonError) as error:
            raise AgendaError(f"{self.path}: line {line_number}: {error}; {cure}") from None

    def _write(self, entries: tuple[Entry, ...]) -> None:
        if self.path is not None:
            head = {"agenda": VERSION, "home": self.scene.name, "next": self._next}
            records = (head, *(entry.as_dict() for entry in entries))
            text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
            if len(text.encode()) > MAX_BYTES:
                raise AgendaError(
                    f"{self.path}: the agenda would have more than {MAX_BYTES} bytes; cancel some entries"
                )
            try:
                write_text_atomically(self.path, text)
            except OSError as error:
                raise AgendaError(f"{self.path}: the agenda cannot be written ({error.strerror or error})") from None
        self._entries = entries

    def _read_head(self, line: str) -> int:
        """Return the number that is given next."""
        data = _record(line, _HEAD, "the first line of an agenda")
        if data["agenda"] != VERSION or data["next"] < 1:
            raise AgendaError(f"it is not the first line of an agenda of version {VERSION}")
        if data["home"] != self.scene.name:
            homes = f"the home {quoted(data['home'])}, and this one is {quoted(self.scene.name)}"
            raise AgendaError(f"it is for {homes}: give that home")
        return int(data["next"])

    def _read_entry(self, line: str, others: Mapping[int, Entry], following: int) -> Entry:
        data = _record(line, _ENTRY, "an entry")
        if not all(isinstance(step, str) for step in data["plan"]):
            raise AgendaError("'plan' must be a list of texts")
        if data["number"] < 1 or data["done"] < 0:
            raise AgendaError("'number' must be at least 1, and 'done' at least 0")
        try:
            goal = parse_goal(data["goal"], scene=self.scene)
        except GoalError as error:
            raise AgendaError(f"the goal cannot be read: {error}") from None
        _check_has_time(goal)
        number = data["number"]
        if number in others:
            raise AgendaError(f"there are two entries {number}")
        if number >= following:
            raise AgendaError(f"entry {number} is not below the number that is given next, {following}")
        return Entry(**{**data, "goal": goal, "plan": tuple(data["plan"])})


def _check_has_time(goal: Goal) -> None:
    if not goal.is_timed:
        raise AgendaError(f"the goal {quoted(format_goal(goal))} has no time, such as `at 07:00 : `")


def _record(line: str, types: Mapping[str, type], what: str) -> dict[str, Any]:
    """Return the object of a line, with keys of these types and no others."""
    data = parse_json(line)
    if not isinstance(data, dict):
        raise AgendaError(f"{what} is an object in braces, not {quoted(data)}")
    for key in data:
        if key not in types:
            raise AgendaError(f"{what} has no key {quoted(key)}; it has {', '.join(types)}")
    for key, expected in types.items():
        if type(data.get(key)) is not expected:
            seen = f"is {quoted(data[key])}, not {_WORDS[expected]}" if key in data else "is missing"
            raise AgendaError(f"{key!r} {seen}")
    return data
