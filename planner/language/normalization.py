"""Normalizes instructions before the GPT reads them, so that case, quotes and invisible characters do not matter."""

from __future__ import annotations

import re

MAX_INSTRUCTION_CHARS = 1600  # a longer instruction is refused


def unreadable(text: str) -> str:
    """Return why an instruction cannot be read as one instruction; empty if it can."""
    lines = [line for line in text.splitlines() if normalize(line)]
    if len(lines) > 1:
        return f"These are {len(lines)} lines. Give each instruction by itself, and one instruction on one line"
    if len(" ".join(text.split())) > MAX_INSTRUCTION_CHARS:
        return f"The instruction has more than {MAX_INSTRUCTION_CHARS} characters. Give its parts one by one"
    return ""


def normalize(text: str) -> str:
    """Return an instruction as the GPT reads it: lower case, plain quotes and spaces, no final full stop.

    Invisible characters are removed: control characters, direction marks, joiners.
    """
    # A badly configured terminal can pass unpaired surrogates.
    text = text.strip()[: MAX_INSTRUCTION_CHARS * 2].encode("utf-8", "replace").decode("utf-8")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " * (c.isspace() or c < " ") for c in text)
    text = text.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    text = re.sub(r"\s+", " ", text.lower()).strip()
    return text[:MAX_INSTRUCTION_CHARS].rstrip(".! ")
