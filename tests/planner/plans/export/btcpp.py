"""What BehaviorTree.CPP 4 asks of a file, as a checker written from its published description, and a ticker of trees.

https://www.behaviortree.dev/docs/learn-the-basics/xml_format, and the library's rules for names of models and ports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree import ElementTree

CONTROLS = {"Sequence", "ReactiveSequence", "SequenceWithMemory", "Fallback", "ReactiveFallback", "IfThenElse"}
BUILT_IN = {"Sleep": ("msec",), "AlwaysSuccess": (), "AlwaysFailure": ()}
DECORATORS = {"Inverter": (), "RetryUntilSuccessful": ("num_attempts",), "Repeat": ("num_cycles",),
              "ForceSuccess": (), "ForceFailure": ()}  # fmt: skip
FORBIDDEN = set(" \t\n\r<>&\"'/\\:*?|.")
RESERVED = {"name", "ID", "Root", "root"}

Leaf = Callable[[str, Mapping[str, str]], bool]


def check(text: str) -> ElementTree.Element:
    """Return the root of a valid file; an AssertionError says what is wrong with it."""
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.tag == "root" and root.get("BTCPP_format") == "4"
    trees = {tree.get("ID"): tree for tree in root.findall("BehaviorTree")}
    assert trees and None not in trees and root.get("main_tree_to_execute") in trees
    assert {child.tag for child in root} <= {"BehaviorTree", "TreeNodesModel"}
    models = _models(root)
    for tree in trees.values():
        assert len(tree) == 1, "a tree has one root"
        assert {a for a in tree.attrib if not a.startswith("_")} == {"ID"}
        for node in tree.iter():
            if node is not tree:
                _check_node(node, models)
    return root


def _models(root: ElementTree.Element) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    blocks = root.findall("TreeNodesModel")
    assert len(blocks) == 1
    for model in blocks[0]:
        name = model.get("ID", "")
        assert model.tag in {"Action", "Condition", "Control", "Decorator", "SubTree"}
        assert name and name not in RESERVED and not set(name) & FORBIDDEN, name
        assert name not in found and name not in CONTROLS and name not in DECORATORS and name not in BUILT_IN, name
        ports = [port.get("name", "") for port in model]
        for port, element in zip(ports, model, strict=True):
            assert element.tag in {"input_port", "output_port", "inout_port"}
            assert port[:1].isalpha() and port not in RESERVED and not set(port) & FORBIDDEN, port
        assert len(set(ports)) == len(ports)
        found[name] = set(ports)
    return found


def _check_node(node: ElementTree.Element, models: Mapping[str, set[str]]) -> None:
    given = {a for a in node.attrib if a != "name" and not a.startswith("_")}
    names = [child.get("name", child.tag) for child in node]
    assert len(set(names)) == len(names), "siblings have paths of their own"
    if node.tag in CONTROLS:
        assert len(node) >= 1 and not given, node.tag
        assert node.tag != "IfThenElse" or len(node) in (2, 3)
    elif node.tag in BUILT_IN:
        assert len(node) == 0 and given == set(BUILT_IN[node.tag]), node.tag
        assert all(node.get(port, "").isdigit() for port in given)
    elif node.tag in DECORATORS:
        assert len(node) == 1 and given == set(DECORATORS[node.tag]), node.tag
    else:
        assert node.tag in models, f"{node.tag} is neither built in nor declared"
        assert len(node) == 0 and given == models[node.tag], node.tag
        for value in (node.get(port, "") for port in given):
            assert not value.startswith("{"), "it would be read as a pointer to the blackboard"


def tick(node: ElementTree.Element, leaf: Leaf) -> bool:
    """Tick a tree whose leaves end at once; whether it succeeds. What repeats forever is done twice."""
    if node.tag == "Repeat":
        return all(tick(node[0], leaf) for _ in range(2))
    if node.tag == "IfThenElse":
        return tick(node[1] if tick(node[0], leaf) else node[2], leaf)
    if node.tag == "AlwaysSuccess":
        return True
    if node.tag in ("Sequence", "ReactiveSequence"):
        return all(tick(child, leaf) for child in node)
    if node.tag == "Fallback":
        return any(tick(child, leaf) for child in node)
    if node.tag == "RetryUntilSuccessful":
        return any(tick(node[0], leaf) for _ in range(int(node.get("num_attempts", ""))))
    return leaf(node.tag, node.attrib)
