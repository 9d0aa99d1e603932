"""What every command shares: an output folder that can be written to, and errors as one line with exit code 2."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TextIO

from planner.errors import OutputError, PlannerError
from planner.io.terminal import printable

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)  # errors of a disk, not of the program
_BAD_NAMES = (errno.ENAMETOOLONG, errno.ELOOP)  # of files, wherever they are looked for
MAX_SHOWN = 300  # characters of a name in a message


def writable(folder: Path) -> Path:
    """Create a folder and return it.

    Raises:
        OutputError: It cannot be created or written to.
    """
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror or error
        raise OutputError(f"{folder}: cannot be written to ({reason}); choose another with --out") from None
    return folder


def writable_file(path: Path) -> Path:
    """Create the folder of a file that will be written, and return the file.

    Raises:
        OutputError: A folder is there, or the file's folder cannot be created or written to.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:  # the name is too long
        raise OutputError(f"{path}: cannot be written to ({error.strerror})") from None
    if is_folder:
        raise OutputError(f"{path}: is a folder; name a file to write")
    writable(path.parent)
    return path


def standard_input(*, errors: Literal["strict", "replace"] = "strict") -> TextIO:
    """Return standard input as UTF-8 text, whatever the terminal's encoding is.

    Raises:
        PlannerError: It is closed.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise PlannerError("standard input is closed")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors=errors)
    return sys.stdin


def run_command(command: Callable[[], int], prog: str) -> int:
    """Run a command; an error caused by the user's input becomes one message on stderr and exit code 2."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: Python would print errors among the results, or nothing at all
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 cannot show arrows
    try:
        code = command()
        sys.stdout.flush()  # here, where a closed pipe can still be caught
        return code
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has closed the pipe
        _discard_output()
        return 1
    except Exception as error:
        from envs.errors import EnvsError  # imported late: `envs` takes longer to import than -h takes to print
        from gpt.errors import GPTError

        if isinstance(error, OSError) and error.errno in _FULL and not isinstance(error, PlannerError):
            _discard_output()
            print(f"{prog}: {error.filename or 'standard output'}: {os.strerror(error.errno).lower()}", file=sys.stderr)
            return 2
        if not isinstance(error, PlannerError | EnvsError | GPTError):
            if not isinstance(error, OSError) or error.errno not in _BAD_NAMES:
                raise
            print(f"{prog}: {printable(str(error.filename)[:MAX_SHOWN])}: {error.strerror}", file=sys.stderr)
            return 2
        print(f"{prog}: {printable(str(error))}", file=sys.stderr)
        return 2


def typed_argument(text: str) -> str:
    """Return an argument as it was typed in UTF-8, in a terminal of any encoding."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:  # the bytes are none of the terminal's encoding
        pass
    try:
        return os.fsencode(text).decode("utf-8", "replace")
    except UnicodeEncodeError:  # not from a terminal: half of a character in a program's call of `main`
        return text.encode("utf-8", "replace").decode()


def _discard_output() -> None:
    """Keep the interpreter from writing the rest of the results, and failing again, at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def one_thread() -> None:
    """Limit numpy to one thread.

    A small model decodes no faster on two threads, and far slower on a busy machine.
    """
    from gpt.inference.threads import limit_blas_threads

    limit_blas_threads(1)
