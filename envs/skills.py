"""One action in, one outcome out: what each skill of the domain is in the physical home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from envs import handling, leaves, regrasping, touches
from envs.engine import TICK_S
from envs.exposure import WATCH_TICKS
from envs.robot import OutOfTimeError
from envs.workcell import SkillError, Workcell
from envs.world import Action

LONGEST_WORK_TICKS = 480
MAX_TICKS = 14_400  # a skill that takes longer than a minute has got lost


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an action went.

    Attributes:
        status: Whether it was done.
        reason: Why not, in words; empty if it was.
        duration_s: Simulated time [s].
        ticks: Of the engine.
        collisions: Samples, 7.5 a second, in which the robot pressed against what it did not mean to touch.
        energy_j: What the motors of base, lift and arm put in or took out [J].
        blocked_by: The fixture that must be closed before this can be done; empty if none is in the way.
    """

    status: Literal["done", "failed"]
    reason: str = ""
    duration_s: float = 0.0
    ticks: int = 0
    collisions: int = 0
    energy_j: float = 0.0
    blocked_by: str = ""


def perform(cell: Workcell, action: Action) -> Outcome:
    """Carry out an action whose preconditions hold. A failed skill leaves the arm tucked."""
    start, hits, spent_j = cell.engine.ticks, cell.robot.collisions, cell.robot.energy_j
    cell.robot.deadline = start + MAX_TICKS
    status: Literal["done", "failed"] = "done"
    reason = blocked_by = ""
    try:
        _dispatch(cell, action)
        _let_work(cell)
    except SkillError as error:
        status, reason, blocked_by = "failed", str(error), error.blocked_by
    except OutOfTimeError:
        status, reason = "failed", f"timeout at tick {cell.engine.ticks - start}"
    cell.robot.deadline = None
    if status == "failed":
        cell.recover()
    cell.robot.allowed = frozenset()
    if cell.robot.slipped():
        lost = cell.robot.held.name if cell.robot.held is not None else ""
        status, reason = "failed", reason or f"{lost} slipped"
        cell.drop()
    ticks = cell.engine.ticks - start
    return Outcome(
        status=status, reason=reason, duration_s=ticks * TICK_S, ticks=ticks, collisions=cell.robot.collisions - hits,
        energy_j=cell.robot.energy_j - spent_j,
        blocked_by=blocked_by,
    )  # fmt: skip


def _let_work(cell: Workcell) -> None:
    """Stay while a process that the skill has started, or reached with a thing, does its work."""
    held = cell.robot.held
    for _ in range(LONGEST_WORK_TICKS // WATCH_TICKS):
        if not cell.exposure.pending(None if held is None else held.name):
            return
        cell.robot.wait(WATCH_TICKS)


def _dispatch(cell: Workcell, action: Action) -> None:
    skill, args = action
    if skill == "go to":
        touches.go_to(cell, args[0])
    elif skill == "pick up":
        handling.pick_up(cell, args[0])
    elif skill in ("put", "give"):
        regrasping.put(cell, args[0], args[1])
    elif skill in ("open", "close"):
        leaves.swing(cell, args[0], opened=skill == "open")
    elif skill in ("turn on", "turn off"):
        touches.press(cell, args[0])
    elif skill == "slice":
        touches.slice_up(cell, args[0])
    elif skill == "wipe":
        touches.wipe(cell, args[0])
    elif skill == "pour":
        touches.pour(cell, args[0], args[1])
    elif skill == "fold":
        touches.fold(cell, args[0])
    else:
        raise SkillError(f"there is no skill {skill!r}")
