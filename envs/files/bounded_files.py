"""Reading files that others wrote, up to a limit: what unpacks or goes on without end is refused, not read."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from envs.errors import EnvsError

MAX_PATH_SHOWN = 300  # characters of a path in a message


class ReadError(EnvsError, ValueError):
    """A file cannot be read, is too large, or is no text; the message names it."""


def read_text(path: str | Path, limit: int) -> str:
    """Return the text of a file, unpacked if it ends in `.gz`.

    Args:
        path: The file.
        limit: Most bytes, unpacked.

    Raises:
        ReadError: It cannot be read, is larger, or is not UTF-8.
    """
    raw = read_bytes(path, limit)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError(f"{_shown(path)}: not a text file (UTF-8)") from None


def read_bytes(path: str | Path, limit: int) -> bytes:
    """Return what is in a file, unpacked if it ends in `.gz`.

    Args:
        path: The file.
        limit: Most bytes, unpacked.

    Raises:
        ReadError: It cannot be read, or is larger.
    """
    try:
        with gzip.open(path) if Path(path).suffix == ".gz" else open(path, "rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise ReadError(f"{_shown(path)}: {(error.strerror or str(error) or 'cannot be read').lower()}") from None
    except (ValueError, EOFError, zlib.error) as error:  # no path at all, or no whole archive
        raise ReadError(f"{_shown(path)}: {error}") from None
    if len(raw) > limit:
        raise ReadError(f"{_shown(path)}: larger than {limit // 1000} kB")
    return raw


def _shown(path: str | Path) -> str:
    return str(path) if len(str(path)) <= MAX_PATH_SHOWN else f"{str(path)[:MAX_PATH_SHOWN]}…"
