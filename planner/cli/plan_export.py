"""Prints a plan in the format of other software, or writes it into a folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import ExportError, OutputError
from planner.io.command import writable
from planner.io.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.plans.export import Format
    from planner.plans.planning_result import Plan


def export_plan(plan: Plan, export_format: Format, prog: str, *, unverified: bool, out: Path | None) -> int:
    """Print a plan, or write its files and print their paths; return the exit code.

    A plan that is not verified leads to a message and exit code 1; it is exported only if `unverified` asks for it.
    JSON is always written, since it holds the status; only there an answer or a noted rule is exit code 0.

    Raises:
        OutputError: The folder cannot be written to.
        ExportError: An extra is missing.
    """
    is_json = export_format == "json"
    is_done = plan.is_proven or (is_json and plan.is_settled)
    if not is_done:
        print(f"{prog}: {plan.status}: {printable(' '.join(plan.reason.split()))}", file=sys.stderr)
        if not is_json and (plan.goal is None or plan.guesses):
            return 1
        if not is_json and not unverified:
            print(f"{prog}: --unverified exports the plan all the same, as far as it gets", file=sys.stderr)
            return 1
    try:
        if out is None:
            print(plan.export(export_format, unverified=unverified).rstrip("\n"))
        else:
            for path in write_files(out, plan.export_files(export_format, unverified=unverified)):
                print(path)
    except ExportError as error:
        if is_done:
            raise
        print(f"{prog}: {printable(str(error))}", file=sys.stderr)
    return 0 if is_done else 1


def write_files(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write files into a folder, each beside its place first, so that none is ever seen half written.

    Raises:
        OutputError: The folder cannot be written to.
    """
    writable(folder)
    beside = {folder / name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        for (path, part), text in zip(beside.items(), files.values(), strict=True):
            if path.is_dir():
                raise OutputError(f"{path}: is a folder; choose another with --out")
            part.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
        for path, part in beside.items():
            part.replace(path)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to ({error.strerror or error})") from None
    finally:
        for part in beside.values():
            part.unlink(missing_ok=True)
    return list(beside)
