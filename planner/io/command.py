"""What every command shares: an output folder that can be written to, and errors as one line with exit code 2."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TextIO

from planner.errors import OutputError, PlannerError
from planner.io.terminal import printable


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
        raise OutputError(
            f"{folder}: cannot be written to ({error.strerror or error}); choose another with --out"
        ) from None
    return folder


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
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 cannot show arrows
    try:
        code = command()
        sys.stdout.flush()  # here, where a closed pipe can still be caught
        return code
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has closed the pipe; keep the interpreter from flushing again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from envs.errors import EnvsError  # imported late: `envs` takes longer to import than -h takes to print
        from gpt.errors import GPTError

        if not isinstance(error, PlannerError | EnvsError | GPTError):
            raise
        print(f"{prog}: {printable(str(error))}", file=sys.stderr)
        return 2


def one_thread() -> None:
    """Limit numpy to one thread.

    A small model decodes no faster on two threads, and far slower on a busy machine.
    """
    from gpt.inference.threads import limit_blas_threads

    limit_blas_threads(1)
