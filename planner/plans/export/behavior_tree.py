"""A plan as a behavior tree in the XML of BehaviorTree.CPP 4, for its `BehaviorTreeFactory` and for Groot2.

    Sequence                               the phases of the goal
      Fallback                             a phase
        Sequence
          Fallback                         a subtask: is it done already? then nothing is to be done
            Holding object="plate 8"
            PickUp object="plate 8"
          GoalHolds goal="plate on dining table"
        RetryUntilSuccessful num_attempts="4"
          Replan goal="plate on dining table"

`Sequence` remembers where it is: a reactive one would ask for the first subtask's outcome again, and pick up once more
what has been put down. `Replan` plans anew for the goal from what is true by then, and carries that out. The nodes are
the robot's to implement; `TreeNodesModel` declares each with its ports. Format:
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
    """A node that the robot implements: its ID and ports."""

    kind: Literal["Action", "Condition"]
    name: str
    ports: tuple[str, ...]


def _act(name: str, *ports: str) -> Node:
    return Node(kind="Action", name=name, ports=ports)


def _ask(name: str, *ports: str) -> Node:
    return Node(kind="Condition", name=name, ports=ports)


# Each skill's action, and the condition that it makes true, whose ports are the last or the only ones of the action.
SKILLS = {
    "go to": (_act("GoTo", "fixture"), _ask("IsNear", "fixture")),
    "pick up": (_act("PickUp", "object"), _ask("Holding", "object")),
    "put": (_act("Put", "object", "place"), _ask("IsAt", "object", "place")),
    "give": (_act("Give", "object", "place"), _ask("IsAt", "object", "place")),
    "open": (_act("Open", "fixture"), _ask("IsOpen", "fixture")),
    "close": (_act("Close", "fixture"), _ask("IsClosed", "fixture")),
    "turn on": (_act("TurnOn", "fixture"), _ask("IsOn", "fixture")),
    "turn off": (_act("TurnOff", "fixture"), _ask("IsOff", "fixture")),
    "slice": (_act("Slice", "object"), _ask("IsSliced", "object")),
    "wipe": (_act("Wipe", "fixture"), _ask("IsClean", "fixture")),
    "pour": (_act("Pour", "object", "place"), _ask("Contains", "place", "liquid")),
    "fold": (_act("Fold", "object"), _ask("IsFolded", "object")),
}
WATER = (_act("Water", "object", "fixture"), _ask("IsWatered", "fixture"))  # `pour` into a plant
REPLAN = _act("Replan", "goal")
GOAL_HOLDS = _ask("GoalHolds", "goal")
NODES = tuple(dict.fromkeys([n for pair in (*SKILLS.values(), WATER) for n in pair] + [REPLAN, GOAL_HOLDS]))


def to_behavior_tree(
    goal: Goal, actions: Sequence[Action], start: State, *, title: str = "", attempts: int = MAX_REPLANS
) -> str:
    """Write a plan as XML.

    Args:
        goal: What it reaches.
        actions: The plan.
        start: The state that it begins in.
        title: The tree's description, for example the instruction.
        attempts: How often a phase is planned anew.
    """
    root = ElementTree.Element("root", {"BTCPP_format": "4", "main_tree_to_execute": TREE})
    tree = ElementTree.SubElement(root, "BehaviorTree", {"ID": TREE})
    if title:
        tree.set("_description", one_line(title))
    found = phases_of(goal, actions, start)
    above = ElementTree.SubElement(tree, "Sequence", {"name": "phases"}) if len(found) > 1 else tree
    for number, phase in enumerate(found, start=1):
        _phase(above, phase, f"phase {number}", start, attempts)
    _model(ElementTree.SubElement(root, "TreeNodesModel"))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _phase(above: ElementTree.Element, phase: Phase, name: str, start: State, attempts: int) -> None:
    way = ElementTree.SubElement(above, "Fallback", {"name": name})
    steps = ElementTree.SubElement(way, "Sequence", {"name": f"{name}, plan"})
    for number, subtask in enumerate(phase.subtasks, start=1):
        _subtask(steps, subtask, f"{number}. {subtask.text}", start)
    _leaf(steps, GOAL_HOLDS, [phase.text])
    again = ElementTree.SubElement(
        way, "RetryUntilSuccessful", {"name": f"{name}, plan anew", "num_attempts": str(attempts)}
    )
    _leaf(again, REPLAN, [phase.text])


def _subtask(above: ElementTree.Element, subtask: Subtask, name: str, start: State) -> None:
    skill, args = subtask.action
    if skill == "pour" and start.world.fixture_category[start.world.index[args[1]]] is not None:
        (act, ask), values = WATER, [args[1]]
    else:
        act, ask = SKILLS[skill]
        values = [args[1], subtask.liquid] if skill == "pour" else list(args)
    either = ElementTree.SubElement(above, "Fallback", {"name": name})
    _leaf(either, ask, values)
    _leaf(either, act, list(args))


def _leaf(above: ElementTree.Element, node: Node, values: Sequence[str]) -> None:
    ElementTree.SubElement(above, node.name, dict(zip(node.ports, map(one_line, values), strict=True)))


def _model(model: ElementTree.Element) -> None:
    for node in NODES:
        declared = ElementTree.SubElement(model, node.kind, {"ID": node.name, "editable": "true"})
        for port in node.ports:
            ElementTree.SubElement(declared, "input_port", {"name": port, "type": "std::string"}).text = PORTS[port]
