"""How wide a text is, and lines that fit a width. The font is Pillow's own, so that every machine measures alike."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

LINE_HEIGHT = 1.2  # of a line of text, as a factor of the letters' size
MORE = "…"
_ODD_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe",
     "þ": "th", "Þ": "Th", "–": "-", "—": "-", "×": "x", "·": "·"}
)  # fmt: skip


@lru_cache(maxsize=64)
def font(size: int) -> FreeTypeFont | ImageFont:
    """Return the font of one size."""
    from PIL import ImageFont

    return ImageFont.load_default(size=size)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return a text in letters that the font has: without accents, and `?` for a letter of another script."""
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text.translate(_ODD_LETTERS))
    kept = (c for c in letters if not unicodedata.combining(c))
    return "".join(c if c.isascii() or c in "…·" else "?" for c in kept)


@lru_cache(maxsize=16384)
def width_of(text: str, size: int) -> float:
    """Return the width of a line of text [px]."""
    return float(font(size).getlength(plain(text)))


def shortened(text: str, size: int, width: float) -> str:
    """Return a text, cut so that it fits a width; empty if not even a letter does."""
    if width_of(text, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(text[:middle].rstrip() + MORE, size) <= width else (low, middle - 1)
    return text[:low].rstrip() + MORE if low else ""


def wrapped(text: str, size: int, width: float) -> list[str]:
    """Return a text in lines that fit a width if their words do."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def block_size(lines: list[str], size: int) -> tuple[float, float]:
    """Return the width and height of lines below each other [px]."""
    return max(width_of(line, size) for line in lines), len(lines) * size * LINE_HEIGHT
