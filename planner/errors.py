"""Errors of the `planner` package, and the one way in which a command reports what went wrong."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from planner.terminal import printable


class PlannerError(Exception):
    """Base class of everything that `planner` raises on purpose."""


class OptionsError(PlannerError, ValueError):
    """A way to decode that is none."""


class RecipeError(PlannerError, ValueError):
    """A recipe file or a flag over it is invalid."""


class ReleaseError(PlannerError, FileNotFoundError):
    """The installation has no released weights."""


class CalibrationError(PlannerError, ValueError):
    """A calibration is damaged or missing, or cannot vouch for what is asked of it."""


class StageError(PlannerError, ValueError):
    """A file that an earlier run left to go on with is damaged, or of another run."""


class WorkersError(PlannerError, RuntimeError):
    """There is nobody to work: no worker can be started, or no cluster is there."""


class EpisodeError(PlannerError, RuntimeError):
    """An episode cannot be made, for a reason that a person can mend."""


class OutputError(PlannerError, OSError):
    """A folder cannot be written to."""


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


def reported(command: Callable[[], int], prog: str) -> int:
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
