"""One action in the physical home, beside what the symbolic world says of it."""

from __future__ import annotations

import re
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from envs.symbolic.actions import format_action, successor
from envs.symbolic.state import HELD

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import Action, State, World


class Difference(NamedTuple):
    """An atom about which two states differ, in words."""

    name: str
    atom: str
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How an action went in physics.

    Attributes:
        subtask: The action in words.
        skill: Its skill.
        category: Of its first argument.
        status: `crashed` is an exception that is none of the skills' own.
        reason: Why it is not done; empty if it is.
        cause: The reason without names, for counting.
        differences: If it is done, between what the symbolic world expects and what physics has; otherwise between
            before and after.
        duration_s: Simulated time.
        cpu_s: Time of this process.
        collisions: Samples at which the robot touched what it should not.
        ticks: Of physics.
    """

    subtask: str
    skill: str
    category: str
    status: Literal["done", "failed", "crashed"]
    reason: str
    cause: str
    differences: tuple[Difference, ...]
    duration_s: float
    cpu_s: float
    collisions: int
    ticks: int

    @property
    def done(self) -> bool:
        """Whether the robot says that it did it."""
        return self.status == "done"

    def as_dict(self) -> dict[str, object]:
        """Plain data for a JSON line."""
        return {
            "subtask": self.subtask, "skill": self.skill, "category": self.category, "status": self.status,
            "reason": self.reason, "cause": self.cause, "differences": [list(d) for d in self.differences],
            "duration_s": round(self.duration_s, 3), "cpu_s": round(self.cpu_s, 4), "collisions": self.collisions,
            "ticks": self.ticks,
        }  # fmt: skip


def attempt(home: PhysicalHome, action: Action) -> Attempt:
    """Carry out an action and compare. After a crash the home is of no more use."""
    before = home.state()
    world, start = home.world, home.engine.ticks
    status: Literal["done", "failed", "crashed"]
    began = time.process_time()
    try:
        outcome = home.execute(action)
        status, reason, collisions, duration_s = outcome.status, outcome.reason, outcome.collisions, outcome.duration_s
        after = home.state()
    except Exception as error:  # any bug of the skills is a finding here, not the end of the run
        status, reason, collisions, duration_s, after = "crashed", _where(error), 0, 0.0, before
    cpu_s = time.process_time() - began
    expected = successor(before, action) if status == "done" else before
    return Attempt(
        subtask=format_action(world, action), skill=action.skill,
        category=world.categories[world.index[action.args[0]]], status=status, reason=reason,
        cause=without_names(reason, world), differences=tuple(differences(expected, after)), duration_s=duration_s,
        cpu_s=cpu_s, collisions=collisions, ticks=home.engine.ticks - start,
    )  # fmt: skip


def concerns(found: Difference, action: Action) -> bool:
    """Whether a difference is about what the action is for: its arguments, or what is held."""
    return found.atom == "held" or (found.name in action.args and found.atom != "at")


def differences(expected: State, found: State) -> list[Difference]:
    """Return the atoms about which two states of one home differ."""
    world = expected.world
    rows: list[Difference] = []
    for i, name in enumerate(world.names):
        if expected.place[i] != found.place[i]:
            rows.append(Difference(name, "place", _place(world, expected.place[i]), _place(world, found.place[i])))
        if expected.flags[i] != found.flags[i]:
            for k, word in enumerate(world.domain.states):
                wanted, seen = expected.flags[i] >> k & 1, found.flags[i] >> k & 1
                if wanted != seen:
                    rows.append(Difference(name, word, str(bool(wanted)).lower(), str(bool(seen)).lower()))
        if expected.liquid[i] != found.liquid[i]:
            rows.append(Difference(name, "liquid", expected.liquid[i] or "none", found.liquid[i] or "none"))
    if expected.held != found.held:
        rows.append(Difference("robot", "held", _named(world, expected.held), _named(world, found.held)))
    if expected.at != found.at:
        rows.append(Difference("robot", "at", _named(world, expected.at), _named(world, found.at)))
    return rows


def without_names(reason: str, world: World) -> str:
    """Return a reason with `<thing>` and `<fixture>` for the names of this home, so that like causes count as one."""
    if not reason:
        return ""
    kinds = {name: "<fixture>" if i < world.n_fixtures else "<thing>" for i, name in enumerate(world.names)}
    longest_first = sorted(kinds, key=len, reverse=True)
    found = re.compile(r"\b(" + "|".join(map(re.escape, longest_first)) + r")\b")
    return found.sub(lambda match: kinds[match.group()], reason)


def _place(world: World, place: int) -> str:
    return "the hand" if place == HELD else _named(world, place)


def _named(world: World, entity: int) -> str:
    return world.names[entity] if entity >= 0 else "nothing" if entity != HELD else "the hand"


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}: {error}"
