"""Plans for other people's programs: behavior trees, PDDL, py_trees, flowcharts.

    from planner.exports import export
    print(plan.export("bt"))  # the same as export(plan, "bt")

Each format is a function of its own, too: `to_behavior_tree`, `to_pddl`, `to_py_trees`, `to_mermaid`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, get_args

from planner.exports.errors import ExportError

if TYPE_CHECKING:
    from planner.answer import Plan

__all__ = ["FORMATS", "ExportError", "Format", "export"]

Format = Literal["text", "json", "bt", "pddl", "py_trees", "mermaid"]
FORMATS: tuple[Format, ...] = get_args(Format)


def export(plan: Plan, form: Format) -> str:
    """Write a plan in a format.

    Args:
        plan: The plan.
        form: `text` as the command shows it, `json` as its `--json`, `bt` BehaviorTree.CPP 4 XML, `pddl` the domain and
            then the problem, `py_trees` the tree as it is drawn, `mermaid` a flowchart.

    Raises:
        ExportError: There is no plan in it, its goal can never hold, an extra is missing, or there is no such format.
    """
    if form not in FORMATS:
        raise ExportError(f"there is no format {form!r}; there are {', '.join(FORMATS)}")
    if form == "json":
        return json.dumps(plan.as_dict())
    if form == "text":
        return str(plan) if plan.goal is not None else f"{plan.status}: {plan.reason}"
    goal, start = plan.goal, plan.start
    if goal is None or plan.guesses:
        raise ExportError(f"there is no plan to export: {plan.status}" + (f", {plan.reason}" if plan.reason else ""))
    if form == "bt":
        from planner.exports.behavior_tree import to_behavior_tree

        return to_behavior_tree(goal, plan.actions, start, title=plan.instruction)
    if form == "mermaid":
        from planner.exports.mermaid import to_mermaid

        return to_mermaid(goal, plan.actions, start, title=plan.instruction)
    if form == "pddl":
        from planner.exports.pddl import to_pddl

        return str(to_pddl(goal, start, title=plan.instruction))
    from planner.execute import SymbolicHome
    from planner.exports.py_tree import show, to_py_trees

    return show(to_py_trees(goal, plan.actions, SymbolicHome(start), title=plan.instruction))
