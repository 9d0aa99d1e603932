"""Atomic file writes, which after a kill leave the old file or the complete new one; reads with a size limit.

`check_output` tells before long work whether its result can be written.
"""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gpt.errors import FileError


def parse_json(text: str) -> Any:
    """Return the content of a JSON text.

    Raises:
        ValueError: It is not JSON, or gives a key twice, of which Python would keep the last.
    """
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        count = Counter(key for key, _ in pairs)
        raise ValueError(f"the key {count.most_common(1)[0][0][:40]!r} is given twice")
    return content


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file, then rename it to `path`.

    Raises:
        FileError: The file or its folder cannot be written; or it is a device or a pipe, which is not replaced.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise OSError(errno.EPERM, "it is a device or a pipe, and is not replaced")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        wrapped = FileError(f"{path}: cannot be written: {error.strerror or error}")
        wrapped.strerror = error.strerror
        raise wrapped from error


def check_output(path: Path, *, folder: bool) -> None:
    """Check that a folder or file can be written; nothing is created.

    Args:
        path: The folder or file, which need not exist, nor its parents.
        folder: Whether `path` is to be a folder.

    Raises:
        FileError: Something else is there, or the nearest existing folder is not writable.
    """
    try:
        if folder and path.exists() and not path.is_dir():
            raise FileError(f"{path}: is a file; give a folder to write to")
        if not folder and path.is_dir():
            raise FileError(f"{path}: is a folder; give a file to write")
        if not folder and path.exists() and not path.is_file():
            raise FileError(f"{path}: is a device or a pipe, which is not replaced; give a file to write")
        parent = path if folder else path.parent
        while not parent.exists():
            if parent.is_symlink():
                raise FileError(f"{path}: cannot be written: {parent} is a symbolic link to nothing")
            parent = parent.parent
        if not parent.is_dir():
            raise FileError(f"{path}: cannot be written: {parent} is a file, not a folder")
    except FileError:
        raise
    except (OSError, ValueError) as error:  # the name is too long, or not a path
        raise FileError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    if not os.access(parent, os.W_OK | os.X_OK):
        raise FileError(f"{path}: cannot be written: no permission to write in {parent}")


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
