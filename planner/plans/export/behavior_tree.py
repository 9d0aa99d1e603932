"""Exports a plan as a behavior tree in the XML of BehaviorTree.CPP 4, for its `BehaviorTreeFactory` and for Groot2.

    ReactiveSequence                       while the rules hold
      RuleKept rule="never open fridge"
      Sequence                             the phases of the goal
        Sequence                           a phase
          Sleep msec="1800000"             when it begins: `after 30 min`
          IfThenElse                       whether it is done: `if window open`
            TestHolds test="window open"
            Fallback
              Sequence
                Fallback                   a subtask, skipped if it is already done
                  Holding object="plate 8"
                  PickUp object="plate 8"
                GoalHolds goal="plate on dining table"
              RetryUntilSuccessful num_attempts="4"
                Replan goal="plate on dining table while never open fridge"
            AlwaysSuccess
        RuleKept rule="never open fridge"

What the goal does not have is left out: a plain goal is its `Fallback` alone.

- `Sequence` remembers its position: a reactive sequence would check the first subtask again, and pick up again what has
  been put down. The guard of the rules is reactive: they are tested at every tick, and a broken one halts the tree.
- `RuleKept` fails once a rule was broken since the tree began: by a state, or because a forbidden skill was used.
- `GoalHolds` and `TestHolds` read the goal language. What a goal chooses at the start (`1 of dirty plate`), and where
  things come `from`, is about the state in which the tree began, or in which the last wait for a time ended. `by` is
  about what was used since the tree began.
- `WaitUntil` waits for a time of day: the next one after the last time of the goal, or after the tree began. A phase of
  every day is repeated without an end.
- `Replan` plans for the goal from the current state and executes that plan.

The robot implements these nodes and the subtasks; `TreeNodesModel` declares each with its ports. The others are built
in: https://www.behaviortree.dev/docs/learn-the-basics/xml_format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

from envs.symbolic.domain.achievers import own_skills
from envs.symbolic.goals import format_rule
from planner.plans.export.phases import check_ends, one_line, phases_of
from planner.plans.options import MAX_REPLANS
from planner.plans.own_skills.states_after import StateAfter, states_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.symbolic.actions import Action, State
    from envs.symbolic.domain import Domain
    from envs.symbolic.goals import Goal
    from envs.symbolic.skills.values import Skill
    from planner.plans.export.phases import Phase, Subtask

TREE = "Plan"
PORTS = {
    "object": "the thing, for example plate 8",
    "place": "the fixture or thing that it is to be in, on or with",
    "fixture": "the piece of furniture or appliance",
    "liquid": "what is in it",
    "room": "the room",
    "person": "the person",
    "object_2": "the other thing",
    "fixture_2": "the other piece of furniture",
    "place_2": "the other place",
    "room_2": "the other room",
    "person_2": "the other person",
    "goal": "in the goal language, for example: 2 plate on dining table",
    "test": "a condition in the goal language, or its opposite, for example: not window open",
    "rule": "in the goal language, for example: never open fridge",
    "time": "time of day, for example: 07:00",
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
TEST_HOLDS = _condition_node("TestHolds", "test")
RULE_KEPT = _condition_node("RuleKept", "rule")
WAIT_UNTIL = _action_node("WaitUntil", "time")
TREE_NODES = (REPLAN, GOAL_HOLDS, TEST_HOLDS, RULE_KEPT, WAIT_UNTIL)
NODES = tuple(dict.fromkeys([*(node for pair in (*SKILLS.values(), WATER) for node in pair), *TREE_NODES]))
MS_PER_S = 1000
FOREVER = "-1"


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

    Raises:
        ExportError: A phase comes after one that is done every day.
    """
    root = ElementTree.Element("root", {"BTCPP_format": "4", "main_tree_to_execute": TREE})
    tree = ElementTree.SubElement(root, "BehaviorTree", {"ID": TREE})
    if title:
        tree.set("_description", one_line(title))
    phases = phases_of(goal, actions, initial_state)
    check_ends(phases, "a behavior tree")
    rules = list(dict.fromkeys(format_rule(rule, initial_state.world.domain) for rule in goal.rules))
    parent = ElementTree.SubElement(tree, "ReactiveSequence", {"name": "while the rules hold"}) if rules else tree
    _add_rules(parent, rules, "before")
    if len(phases) > 1 or rules:
        parent = ElementTree.SubElement(parent, "Sequence", {"name": "phases"})
    for number, phase in enumerate(phases, start=1):
        _add_phase(parent, phase, f"phase {number}", initial_state, attempts)
    _add_rules(parent, rules, "after")
    _add_node_models(ElementTree.SubElement(root, "TreeNodesModel"), initial_state.world.domain)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_rules(parent: ElementTree.Element, rules: Sequence[str], moment: str) -> None:
    for rule in rules:
        _add_node(parent, RULE_KEPT, [rule], name=f"{rule}, {moment}")


