"""The error of the exports, in a file that imports nothing, so that `-h` starts fast."""

from __future__ import annotations

from planner.errors import PlannerError


class ExportError(PlannerError, ValueError):
    """A plan or its goal cannot be written in a format."""
