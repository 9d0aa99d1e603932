"""Splits a plan at the ends of its goal's phases; all export formats but PDDL are written from this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import NO_GUARD, Goal, format_condition, format_goal, format_rule
from envs.symbolic.progress import advance, begin
from planner.errors import ExportError
from planner.goals.narrowing import is_plain
from planner.verification.plan_verification import attempt


@dataclass(frozen=True, kw_only=True)
class Subtask:
    """A step of a plan.

    Attributes:
        action: The action.
        text: The action in words.
        liquid: The liquid that `pour` pours; empty for other skills, or if the plan fails earlier.
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


def check_sayable(goal: Goal, state: State, language: str, *, plain: bool = False) -> None:
    """Refuse a goal that another program's language cannot say; nothing of a goal is left out in silence.

    Args:
        goal: The goal.
        state: The state in which the plan begins.
        language: What the message calls the language.
        plain: Whether it can only say plain conditions (`planner/goals/narrowing.py`).

    Raises:
        ExportError: It has rules, tests or times, or a condition that is not plain.
    """
    parts = [format_rule(rule) for rule in goal.rules]
    for number, guard in enumerate(goal.guards, start=1):
        parts += [f"when or whether phase {number} begins"] if guard != NO_GUARD else []
    if plain:
        parts += [format_condition(c) for c in goal.conditions if not is_plain(c, state.world)]
    if parts:
        raise ExportError(f"{language} cannot say this yet: {' ; '.join(parts)}")


def phases_of(goal: Goal, actions: Sequence[Action], initial_state: State) -> tuple[Phase, ...]:
    """Split a plan into phases. Actions after the end of the last phase, and inapplicable ones, stay in it."""
    progress = begin(goal, initial_state)
    by_phase: list[list[Subtask]] = [[] for _ in goal.phases]
    states = [initial_state, *attempt(initial_state, actions)]
    for action, state, next_state in zip(actions, states[:-1], states[1:], strict=True):
        liquid = state.liquid[state.world.index[action.args[0]]] if action.skill == "pour" else ""
        by_phase[progress.phase].append(Subtask(action=action, text=format_action(state.world, action), liquid=liquid))
        progress = advance(progress, next_state, action)
    return tuple(
        Phase(goal=Goal(phases=(conditions,)), text=format_goal(Goal(phases=(conditions,)), initial_state.world.domain),
              subtasks=tuple(subtasks))
        for conditions, subtasks in zip(goal.phases, by_phase, strict=True)
    )  # fmt: skip


def one_line(text: str) -> str:
    """Return user text as one line without control characters or unpaired surrogates."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
