"""Exports a plan as a Mermaid flowchart: the instruction, the subtasks phase by phase, the goal.

Labels are quoted, and every character that is not a letter, a digit or plain punctuation is written as an entity, so
that user text is never read as markup: neither as Mermaid's nor as Markdown, which labels are too (`1. ` is a list).
Syntax: https://mermaid.js.org/syntax/flowchart.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.plans.export.phases import one_line, phases_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal

PLAIN_CHARACTERS = " ,'?:→"


def to_mermaid(goal: Goal, actions: Sequence[Action], initial_state: State, *, title: str = "") -> str:
    """Write a plan as a flowchart.

    Args:
        goal: The goal of the plan.
        actions: The plan.
        initial_state: The state in which the plan begins.
        title: The label of the first node, for example the instruction.
    """
    lines = ["flowchart TD", f'    start(["{_escaped(title or "start")}"])']
    previous, number = "start", 0
    for phase_number, phase in enumerate(phases_of(goal, actions, initial_state), start=1):
        for subtask in phase.subtasks:
            number += 1
            lines += [f'    s{number}["{number}: {_escaped(subtask.text)}"]', f"    {previous} --> s{number}"]
            previous = f"s{number}"
        lines += [f'    g{phase_number}{{{{"{_escaped(phase.text)}"}}}}', f"    {previous} --> g{phase_number}"]
        previous = f"g{phase_number}"
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return "".join(c if c.isalnum() or c in PLAIN_CHARACTERS else f"#{ord(c)};" for c in one_line(text))
