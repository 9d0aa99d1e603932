"""Exports a plan as a Mermaid flowchart: the instruction, the rules, the subtasks phase by phase, the goal.

A phase with a time begins with the wait; one with tests begins with a question, whose "no" leads past the phase.

Labels are quoted, and every character that is not a letter, a digit or plain punctuation is written as an entity, so
that user text is never read as markup: neither as Mermaid's nor as Markdown, which labels are too (`1. ` is a list).
Syntax: https://mermaid.js.org/syntax/flowchart.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.goals import format_rule
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
    previous, number = ["start"], 0
    for rule_number, rule in enumerate(goal.rules, start=1):
        text = _escaped(format_rule(rule, initial_state.world.domain))
        lines += [f'    r{rule_number}[/"{text}"/]', *_edges(previous, f"r{rule_number}")]
        previous = [f"r{rule_number}"]
    for phase_number, phase in enumerate(phases_of(goal, actions, initial_state), start=1):
        past: list[str] = []
        if phase.when is not None:
            lines += [
                f'    w{phase_number}(["wait: {_escaped(phase.when_text)}"])',
                *_edges(previous, f"w{phase_number}"),
            ]
            previous = [f"w{phase_number}"]
        if phase.tests:
            lines += [f'    t{phase_number}{{"{_escaped(phase.if_text)}"}}', *_edges(previous, f"t{phase_number}")]
            previous, past = [f"t{phase_number} -->|yes|"], [f"t{phase_number} -->|no|"]
        for subtask in phase.subtasks:
            number += 1
            lines += [f'    s{number}["{number}: {_escaped(subtask.text)}"]', *_edges(previous, f"s{number}")]
            previous = [f"s{number}"]
        lines += [f'    g{phase_number}{{{{"{_escaped(phase.text)}"}}}}', *_edges(previous, f"g{phase_number}")]
        previous = [f"g{phase_number}", *past]
    if len(previous) > 1:
        lines += ['    over(["end"])', *_edges(previous, "over")]
    return "\n".join(lines) + "\n"


def _edges(sources: Sequence[str], target: str) -> list[str]:
    """Return an edge from each source, a node or a node with a labeled arrow."""
    return [f"    {source} {target}" if source.endswith("|") else f"    {source} --> {target}" for source in sources]


def _escaped(text: str) -> str:
    return "".join(c if c.isalnum() or c in PLAIN_CHARACTERS else f"#{ord(c)};" for c in one_line(text))
