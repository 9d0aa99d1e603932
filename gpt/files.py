"""Atomic file writes, which after a kill leave the old file or the complete new one; reads with a size limit."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gpt.errors import FileError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file, then rename it to `path`.

    Raises:
        FileError: The file cannot be written, or there is a folder or a device of its name, which is not replaced.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.exists() and not path.is_file():
            code = errno.EISDIR if path.is_dir() else errno.EPERM
            raise OSError(code, os.strerror(code) if path.is_dir() else "it is a device or a pipe, and is not replaced")
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        file_error = FileError(f"{path}: cannot be written ({reason})")
        file_error.strerror = reason  # callers put it into messages of their own
        raise file_error from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """As `write_atomically`, for UTF-8 text."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")

    write_atomically(path, write)


def read_text(path: Path, limit: int) -> str:
    """Return the text of a file.

    Args:
        path: The file.
        limit: Maximum size in bytes; endless input is rejected without reading it all.

    Raises:
        FileError: It cannot be read, is larger, or is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError:
        raise FileError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # ValueError: not a valid path
        raise FileError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > limit:
        raise FileError(f"{path}: larger than {limit // 1000} kB")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise FileError(f"{path}: cannot be read: not a text file (UTF-8)") from None
