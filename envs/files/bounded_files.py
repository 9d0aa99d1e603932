"""Read untrusted files up to a size limit, so that huge files and decompression bombs are refused."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from envs.errors import EnvsError

MAX_PATH_SHOWN = 300  # characters of a path in a message


class ReadError(EnvsError, ValueError):
    """A file cannot be read, is too large, or is not text; the message names it."""


def read_text(path: str | Path, limit: int) -> str:
    """Return the text of a file, decompressed if its name ends in `.gz`.

    Args:
        path: The file.
        limit: Maximum size, decompressed [bytes].

    Raises:
        ReadError: The file cannot be read, is larger than the limit, or is not UTF-8.
    """
    raw = read_bytes(path, limit)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith(b"\x1f\x8b"):
            raise ReadError(f"{_shown(path)}: compressed with gzip; its name must end in .gz") from None
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ReadError(f"{_shown(path)}: not a text file (UTF-8) but UTF-16; save it as UTF-8") from None
        place = f"byte {raw[error.start]:#04x} on line {raw.count(bytes([10]), 0, error.start) + 1}"
        raise ReadError(f"{_shown(path)}: not a text file (UTF-8): {place}") from None


def read_bytes(path: str | Path, limit: int) -> bytes:
    """Return the bytes of a file, decompressed if its name ends in `.gz`.

    Args:
        path: The file.
        limit: Maximum size, decompressed [bytes].

    Raises:
        ReadError: The file cannot be read, or is larger than the limit.
    """
    try:
        with gzip.open(path) if Path(path).suffix == ".gz" else open(path, "rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise ReadError(f"{_shown(path)}: {(error.strerror or str(error) or 'cannot be read').lower()}") from None
    except (ValueError, EOFError, zlib.error) as error:  # an invalid path, or a truncated archive
        raise ReadError(f"{_shown(path)}: {error}") from None
    if len(raw) > limit:
        raise ReadError(f"{_shown(path)}: larger than {limit // 1000} kB")
    return raw


def _shown(path: str | Path) -> str:
    return str(path) if len(str(path)) <= MAX_PATH_SHOWN else f"{str(path)[:MAX_PATH_SHOWN]}…"
