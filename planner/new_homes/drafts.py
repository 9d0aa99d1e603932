"""A home while it is being put together, and the text of its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from envs.scenes.home_files.entries import Item
from envs.scenes.home_files.properties import MAX_COUNT
from envs.symbolic.domain import Domain
from envs.symbolic.kinds.writing import kinds_text, word
from envs.symbolic.scene import FixtureSpec, Room
from planner.new_homes.entries import Table, entry_words

WIDTH = 110  # characters of a line of the file


@dataclass(kw_only=True)
class Piece:
    """One entry, of furniture or of objects, and where it comes from."""

    item: Item
    comment: str = ""


@dataclass(kw_only=True)
class Draft:
    """A home.

    Attributes:
        name: What it is called.
        domain: Its kinds of things, own ones too.
        base: The domain without its own kinds.
        domain_file: The file of that domain, as the home's file names it; empty for the built-in one.
        people: Who lives there.
        rooms: Its rooms.
        furniture: The pieces of each room, each of one fixture, by the room's name.
        contents: What is in or on each fixture, by the fixture's name.
        seed: Determines the floor plan.
    """

    name: str
    domain: Domain
    base: Domain
    domain_file: str = ""
    people: tuple[str, ...] = ()
    rooms: list[Room] = field(default_factory=list)
    furniture: dict[str, list[Piece]] = field(default_factory=dict)
    contents: dict[str, list[Piece]] = field(default_factory=dict)
    seed: int = 0

    def fixtures(self) -> list[FixtureSpec]:
        """Return the furniture, named in the order of the file."""
        numbers: Counter[str] = Counter()
        fixtures = []
        for room in self.rooms:
            for piece in self.furniture.get(room.name, ()):
                item = piece.item
                numbers[item.category] += 1
                fixtures.append(
                    FixtureSpec(
                        name=f"{item.category} {numbers[item.category]}", category=item.category, room=room.name,
                        x=0.0, y=0.0, yaw=0.0, states=item.states, properties=item.properties,
                    )
                )  # fmt: skip
        return fixtures

    def add(self, place: str, item: Item, comment: str = "") -> None:
        """Put things in or on a fixture; those that are alike become one entry."""
        pieces = self.contents.setdefault(place, [])
        for piece in pieces:
            is_alike = replace(piece.item, count=item.count) == item and not item.holds
            if is_alike and piece.comment == comment and piece.item.count + item.count <= MAX_COUNT:
                piece.item = replace(piece.item, count=piece.item.count + item.count)
                return
        pieces.append(Piece(item=item, comment=comment))


def home_text(draft: Draft, comments: Sequence[str] = ()) -> str:
    """Return the text of the file of a home.

    Args:
        draft: The home.
        comments: What stands above it, a line each.
    """
    lines = [f"# {line}".rstrip() for line in comments]
    lines += [f"domain: {word(draft.domain_file)}"] if draft.domain_file else []
    lines += [f"name: {word(draft.name)}"]
    lines += [f"seed: {draft.seed}"] if draft.seed else []
    lines += [f"people: [{', '.join(map(word, draft.people))}]"] if draft.people else []
    lines += [*kinds_text(draft.domain, draft.base), "rooms:"]
    for room in draft.rooms:
        pieces = _merged(draft.furniture.get(room.name, []))
        entries = _entries(pieces, "fixtures", draft)
        base, _, number = room.name.rpartition(" ")
        if room.name == room.kind or (base == room.kind and number.isdecimal()):
            lines += _listed("  ", word(room.name), entries)
        else:
            lines += [f"  {word(room.name)}:", f"    kind: {word(room.kind)}"]
            lines += _listed("    ", "fixtures", entries)
    filled = [fixture.name for fixture in draft.fixtures() if draft.contents.get(fixture.name)]
    if filled:
        lines.append("objects:")
    for name in filled:
        lines += _listed("  ", word(name), _entries(draft.contents[name], "objects", draft))
    return "\n".join(lines) + "\n"


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Count pieces that are alike and stand next to each other in the list."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if (
            last is not None
            and replace(last.item, count=1) == piece.item
            and last.comment == piece.comment
            and last.item.count < MAX_COUNT
        ):
            merged[-1] = Piece(item=replace(last.item, count=last.item.count + 1), comment=last.comment)
        else:
            merged.append(piece)
    return merged


def _entries(pieces: Sequence[Piece], table: Table, draft: Draft) -> list[tuple[str, str]]:
    return [(entry_words(piece.item, table, draft.domain, draft.people), piece.comment) for piece in pieces]


def _listed(indent: str, key: str, entries: Sequence[tuple[str, str]]) -> Iterator[str]:
    line = f"{indent}{key}: [{', '.join(text for text, _ in entries)}]"
    if len(line) <= WIDTH and not any(comment for _, comment in entries):
        yield line
        return
    yield f"{indent}{key}:"
    for text, comment in entries:
        yield f"{indent}  - {text}" + (f"  # {comment}" if comment else "")
