"""Read skills from the notation of docs/skills.md: every problem of all skills at once, with its place.

`read_skills` reads a YAML node and gives the line of each problem; `parse_skills` reads plain Python values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import yaml

from envs.errors import DomainError
from envs.symbolic.skills.skill_reader import SkillReader, cut, states_set
from envs.symbolic.skills.statements import Path, SkillProblem

if TYPE_CHECKING:
    from envs.files.yaml_nodes import NodeReader
    from envs.symbolic.skills.phrases import Vocabulary
    from envs.symbolic.skills.values import Skill


class SkillNotationError(DomainError):
    """Skills are described wrongly; `problems` lists every problem found."""

    def __init__(self, problems: Sequence[SkillProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.text for problem in problems))


def parse_skills(raw: object, vocabulary: Vocabulary) -> dict[str, Skill]:
    """Return the skills of a mapping from names to their descriptions.

    Raises:
        SkillNotationError: Some are described wrongly.
    """
    reader = SkillReader(vocabulary)
    skills = reader.skills(raw)
    if reader.problems:
        raise SkillNotationError(reader.problems)
    return skills


def read_skills(reader: NodeReader, node: yaml.Node, vocabulary: Vocabulary) -> dict[str, Skill]:
    """Return the skills of a YAML node; problems are recorded in the reader, with their lines."""
    n_problems = len(reader.problems)
    _find_repeated_keys(reader, node)
    try:
        skills = parse_skills(_plain(node), vocabulary)
        return skills if len(reader.problems) == n_problems else {}
    except SkillNotationError as error:
        for problem in error.problems:
            reader.problem(_node_at(node, problem.path), problem.text)
        return {}


def states_set_in(node: yaml.Node, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the states that the skills of a YAML node set and the domain lacks, before the skills are read."""
    raw = _plain(node)
    return states_set(raw, vocabulary) if isinstance(raw, dict) else ()


def new_states(skills: Mapping[str, Skill], known: Sequence[str]) -> tuple[str, ...]:
    """Return the states that skills set and that are not known yet, in order."""
    words = (e.atom.word for skill in skills.values() for e in skill.effects if e.atom.predicate == "state")
    return tuple(dict.fromkeys(word for word in words if word not in known))


def _find_repeated_keys(reader: NodeReader, node: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _find_repeated_keys(reader, item)
    if isinstance(node, yaml.MappingNode):
        line_of_key: dict[str, int] = {}
        for key_node, value in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if line_of_key.setdefault(key, line) != line:
                reader.problem(key_node, f"{cut(key)!r} appears twice; the first is on line {line_of_key[key]}")
            _find_repeated_keys(reader, value)


def _plain(node: yaml.Node) -> object:
    """Return the Python value of a node; repeated keys keep the first value."""
    if isinstance(node, yaml.MappingNode):
        values: dict[object, object] = {}
        for key_node, value_node in node.value:
            values.setdefault(_plain(key_node) if isinstance(key_node, yaml.ScalarNode) else "?", _plain(value_node))
        return values
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return _scalar(node)


def _scalar(node: yaml.Node) -> object:
    """Return the value of a scalar node: a number, a truth value, nothing, or text."""
    tag, text = node.tag.rpartition(":")[2], str(node.value)
    if tag in ("int", "float"):
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return text
    if tag == "bool":
        return text.lower() in ("on", "yes", "true", "y")
    return None if tag == "null" else text


def _node_at(node: yaml.Node, path: Path) -> yaml.Node:
    """Return the node that a path leads to, as far as it goes: for a key, the key's own node."""
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if str(k.value) == str(part)), None)
            if pair is None:
                break
            key_node: yaml.Node = pair[0]
            node = pair[1]
            if part == path[-1] or isinstance(node, yaml.ScalarNode):
                return key_node
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            break
    return node
