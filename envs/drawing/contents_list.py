"""What is where in a home, as a list beside its floor plan: room by room, in columns as high as the plan."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from envs.drawing.labels import DARK
from envs.drawing.lettering import LINE_HEIGHT, shortened, width_of
from envs.drawing.shapes import Box, Color, Polygon, Shape, Text, rectangle
from envs.symbolic.described_kinds import category_of, look_of
from envs.symbolic.domain import Domain
from envs.symbolic.scene import ObjectSpec, Scene
from envs.words import plural

SIZE, ROOM_SIZE = 11, 13
COLUMN = 330.0
GAP = 24.0  # between columns
INDENT = 12.0
MIN_HEIGHT = 420.0  # of a column
MAX_LINES = 4  # of one fixture
SWATCH = 8.0  # side of the square that shows a color
UNBROKEN = re.compile(r"\S+(?: \d+\S*)?")  # a number stays with its word: `mug 3,`
QUIET: Color = (96, 100, 108)
ROOM: Color = (128, 92, 52)


@dataclass
class ContentsList:
    """The shapes of a list, and where it ends."""

    shapes: list[Shape] = field(default_factory=list)
    right: float = 0.0
    bottom: float = 0.0


@dataclass(frozen=True, kw_only=True)
class _Word:
    """A word of an entry, and the color of the thing that it begins."""

    text: str
    color: Color
    swatch: Color | None = None


def held_names(scene: Scene) -> dict[str, list[str]]:
    """Return the names of the things in or on each fixture, also those in other things, by the fixture's name."""
    place_of = {item.name: item.place for item in scene.objects}
    root_of: dict[str, str] = {}
    held: dict[str, list[str]] = defaultdict(list)
    for item in scene.objects:  # containers come before their contents
        root_of[item.name] = root_of.get(place_of[item.name], place_of[item.name])
        held[root_of[item.name]].append(item.name)
    return held


def contents_list(scene: Scene, numbers: Mapping[str, int], *, left: float, top: float, height: float) -> ContentsList:
    """Return the list.

    Args:
        scene: The home.
        numbers: The number that stands in the plan for a name.
        left: Left edge of the first column.
        top: Upper edge of the columns.
        height: Height of the plan.
    """
    domain = scene.domain
    contents: dict[str, list[ObjectSpec]] = defaultdict(list)
    for item in scene.objects:
        contents[item.place].append(item)
    counts = {name: len(held) for name, held in held_names(scene).items()}
    persons = [fixture.name for fixture in scene.fixtures if fixture.category == scene.domain.person]
    people = dict(zip(persons, scene.people, strict=False))
    columns = _Columns(left, top, max(height, MIN_HEIGHT))
    for room in scene.rooms:
        columns.heading(room.name)
        for fixture in scene.furniture:
            if fixture.room != room.name:
                continue
            name = people.get(fixture.name, fixture.name)
            label = f"{name} ({counts[fixture.name]})" if fixture.name in counts else name
            if fixture.name not in counts and label not in numbers and fixture.name not in people:
                continue
            words = [_Word(text=str(numbers[label]), color=ROOM)] if label in numbers else []
            traits = (*fixture.properties, *sorted(fixture.states))
            known = f"{name} ({', '.join(traits)})" if traits else name
            words += [_Word(text=word, color=DARK) for word in UNBROKEN.findall(known)]
            things = list(_things(contents[fixture.name], contents, domain))
            if things:
                words[-1] = _Word(text=f"{words[-1].text}:", color=DARK)
            columns.entry([*words, *things])
    return columns.done()


def _things(items: Sequence[ObjectSpec], contents: Mapping[str, list[ObjectSpec]], domain: Domain) -> Iterator[_Word]:
    """Yield the words of a list of things; those that nothing tells apart are counted."""
    alike = Counter(_description(item, contents) for item in items)
    first: dict[str, ObjectSpec] = {}
    for item in items:
        first.setdefault(_description(item, contents), item)
    for k, (description, item) in enumerate(first.items()):
        number = alike[description]
        text = f"{number} {plural(description, is_counted=True)}" if number > 1 else _named(item, contents)
        text += "" if k == len(first) - 1 else ","
        look = look_of(item.properties, domain)
        color = None if look is None else category_of(item, domain).color
        swatch = None if color is None else (round(255 * color[0]), round(255 * color[1]), round(255 * color[2]))
        for j, word in enumerate(UNBROKEN.findall(text)):
            yield _Word(text=word, color=QUIET, swatch=swatch if j == 0 else None)


