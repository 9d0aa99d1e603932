"""Exports a plan as a behavior tree in the XML of BehaviorTree.CPP 4, for its `BehaviorTreeFactory` and for Groot2.

    Sequence                               the phases of the goal
      Fallback                             a phase
        Sequence
          Fallback                         a subtask, skipped if it is already done
            Holding object="plate 8"
            PickUp object="plate 8"
          GoalHolds goal="plate on dining table"
        RetryUntilSuccessful num_attempts="4"
          Replan goal="plate on dining table"

`Sequence` remembers its position: a reactive sequence would check the first subtask again, and pick up again what has
been put down. `Replan` plans for the goal from the current state and executes that plan. The robot implements the
nodes; `TreeNodesModel` declares each with its ports. Format:
https://www.behaviortree.dev/docs/learn-the-basics/xml_format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

from planner.plans.export.phases import one_line, phases_of
from planner.plans.options import MAX_REPLANS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from planner.plans.export.phases import Phase, Subtask

TREE = "Plan"
PORTS = {
    "object": "the thing, for example plate 8",
    "place": "the fixture or thing that it is to be in, on or with",
    "fixture": "the piece of furniture or appliance",
    "liquid": "what is in it",
    "goal": "in the goal language, for example: 2 plate on dining table",
}


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node type that the robot implements: its ID and ports."""

    kind: Literal["Action", "Condition"]
    name: str
    ports: tuple[str, ...]


def _action_node(name: str, *ports: str) -> Node:
    return Node(kind="Action", name=name, ports=ports)


def _condition_node(name: str, *ports: str) -> Node:
    return Node(kind="Condition", name=name, ports=ports)


# Each skill's action node, and the condition that it makes true.
SKILLS = {
    "go to": (_action_node("GoTo", "fixture"), _condition_node("IsNear", "fixture")),
    "pick up": (_action_node("PickUp", "object"), _condition_node("Holding", "object")),
    "put": (_action_node("Put", "object", "place"), _condition_node("IsAt", "object", "place")),
    "give": (_action_node("Give", "object", "place"), _condition_node("IsAt", "object", "place")),
    "open": (_action_node("Open", "fixture"), _condition_node("IsOpen", "fixture")),
    "close": (_action_node("Close", "fixture"), _condition_node("IsClosed", "fixture")),
    "turn on": (_action_node("TurnOn", "fixture"), _condition_node("IsOn", "fixture")),
    "turn off": (_action_node("TurnOff", "fixture"), _condition_node("IsOff", "fixture")),
    "slice": (_action_node("Slice", "object"), _condition_node("IsSliced", "object")),
    "wipe": (_action_node("Wipe", "fixture"), _condition_node("IsClean", "fixture")),
    "pour": (_action_node("Pour", "object", "place"), _condition_node("Contains", "place", "liquid")),
    "fold": (_action_node("Fold", "object"), _condition_node("IsFolded", "object")),
}
WATER = (_action_node("Water", "object", "fixture"), _condition_node("IsWatered", "fixture"))  # `pour` into a plant
REPLAN = _action_node("Replan", "goal")
GOAL_HOLDS = _condition_node("GoalHolds", "goal")
NODES = tuple(dict.fromkeys([n for pair in (*SKILLS.values(), WATER) for n in pair] + [REPLAN, GOAL_HOLDS]))


def to_behavior_tree(
    goal: Goal, actions: Sequence[Action], initial_state: State, *, title: str = "", attempts: int = MAX_REPLANS
) -> str:
    """Write a plan as XML.

    Args:
        goal: The goal of the plan.
        actions: The plan.
        initial_state: The state in which the plan begins.
        title: The tree's description, for example the instruction.
        attempts: Maximum number of replans of a phase.
    """
    root = ElementTree.Element("root", {"BTCPP_format": "4", "main_tree_to_execute": TREE})
    tree = ElementTree.SubElement(root, "BehaviorTree", {"ID": TREE})
    if title:
        tree.set("_description", one_line(title))
    phases = phases_of(goal, actions, initial_state)
    parent = ElementTree.SubElement(tree, "Sequence", {"name": "phases"}) if len(phases) > 1 else tree
    for number, phase in enumerate(phases, start=1):
        _add_phase(parent, phase, f"phase {number}", initial_state, attempts)
    _add_node_models(ElementTree.SubElement(root, "TreeNodesModel"))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_phase(parent: ElementTree.Element, phase: Phase, name: str, initial_state: State, attempts: int) -> None:
    fallback = ElementTree.SubElement(parent, "Fallback", {"name": name})
    sequence = ElementTree.SubElement(fallback, "Sequence", {"name": f"{name}, plan"})
    for number, subtask in enumerate(phase.subtasks, start=1):
        _add_subtask(sequence, subtask, f"{number}. {subtask.text}", initial_state)
    _add_node(sequence, GOAL_HOLDS, [phase.text])
    retry = ElementTree.SubElement(
        fallback, "RetryUntilSuccessful", {"name": f"{name}, plan anew", "num_attempts": str(attempts)}
    )
    _add_node(retry, REPLAN, [phase.text])


def _add_subtask(parent: ElementTree.Element, subtask: Subtask, name: str, initial_state: State) -> None:
    skill, args = subtask.action
    if skill == "pour" and initial_state.world.fixture_category[initial_state.world.index[args[1]]] is not None:
        (action, condition), values = WATER, [args[1]]
    else:
        action, condition = SKILLS[skill]
        values = [args[1], subtask.liquid] if skill == "pour" else list(args)
    fallback = ElementTree.SubElement(parent, "Fallback", {"name": name})
    _add_node(fallback, condition, values)
    _add_node(fallback, action, list(args))


def _add_node(parent: ElementTree.Element, node: Node, values: Sequence[str]) -> None:
    ElementTree.SubElement(parent, node.name, dict(zip(node.ports, map(one_line, values), strict=True)))


def _add_node_models(model: ElementTree.Element) -> None:
    for node in NODES:
        element = ElementTree.SubElement(model, node.kind, {"ID": node.name, "editable": "true"})
        for port in node.ports:
            ElementTree.SubElement(element, "input_port", {"name": port, "type": "std::string"}).text = PORTS[port]
