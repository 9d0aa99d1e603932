"""What every command shares: an output folder that can be written to, and errors as one line with exit code 2."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from planner.errors import OutputError, PlannerError
from planner.io.terminal import printable


def writable(folder: Path) -> Path:
    """Make a folder and return it.

    Raises:
        OutputError: It cannot be made or written to.
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


def run_command(command: Callable[[], int], prog: str) -> int:
    """Run a command; an error that is somebody's input becomes one message on stderr and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 has no arrow
    try:
        code = command()
        sys.stdout.flush()  # here, where a closed pipe can still be caught
        return code
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read us has seen enough; the interpreter would flush again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from envs.errors import EnvsError  # here: importing `envs` takes longer than printing a command's -h
        from gpt.errors import GPTError

        if not isinstance(error, PlannerError | EnvsError | GPTError):
            raise
        print(f"{prog}: {printable(str(error))}", file=sys.stderr)
        return 2


def one_thread() -> None:
    """Let numpy compute on one thread.

    A small model decodes no faster on two, and far slower on a busy machine.
    """
    from gpt.inference.threads import limit_blas_threads

    limit_blas_threads(1)