def _description(item: ObjectSpec, contents: Mapping[str, list[ObjectSpec]]) -> str:
    """Return a thing in words, without its number unless it holds something."""
    return _named(item, contents) if contents.get(item.name) else _words(item, item.category)


def _named(item: ObjectSpec, contents: Mapping[str, list[ObjectSpec]]) -> str:
    inner = contents.get(item.name)
    held = f" [{', '.join(_named(other, contents) for other in inner)}]" if inner else ""
    return _words(item, item.name) + held


def _words(item: ObjectSpec, name: str) -> str:
    owner = [word for word in item.properties if word.endswith("'s")]
    looks = [word for word in item.properties if word not in owner]
    of_liquid = f" of {item.liquid}" if item.liquid is not None and item.liquid not in item.category else ""
    return " ".join((*owner, *sorted(item.states), *looks, name)) + of_liquid


class _Columns:
    """Writes entries below each other, column after column."""

    def __init__(self, left: float, top: float, height: float) -> None:
        self.left, self.top, self.y, self.end = left, top, top, top + height
        self.list = ContentsList()
        self.room = ""

    def heading(self, name: str) -> None:
        self.room = ""
        text = shortened(name, ROOM_SIZE, COLUMN)
        if self.y > self.top:
            self.y += 4
        self.make_room(ROOM_SIZE * LINE_HEIGHT + SIZE * LINE_HEIGHT)  # no heading at the foot of a column
        self.write(text, ROOM_SIZE, self.left, ROOM)
        self.y += ROOM_SIZE * LINE_HEIGHT + 1
        self.room = name

    def entry(self, words: Sequence[_Word]) -> None:
        lines = list(_broken(words))
        if len(lines) > MAX_LINES:
            lines = [*lines[: MAX_LINES - 1], [*lines[MAX_LINES - 1][:-2], _Word(text="…", color=QUIET)]]
        for k, line in enumerate(lines):
            self.make_room(SIZE * LINE_HEIGHT)
            x = self.left + (INDENT if k else 0.0)
            for run in _runs(line):
                if run.swatch is not None:
                    top = self.y + (SIZE * LINE_HEIGHT - SWATCH) / 2
                    square = rectangle(Box(x, top, x + SWATCH, top + SWATCH))
                    self.list.shapes.append(Polygon(points=square, fill=run.swatch, line=QUIET))
                    x += SWATCH + 3
                text = shortened(run.text, SIZE, self.left + COLUMN - x)
                if text:
                    x = self.write(text, SIZE, x, run.color) + width_of(" ", SIZE)
            self.y += SIZE * LINE_HEIGHT
            self.list.bottom = max(self.list.bottom, self.y)

    def make_room(self, height: float) -> None:
        if self.y + height > self.end:
            self.left, self.y = self.left + COLUMN + GAP, self.top
            if self.room:
                self.heading(f"{self.room} (continued)".replace(" (continued) (continued)", " (continued)"))

    def write(self, text: str, size: int, x: float, color: Color) -> float:
        right = x + width_of(text, size)
        box = Box(x, self.y, right, self.y + size * LINE_HEIGHT)
        self.list.shapes.append(Text(text=text, box=box, size=size, color=color))
        self.list.right, self.list.bottom = max(self.list.right, right), max(self.list.bottom, box.bottom)
        return right

    def done(self) -> ContentsList:
        return self.list


def _broken(words: Sequence[_Word]) -> Iterator[list[_Word]]:
    """Yield the words of an entry in lines that fit a column."""
    line: list[_Word] = []
    x = 0.0
    for word in words:
        width = width_of(word.text, SIZE) + (SWATCH + 3 if word.swatch else 0.0)
        if line and x + width > COLUMN:
            yield line
            line, x = [], INDENT
        line.append(word)
        x += width + width_of(" ", SIZE)
    yield line


def _runs(line: Sequence[_Word]) -> Iterator[_Word]:
    """Yield the words of a line joined where they look alike and no color stands between them."""
    run: _Word | None = None
    for word in line:
        if run is not None and word.swatch is None and word.color == run.color:
            run = _Word(text=f"{run.text} {word.text}", color=run.color, swatch=run.swatch)
        else:
            if run is not None:
                yield run
            run = word
    if run is not None:
        yield run
