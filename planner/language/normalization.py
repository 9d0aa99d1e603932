"""Normalizes instructions before the GPT reads them, so that case, quotes and invisible characters do not matter."""

from __future__ import annotations

import re
import unicodedata

# Cyrillic and Greek letters that look like Latin ones.
_LOOKALIKES = dict(zip(
    map(ord, "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0445\u0443\u04bb\u03bf\u03b1\u03bd"
    "\u0410\u0412\u0415\u0406\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03a5"),
    "aceijopsxyhoavABEIKMHOPCTXYABEHIKMNOPTXY",
    strict=True,
))  # fmt: skip
# Other forms of letters: full-width, ligatures, mathematical.
_FORMS = re.compile("[\ufb00-\ufb06\uff01-\uff5e\U0001d400-\U0001d7ff]")

MAX_INSTRUCTION_CHARS = 1600  # a longer instruction is refused
STEPS = "steps:"  # what stands between an instruction and a description of the way


def is_question(text: str) -> bool:
    """Whether a text is a question in the goal language, such as `? where wallet`, and no instruction."""
    return text.lstrip().startswith("?")


def unreadable(text: str) -> str:
    """Return why an instruction cannot be read as one instruction; empty if it can."""
    if is_question(text) and text.strip("? \t\r\n"):
        return "This is a question in the goal language, which Planner.answer answers"
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
    if not text.isascii():
        text = _as_it_looks(text)
    text = text.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text.lower())).strip()
    return text[:MAX_INSTRUCTION_CHARS].rstrip(".! ")


def _as_it_looks(text: str) -> str:
    """Return a text with other forms of letters, and letters of other scripts within English words, as plain ones."""
    text = unicodedata.normalize("NFC", _FORMS.sub(lambda form: unicodedata.normalize("NFKC", form[0]), text))
    return re.sub(r"\w+", lambda word: _latin(word[0]), text)


def _latin(word: str) -> str:
    """Return a word of Latin letters and such that look like them in Latin letters; other words as they are."""
    if word.isascii() or not re.search("[A-Za-z]", word):
        return word
    plain = word.translate(_LOOKALIKES)
    return plain if plain.isascii() else word
