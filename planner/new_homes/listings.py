"""Listings of pictures: a folder, a text file as `ls -R`, `find` or `tree` writes it, names one by one; and rooms."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envs.errors import quoted
from envs.files.bounded_files import read_text
from envs.symbolic.domain import Domain
from envs.symbolic.scene import Room
from planner.errors import InputError
from planner.io.command import standard_input
from planner.new_homes.room_list import read_rooms

SUFFIXES = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".gif",
        ".bmp",
        ".webp",
        ".tif",
        ".tiff",
        ".ppm",
        ".heic",
        ".heif",
        ".avif",
    )
)
MAX_PICTURES = 5000
MAX_BYTES = 1_000_000
MAX_DEPTH = 20  # of folders
_LONG_FORM = re.compile(r"[-dlrwxstST.+@]{10,}\s+\d+\s+\S+\s+\S+\s+[\d.,KMG]+\s+\S+\s+\d+\s+[\d:]+\s+(.+)")  # ls -l
_INDENT = re.compile(r"[\s│├└─|`+*•-]*")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture: its path as it is listed, and its file if there is one."""

    name: str
    file: Path | None = None


@dataclass
class Listing:
    """The rooms and pictures of a list, each once."""

    rooms: list[Room] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)

    def add(self, name: str, file: Path | None = None) -> None:
        """Add a picture.

        Raises:
            InputError: There are too many.
        """
        if len(self.pictures) >= MAX_PICTURES and name not in self.pictures:
            raise InputError(f"more than {MAX_PICTURES} pictures; list fewer")
        if name not in self.pictures or self.pictures[name].file is None:
            self.pictures[name] = Picture(name=name, file=file)

    def add_rooms(self, rooms: Sequence[Room]) -> None:
        """Add rooms that are not listed yet."""
        names = {room.name for room in self.rooms}
        self.rooms += [room for room in rooms if room.name not in names]


def read_listing(parts: Sequence[str], domain: Domain) -> Listing:
    """Return what the arguments of a command list.

    Args:
        parts: Folders, pictures, text files with a name a line, `-` for standard input, lists of rooms.
        domain: The domain, whose kinds of rooms are known.

    Raises:
        InputError: A part is none of these, or there are too many pictures.
        ReadError: A text file cannot be read.
    """
    listing = Listing()
    for part in parts:
        path = Path(part).expanduser() if part != "-" else None
        if path is None:
            _read_lines(standard_input(errors="replace").read(MAX_BYTES).splitlines(), Path(), listing, domain)
        elif _is(path, "is_dir"):
            _read_folder(path, listing, domain)
        elif is_picture(part):
            listing.add(part, path if _is(path, "is_file") else None)
        elif _is(path, "is_file"):
            _read_lines(read_text(path, MAX_BYTES).splitlines(), path.parent, listing, domain)
        else:
            try:
                listing.add_rooms(read_rooms(part, domain))
            except InputError as error:
                raise InputError(f"{quoted(part)}: no such file or folder, and no list of rooms: {error}") from None
    return listing


def is_picture(name: str) -> bool:
    """Whether a name is that of a picture."""
    return os.path.splitext(name.rstrip("/"))[1].lower() in SUFFIXES


def _is(path: Path, what: str) -> bool:
    try:
        return bool(getattr(path, what)())
    except (OSError, ValueError):  # not the path of anything
        return False


def _read_folder(folder: Path, listing: Listing, domain: Domain) -> None:
    root = folder.resolve().name
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(place).relative_to(folder)
        if len(inside.parts) >= MAX_DEPTH:
            folders.clear()
        for name in folders:
            _add_room(name, listing, domain)
        for name in sorted(files):
            if is_picture(name) and not name.startswith("."):
                listing.add((Path(root) / inside / name).as_posix(), Path(place) / name)


def _read_lines(lines: Sequence[str], folder: Path, listing: Listing, domain: Domain) -> None:
    heading = ""  # of `ls -R`
    above: list[tuple[int, str]] = []  # folders of `tree`, and how far they are indented
    for line in lines:
        text = _LONG_FORM.sub(r"\1", line.rstrip())
        indent = len(_INDENT.match(text)[0])  # type: ignore[index] # it matches nothing, too
        name = text[indent:].strip().strip("'\"")
        if not name or name.startswith("#") or re.fullmatch(r"total [\d.]+[KMG]?", name):
            continue
        above = [(depth, other) for depth, other in above if depth < indent]
        if is_picture(name):
            listed = "/".join(filter(None, (heading, *(other for _, other in above), name)))
            candidates = (Path(listed), folder / listed)
            listing.add(listed, next((path for path in candidates if _is(path, "is_file")), None))
            continue
        if name.endswith(":"):
            heading, above = name.removesuffix(":").removeprefix("./").strip("."), []
            _add_room(heading.rpartition("/")[2], listing, domain)
            continue
        above.append((indent, name.rstrip("/")))
        if not re.search(r"\.\w{2,5}$", name):  # no other file
            _add_rooms(name, listing, domain)


def _add_room(name: str, listing: Listing, domain: Domain) -> None:
    """Add the room that a folder is called after, if it is."""
    _add_rooms(re.sub(r"[_\-.]+", " ", name), listing, domain)


def _add_rooms(text: str, listing: Listing, domain: Domain) -> None:
    try:
        listing.add_rooms(read_rooms(text.rpartition("/")[2], domain))
    except InputError:
        return  # it lists no rooms: the name of an album, another file


def sources(pictures: Sequence[str], limit: int = 3) -> Iterator[str]:
    """Yield the names of pictures for a comment, the first few of many."""
    yield from pictures[:limit]
    if len(pictures) > limit:
        yield f"{len(pictures) - limit} more"
