"""Read untrusted files up to a size limit, so that huge files and decompression bombs are refused."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from envs.errors import EnvsError

MAX_PATH_SHOWN = 300  # characters of a path in a message


class ReadError(EnvsError, ValueError):
    """A file cannot be read, is too large, or is not text; the message names it."""


def named_after(path: Path) -> str:
    """Return the name that a file gives its contents: its own, with spaces for `_` and without control characters."""
    return "".join(c for c in path.stem.replace("_", " ") if c.isprintable())


def read_text(path: str | Path, limit: int) -> str:
    """Return the text of a file, decompressed if its name ends in `.gz`.

    Args:
        path: The file.
        limit: Maximum size, decompressed [bytes].

    Raises:
        ReadError: The file cannot be read, is larger than the limit, or is not UTF-8.
    """
    raw = read_bytes(path, limit)
    if raw[1:2] == b"\0" or raw[:1] == b"\0":  # valid UTF-8, but no text
        raise ReadError(f"{_shown(path)}: not a text file (UTF-8) but, it seems, UTF-16; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith(b"\x1f\x8b"):
            raise ReadError(f"{_shown(path)}: compressed with gzip; its name must end in .gz") from None
        raise ReadError(f"{_shown(path)}: not a text file (UTF-8){_encoding_hint(raw, error)}") from None


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


def _encoding_hint(raw: bytes, error: UnicodeDecodeError) -> str:
    """Name the encoding that a text seems to have, and the line of the first byte that is not UTF-8."""
    marks = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))
    for mark, name in marks:
        if raw.startswith(mark):
            return f" but {name}; save it as UTF-8"
    byte, line = raw[error.start], raw.count(b"\n", 0, error.start) + 1
    character = bytes([byte]).decode("cp1252", "replace")
    is_latin = character.isprintable() and b"\0" not in raw
    meant = f", which is {character!r} in Latin-1; save the file as UTF-8" if is_latin else ""
    return f": line {line} has the byte {byte:#04x}{meant}"


def _shown(path: str | Path) -> str:
    return str(path) if len(str(path)) <= MAX_PATH_SHOWN else f"{str(path)[:MAX_PATH_SHOWN]}…"
