"""Makes untrusted text safe to print: it cannot control the terminal or change the writing direction."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return text with all invisible characters escaped, as in `\x1b`, except newlines.

    These are escape sequences, carriage returns, writing-direction marks and unpaired surrogates.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
