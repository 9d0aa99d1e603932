"""Exports a plan as a py_trees tree that ticks in any home with `state()` and `execute(action)`.

    tree = to_py_trees(goal, actions, SymbolicHome(start))
    py_trees.trees.BehaviorTree(tree).tick()

A sequence with memory of subtasks, each a selector of "is it done already?" and the action, as in
`planner/plans/export/behavior_tree.py`. A condition at the end of each phase tests whether its goal holds. On a failure
the root fails, and its `feedback_message` says why. The tree does not replan: after a failure, call
`Planner.plan_for_goal` with the current state. Needs the extra `exports`.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from envs.symbolic.actions import BIT, HELD
from envs.symbolic.scoring import holds
from planner.errors import ExportError
from planner.plans.export.phases import one_line, phases_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from py_trees.behaviour import Behaviour

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from envs.symbolic.home_protocol import Home
    from planner.plans.export.phases import Subtask

# The state of the last argument after a subtask, for skills that set or clear a state.
STATES_AFTER = {
    "open": "open", "close": "closed", "turn on": "on", "turn off": "off", "slice": "sliced", "wipe": "clean",
    "fold": "folded",
}  # fmt: skip


def is_installed() -> bool:
    """Whether the extra `exports` is installed."""
    return importlib.util.find_spec("py_trees") is not None


def to_py_trees(goal: Goal, actions: Sequence[Action], home: Home, *, title: str = "") -> Behaviour:
    """Build the tree.

    Args:
        goal: The goal of the plan.
        actions: The plan.
        home: The home where it is executed, from its current state.
        title: The root's name, for example the instruction.

    Raises:
        ExportError: py_trees is not installed.
    """
    if not is_installed():
        raise ExportError("py_trees is not installed: pip install 'gpt-home-planner[exports]'")
    from py_trees.composites import Selector
    from py_trees.composites import Sequence as SequenceNode

    from planner.plans.export.py_tree_nodes import ActionNode, ConditionNode, PlanNode

    initial_state = home.state()
    root = PlanNode(one_line(title) or "plan")
    for phase in phases_of(goal, actions, initial_state):
        phase_node = SequenceNode(phase.text, memory=True)
        for subtask in phase.subtasks:
            subtask_node = Selector(subtask.text, memory=True)
            subtask_node.add_children(
                [
                    ConditionNode("done already?", home, _is_done(subtask)),
                    ActionNode(subtask.text, home, subtask.action),
                ]
            )
            phase_node.add_child(subtask_node)
        goal_holds = all_hold(phase.goal, initial_state)
        phase_node.add_child(
            ConditionNode(f"goal: {phase.text}", home, goal_holds, unless=f"the goal does not hold: {phase.text}")
        )
        root.add_child(phase_node)
    return root


def show(tree: Behaviour) -> str:
    """Draw a tree with terminal characters."""
    from py_trees.display import unicode_tree

    return str(unicode_tree(tree))


def all_hold(goal: Goal, initial_state: State) -> Callable[[State], bool]:
    """Return a test of whether all conditions of a phase hold in a state, given the episode's initial state."""
    return lambda state: all(holds(state, condition, initial_state) for condition in goal.conditions)


def _is_done(subtask: Subtask) -> Callable[[State], bool]:
    """Return a test of whether a subtask's effect holds in a state."""
    (skill, args), liquid = subtask.action, subtask.liquid

    def is_done(state: State) -> bool:
        index, names = state.world.index, args
        if skill == "go to":
            return state.at == index[names[0]]
        if skill == "pick up":
            return state.held == index[names[0]] and state.place[state.held] == HELD
        if skill in ("put", "give"):
            return state.place[index[names[0]]] == index[names[1]]
        if skill == "pour":
            target = index[names[1]]
            return bool(state.flags[target] & BIT["watered"]) or (bool(liquid) and state.liquid[target] == liquid)
        return state.has(index[names[0]], STATES_AFTER[skill])

    return is_done
