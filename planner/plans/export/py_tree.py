"""Exports a plan as a py_trees tree that ticks in any home with `state()` and `execute(action)`.

    tree = to_py_trees(goal, actions, SymbolicHome(start))
    py_trees.trees.BehaviorTree(tree).tick()

A sequence with memory of phases. A phase is a sequence of subtasks, each a selector of "is it done already?" and the
action, as in `planner/plans/export/behavior_tree.py`, and a condition that tests whether its goal holds.

- *Rules* are tested before every subtask and at the end; the tree fails once one was broken.
- A phase with *tests* (`if`) is a selector, whose first child succeeds if they are false: the phase is left out.
- A phase with a *time* begins with a wait, by the home's own clock if it has one. One of every day repeats forever.

On a failure the root fails, and its `feedback_message` says why. The tree does not replan: after a failure, call
`Planner.plan_for_goal` with the current state. Needs the extra `exports`.
"""

from __future__ import annotations

import importlib.util
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from envs.symbolic.actions import BIT, HELD
from planner.errors import ExportError
from planner.plans.export.clock import HomeClock
from planner.plans.export.phases import check_ends, one_line, phases_of
from planner.plans.own_skills.states_after import states_after

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from py_trees.behaviour import Behaviour

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from envs.symbolic.home_protocol import Home
    from planner.plans.export.phases import Phase, Subtask
    from planner.plans.export.py_tree_nodes import Episode

# The state of the last argument after a subtask, for skills that set or clear a state.
STATES_AFTER = {
    "open": "open", "close": "closed", "turn on": "on", "turn off": "off", "slice": "sliced", "wipe": "clean",
    "fold": "folded",
}  # fmt: skip


def is_installed() -> bool:
    """Whether the extra `exports` is installed."""
    return importlib.util.find_spec("py_trees") is not None


def to_py_trees(
    goal: Goal,
    actions: Sequence[Action],
    home: Home,
    *,
    title: str = "",
    now: Callable[[], datetime] = datetime.now,
) -> Behaviour:
    """Build the tree.

    Args:
        goal: The goal of the plan.
        actions: The plan.
        home: The home where it is executed, from its current state.
        title: The root's name, for example the instruction.
        now: Tells the local time, for a home without a clock of its own.

    Raises:
        ExportError: py_trees is not installed, or a phase comes after one that is done every day.
    """
    if not is_installed():
        raise ExportError("py_trees is not installed: pip install 'gpt-home-planner[exports]'")
    from planner.plans.export.py_tree_nodes import Episode, GuardNode, PlanNode

    phases = phases_of(goal, actions, home.state())
    check_ends(phases, "py_trees")
    root, episode = PlanNode(one_line(title) or "plan"), Episode(goal, home, HomeClock(home, now))
    root.add_children([_phase_node(phase, episode, has_rules=bool(goal.rules)) for phase in phases])
    if goal.rules:
        root.add_child(GuardNode("rules kept?", episode))
    return root


def _phase_node(phase: Phase, episode: Episode, *, has_rules: bool) -> Behaviour:
    from py_trees.behaviours import Success
    from py_trees.composites import Selector
    from py_trees.composites import Sequence as SequenceNode
    from py_trees.decorators import Repeat

    from planner.plans.export.py_tree_nodes import ConditionNode, WaitNode

    node = _conditions_node(phase, episode, has_rules=has_rules)
    if phase.tests:
        is_left_out = ConditionNode(f"not {phase.if_text}", lambda: not episode.passes(phase.tests))
        tested, left_out = Selector(phase.if_text, memory=True), SequenceNode("left out", memory=True)
        left_out.add_children([is_left_out, Success("nothing to do")])
        tested.add_children([left_out, node])
        node = tested
    if phase.when is None:
        return node
    timed = SequenceNode(phase.when_text, memory=True)
    timed.add_children([WaitNode(f"wait: {phase.when_text}", episode, phase.when), node])
    return Repeat(name="every day", child=timed, num_success=-1) if phase.when.daily else timed


def _conditions_node(phase: Phase, episode: Episode, *, has_rules: bool) -> Behaviour:
    from py_trees.composites import Selector
    from py_trees.composites import Sequence as SequenceNode

    from planner.plans.export.py_tree_nodes import ActionNode, ConditionNode, GuardNode

    node = SequenceNode(phase.text, memory=True)
    for subtask in phase.subtasks:
        if has_rules:
            node.add_child(GuardNode("rules kept?", episode))
        subtask_node, is_done = Selector(subtask.text, memory=True), _is_done(subtask)
        subtask_node.add_children([
            ConditionNode("done already?", partial(_is_true_now, episode, is_done)),
            ActionNode(subtask.text, episode, subtask.action),
        ])  # fmt: skip
        node.add_child(subtask_node)
    unless = f"the goal does not hold: {phase.text}"
    node.add_child(ConditionNode(f"goal: {phase.text}", partial(episode.reaches, phase.goal), unless=unless))
    return node


def _is_true_now(episode: Episode, question: Callable[[State], bool]) -> bool:
    return question(episode.observe())


def show(tree: Behaviour) -> str:
    """Draw a tree with terminal characters."""
    from py_trees.display import unicode_tree

    return str(unicode_tree(tree))


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
        if skill not in STATES_AFTER:
            domain = state.world.domain
            after = states_after(domain.skills[skill], domain)
            return bool(after) and all(state.has(index[names[s.argument]], s.word) == s.is_so for s in after)
        return state.has(index[names[0]], STATES_AFTER[skill])

    return is_done
