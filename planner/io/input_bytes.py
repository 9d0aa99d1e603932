"""Read a whole file, pipe or standard input as bytes, up to a size limit."""

from __future__ import annotations

import sys
from pathlib import Path

from planner.errors import InputError

STANDARD_INPUT = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def is_standard_input(path: Path | str) -> bool:
    """Return whether a path means standard input."""
    return str(path) in STANDARD_INPUT


def shown(path: Path | str) -> str:
    """Return the name of an input in messages."""
    return "standard input" if is_standard_input(path) else str(path)


def read_input(path: Path | str, limit: int) -> bytes:
    """Return the bytes of a file, of a pipe such as `/dev/fd/3`, or of standard input (`-`).

    Args:
        path: The input.
        limit: Maximum size [bytes]; an endless input is refused without reading it all.

    Raises:
        InputError: It is missing, a folder, empty, larger, or cannot be read.
    """
    try:
        raw = _read_standard_input(limit) if is_standard_input(path) else _read_file(path, limit)
    except (OSError, ValueError) as error:  # ValueError: not a valid path
        raise InputError(f"{shown(path)}: {_reason(error)}") from None
    if not raw:
        raise InputError(f"{shown(path)}: is empty")
    if len(raw) > limit:
        raise InputError(f"{shown(path)}: larger than {limit / 1e6:.0f} MB")
    return raw


def _read_file(path: Path | str, limit: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(limit + 1)


def _read_standard_input(limit: int) -> bytes:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise ValueError("is closed")
    if stream.isatty():
        raise ValueError("is a terminal; pipe a file into it")
    raw: bytes = stream.read(limit + 1)
    return raw


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, IsADirectoryError):
        return "is a folder, not a file"
    return (getattr(error, "strerror", None) or str(error) or "cannot be read").lower()
