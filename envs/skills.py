"""One action in, one outcome out: what each skill of the domain is in the physical home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from envs import handling, leaves, touches
from envs.engine import TICK_S
from envs.workcell import SkillError, Workcell
from envs.world import Action


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an action went: status, reason (empty if done), simulated time [s], ticks, collision samples."""

    status: Literal["done", "failed"]
    reason: str = ""
    duration_s: float = 0.0
    ticks: int = 0
    collisions: int = 0


def perform(cell: Workcell, action: Action) -> Outcome:
    """Carry out an action whose preconditions hold. A failed skill leaves the arm tucked."""
    start, hits = cell.engine.ticks, cell.robot.collisions
    status: Literal["done", "failed"] = "done"
    reason = ""
    try:
        _dispatch(cell, action)
    except SkillError as error:
        status, reason = "failed", str(error)
        cell.recover()
    cell.robot.allowed = frozenset()
    ticks = cell.engine.ticks - start
    return Outcome(
        status=status, reason=reason, duration_s=ticks * TICK_S, ticks=ticks, collisions=cell.robot.collisions - hits
    )


def _dispatch(cell: Workcell, action: Action) -> None:
    skill, args = action
    if skill == "go to":
        touches.go_to(cell, args[0])
    elif skill == "pick up":
        handling.pick_up(cell, args[0])
    elif skill in ("put", "give"):
        handling.put(cell, args[0], args[1])
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
