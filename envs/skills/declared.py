"""Skills that a home or a robot describes, and that have no routine of their own: they are declared to be done.

The robot drives to where the skill takes place. What the skill moves, opens or switches is moved, opened and switched
by the routines for that; its other effects become true after its typical duration: they are assumed, not simulated
(docs/skills.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.physics.engine import TICK_S
from envs.skills import open_close, pick, regrasp, tool_use
from envs.skills.go_to import go_near, go_to
from envs.symbolic.actions import successor
from envs.symbolic.domain import load_domain
from envs.symbolic.state import HELD, ON, OPEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.robot.motion_primitives import MotionPrimitives
    from envs.symbolic.domain import Skill
    from envs.symbolic.state import Action, State

MAX_WORK_TICKS = 480  # of the work that are simulated; the clock jumps over the rest


def has_routine(skill: Skill) -> bool:
    """Whether the robot has a routine for a skill: a built-in one that does no more than the routine does."""
    built_in = load_domain().skills.get(skill.name)
    return built_in is not None and skill.text == built_in.text and set(skill.effects) <= set(built_in.effects)


def perform_declared(motion: MotionPrimitives, action: Action, state: State, beside: Sequence[str] = ()) -> float:
    """Do a skill that has no routine, and return how much of its duration was not simulated [s].

    Raises:
        SkillError: There is no way to the place, or a routine failed.
    """
    start_tick = motion.engine.ticks
    world, after = state.world, successor(state, action)
    skill = world.domain.skills[action.skill]
    where = world.index[action.args[skill.at]]
    if state.root(where) != HELD:
        _drive_to(motion, state, where)
    for i in range(world.n_fixtures):
        changed = state.flags[i] ^ after.flags[i]
        if changed & OPEN:
            open_close.move_joint(motion, world.names[i], opened=bool(after.flags[i] & OPEN))
        if changed & ON:
            tool_use.press_switch(motion, world.names[i])
    for i in range(world.n_fixtures, len(world.names)):
        if state.place[i] == after.place[i]:
            continue
        if state.held != i:
            pick.pick_up(motion, world.names[i])
        if after.place[i] != HELD:
            regrasp.place(motion, world.names[i], world.names[after.place[i]], beside)
    left = round(skill.duration_s / TICK_S) - (motion.engine.ticks - start_tick)
    motion.robot.wait(max(0, min(left, MAX_WORK_TICKS)))
    motion.object_states.on_declared(state, after)
    return max(0, left - MAX_WORK_TICKS) * TICK_S


def _drive_to(motion: MotionPrimitives, state: State, entity: int) -> None:
    """Drive to a room, a fixture, or to where an object is."""
    world, root = state.world, state.root(entity)
    if root >= 0:
        go_to(motion, world.names[root])
    else:  # on the bare ground
        x, y, _ = motion.queries.pose(world.names[entity])[0].tolist()
        go_near(motion, (x, y), world.names[entity])
