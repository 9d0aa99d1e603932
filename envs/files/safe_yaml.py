"""Load untrusted YAML: the safe loader with limits on size, depth and number of entries, without anchors and aliases.

An alias is a reference: ten lines of nested aliases expand to a gigabyte.

Numbers are those of YAML 1.2 (core schema), which people write: `1e-3`, `1E5`, `.5`, `+1e3`, and 010 is ten. Two
things are kept from YAML 1.1: `1_000` and `0b101`. PyYAML alone reads `1e-3` as text, 010 as eight, and 1:30 as ninety.
"""

from __future__ import annotations

import re

import yaml

from envs.errors import EnvsError
from envs.files.yaml_characters import tab_problem

# A home of 2,000 objects with owners, colors, states and liquids is a file of 170 kB and 32,000 entries.
MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 60_000

# Raised by PyYAML's constructors, besides its own errors, for scalars with a wrong tag such as `!!bool maybe`.
_CONSTRUCTOR_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)

_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_DIGITS = "[0-9]+(?:_[0-9]+)*"
_INT_PATTERN = re.compile(rf"[-+]?(?:{_DIGITS}|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+)$")
_FLOAT_PATTERN = re.compile(
    rf"(?:[-+]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)


class YamlError(EnvsError, ValueError):
    """A text is not YAML, or exceeds the limits; `line` counts from 1 and is None if no single line is at fault."""

    def __init__(self, line: int | None, text: str) -> None:
        self.line, self.text = line, text
        super().__init__(f"line {line}: {text}" if line else text)


class _Composer(yaml.CSafeLoader):
    """Resolves plain scalars, with the numbers of this module."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_INT, _FLOAT)]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


_Composer.add_implicit_resolver(_INT, _INT_PATTERN, list("-+0123456789"))
_Composer.add_implicit_resolver(_FLOAT, _FLOAT_PATTERN, list("-+.0123456789"))


class _Constructor(yaml.SafeLoader):
    """Makes Python values of nodes, with the numbers of this module."""

    def construct_number(self, node: yaml.ScalarNode) -> int:
        """Return an integer as YAML 1.2 defines it."""
        text = str(self.construct_scalar(node)).replace("_", "").lower()
        return int(text, 0 if text.lstrip("-+")[:2] in ("0x", "0o", "0b") else 10)


_Constructor.add_constructor(_INT, _Constructor.construct_number)


def compose(text: str, *, bundled: bool = False) -> yaml.Node | None:
    """Return the root node of a text; None if it is empty.

    Args:
        text: The text.
        bundled: It is a file of this project, to which the limits do not apply.

    Raises:
        YamlError: The text is not YAML, too large, nested too deeply, or uses anchors.
    """
    if not bundled and len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise YamlError(None, f"the file is larger than {MAX_BYTES // 1000} kB")
    try:
        if not bundled:
            _check(text)
        root: yaml.Node | None = yaml.compose(text, Loader=_Composer)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise YamlError(line, f"not YAML: {_explained(error, text, line)}") from None
    except yaml.reader.ReaderError as error:  # a control character
        n_before = text.count("\n", 0, text.find(chr(error.character)) + 1)
        raise YamlError(n_before + 1, f"not YAML: a control character, U+{error.character:04X}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        problem = str(error).splitlines()[0] if str(error) else "cannot be read"
        raise YamlError(None, f"not YAML: {problem}") from None
    return root


def load(text: str, *, bundled: bool = False) -> object:
    """Return the content of a YAML text as plain Python values.

    Args:
        text: The text.
        bundled: As in `compose`.

    Raises:
        YamlError: As in `compose`, a value does not match its tag, or a key is given twice in one mapping.
    """
    root = compose(text, bundled=bundled)
    if root is None:
        return None
    _check_keys(root)
    loader = _Constructor("")
    try:
        return loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else None, f"not YAML: {error.problem or error.context}") from None
    except _CONSTRUCTOR_ERRORS as error:
        raise YamlError(None, f"not YAML: a value is not what its tag says ({error})") from None
    finally:
        loader.dispose()


def _explained(error: yaml.MarkedYAMLError, text: str, number: int | None) -> str:
    """Say what a YAML error usually comes from."""
    problem = str(error.problem or error.context or "cannot be read")
    lines = text.split("\n")
    line = lines[number - 1] if number is not None and number <= len(lines) else ""
    start = error.context_mark.line + 1 if error.context_mark else None
    if "another document" in problem or "single document" in problem:
        return "a second document starts here, after '---'; a file has one"
    if tab := tab_problem(line):
        return tab
    if "cannot start any token" in problem and line.strip():
        column = error.problem_mark.column if error.problem_mark else 0
        return f"{line[column : column + 1]!r} starts a word here; write the word in quotes"
    if "expected ',' or" in problem and start is not None:
        bracket = problem[-2:-1]
        return f"{problem} (the list that starts in line {start} is not closed with {bracket})"
    if "expected key" in problem or "expected '-' indicator" in problem:
        return f"{problem}: this line is indented unlike those above it"
    if "mapping values are not allowed" in problem:
        return f"{problem}: a word with ':' needs quotes, or a line above lacks its ':'"
    if "could not find expected ':'" in problem:
        return f"{problem}: a key lacks its ':' or the space after it, or an entry of a list its '-'"
    return problem


def _check(text: str) -> None:
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader), start=1):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(line, "anchors and aliases (& and *) are not read")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise YamlError(line, f"nested more than {MAX_DEPTH} deep")
        if number > MAX_NODES:
            raise YamlError(line, f"more than {MAX_NODES} entries")


def _check_keys(node: yaml.Node) -> None:
    """Refuse a key that is given twice: PyYAML would silently keep the last value."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _check_keys(child)
    elif isinstance(node, yaml.MappingNode):
        first_lines: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                if (key.tag, key.value) in first_lines:
                    earlier = first_lines[key.tag, key.value]
                    raise YamlError(line, f"the key {key.value[:40]!r} is given twice; first in line {earlier}")
                first_lines[key.tag, key.value] = line
            _check_keys(value)
