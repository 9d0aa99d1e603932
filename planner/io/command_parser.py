"""The parser of every command's flags: a mistake is one line with the nearest flag, and no flag overwrites another."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

_PLAIN_WORDS = {
    "invalid int value:": "expected a whole number, found",
    "invalid float value:": "expected a number, found",
}


class CommandParser(argparse.ArgumentParser):
    """An `ArgumentParser` that refuses a flag given twice, and explains unknown flags on one line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what `ArgumentParser` takes."""
        super().__init__(*args, **kwargs)
        self.given: set[str] = set()
        self.register("action", None, _StoreOnce)
        self.register("action", "store", _StoreOnce)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in `ArgumentParser`."""
        self.given = set()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print one line on standard error and exit with code 2."""
        for argparse_words, plain_words in _PLAIN_WORDS.items():
            message = message.replace(argparse_words, plain_words)
        words = message.removeprefix("unrecognized arguments: ")
        if words != message:
            flag = next((word.partition("=")[0] for word in words.split() if word.startswith("-")), "")
            message = f"unknown flag {flag}{self._nearest(flag)}" if flag else f"too many arguments: {words}"
            if not flag:
                is_flag = words.startswith(("\u2013", "\u2014"))  # an editor has made a dash of two hyphens
                hint = "a flag begins with two hyphens, not with a long dash" if is_flag else ""
                message += f"; {hint or 'put a text of several words in quotes'}"
            elif not flag.startswith("--"):
                message += "; a text that begins with a dash stands after --"
        self.exit(2, f"{self.prog}: {message} (-h lists all flags)\n")

    def _nearest(self, flag: str) -> str:
        known = [name for name in self._option_string_actions if name.startswith("--")]
        close = get_close_matches(flag, known, n=3, cutoff=0.6) if flag.startswith("--") and len(flag) < 100 else []
        return f"; did you mean {' or '.join(close)}?" if close else ""


class _StoreOnce(argparse._StoreAction):
    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        if option_string is not None and isinstance(parser, CommandParser):
            if self.dest in parser.given:
                parser.error(f"{option_string} is given twice; give it once")
            parser.given.add(self.dest)
        super().__call__(parser, namespace, values, option_string)


def finite_number(text: str) -> float:
    """Return the number that a text is, for flags that take no NaN and no infinity.

    Raises:
        ArgumentTypeError: It is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"expected a number, found {text!r}")
    return number
