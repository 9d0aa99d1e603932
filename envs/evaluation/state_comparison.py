"""Execute an action in the physical home and compare the outcome with the symbolic world."""

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
    """An atom on which two states differ, in words."""

    name: str
    atom: str
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The outcome of an action in physics.

    Attributes:
        subtask: The action in words.
        skill: The skill of the action.
        category: Category of its first argument.
        status: `crashed` means an unexpected exception.
        reason: Why it failed; empty if it was done.
        cause: The reason without instance names, for counting.
        differences: After a done action, between the state that the symbolic world expects and the physical one;
            otherwise between the states before and after.
        duration_s: Simulated time [s].
        cpu_s: CPU time of this process [s].
        collisions: Samples in which the robot touched something unintended.
        ticks: Physics steps.
        before: The physical state before the action.
        expected: The state that the symbolic world expects after it, if it was done; otherwise `before`.
        found: The physical state after it.
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
    before: State
    expected: State
    found: State

    @property
    def done(self) -> bool:
        """Whether the skill reported success."""
        return self.status == "done"

    def as_dict(self) -> dict[str, object]:
        """Return plain data for a JSON line."""
        return {
            "subtask": self.subtask, "skill": self.skill, "category": self.category, "status": self.status,
            "reason": self.reason, "cause": self.cause, "differences": [list(d) for d in self.differences],
            "duration_s": round(self.duration_s, 3), "cpu_s": round(self.cpu_s, 4), "collisions": self.collisions,
            "ticks": self.ticks,
        }  # fmt: skip


def attempt(home: PhysicalHome, action: Action) -> Attempt:
    """Execute an action and compare the states. After a crash the home must not be used again."""
    before = home.state()
    world, start_tick = home.world, home.engine.ticks
    status: Literal["done", "failed", "crashed"]
    started_at = time.process_time()
    try:
        outcome = home.execute(action)
        status, reason, collisions, duration_s = outcome.status, outcome.reason, outcome.collisions, outcome.duration_s
        after = home.state()
    except Exception as error:  # a bug in a skill is a result here, not the end of the run
        status, reason, collisions, duration_s, after = "crashed", _where(error), 0, 0.0, before
    cpu_s = time.process_time() - started_at
    expected = successor(before, action) if status == "done" else before
    return Attempt(
        subtask=format_action(world, action), skill=action.skill,
        category=world.categories[world.index[action.args[0]]], status=status, reason=reason,
        cause=without_names(reason, world), differences=tuple(differences(expected, after)), duration_s=duration_s,
        cpu_s=cpu_s, collisions=collisions, ticks=home.engine.ticks - start_tick, before=before, expected=expected,
        found=after,
    )  # fmt: skip


def concerns(difference: Difference, action: Action) -> bool:
    """Whether a difference concerns the purpose of an action: its arguments, or the held object."""
    return difference.atom == "held" or (difference.name in action.args and difference.atom != "at")


def differences(expected: State, actual: State) -> list[Difference]:
    """Return the atoms on which two states of one home differ."""
    world = expected.world
    found_differences: list[Difference] = []
    for i, name in enumerate(world.names):
        if expected.place[i] != actual.place[i]:
            found_differences.append(
                Difference(name, "place", _place(world, expected.place[i]), _place(world, actual.place[i]))
            )
        if expected.flags[i] != actual.flags[i]:
            for k, word in enumerate(world.domain.states):
                expected_flag, actual_flag = expected.flags[i] >> k & 1, actual.flags[i] >> k & 1
                if expected_flag != actual_flag:
                    found_differences.append(
                        Difference(name, word, str(bool(expected_flag)).lower(), str(bool(actual_flag)).lower())
                    )
        if expected.liquid[i] != actual.liquid[i]:
            found_differences.append(
                Difference(name, "liquid", expected.liquid[i] or "none", actual.liquid[i] or "none")
            )
    if expected.held != actual.held:
        found_differences.append(Difference("robot", "held", _named(world, expected.held), _named(world, actual.held)))
    if expected.at != actual.at:
        found_differences.append(Difference("robot", "at", _named(world, expected.at), _named(world, actual.at)))
    return found_differences


def without_names(reason: str, world: World) -> str:
    """Replace the names in a reason by `<thing>` and `<fixture>`, so that equal causes are counted together."""
    if not reason:
        return ""
    placeholders = {name: "<fixture>" if i < world.n_fixtures else "<thing>" for i, name in enumerate(world.names)}
    longest_first = sorted(placeholders, key=len, reverse=True)
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, longest_first)) + r")\b")
    return pattern.sub(lambda match: placeholders[match.group()], reason)


def _place(world: World, place: int) -> str:
    return "the hand" if place == HELD else _named(world, place)


def _named(world: World, entity: int) -> str:
    return world.names[entity] if entity >= 0 else "nothing" if entity != HELD else "the hand"


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}: {error}"
