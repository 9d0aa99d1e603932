"""Find the characters of a YAML text that look like others, before YAML reads something else than what is seen."""

from __future__ import annotations

import re
import unicodedata

SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # look like a space, and are letters to YAML
PLAIN = dict(zip("：，［］｛｝", ":,[]{}", strict=True))  # noqa: RUF001 (these are the point)
QUOTES = "“”„‟‘’‚‛«»"  # noqa: RUF001
DASHES = "–—‒−•‣▪·‐‑"  # noqa: RUF001

_NAME = re.compile(r"\s*['\"]?name['\"]?\s*:")  # a home is called what its owner likes
_COMMENT = re.compile(r"(^|\s)#.*$")
_SPACE = re.compile(rf"^[ \t]*(?:- )*([{SPACES}])|^[ \t]*(?:- )*-([{SPACES}])|^[^:#\"'\[{{]*:([{SPACES}])")
_QUOTE = re.compile(rf"(?:^\s*|[:\[{{,]\s*|-\s+)([{QUOTES}])")
_ENTRY = re.compile(rf"^\s*([{DASHES}*])\s")


def misleading_characters(text: str) -> list[tuple[int, str]]:
    """Return the line and the problem of each line with a character that is not what it looks like."""
    problems = []
    for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1):
        if line.isascii() and "*" not in line and line.isprintable():
            continue
        code = _COMMENT.sub("", line)
        problem = _problem(code)
        if problem:
            problems.append((number, problem))
    return problems


def tab_problem(line: str) -> str:
    """Return the problem of a tab where YAML wants spaces; empty if there is none."""
    if re.match(r"[ ]*\t", line):
        return "a tab indents this line; indent with spaces"
    return "a tab stands after '-'; YAML takes a space there" if re.match(r"\s*-\t", line) else ""


def _problem(code: str) -> str:
    for character in code:
        if unicodedata.category(character) in ("Cf", "Cc") and character != "\t" and not _NAME.match(code):
            return f"an invisible character, {shown(character)}, is in {_around(code, character)!r}; delete it"
    if match := _SPACE.match(code):
        character = next(group for group in match.groups() if group)
        return f"{shown(character)} is not a space to YAML; type a plain space"
    if match := _ENTRY.match(code):
        return f"an entry of a list starts with '-', not with {shown(match[1])}"
    if _NAME.match(code):
        return ""
    if match := _QUOTE.search(code):
        return f'{shown(match[1])} is no quote to YAML; type a straight one: "'
    for character, plain in PLAIN.items():
        if character in code:
            return f"{shown(character)} is a letter to YAML; type {plain!r}"
    return ""


def shown(character: str) -> str:
    """Return a character's number and name, such as `U+200B (zero width space)`."""
    name = unicodedata.name(character, "control character").lower()
    return f"U+{ord(character):04X} ({name})"


def _around(code: str, character: str) -> str:
    """Return the words around a character, without what cannot be seen."""
    start = code.index(character)
    words = re.split(r"\s", code[:start])[-1] + re.split(r"\s", code[start:])[0]
    return "".join(c for c in words if c.isprintable())[:40]
