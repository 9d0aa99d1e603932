"""The verbs `new` and `from-seen` of `python -m planner.home`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import HomeError
from envs.files.bounded_files import named_after
from envs.scenes.home_file import parse_home
from envs.symbolic.domain import load_domain
from gpt.files import write_text_atomically
from planner.errors import InputError, OutputError
from planner.io.command import standard_input, writable_file
from planner.io.terminal import printable
from planner.new_homes.asking import Asker
from planner.new_homes.drafts import home_text
from planner.new_homes.new_home import Wishes, new_home
from planner.new_homes.seen_home import seen_home_text

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene

DEFAULT_FILE = "my_home.yaml"
DEFAULT_NAME = "my home"
SUFFIXES = (".yaml", ".yml")
MAX_FILE_NAME = 200


def new(args: argparse.Namespace) -> int:
    """Ask what a home is like, or furnish the rooms that are given, and write its file. Returns the exit code."""
    if args.file is not None and args.out is not None:
        raise InputError("FILE and --out name the same thing; give one of them")
    path: Path | None = args.file or args.out
    asks = args.rooms is None
    asker = Asker(standard_input(errors="replace") if asks else None)
    if asks:
        path = _free_file(asker, path)
    elif path is not None and path != Path("-"):
        _check_free(path)
    domain_file = _domain_file(args.domain, path)
    wishes = Wishes(
        name=_name_of(path),
        rooms=args.rooms,
        people=args.people if asks else args.people or "",
        seed=args.seed,
        domain=load_domain(args.domain),
        domain_file=domain_file,
    )
    text = home_text(new_home(asker, wishes), _comments("new", path))
    return _finish(text, path, args.domain)


def from_seen(args: argparse.Namespace) -> int:
    """Write the file of a home that the names of pictures tell of. Returns the exit code."""
    path: Path | None = args.out
    if path is not None and path != Path("-"):
        _check_free(path)
    text = seen_home_text(
        args.list,
        name=_name_of(path),
        look=args.look,
        comments=_comments("from-seen", path),
        domain=load_domain(args.domain),
        domain_file=_domain_file(args.domain, path),
    )
    return _finish(text, path, args.domain)


def add_new_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `new`."""
    add = parser.add_argument
    add("file", nargs="?", type=Path, metavar="FILE", help=f"the file to write (default: asked for; {DEFAULT_FILE})")
    add(
        "--rooms",
        metavar="LIST",
        help='ask nothing: furnish these rooms, such as "kitchen, 2 bedrooms, den = living room"',
    )
    add("--people", metavar="LIST", help='who lives there, such as "Anna, Ben"')
    add("--out", type=Path, metavar="FILE", help="the file to write; with --rooms, standard output by default")


def add_from_seen_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `from-seen`."""
    add = parser.add_argument
    add(
        "list",
        nargs="+",
        metavar="LIST",
        help='a folder of pictures, a text file of names (- is stdin), a picture, or rooms ("kitchen, bedroom")',
    )
    add("--look", action="store_true", help="look at the pictures, too (of rendered homes; sight knows no photographs)")
    add("--out", type=Path, metavar="FILE", help="the file to write (default: standard output)")


def _domain_file(file: Path | None, path: Path | None) -> str:
    """Return the name of a domain's file in a home's file, which it is relative to; empty for the built-in domain."""
    if file is None:
        return ""
    return os.path.relpath(file.expanduser(), Path() if path is None or path == Path("-") else path.parent)


def _finish(text: str, path: Path | None, domain_file: Path | None) -> int:
    """Check a home and write it; a home that does not check is not written."""
    try:
        folder = Path() if path is None or path == Path("-") else path.parent
        scene = parse_home(text, name=_name_of(path), folder=folder, domain=load_domain(domain_file))
    except HomeError as error:
        print(printable(f"no file was written, because the home does not check:\n{error}"), file=sys.stderr)
        sys.stdout.write(text)  # what was answered is not lost
        return 1
    if path is None or path == Path("-"):
        sys.stdout.write(text)
        return 0
    write_text_atomically(writable_file(path), text)
    print(printable(f"{path}: {_counted(scene)}"))
    print(printable(f"look at it: python -m planner.home show {path} --picture plan.png"), file=sys.stderr)
    return 0


def _counted(scene: Scene) -> str:
    counts = {"room": len(scene.rooms), "fixture": len(scene.fixtures), "object": len(scene.objects)}
    return ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items())


def _free_file(asker: Asker, path: Path | None) -> Path:
    """Return a file that may be written: one that does not exist, or that may be overwritten."""

    def read(text: str) -> Path:
        if not text.isprintable() or len(text) > MAX_FILE_NAME:
            raise InputError("the name of a file is up to 200 printable letters")
        named = Path(text).expanduser()
        return writable_file(named if named.suffix in SUFFIXES else named.with_name(f"{named.name}.yaml"))

    while True:
        path = asker.ask_until("Which file shall be written?", _unused(DEFAULT_FILE), read) if path is None else path
        if not path.exists():
            return writable_file(path)
        if asker.agrees(f"{path} exists. Overwrite it?", default=False):
            return writable_file(path)
        if asker.source is None:
            raise OutputError(f"{path}: exists, and nobody says that it may be overwritten; name another file")
        path = None


def _unused(name: str) -> str:
    """Return a name of a file that does not exist."""
    path, number = Path(name), 1
    while path.exists():
        number += 1
        path = Path(name).with_stem(f"{Path(name).stem}_{number}")
    return str(path)


def _check_free(path: Path) -> None:
    """Refuse a file that exists.

    Raises:
        OutputError: It does, or its folder cannot be written to.
    """
    if writable_file(path).exists():
        raise OutputError(f"{path}: exists; name another file, or delete it")


def _name_of(path: Path | None) -> str:
    if path is None or path == Path("-"):
        return DEFAULT_NAME
    return " ".join(named_after(path).split()) or DEFAULT_NAME


def _comments(verb: str, path: Path | None) -> list[str]:
    name = "" if path is None or path == Path("-") else path.name
    file = name if name.isprintable() and name else "HOME.yaml"
    return [
        f"Written by `python -m planner.home {verb}`; change it as you like (datasets/homes/README.md has the format).",
        f"Check it after a change: python -m planner.home check {file}",
    ]
