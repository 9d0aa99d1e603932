"""Normalize text to the letters and phonemes that speech recognition predicts.

Letters: lower-case words, numbers as words, no punctuation. Phonemes: always those of General American, regardless of
the speaker's accent, so that the same word has the same target.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from planner.language.realization import NUMBER_WORDS

LETTERS = " abcdefghijklmnopqrstuvwxyz'"
PHONEMES = " aeiouæɐɑɒɔəɚɛɜɪʊʌᵻbdfhjklmnpstvwzðŋɡɹɾʃʒʔθ"  # IPA of espeak's English; other symbols are dropped  # noqa: RUF001
_TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")


def spoken(text: str) -> str:
    """Return a text as spoken: lower case, numbers as words, no punctuation except commas and apostrophes."""
    text = re.sub(r"[0-9]+", lambda match: f" {_number(match[0])} ", text.lower().replace("\u2019", "'"))
    text = re.sub(r"[^a-z', ]+", " ", text.replace("&", " and ").replace("%", " percent "))
    text = re.sub(r"(?<![a-z])'|'(?![a-z])", " ", text)  # quotes, not apostrophes
    return re.sub(r"[ ,]*,[ ,]*", ", ", re.sub(r" +", " ", text)).strip(" ,")


def words(text: str) -> str:
    """Return a text as transcribed: the spoken text without commas."""
    return spoken(text).replace(",", "")


def heard_phonemes(ipa: str) -> str:
    """Reduce espeak's IPA to the phonemes that hearing is trained on."""
    phonemes = "".join(c if c in PHONEMES else " " if c.isspace() else "" for c in ipa)
    return " ".join(phonemes.split())


def _number(digits: str) -> str:
    number = int(digits[:12])
    if number < len(NUMBER_WORDS):
        return NUMBER_WORDS[number]
    if number < 20:
        return _TEENS[number - 13]
    if number < 100:
        return f"{_TENS[number // 10]} {NUMBER_WORDS[number % 10]}" if number % 10 else _TENS[number // 10]
    return " ".join(NUMBER_WORDS[int(digit)] for digit in digits[:12])


def distance(first: Sequence[object], second: Sequence[object]) -> int:
    """Return the Levenshtein distance of two sequences."""
    row = list(range(len(second) + 1))
    for i, x in enumerate(first, start=1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(second, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]
