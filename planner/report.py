"""`python -m planner.report`: a self-contained HTML page about a run of `planner.improve`.

Writes report.html into the run's folder: success by cycle with intervals, failures, all proposals, what was learned,
and three episodes as filmstrips. The file needs no other files and no network. The page of a running or interrupted run
lists what is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from planner.io.command import run_command, writable_file
from planner.io.command_parser import CommandParser
from planner.io.paths import runs_dir

PROG = "python -m planner.report"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog=PROG, description="Write a page about a run of planner.improve.")
    add = parser.add_argument
    add("run", metavar="RUN", help="name of a folder in runs/, or a path to a run")
    add("--out", type=Path, metavar="FILE", help="output file (default: report.html in the run's folder)")
    add("--no-filmstrips", action="store_true", help="show episodes as text instead of filmstrips (faster)")
    add("--open", action="store_true", help="open the page in a browser")
    add("--json", action="store_true", help="print a summary as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0 after writing the page, 2 on wrong input."""
    args = _parser().parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from gpt.files import write_text_atomically
    from planner.reporting.filmstrips import strips
    from planner.reporting.page import build
    from planner.reporting.run_folder import read_run

    started_at = time.perf_counter()
    folder = find_run(args.run)
    run = read_run(folder)
    path = args.out or folder / "report.html"
    writable_file(path)
    page = build(run, strips(run.cycles, pictures=not args.no_filmstrips))
    write_text_atomically(path, page.html)
    written = {
        "report": str(path), "bytes": page.size, "cycles": len(run.finished_cycles), "proposals": page.total,
        "proposals_shown": page.shown, "lacking": run.missing, "seconds": round(time.perf_counter() - started_at, 1),
    }  # fmt: skip
    if args.json:
        print(json.dumps(written))
    else:
        print(f"report: {path} ({page.size / 1000:.0f} kB, {written['seconds']} s)")
        if page.shown < page.total:
            print(f"of {page.total} proposals the latest {page.shown} are in it: a page has at most 5 MB")
        for line in run.missing:
            print(f"  {line}")
    if args.open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return 0


def find_run(name: str) -> Path:
    """Return the folder of a run, given its name in runs/ or a path.

    Raises:
        RunError: There is no such folder.
    """
    from envs.errors import nearest
    from planner.reporting.run_folder import RunError

    for folder in (runs_dir() / name, Path(name)):
        if folder.is_dir():
            return folder
    available = sorted(p.parent.name for p in runs_dir().glob("*/config.json"))
    available_text = ", ".join(available) or "none"
    raise RunError(
        f"{name}: no run in {runs_dir()}/ and no folder{nearest(name, available)}; there is: {available_text}"
    )


if __name__ == "__main__":
    sys.exit(main())
