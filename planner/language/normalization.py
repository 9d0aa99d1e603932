"""Normalizes instructions before the GPT reads them, so that case, quotes and invisible characters do not matter."""

from __future__ import annotations

import re

MAX_INSTRUCTION_CHARS = 1600  # a longer instruction is truncated


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
