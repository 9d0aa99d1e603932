"""The errors of the `planner` package."""

from __future__ import annotations


class PlannerError(Exception):
    """Base class of all errors that `planner` raises deliberately."""


class OptionsError(PlannerError, ValueError):
    """A decoding option is invalid."""


class RecipeError(PlannerError, ValueError):
    """A recipe file or a flag over it is invalid."""


class ReleaseError(PlannerError, FileNotFoundError):
    """The installation has no released weights."""


class CalibrationError(PlannerError, ValueError):
    """A calibration is damaged or missing, or cannot guarantee the requested error rate."""


class StageError(PlannerError, ValueError):
    """A file of an earlier run, needed to resume it, is damaged or belongs to another run."""


class WorkersError(PlannerError, RuntimeError):
    """No worker can be started, or there is no cluster."""


class EpisodeError(PlannerError, RuntimeError):
    """An episode cannot be created, for a reason that the user can fix."""


class PlanTextError(PlannerError, ValueError):
    """A text is not a plan, or a step of it is nothing that the robot can do in this home."""


class ExportError(PlannerError, ValueError):
    """A plan or its goal cannot be written in a format."""


class OutputError(PlannerError, OSError):
    """A folder cannot be written to."""


class AgendaError(PlannerError, ValueError):
    """A plan is not one for an agenda, or a file is not an agenda."""


class InputError(PlannerError, ValueError):
    """An input file, recording or picture is missing, damaged, too large, or of a format that is not read."""