def _add_phase(parent: ElementTree.Element, phase: Phase, name: str, initial_state: State, attempts: int) -> None:
    if phase.when is not None:
        if phase.when.daily:
            parent = ElementTree.SubElement(parent, "Repeat", {"name": f"{name}, every day", "num_cycles": FOREVER})
        parent = ElementTree.SubElement(parent, "Sequence", {"name": f"{name}, {one_line(phase.when_text)}"})
        if phase.when.at is not None:
            _add_node(parent, WAIT_UNTIL, [phase.when.at])
        else:
            milliseconds = round(MS_PER_S * (phase.when.after_s or 0))
            ElementTree.SubElement(parent, "Sleep", {"name": phase.when_text, "msec": str(milliseconds)})
    if not phase.tests:
        _add_conditions(parent, phase, name, initial_state, attempts)
        return
    choice = ElementTree.SubElement(parent, "IfThenElse", {"name": f"{name}, {one_line(phase.if_text)}"})
    tests = (
        choice if len(phase.test_texts) == 1 else ElementTree.SubElement(choice, "Sequence", {"name": f"{name}, tests"})
    )
    for text in phase.test_texts:
        _add_node(tests, TEST_HOLDS, [text], name=text if len(phase.test_texts) > 1 else "")
    _add_conditions(choice, phase, name, initial_state, attempts)
    ElementTree.SubElement(choice, "AlwaysSuccess", {"name": f"{name}, left out"})


def _add_conditions(parent: ElementTree.Element, phase: Phase, name: str, initial_state: State, attempts: int) -> None:
    fallback = ElementTree.SubElement(parent, "Fallback", {"name": name})
    sequence = ElementTree.SubElement(fallback, "Sequence", {"name": f"{name}, plan"})
    for number, subtask in enumerate(phase.subtasks, start=1):
        _add_subtask(sequence, subtask, f"{number}. {subtask.text}", initial_state)
    _add_node(sequence, GOAL_HOLDS, [phase.text])
    retry = ElementTree.SubElement(
        fallback, "RetryUntilSuccessful", {"name": f"{name}, plan anew", "num_attempts": str(attempts)}
    )
    _add_node(retry, REPLAN, [phase.with_rules])


def _add_subtask(parent: ElementTree.Element, subtask: Subtask, name: str, initial_state: State) -> None:
    skill, args = subtask.action
    if skill not in SKILLS:
        _add_own_subtask(parent, subtask, name, initial_state.world.domain)
        return
    if skill == "pour" and initial_state.world.fixture_category[initial_state.world.index[args[1]]] is not None:
        (action, condition), values = WATER, [args[1]]
    else:
        action, condition = SKILLS[skill]
        values = [args[1], subtask.liquid] if skill == "pour" else list(args)
    fallback = ElementTree.SubElement(parent, "Fallback", {"name": name})
    _add_node(fallback, condition, values)
    _add_node(fallback, action, list(args))


def _add_node(parent: ElementTree.Element, node: Node, values: Sequence[str], *, name: str = "") -> None:
    named = {"name": one_line(name)} if name else {}
    ElementTree.SubElement(parent, node.name, named | dict(zip(node.ports, map(one_line, values), strict=True)))


def _add_own_subtask(parent: ElementTree.Element, subtask: Subtask, name: str, domain: Domain) -> None:
    """Add a subtask of a skill that the domain adds: skipped if what it sets is so already."""
    skill, args = subtask.action
    action, conditions = own_nodes(domain.skills[skill], domain)
    if not conditions:
        _add_node(parent, action, list(args), name=name)
        return
    fallback = ElementTree.SubElement(parent, "Fallback", {"name": name})
    done = ElementTree.SubElement(fallback, "Sequence", {"name": f"{name}, done"}) if len(conditions) > 1 else fallback
    for condition, after in zip(conditions, states_after(domain.skills[skill], domain), strict=True):
        _add_node(done, condition, [args[after.argument]])
    _add_node(fallback, action, list(args))


def own_nodes(skill: Skill, domain: Domain) -> tuple[Node, list[Node]]:
    """Return the action node of a skill that the domain adds, and a condition node for each state that it sets."""
    sorts = [_sort_of(parameter.kind, domain) for parameter in skill.parameters]
    ports = [f"{sort}_2" if sort in sorts[:i] else sort for i, sort in enumerate(sorts)]
    conditions = [_own_condition(after, sorts[after.argument]) for after in states_after(skill, domain)]
    name = _camel_case(skill.name)
    is_taken = any(node.name == name for node in NODES)
    return _action_node(f"Do{name}" if is_taken else name, *ports), conditions


def _own_condition(after: StateAfter, sort: str) -> Node:
    """Return the condition that something is so; a known one, such as `IsClean`, if that is about its sort."""
    name = f"Is{'' if after.is_so else 'Not'}{_camel_case(after.word)}"
    known = next((node for node in NODES if node.name == name), None)
    is_own = known is None and sort == "object"
    return _condition_node(name if is_own or (known and known.ports == (sort,)) else f"{name}{sort.title()}", sort)


def _sort_of(kind: str, domain: Domain) -> str:
    sort = domain.vocabulary.sort_of(kind)
    return sort if sort is not None else "object"


def _camel_case(words: str) -> str:
    return "".join(word.capitalize() for word in words.replace("-", " ").split())


def _add_node_models(model: ElementTree.Element, domain: Domain) -> None:
    own = [own_nodes(skill, domain) for skill in own_skills(domain)]
    nodes = {node.name: node for action, conditions in own for node in (action, *conditions)}
    for node in (*NODES, *(node for name, node in nodes.items() if name not in {known.name for known in NODES})):
        element = ElementTree.SubElement(model, node.kind, {"ID": node.name, "editable": "true"})
        for port in node.ports:
            ElementTree.SubElement(element, "input_port", {"name": port, "type": "std::string"}).text = PORTS[port]
