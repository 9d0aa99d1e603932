"""Text that others wrote, made fit to be shown: nothing in it can act on a terminal or turn the line around."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return text with everything that is not visible written out, as in `\x1b`; new lines stay.

    Escape sequences, carriage returns, marks of writing direction and unpaired surrogates are what this is about.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
