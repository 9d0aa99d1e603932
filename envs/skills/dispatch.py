"""Execute one action in the physical home and return its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from envs.physics.engine import TICK_S
from envs.physics.object_states import UPDATE_TICKS
from envs.robot.motion_primitives import MotionPrimitives, SkillError
from envs.robot.robot import OutOfTimeError
from envs.skills import open_close, pick, regrasp, tool_use
from envs.skills.declared import has_routine, perform_declared
from envs.skills.go_to import go_to
from envs.symbolic.home_protocol import Outcome
from envs.symbolic.state import Action, State

MAX_PROCESS_TICKS = 480
MAX_TICKS = 14_400  # one minute: a skill that takes longer is stuck


def perform(motion: MotionPrimitives, action: Action, state: State, beside: Sequence[str] = ()) -> Outcome:
    """Carry out an action whose preconditions hold. After a failure, the arm is tucked.

    Args:
        motion: The robot's motions.
        action: The action.
        state: The state before it.
        beside: Objects beside one of which `put` must place the held one; empty: anywhere.
    """
    idle_s = 0.0
    start_tick, collisions_before, energy_before_j = motion.engine.ticks, motion.robot.collisions, motion.robot.energy_j
    motion.robot.deadline = start_tick + MAX_TICKS
    status: Literal["done", "failed"] = "done"
    reason = blocked_by = ""
    try:
        if has_routine(state.world.domain.skills[action.skill]):
            _dispatch(motion, action, beside)
        else:
            idle_s = perform_declared(motion, action, state, beside)
        _wait_for_processes(motion)
    except SkillError as error:
        status, reason, blocked_by = "failed", str(error), error.blocked_by
    except OutOfTimeError:
        status, reason = "failed", f"timeout at tick {motion.engine.ticks - start_tick}"
    motion.robot.deadline = None
    if status == "failed":
        motion.recover()
    motion.robot.allowed_contacts = frozenset()
    if motion.robot.slipped():
        slipped_name = motion.robot.held.name if motion.robot.held is not None else ""
        status, reason = "failed", reason or f"{slipped_name} slipped"
        motion.drop_if_slipped()
    ticks = motion.engine.ticks - start_tick
    return Outcome(
        status=status,
        reason=reason,
        duration_s=ticks * TICK_S + idle_s,
        ticks=ticks,
        collisions=motion.robot.collisions - collisions_before,
        energy_j=motion.robot.energy_j - energy_before_j,
        blocked_by=blocked_by,
    )


def _wait_for_processes(motion: MotionPrimitives) -> None:
    """Wait while a process that the skill started, or in which it put an object, does its work."""
    held = motion.robot.held
    for _ in range(MAX_PROCESS_TICKS // UPDATE_TICKS):
        if not motion.object_states.pending(None if held is None else held.name):
            return
        motion.robot.wait(UPDATE_TICKS)


def _dispatch(motion: MotionPrimitives, action: Action, beside: Sequence[str]) -> None:
    skill, args = action
    if skill == "go to":
        go_to(motion, args[0])
    elif skill == "pick up":
        pick.pick_up(motion, args[0])
    elif skill in ("put", "give"):
        regrasp.place(motion, args[0], args[1], beside)
    elif skill in ("open", "close"):
        open_close.move_joint(motion, args[0], opened=skill == "open")
    elif skill in ("turn on", "turn off"):
        tool_use.press_switch(motion, args[0])
    elif skill == "slice":
        tool_use.cut_object(motion, args[0])
    elif skill == "wipe":
        tool_use.wipe(motion, args[0])
    elif skill == "pour":
        tool_use.pour(motion, args[0], args[1])
    elif skill == "fold":
        tool_use.fold(motion, args[0])
