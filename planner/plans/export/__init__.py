"""Plans in formats of other software: behavior trees (BehaviorTree.CPP 4), PDDL, py_trees, Mermaid flowcharts.

    print(plan.export("bt"))
    for name, text in plan.export_files("pddl").items(): ...    # domain.pddl, problem.pddl, plan

Each format is also a function of values (goal, actions, start): `to_behavior_tree`, `to_strips`, `to_py_trees`,
`to_mermaid`. PDDL has a room of its own, `planner/plans/pddl/`.

| file | what |
|---|---|
| `behavior_tree.py` | the XML of BehaviorTree.CPP 4 |
| `mermaid.py` | a Mermaid flowchart |
| `py_tree.py`, `py_tree_nodes.py` | a py_trees tree, and its nodes |
| `phases.py` | splits a plan by the phases of its goal |
| `clock.py` | the clock by which a py_trees tree waits |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from planner.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envs.symbolic.goals import Goal
    from envs.symbolic.state import Action, State

__all__ = ["FORMATS", "PLAN_FORMATS", "ExportError", "Format", "PlanFormat", "export_files", "joined"]

PlanFormat = Literal["bt", "pddl", "py_trees", "mermaid"]
PLAN_FORMATS: tuple[PlanFormat, ...] = get_args(PlanFormat)
Format = Literal["text", "json", PlanFormat]
FORMATS: tuple[Format, ...] = get_args(Format)


def export_files(
    format_name: PlanFormat, goal: Goal, actions: Sequence[Action], initial_state: State, *, title: str
) -> dict[str, str]:
    """Write a plan in a format, as the texts of files by name.

    Args:
        format_name: `bt`: BehaviorTree.CPP 4 XML; `pddl`: domain, problem and plan; `py_trees`: a drawing of the tree;
            `mermaid`: a flowchart.
        goal: The goal of the plan.
        actions: Its actions.
        initial_state: The state in which the plan begins.
        title: The instruction, shown as the plan's title.

    Raises:
        ExportError: The format cannot say the goal, it can never hold, or an extra is missing.
    """
    if format_name == "bt":
        from planner.plans.export.behavior_tree import to_behavior_tree

        return {"plan.xml": to_behavior_tree(goal, actions, initial_state, title=title)}
    if format_name == "mermaid":
        from planner.plans.export.mermaid import to_mermaid

        return {"plan.mmd": to_mermaid(goal, actions, initial_state, title=title)}
    if format_name == "pddl":
        from planner.plans.pddl.strips_problem import to_strips

        files = to_strips(goal, actions, initial_state, title=title)
        return {"domain.pddl": files.domain, "problem.pddl": files.problem, "plan": files.plan}
    from envs.simulation.symbolic_home import SymbolicHome
    from planner.plans.export.py_tree import show, to_py_trees

    return {"plan.txt": show(to_py_trees(goal, actions, SymbolicHome(initial_state), title=title))}


def joined(files: Mapping[str, str]) -> str:
    """Return the files of one format as one text: PDDL's plan is a comment, so that the rest can be split and read."""
    texts = [text for name, text in files.items() if name != "plan"]
    steps = [f"; {line}" for line in files.get("plan", "").splitlines() if not line.startswith(";")]
    return "\n".join([*texts, *(["; plan:", *steps, ""] if "plan" in files else [])])
