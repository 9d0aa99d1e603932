"""Checks before long work that its result can be written."""

from __future__ import annotations

import os
from pathlib import Path

from envs.errors import EnvsError


class WriteError(EnvsError, OSError):
    """A file cannot be written; the message names it."""


def check_output_file(path: Path) -> None:
    """Create the folder of a file that will be written, and check that the file can be.

    Raises:
        WriteError: A folder is there, or the file's folder cannot be created or written to.
    """
    try:
        if path.is_dir():
            raise WriteError(f"{path}: is a folder; give a file to write")
        if path.exists() and not path.is_file():
            raise WriteError(f"{path}: is a device or a pipe, which is not replaced; give a file to write")
        path.parent.mkdir(parents=True, exist_ok=True)
    except WriteError:
        raise
    except FileExistsError:
        raise WriteError(f"{path}: cannot be written: {path.parent} is a file, not a folder") from None
    except (OSError, ValueError) as error:
        raise WriteError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise WriteError(f"{path}: cannot be written: no permission to write in {path.parent}")
