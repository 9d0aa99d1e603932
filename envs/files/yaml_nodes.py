"""Read typed values from YAML nodes with line numbers; problems are collected, not raised at the first."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import yaml

from envs.errors import HomeError, nearest
from envs.files import safe_yaml
from envs.files.yaml_characters import misleading_characters, shown

MAX_PROBLEMS = 100
MAX_TEXT = 200  # characters of a word or name
MAX_COORDINATE_M = 100.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem of a home file, and its line (counted from 1; None for the whole file).

    `file` names the file if it is one that the home file includes.
    """

    line: int | None
    text: str
    file: str = ""

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.file, f"line {self.line}" if self.line else "")))
        return f"{where}: {self.text}" if where else self.text


class HomeFileError(HomeError):
    """A home file is invalid; `problems` lists every problem found."""

    def __init__(self, problems: list[Problem], where: str = "") -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line or 0)))
        super().__init__("\n".join(f"{where}{problem}" for problem in self.problems))


class NodeReader:
    """Reads typed values from YAML nodes and collects the problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.file = ""  # of the nodes, in messages

    def problem(self, node: yaml.Node | int | None, text: str) -> None:
        """Record a problem at a node or a line.

        Raises:
            HomeFileError: There are `MAX_PROBLEMS` problems.
        """
        line = node.start_mark.line + 1 if isinstance(node, yaml.Node) else node
        self.problems.append(Problem(line=line, text=text, file=self.file))
        if len(self.problems) >= MAX_PROBLEMS:
            text = f"{MAX_PROBLEMS} problems; the rest of the file was not checked"
            overflow = Problem(line=line, text=text, file=self.file)
            raise HomeFileError([*self.problems, overflow])

    def pairs(self, node: yaml.Node, context: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Yield key, key node and value node of each entry of a mapping; duplicate keys are problems."""
        if is_null(node):
            return
        if not isinstance(node, yaml.MappingNode):
            hint = "; a key has no '-' before it"
            if isinstance(node, yaml.ScalarNode):
                hint = "; a space follows ':'" if ":" in node.value else "; ':' follows a key"
            self.problem(node, f"{context}: expected `key: value` lines, found {describe(node)}{hint}")
            return
        line_of_key: dict[str, int] = {}
        for key_node, value in node.value:
            key = self.text(key_node, f"a key of {context}")
            if key is None:
                continue
            if key in line_of_key:
                self.problem(key_node, f"{context}: {key!r} appears twice; the first is on line {line_of_key[key]}")
                continue
            line_of_key[key] = key_node.start_mark.line + 1
            yield key, key_node, value

    def options(self, node: yaml.Node, context: str, known: Collection[str]) -> dict[str, yaml.Node]:
        """Return the values of a mapping by key; unknown keys are problems."""
        values: dict[str, yaml.Node] = {}
        for key, key_node, value in self.pairs(node, context):
            if key in known:
                values[key] = value
            else:
                hint = nearest(key, known) or f"; known: {', '.join(known)}"
                self.problem(key_node, f"{context}: unknown key {key!r}{self.key_hint(key) or hint}")
        return values

    def key_hint(self, key: str) -> str:
        """Return a hint for an unknown key that is something else; empty if it is not."""
        return ""

    def sequence(self, node: yaml.Node, context: str) -> list[yaml.Node]:
        """Return the nodes of a list; an empty list for an empty value."""
        if is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            hint = "; each entry of a list starts with '- '"
            if isinstance(node, yaml.ScalarNode):
                hint = (
                    "; a space follows '-'" if str(node.value).startswith("-") else f"; write [{describe(node)[1:-1]}]"
                )
            self.problem(node, f"{context}: expected a list such as [a, b], found {describe(node)}{hint}")
            return []
        return list(node.value)

    def text(self, node: yaml.Node, context: str) -> str | None:
        """Return a word or words with normalized spaces; terminal control and text direction characters are refused."""
        if isinstance(node, yaml.ScalarNode):
            if node.tag == "tag:yaml.org,2002:bool":
                yaml_value = "true" if node.value.lower() in ("on", "yes", "true", "y") else "false"
                self.problem(
                    node, f'{context}: YAML reads {node.value} as {yaml_value}; write it in quotes: "{node.value}"'
                )
                return None
            if node.tag == "tag:yaml.org,2002:str" and node.value.strip():
                words = " ".join(str(node.value).split())
                if len(words) > MAX_TEXT:
                    self.problem(node, f"{context}: {describe(node)} has more than {MAX_TEXT} characters")
                elif not words.isprintable():
                    character = next(c for c in words if not c.isprintable())
                    visible = "".join(c for c in words if c.isprintable())
                    self.problem(node, f"{context}: {visible!r} has unprintable characters: {shown(character)}")
                else:
                    return words
                return None
        hint = ""
        if isinstance(node, yaml.ScalarNode) and node.value:
            if node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
                hint = "; a number stands before its word: `2 cabinet`; a name of digits needs quotes"
            elif node.value != "<<":
                hint = f'; YAML does not read {node.value} as a word: write it in quotes: "{node.value}"'
            if is_null(node):
                hint = f"; YAML reads {node.value} as nothing"
        self.problem(node, f"{context}: expected a word, found {describe(node)}{hint}")
        return None

    def whole(self, node: yaml.Node, context: str, low: int, high: int) -> int | None:
        """Return a whole number in [low, high]."""
        text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
        if re.fullmatch(r"[0-9]{1,20}", text) and low <= int(text) <= high:
            return int(text)
        self.problem(node, f"{context}: expected a whole number from {low} to {high}, found {describe(node)}")
        return None

    def number(self, node: yaml.Node, context: str, limit: float = MAX_COORDINATE_M) -> float | None:
        """Return a finite number in [-limit, limit]."""
        number = math.nan
        if isinstance(node, yaml.ScalarNode) and node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
            try:
                number = float(node.value.replace("_", ""))
            except ValueError:
                number = math.nan
        if math.isnan(number):
            self.problem(node, f"{context}: expected a number, found {describe(node)}")
            return None
        if abs(number) > limit:
            self.problem(node, f"{context}: {number:g} is more than {limit:g}")
            return None
        return number

    def numbers(self, node: yaml.Node, context: str, names: str, limits: tuple[float, ...]) -> list[float] | None:
        """Return a list of numbers, one for each limit; `names` describes them in messages."""
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != len(limits):
            self.problem(node, f"{context}: expected {names}, found {describe(node)}")
            return None
        values = [self.number(n, context, limit) for n, limit in zip(node.value, limits, strict=True)]
        return [n for n in values if n is not None] if None not in values else None


def is_null(node: yaml.Node) -> bool:
    """Whether a value is empty."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def describe(node: yaml.Node) -> str:
    """Describe a node for a message."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return f"a list of {len(node.value)}"
    text = str(node.value)
    return "nothing" if is_null(node) or not text else repr(text[:40] + "…" if len(text) > 40 else text)


def parse_nodes(text: str) -> yaml.Node:
    """Return the root node of a YAML text.

    Raises:
        HomeFileError: It is not YAML, is empty, too large, nested too deeply, or uses anchors.
    """
    text = text.removeprefix("\ufeff")
    if problems := misleading_characters(text)[:MAX_PROBLEMS]:
        raise HomeFileError([Problem(line=line, text=problem) for line, problem in problems])
    try:
        root = safe_yaml.compose(text)
    except safe_yaml.YamlError as error:
        raise HomeFileError([Problem(line=error.line, text=error.text)]) from None
    if root is None or is_null(root):
        raise HomeFileError([Problem(line=None, text="the file is empty; a home has `rooms:` and `objects:`")])
    return root
