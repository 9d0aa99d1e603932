"""Load untrusted YAML: the safe loader with limits on size, depth and number of entries, without anchors and aliases.

An alias is a reference: ten lines of nested aliases expand to a gigabyte.
"""

from __future__ import annotations

import yaml

from envs.errors import EnvsError

# A home of 400 objects is a file of 10 kB, 2,000 entries and 8 levels; a file at these limits is read in 0.1 s.
MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 20_000

# Raised by PyYAML's constructors, besides its own errors, for scalars with a wrong tag such as `!!bool maybe`.
_CONSTRUCTOR_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


class YamlError(EnvsError, ValueError):
    """A text is not YAML, or exceeds the limits; `line` counts from 1 and is None if no single line is at fault."""

    def __init__(self, line: int | None, text: str) -> None:
        self.line, self.text = line, text
        super().__init__(f"line {line}: {text}" if line else text)


def compose(text: str) -> yaml.Node | None:
    """Return the root node of a text; None if it is empty.

    Raises:
        YamlError: The text is not YAML, too large, nested too deeply, or uses anchors.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise YamlError(None, f"the file is larger than {MAX_BYTES // 1000} kB")
    try:
        _check(text)
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "cannot be read"
        raise YamlError(mark.line + 1 if mark else None, f"not YAML: {problem}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        problem = str(error).splitlines()[0] if str(error) else "cannot be read"
        raise YamlError(None, f"not YAML: {problem}") from None
    return root


def load(text: str) -> object:
    """Return the content of a YAML text as plain Python values.

    Raises:
        YamlError: As in `compose`, or a value does not match its tag.
    """
    root = compose(text)
    if root is None:
        return None
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else None, f"not YAML: {error.problem or error.context}") from None
    except _CONSTRUCTOR_ERRORS as error:
        raise YamlError(None, f"not YAML: a value is not what its tag says ({error})") from None
    finally:
        loader.dispose()


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
