"""Errors of the `planner` package, and the one way in which a command reports what went wrong."""

from __future__ import annotations


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


class ExportError(PlannerError, ValueError):
    """A plan or its goal cannot be written in a format."""


class OutputError(PlannerError, OSError):
    """A folder cannot be written to."""
