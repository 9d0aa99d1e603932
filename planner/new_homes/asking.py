"""Questions on the terminal, each with an answer by default: Enter, the end of the input, or nobody there to ask."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO, TypeVar

from planner.errors import InputError
from planner.io.terminal import printable

MAX_ANSWER = 4000  # characters
WIDTH = 100
NOTHING = ("none", "nothing", "nobody", "-", "no")
_RANGE = re.compile(r"(\d{1,3})\s*(?:-|–|\.\.|to)\s*(\d{1,3})")
_ADDED = re.compile(r"(?:\+|also\b|plus\b)\s*(.+)", re.IGNORECASE)
_LEFT_OUT = re.compile(r"(?:-|–|no\b|without\b|not\b)\s*(.+)", re.IGNORECASE)
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What an answer chooses: offers by their numbers, counted from 0, and other things by their words.

    Attributes:
        picked: What is chosen.
        dropped: What is not, of the offers by default, where an answer says only what is more or less.
    """

    picked: tuple[int | str, ...]
    dropped: tuple[int | str, ...] = ()


class Asker:
    """Asks for one line after another.

    Args:
        source: Where the answers come from; None: every question is answered by default, and none is printed.
        target: Where the questions are printed.
    """

    def __init__(self, source: TextIO | None, target: TextIO | None = None) -> None:
        self.source, self.target = source, target or sys.stderr

    def say(self, text: str) -> None:
        """Print a line to whoever is asked."""
        if self.source is not None:
            print(printable(text), file=self.target)

    def ask(self, question: str, default: str = "") -> str:
        """Return the answer to a question, or the one by default."""
        if self.source is None:
            return default
        shown = f" [{default}]" if default else ""
        print(printable(f"{question}{shown}"), end=" ", file=self.target, flush=True)
        line = self.source.readline(MAX_ANSWER + 1)
        if not line:  # the end: everything else is answered by default
            print(file=self.target)
            self.source = None
            return default
        if not self.is_terminal():
            print(printable(line.rstrip("\n")), file=self.target)
        if len(line) > MAX_ANSWER:
            while line and not line.endswith("\n"):
                line = self.source.readline(MAX_ANSWER)
            self.say(f"An answer has at most {MAX_ANSWER} characters.")
            return self.ask(question, default)
        return line.strip() or default

    def ask_until(self, question: str, default: str, read: Callable[[str], Answer]) -> Answer:
        """Return what an answer is read as; a wrong one is explained, and the question asked again."""
        while True:
            text = self.ask(question, default)
            try:
                return read(text)
            except InputError as error:
                if self.source is None:
                    raise
                self.say(f"  {error}")

    def agrees(self, question: str, *, default: bool) -> bool:
        """Whether a question is answered with yes."""
        text = self.ask(question, "yes" if default else "no").lower()
        return text in ("y", "yes", "ok", "sure", "yes please")

    def is_terminal(self) -> bool:
        """Whether a person types the answers, and so sees them."""
        return self.source is not None and self.source.isatty()


def numbered(options: Sequence[str]) -> list[str]:
    """Return options with their numbers, in lines of some width."""
    lines = [""]
    for number, option in enumerate(options, start=1):
        part = f"{number}) {option}"
        if lines[-1] and len(lines[-1]) + len(part) + 2 > WIDTH:
            lines.append("")
        lines[-1] += "  " + part
    return lines


def read_choice(answer: str, n_default: int, n_offers: int) -> Choice:
    """Return what an answer chooses.

    Args:
        answer: `1-4, 2 cabinets`: all of it; `+ radio, - 3`: what is more or less than by default.
        n_default: So many of the first offers are chosen by default.
        n_offers: The number of offers.

    Raises:
        InputError: There is no offer of that number.
    """
    if answer.lower() in NOTHING:
        return Choice(picked=())
    parts = [part for part in _parts(answer) if part.lower() not in NOTHING]
    less = [match[1] for part in parts if (match := _LEFT_OUT.fullmatch(part))]
    more = [match[1] for part in parts if (match := _ADDED.fullmatch(part))]
    others = [part for part in parts if not _LEFT_OUT.fullmatch(part) and not _ADDED.fullmatch(part)]
    default = range(n_default) if less or more else ()
    picked = [*default, *(chosen for part in (*more, *others) for chosen in _chosen(part, n_offers))]
    return Choice(
        picked=tuple(chosen for k, chosen in enumerate(picked) if isinstance(chosen, str) or chosen not in picked[:k]),
        dropped=tuple(chosen for part in less for chosen in _chosen(part, n_offers)),
    )


def _chosen(part: str, n_offers: int) -> Iterator[int | str]:
    numbers = numbers_in(part, n_offers)
    yield from (part,) if numbers is None else numbers


def _parts(text: str) -> list[str]:
    """Return the parts of an answer: separated by commas or semicolons, or numbers separated by spaces."""
    if re.fullmatch(r"[\d\s–-]+", text):
        text = ",".join(_RANGE.sub(r"\1-\2", text).split())
    return [part.strip() for part in re.split(r"[,;]", text) if part.strip()]


def numbers_in(part: str, limit: int) -> list[int] | None:
    """Return the numbers of options that a part of an answer names, counted from 0: `3`, `2-5`; None if it is words.

    Raises:
        InputError: There is no option of that number.
    """
    match = _RANGE.fullmatch(part)
    if match is None and not re.fullmatch(r"#?\d{1,9}", part):
        return None
    first, last = (int(match[1]), int(match[2])) if match else (int(part.lstrip("#")),) * 2
    if not 1 <= first <= last <= limit:
        raise InputError(
            f"{part!r}: the numbers are 1 to {limit}" if limit else f"{part!r}: there is no list to choose from"
        )
    return list(range(first - 1, last))
