"""A plan split where its goal's phases end, and what each subtask makes true: what every format is written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import Goal, format_goal
from envs.symbolic.scoring import advance
from planner.verification.plan_verification import attempt


@dataclass(frozen=True, kw_only=True)
class Subtask:
    """A step of a plan.

    Attributes:
        action: What is done.
        text: In words.
        liquid: What is poured, where it is `pour`; empty if the plan breaks before.
    """

    action: Action
    text: str
    liquid: str = ""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase of a goal, its text in the goal language, and the subtasks that reach it."""

    goal: Goal
    text: str
    subtasks: tuple[Subtask, ...]


def phases_of(goal: Goal, actions: Sequence[Action], start: State) -> tuple[Phase, ...]:
    """Split a plan. What comes after the end of the last phase stays with it; so does what cannot be carried out."""
    phase = advance(goal, 0, start, start)
    found: list[list[Subtask]] = [[] for _ in goal.phases]
    states = [start, *attempt(start, actions)]
    for action, state, after in zip(actions, states[:-1], states[1:], strict=True):
        liquid = state.liquid[state.world.index[action.args[0]]] if action.skill == "pour" else ""
        found[phase].append(Subtask(action=action, text=format_action(state.world, action), liquid=liquid))
        phase = advance(goal, phase, after, start)
    return tuple(
        Phase(goal=Goal(phases=(conditions,)), text=format_goal(Goal(phases=(conditions,)), start.world.domain),
              subtasks=tuple(subtasks))
        for conditions, subtasks in zip(goal.phases, found, strict=True)
    )  # fmt: skip


def one_line(text: str) -> str:
    """Return what a person typed as one line without control characters or halves of characters."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
