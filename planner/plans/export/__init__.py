"""Plans in formats of other software: behavior trees (BehaviorTree.CPP 4), PDDL, py_trees, Mermaid flowcharts.

    print(plan.export("bt"))

Each format is also a function of values (goal, actions, start): `to_behavior_tree`, `to_pddl`, `to_py_trees`,
`to_mermaid`.

| file | what |
|---|---|
| `behavior_tree.py` | the XML of BehaviorTree.CPP 4 |
| `mermaid.py` | a Mermaid flowchart |
| `py_tree.py`, `py_tree_nodes.py` | a py_trees tree, and its nodes |
| `pddl_domain.py`, `pddl_goal.py`, `pddl_problem.py` | the domain, a goal and a problem in PDDL |
| `fast_downward.py` | solves a PDDL problem (extra `pddl`) |
| `phases.py` | splits a plan by the phases of its goal |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from planner.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.goals import Goal
    from envs.symbolic.state import Action, State

__all__ = ["FORMATS", "PLAN_FORMATS", "ExportError", "Format", "PlanFormat", "export"]

PlanFormat = Literal["bt", "pddl", "py_trees", "mermaid"]
PLAN_FORMATS: tuple[PlanFormat, ...] = get_args(PlanFormat)
Format = Literal["text", "json", PlanFormat]
FORMATS: tuple[Format, ...] = get_args(Format)


def export(format_name: PlanFormat, goal: Goal, actions: Sequence[Action], initial_state: State, *, title: str) -> str:
    """Write a plan in a format.

    Args:
        format_name: `bt`: BehaviorTree.CPP 4 XML; `pddl`: the domain and then the problem; `py_trees`: a drawing of the
            tree; `mermaid`: a flowchart.
        goal: The goal of the plan.
        actions: Its actions.
        initial_state: The state in which the plan begins.
        title: The instruction, shown as the plan's title.

    Raises:
        ExportError: The goal can never hold, or an extra is missing.
    """
    if format_name == "bt":
        from planner.plans.export.behavior_tree import to_behavior_tree

        return to_behavior_tree(goal, actions, initial_state, title=title)
    if format_name == "mermaid":
        from planner.plans.export.mermaid import to_mermaid

        return to_mermaid(goal, actions, initial_state, title=title)
    if format_name == "pddl":
        from planner.plans.export.pddl_problem import to_pddl

        return str(to_pddl(goal, initial_state, title=title))
    from envs.simulation.symbolic_home import SymbolicHome
    from planner.plans.export.py_tree import show, to_py_trees

    return show(to_py_trees(goal, actions, SymbolicHome(initial_state), title=title))
